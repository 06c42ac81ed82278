package flow

import "unsafe"

// Mask is a Pipeline's shape with bits for values: a set bit means that the
// pipeline's bit in that place counts.
type Mask Pipeline

// Words views the mask as 64-bit words.
func (m *Mask) Words() *[PipelineWords]uint64 {
	return (*[PipelineWords]uint64)(unsafe.Pointer(m))
}

// KeyMask is a Key's shape with bits for values. Present bits are not part of
// it: an absent segment compares as zeros.
type KeyMask Key

// Words views the mask as 64-bit words.
func (m *KeyMask) Words() *[KeyWords]uint64 { return (*[KeyWords]uint64)(unsafe.Pointer(m)) }

// KeyMask is the part of the mask that lies on the key. It is the same memory.
func (m *Mask) KeyMask() *KeyMask { return (*KeyMask)(unsafe.Pointer(m)) }

func (c *Conn) words() *[ConnWords]uint64 { return (*[ConnWords]uint64)(unsafe.Pointer(c)) }

func (t *Tunnel) words() *[TunnelWords]uint64 { return (*[TunnelWords]uint64)(unsafe.Pointer(t)) }
