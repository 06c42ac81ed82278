package ofproto

import (
	"slices"

	"vswitch/openflow"
)

// groupMod does what a group-mod says, or nothing where it returns an error
// (OpenFlow 1.3.5 §6.5, 1.5.1 §6.7).
func (b *Bridge) groupMod(m *openflow.GroupMod) error {
	switch m.Command {
	case openflow.GroupAdd, openflow.GroupModify, openflow.GroupAddOrModify:
		return b.setGroup(m)
	case openflow.GroupDelete:
		return b.deleteGroup(m.Group)
	case openflow.GroupInsertBucket:
		return b.insertBuckets(m)
	case openflow.GroupRemoveBucket:
		return b.removeBucket(m)
	}
	return openflow.NewError(openflow.ErrGroupModBadCommand, "command %d", m.Command)
}

func (b *Bridge) setGroup(m *openflow.GroupMod) error {
	old := b.groups.lookup(m.Group)
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
	g := &Group{id: m.Group, kind: m.Type, props: m.Props, created: b.sw.now}
	for i := range m.Buckets {
		g.buckets = append(g.buckets, newBucket(m.Buckets[i]))
	}
	return b.publishGroup(g, old)
}

// publishGroup checks a group and makes it visible in place of old.
func (b *Bridge) publishGroup(g, old *Group) error {
	if err := b.checkGroup(g); err != nil {
		return err
	}
	if old != nil {
		g.created = old.created
		g.counts.packets.Store(old.counts.packets.Load())
		g.counts.bytes.Store(old.counts.bytes.Load())
	}
	if g.kind == openflow.GroupTypeSelect {
		g.fillSlots()
	}
	b.groups.put(g.id, g)
	b.sw.touch(settingsTag)
	return nil
}

// checkGroup refuses what no group can be, and what would forward in a circle.
func (b *Bridge) checkGroup(g *Group) error {
	switch {
	case g.kind > openflow.GroupTypeFF:
		return openflow.NewError(openflow.ErrGroupModBadType, "type %d", g.kind)
	case len(g.buckets) > maxBuckets:
		return openflow.NewError(openflow.ErrGroupModOutOfBuckets, "%d buckets: a group has at most %d", len(g.buckets), maxBuckets)
	case g.kind == openflow.GroupTypeIndirect && len(g.buckets) != 1:
		return openflow.NewError(openflow.ErrGroupModInvalidGroup, "an indirect group has one bucket, not %d", len(g.buckets))
	}
	ids := map[uint32]bool{}
	for _, k := range g.buckets {
		if ids[k.ID] && k.ID <= openflow.BucketMax {
			return openflow.NewError(openflow.ErrGroupModBucketExists, "bucket %d is there twice", k.ID)
		}
		ids[k.ID] = true
		if err := b.checkBucket(g, k); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bridge) checkBucket(g *Group, k *bucket) error {
	if g.kind == openflow.GroupTypeFF && k.WatchPort == openflow.PortAny && k.WatchGroup == openflow.GroupAny {
		return openflow.NewError(openflow.ErrGroupModInvalidGroup, "a bucket of a fast failover group watches a port or a group")
	}
	if k.WatchGroup != openflow.GroupAny && (k.WatchGroup > openflow.GroupMax || k.WatchGroup == g.id) {
		return openflow.NewError(openflow.ErrGroupModBadWatch, "watch_group %d", k.WatchGroup)
	}
	for _, a := range k.Actions {
		if a.ActionKind() >= openflow.ActMeter {
			return openflow.NewError(openflow.ErrGroupModBadBucket, "instruction %T in a bucket", a)
		}
		if sub, ok := a.(openflow.Group); ok {
			if sub.ID == g.id || b.reaches(sub.ID, g.id, 0) {
				return openflow.NewError(openflow.ErrGroupModLoop, "group %d forwards to group %d and that back", g.id, sub.ID)
			}
			if b.groups.lookup(sub.ID) == nil {
				return openflow.NewError(openflow.ErrActionBadOutGroup, "there is no group %d", sub.ID)
			}
		}
	}
	if err := openflow.CheckActions(k.Actions, &openflow.CheckParams{Version: openflow.V15, Table: openflow.TableAll, Tables: NumTables}); err != nil {
		return err
	}
	return b.checkSupported(k.Actions)
}

// reaches reports whether group from forwards, over others, to group to.
func (b *Bridge) reaches(from, to uint32, depth int) bool {
	g := b.groups.lookup(from)
	if g == nil || depth > maxDepth {
		return depth > maxDepth
	}
	for _, k := range g.buckets {
		for _, a := range k.Actions {
			if sub, ok := a.(openflow.Group); ok && (sub.ID == to || b.reaches(sub.ID, to, depth+1)) {
				return true
			}
		}
	}
	return false
}

// deleteGroup removes a group, or with GroupAll all, and the flows that use it.
func (b *Bridge) deleteGroup(id uint32) error {
	if id > openflow.GroupMax && id != openflow.GroupAll {
		return openflow.NewError(openflow.ErrGroupModInvalidGroup, "group %#x", id)
	}
	gone := b.groups.selected(id)
	if id != openflow.GroupAll && len(gone) == 1 {
		for _, g := range b.groups.all() {
			if g.id != id && g.forwardsTo(id) {
				return openflow.NewError(openflow.ErrGroupModChainedGroup, "group %d forwards to group %d", g.id, id)
			}
		}
	}
	if len(gone) == 0 {
		return nil
	}
	c := b.change("", b.sw.now)
	for _, g := range gone {
		b.eachTable(openflow.TableAll, func(t *Table) {
			t.all(c.version, func(r *Rule) {
				if usesGroup(r.actions, g.id) {
					c.remove(r, openflow.RemovedGroupDelete)
				}
			})
		})
		b.groups.put(g.id, nil)
	}
	c.commit()
	b.sw.touch(settingsTag)
	return nil
}

// insertBuckets adds buckets at a place (OpenFlow 1.5.1 §7.3.4.3).
func (b *Bridge) insertBuckets(m *openflow.GroupMod) error {
	old := b.groups.lookup(m.Group)
	if old == nil {
		return openflow.NewError(openflow.ErrGroupModUnknownGroup, "group %d", m.Group)
	}
	at := 0
	switch m.CommandBucket {
	case openflow.BucketFirst:
	case openflow.BucketLast:
		at = len(old.buckets)
	default:
		i := old.bucketAt(m.CommandBucket)
		if i < 0 {
			return openflow.NewError(openflow.ErrGroupModUnknownBucket, "group %d has no bucket %d", m.Group, m.CommandBucket)
		}
		at = i + 1
	}
	var added []*bucket
	for i := range m.Buckets {
		if old.bucketAt(m.Buckets[i].ID) >= 0 {
			return openflow.NewError(openflow.ErrGroupModBucketExists, "group %d has a bucket %d", m.Group, m.Buckets[i].ID)
		}
		added = append(added, newBucket(m.Buckets[i]))
	}
	return b.withBuckets(old, slices.Insert(slices.Clone(old.buckets), at, added...))
}

// removeBucket removes a bucket, the first, the last or all.
func (b *Bridge) removeBucket(m *openflow.GroupMod) error {
	old := b.groups.lookup(m.Group)
	if old == nil {
		return openflow.NewError(openflow.ErrGroupModUnknownGroup, "group %d", m.Group)
	}
	n := len(old.buckets)
	switch {
	case m.CommandBucket == openflow.BucketAll:
		return b.withBuckets(old, nil)
	case m.CommandBucket == openflow.BucketFirst && n > 0:
		return b.withBuckets(old, slices.Clone(old.buckets[1:]))
	case m.CommandBucket == openflow.BucketLast && n > 0:
		return b.withBuckets(old, slices.Clone(old.buckets[:n-1]))
	}
	i := old.bucketAt(m.CommandBucket)
	if i < 0 {
		return openflow.NewError(openflow.ErrGroupModUnknownBucket, "group %d has no bucket %d", m.Group, m.CommandBucket)
	}
	return b.withBuckets(old, slices.Delete(slices.Clone(old.buckets), i, i+1))
}

// withBuckets publishes a group with other buckets.
func (b *Bridge) withBuckets(old *Group, buckets []*bucket) error {
	return b.publishGroup(&Group{id: old.id, kind: old.kind, props: old.props, buckets: buckets}, old)
}

// bucketAt is the place of the bucket with a number, or -1.
func (g *Group) bucketAt(id uint32) int {
	return slices.IndexFunc(g.buckets, func(k *bucket) bool { return k.ID == id })
}
