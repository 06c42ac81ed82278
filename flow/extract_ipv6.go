package flow

import (
	"encoding/binary"

	"vswitch/packet"
)

// Bits of ipv6_exthdr (OpenFlow 1.3.5 §7.2.3.7, OFPIEH_*).
const (
	ExtNoNext   = 1 << iota // there is a "no next header"
	ExtESP                  // an encrypted payload
	ExtAuth                 // an authentication header
	ExtDest                 // one or two destination options
	ExtFrag                 // a fragment header
	ExtRouting              // a routing header
	ExtHop                  // hop-by-hop options, which came first
	ExtRepeated             // a header came more often than RFC 8200 expects
	ExtOrder                // headers came in another order than RFC 8200 asks for
)

// maxExtHeaders bounds the walk over a packet's extension headers. A longer
// chain is taken for one that is cut short.
const maxExtHeaders = 32

func extractIPv6(b *packet.Buf, s []byte, at int, base *Base) {
	if at+packet.IPv6Size > len(s) {
		return
	}
	h := s[at : at+packet.IPv6Size]
	first := binary.BigEndian.Uint32(h)
	end := at + packet.IPv6Size + int(binary.BigEndian.Uint16(h[4:]))
	if first>>28 != 6 || end > b.Size() {
		return
	}
	b.L3 = uint16(at)
	base.IPv6Src = IPv6(h[8:24])
	base.IPv6Dst = IPv6(h[24:40])
	s = s[:min(end, len(s))]
	at += packet.IPv6Size
	proto := h[6]
	if isExtension(proto) {
		w := extWalk{at: at, proto: proto}
		if w.run(s); w.cut {
			base.IPv6ExtHdr = w.bits
			return
		}
		at, proto = w.at, w.proto
		base.IPFrag, base.IPv6ExtHdr = w.frag, w.bits
	}
	base.IPv6Label = first & 0xfffff
	base.IPProto = proto
	base.IPTOS = uint8(first >> 20)
	base.IPTTL = h[7]
	if base.IPFrag&FragLater == 0 {
		extractTransport(b, s, at, base)
	}
}

// isExtension reports whether proto tells of an extension header, ESP and "no
// next header" among them.
func isExtension(proto uint8) bool {
	switch proto {
	case packet.ProtoHopByHop, packet.ProtoRouting, packet.ProtoFragment, packet.ProtoAH,
		packet.ProtoDestOptions, packet.ProtoESP, packet.ProtoNoNext:
		return true
	}
	return false
}

// extWalk goes over the extension headers of a packet.
type extWalk struct {
	at    int
	proto uint8 // of the header at at; of a later fragment, ProtoFragment
	frag  uint8 // FragAny, FragLater
	dests uint8 // destination options seen, up to 2
	cut   bool  // a header is not whole
	bits  uint16
}

// run walks until a header that is no extension, or one that is not whole.
func (w *extWalk) run(s []byte) {
	for n := 0; ; n++ {
		if !isExtension(w.proto) {
			return
		}
		if w.note(w.proto); w.proto == packet.ProtoESP || w.proto == packet.ProtoNoNext {
			return
		}
		if n == maxExtHeaders || w.at+8 > len(s) {
			w.cut = true
			return
		}
		h := packet.IPv6Ext(s[w.at:])
		size := h.Len(w.proto)
		if w.at+size > len(s) {
			w.cut = true
			return
		}
		if w.proto == packet.ProtoFragment {
			if f := packet.IPv6Frag(h); f.IsLaterFragment() {
				w.frag = FragAny | FragLater
				return
			} else if f.More() {
				w.frag = FragAny
			}
		}
		w.proto = h.NextHeader()
		w.at += size
	}
}

// note sets the bits for a header of protocol proto. RFC 8200 §4.1 has them in
// the order hop-by-hop, destination, routing, fragment, authentication, ESP,
// destination, each once.
func (w *extWalk) note(proto uint8) {
	const rest = ExtRepeated | ExtOrder
	var bit, before uint16 // the header's own; those that may come before it
	switch proto {
	case packet.ProtoHopByHop:
		if bit = ExtHop; w.bits != 0 {
			w.bits |= ExtOrder
			if w.bits&ExtHop == 0 {
				return // ExtHop means the first header
			}
		}
	case packet.ProtoDestOptions:
		if w.dests == 2 {
			w.bits |= ExtRepeated
			return
		}
		w.dests++
		w.bits |= ExtDest
		return
	case packet.ProtoRouting:
		bit, before = ExtRouting, ExtHop|ExtDest
	case packet.ProtoFragment:
		bit, before = ExtFrag, ExtHop|ExtDest|ExtRouting
	case packet.ProtoAH:
		bit, before = ExtAuth, ExtHop|ExtDest|ExtRouting|ExtFrag
	case packet.ProtoESP:
		bit, before = ExtESP, ExtHop|ExtDest|ExtRouting|ExtFrag|ExtAuth
	case packet.ProtoNoNext:
		w.bits |= ExtNoNext
		return
	}
	if w.bits&bit != 0 {
		w.bits |= ExtRepeated
	}
	// The second destination options are the last header of all.
	if w.bits&^(before|bit|rest) != 0 || w.dests == 2 {
		w.bits |= ExtOrder
	}
	w.bits |= bit
}
