package packet

import "testing"

// TestLocateIPLikeNaive finds the headers of random frames, for whose twin they
// are where it wrote them.
func TestLocateIPLikeNaive(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	for range 20000 {
		f := randomFrame(r)
		if r.IntN(4) == 0 {
			itag := r.Uint32()
			f = &testFrame{eth: f.eth, itag: &itag, inner: f, tags: f.tags}
		}
		b := f.buf(t, small, spill)
		inner := f
		if f.itag != nil {
			inner = f.inner
		}
		p, found := locateIP(b)
		headless := inner.version == 6 && inner.later
		if want := inner.version != 0 && !headless; found != want {
			t.Fatalf("found %v in %x", found, f.bytes())
		}
		if found {
			l := f.layers()
			if p.l3 != int(l.L3) || p.l4 != p.l3+inner.ipHeaderLen() || p.version != inner.version ||
				p.proto != inner.proto || p.fragment != inner.fragment || p.end != b.Size()-inner.pad {
				t.Fatalf("%+v in %x", p, f.bytes())
			}
		}
		b.Free(small)
	}
}

func TestLocateIPRefuses(t *testing.T) {
	const addresses = " 40 fd000000000000000000000000000001 fd000000000000000000000000000002 "
	pool := testPool(t, 1, 2048, Headroom)
	for _, c := range []struct {
		name       string
		frame      string
		packetType uint32
	}{
		{"nothing", "", 0},
		{"a runt", testMACs, 0},
		{"ARP", testMACs + "0806 0001", 0},
		{"half a tag", testMACs + "8100 00", 0},
		{"half a label", testMACs + "8847 0000", 0},
		{"a stack without bottom", testMACs + "8847 00000000 00000000 00000000", 0},
		{"a bottom without payload", testMACs + "8847 00000100", 0},
		{"a pseudowire", testMACs + "8847 00000100 00000000", 0},
		{"half an I-TAG", testMACs + "88e7 0000", 0},
		{"half an NSH", testMACs + "894f 2fc6", 0},
		{"NSH over nothing known", testMACs + "894f 00020263 00000101 00000000", 0},
		{"half an IPv4 header", testMACs + "0800 4500001400000000", 0},
		{"IPv4 of version 5", "5500001400000000 4006 0000 0a0000010a000002", PacketTypeOf(EthTypeIPv4)},
		{"IPv4 with a short header", "4400001400000000 4006 0000 0a0000010a000002", PacketTypeOf(EthTypeIPv4)},
		{"IPv4 with a header beyond the frame", "4600001800000000 4006 0000 0a0000010a000002", PacketTypeOf(EthTypeIPv4)},
		{"IPv4 shorter than its header", "4500001300000000 4006 0000 0a0000010a000002", PacketTypeOf(EthTypeIPv4)},
		{"half an IPv6 header", testMACs + "86dd 60000000", 0},
		{"IPv6 with half an extension header", "60000000 0008 00" + addresses + "0600", PacketTypeOf(EthTypeIPv6)},
		{"IPv6 with an extension header beyond the frame", "60000000 0008 00" + addresses + "06ff000000000000", PacketTypeOf(EthTypeIPv6)},
		{"IPv6 with an extension header beyond the packet", "60000000 0004 00" + addresses + "0600000000000000", PacketTypeOf(EthTypeIPv6)},
		{"a later IPv6 fragment", "60000000 0008 2c" + addresses + "0600000900000001", PacketTypeOf(EthTypeIPv6)},
	} {
		b := FromBytes(unhex(t, c.frame), pool, nil)
		b.PacketType = c.packetType
		if p, found := locateIP(b); found {
			t.Errorf("%s: %+v", c.name, p)
		}
		b.Free(pool)
	}
}

func TestLocateIPBehindNSH(t *testing.T) {
	r := newRand(t)
	small, spill := testPools(t)
	for range 300 {
		f := randomFrame(r)
		if f.version == 0 || f.fragment {
			continue
		}
		b := f.buf(t, small, spill)
		want, _ := locateIP(b)
		if !b.PushNSH(&NSHFields{MDType: NSHMD1}, "") {
			t.Fatal("NSH refused")
		}
		if got, found := locateIP(b); !found || got.l3 != want.l3+NSHMD1Size || got.proto != want.proto {
			t.Fatalf("%+v, want %+v and %d more", got, want, NSHMD1Size)
		}
		if !b.PushNSH(&NSHFields{MDType: NSHMD2}, "") || !b.PushEth([6]byte{}, [6]byte{}) {
			t.Fatal("NSH or Ethernet refused")
		}
		if got, found := locateIP(b); !found || got.l4 != want.l4+NSHMD1Size+NSHBaseSize+EthSize {
			t.Fatalf("%+v, want %+v and 46 more", got, want)
		}
		b.Free(small)
	}
}
