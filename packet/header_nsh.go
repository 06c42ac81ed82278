package packet

import "encoding/binary"

// Sizes of network service headers, in bytes (RFC 8300 §2).
const (
	NSHBaseSize = 8  // base and service path header
	NSHMD1Size  = 24 // with the fixed context headers of metadata type 1
	NSHMaxSize  = 63 * 4
)

// NSH is a view of a network service header (RFC 8300 §2).
type NSH []byte

// Version is the version; 0 is the only one.
func (h NSH) Version() uint8 { return h[0] >> 6 }

// Flags is the O bit (OAM, 2) and the unassigned bit behind it (1).
func (h NSH) Flags() uint8 { return h[0] >> 4 & 3 }

// TTL is the time to live, 6 bits.
func (h NSH) TTL() uint8 { return uint8(binary.BigEndian.Uint16(h)>>6) & 0x3f }

// HeaderLen is the size of the whole header in bytes.
func (h NSH) HeaderLen() int { return int(h[1]&0x3f) * 4 }

// MDType is the metadata type, NSHMD1 or NSHMD2.
func (h NSH) MDType() uint8 { return h[2] & 0xf }

// NextProtocol is the protocol of the payload, NSHNextIPv4 and so on.
func (h NSH) NextProtocol() uint8 { return h[3] }

// SPI is the 24-bit service path identifier.
func (h NSH) SPI() uint32 { return binary.BigEndian.Uint32(h[4:]) >> 8 }

// SI is the service index.
func (h NSH) SI() uint8 { return h[7] }

// Context is fixed context header i, 0 to 3. Valid iff MDType is NSHMD1.
func (h NSH) Context(i int) uint32 { return binary.BigEndian.Uint32(h[NSHBaseSize+4*i:]) }

// Valid says whether the header is whole and its length agrees with its
// metadata type.
func (h NSH) Valid() bool {
	if len(h) < NSHBaseSize || h.Version() != 0 {
		return false
	}
	n := h.HeaderLen()
	switch h.MDType() {
	case NSHMD1:
		return n == NSHMD1Size && len(h) >= n
	case NSHMD2:
		return n >= NSHBaseSize && len(h) >= n
	}
	return false
}
