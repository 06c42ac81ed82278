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

// meterMessages are the rows of messages about meters.
func meterMessages() []messageRow {
	return []messageRow{
		prints(func(w *printer, _ *openflow.Header, m *openflow.MeterMod) { w.meterMod(m) }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.MeterStatsRequest) { w.byte(' ').meterID(m.Meter, '=') }),
		prints(func(w *printer, _ *openflow.Header, m *openflow.MeterConfigRequest) {
			w.byte(' ').meterID(m.Meter, '=')
		}),
		bare(openflow.KindMeterFeaturesRequest),
		prints(func(w *printer, _ *openflow.Header, m *openflow.MeterConfigReply) {
			for i := range m.Meters {
				w.byte('\n').meter(&m.Meters[i])
			}
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.MeterStatsReply) {
			for i := range m.Meters {
				w.byte('\n').meterStats(&m.Meters[i])
			}
		}),
		prints(func(w *printer, _ *openflow.Header, m *openflow.MeterFeaturesReply) {
			w.str("\nmax_meter:").uint(uint64(m.MaxMeters)).str(" max_bands:").uint(uint64(m.MaxBands)).str(" max_color:").uint(uint64(m.MaxColor))
			w.str("\nband_types: ").bits(uint64(m.BandTypes), meterBands[:], " ")
			w.str("\ncapabilities: ").bits(uint64(m.Capabilities), meterFlags[:], " ").byte('\n')
		}),
	}
}

var (
	meterBands = [...]string{openflow.BandDrop: "drop", openflow.BandDSCPRemark: "dscp_remark"}
	// meterFlags are the names of flags, the lowest bit first.
	meterFlags    = [...]string{"kbps", "pktps", "burst", "stats"}
	meterCommands = [...]string{openflow.MeterAdd: "ADD", openflow.MeterModify: "MOD", openflow.MeterDelete: "DEL"}
	meterNames    = map[uint32]string{
		openflow.MeterSlowPath:   "slowpath",
		openflow.MeterController: "controller",
		openflow.MeterAll:        "all",
	}
)

// AppendMeter appends a meter to dst as add-meter takes it:
// "meter=1 kbps burst bands=" and a line for each band, with an end of line.
func AppendMeter(dst []byte, m *openflow.MeterConfig, o PrintOptions) []byte {
	w := newPrinter(dst, o)
	w.meter(m)
	return w.dst
}

func (w *printer) meterMod(m *openflow.MeterMod) {
	w.byte(' ')
	if int(m.Command) < len(meterCommands) {
		w.str(meterCommands[m.Command])
	} else {
		w.str("cmd:").uint(uint64(m.Command))
	}
	w.byte(' ').meter(&m.MeterConfig)
}

// meterID writes "meter", a separator, and the meter's number or name.
func (w *printer) meterID(id uint32, separator byte) *printer {
	w.str("meter").byte(separator)
	switch name := meterNames[id]; {
	case id <= openflow.MeterMax:
		return w.uint(uint64(id))
	case name != "":
		return w.str(name)
	}
	return w.str("unknown")
}

func (w *printer) meter(m *openflow.MeterConfig) {
	w.meterID(m.Meter, '=').byte(' ')
	rest := m.Flags
	for i, name := range meterFlags {
		if m.Flags>>i&1 != 0 {
			w.str(name).byte(' ')
			rest &^= 1 << i
		}
	}
	if rest != 0 {
		w.str("flags:").hex(uint64(rest)).byte(' ')
	}
	w.str("bands=")
	for _, b := range m.Bands {
		w.str("\ntype=").reason(meterBands[:], int(b.Type)).str(" rate=").uint(uint64(b.Rate))
		if m.Flags&openflow.MeterBurst != 0 {
			w.str(" burst_size=").uint(uint64(b.Burst))
		}
		if b.Type == openflow.BandDSCPRemark {
			w.str(" prec_level=").uint(uint64(b.PrecLevel))
		}
	}
	w.byte('\n')
}

func (w *printer) meterStats(m *openflow.MeterStats) {
	w.meterID(m.Meter, ':').str(" flow_count:").uint(uint64(m.Flows)).str(" packet_in_count:").uint(m.Packets)
	w.str(" byte_in_count:").uint(m.Bytes).str(" duration:").duration(m.Duration).str(" bands:\n")
	for i, b := range m.Bands {
		w.uint(uint64(i)).str(": packet_count:").uint(b.Packets).str(" byte_count:").uint(b.Bytes).byte('\n')
	}
}
