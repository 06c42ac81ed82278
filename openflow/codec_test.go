package openflow

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

func TestFraming(t *testing.T) {
	tests := []struct {
		name   string
		stream []byte
		want   int
		err    error
	}{
		{"nothing", nil, 0, nil},
		{"three bytes", []byte{4, 0, 0}, 0, nil},
		{"length 0", []byte{4, 0, 0, 0}, 0, ErrRequestBadLen},
		{"length 7", []byte{4, 0, 0, 7, 1, 2, 3, 4}, 0, ErrRequestBadLen},
		{"a header", []byte{4, 0, 0, 8, 1, 2, 3, 4}, 8, nil},
		{"longest", []byte{4, 0, 0xff, 0xff}, MaxLen, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n, err := PeekLength(test.stream)
			if n != test.want || !errors.Is(err, test.err) {
				t.Errorf("PeekLength = %d, %v, want %d, %v", n, err, test.want, test.err)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	tests := []struct {
		name, message string
		want          ErrorCode
	}{
		{"empty", "", ErrRequestBadLen},
		{"length of another message", "0402000900000001", ErrRequestBadLen},
		{"version 0", "0002000800000001", ErrRequestBadVersion},
		{"version 7", "0702000800000001", ErrRequestBadVersion},
		{"unknown type", "04ff000800000001", ErrRequestBadType},
		{"type of another version", "0108000800000001", ErrRequestBadLen},
		{"queue config after 1.3", "0516001000000001ffffffff00000000", ErrRequestBadType},
		{"barrier with a body", "0414000900000001ff", ErrRequestBadLen},
		{"vendor cut off", "040400080000000100"[:16], ErrRequestBadLen},
		{"unknown vendor", "0404001000000001123456780000000a", ErrRequestBadVendor},
		{"unknown Nicira message", "0404001000000001000023200000ffff", ErrRequestBadSubtype},
		{"unknown statistics", "04120010000000017777000000000000", ErrRequestBadStat},
		{"statistics of an unknown vendor", "0412001800000001ffff00000000000012345678" + "00000001", ErrRequestBadVendor},
		{"statistics cut off", "0412000c0000000100000000", ErrRequestBadLen},
		{"flow-mod command 5", "040e0038" + "00000001" + strings.Repeat("00", 16) + "0005" + strings.Repeat("00", 22) + "0001000400000000", ErrFlowModBadCommand},
		{"flow-mod flag of 1.3 in 1.1", "020e0088" + "00000001" + strings.Repeat("00", 36) + "0008" + "0000" + "0000005800000000" + strings.Repeat("00", 80), ErrFlowModBadFlags},
		{"port status reason 3", "010c0040" + "00000001" + "03" + strings.Repeat("00", 55), ErrNXRequestBadReason},
		{"role 4", "0418001800000001" + "00000004" + strings.Repeat("00", 12), ErrRoleBadRole},
		{"set-config flag 8", "0409000c00000001" + "0008ffff", ErrSwitchConfigBadFlags},
		{"packet-in format 9", "04040014000000010000232000000010" + "00000009", ErrRequestPermission},
		{"bundle in a bundle", "05220020000000010000000000000000" + "05210010000000010000000000000000", ErrBundleMsgUnsup},
		{"bundle of another version", "05220018000000010000000000000000" + "0414000800000001", ErrBundleBadVersion},
		{"bundle of another transaction", "05220018000000010000000000000000" + "0514000800000002", ErrBundleMsgBadXID},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := decodeHex(t, test.message)
			_, _, err := Decode(b)
			e := new(Error)
			if !errors.Is(err, test.want) || !errors.As(err, &e) {
				t.Fatalf("%v, want %s", err, test.want)
			}
			if want := b[:min(len(b), errorDataLen)]; !bytes.Equal(e.Data, want) {
				t.Errorf("the error carries %x, want %x", e.Data, want)
			}
		})
	}
}

func TestUnknownExperimenterIsShown(t *testing.T) {
	_, m, err := Decode(decodeHex(t, "0404001200000001123456780000000a0102"))
	want := &Experimenter{Vendor: 0x12345678, ExpType: 10, Data: []byte{1, 2}}
	if !reflect.DeepEqual(m, want) || !errors.Is(err, ErrRequestBadVendor) {
		t.Errorf("%+v, %v, want %+v and an error", m, err, want)
	}
}

func TestHello(t *testing.T) {
	tests := []struct {
		name, message string
		want          VersionSet
	}{
		{"1.0 without elements", "0100000800000001", Versions(V10)},
		{"1.3 without elements", "0400000800000001", Versions(V10, V11, V12, V13)},
		{"bitmap", "06000010000000010001000800000052", Versions(V10, V13, V15)},
		{"bitmap of two words", "0600001800000001" + "0001000c00000012000000ff" + "00000000", Versions(V10, V13)},
		{"unknown element before", "0600001800000001" + "7777000500000000" + "0001000800000010", Versions(V13)},
		{"element that says too much", "06000010000000010001ffff00000010", AllVersions},
		{"element of length 0", "06000010000000010001000000000010", AllVersions},
		{"version from the future", "ff00000800000001", 0xfffffffe},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, m, err := Decode(decodeHex(t, test.message))
			if err != nil {
				t.Fatal(err)
			}
			if got := m.(*Hello).Versions; got != test.want {
				t.Errorf("versions %#x, want %#x", got, test.want)
			}
		})
	}
}

func TestHelloWritesABitmapWhereVersionsHaveGaps(t *testing.T) {
	for _, test := range []struct {
		versions VersionSet
		size     int
	}{{Versions(V10, V11, V12, V13), 8}, {Versions(V13), 16}, {Versions(V10, V13), 16}} {
		b, err := Append(nil, V13, 1, &Hello{Versions: test.versions})
		if err != nil || len(b) != test.size {
			t.Errorf("%v: %d bytes, %v, want %d", test.versions.List(), len(b), err, test.size)
		}
	}
}

// TestLongListsAreSplit writes more flows than a message holds.
func TestLongListsAreSplit(t *testing.T) {
	const flows = 3000
	reply := &FlowStatsReply{}
	for i := range flows {
		reply.Flows = append(reply.Flows, FlowStats{Cookie: uint64(i), Actions: []Action{Output{Port: 1}}, IdleAge: AgeUnknown, HardAge: AgeUnknown})
	}
	for v := minVersion; v <= maxVersion; v++ {
		stream, err := Append([]byte{}, v, 9, reply)
		if err != nil {
			t.Fatal(err)
		}
		parts, next := 0, uint64(0)
		for len(stream) > 0 {
			part, rest, err := Next(stream)
			if err != nil || part == nil {
				t.Fatalf("%s: part %d: %v", v, parts, err)
			}
			h, m, err := Decode(part)
			if err != nil {
				t.Fatalf("%s: part %d: %v", v, parts, err)
			}
			if h.More != (len(rest) > 0) || h.XID != 9 {
				t.Errorf("%s: part %d: more=%v, xid %d with %d bytes left", v, parts, h.More, h.XID, len(rest))
			}
			for _, f := range m.(*FlowStatsReply).Flows {
				if f.Cookie != next {
					t.Fatalf("%s: flow %d where %d should be", v, f.Cookie, next)
				}
				next++
			}
			stream = rest
			parts++
		}
		if next != flows || parts < 2 {
			t.Errorf("%s: %d flows in %d parts", v, next, parts)
		}
	}
}

func TestAppendPartSaysMore(t *testing.T) {
	b, err := (&Dialect{}).AppendPart(nil, V13, 1, &FlowStatsReply{}, true)
	if err != nil {
		t.Fatal(err)
	}
	if h, _, err := Decode(b); err != nil || !h.More {
		t.Errorf("more=%v, %v", h.More, err)
	}
}

func TestAppendKeepsDstOnError(t *testing.T) {
	dst := []byte("kept")
	tests := []struct {
		name string
		v    Version
		m    Message
		want string
	}{
		{"message of later versions", V10, &MeterMod{}, "OpenFlow10 cannot carry OFPT_METER_MOD"},
		{"message of earlier versions", V14, &QueueConfigRequest{}, "OpenFlow14 cannot carry OFPT_QUEUE_GET_CONFIG_REQUEST"},
		{"action", V12, &PacketOut{Buffer: NoBuffer, Actions: []Action{Encap{}}}, "OpenFlow12 cannot carry the action encap"},
		{"instruction", V11, &FlowMod{Actions: []Action{Meter{ID: 1}}}, "OpenFlow11 cannot carry the instruction meter"},
		{"nested action", V13, &FlowMod{Actions: []Action{Clone{Actions: []Action{Clone{Actions: []Action{Meter{ID: 1}}}}}}}, "OpenFlow13 cannot carry the action meter"},
		{"port", V10, &PortMod{Port: 70000}, "OpenFlow10 cannot carry port 70000"},
		{"importance", V13, &FlowMod{Importance: 1}, "OpenFlow13 cannot carry the importance of a flow"},
		{"one port's description", V13, &PortDescRequest{Port: 1}, "OpenFlow13 cannot carry a request for the description of one port"},
		{"selection method", V13, &GroupMod{Props: GroupProps{Method: "hash"}}, "OpenFlow13 cannot carry the selection method of a group"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Append(dst, test.v, 1, test.m)
			if u := new(UnencodableError); !errors.As(err, &u) || err.Error() != test.want || !bytes.Equal(got, dst) {
				t.Errorf("%q, %v, want %q", got, err, test.want)
			}
		})
	}
}

// TestRepliesLeaveOut: what tells of a flow of OpenFlow 1.3 in OpenFlow 1.0 leaves
// out what that cannot say, rather than the flow.
func TestRepliesLeaveOut(t *testing.T) {
	flow := FlowStats{IdleAge: AgeUnknown, HardAge: AgeUnknown, Actions: []Action{
		Meter{ID: 1}, Output{Port: 70000}, Output{Port: 1}, ClearActions{}, WriteActions{[]Action{Output{Port: 2}}}, GotoTable{3},
	}}
	flow.Match.setInPort(70000)
	want := []Action{Output{Port: 1}, Resubmit{InPort: PortInPort, Table: 3}}
	for _, nicira := range []bool{false, true} {
		b, err := Append(nil, V10, 1, &FlowStatsReply{Nicira: nicira, Flows: []FlowStats{flow}})
		if err != nil {
			t.Fatal(err)
		}
		_, m, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.(*FlowStatsReply).Flows[0].Actions; !reflect.DeepEqual(got, want) {
			t.Errorf("actions %v, want %v", got, want)
		}
	}
	if _, err := Append(nil, V10, 1, &FlowMod{Actions: flow.Actions}); err == nil {
		t.Error("a flow-mod left something out")
	}
}

// TestTableInCommand checks the two readings of a flow-mod's command in OpenFlow
// 1.0.
func TestTableInCommand(t *testing.T) {
	with, without := &Dialect{}, &Dialect{NoTableID: true}
	b, err := with.Append(nil, V10, 1, &FlowMod{Command: FlowDelete, Table: 3, OutPort: PortAny})
	if err != nil {
		t.Fatal(err)
	}
	if _, m, err := with.Decode(b); err != nil || m.(*FlowMod).Table != 3 {
		t.Errorf("with tables: %+v, %v", m, err)
	}
	if _, _, err := without.Decode(b); !errors.Is(err, ErrFlowModBadCommand) {
		t.Errorf("without tables: %v, want a bad command", err)
	}
	if _, err := without.Append(nil, V10, 1, &FlowMod{Command: FlowDelete, Table: 3}); err == nil {
		t.Error("without tables: table 3 was written")
	}
	b, err = without.Append(nil, V10, 1, &FlowMod{Command: FlowDelete, Table: TableAll})
	if err != nil {
		t.Fatal(err)
	}
	if _, m, err := without.Decode(b); err != nil || m.(*FlowMod).Table != TableAll {
		t.Errorf("without tables: %+v, %v, want all tables", m, err)
	}
}

// TestDeepNesting decodes clones in clones: as deep as allowed, and deeper.
func TestDeepNesting(t *testing.T) {
	nest := func(depth int) []byte {
		var inner []byte
		for range depth {
			clone := append(decodeHex(t, "ffff000000002320002a000000000000"), inner...)
			be.PutUint16(clone[2:], uint16(len(clone)))
			inner = clone
		}
		out := decodeHex(t, "040d000000000001ffffffff000000010000000000000000")
		be.PutUint16(out[16:], uint16(len(inner)))
		out = append(out, inner...)
		be.PutUint16(out[2:], uint16(len(out)))
		return out
	}
	if _, _, err := Decode(nest(MaxActionDepth - 1)); err != nil {
		t.Errorf("depth %d: %v", MaxActionDepth-1, err)
	}
	for _, depth := range []int{MaxActionDepth + 1, 4000} {
		if _, _, err := Decode(nest(depth)); !errors.Is(err, ErrActionBadArgument) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}

// TestErrors sends every error in every version: what arrives has the same code,
// or one that shares its numbers, or where the version has none says so.
func TestErrors(t *testing.T) {
	offending := bytes.Repeat([]byte{7}, 100)
	for v := minVersion; v <= maxVersion; v++ {
		for c := ErrorCode(1); int(c) < numErrorCodes; c++ {
			b := AppendError(nil, v, 5, fmt.Errorf("flow 3: %w", c), offending)
			h, m, err := Decode(b)
			if err != nil {
				t.Fatalf("%s in %s: %v", c, v, err)
			}
			e := m.(*Error)
			want := c.In(v)
			vendor, typ, code, _ := want.Wire(v)
			if gotVendor, gotType, gotCode, _ := e.Code.Wire(v); gotVendor != vendor || gotType != typ || gotCode != code {
				t.Errorf("%s in %s arrives as %s", c, v, e.Code)
			}
			if h.XID != 5 || !bytes.Equal(e.Data, offending) {
				t.Errorf("%s in %s: xid %d, data %x", c, v, h.XID, e.Data)
			}
		}
	}
}

// TestErrorsOfLaterVersions: what an earlier version says where it lacks the error.
func TestErrorsOfLaterVersions(t *testing.T) {
	for _, test := range []struct {
		v          Version
		code, want ErrorCode
	}{
		{V10, ErrRequestUnknown, ErrRequestBadType}, {V11, ErrRequestUnknown, ErrFlowModUnknown}, {V15, ErrRequestUnknown, ErrRequestUnknown},
		{V11, ErrGroupModUnknownBucket, ErrGroupModInvalidGroup}, {V13, ErrGroupModUnknownBucket, ErrGroupModBadBucket},
		{V10, ErrActionBadTag, ErrFlowModUnsupported}, {V10, ErrMeterModBadRate, ErrNXRequestUnencodableError},
	} {
		if got := test.code.In(test.v); got != test.want {
			t.Errorf("%s in %s is %s, want %s", test.code, test.v, got, test.want)
		}
	}
}

func TestErrorNames(t *testing.T) {
	for c := ErrorCode(1); int(c) < numErrorCodes; c++ {
		if got, found := ParseErrorCode(c.String()); !found || got != c {
			t.Errorf("%s reads as %s", c, got)
		}
	}
	e := NewError(ErrMatchBadPrereq, "tcp_dst")
	if e.Error() != "OFPBMC_BAD_PREREQ: tcp_dst" || !errors.Is(e, ErrMatchBadPrereq) || errors.Is(e, ErrMatchBadValue) {
		t.Errorf("%v", e)
	}
	if got := AsError(errors.New("disk on fire")); got.Code != ErrRequestUnknown || got.Detail != "disk on fire" {
		t.Errorf("any error becomes %+v", got)
	}
}

func TestUnknownErrorKeepsItsNumbers(t *testing.T) {
	for _, want := range []string{"0101000c0000000100770088", "04010010" + "00000001" + "ffff0088" + "12345678"} {
		b := decodeHex(t, want)
		h, m, err := Decode(b)
		if err != nil || m.(*Error).Code != ErrUnknown {
			t.Fatalf("%x: %+v, %v", b, m, err)
		}
		if again, err := Append(nil, h.Version, h.XID, m); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x encodes to %x, %v", b, again, err)
		}
	}
}

// TestAllocations holds what decoding and encoding a flow-mod may allocate.
func TestAllocations(t *testing.T) {
	msg := decodeHex(t, typicalFlowMod)
	buf := make([]byte, 0, 256)
	for _, test := range []struct {
		name   string
		decode func([]byte) (Header, Message, error)
		most   float64
	}{{"Decode", Decode, 3}, {"Decoder", new(Decoder).Decode, 2}} {
		if n := testing.AllocsPerRun(100, func() {
			h, m, err := test.decode(msg)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = Append(buf, h.Version, h.XID, m); err != nil {
				t.Fatal(err)
			}
		}); n > test.most {
			t.Errorf("%s: decoding and encoding a flow-mod allocates %v times", test.name, n)
		}
	}
}

// TestDecoderReusesFlowMods: what one flow-mod said does not show in the next, and
// the actions of all of them stay.
func TestDecoderReusesFlowMods(t *testing.T) {
	var d Decoder
	var kept [][]Action
	for i := range 3 {
		for name, msg := range corpus(t) {
			_, want, err := Decode(msg)
			if err != nil {
				t.Fatal(err)
			}
			_, got, err := d.Decode(msg)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: %+v, %v, want %+v", name, got, err, want)
			}
			if fm, is := got.(*FlowMod); is {
				kept = append(kept, fm.Actions, want.(*FlowMod).Actions)
			}
			d.Decode(msg[:len(msg)-i])
		}
	}
	for i := 0; i < len(kept); i += 2 {
		if !reflect.DeepEqual(kept[i], kept[i+1]) {
			t.Fatalf("actions became %v, were %v", kept[i], kept[i+1])
		}
	}
}

// TestKeptActionsAreSmall: whoever keeps a flow-mod's actions, as a rule does, does
// not keep the flow-mod.
func TestKeptActionsAreSmall(t *testing.T) {
	const flows, most = 1000, 200
	msg := decodeHex(t, typicalFlowMod)
	kept := make([][]Action, flows)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range kept {
		_, m, err := Decode(msg)
		if err != nil {
			t.Fatal(err)
		}
		kept[i] = m.(*FlowMod).Actions
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if took := int64(after.HeapAlloc-before.HeapAlloc) / flows; took > most {
		t.Errorf("a flow's actions keep %d bytes, more than %d", took, most)
	}
	runtime.KeepAlive(kept)
}

// TestMemoryIsBounded decodes the messages that become largest.
func TestMemoryIsBounded(t *testing.T) {
	entry := decodeHex(t, "0038000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000001000400000000")
	msg := decodeHex(t, "041300000000000100010000"+"00000000")
	for len(msg)+len(entry) <= MaxLen {
		msg = append(msg, entry...)
	}
	be.PutUint16(msg[2:], uint16(len(msg)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, _, err := Decode(msg); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if took, limit := after.TotalAlloc-before.TotalAlloc, uint64(50*MaxLen); took > limit {
		t.Errorf("%d bytes of flow statistics take %d bytes to decode, more than %d", len(msg), took, limit)
	}
}

// TestFlowMonitorForms reads requests of ONF's flow monitors for all flows and for
// those of in_port=1, the match whole as Open vSwitch has it and its fields alone as
// os-ken has them, two monitors each.
func TestFlowMonitorForms(t *testing.T) {
	const (
		head    = "0412 0000 00000001 ffff 0000 00000000 4f4e4600 0000074e"
		monitor = "00000007 0002 %04x ffffffff 01 000000"
		whole   = "0001 000c 80000004 00000001 00000000"
		fields  = "80000004 00000001"
	)
	all := Match{}
	port := Match{}
	port.Value.OFPort, port.Mask.OFPort = 1, exactIP
	for _, c := range []struct {
		length int
		match  string
		want   Match
	}{{4, "0001 0004 00000000", all}, {0, "", all}, {12, whole, port}, {8, fields, port}} {
		one := fmt.Sprintf(monitor, c.length) + c.match
		text := strings.ReplaceAll(head+one+one, " ", "")
		data := decodeHex(t, text)
		be.PutUint16(data[2:], uint16(len(data)))
		_, m, err := Decode(data)
		if err != nil {
			t.Errorf("%q: %v", c.match, err)
			continue
		}
		want := FlowMonitor{ID: 7, Flags: MonitorAdd, OutPort: PortAny, OutGroup: GroupAny, Table: 1, Match: c.want}
		if got := m.(*FlowMonitorRequest).Monitors; len(got) != 2 || !reflect.DeepEqual(got[0], want) || !reflect.DeepEqual(got[1], want) {
			t.Errorf("%q: %+v", c.match, got)
		}
	}
}
