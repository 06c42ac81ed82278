package openflow

import "vswitch/flow"

// Types of matches in OpenFlow 1.1 and later (OFPMT_*).
const (
	matchTypeStandard = 0
	matchTypeOXM      = 1
	matchHeadSize     = 4
)

// decodeMatch reads the match at the front of b as the version has it, with its
// padding, and gives what follows.
func decodeMatch(c context, b []byte, m *Match) ([]byte, error) {
	if c.v == V10 {
		if len(b) < matchSize10 {
			return nil, ErrMatchBadLen
		}
		return b[matchSize10:], decodeMatch10(b[:matchSize10], m)
	}
	if len(b) < matchHeadSize {
		return nil, ErrMatchBadLen
	}
	typ, n := be.Uint16(b), int(be.Uint16(b[2:]))
	switch {
	case typ == matchTypeStandard && c.v == V11:
		if n != matchSize11 || len(b) < n {
			return nil, NewError(ErrMatchBadLen, "standard match of %d bytes in %d", n, len(b))
		}
		return b[n:], decodeMatch11(b[:n], m)
	case typ != matchTypeOXM:
		return nil, NewError(ErrMatchBadType, "match type %d", typ)
	case n < matchHeadSize || roundUp8(n) > len(b):
		return nil, NewError(ErrMatchBadLen, "match of %d bytes in %d", n, len(b))
	}
	return b[roundUp8(n):], decodeOXM(b[matchHeadSize:n], m, nil)
}

// appendMatch appends a match as the version has it, with its padding. What the
// fixed match of OpenFlow 1.1 cannot say goes as OXM, as Open vSwitch does it.
func appendMatch(c context, dst []byte, m *Match) ([]byte, error) {
	switch {
	case c.v == V10:
		return appendMatch10(dst, m), nil
	case c.v == V11 && fitsFixed(c.v, m):
		return appendMatch11(dst, m), nil
	}
	start := len(dst)
	dst = be.AppendUint16(dst, matchTypeOXM)
	dst, err := appendOXMFields(c.v, false, zeros(dst, 2), m)
	if err != nil && !c.tells {
		return dst, err
	}
	setLen16(dst, start+2, start)
	return pad8(dst, start), nil
}

// decodeNXM reads a match of n bytes and its padding at the front of b, and gives
// what follows.
func decodeNXM(b []byte, n int, m *Match, cookie *cookieMatch) ([]byte, error) {
	if roundUp8(n) > len(b) {
		return nil, NewError(ErrMatchBadLen, "match of %d bytes in %d", n, len(b))
	}
	return b[roundUp8(n):], decodeOXM(b[:n], m, cookie)
}

// appendNXM appends a match as NXM, with padding, and says how long it is
// without.
func appendNXM(c context, dst []byte, m *Match, cookie cookieMatch) (_ []byte, n int, err error) {
	start := len(dst)
	if dst, err = appendOXMFields(V10, true, dst, m); err != nil && !c.tells {
		return dst, 0, err
	}
	if cookie.mask != 0 {
		dst = appendCookie(dst, cookie)
	}
	n = len(dst) - start
	return pad8(dst, start), n, nil
}

func appendCookie(dst []byte, cookie cookieMatch) []byte {
	masked, size := cookie.mask != ^uint64(0), byte(cookieSize)
	code := byte(cookieCode << 1)
	if masked {
		code, size = code|1, 2*cookieSize
	}
	dst = append(be.AppendUint16(dst, classNXM1), code, size)
	dst = be.AppendUint64(dst, cookie.value&cookie.mask)
	if masked {
		dst = be.AppendUint64(dst, cookie.mask)
	}
	return dst
}

// fitsFixed reports whether the fixed match structure of OpenFlow 1.0 or 1.1 says
// all that m says: whether reading what it would write gives m again.
func fitsFixed(v Version, m *Match) bool {
	if len(m.Wide) > 0 {
		return false
	}
	var buf [matchSize11]byte
	var again Match
	if v == V10 && decodeMatch10(appendMatch10(buf[:0], m), &again) != nil ||
		v != V10 && decodeMatch11(appendMatch11(buf[:0], m), &again) != nil {
		return false
	}
	return again.Match.Equal(&m.Match) || untagged(m) && untagged(&again) && again.equalButTag(m)
}

// untagged reports whether m asks for packets without a tag, which several masks
// of the TCI say.
func untagged(m *Match) bool {
	return m.Mask.VLAN[0].TCI&flow.VLANPresent != 0 && m.Value.VLAN[0].TCI&flow.VLANPresent == 0
}

func (m *Match) equalButTag(o *Match) bool {
	a, b := m.Match, o.Match
	a.Value.VLAN, a.Mask.VLAN = b.Value.VLAN, b.Mask.VLAN
	return a.Equal(&b)
}
