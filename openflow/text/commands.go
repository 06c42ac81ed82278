package text

import (
	"net/netip"
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
)

// ParsePacketOut reads a packet-out: "in_port=1 packet=00112233… actions=output:2".
// in_port may be left out, and be a reserved port. Other fields of the pipeline
// may be given for OpenFlow 1.5. The error is an *Error.
func ParsePacketOut(text string, o Options) (*openflow.PacketOut, error) {
	r := flowReader{parser: parser{in: text, o: &o, actions: actionKeywords}, allowed: forNew}
	var fm openflow.FlowMod
	r.fm = &fm
	out := &openflow.PacketOut{Buffer: openflow.NoBuffer, InPort: openflow.PortAny}
	s := r.scan(span{text: text})
	var a pair
	for !r.takeActions(&s) && s.next(&a) {
		if err := r.packetOutKey(out, &a); err != nil {
			return nil, err
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	end := span{at: len(text)}
	switch {
	case out.Data == nil:
		return nil, r.fail(end, "a packet is missing").remedy("write packet=HEX before actions=")
	}
	if err := r.fillMatch(); err != nil {
		return nil, err
	}
	out.Match = fm.Match
	if out.Match.Mask.OFPort != 0 {
		out.InPort = openflow.PortNo(out.Match.Value.OFPort)
	}
	var err error
	out.Actions, err = r.actionList(r.actionsText, contextList)
	return out, err
}

func (r *flowReader) packetOutKey(out *openflow.PacketOut, a *pair) (err error) {
	if a.key.text == "packet" {
		if out.Data, err = r.hexBytes("packet", a.value); err == nil && len(out.Data) == 0 {
			err = r.fail(a.value, "packet: no bytes")
		}
		return err
	}
	f := flow.FieldByName(a.key.text)
	if f == nil {
		e := r.fail(a.key, "a packet-out has no %q", a.key.text)
		return e.suggest(nearestField(a.key.text, "packet", "actions"))
	}
	return r.matchField(a, f)
}

// ParseTLVMaps reads maps of tunnel options:
// "{class=0xffff,type=0,len=4}->tun_metadata0", several with commas between. The
// error is an *Error.
func ParseTLVMaps(text string) ([]openflow.TLVMap, error) {
	p := parser{in: text, o: &Options{}}
	rest := span{text: text}
	var maps []openflow.TLVMap
	for {
		rest = span{strings.TrimLeft(rest.text, separators), 0}
		rest.at = len(text) - len(rest.text)
		if rest.text == "" {
			break
		}
		m, after, err := p.tlvMap(rest)
		if err != nil {
			return nil, err
		}
		maps = append(maps, m)
		rest = after
	}
	if maps == nil {
		return nil, p.fail(rest, "a map is missing").remedy("write %s", tlvForm)
	}
	return maps, nil
}

const tlvForm = "{class=NUMBER,type=NUMBER,len=BYTES}->tun_metadataN"

// tlvMap reads the map that v begins with, and is what follows it.
func (p *parser) tlvMap(v span) (m openflow.TLVMap, after span, err error) {
	option, rest, closed := v.cut("}")
	if !closed || !strings.HasPrefix(v.text, "{") || !strings.HasPrefix(rest.text, "->") {
		return m, v, p.fail(v, "not a map of a tunnel option").remedy("write %s", tlvForm)
	}
	rest = rest.from(2)
	end := strings.IndexAny(rest.text, separators)
	if end < 0 {
		end = len(rest.text)
	}
	name, after := rest.slice(0, end), rest.from(end)
	var a pair
	n := 0
	s := p.scan(option.from(1))
	for ; s.next(&a); n++ {
		var err error
		switch a.key.text {
		case "class":
			m.Class, err = p.uint16("class", a.value)
		case "type":
			m.Type, err = p.uint8("type", a.value)
		case "len":
			m.Len, err = p.uint8("len", a.value)
			if err == nil && (m.Len == 0 || m.Len%4 != 0 || m.Len > flow.MaxTLVLen) {
				err = p.fail(a.value, "len: a multiple of 4 from 4 to %d is needed", flow.MaxTLVLen)
			}
		default:
			err = p.unknownKey(a.key, "a tunnel option", "class", "type", "len")
		}
		if err != nil {
			return m, v, err
		}
	}
	if s.err != nil {
		return m, v, s.err
	}
	if n != 3 || m.Len == 0 {
		return m, v, p.fail(option, "an option has a class, a type and a length").remedy("write %s", tlvForm)
	}
	f, err := p.field(name)
	if err == nil && !f.Wide() {
		err = p.fail(name, "options are mapped to tun_metadata0 to tun_metadata%d", flow.NumTunMetadata-1)
	}
	if err != nil {
		return m, v, err
	}
	m.Index = uint16(f.ID - flow.FieldTunMetadata0)
	return m, after, nil
}

// portActions are what mod-port does to a port.
var portActions = [...]struct {
	name      string
	bit       openflow.PortConfig
	set, both bool // both: "no-" before the name does the opposite
}{
	{"up", openflow.PortDown, false, false},
	{"down", openflow.PortDown, true, false},
	{"stp", openflow.PortNoSTP, false, true},
	{"receive", openflow.PortNoRecv, false, true},
	{"receive-stp", openflow.PortNoRecvSTP, false, true},
	{"flood", openflow.PortNoFlood, false, true},
	{"forward", openflow.PortNoFwd, false, true},
	{"packet-in", openflow.PortNoPacketIn, false, true},
}

// ParsePortAction reads what mod-port does to a port: up, down, stp, no-stp,
// receive, no-receive, … in any case of letters, the hyphen of no- being left out
// where one likes. The error is an *Error.
func ParsePortAction(text string) (config, mask openflow.PortConfig, err error) {
	var names []string
	name, no := strings.CutPrefix(strings.ToLower(text), "no")
	name = strings.TrimPrefix(name, "-")
	for _, a := range portActions {
		names = append(names, a.name)
		if a.both {
			names = append(names, "no-"+a.name)
		}
		if a.name != name || no && !a.both {
			continue
		}
		if a.set || no {
			config = a.bit
		}
		return config, a.bit, nil
	}
	p := parser{in: text, o: &Options{}}
	e := p.fail(span{text: text}, "no such setting of a port: %q", text).suggest(nearest(text, names))
	if e.Remedy == "" {
		e.Remedy = "the settings are " + strings.Join(names, ", ")
	}
	return 0, 0, e
}

// ParseTableMod reads what mod-table does: a table's number or name, ALL for all
// tables, and a setting: controller, continue, drop, evict, noevict,
// vacancy:LOW,HIGH, novacancy. The error is an *Error.
func ParseTableMod(table, setting string, o Options) (*openflow.TableMod, error) {
	m := &openflow.TableMod{Table: openflow.TableAll, EvictionFlags: evictionUnset}
	p := parser{in: table, o: &o}
	if !strings.EqualFold(table, "all") {
		var err error
		if m.Table, err = p.table(span{text: table}, true); err != nil {
			return nil, err
		}
	}
	p.in = setting
	word, value, _ := span{text: setting}.cut(":")
	switch word.text {
	case "controller":
		m.Miss = openflow.MissController
	case "continue":
		m.Miss = openflow.MissContinue
	case "drop":
		m.Miss = openflow.MissDrop
	case "evict":
		m.Eviction = openflow.On
	case "noevict":
		m.Eviction = openflow.Off
	case "vacancy":
		m.Vacancy = openflow.On
		return m, p.vacancy(m, value)
	case "novacancy":
		m.Vacancy = openflow.Off
	default:
		return nil, p.unknownKey(word, "a table", "controller", "continue", "drop", "evict", "noevict", "vacancy", "novacancy")
	}
	if value.text != "" {
		return nil, p.fail(value, "%s takes no value", word.text)
	}
	return m, nil
}

// vacancy reads "low,high", in percent.
func (p *parser) vacancy(m *openflow.TableMod, v span) error {
	const most = 100
	low, high, found := v.cut(",")
	if !found {
		return p.fail(v, "vacancy: two thresholds are needed").remedy("write vacancy:LOW,HIGH, in percent")
	}
	down, err := p.uint("vacancy", low, most)
	if err != nil {
		return err
	}
	up, err := p.uint("vacancy", high, most)
	if err != nil {
		return err
	}
	if down > up {
		return p.fail(low, "vacancy: the low threshold is above the high one")
	}
	m.VacancyDown, m.VacancyUp = uint8(down), uint8(up)
	return nil
}

// ParseMonitor reads which flows monitor's "watch:" is to follow: a match,
// out_port, out_group, table, and "!initial", "!add", "!delete", "!modify",
// "!actions", "!own" for what is not wanted. The error is an *Error.
func ParseMonitor(text string, o Options) (*openflow.FlowMonitor, error) {
	r := flowReader{parser: parser{in: text, o: &o, actions: actionKeywords}, allowed: forRequest}
	var fm openflow.FlowMod
	r.fm = &fm
	m := &openflow.FlowMonitor{Flags: monitorAll, Table: openflow.TableAll, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny}
	s := r.scan(span{text: text})
	var a pair
	for s.next(&a) {
		if err := r.monitorKey(m, &a); err != nil {
			return nil, err
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	if err := r.fillMatch(); err != nil {
		return nil, err
	}
	m.Match = fm.Match
	return m, nil
}

const monitorAll = openflow.MonitorInitial | openflow.MonitorAdd | openflow.MonitorDelete | openflow.MonitorModify |
	openflow.MonitorActions | openflow.MonitorOwn

func (r *flowReader) monitorKey(m *openflow.FlowMonitor, a *pair) (err error) {
	word, not := strings.CutPrefix(a.key.text, "!")
	for i, name := range monitorFlags {
		if name != word || a.delim != 0 {
			continue
		}
		if not {
			m.Flags &^= 1 << i
		} else {
			m.Flags |= 1 << i
		}
		return nil
	}
	switch a.key.text {
	case "table":
		m.Table, err = r.table(a.value, true)
	case "out_port":
		m.OutPort, err = r.port(a.value)
	case "out_group":
		m.OutGroup, err = r.anyGroup(a.value)
	default:
		if s := shorthandIndex[a.key.text]; s != nil {
			return r.shorthand(a, s)
		}
		f := matchFieldByName(a.key.text)
		if f == nil {
			e := r.fail(a.key, "a monitor has no %q", a.key.text)
			return e.suggest(nearestField(word, append([]string{"table", "out_port", "out_group"}, monitorFlags[:]...)...))
		}
		return r.matchField(a, f)
	}
	return err
}

// ParseCTFlush reads which connections ct-flush is to forget: "zone=N",
// "mark=X/MASK", "labels=X/MASK", and one or two tuples, of the original and of
// the reply direction: "ct_nw_src=10.0.0.1,ct_nw_proto=6,ct_tp_dst=80". The error
// is an *Error.
func ParseCTFlush(args ...string) (*openflow.CTFlush, error) {
	m := &openflow.CTFlush{}
	tuples := 0
	for _, arg := range args {
		p := parser{in: arg, o: &Options{}}
		word, value, _ := span{text: arg}.cut("=")
		var err error
		switch {
		case word.text == "zone":
			m.HasZone = true
			m.Zone, err = p.uint16("zone", value)
		case word.text == "mark":
			err = p.ctMark(m, value)
		case word.text == "labels" || word.text == "label":
			err = p.ctLabel(m, value)
		case tuples == 0:
			tuples++
			err = p.ctTuple(m, &m.Orig, true)
		case tuples == 1:
			tuples++
			err = p.ctTuple(m, &m.Reply, false)
		default:
			err = p.fail(word, "ct-flush takes two tuples at most")
		}
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (p *parser) ctMark(m *openflow.CTFlush, v span) error {
	f := flow.FieldByID(flow.FieldCTMark)
	value, mask, err := f.ParseValue(v.text, nil)
	if err != nil {
		return p.valueError("mark", v, err)
	}
	m.HasMark, m.Mark = true, uint32(value.Lo)
	if mask != f.Full() {
		m.MarkMask = uint32(mask.Lo)
	}
	return nil
}

func (p *parser) ctLabel(m *openflow.CTFlush, v span) error {
	f := flow.FieldByID(flow.FieldCTLabel)
	value, mask, err := f.ParseValue(v.text, nil)
	if err != nil {
		return p.valueError("labels", v, err)
	}
	m.HasLabel, m.Label = true, value
	if mask != f.Full() {
		m.LabelMask = mask
	}
	return nil
}

// ctTuple reads a tuple. Its protocol is that of both directions, and stands in
// the first.
func (p *parser) ctTuple(m *openflow.CTFlush, t *openflow.CTTuple, withProto bool) error {
	var a pair
	s := p.scan(span{text: p.in})
	for s.next(&a) {
		var err error
		switch a.key.text {
		case "ct_nw_src", "ct_ipv6_src":
			t.HasSrc = true
			t.Src, err = p.ctAddr(&a)
		case "ct_nw_dst", "ct_ipv6_dst":
			t.HasDst = true
			t.Dst, err = p.ctAddr(&a)
		case "ct_tp_src":
			t.HasSrcPort = true
			t.SrcPort, err = p.uint16(a.key.text, a.value)
		case "ct_tp_dst":
			t.HasDstPort = true
			t.DstPort, err = p.uint16(a.key.text, a.value)
		case "icmp_id":
			t.HasICMPID = true
			t.ICMPID, err = p.uint16(a.key.text, a.value)
		case "icmp_type":
			t.HasICMPType = true
			t.ICMPType, err = p.uint8(a.key.text, a.value)
		case "icmp_code":
			t.HasICMPCode = true
			t.ICMPCode, err = p.uint8(a.key.text, a.value)
		case "ct_nw_proto":
			m.Proto, err = p.uint8(a.key.text, a.value)
			if err == nil && !withProto {
				err = p.fail(a.key, "ct_nw_proto stands in the first tuple")
			}
		default:
			err = p.unknownKey(a.key, "a tuple", "ct_nw_src", "ct_nw_dst", "ct_ipv6_src", "ct_ipv6_dst", "ct_nw_proto",
				"ct_tp_src", "ct_tp_dst", "icmp_type", "icmp_code", "icmp_id")
		}
		if err != nil {
			return err
		}
	}
	return s.err
}

// ctAddr reads an address; IPv4 ones are mapped into IPv6.
func (p *parser) ctAddr(a *pair) (flow.IPv6, error) {
	addr, err := netip.ParseAddr(a.value.text)
	if err != nil || addr.Zone() != "" || addr.Is4() != strings.HasPrefix(a.key.text, "ct_nw_") {
		family := "IPv6"
		if strings.HasPrefix(a.key.text, "ct_nw_") {
			family = "IPv4"
		}
		return flow.IPv6{}, p.fail(a.value, "%s: not an address of this kind", a.key.text).remedy("write an %s address", family)
	}
	return addr.As16(), nil
}
