package datapath

import (
	"errors"
	"testing"

	"vswitch/flow"
	"vswitch/packet"
	"vswitch/ports/dummy"
)

// captureAll is a jar with a capture, and what it has captured.
func captureAll(t *testing.T, slow SlowPath, o CaptureOptions) (*jar, func() []Captured) {
	j := newJar(t, slow, 3, Options{}, dummy.Options{})
	c := j.dp.StartCapture(o)
	t.Cleanup(c.Close)
	return j, func() (all []Captured) {
		_ = c.Read(func(f *Captured) error {
			one := *f
			one.Data = append([]byte(nil), f.Data...)
			all = append(all, one)
			return nil
		})
		return all
	}
}

// TestCapture sees a frame come in and leave, the first time and by the cache, and
// another one be dropped, each with its decision.
func TestCapture(t *testing.T) {
	credit := &creditCounter{}
	slow := slowFunc(func(u *Upcall, v *Verdict) error {
		v.Credits, v.Mask.IPSrc = append(v.Credits, credit), ^uint32(0)
		if u.Key.IPSrc&1 == 0 {
			v.Actions = append(v.Actions, Output(2))
		} else {
			v.Actions = append(v.Actions, Drop(DropTableMiss))
		}
		return nil
	})
	j, read := captureAll(t, slow, CaptureOptions{Snaplen: 40})
	for range 2 {
		j.ports[0].Inject(0, frame(2), frame(3))
		j.step()
		got := read()
		want := []struct {
			point CapturePoint
			port  PortID
			drop  DropReason
		}{{CaptureReceive, 1, 0}, {CaptureReceive, 1, 0}, {CaptureDrop, 1, DropTableMiss}, {CaptureTransmit, 2, 0}}
		if len(got) != len(want) {
			t.Fatalf("%d frames were captured, want %d: %+v", len(got), len(want), got)
		}
		for i, w := range want {
			g := got[i]
			if g.Point != w.point || g.Port != w.port || g.Reason != w.drop || g.Size != len(frame(2)) || len(g.Data) != 40 {
				t.Errorf("frame %d: %+v, want %+v", i, g, w)
			}
			if decided := g.Point != CaptureTransmit; decided != (len(g.Credits) == 1 && g.Credits[0] == Credit(credit)) {
				t.Errorf("frame %d: credits %v", i, g.Credits)
			}
		}
	}
}

// TestCaptureChooses captures by port, point and headers, and ends.
func TestCaptureChooses(t *testing.T) {
	filter := &CaptureFilter{}
	filter.Value.IPSrc, filter.Mask.IPSrc = 0x0a000002, ^uint32(0)
	for _, c := range []struct {
		name string
		o    CaptureOptions
		want int
	}{
		{"port", CaptureOptions{Ports: []PortID{2}}, 10},
		{"no port", CaptureOptions{Ports: []PortID{3}}, 0},
		{"point", CaptureOptions{Points: CaptureReceive}, 10},
		{"headers", CaptureOptions{Filter: filter}, 2},
		{"bytes", CaptureOptions{Match: func(b []byte, size int) bool { return size == len(b) && b[29] == 2 }}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, read := captureAll(t, toPort(2), c.o)
			for i := range 10 {
				j.ports[0].Inject(0, frame(i))
			}
			j.step()
			if got := len(read()); got != c.want {
				t.Errorf("%d frames were captured, want %d", got, c.want)
			}
			j.dp.workers[0].captures[0].Close()
			j.ports[0].Inject(0, frame(2))
			j.step()
			if got := len(read()); got != 0 {
				t.Errorf("%d frames after the end", got)
			}
		})
	}
}

// TestCaptureMisses has more frames pass than a reader takes: none waits for it, what
// is there is whole and in order, and the rest is counted.
func TestCaptureMisses(t *testing.T) {
	j := newJar(t, toPort(2), 2, Options{}, dummy.Options{Discard: true})
	c := j.dp.StartCapture(CaptureOptions{Points: CaptureReceive})
	defer c.Close()
	const n = 3 * captureSlots
	seen, next := 0, uint32(0)
	read := func(limit int) {
		enough := errors.New("enough")
		_ = c.Read(func(f *Captured) error {
			var k flow.Key
			b := packet.View(append([]byte(nil), f.Data...))
			flow.Extract(b, &k)
			if k.IPSrc < next {
				t.Fatalf("frame %x after %x", k.IPSrc, next)
			}
			next = k.IPSrc + 1
			seen++
			if limit--; limit == 0 {
				return enough
			}
			return nil
		})
	}
	for i := range n {
		j.ports[0].Inject(0, frame(i))
		if i%1000 == 0 {
			j.step()
			read(500)
		}
	}
	j.step()
	read(-1)
	if got := seen + int(c.Missed()); got != n || c.Missed() == 0 {
		t.Errorf("%d seen and %d missed of %d", seen, c.Missed(), n)
	}
}

// TestCaptureDoesNotAllocate holds the worker to its promise while it captures.
func TestCaptureDoesNotAllocate(t *testing.T) {
	j := newJar(t, toPort(2), 2, Options{}, dummy.Options{Discard: true})
	c := j.dp.StartCapture(CaptureOptions{})
	defer c.Close()
	j.doesNotAllocate(frame(1))
}

// doesNotAllocate has port 1 receive a frame over and over.
func (j *jar) doesNotAllocate(f []byte) {
	j.t.Helper()
	j.ports[0].Repeat(0, 1, f)
	j.step()
	if n := testing.AllocsPerRun(100, func() {
		j.ports[0].Repeat(0, 64, f)
		j.step()
	}); n > 1 { // the dummy port's own copy of the frame
		j.t.Errorf("%v allocations for 64 frames", n)
	}
}
