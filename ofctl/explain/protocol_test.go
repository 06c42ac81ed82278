package explain

import "testing"

func TestProtocolNames(t *testing.T) {
	for set, want := range map[ProtocolSet]string{
		0: "none", 0x1ff: "any", 0x003: "OpenFlow10", 0x00f: "OpenFlow10,NXM", 0x1fa: "OXM,OpenFlow10+table_id,NXM+table_id,OpenFlow11",
		0x1fc: "NXM,OXM,OpenFlow11", 0x040: "OXM-OpenFlow13",
	} {
		if got := set.String(); got != want {
			t.Errorf("%#x: %s, want %s", uint(set), got, want)
		}
	}
}
