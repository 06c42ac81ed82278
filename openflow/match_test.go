package openflow

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"vswitch/flow"
)

// oxmCases are matches as OXM and what is wrong with them; 0 is nothing.
var oxmCases = []struct {
	name, oxm string
	want      ErrorCode
}{
	{"nothing", "", 0},
	{"in_port", "8000000400000001", 0},
	{"header cut off", "800000", ErrMatchBadLen},
	{"value cut off", "80000004000000", ErrMatchBadLen},
	{"field twice", "80000004000000018000000400000002", ErrMatchDupField},
	{"field twice in two forms", "80000a0208000000060208" + "00", ErrMatchDupField},
	{"unknown field", "8000fe0400000001", ErrMatchBadField},
	{"unknown class", "7777000400000001", ErrMatchBadField},
	{"length of another field", "8000000200" + "01", ErrMatchBadLen},
	{"field of another length", "80000a0400000800", ErrMatchBadLen},
	{"field of another length, cut off", "80000a0408", ErrMatchBadLen},
	{"masked field of an odd length", "80000705" + "0001000101", ErrMatchBadLen},
	{"tunnel option of an odd length", "00015103" + "010101", ErrMatchBadLen},
	{"unknown field, cut off", "8000fe0400", ErrMatchBadField},
	{"unknown field with a mask of an odd length", "8000ff0300ffff", ErrMatchBadField},
	{"unknown field with bits outside its mask", "8000ff040001fffe", ErrMatchBadField},
	{"unknown field of an experimenter, cut off", "ffff560c" + "123456780002", ErrMatchBadField},
	{"mask cut off", "80000d" + "0c" + "08000000000f00000000", ErrMatchBadLen},
	{"value cut off by the end", "80001a0450", ErrMatchBadLen},
	{"tcp_dst without ip_proto", "80000a020800" + "80001c020050", ErrMatchBadPrereq},
	{"tcp_dst before its prerequisites", "80001c02005080000a02080080001401" + "06", ErrMatchBadPrereq},
	{"tcp_dst", "80000a020800" + "8000140106" + "80001c020050", 0},
	{"tcp_dst for udp", "80000a020800" + "8000140111" + "80001c020050", ErrMatchBadPrereq},
	{"masked eth_type", "80000b040800ffff", 0},
	{"partly masked eth_type", "80000b040800ff00", ErrMatchBadMask},
	{"value bits outside the mask", "80000a020800" + "800017080a0000010a000000", ErrMatchBadWildcards},
	{"mask of all zeros", "80000a020800" + "8000170800000000" + "00000000", 0},
	{"vlan_vid", "80000c021005", 0},
	{"vlan_vid with bits that it has not", "80000c02f005", ErrMatchBadValue},
	{"vlan_pcp without a tag", "80000e0103", ErrMatchBadPrereq},
	{"vlan_pcp", "80000c02100580000e0103", 0},
	{"vlan_pcp of 8", "80000c02100580000e0108", ErrMatchBadValue},
	{"dscp of 64", "80000a020800" + "8000100140", ErrMatchBadValue},
	{"mpls_label without MPLS", "80004404" + "00000005", ErrMatchBadPrereq},
	{"mpls_label", "80000a028847" + "8000440400000005", 0},
	{"mpls_label of 21 bits", "80000a028847" + "8000440400100000", ErrMatchBadValue},
	{"ICMPv6 ND target", "80000a0286dd" + "800014013a" + "80003a0187" + "80003e10" + "fe800000000000000000000000000001", 0},
	{"ND target of an echo", "80000a0286dd" + "800014013a" + "80003a0180" + "80003e10" + "fe800000000000000000000000000001", ErrMatchBadPrereq},
	{"experimenter header cut off", "ffff5606" + "4f4e", ErrMatchBadLen},
	{"experimenter shorter than its own", "ffff5603" + "4f4e4600" + "0000", ErrMatchBadLen},
	{"unknown experimenter", "ffff5606" + "12345678" + "0002", ErrMatchBadField},
	{"ONF tcp_flags", "80000a020800" + "8000140106" + "ffff5406" + "4f4e4600" + "0002", 0},
	{"nsh_ttl of 64", "80000a02894f" + "ffff1405005ad65040", ErrMatchBadValue},
	{"cookie where there is none", "00013c08" + "0000000000000001", ErrMatchBadField},
}

func TestDecodeOXM(t *testing.T) {
	for _, test := range oxmCases {
		t.Run(test.name, func(t *testing.T) {
			var m Match
			err := decodeOXM(decodeHex(t, test.oxm), &m, nil)
			switch {
			case test.want == 0 && err != nil:
				t.Errorf("%s: %v", test.oxm, err)
			case test.want != 0 && !errors.Is(err, test.want):
				t.Errorf("%s: %v, want %s", test.oxm, err, test.want)
			}
		})
	}
}

// ovsOXM is what Open vSwitch says where it is of another mind: it calls a field of
// another length an unknown one, and finds out last that it does not know a field.
var ovsOXM = map[string]string{
	"length of another field":                   "OFPBMC_BAD_FIELD",
	"field of another length":                   "OFPBMC_BAD_FIELD",
	"masked field of an odd length":             "OFPBMC_BAD_FIELD",
	"tunnel option of an odd length":            "tun_metadata0=0x1/0x1",
	"unknown field, cut off":                    "OFPBMC_BAD_LEN",
	"unknown field with bits outside its mask":  "OFPBMC_BAD_WILDCARDS",
	"unknown field of an experimenter, cut off": "OFPBMC_BAD_LEN",
}

// TestDecodeOXMAsOpenVSwitch has the real tool judge the same matches.
func TestDecodeOXMAsOpenVSwitch(t *testing.T) {
	tool, err := exec.LookPath("ovs-ofctl")
	if err != nil {
		t.Skip("ovs-ofctl is not installed: apt-get install openvswitch-common")
	}
	for _, test := range oxmCases {
		match := decodeHex(t, test.oxm)
		n := len(match) + matchHeadSize
		b := decodeHex(t, "04120000000000010002000000000000"+"ff000000ffffffffffffffff00000000"+strings.Repeat("00", 16))
		b = append(be.AppendUint16(append(b, 0, matchTypeOXM), uint16(n)), match...)
		b = pad8(b, len(b)-n)
		be.PutUint16(b[2:], uint16(len(b)))
		out := readByOVS(t, tool, b)
		want := "OFPST_AGGREGATE"
		if test.want != 0 {
			want = test.want.String()
		}
		if other, found := ovsOXM[test.name]; found {
			want = other
		}
		if !strings.Contains(out, want) || test.want == 0 && strings.Contains(out, "decode error") {
			t.Errorf("%s: the tool says %q, want %s", test.name, out, want)
		}
	}
}

// TestFixedMatch10 goes from OpenFlow 1.0's match to ours and back.
func TestFixedMatch10(t *testing.T) {
	tests := []struct {
		name string
		set  func(m *Match)
		fits bool
	}{
		{"everything", func(*Match) {}, true},
		{"port", func(m *Match) { m.setInPort(PortLocal) }, true},
		{"port beyond 16 bits", func(m *Match) { m.setInPort(70000) }, false},
		{"tag", func(m *Match) { setOf(m, flow.FieldDLVLAN, 5) }, true},
		{"no tag", func(m *Match) { setOf(m, flow.FieldDLVLAN, flow.NoVLAN) }, true},
		{"priority", func(m *Match) { setOf(m, flow.FieldDLVLANPCP, 3) }, true},
		{"any tag", func(m *Match) {
			m.SetField(flow.FieldByID(flow.FieldVLANTCI), flow.U64(0x1000), flow.U64(0x1000))
		}, false},
		{"802.3 without SNAP", func(m *Match) { setOf(m, flow.FieldEthType, flow.EthTypeNone) }, true},
		{"ARP", func(m *Match) { setOf(m, flow.FieldEthType, flow.EthTypeARP); setOf(m, flow.FieldARPOp, 2) }, true},
		{"ARP operation of 9 bits", func(m *Match) { setOf(m, flow.FieldEthType, flow.EthTypeARP); setOf(m, flow.FieldARPOp, 258) }, false},
		{"ARP hardware address", func(m *Match) { setOf(m, flow.FieldEthType, flow.EthTypeARP); setOf(m, flow.FieldARPSHA, 2) }, false},
		{"ICMP", func(m *Match) {
			setOf(m, flow.FieldEthType, flow.EthTypeIPv4)
			setOf(m, flow.FieldIPProto, flow.ProtoICMP)
			setOf(m, flow.FieldICMPType, 8)
		}, true},
		{"TCP over IPv6", func(m *Match) {
			setOf(m, flow.FieldEthType, flow.EthTypeIPv6)
			setOf(m, flow.FieldIPProto, flow.ProtoTCP)
			setOf(m, flow.FieldTCPDst, 80)
		}, true},
		{"IPv6 address", func(m *Match) { setOf(m, flow.FieldEthType, flow.EthTypeIPv6); setOf(m, flow.FieldIPv6Src, 1) }, false},
		{"prefix", func(m *Match) {
			setOf(m, flow.FieldEthType, flow.EthTypeIPv4)
			m.SetField(flow.FieldByID(flow.FieldIPSrc), flow.U64(0x0a000000), flow.U64(0xff000000))
		}, true},
		{"mask that is no prefix", func(m *Match) {
			setOf(m, flow.FieldEthType, flow.EthTypeIPv4)
			m.SetField(flow.FieldByID(flow.FieldIPSrc), flow.U64(0x0a000000), flow.U64(0xff0000ff))
		}, false},
		{"part of a MAC", func(m *Match) { m.SetField(flow.FieldByID(flow.FieldEthSrc), flow.U64(1), flow.U64(1)) }, false},
		{"ECN", func(m *Match) { setOf(m, flow.FieldEthType, flow.EthTypeIPv4); setOf(m, flow.FieldIPECN, 1) }, false},
		{"register", func(m *Match) { setOf(m, flow.FieldReg0, 1) }, false},
		{"tunnel option", func(m *Match) { m.Wide = []WideField{{Field: flow.FieldTunMetadata0}} }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var m Match
			test.set(&m)
			if got := fitsFixed(V10, &m); got != test.fits {
				t.Errorf("fits: %v, want %v", got, test.fits)
			}
			b, err := Append(nil, V10, 1, &FlowMod{Match: m})
			nicira := err == nil && b[1] == typeExperimenter
			if err == nil && nicira == test.fits {
				t.Errorf("in Nicira's form: %v", nicira)
			}
		})
	}
}

func setOf(m *Match, id flow.FieldID, n uint64) {
	f := flow.FieldByID(id)
	m.SetField(f, flow.U64(n), f.Full())
}

// TestUnencodableMatchesAreRefused: a match is never widened by leaving out what
// the wire cannot say.
func TestUnencodableMatchesAreRefused(t *testing.T) {
	tests := []struct {
		name string
		v    Version
		set  func(m *Match)
		want string
	}{
		{"no wire form", V13, func(m *Match) { setOf(m, flow.FieldTunTTL, 5) }, "OpenFlow13 cannot carry a match on tun_ttl"},
		{"field without its prerequisites", V13, func(m *Match) { setOf(m, flow.FieldTCPDst, 80) }, "OpenFlow13 cannot carry a match on fields without their prerequisites"},
		{"part of a field", V13, func(m *Match) { m.SetField(flow.FieldByID(flow.FieldVLANTCI), flow.U64(0x3000), flow.U64(0x3000)) }, "OpenFlow13 cannot carry a mask of vlan_tci"},
		{"port", V10, func(m *Match) { m.setInPort(70000) }, "OpenFlow10 cannot carry port 70000"},
		{"datapath port", V13, func(m *Match) { m.Mask.InPort = 1 }, "OpenFlow13 cannot carry a match on fields without their prerequisites"},
		{"resolved tunnel option", V13, func(m *Match) { m.Mask.TunMetadataPresent = 1 }, "OpenFlow13 cannot carry a match on fields without their prerequisites"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var m Match
			test.set(&m)
			if _, err := Append(nil, test.v, 1, &FlowMod{Match: m}); err == nil || err.Error() != test.want {
				t.Errorf("%v, want %s", err, test.want)
			}
		})
	}
}

func TestResolve(t *testing.T) {
	tlvs := new(flow.TLVTable)
	if err := tlvs.Add(flow.TLV{Class: 1, Type: 2, Len: 4, Index: 5}); err != nil {
		t.Fatal(err)
	}
	want := Match{Wide: []WideField{{Field: flow.FieldTunMetadata0 + 5, Value: []byte{0, 0, 0x12, 0x34}}}}
	resolved, err := want.Resolve(tlvs)
	if err != nil {
		t.Fatal(err)
	}
	got := MatchOf(resolved, tlvs)
	if len(got.Wide) != 1 || got.Wide[0].Field != want.Wide[0].Field || !bytes.Equal(got.Wide[0].Value, want.Wide[0].Value) || got.Wide[0].Mask != nil {
		t.Errorf("%+v", got.Wide)
	}
	if !got.Match.Equal(&want.Match) {
		t.Error("the option stays in the fixed part too")
	}
	if _, err := want.Resolve(nil); !errors.Is(err, ErrNXFlowModInvalidTLVField) {
		t.Errorf("without a table: %v", err)
	}
}

// naiveDecodeOXM is decodeOXM without its quick way for plain fields.
func naiveDecodeOXM(b []byte, m *Match) error {
	var e oxmEntry
	for len(b) > 0 {
		classes := m.classes()
		rest, err := e.parse(b)
		switch {
		case err != nil:
		case e.f != nil && e.f.Wide():
			err = m.addWide(&e)
		case e.f != nil:
			err = m.add(&e, &classes)
		default:
			err = ErrMatchBadField
		}
		if err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// naiveAppendOXM is appendOXMFields, asking every field in turn.
func naiveAppendOXM(v Version, m *Match) []byte {
	w := oxmWriter{v: v, m: m}
	w.packetType()
	for i := range matchOrder {
		switch p := &matchOrder[i]; {
		case i == widePlace:
			w.wide()
		case !p.in(m.Mask.Words()) || !m.classes().has(p.f.Prereq):
		case p.special:
			w.special(p)
		default:
			w.field(p)
		}
	}
	return w.dst
}

// TestMatchesAsNaively reads and writes random matches, some with wrong bytes, the
// quick way and the naive one.
func TestMatchesAsNaively(t *testing.T) {
	g := newGenerator(t)
	faults := 0
	for range 20000 {
		m := g.match()
		for v := V12; v <= V15; v++ {
			b, _ := appendOXMFields(v, false, nil, &m)
			if want := naiveAppendOXM(v, &m); !bytes.Equal(b, want) {
				t.Fatalf("%s: %+v\n got %x\nwant %x", v, m, b, want)
			}
			if len(b) > 0 && g.IntN(2) == 0 {
				b[g.IntN(len(b))] ^= 1 << g.IntN(8)
			}
			var got, want Match
			err, wantErr := decodeOXM(b, &got, nil), naiveDecodeOXM(b, &want)
			switch {
			case (err != nil) != (wantErr != nil) || err != nil && AsError(err).Code != AsError(wantErr).Code:
				t.Fatalf("%x: %v, naively %v", b, err, wantErr)
			case err != nil:
				faults++
			case !got.Match.Equal(&want.Match):
				t.Fatalf("%x:\n got %+v\nwant %+v", b, got, want)
			}
		}
	}
	if faults < 5000 {
		t.Errorf("only %d of 80000 had a fault", faults)
	}
}
