package ofproto

import "vswitch/openflow"

// groupStats answers for the counters of groups.
func (b *Bridge) groupStats(m *openflow.GroupStatsRequest) *openflow.GroupStatsReply {
	r := &openflow.GroupStatsReply{Nicira: m.Nicira}
	groups := b.groupsSelected(m.Group)
	if len(groups) == 0 {
		return r
	}
	refs := b.countReferences()
	for _, g := range groups {
		st := openflow.GroupStats{Group: g.id, RefCount: refs.groups[g.id], Packets: g.counts.packets.Load(), Bytes: g.counts.bytes.Load(),
			Duration: age(g.created, b.sw.now)}
		for _, k := range g.buckets {
			st.Buckets = append(st.Buckets, openflow.BucketStats{Packets: k.counts.packets.Load(), Bytes: k.counts.bytes.Load()})
		}
		r.Groups = append(r.Groups, st)
	}
	return r
}

// references are the groups and meters that a list of actions refers to, directly.
type references struct{ groups, meters map[uint32]bool }

// add notes what actions refer to. A nil map takes nothing.
func (r *references) add(actions []openflow.Action) {
	for a := range everyAction(actions) {
		switch a := a.(type) {
		case openflow.Group:
			if r.groups != nil {
				r.groups[a.ID] = true
			}
		case openflow.Meter:
			if r.meters != nil {
				r.meters[a.ID] = true
			}
		}
	}
}

// referenceCounts says how many flows and groups refer to each meter and group.
type referenceCounts struct{ groups, meters map[uint32]uint32 }

func (b *Bridge) countReferences() referenceCounts {
	counts := referenceCounts{groups: map[uint32]uint32{}, meters: map[uint32]uint32{}}
	b.eachTable(openflow.TableAll, func(t *Table) {
		t.all(b.sw.version.Load(), func(r *Rule) { counts.add(r.actions) })
	})
	for _, g := range b.groups.all() {
		var lists [][]openflow.Action
		for _, k := range g.buckets {
			lists = append(lists, k.Actions)
		}
		counts.add(lists...)
	}
	return counts
}

// add counts each that the actions of a flow or a group refer to once.
func (c *referenceCounts) add(lists ...[]openflow.Action) {
	uses := references{groups: map[uint32]bool{}, meters: map[uint32]bool{}}
	for _, actions := range lists {
		uses.add(actions)
	}
	for id := range uses.groups {
		c.groups[id]++
	}
	for id := range uses.meters {
		c.meters[id]++
	}
}

// groupDesc describes groups. Only OpenFlow 1.5 and the Nicira messages can say
// how a group selects.
func (b *Bridge) groupDesc(m *openflow.GroupDescRequest, v openflow.Version) *openflow.GroupDescReply {
	r := &openflow.GroupDescReply{Nicira: m.Nicira}
	for _, g := range b.groupsSelected(m.Group) {
		d := openflow.GroupDesc{Type: g.kind, Group: g.id}
		if v >= openflow.V15 || v == openflow.V10 {
			d.Props = g.props
		}
		for _, k := range g.buckets {
			d.Buckets = append(d.Buckets, k.Bucket)
		}
		r.Groups = append(r.Groups, d)
	}
	return r
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
