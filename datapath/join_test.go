package datapath

import (
	"testing"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/dummy"
)

// TestJoin sends ten datagrams of one flow in one breath: they leave as one
// super-frame where the way they came in allows it and the port takes it, count
// each for its flow, and once with ten segments for the port.
func TestJoin(t *testing.T) {
	udp := packet.KindsOf(packet.GSOUDP)
	uso := ports.Offloads{Csum: true, USO: true}
	for _, c := range []struct {
		name   string
		join   packet.Kinds
		takes  ports.Offloads
		frames uint64
	}{
		{"joined", udp, uso, 1},
		{"kept apart", 0, uso, 10},
		{"only TCP", packet.KindsOf(packet.GSOTCPv4, packet.GSOTCPv6), uso, 10},
		{"a port that takes no super-frames", udp, ports.Offloads{Csum: true}, 10},
		{"a port that takes no partial checksums", udp, ports.Offloads{USO: true}, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJar(t, toPort(2), 2, Options{}, dummy.Options{Offloads: c.takes})
			j.dp.SetOptions(1, PortOptions{Join: c.join})
			f := frame(1)
			for i := range 10 {
				f[14+5] = byte(i) // identification
				f[14+10], f[14+11] = 0, 0
				sum := ^packet.Sum(f[14:34])
				f[14+10], f[14+11] = byte(sum>>8), byte(sum)
				j.ports[0].Inject(0, append([]byte(nil), f...))
			}
			j.step()
			sent := j.ports[1].Sent()
			tx, _ := j.dp.PortCounters(2)
			if uint64(len(sent)) != c.frames || tx.TxPackets != c.frames || tx.TxSegments != 10 {
				t.Errorf("%d frames sent; counted %d packets, %d segments", len(sent), tx.TxPackets, tx.TxSegments)
			}
			if n := j.dp.Megaflows()[0].Hits().Packets; n != 10 {
				t.Errorf("the flow counted %d packets", n)
			}
			if l := j.dp.Ledger(); l.Merged != 10-c.frames {
				t.Errorf("ledger: %+v", l)
			}
		})
	}
}
