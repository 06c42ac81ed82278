package ofproto

import (
	"vswitch/flow"
	"vswitch/openflow"
)

// Tunnel options (tun_metadata fields) are wider than a flow.Value, and lie where
// the bridge's TLV table says. What it does not map is refused before a flow is
// installed; a row that a flow uses stays.

// wide is where an option lies: its row of the TLV table.
func (x *xlate) wide(f *flow.Field) (flow.TLV, bool) {
	return x.bridge.tlvs.Load().Lookup(uint8(f.ID - flow.FieldTunMetadata0))
}

// setWide sets a tunnel option of the packet; nil mask is all of it.
func (x *xlate) setWide(f *flow.Field, value, mask []byte) {
	row, mapped := x.wide(f)
	if !mapped || f.StoreBytes(&x.p, value, mask, x.bridge.tlvs.Load()) != nil {
		return
	}
	x.knowWide(row)
}

// deleteField takes a tunnel option off the packet.
func (x *xlate) deleteField(id flow.FieldID) {
	row, mapped := x.wide(flow.FieldByID(id))
	if !mapped {
		return
	}
	x.p.TunMetadataPresent &^= 1 << row.Index
	clear(x.p.TunMetadata[row.Offset:][:row.Len])
	x.knowWide(row)
}

// knowWide notes that an option no longer comes from the packet. Where only a part
// of it was written, the rest is looked at first.
func (x *xlate) knowWide(row flow.TLV) {
	x.lookWide(row)
	x.known.TunMetadataPresent |= 1 << row.Index
	for i := range row.Len {
		x.known.TunMetadata[row.Offset+i] = 0xff
	}
}

// lookWide notes that an option decides the packet's way.
func (x *xlate) lookWide(row flow.TLV) {
	x.mask.TunMetadataPresent |= 1 << row.Index &^ x.known.TunMetadataPresent
	for i := range row.Len {
		x.mask.TunMetadata[row.Offset+i] |= ^x.known.TunMetadata[row.Offset+i]
	}
}

// showWide has a packet-in show an option that the packet has.
func (x *xlate) showWide(m *flow.Match, row flow.TLV) {
	has := uint64(1) << row.Index
	if x.p.Present&flow.PresentTunnel == 0 && x.known.TunMetadataPresent&has == 0 {
		return
	}
	if x.lookWide(row); x.p.TunMetadataPresent&has == 0 {
		return
	}
	m.Value.TunMetadataPresent |= has
	m.Mask.TunMetadataPresent |= has
	copy(m.Value.TunMetadata[row.Offset:][:row.Len], x.p.TunMetadata[row.Offset:])
	for i := range row.Len {
		m.Mask.TunMetadata[row.Offset+i] = 0xff
	}
}

// readWide is the value of bits of an option.
func (x *xlate) readWide(f *flow.Field, s openflow.Subfield) (v flow.Value) {
	row, mapped := x.wide(f)
	if !mapped {
		return v
	}
	x.lookWide(row)
	option := x.p.TunMetadata[row.Offset:][:row.Len]
	for i := int(s.Bits) - 1; i >= 0; i-- {
		at := int(s.Ofs) + i
		v = v.Shl(1)
		if at/8 < len(option) {
			v.Lo |= uint64(option[len(option)-1-at/8] >> (at % 8) & 1)
		}
	}
	return v
}

// writeWide gives bits of an option a value.
func (x *xlate) writeWide(f *flow.Field, s openflow.Subfield, v flow.Value) {
	row, mapped := x.wide(f)
	if !mapped {
		return
	}
	x.knowWide(row)
	option := x.p.TunMetadata[row.Offset:][:row.Len]
	for i := range int(s.Bits) {
		if at := int(s.Ofs) + i; at/8 < len(option) {
			b := &option[len(option)-1-at/8]
			*b = *b&^(1<<(at%8)) | byte(v.Shr(i).Lo&1)<<(at%8)
		}
	}
	x.p.TunMetadataPresent |= 1 << row.Index
}
