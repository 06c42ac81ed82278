package ofproto

import "vswitch/flow"

// setWide sets a tunnel option of the packet. One that the bridge's TLV table
// does not map is refused before a flow is installed, and gone with the table's
// row later.
func (x *xlate) setWide(f *flow.Field, value, mask []byte) {
	tlvs := &x.bridge.tlvs
	if f.StoreBytes(&x.p, value, mask, tlvs) != nil {
		return
	}
	ones := make([]byte, flow.MaxTLVLen)
	for i := range ones {
		ones[i] = 0xff
	}
	if mask == nil {
		mask = ones[:len(value)]
	}
	_ = f.StoreBytes((*flow.Pipeline)(&x.known), ones[:len(mask)], mask, tlvs) // as mapped as above
}

// deleteField takes a tunnel option off the packet.
func (x *xlate) deleteField(id flow.FieldID) {
	i, mapped := x.bridge.tlvs.Lookup(uint8(id - flow.FieldTunMetadata0))
	if !mapped {
		return
	}
	x.p.TunMetadataPresent &^= 1 << i.Index
	clear(x.p.TunMetadata[i.Offset:][:i.Len])
	x.known.TunMetadataPresent |= 1 << i.Index
	for at := range i.Len {
		x.known.TunMetadata[i.Offset+at] = 0xff
	}
}
