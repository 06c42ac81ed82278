package packet

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// testEdit is one random edit of a frame: done on a Buf, and done on its twin.
// applies says whether the frame has what the edit is about.
type testEdit struct {
	name    string
	applies bool
	do      func(*Buf) bool
	twin    func()
}

// randomEdit draws an edit of frame f.
func randomEdit(r *rand.Rand, f *testFrame) testEdit {
	switch r.IntN(6) {
	case 0:
		return randomLinkEdit(r, f)
	case 1:
		return randomLabelEdit(r, f)
	case 2, 3:
		return randomNetworkEdit(r, f)
	}
	return randomTransportEdit(r, f)
}

func randomLinkEdit(r *rand.Rand, f *testFrame) testEdit {
	switch r.IntN(4) {
	case 0:
		v, m := EthFields{randomMAC(r), randomMAC(r)}, EthFields{randomMask6(r), randomMask6(r)}
		return testEdit{"SetEth", true,
			func(b *Buf) bool { return b.SetEth(&v, &m) },
			func() {
				naiveMerge(f.eth.Dst[:], v.Dst[:], m.Dst[:])
				naiveMerge(f.eth.Src[:], v.Src[:], m.Src[:])
			}}
	case 1:
		tag := testTag{EthTypeSVLAN, uint16(r.Uint32())}
		return testEdit{"PushVLAN", true,
			func(b *Buf) bool { return b.PushVLAN(tag.tpid, tag.tci) },
			func() { f.tags = append([]testTag{tag}, f.tags...) }}
	case 2:
		return testEdit{"PopVLAN", len(f.tags) > 0,
			func(b *Buf) bool { return b.PopVLAN() },
			func() { f.tags = f.tags[1:] }}
	}
	v, m := uint16(r.Uint32()), uint16(randomMask(r))
	return testEdit{"SetVLAN", len(f.tags) > 0,
		func(b *Buf) bool { return b.SetVLAN(v, m) },
		func() {
			m := m & 0xefff
			f.tags[0].tci = f.tags[0].tci&^m | v&m
		}}
}

func randomLabelEdit(r *rand.Rand, f *testFrame) testEdit {
	labelled := len(f.labels) > 0
	switch r.IntN(4) {
	case 0:
		e := LSE(r.Uint32())&^0x100 | LSE(bit(!labelled))<<8
		return testEdit{"PushMPLS", true,
			func(b *Buf) bool { return b.PushMPLS(EthTypeMPLS, e) },
			func() { f.labels = append([]LSE{e}, f.labels...) }}
	case 1:
		next := f.l3Type()
		if len(f.labels) > 1 {
			next = EthTypeMPLS
		}
		return testEdit{"PopMPLS", labelled,
			func(b *Buf) bool { return b.PopMPLS(next) },
			func() { f.labels = f.labels[1:] }}
	case 2:
		v, m := LSE(r.Uint32()), LSE(randomMask(r))&^0x100
		return testEdit{"SetMPLS", labelled,
			func(b *Buf) bool { return b.SetMPLS(v, m) },
			func() { f.labels[0] = f.labels[0]&^m | v&m }}
	}
	v, m := r.Uint32(), uint32(randomMask(r))
	return testEdit{"PushPBB, SetPBB, PopPBB", true,
		func(b *Buf) bool {
			return b.PushPBB(1) && b.PushVLAN(EthTypeSVLAN, 7) && b.SetPBB(v, m) &&
				b.PopVLAN() && b.PopPBB()
		},
		func() {}}
}

func randomNetworkEdit(r *rand.Rand, f *testFrame) testEdit {
	switch r.IntN(3) {
	case 0:
		v := IPv4Fields{r.Uint32(), r.Uint32(), uint8(r.Uint32()), uint8(r.Uint32())}
		m := IPv4Fields{uint32(randomMask(r)), uint32(randomMask(r)), uint8(randomMask(r)), uint8(randomMask(r))}
		return testEdit{"SetIPv4", f.version == 4,
			func(b *Buf) bool { return b.SetIPv4(&v, &m) },
			func() {
				f.ip4.Src = f.ip4.Src&^m.Src | v.Src&m.Src
				f.ip4.Dst = f.ip4.Dst&^m.Dst | v.Dst&m.Dst
				f.ip4.TOS = f.ip4.TOS&^m.TOS | v.TOS&m.TOS
				f.ip4.TTL = f.ip4.TTL&^m.TTL | v.TTL&m.TTL
			}}
	case 1:
		v := IPv6Fields{randomIPv6(r), randomIPv6(r), r.Uint32(), uint8(r.Uint32()), uint8(r.Uint32())}
		m := IPv6Fields{randomMask16(r), randomMask16(r), uint32(randomMask(r)), uint8(randomMask(r)), uint8(randomMask(r))}
		return testEdit{"SetIPv6", f.version == 6,
			func(b *Buf) bool { return b.SetIPv6(&v, &m) },
			func() {
				naiveMerge(f.ip6.Src[:], v.Src[:], m.Src[:])
				naiveMerge(f.ip6.Dst[:], v.Dst[:], m.Dst[:])
				f.ip6.Label = (f.ip6.Label&^m.Label | v.Label&m.Label) & 0xfffff
				f.ip6.TrafficClass = f.ip6.TrafficClass&^m.TrafficClass | v.TrafficClass&m.TrafficClass
				f.ip6.HopLimit = f.ip6.HopLimit&^m.HopLimit | v.HopLimit&m.HopLimit
			}}
	}
	v := ARPFields{uint16(r.Uint32()), r.Uint32(), r.Uint32(), randomMAC(r), randomMAC(r)}
	m := ARPFields{uint16(randomMask(r)), uint32(randomMask(r)), uint32(randomMask(r)), randomMask6(r), randomMask6(r)}
	return testEdit{"SetARP", f.version == 0,
		func(b *Buf) bool { return b.SetARP(&v, &m) },
		func() {
			f.arp.Op = f.arp.Op&^m.Op | v.Op&m.Op
			f.arp.SPA = f.arp.SPA&^m.SPA | v.SPA&m.SPA
			f.arp.TPA = f.arp.TPA&^m.TPA | v.TPA&m.TPA
			naiveMerge(f.arp.SHA[:], v.SHA[:], m.SHA[:])
			naiveMerge(f.arp.THA[:], v.THA[:], m.THA[:])
		}}
}

func randomTransportEdit(r *rand.Rand, f *testFrame) testEdit {
	v := PortFields{uint16(r.Uint32()), uint16(r.Uint32())}
	m := PortFields{uint16(randomMask(r)), uint16(randomMask(r))}
	twin := func() {
		f.ports.Src = f.ports.Src&^m.Src | v.Src&m.Src
		f.ports.Dst = f.ports.Dst&^m.Dst | v.Dst&m.Dst
	}
	is := func(proto uint8) bool { return f.version != 0 && f.proto == proto && !f.later }
	switch r.IntN(5) {
	case 0:
		return testEdit{"SetTCP", is(ProtoTCP), func(b *Buf) bool { return b.SetTCP(&v, &m) }, twin}
	case 1:
		return testEdit{"SetUDP", is(ProtoUDP), func(b *Buf) bool { return b.SetUDP(&v, &m) }, twin}
	case 2:
		return testEdit{"SetSCTP", is(ProtoSCTP), func(b *Buf) bool { return b.SetSCTP(&v, &m) }, twin}
	case 3:
		v, m := ICMPFields{uint8(r.Uint32()), uint8(r.Uint32())}, ICMPFields{uint8(randomMask(r)), uint8(randomMask(r))}
		if f.nd != nil {
			m.Type = 0 // its options must still be there for SetND
		}
		return testEdit{"SetICMP", is(ProtoICMP) || is(ProtoICMPv6),
			func(b *Buf) bool { return b.SetICMP(&v, &m) },
			func() {
				f.icmp.Type = f.icmp.Type&^m.Type | v.Type&m.Type
				f.icmp.Code = f.icmp.Code&^m.Code | v.Code&m.Code
			}}
	}
	return randomNDEdit(r, f)
}

func randomNDEdit(r *rand.Rand, f *testFrame) testEdit {
	v := NDFields{randomIPv6(r), randomMAC(r), randomMAC(r), r.Uint32(), uint8(1 + r.IntN(2))}
	m := NDFields{randomMask16(r), randomMask6(r), randomMask6(r), uint32(randomMask(r)), uint8(0xff * r.IntN(2))}
	isND := !f.later && (f.nd != nil || f.version == 6 && f.proto == ProtoICMPv6 && len(f.payload) >= 16 &&
		(f.icmp.Type == ICMPv6NeighborSolicit || f.icmp.Type == ICMPv6NeighborAdvert))
	return testEdit{"SetND", isND,
		func(b *Buf) bool {
			if f.nd == nil { // random bytes behind the type: the twin knows no fields
				v, m = NDFields{}, NDFields{}
			}
			return b.SetND(&v, &m)
		},
		func() {
			if f.nd == nil {
				return
			}
			n := f.nd
			n.fields.Reserved = n.fields.Reserved&^m.Reserved | v.Reserved&m.Reserved
			naiveMerge(n.fields.Target[:], v.Target[:], m.Target[:])
			seen := map[byte]bool{}
			for _, o := range n.options {
				if len(o) != 8 || o[0] != 1 && o[0] != 2 {
					continue
				}
				kind, isFirst := o[0], len(seen) == 0
				if addr := [][2][]byte{1: {v.SLL[:], m.SLL[:]}, 2: {v.TLL[:], m.TLL[:]}}[kind]; !seen[kind] {
					naiveMerge(o[2:], addr[0], addr[1])
				}
				if isFirst {
					naiveMerge(o[:1], []byte{v.OptType}, []byte{m.OptType})
				}
				seen[kind] = true
			}
		}}
}

func naiveMerge(dst, value, mask []byte) {
	for i := range dst {
		for bit := byte(1); bit != 0; bit <<= 1 {
			if mask[i]&bit != 0 {
				dst[i] = dst[i]&^bit | value[i]&bit
			}
		}
	}
}

func bit(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// randomMask is all, none or some bits.
func randomMask(r *rand.Rand) uint64 { return []uint64{0, ^uint64(0), r.Uint64()}[r.IntN(3)] }

func randomMask6(r *rand.Rand) [6]byte {
	m := randomMask16(r)
	return [6]byte(m[:6])
}

func randomMask16(r *rand.Rand) [16]byte {
	var m [16]byte
	binary.BigEndian.PutUint64(m[:], randomMask(r))
	binary.BigEndian.PutUint64(m[8:], randomMask(r))
	return m
}

// TestEditsLikeNaive runs random sequences of edits on random frames, with
// complete, wrong and partial checksums, and compares every byte, layer and
// offload field with a frame written from the start.
func TestEditsLikeNaive(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	applied := map[string]int{}
	for range 60000 {
		f := randomFrame(r)
		b := f.buf(t, small, spill)
		partial := b.L4 != 0 && f.sumPlace() != 0 && f.pad == 0 && !f.noSum && r.IntN(3) == 0
		if partial && f.proto == ProtoSCTP {
			f.wrongBy = 0 // a CRC is computed whole, so it cannot be wrong
		}
		if partial {
			f.leaveSum(b)
		}
		trail := ""
		for range 1 + r.IntN(6) {
			e := randomEdit(r, f)
			trail += " " + e.name
			if got := e.do(b); got != e.applies {
				t.Fatalf("%s: %v, want %v, on %x", trail, got, e.applies, f.bytes())
			}
			if e.applies {
				e.twin()
				applied[e.name]++
			}
		}
		checkFrame(t, b, f, partial, trail)
		b.Free(small)
	}
	for name, n := range applied {
		if n < 100 {
			t.Errorf("%s: only %d edits", name, n)
		}
	}
	if len(applied) != 16 {
		t.Errorf("%d kinds of edits: %v", len(applied), applied)
	}
}

// checkFrame compares b with what f writes.
func checkFrame(t *testing.T, b *Buf, f *testFrame, partial bool, trail string) {
	t.Helper()
	if got, want := b.Layers, f.layers(); got != want {
		t.Fatalf("%s: layers %+v, want %+v", trail, got, want)
	}
	if b.Offload.NeedsCsum != partial {
		t.Fatalf("%s: NeedsCsum %v", trail, b.Offload.NeedsCsum)
	}
	if partial {
		if got, want := b.Offload.CsumStart, f.layers().L4; got != want {
			t.Fatalf("%s: CsumStart %d, want %d", trail, got, want)
		}
		FinishChecksum(b)
	}
	want, got := f.bytes(), make([]byte, b.Size())
	b.CopyTo(got)
	// A sum of zero at UDP's place is finished as UDP wants it, though DCCP does not.
	if at := int(b.L4) + f.sumPlace(); partial && f.proto == ProtoDCCP && want[at]|want[at+1] == 0 && got[at]&got[at+1] == 0xff {
		got[at], got[at+1] = 0, 0
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: (partial %v)\n got %x\nwant %x", trail, partial, got, want)
	}
}

// TestUDPChecksumNeverBecomesZero changes a word so that the checksum computes
// to 0, which would say that there is none (RFC 768).
func TestUDPChecksumNeverBecomesZero(t *testing.T) {
	small, spill := testPools(t)
	for _, proto := range []uint8{ProtoUDP, ProtoUDPLite} {
		f := &testFrame{version: 4, proto: proto, ports: PortFields{1, 2}}
		f.ip4.Src = uint32(binary.BigEndian.Uint16(f.bytes()[34+6:]))
		before := f.clone()
		before.ip4.Src = 0x0a000001
		b := before.buf(t, small, spill)
		if !b.SetIPv4(&f.ip4, &IPv4Fields{Src: ^uint32(0)}) {
			t.Fatal("refused")
		}
		if got := binary.BigEndian.Uint16(b.Bytes()[34+6:]); got != 0xffff {
			t.Errorf("protocol %d: %#04x", proto, got)
		}
		checkFrame(t, b, f, false, "to zero")
		b.Free(small)
	}
}

// TestSCTPChecksumOfParts leaves the CRC of a packet alone whose other bytes are
// elsewhere.
func TestSCTPChecksumOfParts(t *testing.T) {
	small, spill := testPools(t)
	first4 := &testFrame{version: 4, proto: ProtoSCTP, frag: IPv4MoreFragments, payload: make([]byte, 64)}
	first6 := &testFrame{version: 6, proto: ProtoSCTP, payload: make([]byte, 64),
		exts: []testExt{{ProtoFragment, []byte{0, 0, 0, 1, 0, 0, 0, 1}}}}
	whole := &testFrame{version: 6, proto: ProtoSCTP, payload: make([]byte, 64)}
	for _, c := range []struct {
		name  string
		frame *testFrame
		cut   int
		kept  bool
	}{
		{"first IPv4 fragment", first4, 0, true},
		{"first IPv6 fragment", first6, 0, true},
		{"packet cut short", whole, 1, true},
		{"whole packet", whole, 0, false},
	} {
		b := c.frame.buf(t, small, spill)
		b.Trim(b.Size()-c.cut, small)
		before := SCTP(b.Bytes()[b.L4:]).Checksum()
		if !b.SetSCTP(&PortFields{1, 2}, &PortFields{0xffff, 0xffff}) {
			t.Errorf("%s: refused", c.name)
		}
		h := SCTP(b.Bytes()[b.L4:])
		if h.SrcPort() != 1 || h.DstPort() != 2 || (h.Checksum() == before) != c.kept {
			t.Errorf("%s: ports %d %d, CRC kept %v", c.name, h.SrcPort(), h.DstPort(), h.Checksum() == before)
		}
		b.Free(small)
	}
}

// TestEditsStopAtThePacketsEnd has IP packets that end, as their length says,
// within a transport header; what is behind is padding and stays as it is.
func TestEditsStopAtThePacketsEnd(t *testing.T) {
	small, spill := testPools(t)
	for _, version := range []uint8{4, 6} {
		f := &testFrame{version: version, proto: ProtoTCP, payload: make([]byte, 8)}
		whole := f.buf(t, small, spill)
		lenAt := EthSize + ipv4LenAt
		full := uint16(f.ipHeaderLen() + TCPSize + 8)
		if version == 6 {
			lenAt, full = EthSize+ipv6LenAt, TCPSize+8
		}
		for cut := range uint16(TCPSize + 9) {
			b := whole.Clone(small, spill)
			binary.BigEndian.PutUint16(b.Bytes()[lenAt:], full-cut)
			before := TCP(b.Bytes()[b.L4:]).Checksum()
			ports := b.SetTCP(&PortFields{1, 2}, &PortFields{0xffff, 0xffff})
			if want := cut <= 8; ports != want {
				t.Errorf("IPv%d short by %d: ports set %v", version, cut, ports)
			}
			after := TCP(b.Bytes()[b.L4:]).Checksum()
			if !b.SetIPv4(&IPv4Fields{Src: 1}, &IPv4Fields{Src: 0xff}) &&
				!b.SetIPv6(&IPv6Fields{Src: [16]byte{15: 1}}, &IPv6Fields{Src: [16]byte{15: 0xff}}) {
				t.Error("addresses not set")
			}
			corrected := TCP(b.Bytes()[b.L4:]).Checksum() != after
			if want := cut <= 8+2; corrected != want || (after != before) != ports {
				t.Errorf("IPv%d short by %d: checksum corrected %v", version, cut, corrected)
			}
			b.Free(small)
		}
		whole.Free(small)
	}
}

// TestEditsLeaveInnerPartialChecksum has a UDP tunnel whose own checksum is
// complete while the inner packet's is left to the network card.
func TestEditsLeaveInnerPartialChecksum(t *testing.T) {
	small, spill := testPools(t)
	f := &testFrame{version: 4, proto: ProtoUDP, payload: make([]byte, 100)}
	b := f.buf(t, small, spill)
	defer b.Free(small)
	b.Offload = Offload{NeedsCsum: true, CsumStart: b.L4 + 50, CsumOffset: 16}
	f.ip4 = IPv4Fields{Src: 1, Dst: 2, TOS: 3, TTL: 4}
	f.ports = PortFields{5, 6}
	if !b.SetIPv4(&f.ip4, &IPv4Fields{^uint32(0), ^uint32(0), 255, 255}) ||
		!b.SetUDP(&f.ports, &PortFields{0xffff, 0xffff}) {
		t.Fatal("refused")
	}
	if !bytes.Equal(b.Bytes(), f.bytes()) {
		t.Errorf("\n got %x\nwant %x", b.Bytes(), f.bytes())
	}
}

// TestEditsOfOpaquePackets proves that edits look before they write: on frames
// cut short or of random bytes, with any layers, nothing panics and an edit that
// reports false changed nothing.
func TestEditsOfOpaquePackets(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	for range 40000 {
		f := randomFrame(r)
		s := f.bytes()
		s = s[:r.IntN(min(len(s), 200)+1)]
		if r.IntN(3) == 0 {
			s = randomBytes(r, r.IntN(100))
		}
		b := FromBytes(s, small, spill)
		b.Layers = f.layers()
		if r.IntN(3) == 0 {
			b.Layers = Layers{uint16(r.IntN(120)), uint16(r.IntN(120)), uint16(r.IntN(120))}
		}
		before := b.Layers
		e := randomEdit(r, f)
		if !e.do(b) {
			got := make([]byte, b.Size())
			b.CopyTo(got)
			if e.name != "PushPBB, SetPBB, PopPBB" && (!bytes.Equal(got, s) || b.Layers != before) {
				t.Fatalf("%s refused and changed %x to %x", e.name, s, got)
			}
		}
		b.Free(small)
	}
}

func TestEditsDoNotAllocate(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	ports := PortFields{1, 2}
	ip4, ip6 := IPv4Fields{1, 2, 3, 4}, IPv6Fields{Label: 5}
	mask4, mask6 := IPv4Fields{^uint32(0), ^uint32(0), 255, 255}, IPv6Fields{Label: 0xfffff}
	for range 50 {
		b := randomFrame(r).buf(t, small, spill)
		if n := testing.AllocsPerRun(10, func() {
			b.PushVLAN(EthTypeVLAN, 5)
			b.SetVLAN(6, 0xfff)
			b.PushMPLS(EthTypeMPLS, 1)
			b.SetMPLS(2, 3)
			b.PopMPLS(EthTypeIPv4)
			b.PopVLAN()
			b.SetIPv4(&ip4, &mask4)
			b.SetIPv6(&ip6, &mask6)
			b.SetTCP(&ports, &ports)
			b.SetUDP(&ports, &ports)
			b.SetSCTP(&ports, &ports)
			b.SetICMP(&ICMPFields{1, 2}, &ICMPFields{3, 4})
			b.SetND(&NDFields{}, &NDFields{OptType: 1})
			b.SetARP(&ARPFields{}, &ARPFields{Op: 1})
		}); n != 0 {
			t.Fatalf("%v allocations", n)
		}
		b.Free(small)
	}
}

// FuzzEdits walks the locator and all edits over arbitrary bytes and layers.
func FuzzEdits(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		frame := randomFrame(r)
		l := frame.layers()
		f.Add(frame.bytes(), l.L25, l.L3, l.L4, uint64(r.Uint64()))
	}
	small, spill := testPools(f)
	f.Fuzz(func(t *testing.T, data []byte, l25, l3, l4 uint16, seed uint64) {
		b := FromBytes(data, small, spill)
		if b == nil {
			return
		}
		defer b.Free(small)
		b.Layers = Layers{l25, l3, l4}
		r := rand.New(rand.NewPCG(seed, 0))
		dummy := &testFrame{version: 4}
		for range 4 {
			randomEdit(r, dummy).do(b)
		}
		locateIP(b)
		b.Offload = Offload{
			NeedsCsum: seed&1 != 0, CsumValid: seed&8 != 0, GSO: GSOType(seed >> 1 & 3), CsumStart: uint16(seed >> 8),
			CsumOffset: uint16(seed >> 24 & 31), GSOSize: uint16(seed >> 32), HdrLen: uint16(seed >> 48),
		}
		if ValidateOffload(b) {
			lost := Split(b.Clone(small, spill), small, spill, func(f *Buf) { f.Free(small) })
			if lost != 0 {
				t.Fatalf("%d segments lost", lost)
			}
		}
	})
}
