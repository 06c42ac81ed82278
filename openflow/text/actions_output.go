package text

import (
	"math"
	"slices"
	"strings"

	"vswitch/openflow"
)

// outputActions are the rows of actions that send the packet.
func outputActions() []actionRow {
	return []actionRow{
		{"output", openflow.ActOutput, readOutput, writes(writeOutput), "output:1"},
		{"output", openflow.ActOutputReg, readOutput, writes(writeOutputReg), "output:NXM_NX_REG0[0..15]"},
		{"output", openflow.ActOutputTrunc, readOutput, writes(writeOutputTrunc), "output(port=1,max_len=100)"},
		{"controller", openflow.ActController, readController, writes(writeController), "controller(reason=no_match,max_len=64,id=5)"},
		{"enqueue", openflow.ActEnqueue, readEnqueue, writes(writeEnqueue), "enqueue:1:2"},
		{"bundle", openflow.ActBundle, readBundle, writes(writeBundle), "bundle(eth_src,50,active_backup,ofport,members:1,2)"},
		{"bundle_load", openflow.ActBundle, readBundle, nil, "bundle_load(eth_src,0,hrw,ofport,NXM_NX_REG0[],members:4,8)"},
		{"group", openflow.ActGroup, readGroupAction, writes(func(w *printer, a openflow.Group) { w.str("group:").uint(uint64(a.ID)) }), "group:5"},
	}
}

// minTruncate is the size of an Ethernet header, the least that output keeps.
const minTruncate = 14

func readOutput(p *parser, a *pair) (openflow.Action, error) {
	if a.delim == '(' && strings.Contains(a.value.text, "=") {
		return p.readTruncate(a)
	}
	if port, found := p.ports().parse(a.value.text); found {
		return p.outputTo(a.value, port)
	}
	if isSubfield(a.value) {
		src, err := p.subfield(a.value)
		return openflow.OutputReg{Src: src, MaxLen: math.MaxUint16}, err
	}
	return nil, p.badPort(a.value)
}

// outputTo is the action that outputs to a port.
func (p *parser) outputTo(at span, port openflow.PortNo) (openflow.Action, error) {
	switch port {
	case openflow.PortAny, openflow.PortUnset:
		return nil, p.fail(at, "%s is no port to output to", port)
	case openflow.PortController:
		return openflow.Output{Port: port, MaxLen: math.MaxUint16}, nil
	}
	return openflow.Output{Port: port}, nil
}

func (p *parser) readTruncate(a *pair) (openflow.Action, error) {
	out := openflow.OutputTrunc{Port: openflow.PortAny}
	var b pair
	var err error
	s := p.scan(a.value)
	for s.next(&b) {
		switch b.key.text {
		case "port":
			out.Port, err = p.port(b.value)
		case "max_len":
			out.MaxLen, err = p.uint32("max_len", b.value)
			if err == nil && out.MaxLen < minTruncate {
				err = p.fail(b.value, "max_len: at least %d bytes must be left", minTruncate)
			}
		default:
			err = p.unknownKey(b.key, "output", "port", "max_len")
		}
		if err != nil {
			return nil, err
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	switch {
	case out.Port == openflow.PortAny:
		return nil, p.fail(a.value, "output: port is missing")
	case out.MaxLen == 0:
		return nil, p.fail(a.value, "output: max_len is missing").remedy("write output:%s for the whole packet", out.Port)
	case out.Port.Reserved() && out.Port != openflow.PortLocal && out.Port != openflow.PortInPort:
		return nil, p.fail(a.value, "output: max_len does not go with port %s", out.Port)
	}
	return out, nil
}

// unknownKey is the error of a keyword that an action does not have.
func (p *parser) unknownKey(key span, action string, known ...string) error {
	e := p.fail(key, "%s has no %q", action, key.text).suggest(nearest(key.text, known))
	if e.Remedy == "" {
		e.Remedy = "it has " + strings.Join(known, ", ")
	}
	return e
}

func writeOutput(w *printer, a openflow.Output) {
	switch {
	case a.Port == openflow.PortController:
		w.str("CONTROLLER:").uint(uint64(a.MaxLen))
	case a.Port.Reserved():
		w.port(a.Port)
	default:
		w.str("output:").port(a.Port)
	}
}

func writeOutputReg(w *printer, a openflow.OutputReg) { w.str("output:").subfield(a.Src) }

func writeOutputTrunc(w *printer, a openflow.OutputTrunc) {
	w.str("output(port=").port(a.Port).str(",max_len=").uint(uint64(a.MaxLen)).byte(')')
}

// packetInReasons are the reasons that a controller action may give.
var packetInReasons = [...]string{
	openflow.ReasonNoMatch:    "no_match",
	openflow.ReasonAction:     "action",
	openflow.ReasonInvalidTTL: "invalid_ttl",
	openflow.ReasonActionSet:  "action_set",
	openflow.ReasonGroup:      "group",
	openflow.ReasonPacketOut:  "packet_out",
}

func readController(p *parser, a *pair) (openflow.Action, error) {
	c := openflow.Controller{MaxLen: math.MaxUint16, Reason: openflow.ReasonAction}
	if a.value.text != "" && '0' <= a.value.text[0] && a.value.text[0] <= '9' {
		var err error
		if c.MaxLen, err = p.uint16("controller", a.value); err != nil {
			return nil, err
		}
		return openflow.Output{Port: openflow.PortController, MaxLen: c.MaxLen}, nil
	}
	var b pair
	s := p.scan(a.value)
	for s.next(&b) {
		if err := p.controllerOption(&c, &b); err != nil {
			return nil, err
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	if c.Reason == openflow.ReasonAction && c.ID == 0 && c.UserData == nil && !c.Pause && c.Meter == 0 {
		return openflow.Output{Port: openflow.PortController, MaxLen: c.MaxLen}, nil
	}
	return c, nil
}

func (p *parser) controllerOption(c *openflow.Controller, b *pair) (err error) {
	switch b.key.text {
	case "max_len":
		c.MaxLen, err = p.uint16("max_len", b.value)
	case "id":
		c.ID, err = p.uint16("id", b.value)
	case "reason":
		for r, name := range packetInReasons {
			if name == b.value.text {
				c.Reason = openflow.PacketInReason(r)
				return nil
			}
		}
		return p.fail(b.value, "unknown reason %q", b.value.text).
			remedy("the reasons are %s", strings.Join(packetInReasons[:], ", "))
	case "userdata":
		c.UserData, err = p.hexBytes("userdata", b.value)
		if err == nil && c.UserData == nil {
			c.UserData = []byte{}
		}
	case "pause":
		c.Pause = true
	case "meter_id":
		c.Meter, err = p.uint32("meter_id", b.value)
	default:
		return p.unknownKey(b.key, "controller", "max_len", "reason", "id", "userdata", "pause", "meter_id")
	}
	return err
}

// hexBytes reads pairs of hexadecimal digits, with dots where one likes.
func (p *parser) hexBytes(what string, v span) ([]byte, error) {
	var out []byte
	for i := 0; i < len(v.text); {
		if v.text[i] == '.' {
			i++
			continue
		}
		if i+1 >= len(v.text) || hexValue(v.text[i]) > 15 || hexValue(v.text[i+1]) > 15 {
			return nil, p.fail(v.slice(i, i+1), "%s: not a pair of hexadecimal digits", what)
		}
		out = append(out, hexValue(v.text[i])<<4|hexValue(v.text[i+1]))
		i += 2
	}
	return out, nil
}

func writeController(w *printer, a openflow.Controller) {
	meter := a.Meter != 0 && a.Meter != math.MaxUint32
	if a.Reason == openflow.ReasonAction && a.ID == 0 && len(a.UserData) == 0 && !a.Pause && !meter {
		w.str("CONTROLLER:").uint(uint64(a.MaxLen))
		return
	}
	w.str("controller(")
	if a.Reason != openflow.ReasonAction {
		w.str("reason=").packetInReason(a.Reason).byte(',')
	}
	if a.MaxLen != math.MaxUint16 {
		w.str("max_len=").uint(uint64(a.MaxLen)).byte(',')
	}
	if a.ID != 0 {
		w.str("id=").uint(uint64(a.ID)).byte(',')
	}
	if len(a.UserData) > 0 {
		w.str("userdata=").bytesHex(a.UserData, ".").byte(',')
	}
	if a.Pause {
		w.str("pause,")
	}
	if meter {
		w.str("meter_id=").uint(uint64(a.Meter)).byte(',')
	}
	w.chomp(',').byte(')')
}

// packetInReason writes why a packet came.
func (w *printer) packetInReason(r openflow.PacketInReason) *printer {
	if name, named := PacketInReasonName(r); named {
		return w.str(name)
	}
	return w.uint(uint64(r))
}

// PacketInReasonName is the name of a reason that has one.
func PacketInReasonName(r openflow.PacketInReason) (name string, named bool) {
	switch {
	case int(r) < len(packetInReasons):
		return packetInReasons[r], true
	case r == openflow.ReasonExplicitMiss:
		return "explicit_miss", true
	case r == openflow.ReasonImplicitMiss:
		return "implicit_miss", true
	}
	return "", false
}

func readEnqueue(p *parser, a *pair) (openflow.Action, error) {
	name, queue, found := cutQueue(a.value)
	if strings.HasPrefix(a.value.text, `"`) {
		s := scanner{p: p, rest: a.value}
		n, err := s.quoted(0)
		if err != nil {
			return nil, err
		}
		name, queue = a.value.slice(0, n), a.value.from(n)
		if found = queue.text != "" && strings.IndexByte(":,", queue.text[0]) >= 0; found {
			queue = queue.from(1)
		}
	}
	if !found {
		return nil, p.fail(a.value, "enqueue: port and queue are needed").remedy("write enqueue:PORT:QUEUE")
	}
	port, err := p.port(name.trim())
	if err != nil {
		return nil, err
	}
	n, err := p.uint32("queue", queue.trim())
	return openflow.Enqueue{Port: port, Queue: n}, err
}

// cutQueue splits "PORT:QUEUE", "PORT,QUEUE" and, as old versions of ovs-ofctl
// print it, "1q2".
func cutQueue(v span) (port, queue span, found bool) {
	if i := strings.IndexAny(v.text, ":,"); i >= 0 {
		return v.slice(0, i), v.from(i + 1), true
	}
	port, queue, found = v.cut("q")
	_, isNumber := parseUint(port.text)
	return port, queue, found && isNumber
}

func writeEnqueue(w *printer, a openflow.Enqueue) {
	w.str("enqueue:").port(a.Port).byte(':').uint(uint64(a.Queue))
}

func readGroupAction(p *parser, a *pair) (openflow.Action, error) {
	id, err := p.groupID(a.value)
	return openflow.Group{ID: id}, err
}

// groupID reads a group's number.
func (p *parser) groupID(v span) (uint32, error) {
	n, err := p.uint("group", v, math.MaxUint32)
	if err == nil && n > openflow.GroupMax {
		e := p.fail(v, "group: the numbers are 0 to %d", openflow.GroupMax)
		if err = e; n == openflow.GroupAll {
			err = e.remedy("write all for all groups, where that goes")
		}
	}
	return uint32(n), err
}

// hashFields, bundleAlgorithms and multipathAlgorithms are the names of their
// types' values.
var (
	hashFields = [...]string{
		openflow.HashEthSrc:           "eth_src",
		openflow.HashSymmetricL4:      "symmetric_l4",
		openflow.HashSymmetricL3L4:    "symmetric_l3l4",
		openflow.HashSymmetricL3L4UDP: "symmetric_l3l4+udp",
		openflow.HashNWSrc:            "nw_src",
		openflow.HashNWDst:            "nw_dst",
		openflow.HashSymmetricL3:      "symmetric_l3",
	}
	bundleAlgorithms = [...]string{
		openflow.BundleActiveBackup: "active_backup",
		openflow.BundleHRW:          "hrw",
	}
	multipathAlgorithms = [...]string{
		openflow.MultipathModuloN:       "modulo_n",
		openflow.MultipathHashThreshold: "hash_threshold",
		openflow.MultipathHRW:           "hrw",
		openflow.MultipathIterHash:      "iter_hash",
	}
)

// nameOf writes the name of a value, "<unknown>" where it has none.
func (w *printer) nameOf(names []string, value int) *printer {
	if value < len(names) && names[value] != "" {
		return w.str(names[value])
	}
	return w.str("<unknown>")
}

// oneOf reads one of some names, and is its place among them.
func (p *parser) oneOf(what string, v span, names []string) (int, error) {
	for i, name := range names {
		if name == v.text {
			return i, nil
		}
	}
	known := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "" })
	return 0, p.fail(v, "unknown %s %q", what, v.text).remedy("one of %s", strings.Join(known, ", "))
}

// hashArguments reads what multipath and bundle begin with: fields, basis,
// algorithm.
func (p *parser) hashArguments(args []span, algorithms []string) (fields openflow.HashFields, basis uint16, algorithm int, err error) {
	f, err := p.oneOf("hash", args[0], hashFields[:])
	if err != nil {
		return 0, 0, 0, err
	}
	if basis, err = p.uint16("basis", args[1]); err != nil {
		return 0, 0, 0, err
	}
	algorithm, err = p.oneOf("algorithm", args[2], algorithms)
	return openflow.HashFields(f), basis, algorithm, err
}

func readMultipath(p *parser, a *pair) (openflow.Action, error) {
	args, err := p.list(a.value)
	if err != nil {
		return nil, err
	}
	if len(args) != 6 {
		return nil, p.fail(a.value, "multipath has 6 arguments, not %d", len(args)).
			remedy("write multipath(FIELDS,BASIS,ALGORITHM,LINKS,ARG,FIELD)")
	}
	var m openflow.Multipath
	var algorithm int
	if m.Fields, m.Basis, algorithm, err = p.hashArguments(args, multipathAlgorithms[:]); err != nil {
		return nil, err
	}
	m.Algorithm = openflow.MultipathAlgorithm(algorithm)
	links, err := p.uint("number of links", args[3], math.MaxUint16+1)
	if err != nil {
		return nil, err
	}
	if links == 0 {
		return nil, p.fail(args[3], "number of links: at least one is needed")
	}
	m.MaxLink = uint16(links - 1)
	if m.Arg, err = p.uint32("arg", args[4]); err != nil {
		return nil, err
	}
	if m.Dst, err = p.target(args[5]); err != nil {
		return nil, err
	}
	if m.Dst.Bits < 16 && links > 1<<m.Dst.Bits {
		return nil, p.fail(args[5], "%d bits cannot number %d links", m.Dst.Bits, links)
	}
	return m, nil
}

func writeMultipath(w *printer, a openflow.Multipath) {
	w.str("multipath(").nameOf(hashFields[:], int(a.Fields)).byte(',').uint(uint64(a.Basis)).byte(',')
	w.nameOf(multipathAlgorithms[:], int(a.Algorithm)).byte(',').uint(uint64(a.MaxLink) + 1).byte(',')
	w.uint(uint64(a.Arg)).byte(',').subfield(a.Dst)
	w.byte(')')
}

// minBundleBits is the least size of the field that bundle_load writes a port to.
const minBundleBits = 16

func readBundle(p *parser, a *pair) (openflow.Action, error) {
	args, err := p.list(a.value)
	if err != nil {
		return nil, err
	}
	b := openflow.Bundle{Load: a.key.text == "bundle_load"}
	head, form := 4, "write bundle(FIELDS,BASIS,ALGORITHM,ofport,members:PORT,...)"
	if b.Load {
		head, form = 5, "write bundle_load(FIELDS,BASIS,ALGORITHM,ofport,FIELD,members:PORT,...)"
	}
	if len(args) <= head {
		return nil, p.fail(a.value, "%s has at least %d arguments, not %d", a.key.text, head+1, len(args)).remedy("%s", form)
	}
	var algorithm int
	if b.Fields, b.Basis, algorithm, err = p.hashArguments(args, bundleAlgorithms[:]); err != nil {
		return nil, err
	}
	b.Algorithm = openflow.BundleAlgorithm(algorithm)
	if args[3].text != "ofport" {
		return nil, p.fail(args[3], "unknown kind of member %q", args[3].text).remedy("the only kind is ofport")
	}
	if b.Load {
		if b.Dst, err = p.target(args[4]); err != nil {
			return nil, err
		}
		if b.Dst.Bits < minBundleBits {
			return nil, p.fail(args[4], "a port takes at least %d bits", minBundleBits)
		}
	}
	b.Members, err = p.members(args[head:])
	return b, err
}

// members reads "members:1", "2", …, also in brackets.
func (p *parser) members(args []span) ([]openflow.PortNo, error) {
	word, first, _ := args[0].cut(":")
	if word.text != "members" && word.text != "slaves" {
		return nil, p.fail(args[0], "members:PORT,... must come here, not %q", args[0].text)
	}
	args[0] = first
	if last := &args[len(args)-1]; strings.HasPrefix(first.text, "[") && strings.HasSuffix(last.text, "]") {
		args[0] = args[0].from(1)
		*last = last.slice(0, len(last.text)-1)
	}
	var members []openflow.PortNo
	for i, arg := range args {
		if i == 0 && len(args) == 1 && arg.text == "" {
			break
		}
		port, err := p.port(arg)
		if err != nil {
			return nil, err
		}
		if !openflow.MayBeMember(port) {
			return nil, p.fail(arg, "%s cannot be a member", port)
		}
		members = append(members, port)
	}
	return members, nil
}

func writeBundle(w *printer, a openflow.Bundle) {
	w.str("bundle")
	if a.Load {
		w.str("_load")
	}
	w.byte('(').nameOf(hashFields[:], int(a.Fields)).byte(',').uint(uint64(a.Basis)).byte(',')
	w.nameOf(bundleAlgorithms[:], int(a.Algorithm)).str(",ofport")
	if a.Load {
		w.byte(',').subfield(a.Dst)
	}
	w.str(",members:")
	for i, port := range a.Members {
		if i > 0 {
			w.byte(',')
		}
		w.port(port)
	}
	w.byte(')')
}
