package flow

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// mustMatch builds a match from "name=value" terms, in order, checking each
// one's prerequisites as a codec does.
func mustMatch(t testing.TB, terms ...string) *Match {
	t.Helper()
	m := new(Match)
	for _, term := range terms {
		name, text, _ := strings.Cut(term, "=")
		f := FieldByName(name)
		v, mask, err := f.ParseValue(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.CheckPrereqs(f.ID); err != nil {
			t.Fatal(err)
		}
		m.SetField(f, v, mask)
	}
	return m
}

func TestSetFieldThenField(t *testing.T) {
	r := newRand(t)
	for i := range Fields() {
		f := &Fields()[i]
		if f.Wide() {
			continue
		}
		for range 20 {
			var m Match
			v, mask := randomValue(r), f.Full()
			if f.Maskable && r.IntN(2) == 0 {
				mask = randomValue(r).And(f.Full())
			}
			m.SetField(f, v, mask)
			got, gotMask, kind := m.Field(f)
			want := MatchMasked
			switch mask {
			case f.Full():
				want = MatchExact
			case Value{}:
				want = MatchNone
			}
			if got != v.And(mask) && f.ID != FieldInPort || gotMask != mask || kind != want {
				t.Fatalf("%s=%x/%x: read back %x/%x, kind %d", f, v, mask, got, gotMask, kind)
			}
			before := m
			m.Normalize()
			if !m.Equal(&before) {
				t.Fatalf("%s=%x/%x: value bits outside the mask", f, v, mask)
			}
			m.SetField(f, Value{}, Value{})
			if f.ID != FieldDLVLANPCP && f.ID != FieldVLANPCP && f.ID != FieldDLVLAN && m != (Match{}) {
				t.Fatalf("%s: not open again after a match on no bits", f)
			}
		}
	}
}

func TestVLANFieldsImplyTag(t *testing.T) {
	for _, c := range []struct {
		term        string
		value, mask uint16
	}{
		{"dl_vlan=10", 0x100a, 0x1fff},
		{"dl_vlan=65535", 0, 0xffff},
		{"dl_vlan_pcp=3", 0x7000, 0xf000},
		{"vlan_vid=0x100a", 0x100a, 0x1fff},
		{"vlan_vid=0x1000/0x1000", 0x1000, 0x1000},
		{"vlan_vid=0", 0, 0x1fff},
		{"vlan_tci=0xa00a/0xafff", 0xa00a, 0xafff},
	} {
		m := mustMatch(t, c.term)
		if tag := m.Mask.VLAN[0].TCI; m.Value.VLAN[0].TCI != c.value || tag != c.mask {
			t.Errorf("%s: TCI %#x/%#x, want %#x/%#x", c.term, m.Value.VLAN[0].TCI, tag, c.value, c.mask)
		}
	}
}

func TestFieldsTellsAllOnce(t *testing.T) {
	for _, c := range []struct {
		terms []string
		want  string
	}{
		{[]string{"in_port=3", "eth_type=0x800", "ip_proto=17", "udp_dst=53/0xff"}, "in_port_oxm eth_type nw_proto udp_dst"},
		{[]string{"xreg1=5", "xxreg1=0/1"}, "reg2 reg3 reg7"},
		{[]string{"dl_vlan=5", "dl_vlan_pcp=1"}, "vlan_tci"},
		{[]string{"eth_type=0x806", "arp_spa=10.0.0.0/8", "arp_tha=0:0:0:0:0:1"}, "eth_type arp_spa arp_tha"},
		{[]string{"eth_type=0x86dd", "ip_proto=58", "icmpv6_type=136", "icmpv6_code=0", "nd_tll=0:0:0:0:0:1"},
			"eth_type nw_proto icmpv6_type icmpv6_code nd_tll"},
		{[]string{"eth_type=0x800", "ip_dscp=5", "ip_ecn=1"}, "eth_type nw_tos nw_ecn"},
		{[]string{"eth_type=0x8847", "mpls_label=5", "mpls_bos=1"}, "eth_type mpls_label mpls_bos"},
	} {
		m := mustMatch(t, c.terms...)
		var names []string
		var again Match
		for f := range m.Fields() {
			names = append(names, f.Name)
			v, mask, _ := m.Field(f)
			again.SetField(f, v, mask)
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%v: fields %s, want %s", c.terms, got, c.want)
		}
		if !again.Equal(m) {
			t.Errorf("%v: its fields do not make the same match again", c.terms)
		}
	}
}

func TestPrereqs(t *testing.T) {
	for _, c := range []struct {
		have    []string
		field   string
		keyword string // "": fulfilled
		terms   string
	}{
		{nil, "reg0", "", ""},
		{nil, "tcp_dst", "tcp", "eth_type=0x0800,nw_proto=6"},
		{[]string{"eth_type=0x800"}, "tcp_dst", "tcp", "nw_proto=6"},
		{[]string{"eth_type=0x86dd"}, "udp_dst", "udp6", "nw_proto=17"},
		{[]string{"eth_type=0x86dd", "nw_proto=17"}, "udp_dst", "", ""},
		{[]string{"eth_type=0x800", "nw_proto=6", "ip_frag=later"}, "tcp_dst", "ip_frag=not_later", "ip_frag=not_later"},
		{[]string{"eth_type=0x800", "nw_proto=6", "ip_frag=first"}, "tcp_dst", "", ""},
		{[]string{"eth_type=0x8035"}, "arp_spa", "", ""},
		{nil, "arp_spa", "arp", "eth_type=0x0806"},
		{nil, "ip_src", "ip", "eth_type=0x0800"},
		{[]string{"eth_type=0x86dd"}, "ip_src", "ip", "eth_type=0x0800"},
		{[]string{"eth_type=0x86dd"}, "nw_tos", "", ""},
		{nil, "mpls_label", "mpls", "eth_type=0x8847"},
		{[]string{"eth_type=0x8848"}, "mpls_label", "", ""},
		{nil, "vlan_pcp", "vlan_tci=0x1000/0x1000", "vlan_tci=0x1000/0x1000"},
		{[]string{"dl_vlan=65535"}, "vlan_pcp", "vlan_tci=0x1000/0x1000", "vlan_tci=0x1000/0x1000"},
		{[]string{"vlan_vid=0x1000/0x1000"}, "vlan_pcp", "", ""},
		{[]string{"eth_type=0x800", "nw_proto=58"}, "icmpv6_type", "icmp6", "eth_type=0x86dd"},
		{[]string{"eth_type=0x86dd", "nw_proto=58", "icmpv6_type=135"}, "nd_sll", "", ""},
		{[]string{"eth_type=0x86dd", "nw_proto=58", "icmpv6_type=135"}, "nd_tll", "icmp6,icmp_type=136", "icmpv6_type=136"},
		{[]string{"eth_type=0x86dd", "nw_proto=58", "icmpv6_type=135", "icmpv6_code=1"}, "nd_target", "icmp6,icmp_type=135", "icmpv6_code=0"},
		{[]string{"packet_type=(1,0x894f)"}, "nsh_si", "", ""},
		{[]string{"packet_type=(1,0x800)"}, "eth_src", "packet_type=(0,0)", "packet_type=(0,0)"},
		{nil, "nsh_si", "eth_type=0x894f", "eth_type=0x894f"},
		{nil, "pbb_isid", "eth_type=0x88e7", "eth_type=0x88e7"},
		{[]string{"ct_state=+trk-inv"}, "ct_nw_proto", "", ""},
		{[]string{"ct_state=+rpl"}, "ct_nw_proto", "", ""},
		{[]string{"ct_state=+trk"}, "ct_nw_proto", "ct_state=+trk-inv", "ct_state=+trk-inv"},
		{[]string{"ct_state=+est"}, "ct_nw_proto", "", ""},
		{[]string{"ct_state=+trk+inv"}, "ct_nw_proto", "ct_state=+trk-inv", "ct_state=+trk-inv"},
		{[]string{"ct_state=-trk"}, "ct_nw_src", "eth_type=0x0800,ct_state=+trk-inv", "eth_type=0x0800,ct_state=+trk-inv"},
		{[]string{"eth_type=0x86dd", "ct_state=+est"}, "ct_tp_src", "ct_nw_proto=6", "ct_nw_proto=6"},
	} {
		m := mustMatch(t, c.have...)
		f := FieldByName(c.field)
		err := m.CheckPrereqs(f.ID)
		var e *PrereqError
		switch {
		case c.keyword == "" && err == nil:
		case !errors.As(err, &e) || e.Field != f || e.Keyword != c.keyword || strings.Join(e.Terms, ",") != c.terms:
			t.Errorf("%s with %v: %v, want %s (%s)", c.field, c.have, err, c.keyword, c.terms)
		}
	}
}

func TestExists(t *testing.T) {
	tcp := FieldByName("tcp_dst")
	p := &Pipeline{}
	p.EthType, p.IPProto = 0x86dd, 6
	var m Mask
	if !tcp.Exists(p, &m) || m.EthType != 0xffff || m.IPProto != 0xff || m.IPFrag != FragLater {
		t.Errorf("a TCP packet: mask %+v", m.Base)
	}
	p.IPFrag = FragAny | FragLater
	if tcp.Exists(p, nil) {
		t.Error("a later fragment has a TCP port")
	}
	p.IPProto, m = 17, Mask{}
	if tcp.Exists(p, &m) || m.IPProto != 0xff || m.IPFrag != 0 {
		t.Errorf("a UDP packet: mask %+v", m.Base)
	}
	p.IPProto = 58
	if FieldByName("icmpv6_type").Exists(p, nil) {
		t.Error("a later fragment has an ICMPv6 type")
	}
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		field       string
		value, mask Value
		want        ValueFault
	}{
		{"reg0", U64(5), U64(5), 0},
		{"reg0", U64(5), U64(4), FaultOutsideMask},
		{"vlan_vid", U64(0x1005), U64(0xffff), 0},
		{"vlan_vid", U64(0x2005), U64(0xffff), FaultTooWide},
		{"vlan_vid", U64(0x5), U64(0xf), 0},
		{"vlan_vid", U64(0x5), U64(0x800f), FaultTooWide},
		{"ip_dscp", U64(64), U64(0xff), FaultTooWide},
		{"nw_tos", U64(0xb9), U64(0xff), FaultTooWide},
		{"nw_tos", U64(0xb8), U64(0xff), 0},
		{"eth_type", U64(0x800), U64(0xff00), FaultMaskRefused},
		{"eth_type", U64(0), U64(0), 0},
		{"mpls_label", U64(1 << 20), Ones(32), FaultTooWide},
		{"ct_state", U64(0x21), Ones(32), 0},
		{"ct_state", U64(0x121), Ones(32), FaultTooWide},
		{"dl_vlan", U64(0xffff), U64(0xffff), 0},
		{"dl_vlan", U64(0x1000), U64(0xffff), FaultTooWide},
		{"eth_src", U64(1 << 48), Ones(48), FaultTooWide},
	} {
		err := FieldByName(c.field).Check(c.value, c.mask)
		var e *ValueError
		if c.want == 0 && err != nil || c.want != 0 && (!errors.As(err, &e) || e.Fault != c.want) {
			t.Errorf("%s=%x/%x: %v, want fault %d", c.field, c.value, c.mask, err, c.want)
		}
	}
}

func TestMatchOnTunnelOptions(t *testing.T) {
	tlvs := new(TLVTable)
	for i := range 3 {
		if err := tlvs.Add(TLV{Class: 1, Type: uint8(i), Len: 8, Index: uint8(i)}); err != nil {
			t.Fatal(err)
		}
	}
	f := FieldByName("tun_metadata1")
	var m Match
	var unmapped *UnmappedError
	if err := m.SetBytes(f, []byte{1}, nil, nil); !errors.As(err, &unmapped) {
		t.Errorf("match on an option that is not mapped: %v", err)
	}
	if err := m.SetBytes(f, []byte{0x12, 0x34}, []byte{0xff, 0x0f}, tlvs); err != nil {
		t.Fatal(err)
	}
	value, mask, kind := m.FieldBytes(f, tlvs)
	if kind != MatchMasked || string(AppendWide(nil, value, mask)) != "0x1204/0xff0f" {
		t.Errorf("read back %x/%x, kind %d", value, mask, kind)
	}
	var there Match
	if err := there.SetBytes(f, nil, nil, tlvs); err != nil {
		t.Fatal(err)
	}
	value, mask, kind = there.FieldBytes(f, tlvs)
	if kind != MatchMasked || string(AppendWide(nil, value, mask)) != "" {
		t.Errorf("presence alone: %x/%x, kind %d", value, mask, kind)
	}
	var p Pipeline
	if there.Matches(&p) {
		t.Error("a packet without the option matches")
	}
	if err := f.StoreBytes(&p, []byte{0x12, 0xf4}, nil, tlvs); err != nil {
		t.Fatal(err)
	}
	if !there.Matches(&p) || !m.Matches(&p) {
		t.Error("a packet with the option does not match")
	}
	if _, _, kind := m.FieldBytes(FieldByName("tun_metadata2"), tlvs); kind != MatchNone {
		t.Error("another option is matched")
	}
}

// fewBits are fields of which random matches are made that often meet.
var fewBits = []string{"reg0", "reg3", "reg31", "eth_src", "ct_mark", "tun_id", "metadata", "ipv6_src"}

// randomMatch is a match on few bits of few fields, so that random matches are
// often equal, overlap, or cover one another.
func randomMatch(r *rand.Rand) *Match {
	m := new(Match)
	for range r.IntN(4) {
		f := FieldByName(fewBits[r.IntN(len(fewBits))])
		mask := U64(r.Uint64N(8))
		m.SetField(f, U64(r.Uint64N(8)), mask)
	}
	return m
}

// packetOf is a packet that m matches, random elsewhere in the same few bits.
func packetOf(r *rand.Rand, m *Match) *Pipeline {
	p := new(Pipeline)
	for _, name := range fewBits {
		FieldByName(name).Store(p, U64(r.Uint64N(8)), Ones(3))
	}
	for i, k := range m.Mask.Words() {
		p.Words()[i] = p.Words()[i]&^k | m.Value.Words()[i]
	}
	return p
}

// TestSparseAgainstDense compares every operation on Sparse with its definition
// over the dense form.
func TestSparseAgainstDense(t *testing.T) {
	r := newRand(t)
	for range 20000 {
		a, b := randomMatch(r), randomMatch(r)
		sa, sb := a.Sparse(), b.Sparse()
		var back Match
		if sa.Expand(&back); !back.Equal(a) {
			t.Fatal("expand is not the inverse of sparse")
		}
		if sa.Equal(sb) != a.Equal(b) || a.Equal(b) && sa.Hash(7) != sb.Hash(7) {
			t.Fatal("equality or hash of sparse forms")
		}
		covers, overlaps := true, true
		for i, ka := range a.Mask.Words() {
			kb, differ := b.Mask.Words()[i], a.Value.Words()[i]^b.Value.Words()[i]
			covers = covers && ka&^kb == 0 && differ&ka == 0
			overlaps = overlaps && differ&ka&kb == 0
		}
		if sa.Covers(sb) != covers || sa.Overlaps(sb) != overlaps || sb.Overlaps(sa) != overlaps {
			t.Fatalf("covers %v, want %v; overlaps %v, want %v", sa.Covers(sb), covers, sa.Overlaps(sb), overlaps)
		}
		p := packetOf(r, a)
		if !a.Matches(p) || !sa.Matches(p) || sb.Matches(p) != b.Matches(p) {
			t.Fatal("matching by sparse forms")
		}
		if c := sa.Clone(); !c.Equal(sa) {
			t.Fatal("clone")
		}
		if SparseOf(sa.Set(), sa.Values(), sa.Masks()).Hash(1) != sa.Hash(1) {
			t.Fatal("view of the pieces")
		}
	}
}

func TestWordSet(t *testing.T) {
	r := newRand(t)
	for range 500 {
		var s WordSet
		var naive [128]bool
		for range r.IntN(20) {
			i := r.IntN(128)
			s.Add(i)
			naive[i] = true
		}
		var want []int
		for i, in := range naive {
			if s.rank(i) != len(want) {
				t.Fatalf("rank(%d) = %d, want %d", i, s.rank(i), len(want))
			}
			if in {
				want = append(want, i)
			}
			if s.Has(i) != in {
				t.Fatalf("has(%d) = %v", i, s.Has(i))
			}
		}
		if got := slices.Collect(s.All()); !slices.Equal(got, want) || s.Len() != len(want) {
			t.Fatalf("all: %v, want %v", got, want)
		}
	}
}

func randomKey(r *rand.Rand) *Key {
	k := new(Key)
	for i := range k.Words() {
		k.Words()[i] = r.Uint64()
	}
	k.Present = uint16(r.IntN(4))
	return k
}

// zeroAbsent is k as it compares: absent segments are zeros.
func zeroAbsent(k *Key) *Key {
	z := *k
	if k.Present&PresentConn == 0 {
		z.Conn = Conn{}
	}
	if k.Present&PresentTunnel == 0 {
		z.Tunnel = Tunnel{}
	}
	return &z
}

// TestHashAgainstDense compares keys by hash and word by word.
func TestHashAgainstDense(t *testing.T) {
	r := newRand(t)
	for range 5000 {
		a := randomKey(r)
		if a.EthType == 0x0800 {
			a.EthType++ // no such key comes from a packet: see checkHashIsWhole
		}
		b := *a
		for range r.IntN(3) {
			b.Words()[r.IntN(KeyWords)] ^= 1 << r.IntN(64)
		}
		b.Present = uint16(r.IntN(4))
		if r.IntN(2) == 0 {
			b.Present = a.Present
		}
		za, zb := zeroAbsent(a), zeroAbsent(&b)
		if same := *za.Words() == *zb.Words(); a.Equal(&b) != same || (a.Hash(secret) == b.Hash(secret)) != same {
			t.Fatalf("whole keys: equal %v, want %v", a.Equal(&b), same)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	r := newRand(t)
	k, p := randomKey(r), randomPipeline(r)
	a, b := mustMatch(t, "reg0=1", "eth_type=0x800").Sparse(), mustMatch(t, "reg0=1").Sparse()
	f, sink := FieldByName("ipv6_src"), uint64(0)
	for name, do := range map[string]func(){
		"key":       func() { sink += k.Hash(secret); k.Equal(k) },
		"sparse":    func() { a.Covers(b); a.Overlaps(b); a.Equal(b); a.Matches(p); sink += a.Hash(1) },
		"field":     func() { f.Store(p, f.Load(p), Ones(64)); f.Exists(p, nil) },
		"load, set": func() { p.Load(k) },
	} {
		if n := testing.AllocsPerRun(100, do); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// secret is what these tests hash keys with.
var secret = NewSecret(9)

func BenchmarkKeyHash(b *testing.B) {
	k, sum := &Key{Base: Base{EthType: 0x0800, IPProto: 6}}, uint64(0)
	for b.Loop() {
		k.Base.Words()[5]++
		sum += k.Hash(secret)
	}
}
