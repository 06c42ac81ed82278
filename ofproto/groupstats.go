package ofproto

import "vswitch/openflow"

// groupStats answers for the counters of groups.
func (b *Bridge) groupStats(m *openflow.GroupStatsRequest) *openflow.GroupStatsReply {
	r := &openflow.GroupStatsReply{Nicira: m.Nicira}
	for _, g := range b.groupsSelected(m.Group) {
		st := openflow.GroupStats{Group: g.id, RefCount: b.groupReferences(g.id), Packets: g.counts.packets.Load(), Bytes: g.counts.bytes.Load(),
			Duration: age(g.created, b.sw.now)}
		for _, k := range g.buckets {
			st.Buckets = append(st.Buckets, openflow.BucketStats{Packets: k.counts.packets.Load(), Bytes: k.counts.bytes.Load()})
		}
		r.Groups = append(r.Groups, st)
	}
	return r
}

// users says who refers to groups and meters, so that a change of one costs what
// depends on it and not what there is.
type users struct {
	flowsOfGroup, flowsOfMeter   referrers[uint32, *Rule]  // guarded by Switch.tables
	groupsOfGroup, groupsOfMeter referrers[uint32, uint32] // by number; staged changes of groups included; guarded by Switch.mu
}

func (u *users) init() {
	u.flowsOfGroup, u.flowsOfMeter = referrers[uint32, *Rule]{}, referrers[uint32, *Rule]{}
	u.groupsOfGroup, u.groupsOfMeter = referrers[uint32, uint32]{}, referrers[uint32, uint32]{}
}

// enterFlow notes a rule that is in its table from now on.
func (u *users) enterFlow(r *Rule) {
	eachUse(r.actions, u.flowsOfGroup, u.flowsOfMeter, func(of referrers[uint32, *Rule], id uint32) { of.enter(id, r) })
}

// strikeFlow undoes enterFlow.
func (u *users) strikeFlow(r *Rule) {
	eachUse(r.actions, u.flowsOfGroup, u.flowsOfMeter, func(of referrers[uint32, *Rule], id uint32) { of.strike(id, r) })
}

// replaceGroup notes that group g stands where old was. Either may be nil.
func (u *users) replaceGroup(old, g *Group) {
	if old != nil {
		for _, k := range old.buckets {
			eachUse(k.Actions, u.groupsOfGroup, u.groupsOfMeter, func(of referrers[uint32, uint32], id uint32) { of.strike(id, old.id) })
		}
	}
	if g != nil {
		for _, k := range g.buckets {
			eachUse(k.Actions, u.groupsOfGroup, u.groupsOfMeter, func(of referrers[uint32, uint32], id uint32) { of.enter(id, g.id) })
		}
	}
}

// referrers has, for each of some things, those who refer to it directly.
type referrers[ID, K comparable] map[ID]map[K]struct{}

func (r referrers[ID, K]) enter(id ID, who K) {
	if r[id] == nil {
		r[id] = map[K]struct{}{}
	}
	r[id][who] = struct{}{}
}

func (r referrers[ID, K]) strike(id ID, who K) {
	delete(r[id], who)
	if len(r[id]) == 0 {
		delete(r, id)
	}
}

// eachUse calls do for each use of a group or a meter in actions, with the table of
// those who refer to that kind.
func eachUse[R any](actions []openflow.Action, groups, meters R, do func(of R, id uint32)) {
	for a := range everyAction(actions) {
		switch a := a.(type) {
		case openflow.Group:
			do(groups, a.ID)
		case openflow.Meter:
			do(meters, a.ID)
		}
	}
}

// groupReferences is the number of flows and groups that use group id.
func (b *Bridge) groupReferences(id uint32) uint32 {
	b.sw.tables.Lock()
	defer b.sw.tables.Unlock()
	return uint32(len(b.users.flowsOfGroup[id]) + len(b.users.groupsOfGroup[id]))
}

// meterReferences is the number of flows and groups that use meter id.
func (b *Bridge) meterReferences(id uint32) uint32 {
	b.sw.tables.Lock()
	defer b.sw.tables.Unlock()
	return uint32(len(b.users.flowsOfMeter[id]) + len(b.users.groupsOfMeter[id]))
}

// groupDesc describes groups. Only OpenFlow 1.5 and the Nicira messages can say
// how a group selects.
func (b *Bridge) groupDesc(m *openflow.GroupDescRequest, v openflow.Version) *openflow.GroupDescReply {
	r := &openflow.GroupDescReply{Nicira: m.Nicira}
	for _, g := range b.groupsSelected(m.Group) {
		d := g.describe()
		if v > openflow.V10 && v < openflow.V15 {
			d.Props = openflow.GroupProps{} // which these versions cannot say
		}
		r.Groups = append(r.Groups, d)
	}
	return r
}

// describe is the group as it was made.
func (g *Group) describe() openflow.GroupDesc {
	d := openflow.GroupDesc{Type: g.kind, Group: g.id, Props: g.props}
	for _, k := range g.buckets {
		d.Buckets = append(d.Buckets, k.Bucket)
	}
	return d
}

// checkTold refuses a group that no description could tell of.
func (g *Group) checkTold() error {
	d := g.describe()
	if openflow.GroupFits(&d) {
		return nil
	}
	return openflow.NewError(openflow.ErrGroupModOutOfBuckets, "the buckets of group %d take more than its description has room for", g.id)
}

// Bits of a group features' capabilities (OFPGFC_*, OpenFlow 1.3.5 §7.3.5.12).
const (
	groupSelectWeight   = 1 << 0
	groupSelectLiveness = 1 << 1
	groupChaining       = 1 << 2
	groupChainingChecks = 1 << 3
)

func groupFeatures(m *openflow.GroupFeaturesRequest) *openflow.GroupFeaturesReply {
	r := &openflow.GroupFeaturesReply{Nicira: m.Nicira, Types: 1<<openflow.GroupTypeAll | 1<<openflow.GroupTypeSelect | 1<<openflow.GroupTypeIndirect | 1<<openflow.GroupTypeFF,
		Capabilities: groupSelectWeight | groupSelectLiveness | groupChaining | groupChainingChecks}
	for i := range r.MaxGroups {
		r.MaxGroups[i], r.Actions[i] = maxGroups, supported
	}
	return r
}
