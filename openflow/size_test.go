package openflow

import "testing"

// TestFeaturesOfManyPorts: of ports that are too many for a features reply, which is
// one message, the first are told.
func TestFeaturesOfManyPorts(t *testing.T) {
	for v, most := range map[Version]int{V10: 1364, V11: 1023, V12: 1023, V13: 0} {
		for _, n := range []int{most, most + 1, 3000} {
			m := &FeaturesReply{Ports: make([]Port, n)}
			for i := range m.Ports {
				m.Ports[i] = Port{No: PortNo(i + 1), Name: "p"}
			}
			b, err := Append([]byte("before"), v, 1, m)
			if err != nil {
				t.Errorf("%s: %d ports: %v", v, n, err)
				continue
			}
			_, got, err := Decode(b[len("before"):])
			if err != nil {
				t.Errorf("%s: %d ports: %v", v, n, err)
			} else if ports := got.(*FeaturesReply).Ports; len(ports) != min(n, most) {
				t.Errorf("%s: of %d ports %d are told, want %d", v, n, len(ports), most)
			}
		}
	}
}
