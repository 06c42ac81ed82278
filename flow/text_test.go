package flow

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"testing"
)

// somePorts knows two names.
type somePorts struct{}

func (somePorts) PortNumber(name string) (uint32, bool) {
	switch name {
	case "LOCAL":
		return 0xfffffffe, true
	case "h1":
		return 7, true
	}
	return 0, false
}

func (somePorts) AppendPort(dst []byte, port uint32) []byte {
	switch port {
	case 0xfffffffe:
		return append(dst, "LOCAL"...)
	case 7:
		return append(dst, "h1"...)
	}
	return strconv.AppendUint(dst, uint64(port), 10)
}

// TestTextGolden has what ovs-ofctl 3.1 prints for what it reads: of a match
// and, where it differs, of set_field.
func TestTextGolden(t *testing.T) {
	for _, c := range []struct{ field, in, match, set string }{
		{"eth_type", "0x5", "0x0005", "0x5"},
		{"vlan_tci", "5/0xf", "0x0005/0x000f", "0x5/0xf"},
		{"vlan_vid", "0x1005", "4101", ""},
		{"dl_vlan", "5", "5", ""},
		{"ipv6_label", "0x5/0xf", "0x00005/0x0000f", "0x5/0xf"},
		{"ipv6_label", "0", "0x00000", "0"},
		{"reg0", "0", "0", ""},
		{"reg0", "5/0xff", "0x5/0xff", ""},
		{"xxreg0", "0x1234567890123456789", "0x1234567890123456789", ""},
		{"metadata", "0xffffffffffffffff", "0xffffffffffffffff", ""},
		{"tcp_dst", "80/0xfff0", "0x50/0xfff0", "80/0xfff0"},
		{"tcp_dst", "80", "80", ""},
		{"nw_proto", "010", "8", ""},
		{"nw_tos", "5", "4", ""},
		{"nsh_flags", "1/3", "0x01/0x03", "1/0x3"},
		{"tun_gbp_id", "10/0xf", "0xa/0xf", "10/0xf"},
		{"tun_gbp_flags", "1", "0x1", ""},
		{"ip_src", "10.0.0.1/8", "10.0.0.0/8", ""},
		{"ip_src", "10.0.0.1", "10.0.0.1", ""},
		{"ip_src", "10.0.0.0/255.0.255.0", "10.0.0.0/255.0.255.0", ""},
		{"ip_src", "10.0.0.0/255.0.0.0", "10.0.0.0/8", ""},
		{"ipv6_src", "fd00::1/16", "fd00::/16", ""},
		{"ipv6_src", "fd00::/ff00::ff", "fd00::/ff00::ff", ""},
		{"ipv6_src", "::1.2.3.4", "::1.2.3.4", ""},
		{"ipv6_src", "::ffff:1.2.3.4", "::ffff:1.2.3.4", ""},
		{"ipv6_src", "::5:0", "::0.5.0.0", ""},
		{"ipv6_src", "::1", "::1", ""},
		{"ipv6_src", "1:0:0:2:0:0:0:3", "1:0:0:2::3", ""},
		{"eth_dst", "1:2:3:4:5:6", "01:02:03:04:05:06", ""},
		{"eth_dst", "01:00:00:00:00:00/01:00:00:00:00:00", "01:00:00:00:00:00/01:00:00:00:00:00", ""},
		{"tcp_flags", "+syn-ack", "+syn-ack", ""},
		{"tcp_flags", "2", "syn", ""},
		{"tcp_flags", "0x12/0xfff", "syn|ack", ""},
		{"tcp_flags", "syn|0x800", "syn|[800]", ""},
		{"tcp_flags", "0xfff", "fin|syn|rst|psh|ack|urg|ece|cwr|ns|[200]|[400]|[800]", ""},
		{"tcp_flags", "0", "0", ""},
		{"tcp_flags", "0x802/0x802", "0x802/0x802", ""},
		{"ct_state", "0x5/0x3f", "+new-est+rel-rpl-inv-trk", ""},
		{"ct_state", "est|trk", "est|trk", ""},
		{"ct_state", "trk|", "trk", ""},
		{"ct_state", "-new-est-rel-rpl-inv-trk-snat-dnat", "0", ""},
		{"ct_state", "0/0x20", "-trk", ""},
		{"tun_flags", "oam", "+oam", "oam"},
		{"tun_flags", "0", "-oam", "0"},
		{"ip_frag", "no", "no", ""},
		{"ip_frag", "yes", "yes", ""},
		{"ip_frag", "not_later", "not_later", ""},
		{"ip_frag", "later", "later", ""},
		{"ip_frag", "first", "first", ""},
		{"packet_type", "(1,0x894f)", "(1,0x894f)", ""},
		{"packet_type", "(0x0,0)", "(0,0)", ""},
		{"in_port", "LOCAL", "LOCAL", ""},
		{"in_port", "7", "h1", ""},
		{"in_port_oxm", "4294967294", "LOCAL", ""},
		{"actset_output", "3", "3", ""},
		{"ct_zone", "0x11", "17", "0x11"},
		{"nsh_spi", "0", "0x0", "0"},
		{"nsh_c4", "0/0xff", "0x0/0xff", "0/0xff"},
		{"recirc_id", "5", "0x5", "5"},
	} {
		f := FieldByName(c.field)
		v, mask, err := f.ParseValue(c.in, somePorts{})
		if err != nil {
			t.Errorf("%s=%s: %v", c.field, c.in, err)
			continue
		}
		if got := string(f.AppendMatch(nil, v, mask, somePorts{})); got != c.match {
			t.Errorf("%s=%s: match prints %s, want %s", c.field, c.in, got, c.match)
		}
		want := c.set
		if want == "" {
			want = c.match
		}
		if got := string(f.AppendValue(nil, v, mask, somePorts{})); got != want {
			t.Errorf("%s=%s: value prints %s, want %s", c.field, c.in, got, want)
		}
	}
}

func TestParseValueErrors(t *testing.T) {
	for _, c := range []struct {
		field, in, msg string
		at             int
	}{
		{"reg0", "", "a value is missing", 0},
		{"reg0", "5x", "not a number", 1},
		{"reg0", "5/1g", "not a number", 3},
		{"reg0", "0x1ffffffff", "value does not fit 32 bits", 0},
		{"reg0", "-1", "not a number", 0},
		{"nw_ttl", "300", "value does not fit 8 bits", 0},
		{"xxreg0", "0x1" + strings.Repeat("0", 32), "number does not fit 128 bits", 0},
		{"eth_type", "0x800/0xff", "eth_type takes no mask", 5},
		{"eth_src", "00:11:22:33:44", "not an Ethernet address", 0},
		{"eth_src", "00:11:22:33:44:55/48", "not an Ethernet address", 18},
		{"eth_src", "00:11:22:33:44:100", "not an Ethernet address", 15},
		{"ip_src", "10.1", "not an IPv4 address", 0},
		{"ip_src", "::1", "not an IPv4 address", 0},
		{"ip_src", "10.0.0.1/33", "prefix length is not 0 to 32", 9},
		{"ip_src", "10.0.0.1/-1", "prefix length is not 0 to 32", 9},
		{"ipv6_src", "fe80::1%eth0", "not an IPv6 address", 0},
		{"ipv6_src", "fd00::1/129", "prefix length is not 0 to 128", 8},
		{"tcp_flags", "+syn-foo", "unknown flag: the flags are fin syn rst psh ack urg ece cwr ns", 5},
		{"ct_state", "+new-new", "the same flag twice", 4},
		{"ct_state", "-1", "unknown flag: the flags are new est rel rpl inv trk snat dnat", 1},
		{"tcp_flags", "+syn-0x2", "unknown flag: the flags are fin syn rst psh ack urg ece cwr ns", 5},
		{"tcp_flags", "syn|0x1000", "no such flag", 4},
		{"ct_state", "new|foo", "unknown flag: the flags are new est rel rpl inv trk snat dnat", 4},
		{"ip_frag", "maybe", "unknown kind of fragment: the kinds are no yes first later not_later", 0},
		{"packet_type", "(1", "a packet type is written (namespace,type)", 0},
		{"packet_type", "(1,0x10000)", "namespace and type have 16 bits each", 1},
		{"in_port", "h2", "no such port", 0},
		{"in_port", "65536", "value does not fit 16 bits", 0},
		{"dl_vlan", "5/0xf", "dl_vlan takes no mask", 1},
	} {
		_, _, err := FieldByName(c.field).ParseValue(c.in, somePorts{})
		var e *TextError
		if !errors.As(err, &e) || e.In != c.in || e.Msg != c.msg || e.At != c.at {
			t.Errorf("%s=%s: %#v, want %q at %d", c.field, c.in, err, c.msg, c.at)
		}
	}
}

// TestTextRoundTrip: what is printed reads as what it was.
func TestTextRoundTrip(t *testing.T) {
	r := newRand(t)
	for i := range Fields() {
		f := &Fields()[i]
		if f.Wide() {
			continue
		}
		for range 200 {
			mask := f.Full()
			if f.Maskable && r.IntN(3) > 0 {
				mask = randomValue(r).And(f.Full())
			}
			if mask.IsZero() {
				continue
			}
			if f.Format == FragFormat && mask != f.Full() {
				continue // the names say what the bits mean, see fragNames
			}
			v := randomValue(r).And(mask)
			if f.Format == FragFormat && v.Lo == FragLater {
				v.Lo = FragAny
			}
			for how, text := range map[string]string{
				"match": string(f.AppendMatch(nil, v, mask, nil)),
				"value": string(f.AppendValue(nil, v, mask, nil)),
			} {
				got, gotMask, err := f.ParseValue(text, nil)
				if err != nil || got != v || gotMask != mask {
					t.Fatalf("%s=%x/%x: %s text %s reads as %x/%x, %v", f, v, mask, how, text, got, gotMask, err)
				}
			}
		}
	}
}

func TestWideText(t *testing.T) {
	r := newRand(t)
	for range 500 {
		value, mask := make([]byte, 1+r.IntN(MaxTLVLen)), []byte(nil)
		for i := range value {
			value[i] = byte(r.Uint32())
		}
		value[0] |= 1
		if r.IntN(2) == 0 {
			mask = make([]byte, len(value))
			mask[0] = 0x81
		}
		text := string(AppendWide(nil, value, mask))
		got, gotMask, err := ParseWide(text)
		if err != nil || !bytes.Equal(got, value) || !bytes.Equal(gotMask, mask) {
			t.Fatalf("%x/%x: %s reads as %x/%x, %v", value, mask, text, got, gotMask, err)
		}
	}
	for _, bad := range []string{"0x", "0xg", "5/", "0x" + strings.Repeat("1", 2*MaxTLVLen+1)} {
		if v, _, err := ParseWide(bad); err == nil {
			t.Errorf("%q read as %x", bad, v)
		}
	}
}

func FuzzParseValue(f *testing.F) {
	for _, seed := range []string{"", "*", "ANY", "0x5/0xf", "10.0.0.1/8", "fd00::1/16", "+syn-ack", "syn|0x800", "[9]",
		"00:11:22:33:44:55/ff:ff:ff:ff:ff:ff", "not_later", "+270", "(1,0x800)", "LOCAL", "1/", "/", "+", "|", "08"} {
		f.Add(uint8(FieldEthSrc), seed)
		f.Add(uint8(FieldTCPFlags), seed)
		f.Add(uint8(FieldXXReg0), seed)
		f.Add(uint8(FieldIPSrc), seed)
	}
	f.Fuzz(func(t *testing.T, id uint8, text string) {
		field := FieldByID(FieldID(id))
		if field == nil {
			return
		}
		v, mask, err := field.ParseValue(text, somePorts{})
		if err != nil {
			var e *TextError
			if !errors.As(err, &e) || e.In != text || e.At < 0 || e.At > len(text) {
				t.Fatalf("error %#v", err)
			}
			return
		}
		if !v.AndNot(mask).IsZero() && field.ID != FieldDLVLAN || !mask.AndNot(field.Full()).IsZero() {
			t.Fatalf("%s=%s: %x/%x is not normal", field, text, v, mask)
		}
		if mask.IsZero() || field.Wide() || field.Format == FragFormat {
			return
		}
		printed := string(field.AppendMatch(nil, v, mask, somePorts{}))
		again, againMask, err := field.ParseValue(printed, somePorts{})
		if err != nil || again != v || againMask != mask {
			t.Fatalf("%s=%s: printed as %s, which reads as %x/%x, %v", field, text, printed, again, againMask, err)
		}
	})
}
