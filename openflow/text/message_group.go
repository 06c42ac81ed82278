package text

import (
	"vswitch/flow"
	"vswitch/openflow"
)

// groupMessages are the rows of messages about groups.
func groupMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, h *openflow.Header, m *openflow.GroupMod) { w.groupMod(h.Version, m) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.GroupStatsRequest) {
			w.str(" group_id=").group(m.Group)
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.GroupDescRequest) { w.str(" group_id=").group(m.Group) }),
		bare(openflow.KindGroupFeaturesRequest),
		prints(func(w *printer, _ *openflow.Header, m *openflow.GroupStatsReply) {
			for i := range m.Groups {
				w.str("\n ").groupStats(&m.Groups[i])
			}
		}),
		prints(func(w *printer, h *openflow.Header, m *openflow.GroupDescReply) {
			for i := range m.Groups {
				w.str("\n ").groupDesc(&m.Groups[i], bucketIDs(h.Version, m.Nicira))
			}
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.GroupFeaturesReply) { w.groupFeatures(m) }),
	}
}

// bucketIDs says whether buckets have numbers in a version: from OpenFlow 1.5 on,
// and in Nicira's form, which is the only one of OpenFlow 1.0.
func bucketIDs(v openflow.Version, nicira bool) bool {
	return nicira || v >= openflow.V15 || v == openflow.V10
}

var (
	groupTypes    = [...]string{openflow.GroupTypeAll: "all", openflow.GroupTypeSelect: "select", openflow.GroupTypeIndirect: "indirect", openflow.GroupTypeFF: "ff"}
	groupCommands = map[openflow.GroupModCommand]string{
		openflow.GroupAdd:          "ADD",
		openflow.GroupModify:       "MOD",
		openflow.GroupDelete:       "DEL",
		openflow.GroupInsertBucket: "INSERT_BUCKET",
		openflow.GroupRemoveBucket: "REMOVE_BUCKET",
		openflow.GroupAddOrModify:  "ADD_OR_MOD",
	}
	bucketNames = map[uint32]string{
		openflow.BucketFirst: "first",
		openflow.BucketLast:  "last",
		openflow.BucketAll:   "all",
	}
)

// AppendGroup appends a group to dst as dump-groups writes it, without an end of
// line. bucketIDs says whether its buckets' numbers are written, as dump-groups
// does from OpenFlow 1.5 on.
func AppendGroup(dst []byte, g *openflow.GroupDesc, bucketIDs bool, o PrintOptions) []byte {
	w := newPrinter(dst, o)
	w.groupDesc(g, bucketIDs)
	return w.dst
}

func (w *printer) groupMod(v openflow.Version, m *openflow.GroupMod) {
	w.str("\n ")
	if name := groupCommands[m.Command]; name != "" {
		w.str(name)
	} else {
		w.str("cmd:").uint(uint64(m.Command))
	}
	w.byte(' ')
	ids := bucketIDs(v, m.Nicira)
	ofBuckets := m.Command == openflow.GroupInsertBucket || m.Command == openflow.GroupRemoveBucket
	if ofBuckets && ids {
		w.str("command_bucket_id:").bucketID(m.CommandBucket).byte(',')
	}
	w.str("group_id=").uint(uint64(m.Group))
	if !ofBuckets {
		w.groupType(m.Type)
	}
	w.groupProps(&m.Props).buckets(m.Type, m.Buckets, ids)
}

func (w *printer) groupDesc(g *openflow.GroupDesc, bucketIDs bool) {
	w.str("group_id=").uint(uint64(g.Group)).groupType(g.Type).groupProps(&g.Props).buckets(g.Type, g.Buckets, bucketIDs)
}

// group writes a group's number, or the name of a reserved one.
func (w *printer) group(id uint32) *printer {
	switch id {
	case openflow.GroupAll:
		return w.str("ALL")
	case openflow.GroupAny:
		return w.str("ANY")
	}
	return w.uint(uint64(id))
}

func (w *printer) groupType(t openflow.GroupType) *printer {
	return w.str(",type=").nameOr(groupTypes[:], int(t), "unknown")
}

// groupProps writes how a select group chooses.
func (w *printer) groupProps(p *openflow.GroupProps) *printer {
	if p.Method == "" {
		return w
	}
	w.str(",selection_method=").str(p.Method)
	if p.Param != 0 {
		w.str(",selection_method_param=").uint(p.Param)
	}
	switch len(p.Fields) {
	case 0:
	case 1:
		w.str(",fields=").fieldMask(&p.Fields[0])
	default:
		w.str(",fields(")
		for i := range p.Fields {
			if i > 0 {
				w.byte(',')
			}
			w.fieldMask(&p.Fields[i])
		}
		w.byte(')')
	}
	return w
}

// fieldMask writes a field, and the bits of it that count unless all do.
func (w *printer) fieldMask(m *openflow.FieldMask) {
	f := flow.FieldByID(m.Field)
	if f == nil {
		w.str("<unknown>")
		return
	}
	w.str(f.Name)
	if m.Mask != f.Full() {
		w.byte('=')
		w.dst = f.AppendValue(w.dst, m.Mask, f.Full(), ports{w.o.Ports})
	}
}

func (w *printer) bucketID(id uint32) *printer {
	if name := bucketNames[id]; name != "" {
		return w.str(name)
	}
	return w.uint(uint64(id))
}

func (w *printer) buckets(t openflow.GroupType, buckets []openflow.Bucket, ids bool) {
	usualWeight := uint16(0)
	if t == openflow.GroupTypeSelect {
		usualWeight = 1
	}
	for i := range buckets {
		b := &buckets[i]
		w.str(",bucket=")
		if ids {
			w.str("bucket_id:").bucketID(b.ID).byte(',')
		}
		if b.Weight != usualWeight {
			w.str("weight:").uint(uint64(b.Weight)).byte(',')
		}
		if b.WatchPort != openflow.PortAny {
			w.str("watch_port:").port(b.WatchPort).byte(',')
		}
		if b.WatchGroup != openflow.GroupAny {
			w.str("watch_group:").uint(uint64(b.WatchGroup)).byte(',')
		}
		w.str("actions=").actionList(b.Actions)
	}
}

func (w *printer) groupStats(g *openflow.GroupStats) {
	w.str("group_id=").uint(uint64(g.Group)).byte(',')
	if g.Duration != openflow.DurationUnknown {
		w.str("duration=").duration(g.Duration).byte(',')
	}
	w.str("ref_count=").uint(uint64(g.RefCount)).str(",packet_count=").uint(g.Packets).str(",byte_count=").uint(g.Bytes)
	for i, b := range g.Buckets {
		if b.Packets != openflow.NoCount {
			w.str(",bucket").uint(uint64(i)).str(":packet_count=").uint(b.Packets).str(",byte_count=").uint(b.Bytes)
		}
	}
}

func (w *printer) groupFeatures(m *openflow.GroupFeaturesReply) {
	w.str("\n Group table:\n    Types:  ").hex(uint64(m.Types)).str("\n    Capabilities:  ").hex(uint64(m.Capabilities)).byte('\n')
	for i, name := range [...]string{"all", "select", "indirect", "fast failover"} {
		if m.Types>>i&1 == 0 {
			continue
		}
		w.str("    ").str(name).str(" group:\n       max_groups=").hexSharp(uint64(m.MaxGroups[i]))
		w.str("\n       actions: ").actionSet(m.Actions[i]).byte('\n')
	}
}

// bundleMessages are the rows of messages about bundles.
func bundleMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, _ *openflow.Header, m *openflow.BundleControl) {
			w.str("\n bundle_id=").hexSharp(uint64(m.ID)).str(" type=").nameOr(bundleTypes[:], int(m.Type), "")
			w.str(" flags=").bits(uint64(m.Flags), bundleFlags[:], " ")
		}),
		prints(func(w *printer, outer *openflow.Header, m *openflow.BundleAdd) {
			w.str("\n bundle_id=").hexSharp(uint64(m.ID)).str(" flags=").bits(uint64(m.Flags), bundleFlags[:], " ").byte('\n')
			if m.Message == nil || w.depth >= maxMessageDepth {
				return
			}
			h := m.Header
			h.XID = m.XID
			if h.Version == 0 {
				h.Version = outer.Version
			}
			w.depth++
			w.message(&h, m.Message)
			w.depth--
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.BundleFeaturesRequest) {
			w.str(" flags=").hex(uint64(m.Flags))
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.BundleFeaturesReply) {
			w.str(" capabilities=").hex(uint64(m.Capabilities))
		}),
	}
}

var (
	bundleFlags = [...]string{"atomic", "ordered"}
	bundleTypes = [...]string{
		openflow.BundleOpenRequest:    "OPEN_REQUEST",
		openflow.BundleOpenReply:      "OPEN_REPLY",
		openflow.BundleCloseRequest:   "CLOSE_REQUEST",
		openflow.BundleCloseReply:     "CLOSE_REPLY",
		openflow.BundleCommitRequest:  "COMMIT_REQUEST",
		openflow.BundleCommitReply:    "COMMIT_REPLY",
		openflow.BundleDiscardRequest: "DISCARD_REQUEST",
		openflow.BundleDiscardReply:   "DISCARD_REPLY",
	}
)
