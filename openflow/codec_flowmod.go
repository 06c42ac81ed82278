package openflow

import "vswitch/flow"

// Sizes of the fixed parts, in bytes, of the flow messages' forms.
const (
	flowModSize10 = 64
	flowModSize11 = 40
	flowModSizeNX = 32
)

//size:table
func flowMessages() []messageRow {
	rows := []messageRow{
		{kind: KindFlowMod, name: "OFPT_FLOW_MOD", from: V10, to: V10, code: 14, size: flowModSize10, extra: 8,
			decode: toFlowMod(decodeFlowMod10), encode: from(appendFlowMod10)},
		{kind: KindFlowMod, name: "OFPT_FLOW_MOD", from: V11, to: V15, code: 14, size: flowModSize11, extra: 8,
			decode: toFlowMod(decodeFlowMod11), encode: from(appendFlowMod11)},
		{kind: KindFlowMod, form: formNicira, name: "NXT_FLOW_MOD", class: classNicira, from: V10, to: V15, code: 13, size: flowModSizeNX, extra: 8,
			decode: toFlowMod(decodeFlowModNX), encode: from(appendFlowModNX)},
	}
	return append(append(rows, flowRemovedMessages()...), flowStatsMessages()...)
}

// toFlowMod is to for flow-mods, which may be read into the memory of an earlier
// one.
func toFlowMod(f func(c context, b []byte, m *FlowMod) error) decodeFunc {
	return func(c context, b []byte) (Message, error) {
		var m *FlowMod
		if c.flowMod == nil {
			m = new(FlowMod)
		} else {
			m = &c.flowMod[0]
			clear(c.flowMod[:])
		}
		if err := f(c, b, m); err != nil {
			return nil, err
		}
		return m, nil
	}
}

// form is Nicira's where it was asked for, and in OpenFlow 1.0 where the fixed
// structure cannot say what the flow-mod says.
func (m *FlowMod) form(v Version) uint8 {
	return formOf(m.Nicira || v == V10 && (!fitsFixed(v, &m.Match) || m.CookieMask != 0 && m.Command != FlowAdd))
}

// flowFlag is a flag with the versions that have it and its bit there.
type flowFlag struct {
	flag     FlowFlags
	from, to Version
	bit      uint16
}

var flowFlags = [...]flowFlag{
	{FlowSendRemoved, V10, V15, 1 << 0},
	{FlowCheckOverlap, V10, V15, 1 << 1},
	{FlowEmergency, V10, V10, 1 << 2},
	{FlowResetCounts, V12, V15, 1 << 2},
	{FlowNoPktCounts, V13, V15, 1 << 3},
	{FlowNoByteCounts, V13, V15, 1 << 4},
}

func flagsFrom(v Version, wire uint16) (flags FlowFlags, rest uint16) {
	if wire == 0 {
		return 0, 0
	}
	for _, f := range flowFlags {
		if wire&f.bit != 0 && f.from <= v && v <= f.to {
			flags |= f.flag
			wire &^= f.bit
		}
	}
	return flags, wire
}

func (flags FlowFlags) wire(v Version) (wire uint16) {
	if flags == 0 {
		return 0
	}
	for _, f := range flowFlags {
		if flags&f.flag != 0 && f.from <= v && v <= f.to {
			wire |= f.bit
		}
	}
	return wire
}

// setFlags reads a flow-mod's flags. In OpenFlow 1.0 and 1.1 an addition always
// resets counters.
func (m *FlowMod) setFlags(v Version, wire uint16) error {
	flags, rest := flagsFrom(v, wire)
	if rest != 0 {
		return NewError(ErrFlowModBadFlags, "flags %#x in %s", rest, v)
	}
	if v <= V11 && m.Command == FlowAdd {
		flags |= FlowResetCounts
	}
	m.Flags = flags
	if flags&FlowEmergency != 0 && m.IdleTimeout|m.HardTimeout != 0 {
		return NewError(ErrFlowModBadEmergTimeout, "emergency flow with a timeout")
	}
	return nil
}

// setCommand reads the command of OpenFlow 1.0 and of the Nicira form, whose high
// byte may be the table.
func (m *FlowMod) setCommand(c context, wire uint16) error {
	m.Table, m.Command = uint8(wire>>8), FlowModCommand(wire)
	bad := m.Command > FlowDeleteStrict
	if c.dialect.NoTableID {
		bad = bad || m.Table != 0
		m.Table = TableAll
	}
	if bad {
		return NewError(ErrFlowModBadCommand, "command %#x", wire)
	}
	return nil
}

func (m *FlowMod) command(c context) (uint16, error) {
	command := uint16(m.Command)
	switch {
	case !c.dialect.NoTableID:
		return command | uint16(m.Table)<<8, nil
	case m.Table == TableAll || m.Table == 0 && m.Command == FlowAdd:
		return command, nil
	}
	return 0, unencodable(c.v, "table %d in a flow-mod before NXT_FLOW_MOD_TABLE_ID", m.Table)
}

// setNewCookie takes the cookie of a form where it never restricts.
func (m *FlowMod) setNewCookie(cookie uint64) {
	if m.Command == FlowAdd {
		m.Cookie = cookie
		return
	}
	m.NewCookie, m.ModifyCookie = cookie, cookie != noCookie
}

// noCookie stands for no cookie where a message has room for one.
const noCookie = ^uint64(0)

// newCookie is the reverse of setNewCookie.
func (m *FlowMod) newCookie() uint64 {
	switch {
	case m.Command == FlowAdd:
		return m.Cookie
	case m.ModifyCookie:
		return m.NewCookie
	case m.Command == FlowModify || m.Command == FlowModifyStrict:
		return noCookie
	}
	return m.NewCookie
}

func decodeFlowMod10(c context, b []byte, m *FlowMod) (err error) {
	if err := decodeMatch10(b[:matchSize10], &m.Match); err != nil {
		return err
	}
	r := reader{b: b[matchSize10:]}
	cookie := r.u64()
	if err := m.setCommand(c, r.u16()); err != nil {
		return err
	}
	m.setNewCookie(cookie)
	m.IdleTimeout, m.HardTimeout, m.Priority = r.u16(), r.u16(), r.u16()
	if be.Uint32(b)&wild10All == 0 {
		m.Priority = 0xffff // exact matches come first in OpenFlow 1.0
	}
	m.Buffer, m.OutPort, m.OutGroup = r.u32(), PortFrom16(r.u16()), GroupAny
	if err := m.setFlags(c.v, r.u16()); err != nil {
		return err
	}
	m.Actions, err = decodeInstructions(c, r.b)
	return err
}

// wild10All are all wildcard bits of OpenFlow 1.0.
const wild10All = 1<<22 - 1

func appendFlowMod10(c context, dst []byte, m *FlowMod) ([]byte, error) {
	command, err := m.command(c)
	if err != nil {
		return dst, err
	}
	dst = be.AppendUint64(appendMatch10(dst, &m.Match), m.newCookie())
	dst, err = m.appendFixed10(c, dst, command)
	if err != nil {
		return dst, err
	}
	return appendInstructions(c.following(&m.Match), dst, m.Actions)
}

// appendFixed10 appends command to flags, which OpenFlow 1.0 and the Nicira form
// share.
func (m *FlowMod) appendFixed10(c context, dst []byte, command uint16) ([]byte, error) {
	for _, n := range [4]uint16{command, m.IdleTimeout, m.HardTimeout, m.Priority} {
		dst = be.AppendUint16(dst, n)
	}
	dst = be.AppendUint32(dst, m.Buffer)
	dst, err := appendPortNo(V10, dst, m.OutPort)
	return be.AppendUint16(dst, m.Flags.wire(c.v)), err
}

// following tells actions what the match says of the packet before them.
func (c context) following(m *Match) context {
	c.tagged = m.Value.VLAN[0].TCI&m.Mask.VLAN[0].TCI&flow.VLANPresent != 0
	c.ipProto = m.Value.IPProto & m.Mask.IPProto
	return c
}

func decodeFlowModNX(c context, b []byte, m *FlowMod) (err error) {
	r := reader{b: b}
	m.Nicira = true
	newCookie := r.u64()
	if err := m.setCommand(c, r.u16()); err != nil {
		return err
	}
	m.IdleTimeout, m.HardTimeout, m.Priority = r.u16(), r.u16(), r.u16()
	m.Buffer, m.OutPort, m.OutGroup = r.u32(), PortFrom16(r.u16()), GroupAny
	if err := m.setFlags(c.v, r.u16()); err != nil {
		return err
	}
	n := int(r.u16())
	r.skip(6)
	var cookie cookieMatch
	rest, err := decodeNXM(r.b, n, &m.Match, &cookie)
	if err != nil {
		return err
	}
	if m.Command == FlowAdd && cookie.mask != 0 {
		return NewError(ErrNXRequestNXMInvalid, "an addition that matches on a cookie")
	}
	m.Cookie, m.CookieMask = cookie.value, cookie.mask
	m.setNewCookie(newCookie)
	m.Actions, err = decodeInstructions(c, rest)
	return err
}

func appendFlowModNX(c context, dst []byte, m *FlowMod) ([]byte, error) {
	command, err := m.command(c)
	if err != nil {
		return dst, err
	}
	dst, err = m.appendFixed10(c, be.AppendUint64(dst, m.newCookie()), command)
	if err != nil {
		return dst, err
	}
	at := len(dst)
	cookie := cookieMatch{m.Cookie, m.CookieMask}
	if m.Command == FlowAdd {
		cookie.mask = 0
	}
	dst, n, err := appendNXM(c, zeros(dst, 8), &m.Match, cookie)
	if err != nil {
		return dst, err
	}
	be.PutUint16(dst[at:], uint16(n))
	return appendInstructions(c.following(&m.Match), dst, m.Actions)
}

func decodeFlowMod11(c context, b []byte, m *FlowMod) (err error) {
	cookie, mask := be.Uint64(b), be.Uint64(b[8:])
	m.Table, m.Command = b[16], FlowModCommand(b[17])
	if m.Command > FlowDeleteStrict {
		return NewError(ErrFlowModBadCommand, "command %d", m.Command)
	}
	m.IdleTimeout, m.HardTimeout, m.Priority = be.Uint16(b[18:]), be.Uint16(b[20:]), be.Uint16(b[22:])
	m.Buffer, m.OutPort, m.OutGroup = be.Uint32(b[24:]), PortNo(be.Uint32(b[28:])), be.Uint32(b[32:])
	if err := m.setFlags(c.v, be.Uint16(b[36:])); err != nil {
		return err
	}
	if c.v >= V14 {
		m.Importance = be.Uint16(b[38:])
	}
	switch {
	case m.Command == FlowAdd:
		m.Cookie = cookie
	case c.v == V11 && m.Command <= FlowModifyStrict && mask == 0:
		m.NewCookie = cookie
	default:
		m.Cookie, m.CookieMask = cookie, mask
	}
	rest, err := decodeMatch(c, b[flowModSize11:], &m.Match)
	if err != nil {
		return err
	}
	if c.v >= V12 && m.Command <= FlowModifyStrict {
		if err := checkVLANPresent(&m.Match); err != nil {
			return err
		}
	}
	m.Actions, err = decodeInstructions(c, rest)
	return err
}

// checkVLANPresent refuses a flow of packets that have a VLAN and no tag, of which
// there are none: the controller forgot OFPVID_PRESENT (OpenFlow 1.3.5 §7.2.3.7).
// It is not for deletions and replies, because with Nicira's vlan_tci there may be
// such flows.
func checkVLANPresent(m *Match) error {
	const vid = vlanVIDMask | flow.VLANPresent
	if value := m.Value.VLAN[0].TCI & vid; m.Mask.VLAN[0].TCI&vid == vid && value != 0 && value&flow.VLANPresent == 0 {
		return NewError(ErrMatchBadValue, "vlan_vid %d without OFPVID_PRESENT", value)
	}
	return nil
}

func appendFlowMod11(c context, dst []byte, m *FlowMod) ([]byte, error) {
	cookie, mask := m.Cookie&m.CookieMask, m.CookieMask
	deletes := m.Command == FlowDelete || m.Command == FlowDeleteStrict
	switch {
	case m.Command == FlowAdd:
		cookie, mask = m.Cookie, 0
	case m.ModifyCookie && !deletes && c.v > V11:
		return dst, unencodable(c.v, "a modification of cookies")
	case c.v == V11 && !deletes && mask == 0:
		cookie = m.NewCookie
	}
	table := m.Table
	if table == TableAll && (c.v == V11 || !deletes) {
		table = 0
	}
	if m.Importance != 0 && c.v < V14 {
		return dst, unencodable(c.v, "the importance of a flow")
	}
	var b [flowModSize11]byte
	be.PutUint64(b[0:], cookie)
	be.PutUint64(b[8:], mask)
	b[16], b[17] = table, byte(m.Command)
	be.PutUint16(b[18:], m.IdleTimeout)
	be.PutUint16(b[20:], m.HardTimeout)
	be.PutUint16(b[22:], m.Priority)
	be.PutUint32(b[24:], m.Buffer)
	be.PutUint32(b[28:], uint32(m.OutPort))
	be.PutUint32(b[32:], m.OutGroup)
	be.PutUint16(b[36:], m.Flags.wire(c.v))
	be.PutUint16(b[38:], m.Importance)
	dst, err := appendMatch(c, append(dst, b[:]...), &m.Match)
	if err != nil {
		return dst, err
	}
	return appendInstructions(c.following(&m.Match), dst, m.Actions)
}
