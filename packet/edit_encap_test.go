package packet

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// unhex reads hexadecimal with spaces in it.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	testMACs    = "020000000001 020000000002"
	testPayload = "45000014000000004001 0000 0a000001 0a000002"
)

// TestHeadersPushedAndPopped writes the bytes that the standards show, and takes
// them away again.
func TestHeadersPushedAndPopped(t *testing.T) {
	p := testPool(t, 2, 2048, Headroom)
	for _, c := range []struct {
		name       string
		before     string
		packetType uint32
		layers     Layers
		push       func(*Buf) bool
		after      string
		afterType  uint32
		want       Layers
		pop        func(*Buf) bool
		wantPopped *Layers // nil: as before
	}{
		{
			name: "802.1Q", before: testMACs + "0800" + testPayload, layers: Layers{0, 14, 34},
			push:  func(b *Buf) bool { return b.PushVLAN(EthTypeVLAN, 0x3064) },
			after: testMACs + "8100 3064 0800" + testPayload, want: Layers{0, 18, 38},
			pop: (*Buf).PopVLAN,
		},
		{
			name:   "802.1ad before 802.1Q",
			before: testMACs + "8100 0001 0806 0001", layers: Layers{0, 18, 0},
			push:  func(b *Buf) bool { return b.PushVLAN(EthTypeSVLAN, 0xf002) },
			after: testMACs + "88a8 f002 8100 0001 0806 0001", want: Layers{0, 22, 0},
			pop: (*Buf).PopVLAN,
		},
		{
			name:   "802.1Q on a frame with a length",
			before: testMACs + "0003 42 42 03",
			push:   func(b *Buf) bool { return b.PushVLAN(EthTypeVLAN, 5) },
			after:  testMACs + "8100 0005 0003 42 42 03",
			pop:    (*Buf).PopVLAN,
		},
		{
			name: "first label behind tags", before: testMACs + "8100 0001 0800" + testPayload,
			layers: Layers{0, 18, 38},
			push:   func(b *Buf) bool { return b.PushMPLS(EthTypeMPLS, MakeLSE(16, 5, true, 64)) },
			after:  testMACs + "8100 0001 8847 00010b40" + testPayload, want: Layers{18, 22, 42},
			pop: func(b *Buf) bool { return b.PopMPLS(EthTypeIPv4) },
		},
		{
			name: "second label", before: testMACs + "8847 00010b40" + testPayload, layers: Layers{14, 18, 0},
			push:  func(b *Buf) bool { return b.PushMPLS(EthTypeMPLSMulticast, MakeLSE(0xfffff, 7, false, 255)) },
			after: testMACs + "8848 fffffeff 00010b40" + testPayload, want: Layers{14, 22, 0},
			pop: func(b *Buf) bool { return b.PopMPLS(EthTypeMPLS) },
		},
		{
			name: "label before a frame without Ethernet", before: testPayload,
			packetType: PacketTypeOf(EthTypeIPv4), layers: Layers{0, 0, 20},
			push:  func(b *Buf) bool { return b.PushMPLS(EthTypeMPLS, MakeLSE(1, 0, true, 2)) },
			after: "00001102" + testPayload, afterType: PacketTypeOf(EthTypeMPLS), want: Layers{0, 4, 24},
			pop: func(b *Buf) bool { return b.PopMPLS(EthTypeIPv4) },
		},
		{
			name: "label before an Ethernet frame", before: testMACs + "0800" + testPayload,
			layers: Layers{0, 14, 34},
			push:   func(b *Buf) bool { return b.EncapMPLS(EthTypeMPLS, MakeLSE(1, 0, true, 2)) },
			after:  "00001102" + testMACs + "0800" + testPayload, afterType: PacketTypeOf(EthTypeMPLS),
			want: Layers{0, 18, 38}, pop: func(b *Buf) bool { return b.PopMPLS(0) },
		},
		{
			name: "second label before a frame without Ethernet", before: "00001102" + testPayload,
			packetType: PacketTypeOf(EthTypeMPLS), layers: Layers{0, 4, 24},
			push:  func(b *Buf) bool { return b.PushMPLS(EthTypeMPLS, MakeLSE(3, 0, false, 2)) },
			after: "00003002 00001102" + testPayload, afterType: PacketTypeOf(EthTypeMPLS), want: Layers{0, 8, 28},
			pop: func(b *Buf) bool { return b.PopMPLS(EthTypeMPLS) },
		},
		{
			name: "802.1ah", before: testMACs + "8100 2005 0800" + testPayload, layers: Layers{0, 18, 38},
			push:  func(b *Buf) bool { return b.PushPBB(0x20_123456) },
			after: testMACs + "88e7 20123456" + testMACs + "8100 2005 0800" + testPayload, want: Layers{0, 36, 56},
			pop: (*Buf).PopPBB,
		},
		{
			name: "Ethernet", before: testPayload, packetType: PacketTypeOf(EthTypeIPv4), layers: Layers{0, 0, 20},
			push:  func(b *Buf) bool { return b.PushEth([6]byte{2, 0, 0, 0, 0, 1}, [6]byte{2, 0, 0, 0, 0, 2}) },
			after: testMACs + "0800" + testPayload, want: Layers{0, 14, 34},
			pop: (*Buf).PopEth,
		},
		{
			name: "Ethernet before labels", before: "00001102" + testPayload,
			packetType: PacketTypeOf(EthTypeMPLS), layers: Layers{0, 4, 24},
			push:  func(b *Buf) bool { return b.PushEth([6]byte{2, 0, 0, 0, 0, 1}, [6]byte{2, 0, 0, 0, 0, 2}) },
			after: testMACs + "8847 00001102" + testPayload, want: Layers{14, 18, 38},
			pop: (*Buf).PopEth,
		},
		{
			name: "NSH with fixed context over Ethernet", before: testMACs + "0800" + testPayload,
			layers: Layers{0, 14, 34},
			push: func(b *Buf) bool {
				return b.PushNSH(&NSHFields{Flags: 2, TTL: 63, MDType: NSHMD1, SI: 255, SPI: 0x123456,
					Context: [4]uint32{1, 2, 3, 0xffffffff}}, "")
			},
			after: "2fc60103 123456ff 00000001 00000002 00000003 ffffffff" + testMACs + "0800" + testPayload,
			// Version 0, O, TTL 63, length 6 words (RFC 8300 §2.2).
			afterType: PacketTypeOf(EthTypeNSH), pop: (*Buf).PopNSH, wantPopped: &Layers{},
		},
		{
			name: "NSH with variable context over IPv4", before: testPayload,
			packetType: PacketTypeOf(EthTypeIPv4), layers: Layers{0, 0, 20},
			push: func(b *Buf) bool {
				return b.PushNSH(&NSHFields{TTL: 1, MDType: NSHMD2, SI: 1, SPI: 1},
					"\x00\x01\x02\x04\x09\x09\x09\x09")
			},
			after:     "0044 0201 00000101 00010204 09090909" + testPayload,
			afterType: PacketTypeOf(EthTypeNSH), pop: (*Buf).PopNSH, wantPopped: &Layers{},
		},
	} {
		b := FromBytes(unhex(t, c.before), p, nil)
		b.PacketType, b.Layers = c.packetType, c.layers
		if !c.push(b) {
			t.Errorf("%s: push refused", c.name)
		}
		if got, want := b.Bytes(), unhex(t, c.after); !bytes.Equal(got, want) {
			t.Errorf("%s\n got %x\nwant %x", c.name, got, want)
		}
		if b.Layers != c.want || b.PacketType != c.afterType {
			t.Errorf("%s: %+v, packet type %#x", c.name, b.Layers, b.PacketType)
		}
		if !c.pop(b) {
			t.Errorf("%s: pop refused", c.name)
		}
		if got, want := b.Bytes(), unhex(t, c.before); !bytes.Equal(got, want) {
			t.Errorf("%s: popped\n got %x\nwant %x", c.name, got, want)
		}
		want := c.layers
		if c.wantPopped != nil {
			want = *c.wantPopped
		}
		if b.Layers != want || b.PacketType != c.packetType {
			t.Errorf("%s: popped %+v, want %+v; packet type %#x", c.name, b.Layers, want, b.PacketType)
		}
		b.Free(p)
	}
}

func TestEncapsulationsRefused(t *testing.T) {
	p := testPool(t, 2, 2048, Headroom)
	ipv4, nsh := PacketTypeOf(EthTypeIPv4), PacketTypeOf(EthTypeNSH)
	for _, c := range []struct {
		name       string
		frame      string
		packetType uint32
		edit       func(*Buf) bool
	}{
		{"tag on a runt", testMACs, 0, func(b *Buf) bool { return b.PushVLAN(EthTypeVLAN, 1) }},
		{"tag without Ethernet", testPayload, ipv4, func(b *Buf) bool { return b.PushVLAN(EthTypeVLAN, 1) }},
		{"no tag to pop", testMACs + "0800 0000 0000", 0, (*Buf).PopVLAN},
		{"half a tag", testMACs + "8100 0001", 0, (*Buf).PopVLAN},
		{"no tag to set", testMACs + "0800 0000 0000", 0, func(b *Buf) bool { return b.SetVLAN(1, 1) }},
		{"label on a runt", testMACs, 0, func(b *Buf) bool { return b.PushMPLS(EthTypeMPLS, 1) }},
		{"no label to pop", testMACs + "0800" + testPayload, 0, func(b *Buf) bool { return b.PopMPLS(EthTypeIPv4) }},
		{"half a label", testMACs + "8847 0001", 0, func(b *Buf) bool { return b.PopMPLS(EthTypeIPv4) }},
		{"half a label to set", testMACs + "8847 0001", 0, func(b *Buf) bool { return b.SetMPLS(1, 1) }},
		{"Ethernet on Ethernet", testMACs + "0800" + testPayload, 0, func(b *Buf) bool { return b.PushEth([6]byte{}, [6]byte{}) }},
		{"Ethernet with a tag", testMACs + "8100 0001 0800" + testPayload, 0, (*Buf).PopEth},
		{"Ethernet with a length", testMACs + "0003 42 42 03", 0, (*Buf).PopEth},
		{"Ethernet that is not there", testPayload, ipv4, (*Buf).PopEth},
		{"backbone tag on a runt", testMACs, 0, func(b *Buf) bool { return b.PushPBB(1) }},
		{"no backbone tag to pop", testMACs + "0800" + testPayload, 0, (*Buf).PopPBB},
		{"backbone tag without a customer", testMACs + "88e7 00000001" + testMACs, 0, (*Buf).PopPBB},
		{"no backbone tag to set", testMACs + "0800" + testPayload, 0, func(b *Buf) bool { return b.SetPBB(1, 1) }},
		{"NSH of a strange metadata type", testPayload, ipv4, func(b *Buf) bool { return b.PushNSH(&NSHFields{MDType: 3}, "") }},
		{"NSH with fixed context and TLVs", testPayload, ipv4, func(b *Buf) bool { return b.PushNSH(&NSHFields{MDType: NSHMD1}, strings.Repeat("\x00", 4)) }},
		{"NSH with an odd TLV", testPayload, ipv4, func(b *Buf) bool { return b.PushNSH(&NSHFields{MDType: NSHMD2}, strings.Repeat("\x00", 5)) }},
		{"NSH longer than 63 words", testPayload, ipv4, func(b *Buf) bool { return b.PushNSH(&NSHFields{MDType: NSHMD2}, strings.Repeat("\x00", 248)) }},
		{"NSH over ARP", "0001", PacketTypeOf(EthTypeARP), func(b *Buf) bool { return b.PushNSH(&NSHFields{MDType: NSHMD2}, "") }},
		{"no NSH to pop", testPayload, ipv4, (*Buf).PopNSH},
		{"half an NSH", "2fc60103 123456ff 00000001", nsh, (*Buf).PopNSH},
		{"NSH of version 1", "6fc20203 123456ff", nsh, (*Buf).PopNSH},
		{"NSH over something unknown", "0042 02ff 00000101", nsh, (*Buf).PopNSH},
		{"no NSH to set", testPayload, ipv4, func(b *Buf) bool { return b.SetNSH(&NSHFields{}, &NSHFields{SI: 255}) }},
		{"no room for a header", testMACs + "0800" + strings.Repeat("00", 2020), 0, func(b *Buf) bool { return b.PushPBB(1) }},
	} {
		b := FromBytes(unhex(t, c.frame), p, nil)
		if strings.HasPrefix(c.name, "no room") {
			b.SetRange(0, len(b.Room()))
		}
		b.PacketType = c.packetType
		before := append([]byte{}, b.Bytes()...)
		if c.edit(b) {
			t.Errorf("%s: done", c.name)
		}
		if !bytes.Equal(b.Bytes(), before) || b.PacketType != c.packetType || b.Layers != (Layers{}) {
			t.Errorf("%s: refused and changed", c.name)
		}
		b.Free(p)
	}
}

func TestPopPBBKeepsBackboneTags(t *testing.T) {
	p := testPool(t, 1, 2048, Headroom)
	b := FromBytes(unhex(t, "0a0000000001 0a0000000002 88a8 0007 88a8 0008 88e7 00000001"+
		testMACs+"0800"+testPayload), p, nil)
	defer b.Free(p)
	if !b.PopPBB() {
		t.Fatal("refused")
	}
	want := unhex(t, testMACs+"88a8 0007 88a8 0008 0800"+testPayload)
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("\n got %x\nwant %x", b.Bytes(), want)
	}
}

func TestSetNSH(t *testing.T) {
	p := testPool(t, 1, 2048, Headroom)
	all := NSHFields{Flags: 0xff, TTL: 0xff, SI: 0xff, SPI: 0xffffff,
		Context: [4]uint32{^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0)}}
	for _, c := range []struct {
		name          string
		before, after string
		value, mask   NSHFields
	}{
		{"everything", "2fc60103 123456ff 00000001 00000002 00000003 ffffffff",
			"10460103 00000102 00000005 00000006 00000007 00000008",
			NSHFields{Flags: 1, TTL: 1, SI: 2, SPI: 1, Context: [4]uint32{5, 6, 7, 8}}, all},
		{"nothing", "2fc60103 123456ff 00000001 00000002 00000003 ffffffff",
			"2fc60103 123456ff 00000001 00000002 00000003 ffffffff", all, NSHFields{}},
		{"TTL only", "2fc60103 123456ff 00000001 00000002 00000003 ffffffff",
			"2f860103 123456ff 00000001 00000002 00000003 ffffffff", NSHFields{TTL: 62}, NSHFields{TTL: 0x3f}},
		{"some bits", "2fc60103 123456ff 00000001 00000002 00000003 ffffffff",
			"2fc60103 1234560f 00000001 00000002 00000003 0000ffff",
			NSHFields{}, NSHFields{SI: 0xf0, Context: [4]uint32{3: 0xffff0000}}},
		{"no fixed context in type 2", "00440201 00000101 00010204 09090909",
			"00440201 00000101 00010204 09090909", NSHFields{}, NSHFields{Context: all.Context}},
	} {
		for _, eth := range []string{"", testMACs + "894f"} {
			b := FromBytes(unhex(t, eth+c.before), p, nil)
			if eth == "" {
				b.PacketType = PacketTypeOf(EthTypeNSH)
			} else {
				b.L3 = EthSize
			}
			if !b.SetNSH(&c.value, &c.mask) {
				t.Errorf("%s: refused", c.name)
			}
			if want := unhex(t, eth+c.after); !bytes.Equal(b.Bytes(), want) {
				t.Errorf("%s\n got %x\nwant %x", c.name, b.Bytes(), want)
			}
			b.Free(p)
		}
	}
}

func TestNSHTakesNoOtherHeader(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	for range 500 {
		f := randomFrame(r)
		b := f.buf(t, small, spill)
		if b.SetNSH(&NSHFields{}, &NSHFields{SI: 0xff}) {
			t.Fatalf("%x", f.bytes())
		}
		b.Free(small)
	}
}

// TestBrokenFirstHeader takes away what is before a broken IP header, and puts it back. The
// header is changed as little as it is elsewhere.
func TestBrokenFirstHeader(t *testing.T) {
	for name, frame := range map[string]string{
		"IPv4 that is longer than its frame": testMACs + "0800 450db92800000000 0206 eabd 0a000006 0a000100",
		"IPv4 with options that are not":     testMACs + "0800 4f0d001400000000 0206 eabd 0a000006 0a000100",
		"IPv4 of another version":            testMACs + "0800 550d001400000000 0206 eabd 0a000006 0a000100",
		"IPv6 that is longer than its frame": testMACs + "86dd 60000000 0001 3b 40" + strings.Repeat("00", 32),
	} {
		p := testPool(t, 2, 2048, Headroom)
		b := FromBytes(unhex(t, frame), p, p)
		if !b.PopEth() {
			t.Fatalf("%s: the Ethernet header stays", name)
		}
		all := uint8(0xff)
		if b.SetIPv4(&IPv4Fields{}, &IPv4Fields{TOS: all, TTL: all}) || b.SetIPv6(&IPv6Fields{}, &IPv6Fields{TrafficClass: all}) || b.SetIPProto(17) {
			t.Errorf("%s: changed", name)
		}
		frameAfter := unhex(t, frame)
		clear(frameAfter[:12])
		if !b.PushEth([6]byte{}, [6]byte{}) || b.L3 != 0 || !bytes.Equal(b.Bytes(), frameAfter) {
			t.Errorf("%s: %x with its network header at %d", name, b.Bytes(), b.L3)
		}
		b.Free(p)
	}
}
