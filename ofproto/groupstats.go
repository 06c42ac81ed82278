package ofproto

import "vswitch/openflow"

// groupStats answers for the counters of groups.
func (b *Bridge) groupStats(m *openflow.GroupStatsRequest) *openflow.GroupStatsReply {
	r := &openflow.GroupStatsReply{Nicira: m.Nicira}
	refs := b.groupReferences()
	for _, g := range b.groups.selected(m.Group) {
		st := openflow.GroupStats{Group: g.id, RefCount: refs[g.id], Packets: g.counts.packets.Load(), Bytes: g.counts.bytes.Load(),
			Duration: age(g.created, b.sw.now)}
		for _, k := range g.buckets {
			st.Buckets = append(st.Buckets, openflow.BucketStats{Packets: k.counts.packets.Load(), Bytes: k.counts.bytes.Load()})
		}
		r.Groups = append(r.Groups, st)
	}
	return r
}

// groupReferences counts the flows and groups that forward to each group.
func (b *Bridge) groupReferences() map[uint32]uint32 {
	refs := map[uint32]uint32{}
	b.eachTable(openflow.TableAll, func(t *Table) {
		t.all(b.sw.version.Load(), func(r *Rule) { countGroups(r.actions, refs) })
	})
	for _, g := range b.groups.all() {
		for _, k := range g.buckets {
			countGroups(k.Actions, refs)
		}
	}
	return refs
}

func countGroups(actions []openflow.Action, refs map[uint32]uint32) {
	for _, a := range actions {
		switch a := a.(type) {
		case openflow.Group:
			refs[a.ID]++
		case openflow.WriteActions:
			countGroups(a.Actions, refs)
		case openflow.Clone:
			countGroups(a.Actions, refs)
		}
	}
}

// groupDesc describes groups.
func (b *Bridge) groupDesc(m *openflow.GroupDescRequest) *openflow.GroupDescReply {
	r := &openflow.GroupDescReply{Nicira: m.Nicira}
	for _, g := range b.groups.selected(m.Group) {
		d := openflow.GroupDesc{Type: g.kind, Group: g.id, Props: g.props}
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
