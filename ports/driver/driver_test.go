package driver

import (
	"fmt"
	"sync"
	"testing"

	"vswitch/packet"
	"vswitch/ports"
)

func TestStateKeepsOnlyTheNewestChange(t *testing.T) {
	s := NewState(ports.Info{MTU: 1})
	if got := s.Info().MTU; got != 1 {
		t.Errorf("MTU %d at the beginning, want 1", got)
	}
	for mtu := 2; mtu <= 4; mtu++ {
		s.Change(func(i *ports.Info) { i.MTU = mtu })
	}
	if got := (<-s.Changes()).MTU; got != 4 {
		t.Errorf("published MTU %d, want the newest, 4", got)
	}
	s.Change(func(i *ports.Info) { i.MTU = 5 })
	s.Close()
	s.Close()
	s.Change(func(i *ports.Info) { i.MTU = 6 })
	if got := (<-s.Changes()).MTU; got != 5 {
		t.Errorf("published before Close: MTU %d, want 5", got)
	}
	if _, open := <-s.Changes(); open {
		t.Error("open after Close")
	}
	if got := s.Info().MTU; got != 6 {
		t.Errorf("MTU %d after Close, want 6", got)
	}
}

func TestStateWithManyWriters(t *testing.T) {
	s := NewState(ports.Info{})
	const writers, each = 8, 1000
	var ended sync.WaitGroup
	for range writers {
		ended.Go(func() {
			for range each {
				s.Change(func(i *ports.Info) { i.MTU++ })
			}
		})
	}
	ended.Wait()
	s.Close()
	last := 0
	for info := range s.Changes() {
		last = info.MTU
	}
	if last != writers*each {
		t.Errorf("last published %d, want %d", last, writers*each)
	}
}

func TestFinishedIsAFIFO(t *testing.T) {
	pool, err := packet.NewPool(8, 1024, packet.Headroom)
	if err != nil {
		t.Fatal(err)
	}
	var f Finished
	var in, out []*packet.Buf
	add := func(n int) {
		for range n {
			b := pool.Get()
			in = append(in, b)
			f.Add(b, ports.TxResult(len(in)))
		}
	}
	reap := func(room, want int) {
		dst := make([]ports.TxDone, room)
		if n := f.Reap(dst); n != want {
			t.Fatalf("reaped %d with room for %d, want %d", n, room, want)
		}
		for _, d := range dst[:want] {
			if out = append(out, d.Buf); int(d.Result) != len(out) {
				t.Errorf("frame %d has result %d", len(out), d.Result)
			}
		}
	}
	add(3)
	reap(2, 2)
	add(2)
	reap(2, 2)
	reap(2, 1)
	reap(2, 0)
	if fmt.Sprint(in) != fmt.Sprint(out) {
		t.Errorf("reaped %v, want %v", out, in)
	}
	for _, b := range out {
		b.Free(pool)
	}
	add(3)
	dst := make([]ports.TxDone, 1)
	f.Reap(dst)
	dst[0].Buf.Free(pool)
	f.Free(pool)
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
}

func TestFinishedAllocatesNothing(t *testing.T) {
	pool, err := packet.NewPool(1, 1024, packet.Headroom)
	if err != nil {
		t.Fatal(err)
	}
	var f Finished
	b := pool.Get()
	dst := make([]ports.TxDone, 4)
	if n := testing.AllocsPerRun(100, func() {
		f.Add(b, ports.TxSent)
		f.Add(b, ports.TxFull)
		f.Reap(dst)
	}); n != 0 {
		t.Errorf("%v allocations a turn, want 0", n)
	}
}
