package ofproto

import (
	"fmt"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
)

// group sends the packet through a group (OpenFlow 1.3.5 §5.6.1). The packet counts
// for the group whether a bucket is live or not.
func (x *xlate) group(id uint32) {
	g := x.bridge.groups.lookup(id)
	if g == nil {
		x.drop(datapath.DropNoBucket)
		return
	}
	if x.depth > maxDepth {
		x.abort(datapath.DropTooDeep)
		return
	}
	if g.kind == openflow.GroupTypeSelect {
		x.selectBucket(g)
		return
	}
	x.creditGroup(g)
	l := x.liveness()
	done := false
	for _, k := range g.buckets {
		if g.kind == openflow.GroupTypeFF && (done || !l.bucket(g, k)) {
			continue
		}
		x.bucket(k)
		done = true
	}
	if !done {
		x.drop(datapath.DropNoBucket)
	}
}

// liveness is what the translation knows of the bridge's groups: a chain of them is
// followed once.
func (x *xlate) liveness() *liveness {
	if x.live.bridge != x.bridge {
		x.live = liveness{bridge: x.bridge}
	}
	return &x.live
}

func (x *xlate) creditGroup(g *Group) { x.result.Credits = append(x.result.Credits, g.counts) }

// bucket executes a bucket's actions on a copy of the packet.
func (x *xlate) bucket(k *bucket) {
	// Groups that lead to others many times over end like tables that do.
	if x.resubmits++; x.resubmits > maxResubmits {
		x.abort(datapath.DropTooManyResubmits)
	}
	if x.aborted {
		return
	}
	x.result.Credits = append(x.result.Credits, &k.counts)
	x.branch(func() {
		if x.trace != nil {
			x.trace.list = &x.trace.tell(TraceBucket, fmt.Sprintf("bucket %d", k.ID)).Sub
		}
		x.depth++
		x.work = append(x.work, frame{actions: k.set, kind: frameNested, table: x.table, rule: x.rule, lookup: true, group: true})
	})
}

// selectBucket executes one bucket of a select group.
func (x *xlate) selectBucket(g *Group) {
	l := x.liveness()
	candidates := g.candidates(l)
	var k *bucket
	switch {
	case len(candidates) == 0:
	case len(candidates) == 1:
		k = candidates[0]
	case g.props.Method == "hash":
		k = g.choose(l, x.hashFields(&g.props))
	case x.hashFor == g.id+1:
		// The second half: the datapath has computed the hash.
		x.lookBits(flow.FieldByID(flow.FieldDPHash), flow.U64(uint64(len(g.slots)-1)))
		k = g.choose(l, x.p.DPHash)
	default:
		x.commit()
		x.emit(datapath.Action{Op: datapath.OpHash, Arg: g.basis()})
		x.hashFor = g.id + 1
		x.work[len(x.work)-1].next--
		x.freeze()
		x.hashFor = 0
		return
	}
	x.hashFor = 0
	x.creditGroup(g)
	if k == nil {
		x.drop(datapath.DropNoBucket)
		return
	}
	x.bucket(k)
}

// basis makes the hashes of groups independent of each other, so that one behind
// another still spreads. With selection_method=dp_hash the controller gives it.
func (g *Group) basis() uint32 {
	if g.props.Method == "dp_hash" {
		return uint32(g.props.Param)
	}
	return g.id * 0x9e3779b1
}

// hashFields is the hash of NTR_SELECTION_METHOD "hash": over the fields that the
// group names, or without any over what makes the packet's flow.
func (x *xlate) hashFields(p *openflow.GroupProps) uint32 {
	h := p.Param
	fields := p.Fields
	if len(fields) == 0 {
		for _, id := range flowFields() {
			f := flow.FieldByID(id)
			fields = append(fields, openflow.FieldMask{Field: id, Mask: f.Full()})
		}
	}
	for _, fm := range fields {
		f := flow.FieldByID(fm.Field)
		if !x.exists(f) {
			continue
		}
		x.lookBits(f, fm.Mask)
		v := f.Load(&x.p).And(fm.Mask)
		h = flow.MixWord(flow.MixWord(h, v.Hi), v.Lo)
	}
	return uint32(flow.FinishHash(h) >> 32)
}

// flowFields are the fields that make packets one flow.
func flowFields() []flow.FieldID {
	return []flow.FieldID{flow.FieldEthSrc, flow.FieldEthDst, flow.FieldEthType, flow.FieldDLVLAN, flow.FieldIPSrc, flow.FieldIPDst,
		flow.FieldARPSPA, flow.FieldARPTPA, flow.FieldIPv6Src, flow.FieldIPv6Dst, flow.FieldIPProto, flow.FieldTCPSrc, flow.FieldTCPDst, flow.FieldUDPSrc, flow.FieldUDPDst,
		flow.FieldSCTPSrc, flow.FieldSCTPDst}
}
