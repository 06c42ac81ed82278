package classifier

import (
	"encoding/binary"
	"math/bits"
	"unsafe"

	"vswitch/flow"
)

// The stages of a lookup are the layers of a packet. What every packet has comes
// first; what only exists in the pipeline, and so narrows no cache entry, is
// part of it.
const (
	stageMetadata = iota // ports, tunnel, connection, registers
	stageL2
	stageL3
	stageL4 // transport, ARP, neighbour discovery, NSH
	numStages
)

// The words at which stages begin. The words behind the base are metadata.
const (
	firstL2 = int(unsafe.Offsetof(flow.Base{}.EthDst)) / 8
	firstL3 = int(unsafe.Offsetof(flow.Base{}.IPSrc)) / 8
	firstL4 = int(unsafe.Offsetof(flow.Base{}.IPv6ExtHdr)) / 8
)

// firstIPv6 is the first word of the IPv6 addresses.
const firstIPv6 = int(unsafe.Offsetof(flow.Base{}.IPv6Src)) / 8

// Stages begin with whole words, and fields with tries lie where trieWords says.
var (
	_ [0]byte = [unsafe.Offsetof(flow.Base{}.IPv6Src) % 8]byte{}
	_ [0]byte = [unsafe.Offsetof(flow.Base{}.IPDst)/8 - uintptr(firstL3)]byte{}
	_ [0]byte = [unsafe.Offsetof(flow.Base{}.IPv6Dst)/8 - uintptr(firstIPv6) - 2]byte{}
	_ [0]byte = [unsafe.Offsetof(flow.Base{}.TPSrc)/8 - uintptr(firstL4)]byte{}
	_ [0]byte = [unsafe.Offsetof(flow.Base{}.TPDst)/8 - uintptr(firstL4)]byte{}
	_ [0]byte = [unsafe.Offsetof(flow.Base{}.EthDst) % 8]byte{}
	_ [0]byte = [unsafe.Offsetof(flow.Base{}.IPSrc) % 8]byte{}
	_ [0]byte = [unsafe.Offsetof(flow.Base{}.IPv6ExtHdr) % 8]byte{}
)

// stageOf is the stage of word i.
func stageOf(i int) int {
	switch {
	case i < firstL2 || i >= flow.BaseWords:
		return stageMetadata
	case i < firstL3:
		return stageL2
	case i < firstL4:
		return stageL3
	}
	return stageL4
}

// The fields that have tries.
const (
	trieIPSrc = iota
	trieIPDst
	trieIPv6Src
	trieIPv6Dst
	trieTPSrc
	trieTPDst
	numTries
)

// trieStage is the stage of a field that has a trie.
func trieStage(field int) int {
	if field >= trieTPSrc {
		return stageL4
	}
	return stageL3
}

// trieWords are the words of a field that has a trie.
func trieWords(field int) (w flow.WordSet) {
	switch field {
	case trieIPSrc, trieIPDst:
		w.Add(firstL3)
	case trieIPv6Src:
		w.Add(firstIPv6)
		w.Add(firstIPv6 + 1)
	case trieIPv6Dst:
		w.Add(firstIPv6 + 2)
		w.Add(firstIPv6 + 3)
	default:
		w.Add(firstL4)
	}
	return w
}

// trieWidth is the field's size in bits.
func trieWidth(field int) uint8 {
	switch field {
	case trieIPSrc, trieIPDst:
		return 32
	case trieIPv6Src, trieIPv6Dst:
		return 128
	}
	return 16
}

// keyOf is a field's bits.
func keyOf(field int, p *flow.Pipeline) (k prefixKey) {
	switch field {
	case trieIPSrc:
		k[0] = p.IPSrc
	case trieIPDst:
		k[0] = p.IPDst
	case trieIPv6Src:
		k.set(&p.IPv6Src)
	case trieIPv6Dst:
		k.set(&p.IPv6Dst)
	case trieTPSrc:
		k[0] = uint32(p.TPSrc) << 16
	case trieTPDst:
		k[0] = uint32(p.TPDst) << 16
	}
	return k
}

func (k *prefixKey) set(a *flow.IPv6) {
	for i := range k {
		k[i] = binary.BigEndian.Uint32(a[4*i:])
	}
}

// prefixSize is the length of the prefix that a mask selects of a field, or 0
// where it selects something else.
func prefixSize(field int, m *flow.Mask) uint8 {
	k := keyOf(field, (*flow.Pipeline)(m))
	size := 0
	for i, chunk := range k {
		ones := bits.LeadingZeros32(^chunk)
		if size < chunkBits*i && chunk != 0 || chunk<<ones != 0 {
			return 0
		}
		size += ones
	}
	return uint8(size)
}

// unwildcardPrefix adds the first size bits of a field to m.
func unwildcardPrefix(field int, size uint8, m *flow.Mask) {
	switch field {
	case trieIPSrc:
		m.IPSrc |= ^uint32(0) << (32 - size)
	case trieIPDst:
		m.IPDst |= ^uint32(0) << (32 - size)
	case trieIPv6Src:
		unwildcardBytes(&m.IPv6Src, size)
	case trieIPv6Dst:
		unwildcardBytes(&m.IPv6Dst, size)
	case trieTPSrc:
		m.TPSrc |= ^uint16(0) << (16 - size)
	case trieTPDst:
		m.TPDst |= ^uint16(0) << (16 - size)
	}
}

func unwildcardBytes(b *flow.IPv6, size uint8) {
	for i := range b {
		if size < 8 {
			b[i] |= ^byte(0) << (8 - size)
			return
		}
		b[i], size = 0xff, size-8
	}
}
