package packet

import (
	"bytes"
	"testing"
)

// fill makes b's content data, at offset off of its room.
func fill(b *Buf, off int, data []byte) {
	copy(b.Room()[off:], data)
	b.SetRange(off, off+len(data))
}

func TestPushPull(t *testing.T) {
	p := testPool(t, 1, 512, 0)
	content := []byte("the frame's own bytes")
	for _, c := range []struct {
		name      string
		room, off int // of the content within the room
		push      int
		wantNil   bool
		wantOff   int
	}{
		{name: "headroom is enough", off: 100, push: 60, wantOff: 40},
		{name: "headroom is used up", off: 60, push: 60, wantOff: 0},
		{name: "short: content moves, the rest is shared", off: 10, push: 91, wantOff: 200},
		{name: "all of the room", off: 10, push: 512 - 21, wantOff: 0},
		{name: "one byte more than the room", off: 10, push: 512 - 20, wantNil: true, wantOff: 10},
		{name: "nothing", off: 10, push: 0, wantOff: 10},
	} {
		b := p.Get()
		fill(b, c.off, content)
		got := b.Push(c.push)
		if (got == nil) != c.wantNil || got != nil && len(got) != c.push {
			t.Errorf("%s: %d bytes, nil %v", c.name, len(got), got == nil)
		}
		if b.HeadroomLeft() != c.wantOff {
			t.Errorf("%s: %d bytes of headroom left, want %d", c.name, b.HeadroomLeft(), c.wantOff)
		}
		if got != nil {
			for i := range got {
				got[i] = 0xaa
			}
			if !b.Pull(c.push) {
				t.Errorf("%s: Pull refused", c.name)
			}
		}
		if !bytes.Equal(b.Bytes(), content) {
			t.Errorf("%s: content %q", c.name, b.Bytes())
		}
		b.Free(p)
	}
}

func TestPullStopsAtTheSegment(t *testing.T) {
	p := testPool(t, 2, 512, 0)
	b := p.Get()
	defer b.Free(p)
	fill(b, 0, []byte("first"))
	second := p.Get()
	fill(second, 0, []byte("second"))
	b.Append(second)
	if b.Pull(6) || b.Size() != 11 {
		t.Error("pulled over the end of the segment")
	}
	if !b.Pull(5) || b.Size() != 6 || len(b.Bytes()) != 0 {
		t.Error("the whole segment stayed")
	}
}

func TestPushPullKeepOffsets(t *testing.T) {
	all := Offload{NeedsCsum: true, GSO: GSOTCPv4, CsumStart: 38, CsumOffset: 16, GSOSize: 1000, HdrLen: 58, IPStart: 18}
	for _, c := range []struct {
		name    string
		pull    int
		layers  Layers
		offload Offload
		want    Layers
		wantOff Offload
	}{
		{"all shift", 4, Layers{14, 18, 38}, all, Layers{10, 14, 34},
			Offload{NeedsCsum: true, GSO: GSOTCPv4, CsumStart: 34, CsumOffset: 16, GSOSize: 1000, HdrLen: 54, IPStart: 14}},
		{"absent stays absent", 4, Layers{0, 18, 0}, Offload{}, Layers{0, 14, 0}, Offload{}},
		{"a header that went is absent", 18, Layers{14, 18, 38}, Offload{}, Layers{0, 0, 20}, Offload{}},
		{"a checksum that went needs no finishing", 40, Layers{14, 18, 38}, all, Layers{},
			Offload{CsumOffset: 16, GSOSize: 1000, HdrLen: 18}},
		{"a checksum that starts the frame", 38, Layers{14, 18, 38}, all, Layers{},
			Offload{NeedsCsum: true, CsumOffset: 16, GSOSize: 1000, HdrLen: 20}},
		{"without an IP header no super-frame", 20, Layers{0, 18, 38}, all, Layers{0, 0, 18},
			Offload{NeedsCsum: true, CsumStart: 18, CsumOffset: 16, GSOSize: 1000, HdrLen: 38}},
	} {
		p := testPool(t, 1, 512, 100)
		b := p.Get()
		b.SetRange(100, 200)
		b.Layers, b.Offload = c.layers, c.offload
		b.Pull(c.pull)
		if b.Layers != c.want || b.Offload != c.wantOff {
			t.Errorf("%s: %+v %+v", c.name, b.Layers, b.Offload)
		}
		if c.pull == 4 {
			b.Push(4)
			if b.Layers != c.layers || b.Offload != c.offload {
				t.Errorf("%s: after Push %+v %+v", c.name, b.Layers, b.Offload)
			}
		}
		b.Free(p)
	}
}

func TestPushBeforeFramesWithoutEthernet(t *testing.T) {
	p := testPool(t, 1, 512, 100)
	for _, c := range []struct {
		name         string
		ethType      uint16
		before, want Layers
	}{
		{"IPv4", EthTypeIPv4, Layers{0, 0, 20}, Layers{0, 5, 25}},
		{"NSH", EthTypeNSH, Layers{}, Layers{0, 5, 0}},
		{"MPLS", EthTypeMPLS, Layers{0, 4, 24}, Layers{5, 9, 29}},
		{"MPLS multicast over nothing known", EthTypeMPLSMulticast, Layers{}, Layers{5, 0, 0}},
	} {
		b := p.Get()
		b.SetRange(100, 200)
		copy(b.Bytes(), "\x45\x00\x00\x64") // IPv4, 100 bytes
		b.PacketType = PacketTypeOf(c.ethType)
		b.Layers = c.before
		b.Push(5)
		if b.Layers != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, b.Layers, c.want)
		}
		b.Pull(5)
		if b.Layers != c.before {
			t.Errorf("%s: %+v, want %+v again", c.name, b.Layers, c.before)
		}
		b.Free(p)
	}
}

func TestPushRefusesOffsetsBeyond16Bits(t *testing.T) {
	p := testPool(t, 1, 70000, 100)
	b := p.Get()
	defer b.Free(p)
	b.SetRange(100, 69000)
	b.Offload = Offload{NeedsCsum: true, CsumStart: 65530}
	if b.Push(6) != nil || b.Offload.CsumStart != 65530 || b.HeadroomLeft() != 100 {
		t.Error("an offset overflowed")
	}
	if b.Push(5) == nil || b.Offload.CsumStart != 65535 {
		t.Error("an offset that fits was refused")
	}
}
