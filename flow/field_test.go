package flow

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// newRand is a random source whose seed the test prints, so that a failure can
// be replayed.
func newRand(t testing.TB) *rand.Rand {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func randomValue(r *rand.Rand) Value { return Value{r.Uint64(), r.Uint64()} }

func randomPipeline(r *rand.Rand) *Pipeline {
	p := new(Pipeline)
	for i := range p.Words() {
		p.Words()[i] = r.Uint64()
	}
	return p
}

func TestFieldTableRows(t *testing.T) {
	if len(Fields()) != NumFields {
		t.Fatalf("%d rows, %d field numbers", len(Fields()), NumFields)
	}
	names := map[string]FieldID{}
	wires := map[wireKey]FieldID{}
	unique := func(f *Field, name string) {
		if other, taken := names[name]; taken && other != f.ID {
			t.Errorf("%s: name %q is also %s", f, name, FieldByID(other))
		}
		names[name] = f.ID
		if FieldByName(name) != f {
			t.Errorf("FieldByName(%q) = %v, want %s", name, FieldByName(name), f)
		}
	}
	for i := range Fields() {
		f := &Fields()[i]
		if int(f.ID) != i+1 || FieldByID(f.ID) != f {
			t.Errorf("row %d is %s with number %d", i+1, f, f.ID)
		}
		if uintptr(f.Offset)+uintptr(f.Size) > unsafe.Sizeof(Pipeline{}) {
			t.Errorf("%s: lies outside Pipeline", f)
		}
		if !f.Wide() && (f.Bits > 8*int(f.Size) || f.full.Len()+int(f.Shift) > 8*int(f.Size) || f.full.Len() > 8*f.Bytes) {
			t.Errorf("%s: %d bits at shift %d do not fit %d bytes", f, f.full.Len(), f.Shift, f.Size)
		}
		unique(f, f.Name)
		for _, a := range f.Aliases {
			unique(f, a)
		}
		for _, w := range f.Wires {
			unique(f, w.Name)
			key := wireKey{w.Experimenter, w.Class, w.Code}
			if other, taken := wires[key]; taken {
				t.Errorf("%s: wire form %s is also %s", f, w.Name, FieldByID(other))
			}
			wires[key] = f.ID
			if FieldByWire(w.Class, w.Code, w.Experimenter) != f {
				t.Errorf("%s: not found by %s", f, w.Name)
			}
			if w.Code > 127 || (w.Class == 0xffff) != (w.Experimenter != 0) {
				t.Errorf("%s: malformed wire form %+v", f, w)
			}
		}
	}
	if FieldByID(FieldNone) != nil || FieldByID(FieldID(NumFields+1)) != nil || FieldByName("dl_srk") != nil {
		t.Error("found a field that does not exist")
	}
}

// TestFieldWireHeaders checks against headers that were read off the real
// ovs-ofctl's messages and the specifications.
func TestFieldWireHeaders(t *testing.T) {
	for _, c := range []struct {
		id           FieldID
		version      uint8
		class        uint16
		code         uint8
		experimenter uint32
	}{
		{FieldEthSrc, 1, 0x0000, 2, 0},
		{FieldEthSrc, 4, 0x8000, 4, 0},
		{FieldInPort, 1, 0x0000, 0, 0},
		{FieldInPortOXM, 4, 0x8000, 0, 0},
		{FieldTCPFlags, 3, 0x0001, 34, 0},
		{FieldTCPFlags, 4, 0xffff, 42, 0x4f4e4600},
		{FieldTCPFlags, 6, 0x8000, 42, 0},
		{FieldMetadata, 1, 0x8000, 2, 0},
		{FieldReg0 + 15, 1, 0x0001, 15, 0},
		{FieldReg0 + 16, 4, 0xffff, 17, 0x2320},
		{FieldXReg0 + 3, 4, 0x8001, 3, 0},
		{FieldXXReg0 + 3, 4, 0x0001, 114, 0},
		{FieldXXReg0 + 7, 4, 0xffff, 36, 0x2320},
		{FieldTunMetadata0 + 63, 4, 0x0001, 103, 0},
		{FieldNSHC4, 4, 0xffff, 9, 0x5ad650},
		{FieldNDReserved, 4, 0x1000, 1, 0},
		{FieldDPHash, 4, 0x0001, 35, 0},
		{FieldCTLabel, 4, 0x0001, 108, 0},
		{FieldPBBISID, 4, 0x8000, 37, 0},
		{FieldActsetOutput, 6, 0x8000, 43, 0},
	} {
		f := FieldByID(c.id)
		w, found := f.WireFor(c.version)
		if !found || w.Class != c.class || w.Code != c.code || w.Experimenter != c.experimenter {
			t.Errorf("%s in version %d: %+v", f, c.version, w)
		}
	}
	if _, found := FieldByID(FieldTunTTL).WireFor(4); found {
		t.Error("tun_ttl has a wire form")
	}
}

// naiveBits finds a field's bits in a pipeline by trying every one of them: the
// set of pipeline bits that Store with a full mask changes.
func naiveBits(f *Field) *Pipeline {
	var zero, ones Pipeline
	for i := range ones.Words() {
		ones.Words()[i] = ^uint64(0)
	}
	f.Store(&zero, f.Full(), f.Full())
	f.Store(&ones, Value{}, f.Full())
	for i, w := range ones.Words() {
		zero.Words()[i] |= ^w
	}
	return &zero
}

func TestStoreTouchesOnlyItsBits(t *testing.T) {
	r := newRand(t)
	for i := range Fields() {
		f := &Fields()[i]
		if f.Wide() {
			continue // TestWideFields
		}
		own := naiveBits(f)
		for range 50 {
			p := randomPipeline(r)
			if f.ID == FieldInPort {
				p.OFPort = Port16To32(uint16(p.OFPort))
			}
			before := *p
			v, mask := randomValue(r), randomValue(r)
			old := f.Load(p)
			f.Store(p, v, mask)
			mask = mask.And(f.Full())
			if want := old.AndNot(mask).Or(v.And(mask)); f.Load(p) != want {
				t.Fatalf("%s: store %x/%x over %x: loaded %x, want %x", f, v, mask, old, f.Load(p), want)
			}
			for w, after := range p.Words() {
				if changed := after ^ before.Words()[w]; changed&^own.Words()[w] != 0 {
					t.Fatalf("%s: store changed bits %x of word %d, which are not its own", f, changed, w)
				}
			}
		}
	}
}

func TestOverlays(t *testing.T) {
	var p Pipeline
	FieldByName("xreg1").Store(&p, U64(0x1122334455667788), Ones(64))
	if p.Regs[2] != 0x11223344 || p.Regs[3] != 0x55667788 {
		t.Errorf("xreg1: reg2 %#x, reg3 %#x", p.Regs[2], p.Regs[3])
	}
	if got := FieldByName("xxreg0").Load(&p); got != U64(0x1122334455667788) {
		t.Errorf("xxreg0 = %x", got)
	}
	p.VLAN[0].TCI = 0xb00a
	for name, want := range map[string]uint64{"vlan_tci": 0xb00a, "dl_vlan": 10, "vlan_vid": 0x100a, "vlan_pcp": 5, "dl_vlan_pcp": 5} {
		if got := FieldByName(name).Load(&p); got != U64(want) {
			t.Errorf("%s = %#x, want %#x", name, got.Lo, want)
		}
	}
	p.IPTOS = 0xbb
	for name, want := range map[string]uint64{"nw_tos": 0xb8, "ip_dscp": 0x2e, "nw_ecn": 3} {
		if got := FieldByName(name).Load(&p); got != U64(want) {
			t.Errorf("%s = %#x, want %#x", name, got.Lo, want)
		}
	}
	p.MPLS[0] = 0x12345<<12 | 5<<9 | 1<<8 | 64
	for name, want := range map[string]uint64{"mpls_label": 0x12345, "mpls_tc": 5, "mpls_bos": 1, "mpls_ttl": 64} {
		if got := FieldByName(name).Load(&p); got != U64(want) {
			t.Errorf("%s = %#x, want %#x", name, got.Lo, want)
		}
	}
	p.EthSrc = MAC{1, 2, 3, 4, 5, 6}
	if got := FieldByName("dl_src").Load(&p); got != U64(0x010203040506) {
		t.Errorf("eth_src = %x", got.Lo)
	}
}

func TestPort10(t *testing.T) {
	for _, c := range []struct {
		wide   uint32
		narrow uint16
		back   uint32
	}{
		{1, 1, 1},
		{0xfffffffe, 0xfffe, 0xfffffffe}, // LOCAL
		{0xffffff00, 0xff00, 0xffffff00}, // the first reserved one
		{0xff00, 0xffff, 0xffffffff},     // has no 16-bit number
		{0xfffffeff, 0xffff, 0xffffffff},
	} {
		if n := Port32To16(c.wide); n != c.narrow || Port16To32(n) != c.back {
			t.Errorf("port %#x: %#x, back %#x", c.wide, n, Port16To32(n))
		}
	}
}

func TestNearestField(t *testing.T) {
	for typo, want := range map[string]string{
		"tp_dts": "tp_dst", "nw_scr": "nw_src", "in_prot": "in_port", "dl_valn": "dl_vlan",
		"vlan_vidd": "vlan_vid", "eth_typ": "eth_type", "icmp_typ": "icmp_type", "frobnicate": "", "tpc": "tcp",
	} {
		if got := NearestField(typo, "tcp", "udp", "icmp"); got != want {
			t.Errorf("NearestField(%q) = %q, want %q", typo, got, want)
		}
	}
}

func TestWideFields(t *testing.T) {
	f := FieldByName("tun_metadata3")
	var p Pipeline
	var unmapped *UnmappedError
	if err := f.StoreBytes(&p, []byte{1}, nil, nil); !errors.As(err, &unmapped) || unmapped.Field != f {
		t.Errorf("store without a TLV table: %v", err)
	}
	tlvs := new(TLVTable)
	for i, want := range []uint8{0, 8, 12} {
		size := []uint8{8, 4, 124}[i]
		if err := tlvs.Add(TLV{Class: 0x102, Type: uint8(i), Len: size, Index: uint8(3 + i)}); err != nil {
			t.Fatal(err)
		}
		if row, found := tlvs.Lookup(uint8(3 + i)); !found || row.Offset != want {
			t.Errorf("row %d: %+v, want offset %d", i, row, want)
		}
	}
	for _, c := range []struct {
		tlv  TLV
		want TLVFault
	}{
		{TLV{Index: 64, Len: 4}, TLVBadIndex},
		{TLV{Index: 9, Len: 5}, TLVBadLength},
		{TLV{Index: 9, Len: 128}, TLVBadLength},
		{TLV{Index: 3, Len: 4, Type: 99}, TLVIndexTaken},
		{TLV{Index: 9, Len: 4, Class: 0x102, Type: 1}, TLVTypeTaken},
		{TLV{Index: 9, Len: 124, Type: 9}, TLVFull},
	} {
		var refused *TLVError
		if err := tlvs.Add(c.tlv); !errors.As(err, &refused) || refused.Fault != c.want {
			t.Errorf("add %+v: %v", c.tlv, err)
		}
	}
	if err := f.StoreBytes(&p, []byte{0xab, 0xcd}, []byte{0xff, 0x0f}, tlvs); err != nil {
		t.Fatal(err)
	}
	got, err := f.LoadBytes(nil, &p, tlvs)
	if err != nil || !bytes.Equal(got, []byte{0, 0, 0, 0, 0, 0, 0xab, 0x0d}) || p.TunMetadataPresent != 1<<3 {
		t.Errorf("loaded %x, present %#x, %v", got, p.TunMetadataPresent, err)
	}
	var size *SizeError
	if err := f.StoreBytes(&p, make([]byte, 9), nil, tlvs); !errors.As(err, &size) || size.Max != 8 {
		t.Errorf("store of 9 bytes: %v", err)
	}
}
