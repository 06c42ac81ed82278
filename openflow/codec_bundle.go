package openflow

import (
	"errors"
	"slices"
)

//size:table
func bundleMessages() []messageRow {
	control := messageRow{kind: KindBundleControl, size: 8, extra: 8, decode: to(decodeBundleControl), encode: from(appendBundleControl)}
	add := messageRow{kind: KindBundleAdd, size: 8, extra: 1, decode: to(decodeBundleAdd), encode: from(appendBundleAdd)}
	forward := messageRow{kind: KindRequestForward, size: 8, extra: 8, decode: to(decodeRequestForward), encode: from(appendRequestForward)}
	rows := []messageRow{
		{kind: KindBundleFeaturesRequest, name: "OFPST_BUNDLE_FEATURES request", class: classRequest, from: V15, to: V15, code: 19, size: 8, extra: 8,
			decode: to(func(_ context, b []byte, m *BundleFeaturesRequest) (err error) {
				m.Flags = be.Uint32(b)
				m.Props, err = decodeProperties(b[8:])
				return err
			}),
			encode: from(func(_ context, dst []byte, m *BundleFeaturesRequest) ([]byte, error) {
				return appendProperties(zeros(be.AppendUint32(dst, m.Flags), 4), m.Props), nil
			})},
		{kind: KindBundleFeaturesReply, name: "OFPST_BUNDLE_FEATURES reply", class: classReply, from: V15, to: V15, code: 19, size: 8, extra: 8,
			decode: to(func(_ context, b []byte, m *BundleFeaturesReply) (err error) {
				m.Capabilities = be.Uint16(b)
				m.Props, err = decodeProperties(b[8:])
				return err
			}),
			encode: from(func(_ context, dst []byte, m *BundleFeaturesReply) ([]byte, error) {
				return appendProperties(zeros(be.AppendUint16(dst, m.Capabilities), 6), m.Props), nil
			})},
	}
	as := func(row messageRow, name string, cl class, from, to Version, code uint32) {
		row.name, row.class, row.from, row.to, row.code = name, cl, from, to, code
		rows = append(rows, row)
	}
	as(control, "ONFT_BUNDLE_CONTROL", classONF, V13, V13, 2300)
	as(control, "OFPT_BUNDLE_CONTROL", classType, V14, V15, 33)
	as(add, "ONFT_BUNDLE_ADD_MESSAGE", classONF, V13, V13, 2301)
	as(add, "OFPT_BUNDLE_ADD_MESSAGE", classType, V14, V15, 34)
	as(forward, "NXT_REQUESTFORWARD", classNicira, V10, V12, 132)
	as(forward, "ONFT_REQUESTFORWARD", classONF, V13, V13, 2350)
	as(forward, "OFPT_REQUESTFORWARD", classType, V14, V15, 32)
	return rows
}

const bundleFlagsAll = BundleAtomic | BundleOrdered | BundleTime

func (f BundleFlags) check(v Version) error {
	known := bundleFlagsAll
	if v < V15 {
		known &^= BundleTime
	}
	if f&^known != 0 {
		return NewError(ErrBundleBadFlags, "flags %#x", f)
	}
	return nil
}

func decodeBundleControl(c context, b []byte, m *BundleControl) (err error) {
	m.ID, m.Type, m.Flags = be.Uint32(b), BundleControlType(be.Uint16(b[4:])), BundleFlags(be.Uint16(b[6:]))
	if m.Type > BundleDiscardReply {
		return NewError(ErrBundleBadType, "bundle control type %d", m.Type)
	}
	if m.Props, err = decodeProperties(b[8:]); err != nil {
		return err
	}
	return m.Flags.check(c.v)
}

func appendBundleControl(_ context, dst []byte, m *BundleControl) ([]byte, error) {
	dst = be.AppendUint16(be.AppendUint16(be.AppendUint32(dst, m.ID), uint16(m.Type)), uint16(m.Flags))
	return appendProperties(dst, m.Props), nil
}

func decodeBundleAdd(c context, b []byte, m *BundleAdd) (err error) {
	m.ID, m.Flags = be.Uint32(b), BundleFlags(be.Uint16(b[6:]))
	if err := m.Flags.check(c.v); err != nil {
		return err
	}
	m.Header, m.Message, err = decodeInner(c, b[8:])
	m.XID = m.Header.XID
	switch code := ErrorCode(0); {
	case errors.As(err, &code) && slices.Contains(unknownMessage, code):
		return NewError(ErrBundleMsgUnsup, "%v", err)
	case err != nil:
		return err
	case m.XID != c.xid:
		return NewError(ErrBundleMsgBadXID, "inner message of transaction %#x in %#x", m.XID, c.xid)
	case !m.Message.Kind().modifies():
		return NewError(ErrBundleMsgUnsup, "%s in a bundle", m.Header.Name)
	}
	return nil
}

// unknownMessage are the errors for messages that there are none of.
var unknownMessage = []ErrorCode{ErrRequestBadType, ErrRequestBadStat, ErrRequestBadVendor, ErrRequestBadSubtype}

// modifies reports whether messages of the kind change the switch's state, so that
// a bundle may hold them (OpenFlow 1.4 §6.9.1).
func (k Kind) modifies() bool {
	switch k {
	case KindFlowMod, KindGroupMod, KindMeterMod, KindPortMod, KindTableMod, KindPacketOut,
		KindFlowModTableID, KindTLVTableMod, KindCTFlush, KindCTFlushZone:
		return true
	}
	return false
}

// decodeInner reads the message that a message carries, at the front of b. It may
// not carry another one.
func decodeInner(c context, b []byte) (h Header, m Message, err error) {
	if len(b) < HeaderLen {
		return h, nil, NewError(ErrBundleMsgBadLen, "inner message of %d bytes", len(b))
	}
	h = PeekHeader(b)
	n := int(h.Length)
	switch {
	case n < HeaderLen || n > len(b):
		return h, nil, NewError(ErrBundleMsgBadLen, "inner message of %d bytes in %d", n, len(b))
	case h.Version != c.v && c.v < V14:
		return h, nil, NewError(ErrRequestBadVersion, "inner message of version %#x", uint8(h.Version))
	case h.Version != c.v:
		return h, nil, NewError(ErrBundleBadVersion, "inner message of version %#x", uint8(h.Version))
	case c.inner:
		return h, nil, NewError(ErrBundleMsgUnsup, "messages nest")
	}
	c.inner, c.flowMod = true, nil
	return c.t.decode(c, b[:n:n])
}

func appendBundleAdd(c context, dst []byte, m *BundleAdd) ([]byte, error) {
	dst = be.AppendUint16(zeros(be.AppendUint32(dst, m.ID), 2), uint16(m.Flags))
	return c.t.appendMessage(c, dst, c.xid, m.Message, false)
}

func decodeRequestForward(c context, b []byte, m *RequestForward) error {
	h, inner, err := decodeInner(c, b)
	if err != nil {
		return err
	}
	m.XID = h.XID
	switch inner := inner.(type) {
	case *GroupMod:
		m.Group = inner
	case *MeterMod:
		m.Meter = inner
	default:
		return NewError(ErrBundleMsgUnsup, "%s forwarded", h.Name)
	}
	return nil
}

func appendRequestForward(c context, dst []byte, m *RequestForward) ([]byte, error) {
	if m.Group != nil {
		return c.t.appendMessage(c, dst, m.XID, m.Group, false)
	}
	return c.t.appendMessage(c, dst, m.XID, m.Meter, false)
}
