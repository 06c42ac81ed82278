package packet

import (
	"bytes"
	"testing"
)

// TestSetType changes what a header says of the next one.
func TestSetType(t *testing.T) {
	const addresses = "fd000000000000000000000000000001" + "fd000000000000000000000000000002"
	for _, c := range []struct {
		name, before string
		layers       Layers
		set          func(*Buf) bool
		after        string // "": refused
	}{
		{"Ethernet", testMACs + "0800" + testPayload, Layers{0, 14, 34},
			func(b *Buf) bool { return b.SetEthType(0x8848) }, testMACs + "8848" + testPayload},
		{"behind two tags", testMACs + "88a8 0001 8100 0002 0806 0001", Layers{},
			func(b *Buf) bool { return b.SetEthType(0x88b5) }, testMACs + "88a8 0001 8100 0002 88b5 0001"},
		{"802.3 length", testMACs + "0003 424203", Layers{},
			func(b *Buf) bool { return b.SetEthType(0x88b5) }, ""},
		{"IPv4", testMACs + "0800 4500001c0000000040 11 66cf 0a0000010a000002 0001000200080000", Layers{0, 14, 34},
			func(b *Buf) bool { return b.SetIPProto(0x84) }, testMACs + "0800 4500001c0000000040 84 665c 0a0000010a000002 0001000200080000"},
		{"IPv4 with a checksum that covers it", testMACs + "0800 4500001c0000000040 11 66cf 0a0000010a000002 000100020008 ebdb", Layers{0, 14, 34},
			func(b *Buf) bool { return b.SetIPProto(0x06) }, testMACs + "0800 4500001c0000000040 06 66da 0a0000010a000002 000100020008 ebe6"},
		{"the protocol that it has", testMACs + "0800 4500001c0000000040 88 6658 0a0000010a000002 000100020008 0000", Layers{0, 14, 34},
			func(b *Buf) bool { return b.SetIPProto(0x88) }, testMACs + "0800 4500001c0000000040 88 6658 0a0000010a000002 000100020008 0000"},
		{"IPv6 behind a hop-by-hop header", testMACs + "86dd 60000000 0008 00 40" + addresses + "3b00 010400000000", Layers{0, 14, 0},
			func(b *Buf) bool { return b.SetIPProto(17) }, testMACs + "86dd 60000000 0008 00 40" + addresses + "1100 010400000000"},
		{"IPv6 cut in its extension headers", testMACs + "86dd 60000000 0008 00 40" + addresses + "3b00", Layers{0, 14, 0},
			func(b *Buf) bool { return b.SetIPProto(17) }, ""},
		{"IPv6 whose extension headers go on behind its end", testMACs + "86dd 60000000 0008 00 40" + addresses + "2b00 010400000000" + "3a00 000000000000", Layers{0, 14, 0},
			func(b *Buf) bool { return b.SetIPProto(17) }, ""},
		{"ARP", testMACs + "0806 0001 0800", Layers{},
			func(b *Buf) bool { return b.SetIPProto(17) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := testPool(t, 2, 2048, Headroom)
			b := FromBytes(unhex(t, c.before), p, p)
			defer b.Free(p)
			b.Layers = c.layers
			if done := c.set(b); done != (c.after != "") {
				t.Fatalf("done %v", done)
			}
			want := c.after
			if want == "" {
				want = c.before
			}
			if w := unhex(t, want); !bytes.Equal(b.Bytes(), w) {
				t.Errorf("got  %x\nwant %x", b.Bytes(), w)
			}
		})
	}
}
