package datapath

import (
	"fmt"
	"testing"

	"vswitch/ports/dummy"
)

// BenchmarkForward is the whole way of a cached 64-byte frame between dummy
// ports. One operation is one frame.
func BenchmarkForward(b *testing.B) {
	for _, flows := range []int{1, 1000, 10_000} {
		b.Run(fmt.Sprintf("flows=%d", flows), func(b *testing.B) {
			slow := slowFunc(func(u *Upcall, v *Verdict) error {
				v.Actions = append(v.Actions, Output(2))
				v.Mask.EthType, v.Mask.IPProto, v.Mask.IPSrc, v.Mask.TPSrc = 0xffff, 0xff, ^uint32(0), 0xffff
				return nil
			})
			j := newJar(b, slow, 2, Options{}, dummy.Options{Discard: true})
			frames := make([][]byte, flows)
			for i := range frames {
				frames[i] = frame(i)
			}
			j.ports[0].Repeat(0, 1, frames...)
			j.step()
			b.ReportAllocs()
			b.ResetTimer()
			j.ports[0].Repeat(0, b.N/flows+1, frames...)
			for j.dp.Step(1) {
			}
		})
	}
}
