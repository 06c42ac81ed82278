package packet

import (
	"bytes"
	"testing"
)

func TestIPv4FinalDst(t *testing.T) {
	for _, c := range []struct {
		name    string
		options string // 4 or 12 bytes
		dst     uint32
		routed  bool
	}{
		{"no options", "", 0x0a000002, false},
		{"loose source route", "01 83 0b 04 0a000003 0a000004", 0x0a000004, true},
		{"strict source route, last hop next", "01 89 0b 08 0a000003 0a000004", 0x0a000004, true},
		{"used up", "01 83 0b 0c 0a000003 0a000004", 0x0a000002, false},
		{"behind another option", "94 04 0000 83 07 04 0a000004 00", 0x0a000004, true},
		{"behind the end of options", "00 83 0b 04 0a000003 0a000004", 0x0a000002, false},
		{"record route is no source route", "01 07 0b 04 0a000003 0a000004", 0x0a000002, false},
		{"option length 0", "83 00 04 00", 0x0a000002, false},
		{"option beyond the header", "83 0b 04 00", 0x0a000002, false},
		{"option without a length", "01 01 01 83", 0x0a000002, false},
		{"route without an address", "83 03 04 00", 0x0a000002, false},
	} {
		options := unhex(t, c.options)
		h := unhex(t, "45000040000000004006 0000 0a000001 0a000002")
		h[0] += byte(len(options) / 4)
		h = append(h, options...)
		if dst, routed := ipv4FinalDst(h); dst != c.dst || routed != c.routed {
			t.Errorf("%s: %#x %v", c.name, dst, routed)
		}
	}
}

func TestIPv6RouteTo(t *testing.T) {
	const (
		a = "fd00000000000000000000000000000a"
		b = "fd00000000000000000000000000000b"
	)
	for _, c := range []struct {
		name   string
		first  uint8
		exts   string
		proto  uint8
		routed bool
		final  string
	}{
		{"nothing", ProtoTCP, "", ProtoTCP, false, ""},
		{"options", ProtoHopByHop, "06 00 000000000000", ProtoTCP, false, ""},
		{"type 0", ProtoRouting, "11 04 00 02 00000000" + a + b, ProtoUDP, true, b},
		{"type 0, used up", ProtoRouting, "11 04 00 00 00000000" + a + b, ProtoUDP, false, ""},
		{"type 2", ProtoRouting, "3a 02 02 01 00000000" + a, ProtoICMPv6, true, a},
		{"segment routing, whose list is reversed", ProtoRouting, "06 04 04 01 01000000" + a + b, ProtoTCP, true, a},
		{"segment routing with TLVs", ProtoRouting, "06 05 04 01 01000000" + a + b + "0406000000000000", ProtoTCP, true, a},
		{"unknown type", ProtoRouting, "06 02 63 01 00000000" + a, ProtoTCP, true, ""},
		{"no list", ProtoRouting, "06 00 00 01 00000000", ProtoTCP, true, ""},
		{"route behind options", ProtoHopByHop, "2b 00 000000000000 06 02 00 01 00000000" + a, ProtoTCP, true, a},
	} {
		h := unhex(t, "60000000 0000 00 40 fd000000000000000000000000000001 fd000000000000000000000000000002")
		h[ipv6NextAt] = c.first
		h = append(h, unhex(t, c.exts)...)
		r := ipv6RouteTo(h, len(h))
		if r.proto != c.proto || r.routed != c.routed || !bytes.Equal(r.final, unhex(t, c.final)) {
			t.Errorf("%s: %+v", c.name, r)
		}
		if len(c.exts) > 0 {
			if r := ipv6RouteTo(h, len(h)-1); r.proto != ProtoNoNext {
				t.Errorf("%s: protocol %d in the middle of a header", c.name, r.proto)
			}
			if r := ipv6RouteTo(h[:len(h)-1], len(h)+100); r.proto != ProtoNoNext {
				t.Errorf("%s: protocol %d behind the end", c.name, r.proto)
			}
		}
	}
}
