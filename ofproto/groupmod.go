package ofproto

import (
	"cmp"
	"maps"
	"slices"

	"vswitch/openflow"
)

// groupMod does what a group-mod says, or nothing where it returns an error
// (OpenFlow 1.3.5 §6.7, 1.5.1 §6.7).
func (b *Bridge) groupMod(m *openflow.GroupMod, v openflow.Version) error {
	switch m.Command {
	case openflow.GroupAdd, openflow.GroupModify, openflow.GroupAddOrModify:
		return b.setGroup(m, v)
	case openflow.GroupDelete:
		return b.deleteGroup(m.Group)
	case openflow.GroupInsertBucket:
		return b.insertBuckets(m, v)
	case openflow.GroupRemoveBucket:
		return b.removeBucket(m, v)
	}
	return openflow.NewError(openflow.ErrGroupModBadCommand, "command %d", m.Command)
}

func (b *Bridge) setGroup(m *openflow.GroupMod, v openflow.Version) error {
	old := b.groups.get(m.Group)
	switch {
	case m.Group > openflow.GroupMax:
		return openflow.NewError(openflow.ErrGroupModInvalidGroup, "group %#x: the last number is %#x", m.Group, uint32(openflow.GroupMax))
	case m.Command == openflow.GroupAdd && old != nil:
		return openflow.NewError(openflow.ErrGroupModGroupExists, "group %d", m.Group)
	case m.Command == openflow.GroupModify && old == nil:
		return openflow.NewError(openflow.ErrGroupModUnknownGroup, "group %d", m.Group)
	case old == nil && b.groups.n >= maxGroups:
		return openflow.NewError(openflow.ErrGroupModOutOfGroups, "there are %d groups", b.groups.n)
	}
	g := &Group{id: m.Group, kind: m.Type, props: m.Props}
	for i := range m.Buckets {
		g.buckets = append(g.buckets, newBucket(m.Buckets[i]))
	}
	return b.publishGroup(g, old, v)
}

// publishGroup checks a group and makes it visible in place of old. What the group
// as a whole has counted goes on; buckets that are new begin at 0.
func (b *Bridge) publishGroup(g, old *Group, v openflow.Version) error {
	g.next = g.forwards()
	if err := b.checkGroup(g, v); err != nil {
		return err
	}
	g.created, g.counts = b.sw.now, &hitCounts{}
	if old != nil {
		g.created, g.counts = old.created, old.counts
	}
	if g.kind == openflow.GroupTypeSelect {
		g.fillSlots()
	}
	b.replaceGroup(old, g)
	b.groups.put(g.id, g)
	b.sw.touch(settingsTag)
	return nil
}

// replaceGroup notes who refers to what when group g stands where old was, until a
// bundle that it is part of fails. Either may be nil.
func (b *Bridge) replaceGroup(old, g *Group) {
	b.users.replaceGroup(old, g)
	if old != nil && g != nil && !slices.Equal(old.next, g.next) { // nothing leads to a group that is new or goes
		b.chains++
	}
	if b.bundle != nil {
		b.bundle.undo = append(b.bundle.undo, func() {
			b.users.replaceGroup(g, old)
			b.chains++
		})
	}
}

// checkGroup refuses what no group can be, and what would forward in a circle.
func (b *Bridge) checkGroup(g *Group, v openflow.Version) error {
	switch {
	case g.kind > openflow.GroupTypeFF:
		return openflow.NewError(openflow.ErrGroupModBadType, "type %d", g.kind)
	case len(g.buckets) > maxBuckets:
		return openflow.NewError(openflow.ErrGroupModOutOfBuckets, "%d buckets: a group has at most %d", len(g.buckets), maxBuckets)
	case g.kind == openflow.GroupTypeIndirect && len(g.buckets) != 1:
		return openflow.NewError(openflow.ErrGroupModInvalidGroup, "an indirect group has one bucket, not %d", len(g.buckets))
	}
	ids, weight := map[uint32]bool{}, 0
	for _, k := range g.buckets {
		if ids[k.ID] {
			return openflow.NewError(openflow.ErrGroupModBucketExists, "bucket %d is there twice", k.ID)
		}
		ids[k.ID] = true
		weight += int(k.Weight)
		if err := b.checkBucket(g, k, v); err != nil {
			return err
		}
	}
	if g.kind == openflow.GroupTypeSelect && len(g.buckets) > 0 && weight == 0 {
		return openflow.NewError(openflow.ErrGroupModInvalidGroup, "no bucket of a select group has a weight: none could be chosen")
	}
	if err := g.checkTold(); err != nil {
		return err
	}
	return b.checkChain(g)
}

func (b *Bridge) checkBucket(g *Group, k *bucket, v openflow.Version) error {
	watches := g.watches(k)
	switch {
	case k.ID > openflow.BucketMax:
		return openflow.NewError(openflow.ErrGroupModBadBucket, "bucket %#x: the last number is %#x", k.ID, uint32(openflow.BucketMax))
	case g.kind != openflow.GroupTypeSelect && k.Weight != 0:
		return openflow.NewError(openflow.ErrGroupModInvalidGroup, "weight %d in a group that does not select", k.Weight)
	case g.kind == openflow.GroupTypeFF && !watches:
		return openflow.NewError(openflow.ErrGroupModInvalidGroup, "a bucket of a fast failover group watches a port or a group")
	case watches && (g.kind == openflow.GroupTypeAll || g.kind == openflow.GroupTypeIndirect):
		return openflow.NewError(openflow.ErrGroupModWatchUnsupported, "a bucket watches, in a group whose buckets are all needed")
	case watches && k.WatchGroup != openflow.GroupAny && (k.WatchGroup > openflow.GroupMax || k.WatchGroup == g.id):
		return openflow.NewError(openflow.ErrGroupModBadWatch, "watch_group %d", k.WatchGroup)
	case watches && k.WatchPort >= openflow.PortMax && k.WatchPort != openflow.PortLocal && k.WatchPort != openflow.PortAny:
		return openflow.NewError(openflow.ErrGroupModBadWatch, "watch_port %v is no port that can be live", k.WatchPort)
	}
	for _, a := range k.Actions {
		if kind := a.ActionKind(); kind > openflow.ActMeter || kind == openflow.ActMeter && v < openflow.V15 {
			return openflow.NewError(openflow.ErrGroupModBadBucket, "instruction %T in a bucket", a)
		}
		if sub, ok := a.(openflow.Group); ok && sub.ID == g.id {
			return openflow.NewError(openflow.ErrGroupModLoop, "group %d forwards to itself", g.id)
		}
	}
	if err := openflow.CheckActions(k.Actions, &openflow.CheckParams{Version: v, Table: openflow.TableAll, Tables: NumTables}); err != nil {
		return err
	}
	return meterError(b.checkSupported(k.Actions), v)
}

// checkChain refuses a group from which others lead back to it, and chains that
// are longer than a packet may go.
func (b *Bridge) checkChain(g *Group) error {
	if len(b.users.groupsOfGroup[g.id]) > 0 && b.leadsTo(g, g.id, map[*Group]bool{}) {
		return openflow.NewError(openflow.ErrGroupModLoop, "from group %d others lead back to it", g.id)
	}
	if longest := b.follow(g); longest >= maxDepth {
		return openflow.NewError(openflow.ErrGroupModChainingUnsupported, "a chain of %d groups: a packet passes at most %d", longest+1, maxDepth)
	}
	return nil
}

// leadsTo reports whether some way on from g leads to group id. Groups that were
// seen need not be followed again.
func (b *Bridge) leadsTo(g *Group, id uint32, seen map[*Group]bool) bool {
	if seen[g] {
		return false
	}
	seen[g] = true
	for _, sub := range g.next {
		if next := b.groups.get(sub); sub == id || next != nil && b.leadsTo(next, id, seen) {
			return true
		}
	}
	return false
}

// follow is the number of groups in the longest chain behind g, which is in no
// circle. That of groups that are there is kept while no chain changes.
func (b *Bridge) follow(g *Group) (longest int) {
	for _, sub := range g.next {
		next := b.groups.get(sub)
		if next == nil {
			continue
		}
		if next.chains != b.chains {
			next.depth, next.chains = b.follow(next), b.chains
		}
		longest = max(longest, next.depth+1)
	}
	return longest
}

// forwards lists the groups that some bucket's actions use, in order.
func (g *Group) forwards() (list []uint32) {
	for _, k := range g.buckets {
		for a := range everyAction(k.Actions) {
			if sub, is := a.(openflow.Group); is {
				list = append(list, sub.ID)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// deleteGroup removes a group, or with GroupAll all, and the flows that use it.
func (b *Bridge) deleteGroup(id uint32) error {
	if id > openflow.GroupMax && id != openflow.GroupAll {
		return openflow.NewError(openflow.ErrGroupModInvalidGroup, "group %#x", id)
	}
	groups := b.groupsSelected(id)
	if len(groups) == 0 {
		return nil
	}
	if by := b.users.groupsOfGroup[id]; len(by) > 0 {
		return openflow.NewError(openflow.ErrGroupModChainedGroup, "group %d forwards to group %d", slices.Min(slices.Collect(maps.Keys(by))), id)
	}
	var ids []uint32
	for _, g := range groups {
		b.replaceGroup(g, nil)
		ids = append(ids, g.id)
	}
	c := b.change("", b.sw.now)
	c.removeUsers(b.users.flowsOfGroup, ids, openflow.RemovedGroupDelete)
	b.groups.remove(ids...)
	c.commit()
	b.sw.touch(settingsTag)
	return nil
}

// removeUsers removes the flows that are among those who refer to what is to go, in
// the order of tables and priorities.
func (c *change) removeUsers(flows referrers[uint32, *Rule], gone []uint32, why openflow.RemovedReason) {
	var list []*Rule
	for _, id := range gone {
		list = slices.AppendSeq(list, maps.Keys(flows[id]))
	}
	slices.SortFunc(list, func(a, b *Rule) int {
		return cmp.Or(cmp.Compare(a.table.number, b.table.number), cmp.Compare(b.priority, a.priority), cmp.Compare(a.id, b.id))
	})
	for _, r := range slices.Compact(list) { // one flow may refer to several
		c.remove(r, why)
	}
}

// insertBuckets adds buckets at a place (OpenFlow 1.5.1 §7.3.4.3).
func (b *Bridge) insertBuckets(m *openflow.GroupMod, v openflow.Version) error {
	old := b.groups.get(m.Group)
	if old == nil {
		return openflow.NewError(openflow.ErrGroupModUnknownGroup, "group %d", m.Group)
	}
	at := 0
	switch m.CommandBucket {
	case openflow.BucketFirst:
	case openflow.BucketLast:
		at = len(old.buckets)
	case openflow.BucketAll:
		return openflow.NewError(openflow.ErrGroupModBadBucket, "buckets are inserted at one place")
	default:
		i := old.bucketAt(m.CommandBucket)
		if i < 0 {
			return openflow.NewError(openflow.ErrGroupModUnknownBucket, "group %d has no bucket %d", m.Group, m.CommandBucket)
		}
		at = i + 1
	}
	var added []*bucket
	for i := range m.Buckets {
		added = append(added, newBucket(m.Buckets[i]))
	}
	return b.withBuckets(old, slices.Insert(slices.Clone(old.buckets), at, added...), v)
}

// removeBucket removes a bucket, the first, the last or all.
func (b *Bridge) removeBucket(m *openflow.GroupMod, v openflow.Version) error {
	old := b.groups.get(m.Group)
	if old == nil {
		return openflow.NewError(openflow.ErrGroupModUnknownGroup, "group %d", m.Group)
	}
	n := len(old.buckets)
	i := 0
	switch m.CommandBucket {
	case openflow.BucketAll:
		return b.withBuckets(old, nil, v)
	case openflow.BucketFirst, openflow.BucketLast:
		if n == 0 {
			return nil
		}
		if m.CommandBucket == openflow.BucketLast {
			i = n - 1
		}
	default:
		if i = old.bucketAt(m.CommandBucket); i < 0 {
			return openflow.NewError(openflow.ErrGroupModUnknownBucket, "group %d has no bucket %d", m.Group, m.CommandBucket)
		}
	}
	return b.withBuckets(old, slices.Delete(slices.Clone(old.buckets), i, i+1), v)
}

// withBuckets publishes a group with other buckets.
func (b *Bridge) withBuckets(old *Group, buckets []*bucket, v openflow.Version) error {
	return b.publishGroup(&Group{id: old.id, kind: old.kind, props: old.props, buckets: buckets}, old, v)
}

// bucketAt is the place of the bucket with a number, or -1.
func (g *Group) bucketAt(id uint32) int {
	return slices.IndexFunc(g.buckets, func(k *bucket) bool { return k.ID == id })
}
