package packet

import (
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

func TestMakeLSE(t *testing.T) {
	e := MakeLSE(0xabcde, 5, true, 77)
	if e != 0xabcde_b4d || e.Label() != 0xabcde || e.TC() != 5 || !e.Bottom() || e.TTL() != 77 {
		t.Errorf("%#x", e)
	}
	if e = MakeLSE(1, 0xff, false, 0); e.TC() != 7 || e.Bottom() || e.Label() != 1 {
		t.Errorf("%#x: a traffic class has three bits", e)
	}
}

func TestLinkViews(t *testing.T) {
	s := unhex(t, testMACs+"8100 f064 88e7 3b123456 0a0000000001 0a0000000002 8847 00010b40")
	tag := VLAN(s[EthSize:])
	if tag.TCI() != 0xf064 || tag.PCP() != 7 || !tag.DEI() || tag.VID() != 100 || tag.Type() != EthTypePBB {
		t.Errorf("tag %x", []byte(tag[:4]))
	}
	itag := ITag(s[EthSize+VLANSize:])
	if itag.TCI() != 0x3b123456 || itag.SID() != 0x123456 || itag.TCI()&ITagUCA == 0 || itag.TCI()&ITagDEI == 0 ||
		itag.TCI()>>ITagPCPShift != 1 || itag.Customer().Dst() != [6]byte{10, 0, 0, 0, 0, 1} ||
		itag.Customer().Type() != EthTypeMPLS {
		t.Errorf("I-TAG %x", []byte(itag))
	}
	Ethernet(s).SetDst([6]byte{1})
	Ethernet(s).SetSrc([6]byte{2})
	Ethernet(s).SetType(EthTypeARP)
	if Ethernet(s).Dst() != [6]byte{1} || Ethernet(s).Src() != [6]byte{2} || Ethernet(s).Type() != EthTypeARP {
		t.Errorf("Ethernet %x", s[:14])
	}
}

func TestARPView(t *testing.T) {
	arp := &layers.ARP{
		AddrType: layers.LinkTypeEthernet, Protocol: layers.EthernetTypeIPv4,
		HwAddressSize: 6, ProtAddressSize: 4, Operation: ARPReply,
		SourceHwAddress: []byte{1, 2, 3, 4, 5, 6}, SourceProtAddress: []byte{10, 0, 0, 1},
		DstHwAddress: []byte{7, 8, 9, 10, 11, 12}, DstProtAddress: []byte{10, 0, 0, 2},
	}
	out := gopacket.NewSerializeBuffer()
	if err := arp.SerializeTo(out, gopacket.SerializeOptions{}); err != nil {
		t.Fatal(err)
	}
	h := ARP(out.Bytes())
	if !h.Valid() || h.Op() != ARPReply || h.SHA() != [6]byte{1, 2, 3, 4, 5, 6} || h.SPA() != 0x0a000001 ||
		h.THA() != [6]byte{7, 8, 9, 10, 11, 12} || h.TPA() != 0x0a000002 {
		t.Errorf("%x", []byte(h))
	}
	if h[:27].Valid() {
		t.Error("valid without its last byte")
	}
	for i := range 6 {
		c := append(ARP{}, h...)
		c[i] ^= 1
		if c.Valid() {
			t.Errorf("valid with byte %d changed", i)
		}
	}
}

func TestNDViews(t *testing.T) {
	h := ND(unhex(t, "87000000 e0000000 fd000000000000000000000000000001"+
		"0101 0a0000000001 0302 00000000000000000000000000 00 0201 0a0000000002"))
	if h.Reserved() != 0xe0000000 || h.Target() != [16]byte{0: 0xfd, 15: 1} {
		t.Errorf("%x", []byte(h))
	}
	var types []uint8
	for o, rest := h.Options().Next(); o != nil; o, rest = rest.Next() {
		types = append(types, o.Type())
		if o.IsLinkAddr() && o.LinkAddr() != [6]byte{10, 0, 0, 0, 0, o.Type()} {
			t.Errorf("link address %x", o.LinkAddr())
		}
		if o.IsLinkAddr() != (o.Type() < 3) {
			t.Errorf("option %x", []byte(o))
		}
	}
	if len(types) != 3 || types[0] != NDOptSourceLinkAddr || types[1] != 3 || types[2] != NDOptTargetLinkAddr {
		t.Errorf("options %v", types)
	}
	for _, c := range []struct{ name, options string }{
		{"none", ""},
		{"of length 0", "0100 000000000000"},
		{"beyond the message", "0102 000000000000"},
		{"cut short", "0101 0000"},
	} {
		if o, _ := NDOptions(unhex(t, c.options)).Next(); o != nil {
			t.Errorf("option %s: %x", c.name, []byte(o))
		}
	}
}

func TestMulticastViews(t *testing.T) {
	igmp := IGMP(unhex(t, "1600 0904 e0000001"))
	if igmp.Type() != IGMPv2Report || igmp.Group() != 0xe0000001 || igmp.Checksum() != 0x0904 {
		t.Errorf("%x", []byte(igmp))
	}
	mld := MLD(unhex(t, "82000000 27100000 ff020000000000000000000000000016"))
	if mld.Type() != ICMPv6MLDQuery || mld.MaxResponseDelay() != 10000 || mld.Group() != [16]byte{0: 0xff, 1: 2, 15: 0x16} {
		t.Errorf("%x", []byte(mld))
	}
}

func TestNSHView(t *testing.T) {
	h := NSH(unhex(t, "2fc60103 123456ff 00000001 00000002 00000003 ffffffff"))
	if !h.Valid() || h.Version() != 0 || h.Flags() != 2 || h.TTL() != 63 || h.HeaderLen() != 24 || h.MDType() != NSHMD1 ||
		h.NextProtocol() != NSHNextEthernet || h.SPI() != 0x123456 || h.SI() != 255 ||
		h.Context(0) != 1 || h.Context(3) != 0xffffffff {
		t.Errorf("%x", []byte(h))
	}
	for _, c := range []struct {
		name, header string
		valid        bool
	}{
		{"type 2 without context", "00020201 00000101", true},
		{"type 2 with context", "00040201 00000101 00010204 09090909", true},
		{"type 2, length beyond the bytes", "00040201 00000101 00010204", false},
		{"type 2, length below the base", "00010201 00000101", false},
		{"type 1, wrong length", "00020101 00000101", false},
		{"type 0", "00020001 00000101", false},
		{"version 1", "40020201 00000101", false},
		{"cut short", "00020201 000001", false},
	} {
		if got := NSH(unhex(t, c.header)).Valid(); got != c.valid {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestIPv6ExtensionViews(t *testing.T) {
	for _, c := range []struct {
		name  string
		proto uint8
		bytes string
		size  int
	}{
		{"hop by hop", ProtoHopByHop, "0600 000000000000", 8},
		{"destination options", ProtoDestOptions, "0602", 24},
		{"fragment, whose second byte is reserved", ProtoFragment, "06ff 0001", 8},
		{"authentication, in words", ProtoAH, "0604", 24},
	} {
		h := IPv6Ext(unhex(t, c.bytes))
		if h.Len(c.proto) != c.size || h.NextHeader() != ProtoTCP || !IsIPv6Ext(c.proto) {
			t.Errorf("%s: %d bytes", c.name, h.Len(c.proto))
		}
	}
	for _, proto := range []uint8{ProtoTCP, ProtoESP, ProtoNoNext, ProtoICMPv6} {
		if IsIPv6Ext(proto) {
			t.Errorf("protocol %d is no extension header", proto)
		}
	}
	for _, c := range []struct {
		name                  string
		bytes                 string
		fragment, later, more bool
	}{
		{"atomic", "0600 0000 00000001", false, false, false},
		{"first", "0600 0001 00000001", true, false, true},
		{"middle", "0600 0009 00000001", true, true, true},
		{"last", "0600 0008 00000001", true, true, false},
		{"reserved bits only", "0600 0006 00000001", false, false, false},
	} {
		h := IPv6Frag(unhex(t, c.bytes))
		if h.IsFragment() != c.fragment || h.IsLaterFragment() != c.later || h.More() != c.more {
			t.Errorf("%s: %v %v %v", c.name, h.IsFragment(), h.IsLaterFragment(), h.More())
		}
	}
}

func TestIPv4Fragments(t *testing.T) {
	for _, c := range []struct {
		name            string
		frag            uint16
		fragment, later bool
	}{
		{"whole", 0, false, false},
		{"whole, not to be fragmented", IPv4DontFragment, false, false},
		{"first", IPv4MoreFragments, true, false},
		{"middle", IPv4MoreFragments | 5, true, true},
		{"last", 5, true, true},
	} {
		h := IPv4((&testFrame{version: 4, frag: c.frag}).packet())
		if h.IsFragment() != c.fragment || h.IsLaterFragment() != c.later {
			t.Errorf("%s: %v %v", c.name, h.IsFragment(), h.IsLaterFragment())
		}
	}
}
