package text

import "vswitch/openflow"

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
