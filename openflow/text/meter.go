package text

import (
	"math"

	"vswitch/openflow"
)

// ParseMeter reads a meter as add-meter, mod-meter and del-meters take it:
// "meter=1 kbps burst bands=type=drop rate=1000 burst_size=100". The error is an
// *Error.
func ParseMeter(text string, command openflow.MeterModCommand, o Options) (*openflow.MeterMod, error) {
	r := meterReader{parser: parser{in: text, o: &o}, m: &openflow.MeterMod{Command: command}}
	if err := r.read(); err != nil {
		return nil, err
	}
	return r.m, r.check()
}

// ParseMeterID reads which meter dump-meters and meter-stats are to show:
// "meter=1", "meter=all".
func ParseMeterID(text string) (uint32, error) {
	r := meterReader{parser: parser{in: text, o: &Options{}}, m: &openflow.MeterMod{Command: openflow.MeterDelete}}
	if err := r.read(); err != nil {
		return 0, err
	}
	return r.m.Meter, r.check()
}

// meterReader reads one meter into m.
type meterReader struct {
	parser
	m        *openflow.MeterMod
	hasMeter bool
	inBands  bool
	bands    []meterBand
}

// meterBand is what a band's keys gave.
type meterBand struct {
	at                       span // its type
	band                     openflow.MeterBand
	rate, burst, level, kind bool
}

func (r *meterReader) read() error {
	var a pair
	s := r.scan(span{text: r.in})
	for r.takeBands(&s); s.next(&a); r.takeBands(&s) {
		read := r.key
		if r.inBands {
			read = r.bandKey
		}
		if err := read(&a); err != nil {
			return err
		}
	}
	return s.err
}

// takeBands passes over "bands=", behind which are the keys of bands, up to the end.
func (r *meterReader) takeBands(s *scanner) {
	r.inBands = r.inBands || s.takeKey("band", "=:")
}

func (r *meterReader) key(a *pair) (err error) {
	for i, name := range meterFlags {
		if name == a.key.text {
			if a.delim != 0 {
				return r.fail(a.value, "%s takes no value", name)
			}
			r.m.Flags |= 1 << i
			return nil
		}
	}
	if a.key.text != "meter" {
		return r.unknownKey(a.key, "a meter", append([]string{"meter", "bands"}, meterFlags[:]...)...)
	}
	r.hasMeter = true
	for id, name := range meterNames {
		if name == a.value.text {
			r.m.Meter = id
			return nil
		}
	}
	n, err := r.uint("meter", a.value, math.MaxUint32)
	if err == nil && (n == 0 || n > openflow.MeterMax) {
		err = r.fail(a.value, "meter: the numbers are 1 to %d", uint32(openflow.MeterMax))
	}
	r.m.Meter = uint32(n)
	return err
}

func (r *meterReader) bandKey(a *pair) (err error) {
	if a.key.text == "type" {
		kind, err := r.oneOf("band", a.value, meterBands[:])
		if err == nil && kind == 0 {
			err = r.fail(a.value, "a band's type is missing").remedy("write type=drop or type=dscp_remark")
		}
		r.bands = append(r.bands, meterBand{at: a.value, kind: true, band: openflow.MeterBand{Type: openflow.MeterBandType(kind)}})
		return err
	}
	if len(r.bands) == 0 {
		return r.fail(a.key, "a band begins with its type").remedy("write bands=type=drop,rate=NUMBER")
	}
	b := &r.bands[len(r.bands)-1]
	switch a.key.text {
	case "rate":
		b.rate = true
		b.band.Rate, err = r.uint32("rate", a.value)
	case "burst_size":
		b.burst = true
		b.band.Burst, err = r.uint32("burst_size", a.value)
	case "prec_level":
		b.level = true
		b.band.PrecLevel, err = r.uint8("prec_level", a.value)
	default:
		err = r.unknownKey(a.key, "a band", "type", "rate", "burst_size", "prec_level")
	}
	return err
}

func (r *meterReader) check() error {
	end := span{at: len(r.in)}
	if !r.hasMeter {
		return r.fail(end, "a meter has a number").remedy("write meter=NUMBER,...")
	}
	if r.m.Command == openflow.MeterDelete {
		if r.m.Flags != 0 || r.inBands {
			return r.fail(end, "the meter's number is all that counts here")
		}
		return nil
	}
	switch units := r.m.Flags & (openflow.MeterKbps | openflow.MeterPktps); {
	case r.m.Meter == openflow.MeterAll:
		return r.fail(end, "meter=all goes with deleting and showing only")
	case units == 0:
		return r.fail(end, "a meter has a unit").remedy("write kbps or pktps")
	case units == openflow.MeterKbps|openflow.MeterPktps:
		return r.fail(end, "kbps and pktps exclude each other")
	case !r.inBands || len(r.bands) == 0:
		return r.fail(end, "a meter has bands").remedy("write bands=type=drop,rate=NUMBER")
	}
	bursts := r.m.Flags&openflow.MeterBurst != 0
	for _, b := range r.bands {
		switch {
		case !b.rate:
			return r.fail(b.at, "a band has a rate").remedy("write rate=NUMBER")
		case b.burst && !bursts:
			return r.fail(b.at, "burst_size counts only where the meter has burst").remedy("write burst before bands=")
		case bursts && !b.burst:
			return r.fail(b.at, "a band of a meter with burst has a burst_size").remedy("write burst_size=NUMBER")
		case b.level && b.band.Type != openflow.BandDSCPRemark:
			return r.fail(b.at, "prec_level goes with type=dscp_remark only")
		}
		r.m.Bands = append(r.m.Bands, b.band)
	}
	return nil
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
			if m.Features != 0 {
				w.str("actions: ").bits(uint64(m.Features), meterFeatures[:], " ").byte('\n')
			}
		}),
	}
}

var (
	meterBands = [...]string{openflow.BandDrop: "drop", openflow.BandDSCPRemark: "dscp_remark"}
	// meterFlags are the names of flags, the lowest bit first.
	meterFlags    = [...]string{"kbps", "pktps", "burst", "stats"}
	meterFeatures = [...]string{"in_action_set", "anywhere", "repeated"}
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
