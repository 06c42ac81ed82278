package config

import (
	"strings"
	"testing"
)

func TestEndpoints(t *testing.T) {
	controller := func(s string) (Endpoint, error) { return ParseController(s) }
	listener := func(s string) (Endpoint, error) { return ParseListener(s) }
	for _, c := range []struct {
		parse    func(string) (Endpoint, error)
		in, want string // want "" for an error, and then err is in its message
		err      string
	}{
		{controller, "tcp:127.0.0.1:6633", "tcp:127.0.0.1:6633", ""},
		{controller, "tcp:controller.example", "tcp:controller.example:6653", ""},
		{controller, "tcp:[::1]:6633", "tcp:[::1]:6633", ""},
		{controller, "tcp:[::1]", "tcp:[::1]:6653", ""},
		{controller, "unix:/run/c.sock", "unix:/run/c.sock", ""},
		{controller, "tcp:", "", "is not a name or address"},
		{controller, "tcp::6633", "", "is not a name or address"},
		{controller, "tcp:::1:6633", "", "IPv6 in brackets"},
		{controller, "tcp:[::1:6633", "", "IPv6 address in brackets"},
		{controller, "tcp:[10.0.0.1]:1", "", "IPv6 address in brackets"},
		{controller, "tcp:h:0", "", `port "0" is not 1 to 65535`},
		{controller, "tcp:h:65536", "", `port "65536" is not 1 to 65535`},
		{controller, "tcp:h:", "", "no port behind the colon"},
		{controller, "unix:", "", "is not an address here"},
		{controller, "ptcp:6653", "", "use tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:PATH"},
		{controller, "ssl:h", "ssl:h:6653", ""},
		{controller, "ssl:[::1]:7", "ssl:[::1]:7", ""},
		{controller, "ssl:", "", "not a name or address"},
		{controller, "pssl:6653", "", "not an address here: use tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:PATH"},
		{listener, "pssl:", "pssl:6653", ""},
		{listener, "pssl:7:[::1]", "pssl:7:[::1]", ""},
		{listener, "ssl:h", "", "not an address here: use ptcp:[PORT][:HOST], pssl:[PORT][:HOST] or punix:PATH"},
		{controller, "", "", "is not an address here"},
		{listener, "ptcp:", "ptcp:6653", ""},
		{listener, "ptcp:6654", "ptcp:6654", ""},
		{listener, "ptcp:6654:127.0.0.1", "ptcp:6654:127.0.0.1", ""},
		{listener, "ptcp::127.0.0.1", "ptcp:6653:127.0.0.1", ""},
		{listener, "ptcp:6654:[fd00::1]", "ptcp:6654:[fd00::1]", ""},
		{listener, "punix:/run/l", "punix:/run/l", ""},
		{listener, "ptcp:6654:", "", "no host behind the colon"},
		{listener, "ptcp:x", "", `port "x" is not 1 to 65535`},
		{listener, "tcp:h", "", "use ptcp:[PORT][:HOST], pssl:[PORT][:HOST] or punix:PATH"},
	} {
		e, err := c.parse(c.in)
		switch {
		case c.want == "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%q: %v, want an error with %q", c.in, err, c.err)
		case c.want != "" && (err != nil || e.String() != c.want):
			t.Errorf("%q: %q, %v, want %q", c.in, e, err, c.want)
		}
	}
}

// FuzzEndpoint wants what is accepted to be written so that it reads the same.
func FuzzEndpoint(f *testing.F) {
	for _, s := range []string{"tcp:127.0.0.1:6633", "ptcp:6654:[fd00::1]", "unix:/a", "punix:/b", "tcp:[::1%eth0]", "ptcp:", "tcp:a:b:c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, parse := range []func(string) (Endpoint, error){ParseController, ParseListener} {
			e, err := parse(s)
			if err != nil {
				continue
			}
			again, err := parse(e.String())
			if err != nil || again != e {
				t.Errorf("%q is %+v, but %q is %+v, %v", s, e, e, again, err)
			}
		}
	})
}

func TestVLANSet(t *testing.T) {
	for _, c := range []struct{ in, want, err string }{
		{"", "", ""},
		{"10", "10", ""},
		{"0 4095", "0,4095", ""},
		{"10 20-29 11", "10-11,20-29", ""},
		{"5-5", "5", ""},
		{"4090-4095 1", "1,4090-4095", ""},
		{"4096", "", "not a VLAN"},
		{"-1", "", "not a VLAN"},
		{"1-", "", "not a VLAN"},
		{"+1", "", "not a VLAN"},
		{"9-8", "", "its end is below its start"},
	} {
		var s VLANSet
		var err error
		for _, text := range strings.Fields(c.in) {
			if err = s.AddText(text); err != nil {
				break
			}
		}
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%q: %v, want an error with %q", c.in, err, c.err)
			}
			continue
		}
		if err != nil || s.String() != c.want {
			t.Errorf("%q: %q, %v, want %q", c.in, s, err, c.want)
		}
		n := 0
		for vlan := range uint16(5000) {
			if s.Has(vlan) {
				n++
			}
		}
		if n != s.Len() || s.Empty() != (n == 0) {
			t.Errorf("%q: %d members, Len %d, Empty %t", c.in, n, s.Len(), s.Empty())
		}
	}
}

func TestMAC(t *testing.T) {
	m, err := ParseMAC("02:0a:FF:00:00:01")
	if err != nil || m.String() != "02:0a:ff:00:00:01" {
		t.Errorf("%s, %v", m, err)
	}
	if id := DatapathIDOf(m); id != 0x00020aff000001 {
		t.Errorf("datapath identifier %016x", id)
	}
	for _, s := range []string{"", "02", "02:00:00:00:00", "02:00:00:00:00:00:00", "2:00:00:00:00:01", "02:00:00:00:00:0g", "02-00-00-00-00-01", "02:00:00:00:00:+1", "02::00:00:00:01"} {
		if m, err := ParseMAC(s); err == nil {
			t.Errorf("%q is read as %s", s, m)
		}
	}
}

func TestProtocols(t *testing.T) {
	p := Protocols(0)
	for _, name := range []string{"OpenFlow13", "OpenFlow10"} {
		version, found := ProtocolNamed(name)
		if !found {
			t.Fatalf("%s not found", name)
		}
		p |= version
	}
	if p != 1<<1|1<<4 || p.String() != "OpenFlow10,OpenFlow13" {
		t.Errorf("%#x %s", uint32(p), p)
	}
	if _, found := ProtocolNamed("OpenFlow16"); found {
		t.Error("OpenFlow16 found")
	}
	if len(AllProtocols.Names()) != 6 {
		t.Errorf("all: %s", AllProtocols)
	}
}
