package flow

import "unsafe"

// Mask is a Pipeline's shape with bits for values: a set bit means that the
// pipeline's bit in that place counts.
type Mask Pipeline

// Words views the mask as 64-bit words.
func (m *Mask) Words() *[PipelineWords]uint64 {
	return (*[PipelineWords]uint64)(unsafe.Pointer(m))
}
