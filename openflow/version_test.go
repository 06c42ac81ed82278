package openflow

import "testing"

func TestVersionNames(t *testing.T) {
	for v := minVersion; v <= maxVersion; v++ {
		if got, found := ParseVersion(v.String()); !found || got != v {
			t.Errorf("%s reads as %v", v, got)
		}
	}
	for _, name := range []string{"openflow13", "Openflow13", "OPENFLOW1.3"} {
		if got, found := ParseVersion(name); !found || got != V13 {
			t.Errorf("%s reads as %v", name, got)
		}
	}
	if V13.String() != "OpenFlow13" || V13.Short() != "1.3" || Version(9).Valid() {
		t.Errorf("%s %s %v", V13, V13.Short(), Version(9).Valid())
	}
	if _, found := ParseVersion("OpenFlow16"); found {
		t.Error("OpenFlow16 reads as a version")
	}
}

func TestVersionSet(t *testing.T) {
	s := Versions(V10, V13)
	if !s.Has(V10) || s.Has(V11) || s.Max() != V13 || len(s.List()) != 2 || VersionSet(0).Max() != 0 {
		t.Errorf("%v, highest %v", s.List(), s.Max())
	}
}

func TestPortNumbers(t *testing.T) {
	tests := []struct {
		port    PortNo
		name    string
		wire    uint16
		carried bool
	}{
		{1, "1", 1, true},
		{0xfeff, "65279", 0xfeff, true},
		{0xff00, "65280", 0xff00, false},
		{70000, "70000", 70000 & 0xffff, false},
		{PortMax, "4294967040", 0xff00, true},
		{PortInPort, "IN_PORT", 0xfff8, true},
		{PortLocal, "LOCAL", 0xfffe, true},
		{PortAny, "ANY", 0xffff, true},
	}
	for _, test := range tests {
		n, ok := test.port.To16()
		if n != test.wire || ok != test.carried || test.port.String() != test.name {
			t.Errorf("%s: %#x, %v", test.port, n, ok)
		}
		if ok && PortFrom16(n) != test.port {
			t.Errorf("%s comes back as %s", test.port, PortFrom16(n))
		}
	}
	for text, want := range map[string]PortNo{"local": PortLocal, "NONE": PortAny, "65534": PortLocal, "4294967294": PortLocal, "0x10": 16} {
		if got, found := ParsePortNo(text); !found || got != want {
			t.Errorf("%q reads as %s, want %s", text, got, want)
		}
	}
	if _, found := ParsePortNo("eth0"); found {
		t.Error("eth0 reads as a number")
	}
}
