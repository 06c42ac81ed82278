package cmd

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"vswitch/ofctl/explain"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// Commands that check text and need no switch.

// runParseFlow is parse-flow: what becomes of a flow on the wire.
func runParseFlow(a *app, args []string) error {
	return a.parseOffline([]line{{text: args[0]}}, flowParser(a.strictly(openflow.FlowAdd), true))
}

// runParseFlows is parse-flows.
func runParseFlows(a *app, args []string) error {
	lines, err := a.readLines(args[0])
	if err != nil {
		return err
	}
	return a.parseOffline(lines, flowParser(openflow.FlowAdd, true))
}

// runParseGroup is parse-group, and runParseMeter parse-meter.
func runParseGroup(a *app, args []string) error {
	return a.parseOffline([]line{{text: args[0]}}, groupParser(openflow.GroupAdd, true))
}

func runParseMeter(a *app, args []string) error {
	return a.parseOffline([]line{{text: args[0]}}, func(s string, o text.Options) (openflow.Message, error) {
		return nilOnError(text.ParseMeter(s, openflow.MeterAdd, o))
	})
}

// parseOffline reads lines, and shows them as they would travel in the first
// protocol that can carry all of them and that -O allows.
func (a *app) parseOffline(lines []line, parse parser) error {
	messages, err := parseLines(lines, func(s string) (openflow.Message, error) { return parse(s, text.Options{}) })
	if err != nil {
		return err
	}
	flows := len(messages) == 0 || messages[0].Kind() == openflow.KindFlowMod
	all := ^explain.ProtocolSet(0)
	for _, l := range lines {
		all &= explain.Usable(func(o text.Options) (openflow.Message, error) { return parse(l.text, o) })
	}
	chosen := -1
	for i, p := range explain.Protocols() {
		if all>>i&1 != 0 && chosen < 0 && (a.option.versions == 0 || a.option.versions.Has(p.Version)) && a.option.flows.allows(p) {
			chosen = i
		}
	}
	if chosen < 0 {
		return usagef("no protocol that is allowed can carry this; usable are: %v", all)
	}
	p := explain.Protocols()[chosen]
	if a.option.json {
		return a.parsedJSON(lines, parse, p, all)
	}
	chosenAs := "protocol: " + p.Name
	if !flows {
		chosenAs = "version: " + p.Version.String()
	}
	fmt.Fprintf(a.out, "usable protocols: %v\nchosen %s\n", all, chosenAs)
	for i, l := range lines {
		m, err := parse(l.text, text.Options{Version: p.Version})
		if err != nil {
			return err
		}
		data, err := p.Encode(uint32(i)+1, m)
		if err != nil {
			return err
		}
		if _, err := a.out.Write(text.AppendWire(nil, data, a.printing())); err != nil {
			return err
		}
	}
	return nil
}

// parsed is a line of parse-flow and the like as JSON.
type parsed struct {
	Text    string
	Message openflow.Message
	Bytes   []byte
}

func (a *app) parsedJSON(lines []line, parse parser, p explain.Protocol, all explain.ProtocolSet) error {
	document := struct {
		UsableProtocols, ChosenProtocol string
		Messages                        []parsed
	}{all.String(), p.Name, nil}
	for i, l := range lines {
		m, err := parse(l.text, text.Options{Version: p.Version})
		if err != nil {
			return err
		}
		data, err := p.Encode(uint32(i)+1, m)
		if err != nil {
			return err
		}
		document.Messages = append(document.Messages, parsed{l.text, m, data})
	}
	return a.document(&document)
}

// allows says whether --flow-format lets flows travel in a protocol.
func (f flowForm) allows(p explain.Protocol) bool {
	return f == formAny || p.Nicira == (f == formNXM)
}

// defaultVerbosity is that of messages that are printed by themselves.
const defaultVerbosity = 2

// printing are the options of what is printed without a switch.
func (a *app) printing() text.PrintOptions {
	return text.PrintOptions{NoStats: a.option.noStats, Verbosity: a.option.more + defaultVerbosity, PacketSummary: a.packetSummary}
}

// runParseActions is parse-actions and parse-instructions: lines of hexadecimal
// digits on the standard input, read as a list of a version.
func runParseActions(asInstructions bool) func(*app, []string) error {
	return func(a *app, args []string) error {
		var version versionsFlag
		if err := version.Set(args[0]); err != nil {
			return usagef("%w", err)
		}
		v := openflow.VersionSet(version).Max()
		what := "actions"
		if asInstructions {
			if what = "instructions"; v == openflow.V10 {
				return usagef("OpenFlow10 has no instructions")
			}
		}
		lines, err := a.readLines(stdinName)
		if err != nil {
			return err
		}
		failed := false
		for _, l := range lines {
			list, err := unhexLine(l)
			if err != nil {
				return err
			}
			actions, err := decodeActions(v, list, asInstructions)
			if err != nil {
				failed = true
				if !a.option.json {
					fmt.Fprintf(a.out, "bad %v %s: %v\n\n", v, what, openflow.AsError(err).Code)
				} else if err := a.record(struct{ Error string }{openflow.AsError(err).Code.String()}); err != nil {
					return err
				}
				continue
			}
			if a.option.json {
				if err := a.record(struct{ Actions []openflow.Action }{actions}); err != nil {
					return err
				}
				continue
			}
			a.out.Write(append(text.AppendActions([]byte("actions="), actions, text.PrintOptions{}), "\n\n"...))
		}
		if failed {
			return errRefused
		}
		return nil
	}
}

// unhexLine reads hexadecimal digits, with blanks anywhere.
func unhexLine(l line) ([]byte, error) {
	b, err := hex.DecodeString(strings.Join(strings.Fields(l.text), ""))
	if err != nil {
		return nil, usagef("%s: %w", l.where(), err)
	}
	return b, nil
}

// decodeActions decodes a list of actions by putting it into a packet-out, and one
// of instructions by putting it into a flow-mod.
func decodeActions(v openflow.Version, list []byte, asInstructions bool) ([]openflow.Action, error) {
	var body openflow.Message = &openflow.PacketOut{Buffer: openflow.NoBuffer, InPort: openflow.PortAny}
	if asInstructions {
		body = &openflow.FlowMod{Command: openflow.FlowAdd, Buffer: openflow.NoBuffer, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny}
	}
	switch {
	case len(list)%8 == 0:
	case asInstructions:
		return nil, openflow.ErrInstructionBadLen
	default:
		return nil, openflow.ErrRequestBadLen
	}
	data, err := openflow.Append(nil, v, 0, body)
	if err != nil {
		return nil, err
	}
	if !asInstructions {
		binary.BigEndian.PutUint16(data[actionsLenAt(v):], uint16(len(list)))
	}
	data = append(data, list...)
	if len(data) > openflow.MaxLen {
		return nil, openflow.ErrRequestBadLen
	}
	binary.BigEndian.PutUint16(data[2:], uint16(len(data)))
	_, m, err := openflow.Decode(data)
	switch m := m.(type) {
	case *openflow.PacketOut:
		if len(m.Data) > 0 {
			return nil, openflow.ErrActionBadLen
		}
		return m.Actions, err
	case *openflow.FlowMod:
		return m.Actions, err
	}
	return nil, err
}

// actionsLenAt is where a packet-out says how long its actions are.
func actionsLenAt(v openflow.Version) int {
	switch {
	case v == openflow.V10:
		return openflow.HeaderLen + 6
	case v >= openflow.V15: // the port is in a match
		return openflow.HeaderLen + 4
	}
	return openflow.HeaderLen + 8
}

// runPrintError is print-error: an error's numbers in each version.
func runPrintError(a *app, args []string) error {
	code, err := errorNamed(args[0])
	if err != nil {
		return err
	}
	if a.option.json {
		return a.errorJSON(code)
	}
	for _, v := range openflow.AllVersions.List() {
		vendor, typ, number, found := code.Wire(v)
		if !found {
			fmt.Fprintf(a.out, "OpenFlow %s: not carried\n", v.Short())
			continue
		}
		fmt.Fprintf(a.out, "OpenFlow %s: vendor %s, type %d, code %d\n", v.Short(), hexOrZero(vendor), typ, number)
	}
	return nil
}

// errorNamed is the error that a name stands for.
func errorNamed(name string) (openflow.ErrorCode, error) {
	if code, found := openflow.ParseErrorCode(name); found {
		return code, nil
	}
	var names []string
	for row := range strings.Lines(refusals) {
		if known, _, _ := strings.Cut(row, " "); strings.HasPrefix(known, "OF") || strings.HasPrefix(known, "NX") {
			names = append(names, known)
		}
	}
	if near := nearest(name, names); near != "" {
		return 0, usagef("no error %q: did you mean %s?", name, near)
	}
	return 0, usagef("no error %q: they have names such as OFPBAC_BAD_OUT_PORT", name)
}

// errorNumbers are an error's numbers in one version.
type errorNumbers struct {
	Version string
	Carried bool
	Vendor  uint32
	Type    uint16
	Code    uint16
}

func (a *app) errorJSON(code openflow.ErrorCode) error {
	document := struct {
		Name, Meaning string
		Versions      []errorNumbers
	}{Name: code.String(), Meaning: errorWords(code)}
	for _, v := range openflow.AllVersions.List() {
		n := errorNumbers{Version: v.String()}
		n.Vendor, n.Type, n.Code, n.Carried = code.Wire(v)
		document.Versions = append(document.Versions, n)
	}
	return a.document(&document)
}

// hexOrZero is a number as C's %#x has it.
func hexOrZero(n uint32) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%#x", n)
}

// runEncodeHello is encode-hello: the hello that offers the versions of a bitmap.
func runEncodeHello(a *app, args []string) error {
	var bitmap uint32
	if _, err := fmt.Sscanf(args[0], "%v", &bitmap); err != nil || bitmap == 0 {
		return usagef("%q is no bitmap of versions, such as 0x12 for 1.0 and 1.3", args[0])
	}
	set := openflow.VersionSet(bitmap)
	data, err := openflow.Append(nil, set.Max(), 1, &openflow.Hello{Versions: set})
	if err != nil {
		return usagef("%w", err)
	}
	if a.option.json {
		return a.record(struct{ Bytes []byte }{data})
	}
	_, err = a.out.Write(text.AppendWire(appendDump(nil, data), data, a.printing()))
	return err
}

// runEncodeErrorReply is encode-error-reply: the error that answers a request.
func runEncodeErrorReply(a *app, args []string) error {
	code, err := errorNamed(args[0])
	if err != nil {
		return err
	}
	request, err := unhexLine(line{from: "the request", text: args[1]})
	if err != nil {
		return err
	}
	if len(request) < openflow.HeaderLen {
		return usagef("the request has %d bytes: a header alone has %d", len(request), openflow.HeaderLen)
	}
	h := openflow.PeekHeader(request)
	if !h.Version.Valid() {
		return usagef("the request is of %v", h.Version)
	}
	reply := openflow.AppendError(nil, h.Version, h.XID, code, request)
	if a.option.json {
		return a.record(struct{ Bytes []byte }{reply})
	}
	_, err = a.out.Write(appendDump(nil, reply))
	return err
}

// appendDump appends bytes in hexadecimal, sixteen a line, as ovs-ofctl does.
func appendDump(dst, data []byte) []byte {
	const perLine = 16
	for at := 0; at < len(data); at += perLine {
		row := data[at:min(len(data), at+perLine)]
		dst = fmt.Appendf(dst, "%08x ", at)
		for i, b := range row {
			separator := " "
			if i == perLine/2 {
				separator = "-"
			}
			dst = fmt.Appendf(dst, "%s%02x", separator, b)
		}
		dst = append(dst, '\n')
	}
	return dst
}

// runExplain is explain.
func runExplain(a *app, args []string) error {
	mod, err := text.ParseFlow(args[0], text.Options{CommandWord: true})
	if err != nil {
		return syntax(err)
	}
	e := explain.Explain(mod, args[0])
	if a.option.json {
		return a.document(e)
	}
	_, err = a.out.WriteString(e.String())
	return err
}

// runParseNXM is parse-nxm: matches in Nicira's form, written as a list of entries
// NAME(VALUE) and NAME_W(VALUE/MASK).
func runParseNXM(a *app, _ []string) error { return a.parseEntries(openflow.V10) }

// runParseOXM is parse-oxm: the same of a version.
func runParseOXM(a *app, args []string) error {
	var set versionsFlag
	if err := set.Set(args[0]); err != nil {
		return usagef("%w", err)
	}
	v := openflow.VersionSet(set).Max()
	if v < openflow.V12 {
		return usagef("%v has no OXM: matches have it from OpenFlow12 on", v)
	}
	return a.parseEntries(v)
}

// parseEntries reads lines of entries.
func (a *app) parseEntries(v openflow.Version) error {
	lines, err := a.readLines(stdinName)
	if err != nil {
		return err
	}
	failed := false
	for _, l := range lines {
		entries, err := explain.ReadEntries(l.text)
		if err != nil {
			return syntax(fmt.Errorf("%s: %w", l.where(), err))
		}
		m, err := explain.DecodeEntries(v, entries)
		if err != nil {
			failed = true
			fmt.Fprintf(a.out, "nx_pull_match() returned error %v\n", openflow.AsError(err).Code)
			continue
		}
		back, err := explain.EncodeEntries(v, m)
		if err != nil {
			return usagef("%s: %w", l.where(), err)
		}
		if err := a.printMatch(m, explain.WriteEntries(back)); err != nil {
			return err
		}
	}
	if failed {
		return errRefused
	}
	return nil
}

// printMatch prints how a match is written, or as JSON that and what it matches.
func (a *app) printMatch(m *openflow.Match, written string) error {
	if a.option.json {
		return a.record(struct {
			Entries string
			Match   openflow.Match
		}{written, *m})
	}
	_, err := fmt.Fprintln(a.out, written)
	return err
}

// runParseFixedMatch is parse-ofp10-match and parse-ofp11-match: matches of a fixed
// length in hexadecimal, what they match, and which bytes travel otherwise when they
// are sent again.
func runParseFixedMatch(v openflow.Version) func(*app, []string) error {
	// Where the match stands in a flow-mod, and how long it is.
	at, size := 8, 40
	if v == openflow.V11 {
		at, size = 48, 88
	}
	return func(a *app, _ []string) error {
		lines, err := a.readLines(stdinName)
		if err != nil {
			return err
		}
		for _, l := range lines {
			match, err := unhexLine(l)
			if err != nil {
				return err
			}
			if len(match) != size {
				return usagef("%s: a match of %v has %d bytes, not %d", l.where(), v, size, len(match))
			}
			data, err := openflow.Append(nil, v, 0, &openflow.FlowMod{Buffer: openflow.NoBuffer, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny})
			if err != nil {
				return err
			}
			copy(data[at:], match)
			_, m, err := openflow.Decode(data)
			mod, isMod := m.(*openflow.FlowMod)
			if err != nil || !isMod {
				fmt.Fprintf(a.out, "error decoding match: %v\n\n", openflow.AsError(err).Code)
				continue
			}
			back, err := openflow.Append(nil, v, 0, mod)
			if err != nil {
				return err
			}
			if err := a.printFixedMatch(&mod.Match, match, back[at:at+size]); err != nil {
				return err
			}
		}
		return nil
	}
}

func (a *app) printFixedMatch(m *openflow.Match, before, after []byte) error {
	if a.option.json {
		return a.record(struct {
			Match openflow.Match
			Bytes []byte
		}{*m, after})
	}
	out := append(text.AppendMatch(nil, m, text.PrintOptions{}), '\n')
	for i := range before {
		if before[i] != after[i] {
			out = fmt.Appendf(out, "%2d: %02x -> %02x\n", i, before[i], after[i])
		}
	}
	_, err := a.out.Write(append(out, '\n'))
	return err
}
