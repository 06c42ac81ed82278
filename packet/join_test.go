package packet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// joinFlow is a sender whose frames a test joins.
type joinFlow struct {
	frame testFrame
	size  int // of its segments
}

// randomFlow makes a sender that is told apart from others by number alone.
func randomFlow(r *rand.Rand, number int) *joinFlow {
	f := testFrame{version: 4, proto: ProtoTCP, id: uint16(r.IntN(0x10000))}
	f.eth = EthFields{Dst: [6]byte{2, 1}, Src: [6]byte{2, 2}}
	if r.IntN(3) == 0 {
		f.tags = []testTag{{EthTypeVLAN, uint16(r.IntN(4096))}}
	}
	f.ip4 = IPv4Fields{Src: 0x0a000001, Dst: 0x0a000002, TTL: 64}
	if r.IntN(2) == 0 {
		f.version = 6
		f.ip6 = IPv6Fields{Src: [16]byte{0xfd, 1}, Dst: [16]byte{0xfd, 2}, HopLimit: 64}
	}
	if f.version == 4 && r.IntN(2) == 0 {
		f.frag = IPv4DontFragment
	}
	f.ports = PortFields{Src: uint16(1000 + number), Dst: 80}
	f.tcp = testTCP{seq: r.Uint32(), ack: r.Uint32(), flags: TCPAck, window: 500}
	if r.IntN(2) == 0 {
		f.tcp.options = []byte{1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2}
	}
	if r.IntN(4) == 0 {
		f.proto = ProtoUDP
	}
	return &joinFlow{f, 1 + r.IntN(1400)}
}

// next is the flow's next frame: most follow the one before, some do not, and some
// are broken.
func (f *joinFlow) next(r *rand.Rand) *testFrame {
	size := f.size
	switch r.IntN(12) {
	case 0:
		size = 1 + r.IntN(f.size)
	case 1:
		size = 0
	case 2:
		size = f.size + 1
	}
	if f.frame.proto == ProtoUDP && size == 0 {
		size = 1
	}
	f.frame.payload = make([]byte, size)
	for i := range f.frame.payload {
		f.frame.payload[i] = byte(r.Uint32())
	}
	sent := f.frame.clone()
	f.spoil(r, sent)
	f.frame.tcp.seq += uint32(size)
	f.frame.id++
	return sent
}

// spoil changes something of a frame, or of all that follow it.
func (f *joinFlow) spoil(r *rand.Rand, c *testFrame) {
	switch r.IntN(40) {
	case 0:
		c.tcp.flags |= TCPPsh
	case 1:
		c.tcp.flags |= TCPFin
	case 2:
		c.tcp.flags |= []uint16{TCPSyn, TCPRst, TCPUrg, TCPCwr, TCPEce}[r.IntN(5)]
	case 3:
		c.wrongBy = 1 + uint16(r.IntN(1000))
	case 4:
		c.ipWrong = 1 + uint16(r.IntN(1000))
	case 5:
		c.tcp.seq++
	case 6:
		f.frame.tcp.ack++
	case 7:
		f.frame.tcp.window++
	case 8:
		c.ip4.TTL, c.ip6.HopLimit = 63, 63
	case 9:
		c.ip4.TOS, c.ip6.TrafficClass = 3, 3
	case 10:
		c.pad = 3
	case 11:
		f.frame.id += 7
	case 12:
		c.eth.Src[5]++
	case 13:
		c.noSum = c.proto == ProtoUDP && c.version == 4
	case 14:
		if c.version == 4 {
			c.options = []byte{1, 1, 1, 0}
		}
	}
}

// joinBuf makes the frame as a driver and flow.Extract would hand it on.
func joinBuf(t *testing.T, r *rand.Rand, f *testFrame, p pools) *Buf {
	t.Helper()
	b := FromBytes(f.bytes(), p.small, p.spill)
	if b == nil {
		t.Fatal("pools are empty")
	}
	b.Layers = f.layers()
	if f.frag&^IPv4DontFragment != 0 {
		b.L4 = 0
	}
	b.Join = KindsOf(GSOTCPv4, GSOTCPv6, GSOUDP)
	at := map[uint8]uint16{ProtoTCP: tcpSumAt, ProtoUDP: udpSumAt}[f.proto]
	if f.wrongBy == 0 && !f.noSum && r.IntN(3) == 0 { // as a sender leaves it to the card
		b.Offload = Offload{NeedsCsum: true, CsumStart: b.L4, CsumOffset: at}
		s := segmentOf(b)
		pseudo := s.pseudoSum(b.Bytes(), b.Size()-f.pad-s.l4)
		b.WriteAt(s.l4+int(at), []byte{byte(pseudo >> 8), byte(pseudo)})
	}
	return b
}

// TestJoinIsUndoneBySplit joins what random senders send in turn, splits it again,
// and finds each sender's frames byte for byte and in their order. Nothing is
// joined that is broken.
func TestJoinIsUndoneBySplit(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	p := pools{small, spill}
	var j Joiner
	joined := 0
	for range 4000 {
		flows := make([]*joinFlow, 1+r.IntN(12))
		for i := range flows {
			flows[i] = randomFlow(r, i)
		}
		want := map[uint16][][]byte{}
		var frames []*Buf
		now := flows[0]
		for range 1 + r.IntN(64) {
			if r.IntN(4) == 0 {
				now = flows[r.IntN(len(flows))]
			}
			f := now.next(r)
			frames = append(frames, joinBuf(t, r, f, p))
			want[f.ports.Src] = append(want[f.ports.Src], f.bytes())
		}
		n := j.Join(frames, KindsOf(GSOTCPv4, GSOTCPv6, GSOUDP), small)
		joined += len(frames) - n
		got := map[uint16][][]byte{}
		for _, b := range frames[:n] {
			if b.Offload.GSO != GSONone && !ValidateOffload(b) {
				t.Fatalf("a super-frame that no port would take: %+v", b.Offload)
			}
			l4 := b.L4
			Split(b, small, spill, func(s *Buf) {
				frame := make([]byte, s.Size())
				s.CopyTo(frame)
				port := uint16(frame[l4])<<8 | uint16(frame[l4+1])
				got[port] = append(got[port], frame)
				s.Free(small)
			})
		}
		if diff := diffFlows(got, want); diff != "" {
			t.Fatal(diff)
		}
	}
	if joined < 20_000 {
		t.Errorf("only %d frames were joined", joined)
	}
	if s := small.Stats(); s.InUse != 0 {
		t.Errorf("%d buffers leaked", s.InUse)
	}
}

func diffFlows(got, want map[uint16][][]byte) string {
	for port, frames := range want {
		if len(got[port]) != len(frames) {
			return fmt.Sprintf("flow %d: %d frames, want %d", port, len(got[port]), len(frames))
		}
		for i := range frames {
			if !bytes.Equal(got[port][i], frames[i]) {
				return fmt.Sprintf("flow %d, frame %d:\n got %x\nwant %x", port, i, got[port][i], frames[i])
			}
		}
	}
	return ""
}

// TestJoin has the cases in which the result is known.
func TestJoin(t *testing.T) {
	base := func() *testFrame {
		f := &testFrame{version: 4, proto: ProtoTCP, id: 7, payload: bytes.Repeat([]byte{1}, 100)}
		f.ip4 = IPv4Fields{Src: 1, Dst: 2, TTL: 9}
		f.tcp = testTCP{seq: 0xffffff00, ack: 5, flags: TCPAck, window: 10}
		return f
	}
	// following is frame number i of the sender.
	following := func(i int) *testFrame {
		f := base()
		f.tcp.seq += uint32(100 * i)
		f.id += uint16(i)
		return f
	}
	for _, c := range []struct {
		name   string
		change func(f *testFrame, i int)
		takes  Kinds
		want   int
	}{
		{"four in a row", func(*testFrame, int) {}, KindsOf(GSOTCPv4), 1},
		{"the port takes none", func(*testFrame, int) {}, KindsOf(GSOTCPv6, GSOUDP), 4},
		{"PSH ends a super-frame", func(f *testFrame, i int) {
			if i == 1 {
				f.tcp.flags |= TCPPsh
			}
		}, KindsOf(GSOTCPv4), 2},
		{"a constant identification, not to be fragmented", func(f *testFrame, _ int) { f.id, f.frag = 0, IPv4DontFragment }, KindsOf(GSOTCPv4), 1},
		{"a constant identification", func(f *testFrame, _ int) { f.id = 0 }, KindsOf(GSOTCPv4), 4},
		{"wrong checksums", func(f *testFrame, _ int) { f.wrongBy = 1 }, KindsOf(GSOTCPv4), 4},
		{"one wrong checksum", func(f *testFrame, i int) {
			if i == 1 {
				f.wrongBy = 1
			}
		}, KindsOf(GSOTCPv4), 3},
		{"fragments", func(f *testFrame, _ int) { f.frag, f.fragment = IPv4MoreFragments, true }, KindsOf(GSOTCPv4), 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			small, spill := testPools(t)
			var frames []*Buf
			for i := range 4 {
				f := following(i)
				c.change(f, i)
				frames = append(frames, joinBuf(t, rand.New(rand.NewPCG(uint64(i), 0)), f, pools{small, spill}))
			}
			var j Joiner
			n := j.Join(frames, c.takes, small)
			if n != c.want {
				t.Errorf("%d frames remain, want %d", n, c.want)
			}
			for _, b := range frames[:n] {
				b.Free(small)
			}
		})
	}
}

// TestJoinStopsAtTheLimitOfIP joins 63 frames of 9,000 bytes, which are more than
// one IP packet holds.
func TestJoinStopsAtTheLimitOfIP(t *testing.T) {
	small, spill := testPools(t)
	r := newRand(t)
	f := randomFlow(r, 1)
	f.frame.proto, f.frame.tcp.flags = ProtoTCP, TCPAck
	var frames []*Buf
	for range 63 {
		f.frame.payload = make([]byte, 8900)
		frames = append(frames, joinBuf(t, r, &f.frame, pools{small, spill}))
		f.frame.tcp.seq += 8900
		f.frame.id++
	}
	var j Joiner
	n := j.Join(frames, KindsOf(GSOTCPv4, GSOTCPv6), small)
	if n != 9 { // seven frames and their headers are less than 65,535 bytes, eight are more
		t.Errorf("%d frames remain, want 9", n)
	}
	for _, b := range frames[:n] {
		if b.Size() > maxIPPacket+EthSize+2*VLANSize || b.Offload.GSO == GSONone {
			t.Errorf("a frame of %d bytes, %+v", b.Size(), b.Offload)
		}
		b.Free(small)
	}
}

func BenchmarkJoin(b *testing.B) {
	for _, c := range []struct {
		name string
		kind uint8
		size int
	}{{"45 of 1448 bytes", ProtoTCP, 1448}, {"45 of 22 bytes, UDP that is not joined", ProtoUDP, 22}} {
		b.Run(c.name, func(b *testing.B) {
			small, err := NewPool(256, 2048+Headroom, Headroom)
			if err != nil {
				b.Fatal(err)
			}
			defer small.Close()
			f := testFrame{version: 4, proto: c.kind, tcp: testTCP{flags: TCPAck}, payload: make([]byte, c.size)}
			var j Joiner
			frames := make([]*Buf, 45)
			b.ReportAllocs()
			var all [][]byte
			for range frames {
				all = append(all, f.bytes())
				f.tcp.seq += uint32(c.size)
				f.id++
			}
			layers := f.layers()
			for b.Loop() {
				for i := range frames {
					frames[i] = FromBytes(all[i], small, nil)
					frames[i].Layers, frames[i].Join, frames[i].Offload.CsumValid = layers, KindsOf(GSOTCPv4), true
				}
				for _, f := range frames[:j.Join(frames, KindsOf(GSOTCPv4), small)] {
					f.Free(small)
				}
			}
		})
	}
}

// TestJoinOnlyPlainIP: a kernel splits IP behind Ethernet and VLAN tags alone, so
// segments behind anything else stay apart.
func TestJoinOnlyPlainIP(t *testing.T) {
	small, spill := testPools(t)
	r := newRand(t)
	snap := func(b *Buf) {
		size := b.Size() - EthSize
		if !b.open(EthSize-2, 8) {
			t.Fatal("no room")
		}
		copy(b.Bytes()[EthSize-2:], []byte{byte((size + 8) >> 8), byte(size + 8), 0xaa, 0xaa, 3, 0, 0, 0})
	}
	for _, c := range []struct {
		name   string
		edit   func(*Buf)
		joined bool
	}{
		{"Ethernet", func(*Buf) {}, true},
		{"a tag", func(b *Buf) { b.PushVLAN(EthTypeVLAN, 5) }, true},
		{"two tags", func(b *Buf) { b.PushVLAN(EthTypeVLAN, 5); b.PushVLAN(EthTypeSVLAN, 6) }, true},
		{"a label", func(b *Buf) { b.PushMPLS(EthTypeMPLS, 0x140) }, false},
		{"a backbone header", func(b *Buf) { b.PushPBB(7) }, false},
		{"LLC and SNAP", snap, false},
	} {
		var frames []*Buf
		f := testFrame{version: 4, proto: ProtoUDP, frag: IPv4DontFragment, payload: make([]byte, 100), ip4: IPv4Fields{Src: 1, Dst: 2, TTL: 9}}
		for range 3 {
			b := joinBuf(t, r, &f, pools{small, spill})
			c.edit(b)
			frames = append(frames, b)
		}
		var j Joiner
		n := j.Join(frames, KindsOf(GSOUDP), small)
		if (n == 1) != c.joined {
			t.Errorf("behind %s: %d frames of 3 are left", c.name, n)
		}
		for _, b := range frames[:n] {
			b.Free(small)
		}
	}
}
