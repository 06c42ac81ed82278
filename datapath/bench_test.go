package datapath

import (
	"fmt"
	"testing"

	"vswitch/flow"
	"vswitch/ports/dummy"
)

// BenchmarkForward is the whole way of a cached 64-byte frame between dummy
// ports. One operation is one frame (all flows have as many, so there may be more than
// asked for), and no two in a row are of one flow but in the first case. In the last case there
// are more flows than signatures, so that each frame is looked up under the masks in turn.
func BenchmarkForward(b *testing.B) {
	for _, size := range []struct{ flows, masks, share int }{
		{1, 1, 1}, {1000, 1, 1}, {10_000, 1, 1}, {100_000, 16, 1}, {100_000, 16, 16},
	} {
		b.Run(fmt.Sprintf("flows=%d/megaflows=%d/masks=%d", size.flows, size.flows/size.share, size.masks), func(b *testing.B) {
			slow := slowFunc(func(u *Upcall, v *Verdict) error {
				v.Actions = append(v.Actions, Output(2))
				v.Mask.EthType, v.Mask.IPProto, v.Mask.IPSrc = 0xffff, 0xff, -uint32(size.share)
				alsoMatch(&v.Mask, int(u.Key.IPSrc)/size.share%size.masks)
				return nil
			})
			j := newJar(b, slow, 2, Options{}, dummy.Options{Discard: true})
			frames := make([][]byte, size.flows)
			for i := range frames {
				frames[i] = frame(i)
			}
			for len(j.dp.Megaflows()) < size.flows/size.share { // a breath asks for a limited number of decisions
				j.ports[0].Repeat(0, 1, frames...)
				j.step()
			}
			if got := len(j.dp.Masks()); got != size.masks {
				b.Fatalf("%d masks", got)
			}
			turns := b.N/size.flows + 1
			j.ports[0].Repeat(0, turns, frames...)
			b.ReportAllocs()
			b.ResetTimer()
			for j.dp.Step(1) {
			}
			b.ReportMetric(float64(b.Elapsed())/float64(turns*size.flows), "ns/op")
		})
	}
}

// alsoMatch makes 16 masks out of one.
func alsoMatch(m *flow.Key, class int) {
	ones := func(bit int) uint32 { return -uint32(class >> bit & 1) }
	m.EthSrc[5], m.IPTTL = uint8(ones(0)), uint8(ones(1))
	m.IPDst, m.TPDst = ones(2), uint16(ones(3))
}
