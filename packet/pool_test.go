package packet

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

func TestNewPoolRefusesNonsense(t *testing.T) {
	for _, c := range []struct {
		name                      string
		slots, slotSize, headroom int
	}{
		{"no slots", 0, 2048, 256},
		{"negative slots", -1, 2048, 256},
		{"no payload", 4, 256, 256},
		{"headroom beyond the slot", 4, 256, 300},
		{"negative headroom", 4, 256, -1},
		{"more than the address space", 1 << 30, 1 << 30, 0},
	} {
		if p, err := NewPool(c.slots, c.slotSize, c.headroom); err == nil {
			t.Errorf("%s: accepted", c.name)
			p.Close()
		} else if !strings.HasPrefix(err.Error(), "packet pool: ") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestPoolGivesEachSlotOnce(t *testing.T) {
	p := testPool(t, 5, 1000, 100)
	seen := map[*byte]bool{}
	var bufs []*Buf
	for i := range 5 {
		b := p.Get()
		if b == nil {
			t.Fatalf("exhausted after %d", i)
		}
		if len(b.Room()) != 1000 || b.Size() != 0 || b.HeadroomLeft() != 100 || p.Payload() != 900 {
			t.Fatalf("room %d, size %d, headroom %d", len(b.Room()), b.Size(), b.HeadroomLeft())
		}
		if uintptr(unsafe.Pointer(&b.Room()[0]))%slotAlign != 0 {
			t.Error("slot not aligned")
		}
		for j := range b.Room() {
			b.Room()[j] = byte(i)
		}
		seen[&b.Room()[0]] = true
		bufs = append(bufs, b)
	}
	if len(seen) != 5 {
		t.Errorf("%d different slots", len(seen))
	}
	if p.Get() != nil {
		t.Error("a sixth Buf of five")
	}
	if got := p.Stats(); got != (PoolStats{Capacity: 5, InUse: 5}) {
		t.Errorf("%+v", got)
	}
	for i, b := range bufs {
		for _, v := range b.Room() {
			if v != byte(i) {
				t.Fatalf("slot %d was written through another", i)
			}
		}
		b.Free(p)
	}
	if got := p.Stats(); got != (PoolStats{Capacity: 5}) {
		t.Errorf("%+v", got)
	}
}

func TestGetResets(t *testing.T) {
	p := testPool(t, 1, 2048, Headroom)
	b := p.Get()
	b.Meta = Meta{Time: 1, InPort: 2, RecircID: 3, Hash: 4, Mark: 5, Priority: 6, PacketType: 7,
		RxQueue: 8, Fault: FaultTruncated, Offload: Offload{NeedsCsum: true, GSO: GSOUDP}}
	b.Layers = Layers{1, 2, 3}
	b.SetRange(7, 9)
	b.Free(p)
	b = p.Get()
	defer b.Free(p)
	if b.Meta != (Meta{}) || b.Layers != (Layers{}) || b.Next() != nil || b.Size() != 0 || b.HeadroomLeft() != Headroom {
		t.Errorf("%+v", b)
	}
}

func TestFreeGoesHome(t *testing.T) {
	local, other := testPool(t, 4, 512, 0), testPool(t, 4, 512, 0)
	b := local.Get()
	for _, p := range []*Pool{other, local, other} {
		b.Append(p.Get())
	}
	b.Free(local)
	if l, o := local.Stats().InUse, other.Stats().InUse; l != 0 || o != 0 {
		t.Errorf("in use: %d and %d", l, o)
	}
	if other.returned.Load() == nil || other.free != nil {
		t.Error("a foreign segment bypassed the return list")
	}
	for range 4 {
		b := other.Get()
		if b == nil {
			t.Fatal("returned Bufs do not come out again")
		}
		defer b.Free(nil) // nobody's pool: by the return list
	}
	if other.Get() != nil {
		t.Error("more than the capacity")
	}
}

func TestFreedBufCannotBeUsed(t *testing.T) {
	p := testPool(t, 2, 512, 0)
	b := p.Get()
	b.Free(p)
	for name, use := range map[string]func(){
		"Free":  func() { b.Free(p) },
		"Bytes": func() { _ = b.Bytes() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s after Free went unnoticed", name)
				}
			}()
			use()
		}()
	}
}

func TestCloseWaitsForBufs(t *testing.T) {
	p, err := NewPool(2, 512, 0)
	if err != nil {
		t.Fatal(err)
	}
	b := p.Get()
	if err := p.Close(); !errors.Is(err, unix.EBUSY) {
		t.Errorf("with a Buf in use: %v", err)
	}
	b.Bytes()
	b.Free(p)
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if p.Get() != nil {
		t.Error("a Buf of a closed pool")
	}
}

// TestPoolMemoryIsLazy maps far more than the machine has to give and asks the
// kernel how much of it is there.
func TestPoolMemoryIsLazy(t *testing.T) {
	const slots, slotSize = 1 << 16, 1 << 16
	p := testPool(t, slots, slotSize, 0)
	b := p.Get()
	b.Room()[0] = 1
	b.Free(p)
	page := unix.Getpagesize()
	present := make([]byte, len(p.memory)/page)
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&p.memory[0])),
		uintptr(len(p.memory)), uintptr(unsafe.Pointer(&present[0])))
	if errno != 0 {
		t.Skip("no mincore here:", errno)
	}
	n := 0
	for _, v := range present {
		n += int(v & 1)
	}
	if n > 1024 { // a huge page at most, and its neighbour
		t.Errorf("%d of %d pages are there", n, len(present))
	}
}

// TestPoolReturnsFromOtherGoroutines sends Bufs from their owner to goroutines
// that free them, until each went round many times.
func TestPoolReturnsFromOtherGoroutines(t *testing.T) {
	const slots, rounds, peers = 64, 20000, 3
	p := testPool(t, slots, 128, 0)
	sent := make(chan *Buf, slots)
	var wg sync.WaitGroup
	for range peers {
		wg.Go(func() {
			for b := range sent {
				if b.Bytes()[0] != byte(b.InPort) {
					t.Error("two owners of one Buf")
				}
				b.Free(nil)
			}
		})
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n := 0; n < rounds; {
		b := p.Get()
		if b == nil {
			runtime.Gosched()
			continue
		}
		n++
		b.InPort = uint32(n)
		b.SetRange(0, 1)
		b.Bytes()[0] = byte(n)
		if r.IntN(4) == 0 {
			b.Free(p)
		} else {
			sent <- b
		}
	}
	close(sent)
	wg.Wait()
	if got := p.Stats().InUse; got != 0 {
		t.Errorf("%d in use", got)
	}
	for i := range slots {
		if b := p.Get(); b == nil {
			t.Fatalf("only %d of %d came back", i, slots)
		} else {
			defer b.Free(p)
		}
	}
}

func TestPoolDoesNotAllocate(t *testing.T) {
	p, q := testPool(t, 8, 512, 0), testPool(t, 8, 512, 0)
	if n := testing.AllocsPerRun(100, func() {
		b := p.Get()
		b.Append(q.Get())
		b.Free(p)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestBufFillsTwoCacheLines(t *testing.T) {
	if size := unsafe.Sizeof(Buf{}); size != 128 {
		t.Errorf("a Buf has %d bytes", size)
	}
}

func BenchmarkGetFree(b *testing.B) {
	p := testPool(b, 64, 2048, Headroom)
	b.Run("local", func(b *testing.B) {
		for b.Loop() {
			p.Get().Free(p)
		}
	})
	b.Run("foreign", func(b *testing.B) {
		for b.Loop() {
			p.Get().Free(nil)
		}
	})
}
