package classifier

import (
	"fmt"
	"testing"

	"vswitch/flow"
)

// TestWidth: a lookup looks at no more of the packet than tells the rules apart.
func TestWidth(t *testing.T) {
	type fields map[string]flow.Value // name: value, or mask
	ip := func(a, b, c, d uint64) flow.Value { return flow.U64(a<<24 | b<<16 | c<<8 | d) }
	rule := func(priority int32, exact fields) func(*Classifier) {
		return func(c *Classifier) {
			m := new(flow.Match)
			for name, v := range exact {
				m.SetField(flow.FieldByName(name), v, flow.FieldByName(name).Full())
			}
			c.Insert(m.Sparse(), priority, 1)
		}
	}
	prefix := func(field string, v flow.Value, size int) func(*Classifier) {
		return func(c *Classifier) {
			m := new(flow.Match)
			m.SetField(flow.FieldByName("eth_type"), flow.U64(0x800), flow.U64(0xffff))
			m.SetField(flow.FieldByName(field), v, flow.PrefixMask(size, 32))
			c.Insert(m.Sparse(), int32(size), 1)
		}
	}
	ipv4, arp := flow.U64(0x800), flow.U64(0x806)
	tcp := fields{"eth_type": ipv4, "nw_proto": flow.U64(6)}
	with := func(f fields, name string, v flow.Value) fields {
		g := fields{name: v}
		for k, v := range f {
			g[k] = v
		}
		return g
	}
	type rules []func(*Classifier)
	for _, c := range []struct {
		name   string
		rules  rules
		packet fields
		mask   fields
	}{
		{"a host route and a packet elsewhere", rules{rule(1, fields{"eth_type": ipv4, "ip_dst": ip(10, 0, 0, 1)})},
			fields{"eth_type": ipv4, "ip_dst": ip(20, 0, 0, 1)},
			fields{"eth_type": flow.U64(0xffff), "ip_dst": ip(0xf0, 0, 0, 0)}},
		{"a host route and its neighbour", rules{rule(1, fields{"eth_type": ipv4, "ip_dst": ip(10, 0, 0, 1)})},
			fields{"eth_type": ipv4, "ip_dst": ip(10, 0, 0, 2)},
			fields{"eth_type": flow.U64(0xffff), "ip_dst": ip(255, 255, 255, 254)}},
		{"a host route met", rules{rule(1, fields{"eth_type": ipv4, "ip_dst": ip(10, 0, 0, 1)})},
			fields{"eth_type": ipv4, "ip_dst": ip(10, 0, 0, 1)},
			fields{"eth_type": flow.U64(0xffff), "ip_dst": flow.U64(0xffffffff)}},
		{"another protocol does not look at addresses", rules{rule(1, fields{"eth_type": ipv4, "ip_dst": ip(10, 0, 0, 1)})},
			fields{"eth_type": arp, "ip_dst": ip(10, 0, 0, 1)},
			fields{"eth_type": flow.U64(0xffff)}},
		{"a short prefix met below a long one", rules{prefix("ip_dst", ip(10, 0, 0, 0), 8), prefix("ip_dst", ip(10, 1, 0, 0), 16)},
			fields{"eth_type": ipv4, "ip_dst": ip(10, 128, 0, 1)},
			fields{"eth_type": flow.U64(0xffff), "ip_dst": ip(255, 128, 0, 0)}},
		{"the longest of many", rules{prefix("ip_dst", ip(10, 0, 0, 0), 8), prefix("ip_dst", ip(10, 1, 0, 0), 16), prefix("ip_dst", ip(10, 1, 2, 0), 24)},
			fields{"eth_type": ipv4, "ip_dst": ip(10, 1, 2, 3)},
			fields{"eth_type": flow.U64(0xffff), "ip_dst": ip(255, 255, 255, 0)}},
		{"a port of another address", rules{rule(1, with(with(tcp, "ip_dst", ip(10, 0, 0, 1)), "tcp_dst", flow.U64(80)))},
			with(with(tcp, "ip_dst", ip(10, 0, 0, 3)), "tcp_dst", flow.U64(80)),
			fields{"eth_type": flow.U64(0xffff), "ip_dst": ip(255, 255, 255, 254)}},
		{"a port of another protocol", rules{rule(1, with(tcp, "tcp_dst", flow.U64(80)))},
			fields{"eth_type": ipv4, "nw_proto": flow.U64(17), "udp_dst": flow.U64(80)},
			fields{"eth_type": flow.U64(0xffff), "nw_proto": flow.U64(0xff)}},
		{"another port", rules{rule(1, with(tcp, "tcp_dst", flow.U64(80)))},
			with(tcp, "tcp_dst", flow.U64(0x8050)),
			fields{"eth_type": flow.U64(0xffff), "nw_proto": flow.U64(0xff), "tcp_dst": flow.U64(0x8000)}},
		{"a rule of a port is not looked at where a higher one matches", rules{rule(9, tcp), rule(1, with(tcp, "tcp_dst", flow.U64(80)))},
			with(tcp, "tcp_dst", flow.U64(80)),
			fields{"eth_type": flow.U64(0xffff), "nw_proto": flow.U64(0xff)}},
		{"registers tell before the packet does", rules{rule(1, with(tcp, "reg0", flow.U64(1)))},
			with(tcp, "reg0", flow.U64(2)), fields{"reg0": flow.U64(0xffffffff)}},
		{"an IPv6 address", rules{rule(1, fields{"eth_type": flow.U64(0x86dd), "ipv6_src": flow.Value{Hi: 0x20010db8 << 32, Lo: 1}})},
			fields{"eth_type": flow.U64(0x86dd), "ipv6_src": flow.Value{Hi: 0x20010db8 << 32, Lo: 2}},
			fields{"eth_type": flow.U64(0xffff), "ipv6_src": flow.PrefixMask(127, 128)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cls, p, got, want := New(1), new(flow.Pipeline), new(flow.Mask), new(flow.Mask)
			for _, add := range c.rules {
				add(cls)
			}
			for name, v := range c.packet {
				flow.FieldByName(name).Store(p, v, flow.FieldByName(name).Full())
			}
			for name, m := range c.mask {
				flow.FieldByName(name).Unwildcard(want, m)
			}
			cls.Lookup(1, p, got)
			if *got != *want {
				t.Errorf("looked at %v\nwant %v", maskText(got), maskText(want))
			}
		})
	}
}

func maskText(m *flow.Mask) (s string) {
	for i, w := range m.Words() {
		if w != 0 {
			s += fmt.Sprintf(" [%d]%x", i, w)
		}
	}
	return s
}
