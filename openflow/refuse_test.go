package openflow

import (
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// build makes a message of a version, type and a body in hexadecimal, in which
// blanks do not count.
func build(tb testing.TB, v Version, typ uint8, body string) []byte {
	tb.Helper()
	b := append([]byte{byte(v), typ, 0, 0, 0, 0, 0, 1}, decodeHex(tb, strings.ReplaceAll(body, " ", ""))...)
	be.PutUint16(b[2:], uint16(len(b)))
	return b
}

// Beginnings of bodies.
const (
	noCookieOrTable = "0000000000000000 0000000000000000 00 00 0000 0000 8000 ffffffff ffffffff ffffffff 0000 0000" // flow-mod of 1.1+, add
	anyMatch        = "0001 0004 00000000"
	anyFlow         = noCookieOrTable + anyMatch
	packetOut13     = "ffffffff fffffffd"
	meterMod        = "0000 0001 00000005"
)

// bucket15 is the body of a group-mod of OpenFlow 1.5 that adds a select group of one
// bucket without actions, which has the properties.
func bucket15(props string) string {
	n := 8 + len(strings.ReplaceAll(props, " ", ""))/2
	return fmt.Sprintf("0000 01 00 00000001 %04x 0000 ffffffff %04x 0000 00000001", n, n) + props
}

// vlanFlow is the body of a flow-mod with a command and a match.
func vlanFlow(command, match string) string {
	return "0000000000000000 0000000000000000 00" + command + "0000 0000 8000 ffffffff ffffffff ffffffff 0000 0000" + match
}

// flow11 is the body of a flow-mod of OpenFlow 1.1 with wildcards, an EtherType and
// what it says of labels.
func flow11(wild uint32, ethType, mpls string) string {
	anyAddr := "000000000000 ffffffffffff"
	return noCookieOrTable + fmt.Sprintf("0000 0058 00000000 %08x", wild) + anyAddr + anyAddr + "0000 00 00" + ethType + "00 00" +
		"00000000 ffffffff 00000000 ffffffff 0000 0000" + mpls + "000000 0000000000000000 ffffffffffffffff"
}

// TestSpecifiedErrors sends what a conformance tester would, and expects the error
// that the specification (or, where that says nothing, Open vSwitch) names; 0 is none.
//
//size:table
func TestSpecifiedErrors(t *testing.T) {
	tests := []struct {
		name string
		v    Version
		typ  uint8
		body string
		want ErrorCode
	}{
		{"match of OpenFlow 1.1 in 1.3", V13, 14, noCookieOrTable + "0000 0058" + strings.Repeat("00", 84), ErrMatchBadType},
		{"match of an unknown type", V13, 14, noCookieOrTable + "0002 0004 00000000", ErrMatchBadType},
		{"match shorter than its head", V13, 14, noCookieOrTable + "0001 0003 00000000", ErrMatchBadLen},
		{"match longer than the message", V13, 14, noCookieOrTable + "0001 0011 00000000", ErrMatchBadLen},
		{"wildcards that OpenFlow 1.1 has not", V11, 14, flow11(0x7ff, "0000", "00000000 00"), ErrMatchBadWildcards},
		{"MPLS label of 21 bits in 1.1", V11, 14, flow11(0x2f7, "8847", "00100000 00"), ErrMatchBadValue},
		{"MPLS class of 4 bits in 1.1", V11, 14, flow11(0x1f7, "8848", "00000000 08"), ErrMatchBadValue},
		{"MPLS label of 21 bits in 1.1, wildcarded", V11, 14, flow11(0x3f7, "8847", "00100000 08"), 0},
		{"MPLS label of 21 bits in 1.1, of another type", V11, 14, flow11(0x0f7, "0800", "00100000 08"), 0},
		{"vlan_vid without OFPVID_PRESENT", V13, 14, vlanFlow("00", "0001 000a 80000c02 0005 000000000000"), ErrMatchBadValue},
		{"vlan_vid without OFPVID_PRESENT, masked", V12, 14, vlanFlow("00", "0001 000c 80000d04 0005 ffff 00000000"), ErrMatchBadValue},
		{"vlan_vid without OFPVID_PRESENT, modified", V15, 14, vlanFlow("01", "0001 000a 80000c02 0005 000000000000"), ErrMatchBadValue},
		{"vlan_vid without OFPVID_PRESENT, deleted", V13, 14, vlanFlow("04", "0001 000a 80000c02 0005 000000000000"), 0},
		{"vlan_tci, which would go out as vlan_vid, without OFPVID_PRESENT", V13, 14, vlanFlow("00", "0001 000a 00000802 0005 000000000000"), ErrMatchBadValue},
		{"vlan_vid of which the mask leaves out OFPVID_PRESENT", V13, 14, vlanFlow("00", "0001 000c 80000d04 0005 0fff 00000000"), 0},
		{"vlan_vid of packets without a tag", V13, 14, vlanFlow("00", "0001 000a 80000c02 0000 000000000000"), 0},
		{"vlan_vid 0 of a tag", V13, 14, vlanFlow("00", "0001 000a 80000c02 1000 000000000000"), 0},
		{"set_field cut off", V13, 14, anyFlow + "0004 0018 00000000 0019 0010 80000a04 0800 000000000000", ErrActionBadSetLen},
		{"set_field longer than its action", V13, 14, anyFlow + "0004 0018 00000000 0019 0010 80000608 0102030405060708", ErrActionBadSetLen},
		{"set_field of an unknown field", V13, 14, anyFlow + "0004 0018 00000000 0019 0010 8000fe04 01020304 00000000", ErrActionBadSetType},
		{"set_field of an unknown field, cut off", V13, 14, anyFlow + "0004 0018 00000000 0019 0010 8000fe0c 01020304 00000000", ErrActionBadSetType},
		{"set_field with a mask in 1.2", V12, 14, anyFlow + "0004 0020 00000000 0019 0018 80000510 0000000000000001 00000000000000ff", ErrActionBadSetType},
		{"set_field with bits outside a mask in 1.2", V12, 14, anyFlow + "0004 0020 00000000 0019 0018 80000510 0000000000000100 00000000000000ff", ErrActionBadSetArgument},
		{"load of bits outside its mask in 1.1", V11, 13, packetOut13 + "0018 000000000000 ffff 0018 00002320 0021 00010108 00000100 000000ff 0000", ErrActionBadSetArgument},
		{"group's property of type EXPERIMENTER_MISS", V15, 15, "0000 01 00 00000001 0000 0000 ffffffff fffe 0028 0000154d 00000001 00000000 68617368 000000000000000000000000 0000000000000000", ErrPropertyBadType},
		{"set_field with a mask in 1.3", V13, 14, anyFlow + "0004 0020 00000000 0019 0018 80000510 0000000000000001 00000000000000ff", ErrActionBadSetMask},
		{"set_field with bits outside its mask", V15, 14, anyFlow + "0004 0020 00000000 0019 0018 80000510 0000000000000100 00000000000000ff", ErrActionBadSetMask},
		{"set_field of a read-only field", V15, 14, anyFlow + "0004 0018 00000000 0019 0010 80005402 0002 000000000000", ErrActionBadSetArgument},
		{"set_field of vlan_vid without a tag", V13, 14, anyFlow + "0004 0018 00000000 0019 0010 80000c02 0005 000000000000", ErrActionBadSetArgument},
		{"set_field of a DSCP of 7 bits", V13, 14, anyFlow + "0004 0018 00000000 0019 0010 80001001 40 00000000000000", ErrActionBadSetArgument},
		{"set_field of two fields", V13, 14, anyFlow + "0004 0020 00000000 0019 0018 80000606 010101010101 80000806 010101010101", ErrActionBadSetArgument},
		{"set_field with padding that is not zero", V13, 14, anyFlow + "0004 0018 00000000 0019 0010 80000606 010101010101 0001", ErrActionBadSetArgument},
		{"set_field with too much padding", V13, 14, anyFlow + "0004 0020 00000000 0019 0018 80000606 010101010101 00000000000000000000", ErrActionBadSetLen},
		{"copy_field of three fields", V15, 14, anyFlow + "0004 0020 00000000 001c 0018 0020 0000 0000 0000 00010004 00010204 00010404", ErrNXRequestMustBeZero},
		{"copy_field of a field with a mask", V15, 14, anyFlow + "0004 0020 00000000 001c 0018 0020 0000 0000 0000 00010108 00010204 00000000", ErrMatchBadMask},
		{"copy_field to a field with a mask", V15, 14, anyFlow + "0004 0020 00000000 001c 0018 0020 0000 0000 0000 00010004 00010308 00000000", ErrMatchBadMask},
		{"copy_field of half a field and its mask", V15, 14, anyFlow + "0004 0020 00000000 001c 0018 0020 0000 0000 0000 00010104 00010204 00000000", ErrActionBadSetLen},
		{"ONF's copy_field of three fields", V13, 14, anyFlow + "0004 0028 00000000 ffff 0020 4f4e4600 0c80 0000 0020 0000 0000 0000 00010004 00010204 00010404", ErrNXRequestMustBeZero},
		{"ONF's copy_field of a field with a mask", V13, 14, anyFlow + "0004 0028 00000000 ffff 0020 4f4e4600 0c80 0000 0020 0000 0000 0000 00010108 00010204 00000000", ErrMatchBadMask},
		{"move of a field with a mask", V13, 14, anyFlow + "0004 0020 00000000 ffff 0018 00002320 0006 0020 0000 0000 00010108 00010204", ErrMatchBadMask},
		{"push of a field with a mask", V13, 14, anyFlow + "0004 0020 00000000 ffff 0018 00002320 001b 0000 00010108 0020 000000000000", ErrMatchBadMask},
		{"action of length 0", V13, 14, anyFlow + "0004 0010 00000000 0000 0000 00000001", ErrActionBadLen},
		{"action of 12 bytes", V13, 14, anyFlow + "0004 0018 00000000 0000 000c 00000001 ffff 000000000000", ErrActionBadLen},
		{"output of 8 bytes", V13, 14, anyFlow + "0004 0010 00000000 0000 0008 00000001", ErrActionBadLen},
		{"unknown action", V13, 14, anyFlow + "0004 0010 00000000 0042 0008 00000001", ErrActionBadType},
		{"action of an unknown experimenter", V13, 14, anyFlow + "0004 0018 00000000 ffff 0010 12345678 0000000000000000", ErrActionBadVendor},
		{"output to ANY", V13, 14, anyFlow + "0004 0018 00000000 0000 0010 ffffffff ffff 000000000000", ErrActionBadOutPort},
		{"push_vlan of another type", V13, 14, anyFlow + "0004 0010 00000000 0011 0008 0800 0000", ErrActionBadArgument},
		{"experimenter instruction", V13, 14, anyFlow + "ffff 0008 12345678", ErrInstructionBadExperimenter},
		{"unknown instruction", V13, 14, anyFlow + "0042 0008 00000000", ErrInstructionUnknownInst},
		{"instruction of length 0", V13, 14, anyFlow + "0001 0000 01000000", ErrInstructionBadLen},
		{"goto_table of 16 bytes", V13, 14, anyFlow + "0001 0010 01000000 0000000000000000", ErrInstructionBadLen},
		{"instruction twice", V14, 14, anyFlow + "0001 0008 01000000 0001 0008 02000000", ErrInstructionDupInst},
		{"stat_trigger", V15, 14, anyFlow + "0007 0010 00000000 8002 0004 00000000", ErrInstructionUnsupInst},
		{"ct with an unknown helper", V13, 14, anyFlow + "0004 0020 00000000 ffff 0018 00002320 0023 0001 00000000 0000 ff 000000 0010", ErrActionBadArgument},
		{"meter 0", V13, 14, anyFlow + "0006 0008 00000000", ErrMeterModInvalidMeter},
		{"unknown flags", V13, 14, "0000000000000000 0000000000000000 00 00 0000 0000 8000 ffffffff ffffffff ffffffff 0100 0000" + anyMatch, ErrFlowModBadFlags},
		{"packet-out with too many bytes of actions", V13, 13, packetOut13 + "0010 000000000000 0000 0010 00000001", ErrRequestBadLen},
		{"packet-out with 12 bytes of actions", V13, 13, packetOut13 + "000c 000000000000 0000 0010 00000001 ffff 000000000000", ErrRequestBadLen},
		{"packet-out from port ALL", V13, 13, "ffffffff fffffffc 0000 000000000000", ErrRequestBadPort},
		{"packet-out that says no port", V15, 13, "ffffffff 0000 0000 0001 0004 00000000", ErrRequestBadPort},
		{"packet-out that says something else", V15, 13, "ffffffff 0000 0000 0001 0010 80000408 0000000000000001", ErrRequestBadPort},
		{"packet-out that matches on addresses", V15, 13, "ffffffff 0000 0000 0001 000e 80000606 010203040506 0000", ErrRequestPipelineFieldsOnly},
		{"port-mod with a setting that there is none of", V13, 16, "00000001 00000000 020000000001 0000 00000100 00000100 00000000 00000000", ErrPortModBadConfig},
		{"port-mod that advertises what there is none of", V13, 16, "00000001 00000000 020000000001 0000 00000000 00000000 00010000 00000000", ErrPortModBadAdvertise},
		{"port-mod with an unknown property", V14, 16, "00000001 00000000 020000000001 0000 00000000 00000000 0042 0004 00000000", ErrPropertyBadType},
		{"table-mod with an unknown setting", V13, 17, "05 000000 00000010", ErrTableModBadConfig},
		{"table-mod with an unknown setting in 1.1", V11, 17, "05 000000 00000003", ErrTableModBadConfig},
		{"table-mod with an unknown setting in 1.4", V14, 17, "05 000000 00000010", ErrTableModBadConfig},
		{"table-mod that says how vacant the table is", V14, 17, "05 000000 00000008 0003 0008 14 50 32 00", ErrPropertyBadValue},
		{"set_field of an option that is too long", V13, 14, anyFlow + "0004 0018 00000000 0019 0010 00015080 0000000000000000", ErrActionBadSetLen},
		{"move from an option that is too long", V13, 14, anyFlow + "0004 0020 00000000 ffff 0018 00002320 0006 0020 0000 0000 000150fc 00010004", ErrActionBadSetLen},
		{"group of an unknown type", V13, 15, "0000 09 00 00000001", ErrGroupModBadType},
		{"group-mod with an unknown command", V13, 15, "0009 00 00 00000001", ErrGroupModBadCommand},
		{"group ALL", V13, 15, "0000 00 00 fffffffc", ErrGroupModInvalidGroup},
		{"deletion of a group that brings a bucket", V13, 15, "0002 00 00 00000001 0010 0000 ffffffff ffffffff 00000000", ErrGroupModInvalidGroup},
		{"bucket of 8 bytes", V13, 15, "0000 00 00 00000001 0008 0000 ffffffff", ErrGroupModBadBucket},
		{"meter-mod with an unknown command", V13, 29, "0009 0001 00000005", ErrMeterModBadCommand},
		{"meter-mod with both units", V13, 29, "0000 0003 00000005", ErrMeterModBadFlags},
		{"band of an unknown type", V13, 29, meterMod + "0042 0010 00000001 00000001 00000000", ErrMeterModBadBand},
		{"role 9", V13, 24, "00000009 00000000 0000000000000000", ErrRoleBadRole},
		{"set-config with a flag of 1.2 in 1.3", V13, 9, "0004 0080", ErrSwitchConfigBadFlags},
		{"set-config with unknown flags", V13, 9, "0010 0080", ErrSwitchConfigBadFlags},
		{"set-async with unknown reasons", V14, 28, "0001 0008 80000000", ErrAsyncInvalid},
		{"set-async with an unknown property", V14, 28, "0042 0008 00000000", ErrPropertyBadType},
		{"port-mod with a property twice", V14, 16, "00000001 00000000 020000000001 0000 00000000 00000000" + strings.Repeat("0000 0008 00000000", 2), ErrPropertyDupType},
		{"port-mod with a property that is too long", V14, 16, "00000001 00000000 020000000001 0000 00000000 00000000 0000 000c 0000000000000000 00000000", ErrPropertyBadLen},
		{"table-mod with eviction twice", V14, 17, "05 000000 00000004" + strings.Repeat("0002 0008 00000000", 2), ErrPropertyDupType},
		{"table-mod with vacancy twice", V14, 17, "05 000000 00000008" + strings.Repeat("0003 0008 0a140000", 2), ErrPropertyDupType},
		{"set-async with a property twice", V14, 28, strings.Repeat("0001 0008 00000001", 2), ErrPropertyDupType},
		{"set-async with a property that is too long", V14, 28, "0001 000c 0000000100000000 00000000", ErrPropertyBadLen},
		{"bucket with its weight twice", V15, 15, bucket15("0000 0008 00010000 0000 0008 00010000"), ErrPropertyDupType},
		{"bucket with its port twice", V15, 15, bucket15("0001 0008 00000001 0001 0008 00000001"), ErrPropertyDupType},
		{"bucket with a weight without padding", V15, 15, bucket15("0000 0006 00010000"), ErrPropertyBadLen},
		{"bucket with a weight of 12 bytes", V15, 15, bucket15("0000 0010 000100000000000000000000"), ErrPropertyBadLen},
		{"bucket with a port of 8 bytes", V15, 15, bucket15("0001 000c 0000000100000000 00000000"), ErrPropertyBadLen},
		{"bucket with a group of 8 bytes", V15, 15, bucket15("0002 000c 0000000100000000 00000000"), ErrPropertyBadLen},
		{"bucket with an unknown property", V15, 15, bucket15("0003 0008 00000001"), ErrPropertyBadType},
		{"group with two selection methods", V15, 15, "0000 01 00 00000001 0000 0000 ffffffff" + strings.Repeat("ffff 0028 0000154d 00000001 00000000 68617368 000000000000000000000000 0000000000000000", 2), ErrPropertyDupType},
		{"controller with a meter of 8 bytes", V13, 14, anyFlow + "0004 0028 00000000 ffff 0020 00002320 0025 000000000000 0005 000c 00000001 00000000 00000000", ErrPropertyBadLen},
		{"unknown message in a bundle", V14, 34, "00000001 0000 0000 05 50 0008 00000001", ErrBundleMsgUnsup},
		{"multipart request in a bundle", V14, 34, "00000001 0000 0000 05 12 0010 00000001 0000 0000 00000000", ErrBundleMsgUnsup},
		{"echo request in a bundle", V14, 34, "00000001 0000 0000 05 02 0008 00000001", ErrBundleMsgUnsup},
		{"table features of table 255", V13, 18, "000c 0000 00000000 0040 ff 0000000000" + strings.Repeat("00", 56), ErrTableFeaturesBadTable},
		{"table features twice", V13, 18, "000c 0000 00000000" + strings.Repeat("0040 05 0000000000"+strings.Repeat("00", 56), 2), ErrNXTableFeaturesDupTable},
		{"table features with an unknown property", V13, 18, "000c 0000 00000000 0048 05 0000000000" + strings.Repeat("00", 56) + "0099 0004 00000000", ErrPropertyBadType},
		{"table features with an experimenter's", V13, 18, "000c 0000 00000000 0050 05 0000000000" + strings.Repeat("00", 56) + "ffff 000c 01234567 00000001 00000000", ErrPropertyBadExperimenter},
		{"table features with an experimenter's of misses", V14, 18, "000c 0000 00000000 0048 05 0000000000" + strings.Repeat("00", 56) + "fffe 0004 00000000", ErrPropertyBadType},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, m, err := Decode(build(t, test.v, test.typ, test.body))
			if test.want == 0 && err != nil || test.want != 0 && !errors.Is(err, test.want) {
				t.Errorf("%+v, %v, want %s", m, err, test.want)
			}
		})
	}
}

// TestPaddingIsIgnored: what stands in padding does not matter (OpenFlow 1.5.1
// §7.1.2), but for Nicira's structures and behind fields, where it must be zero.
func TestPaddingIsIgnored(t *testing.T) {
	for name, body := range map[string]string{
		"match":    noCookieOrTable + "0001 000a 80000a02 0800 aabbccddeeff",
		"flow-mod": anyFlow + "0001 0008 01 aabbcc",
		"output":   anyFlow + "0004 0018 aabbccdd 0000 0010 00000001 ffff aabbccddeeff",
	} {
		if _, _, err := Decode(build(t, V13, 14, body)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Decode(build(t, V15, 14, anyFlow+"0004 0020 00000000 001c 0018 0020 0000 0000 aabb 00010004 00010204 00000000")); err != nil {
		t.Errorf("copy_field: %v", err)
	}
}

// TestNameIsKnownOfWholeMessages: a message whose length is no message's has no
// name, as ovs-ofctl sees it.
func TestNameIsKnownOfWholeMessages(t *testing.T) {
	h, _, err := Decode(build(t, V13, 20, "00"))
	if h.Name != "" || !errors.Is(err, ErrRequestBadLen) {
		t.Errorf("name %q, %v", h.Name, err)
	}
	if h, _, err = Decode(build(t, V13, 9, "0010 0080")); h.Name != "OFPT_SET_CONFIG" || err == nil {
		t.Errorf("name %q, %v", h.Name, err)
	}
}

// TestSetAsyncInEveryVersion: the form that a message asks for, or where the
// version has not that the one that it has.
func TestSetAsyncInEveryVersion(t *testing.T) {
	for v := minVersion; v <= maxVersion; v++ {
		for _, m := range []*SetAsync{{}, {Properties: true}, {Nicira: true}, {Nicira: true, Properties: true}} {
			m.Primary = AsyncMask{Reasons: [NumAsync]uint32{AsyncPacketIn: 5, AsyncPortStatus: 3, AsyncFlowRemoved: 9}, Set: 7}
			m.Secondary = AsyncMask{Reasons: [NumAsync]uint32{AsyncPacketIn: 1, AsyncPortStatus: 7}, Set: 7}
			b, err := Append(nil, v, 1, m)
			if err != nil {
				t.Fatalf("%s: %+v: %v", v, m, err)
			}
			h, got, err := Decode(b)
			if err != nil {
				t.Fatalf("%s: %+v as %x: %v", v, m, b, err)
			}
			if set := got.(*SetAsync); set.AsyncConfig != m.AsyncConfig {
				t.Errorf("%s: %+v became %s %+v", v, m, h.Name, set)
			}
		}
	}
}

// TestAsyncPropertiesAre14s: NXT_SET_ASYNC_CONFIG2 brings OpenFlow 1.4's properties to
// older versions, and with them the reasons that only newer ones have.
func TestAsyncPropertiesAre14s(t *testing.T) {
	for v := V10; v <= V13; v++ {
		m := &SetAsync{Nicira: true, Properties: true}
		m.Secondary = AsyncMask{Reasons: [NumAsync]uint32{AsyncPacketIn: 0x3f, AsyncFlowRemoved: 0x1a}, Set: 1<<AsyncPacketIn | 1<<AsyncFlowRemoved}
		b, err := Append(nil, v, 1, m)
		if err != nil {
			t.Fatal(err)
		}
		if _, got, err := Decode(b); err != nil || got.(*SetAsync).AsyncConfig != m.AsyncConfig {
			t.Errorf("%s: %+v, %v", v, got, err)
		}
	}
}

// TestMasksCarryThreeKinds: what a form has no room for is refused.
func TestMasksCarryThreeKinds(t *testing.T) {
	m := &SetAsync{Nicira: true}
	m.Primary.Set = 1 << AsyncRoleStatus
	if b, err := Append(nil, V13, 1, m); err == nil {
		t.Errorf("role status went as %x", b)
	}
}

// TestPacketIn2WithoutPacket: the controller action with a limit of 0 bytes sends
// none, and a full length of 0 says nothing.
func TestPacketIn2WithoutPacket(t *testing.T) {
	for _, want := range []*PacketIn{
		{TotalLen: 60}, {TotalLen: 0}, {TotalLen: 3, Data: []byte{1, 2, 3}}, {TotalLen: 60, Data: []byte{1, 2, 3}},
	} {
		want.Format, want.Buffer, want.Cookie = PacketInNXT2, NoBuffer, noCookie
		want.SetInPort(3)
		b, err := Append(nil, V13, 1, want)
		if err != nil {
			t.Fatal(err)
		}
		if _, got, err := Decode(b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	b := build(t, V13, 4, "00002320 0000001e 0000 0006 0102 0000 0001 0008 00000000")
	if _, m, err := Decode(b); err != nil || m.(*PacketIn).TotalLen != 2 {
		t.Errorf("with a full length of 0: %+v, %v", m, err)
	}
}

// TestUnknownPropertiesStay: properties that the package has no words for are kept
// as they came and go out again.
func TestUnknownPropertiesStay(t *testing.T) {
	optical := []Property{{Type: 1, Data: append(make([]byte, 4), 1, 2, 3, 4)}, {Type: propExperimenter, Data: []byte{0x12, 0x34, 0x56, 0x78, 0, 0, 0, 1}}}
	for _, want := range []Message{
		&PortDescReply{Ports: []Port{{No: 1, Name: "a", Props: optical}}},
		&PortStatus{Reason: PortAdded, Port: Port{No: 1, Name: "a", Props: optical}},
		&PortStatsReply{Ports: []PortStats{{Port: 1, Props: optical}}},
		&QueueStatsReply{Queues: []QueueStats{{Port: 1, Queue: 2, Props: optical[1:]}}},
		&QueueDescReply{Queues: []Queue{{Port: 1, ID: 2, MinRate: 5, MaxRate: RateUnset, Props: optical[1:]}}},
		&TableDescReply{Tables: []TableDesc{{Table: 1, Eviction: Off, EvictionFlags: noEvictionFlags, Vacancy: Off, Props: optical[1:]}}},
		&RoleStatus{Role: RoleEqual, Props: optical[1:]},
	} {
		b, err := Append(nil, V14, 1, want)
		if err != nil {
			t.Fatal(err)
		}
		if _, got, err := Decode(b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s\n%+v, %v, want\n%+v", hex.EncodeToString(b), got, err, want)
		}
	}
}

// TestActionsOfOtherVersions: a version that has no action of a number refuses it
// with the error for unknown ones.
func TestActionsOfOtherVersions(t *testing.T) {
	for i := range codec.actions.rows {
		row := &codec.actions.rows[i]
		b := append(row.appendHead(nil), make([]byte, max(row.size, 16))...)[:max(row.size, 16)]
		be.PutUint16(b[2:], uint16(len(b)))
		want := ErrActionBadVendorType
		if row.vendor == 0 {
			want = ErrActionBadType
		}
		for v := minVersion; v <= maxVersion; v++ {
			if other, _, _ := codec.actions.find(v, b); other != nil {
				continue
			}
			if list, err := decodeActions(context{v: v, dialect: plainDialect, t: codec}, b, nil); !errors.Is(err, want) {
				t.Errorf("%s of vendor %#x in %s: %v, %v, want %s", row.kind, row.vendor, v, list, err, want)
			}
		}
	}
}

// TestMessagesOfOtherVersions is TestActionsOfOtherVersions for messages.
func TestMessagesOfOtherVersions(t *testing.T) {
	for i := range codec.messages {
		row := &codec.messages[i]
		for v := minVersion; v <= maxVersion; v++ {
			b := append(row.appendHead(nil, v, 1), make([]byte, row.size)...)
			be.PutUint16(b[2:], uint16(len(b)))
			h := PeekHeader(b)
			if other, _, _ := codec.findRow(&h, b); other != nil || row.class == classType && v > V10 && (row.code == typeStats11 || row.code == typeStats11+1) {
				continue // the number is another message's
			}
			want := ErrRequestBadSubtype
			switch row.class {
			case classType:
				want = ErrRequestBadType
			case classRequest, classReply:
				want = ErrRequestBadStat
			}
			if _, m, err := Decode(b); !errors.Is(err, want) {
				t.Errorf("%s in %s: %+v, %v, want %s", row.name, v, m, err, want)
			}
		}
	}
}
