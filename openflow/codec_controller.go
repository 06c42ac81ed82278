package openflow

import "math/bits"

//size:table
func controllerMessages() []messageRow {
	return []messageRow{
		{kind: KindRoleRequest, name: "OFPT_ROLE_REQUEST", from: V12, to: V15, code: 24, size: 16,
			decode: to(decodeRoleRequest), encode: from(appendRoleRequest)},
		{kind: KindRoleRequest, form: formNicira, name: "NXT_ROLE_REQUEST", class: classNicira, from: V10, to: V15, code: 10, size: 4,
			decode: to(decodeNXRoleRequest), encode: from(appendNXRoleRequest)},
		{kind: KindRoleReply, name: "OFPT_ROLE_REPLY", from: V12, to: V15, code: 25, size: 16,
			decode: to(decodeRoleReply), encode: from(appendRoleReply)},
		{kind: KindRoleReply, form: formNicira, name: "NXT_ROLE_REPLY", class: classNicira, from: V10, to: V15, code: 11, size: 4,
			decode: to(func(c context, b []byte, m *RoleReply) error { return decodeNXRoleRequest(c, b, (*RoleRequest)(m)) }),
			encode: from(func(c context, dst []byte, m *RoleReply) ([]byte, error) {
				return appendNXRoleRequest(c, dst, (*RoleRequest)(m))
			})},
		{kind: KindRoleStatus, name: "ONFT_ROLE_STATUS", class: classONF, from: V13, to: V13, code: 1911, size: 16, extra: 8,
			decode: to(decodeRoleStatus), encode: from(appendRoleStatus)},
		{kind: KindRoleStatus, name: "OFPT_ROLE_STATUS", from: V14, to: V15, code: 30, size: 16, extra: 8,
			decode: to(decodeRoleStatus), encode: from(appendRoleStatus)},
		{kind: KindGetAsyncRequest, name: "OFPT_GET_ASYNC_REQUEST", from: V13, to: V15, code: 26,
			decode: toEmpty[GetAsyncRequest], encode: fromEmpty},
		{kind: KindGetAsyncReply, name: "OFPT_GET_ASYNC_REPLY", from: V13, to: V13, code: 27, size: 24,
			decode: to(func(_ context, b []byte, m *GetAsyncReply) error { decodeAsyncMasks(b, &m.AsyncConfig); return nil }),
			encode: from(func(c context, dst []byte, m *GetAsyncReply) ([]byte, error) {
				return appendAsyncMasks(c, dst, &m.AsyncConfig)
			})},
		{kind: KindGetAsyncReply, name: "OFPT_GET_ASYNC_REPLY", from: V14, to: V15, code: 27, extra: 8,
			decode: to(func(c context, b []byte, m *GetAsyncReply) error { return decodeAsyncProps(c, b, &m.AsyncConfig, true) }),
			encode: from(func(c context, dst []byte, m *GetAsyncReply) ([]byte, error) {
				return appendAsyncProps(c, dst, &m.AsyncConfig)
			})},
		{kind: KindSetAsync, name: "OFPT_SET_ASYNC", from: V13, to: V13, code: 28, size: 24,
			decode: setAsync(false, false), encode: from(appendSetAsyncMasks)},
		{kind: KindSetAsync, name: "OFPT_SET_ASYNC", from: V14, to: V15, code: 28, extra: 8,
			decode: setAsync(false, true), encode: from(appendSetAsyncProps)},
		{kind: KindSetAsync, form: formNicira, name: "NXT_SET_ASYNC_CONFIG", class: classNicira, from: V10, to: V15, code: 19, size: 24,
			decode: setAsync(true, false), encode: from(appendSetAsyncMasks)},
		{kind: KindSetAsync, form: formNicira2, name: "NXT_SET_ASYNC_CONFIG2", class: classNicira, from: V10, to: V13, code: 27, extra: 8,
			decode: setAsync(true, true), encode: from(appendSetAsyncProps)},
		{kind: KindSetControllerID, name: "NXT_SET_CONTROLLER_ID", class: classNicira, from: V10, to: V15, code: 20, size: 8,
			decode: to(decodeControllerID),
			encode: from(func(_ context, dst []byte, m *SetControllerID) ([]byte, error) {
				return be.AppendUint16(zeros(dst, 6), m.ID), nil
			})},
		{kind: KindControllerStatus, name: "OFPT_CONTROLLER_STATUS", from: V15, to: V15, code: 35, size: 16, extra: 8,
			decode: to(decodeControllerStatus),
			encode: from(func(_ context, dst []byte, m *ControllerStatus) ([]byte, error) {
				return appendControllerState(dst, &m.ControllerState), nil
			})},
		{kind: KindControllerStatusRequest, name: "OFPST_CONTROLLER_STATUS request", class: classRequest, from: V15, to: V15, code: 18,
			decode: toEmpty[ControllerStatusRequest], encode: fromEmpty},
		{kind: KindControllerStatusReply, name: "OFPST_CONTROLLER_STATUS reply", class: classReply, from: V15, to: V15, code: 18, extra: 8,
			decode: to(decodeControllerStatusReply),
			list: listOf(func(m *ControllerStatusReply) []ControllerState { return m.Controllers },
				func(_ context, dst []byte, _ *ControllerStatusReply, e *ControllerState) ([]byte, error) {
					return appendControllerState(dst, e), nil
				})},
	}
}

func (m *RoleRequest) form(Version) uint8 { return formOf(m.Nicira) }
func (m *RoleReply) form(Version) uint8   { return formOf(m.Nicira) }

// noGeneration is the generation id of a reply that has none.
const noGeneration = ^uint64(0)

func decodeRoleRequest(c context, b []byte, m *RoleRequest) error {
	decodeRole(c, b, m)
	m.HasGenerationID = m.Role != RoleNoChange
	if m.Role > RoleSecondary {
		return NewError(ErrRoleBadRole, "role %d", m.Role)
	}
	return nil
}

func decodeRoleReply(c context, b []byte, m *RoleReply) error {
	decodeRole(c, b, (*RoleRequest)(m))
	m.HasGenerationID = m.GenerationID != noGeneration
	if m.Role > RoleSecondary {
		return NewError(ErrRoleBadRole, "role %d", m.Role)
	}
	return nil
}

func decodeRole(c context, b []byte, m *RoleRequest) {
	m.Role = Role(be.Uint32(b))
	if c.v >= V15 {
		m.ShortID = be.Uint16(b[4:])
	}
	m.GenerationID = be.Uint64(b[8:])
}

func appendRoleRequest(c context, dst []byte, m *RoleRequest) ([]byte, error) {
	return appendRole(c, dst, m, m.GenerationID)
}

func appendRoleReply(c context, dst []byte, m *RoleReply) ([]byte, error) {
	generation := m.GenerationID
	if !m.HasGenerationID {
		generation = noGeneration
	}
	return appendRole(c, dst, (*RoleRequest)(m), generation)
}

func appendRole(c context, dst []byte, m *RoleRequest, generation uint64) ([]byte, error) {
	dst = be.AppendUint32(dst, uint32(m.Role))
	if c.v >= V15 {
		dst = zeros(be.AppendUint16(dst, m.ShortID), 2)
	} else {
		dst = zeros(dst, 4)
	}
	return be.AppendUint64(dst, generation), nil
}

// Nicira's roles have no "no change": other, primary, secondary are 0 to 2.
func decodeNXRoleRequest(_ context, b []byte, m *RoleRequest) error {
	role := be.Uint32(b)
	if role > 2 {
		return NewError(ErrRoleBadRole, "role %d", role)
	}
	m.Nicira, m.Role = true, Role(role)+RoleEqual
	return nil
}

func appendNXRoleRequest(c context, dst []byte, m *RoleRequest) ([]byte, error) {
	if m.Role == RoleNoChange {
		return dst, unencodable(c.v, "the role \"no change\" in Nicira's form")
	}
	return be.AppendUint32(dst, uint32(m.Role-RoleEqual)), nil
}

func decodeRoleStatus(_ context, b []byte, m *RoleStatus) error {
	m.Role, m.Reason = Role(be.Uint32(b)), RoleReason(b[4])
	m.GenerationID = be.Uint64(b[8:])
	if m.Role == RoleNoChange || m.Role > RoleSecondary {
		return NewError(ErrRoleBadRole, "role %d", m.Role)
	}
	if m.Reason > RoleReasonExperimenter {
		return NewError(ErrRoleBadRole, "role status reason %d", m.Reason)
	}
	var err error
	m.Props, err = decodeProperties(b[16:])
	return err
}

func appendRoleStatus(_ context, dst []byte, m *RoleStatus) ([]byte, error) {
	dst = be.AppendUint32(dst, uint32(m.Role))
	dst = zeros(append(dst, byte(m.Reason)), 3)
	return appendProperties(be.AppendUint64(dst, m.GenerationID), m.Props), nil
}

// form is the form asked for; 1.4 and later have properties in the standard one.
func (m *SetAsync) form(Version) uint8 {
	switch {
	case m.Nicira && m.Properties:
		return formNicira2
	case m.Nicira:
		return formNicira
	}
	return formStandard
}

func setAsync(nicira, properties bool) decodeFunc {
	return func(c context, b []byte) (Message, error) {
		m := &SetAsync{Nicira: nicira, Properties: properties}
		if !properties {
			decodeAsyncMasks(b, &m.AsyncConfig)
			return m, nil
		}
		if err := decodeAsyncProps(c, b, &m.AsyncConfig, false); err != nil {
			return nil, err
		}
		return m, nil
	}
}

func appendSetAsyncMasks(c context, dst []byte, m *SetAsync) ([]byte, error) {
	return appendAsyncMasks(c, dst, &m.AsyncConfig)
}

func appendSetAsyncProps(c context, dst []byte, m *SetAsync) ([]byte, error) {
	return appendAsyncProps(c, dst, &m.AsyncConfig)
}

// asyncMasks is how many kinds the mask forms mention: packet-in, port-status,
// flow-removed.
const asyncMasks = 3

func decodeAsyncMasks(b []byte, m *AsyncConfig) {
	r := reader{b: b}
	for k := range asyncMasks {
		m.Primary.Reasons[k], m.Secondary.Reasons[k] = r.u32(), r.u32()
	}
	m.Primary.Set, m.Secondary.Set = 1<<asyncMasks-1, 1<<asyncMasks-1
}

// appendAsyncMasks refuses kinds that the form has no room for (see AsyncConfig.In).
func appendAsyncMasks(c context, dst []byte, m *AsyncConfig) ([]byte, error) {
	if others := (m.Primary.Set | m.Secondary.Set) >> asyncMasks; others != 0 {
		return dst, unencodable(c.v, "asynchronous messages of kind %d in masks", asyncMasks+bits.TrailingZeros8(others))
	}
	for k := range asyncMasks {
		dst = be.AppendUint32(dst, m.Primary.Reasons[k])
		dst = be.AppendUint32(dst, m.Secondary.Reasons[k])
	}
	return dst, nil
}

// asyncReasons are the reasons that each kind of asynchronous message has, with
// OpenFlow 1.4 and before.
var (
	asyncReasons = [NumAsync]uint32{
		AsyncPacketIn: 0x3f, AsyncPortStatus: 0x7, AsyncFlowRemoved: 0x3f, AsyncRoleStatus: 0x7,
		AsyncTableStatus: 0x18, AsyncRequestForward: 0x3, AsyncFlowStats: 0x3, AsyncContStatus: 0x7f,
	}
	asyncReasons13 = [NumAsync]uint32{
		AsyncPacketIn: 0x7, AsyncPortStatus: 0x7, AsyncFlowRemoved: 0xf, AsyncRoleStatus: 0x7,
		AsyncTableStatus: 0x18, AsyncRequestForward: 0x3,
	}
)

// In is what of c a version can tell: the kinds of asynchronous messages that it
// has, all of them set, and their reasons.
func (c AsyncConfig) In(v Version) AsyncConfig {
	kinds := NumAsync
	switch {
	case v < V14:
		kinds = asyncMasks
	case v < V15:
		kinds = AsyncFlowStats
	}
	for _, side := range []*AsyncMask{&c.Primary, &c.Secondary} {
		side.Set = 1<<kinds - 1
		for k := range NumAsync {
			side.Reasons[k] &= k.reasons(v)
			if k >= kinds {
				side.Reasons[k] = 0
			}
		}
	}
	return c
}

// reasons are those that a kind of asynchronous message has in a version.
func (k AsyncMessage) reasons(v Version) uint32 {
	if v < V14 {
		return asyncReasons13[k]
	}
	return asyncReasons[k]
}

// decodeAsyncProps reads properties 2k and 2k+1: kind k for secondary and primary
// controllers. loose: a reply, of which we take what we understand.
func decodeAsyncProps(c context, b []byte, m *AsyncConfig, loose bool) error {
	kinds := AsyncFlowStats
	if c.v >= V15 {
		kinds = NumAsync
	}
	props := properties{b: b}
	for props.next() {
		k := AsyncMessage(props.typ / 2)
		if k >= kinds {
			if loose {
				continue
			}
			return props.unknown()
		}
		if err := props.onceOf32(); err != nil {
			return err
		}
		mask := be.Uint32(props.body)
		if known := asyncReasons[k]; mask&^known != 0 { // also where Nicira's form brings them to older versions
			if !loose {
				return NewError(ErrAsyncInvalid, "reasons %#x of kind %d", mask, k)
			}
			mask &= known
		}
		side := &m.Secondary
		if props.typ&1 != 0 {
			side = &m.Primary
		}
		side.Reasons[k] = mask
		side.Set |= 1 << k
	}
	return props.err
}

func appendAsyncProps(c context, dst []byte, m *AsyncConfig) ([]byte, error) {
	for k := range NumAsync {
		for i, side := range [2]*AsyncMask{&m.Secondary, &m.Primary} {
			if side.Set>>k&1 == 0 {
				continue
			}
			if k >= AsyncFlowStats && c.v < V15 {
				return dst, unencodable(c.v, "asynchronous messages of kind %d", k)
			}
			dst = appendPropertyHead(dst, uint16(k)*2+uint16(i), 8)
			dst = be.AppendUint32(dst, side.Reasons[k])
		}
	}
	return dst, nil
}

func decodeControllerID(_ context, b []byte, m *SetControllerID) error {
	if !allZero(b[:6]) {
		return ErrNXRequestMustBeZero
	}
	m.ID = be.Uint16(b[6:])
	return nil
}

// controllerURI is OFPCSPT_URI.
const controllerURI = 0

func decodeControllerStatus(_ context, b []byte, m *ControllerStatus) error {
	if int(be.Uint16(b)) != len(b) {
		return ErrRequestBadLen
	}
	return decodeControllerState(b, &m.ControllerState)
}

func decodeControllerStatusReply(_ context, b []byte, m *ControllerStatusReply) error {
	for len(b) > 0 {
		n, err := entryLen(b, 0, 16)
		if err != nil {
			return err
		}
		m.Controllers = append(m.Controllers, ControllerState{})
		if err := decodeControllerState(b[:n], &m.Controllers[len(m.Controllers)-1]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// decodeControllerState reads one entry, whose length the caller has checked.
func decodeControllerState(b []byte, m *ControllerState) error {
	m.ShortID, m.Role = be.Uint16(b[2:]), Role(be.Uint32(b[4:]))
	m.Reason, m.ChannelStatus = b[8], b[9]
	props := properties{b: b[16:]}
	for props.next() {
		if props.typ == controllerURI {
			m.URIs = append(m.URIs, cutText(props.body))
		} else {
			m.Props = append(m.Props, props.keep())
		}
	}
	return props.err
}

func appendControllerState(dst []byte, m *ControllerState) []byte {
	start := len(dst)
	dst = zeros(dst, 2)
	dst = be.AppendUint16(dst, m.ShortID)
	dst = be.AppendUint32(dst, uint32(m.Role))
	dst = zeros(append(dst, m.Reason, m.ChannelStatus), 6)
	for _, uri := range m.URIs {
		dst = appendPropertyHead(dst, controllerURI, 4+len(uri))
		dst = append(dst, uri...)
		dst = pad8(dst, start)
	}
	dst = appendProperties(dst, m.Props)
	setLen16(dst, start, start)
	return dst
}
