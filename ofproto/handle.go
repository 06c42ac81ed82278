package ofproto

import (
	"cmp"
	"slices"

	"vswitch/openflow"
)

// handle does what a message, which data is, says. An error is sent back.
//
//size:table
func (s *Session) handle(h openflow.Header, m openflow.Message, data []byte) error {
	if s.options.Kind == Snoop {
		return nil
	}
	if s.role == openflow.RoleSecondary && changes(m) {
		return &openflow.Error{Code: openflow.ErrRequestIsSecondary}
	}
	switch m := m.(type) {
	case *openflow.Hello, *openflow.EchoReply, *openflow.Error, *openflow.FlowAge:
	case *openflow.EchoRequest:
		s.send(h.XID, &openflow.EchoReply{Data: m.Data})
	case *openflow.FeaturesRequest:
		s.send(h.XID, s.bridge.features(s.version))
	case *openflow.GetConfigRequest:
		c := s.config
		c.Frag = openflow.FragHandling(s.bridge.frag.Load())
		s.send(h.XID, &openflow.GetConfigReply{SwitchConfig: c})
	case *openflow.SetConfig:
		return s.setConfig(m)
	case *openflow.FlowMod:
		return s.flowMod(m)
	case *openflow.PacketOut:
		return s.packetOut(h, m, data)
	case *openflow.Resume:
		s.bridge.sw.settle()
		return s.bridge.resume(m, s.version)
	case *openflow.PortMod:
		return s.bridge.portMod(m, s.version)
	case *openflow.GroupMod:
		err := s.bridge.groupMod(m, s.version)
		s.forward(err, &openflow.RequestForward{Group: m, XID: h.XID})
		return err
	case *openflow.MeterMod:
		err := s.bridge.meterMod(m)
		s.forward(err, &openflow.RequestForward{Meter: m, XID: h.XID})
		return err
	case *openflow.TableMod:
		return s.bridge.tableMod(m, s.version)
	case *openflow.FlowMonitorRequest:
		return s.monitorFlows(h.XID, m)
	case *openflow.FlowMonitorCancel:
		return s.cancelMonitor(m.ID)
	case *openflow.TLVTableMod:
		return s.bridge.tlvTableMod(m)
	case *openflow.TLVTableRequest:
		s.send(h.XID, s.bridge.tlvTable())
	case *openflow.BundleControl:
		return s.bundleControl(h, m)
	case *openflow.BundleAdd:
		return s.bundleAdd(h, m)
	case *openflow.BarrierRequest:
		s.bridge.sw.settle()
		s.bridge.sw.dp.Synchronize()
		s.send(h.XID, &openflow.BarrierReply{})
	case *openflow.RoleRequest:
		return s.roleRequest(h.XID, m)
	case *openflow.GetAsyncRequest:
		s.send(h.XID, &openflow.GetAsyncReply{AsyncConfig: s.async.In(s.version)})
	case *openflow.SetAsync:
		s.setAsync(m)
	case *openflow.SetPacketInFormat:
		s.format = m.Format
		s.update()
	case *openflow.SetFlowFormat:
		s.flows = m.Format
	case *openflow.FlowModTableID:
		s.dialect.NoTableID = !m.On
	case *openflow.SetControllerID:
		s.id = m.ID
		s.update()
	default:
		return s.statistics(h, m)
	}
	return nil
}

// forward tells the other controllers of a change that was made (OpenFlow 1.4.1
// §7.4.6): in older versions by the messages of ONF and Nicira, which have none for
// meters before 1.3.
func (s *Session) forward(err error, m *openflow.RequestForward) {
	reason := uint32(0) // OFPRFR_GROUP_MOD
	if m.Meter != nil {
		reason = 1 // OFPRFR_METER_MOD
	}
	for _, o := range *s.bridge.sessions.Load() {
		if err == nil && o != s && o.wantsReason(openflow.AsyncRequestForward, reason) {
			o.sendAsync(m)
		}
	}
}

// changes reports whether a message may only come from a controller that is not
// secondary (OpenFlow 1.3.5 §6.3.6).
func changes(m openflow.Message) bool {
	switch m.Kind() {
	case openflow.KindFlowMod, openflow.KindGroupMod, openflow.KindPortMod, openflow.KindTableMod, openflow.KindMeterMod,
		openflow.KindPacketOut, openflow.KindResume, openflow.KindBundleControl, openflow.KindBundleAdd, openflow.KindTLVTableMod:
		return true
	case openflow.KindTableFeaturesRequest:
		return len(m.(*openflow.TableFeaturesRequest).Tables) > 0
	}
	return false
}

// flowMod refuses flows that are for a packet, too, which cannot be: the switch keeps
// none.
func (s *Session) flowMod(m *openflow.FlowMod) error {
	if m.Buffer != openflow.NoBuffer && m.Command <= openflow.FlowModifyStrict {
		return openflow.NewError(openflow.ErrRequestBufferUnknown, "packets are not buffered")
	}
	return s.bridge.flowMod(m, s.version, "")
}

func (b *Bridge) features(v openflow.Version) *openflow.FeaturesReply {
	r := &openflow.FeaturesReply{
		DatapathID:   b.config.Load().DatapathID,
		Tables:       NumTables,
		Capabilities: openflow.CapFlowStats | openflow.CapTableStats | openflow.CapPortStats | openflow.CapQueueStats | openflow.CapBundles | openflow.CapFlowMonitor,
		Actions:      supported,
	}
	if v == openflow.V10 {
		r.Capabilities |= openflow.CapARPMatchIP
	} else {
		r.Capabilities |= openflow.CapGroupStats
	}
	if v <= openflow.V12 {
		r.Ports = b.describePorts()
	}
	return r
}

func (b *Bridge) describePorts() []openflow.Port {
	var ports []openflow.Port
	for _, p := range b.ports.Load().ordered {
		ports = append(ports, p.describe())
	}
	return ports
}

func (s *Session) setConfig(m *openflow.SetConfig) error {
	switch m.Frag {
	case openflow.FragReasm:
		return openflow.NewError(openflow.ErrSwitchConfigBadFlags, "fragments cannot be reassembled")
	default:
		if s.role != openflow.RoleSecondary && s.bridge.frag.Swap(uint32(m.Frag)) != uint32(m.Frag) {
			s.bridge.sw.touch(settingsTag)
		}
	}
	s.config.MissSendLen = m.MissSendLen
	s.config.InvalidTTL = m.InvalidTTL
	s.update()
	return nil
}

// setAsync also asks for asynchronous messages where there were none.
func (s *Session) setAsync(m *openflow.SetAsync) {
	merge := func(dst, src *openflow.AsyncMask) {
		for i := range src.Reasons {
			if src.Set>>i&1 != 0 {
				dst.Reasons[i] = src.Reasons[i]
			}
		}
	}
	merge(&s.async.Primary, &m.Primary)
	merge(&s.async.Secondary, &m.Secondary)
	if s.config.MissSendLen == 0 && s.options.Kind == Service {
		s.config.MissSendLen = defaultMissSendLen
	}
	s.update()
}

// roleRequest changes the session's role (OpenFlow 1.3.5 §6.3.6). A new primary
// makes the old one secondary.
func (s *Session) roleRequest(xid uint32, m *openflow.RoleRequest) error {
	b := s.bridge
	if m.ShortID != 0 && b.hasShortID(s, m.ShortID) {
		return openflow.NewError(openflow.ErrRoleIDInUse, "another controller has the short id %d", m.ShortID)
	}
	if m.Role == openflow.RolePrimary || m.Role == openflow.RoleSecondary {
		if m.HasGenerationID {
			if b.hasGeneration && int64(m.GenerationID-b.generation) < 0 {
				return openflow.NewError(openflow.ErrRoleStale, "generation %d is older than %d", m.GenerationID, b.generation)
			}
			b.generation, b.hasGeneration = m.GenerationID, true
		}
	}
	if m.Role == openflow.RolePrimary {
		for _, o := range *b.sessions.Load() {
			if o != s && o.role == openflow.RolePrimary {
				o.role = openflow.RoleSecondary
				o.update()
				o.tellOthers(openflow.ControllerRole, openflow.ChannelUp)
				if o.version >= openflow.V13 { // in 1.3 by ONF's extension 191
					o.sendAsync(&openflow.RoleStatus{Role: o.role, Reason: openflow.RoleReasonPrimaryRequest, GenerationID: b.generation})
				}
			}
		}
	}
	if m.Role != openflow.RoleNoChange {
		changed := s.role != m.Role
		s.role = m.Role
		s.update()
		if changed {
			s.tellOthers(openflow.ControllerRole, openflow.ChannelUp)
		}
	}
	s.shortID = cmp.Or(m.ShortID, s.shortID)
	reply := openflow.RoleReply{Nicira: m.Nicira, Role: s.role, ShortID: s.shortID, HasGenerationID: b.hasGeneration, GenerationID: ^uint64(0)}
	if b.hasGeneration {
		reply.GenerationID = b.generation
	}
	s.send(xid, &reply)
	return nil
}

// hasShortID reports whether a session other than s has a short id.
func (b *Bridge) hasShortID(s *Session, id uint16) bool {
	return slices.ContainsFunc(*b.sessions.Load(), func(o *Session) bool { return o != s && o.shortID == id })
}

// state describes the session as a controller (OpenFlow 1.5.1 §7.4.8).
func (s *Session) state(reason, channel uint8) openflow.ControllerState {
	return openflow.ControllerState{ShortID: cmp.Or(s.shortID, s.id), Role: s.role, Reason: reason, ChannelStatus: channel, URIs: []string{s.options.Name}}
}

// isController reports whether the session is a controller's, which has said hello.
func (s *Session) isController() bool { return s.options.Kind == Controller && s.helloed }

// controllers describes the controllers that are connected.
func (b *Bridge) controllers() *openflow.ControllerStatusReply {
	r := &openflow.ControllerStatusReply{}
	for _, s := range *b.sessions.Load() {
		if s.isController() {
			r.Controllers = append(r.Controllers, s.state(openflow.ControllerRequested, openflow.ChannelUp))
		}
	}
	return r
}

// tellOthers tells the other controllers that asked for it of this one's state.
func (s *Session) tellOthers(reason, channel uint8) {
	if !s.isController() {
		return
	}
	for _, o := range *s.bridge.sessions.Load() {
		if o != s && o.version >= openflow.V15 && o.wantsReason(openflow.AsyncContStatus, uint32(reason)) {
			o.sendAsync(&openflow.ControllerStatus{ControllerState: s.state(reason, channel)})
		}
	}
}

// portStatus tells controllers of a port.
func (b *Bridge) portStatus(reason openflow.PortReason, p *Port) {
	for _, s := range *b.sessions.Load() {
		if s.wantsReason(openflow.AsyncPortStatus, uint32(reason)) {
			s.sendAsync(&openflow.PortStatus{Reason: reason, Port: p.describe()})
		}
	}
}

// flowRemoved tells controllers of a flow that went.
func (b *Bridge) flowRemoved(r *Rule, why openflow.RemovedReason) {
	var stats openflow.FlowStats
	r.stats(&stats, b.sw.now)
	m := &openflow.FlowRemoved{
		Reason: why, Table: stats.Table, Priority: stats.Priority, Cookie: stats.Cookie, Match: stats.Match,
		IdleTimeout: stats.IdleTimeout, HardTimeout: stats.HardTimeout, Duration: stats.Duration,
		Packets: stats.Packets, Bytes: stats.Bytes,
	}
	for _, s := range *b.sessions.Load() {
		if s.wantsReason(openflow.AsyncFlowRemoved, uint32(why.In(s.wants.Load().version))) {
			m.Nicira = s.flows == openflow.FlowFormatNXM
			s.sendAsync(m)
		}
	}
}

func (s *Session) wantsReason(kind openflow.AsyncMessage, reason uint32) bool {
	return s.wants.Load().reasons[kind]>>reason&1 != 0
}

// wantsPacketIn reports whether the session gets a packet-in. Called by workers.
func (s *Session) wantsPacketIn(h *packetInHandle) bool {
	w := s.wants.Load()
	if w.id != h.id {
		return false
	}
	if h.reason == openflow.ReasonImplicitMiss && w.version >= openflow.V13 {
		return false // a switch of that version drops it
	}
	return w.reasons[openflow.AsyncPacketIn]>>wireReason(h.reason, w)&1 != 0
}

// wireReason is a reason as the session's version numbers it.
func wireReason(r openflow.PacketInReason, w *asyncWants) openflow.PacketInReason {
	switch r {
	case openflow.ReasonImplicitMiss:
		return openflow.ReasonNoMatch
	case openflow.ReasonExplicitMiss:
		if w.version < openflow.V13 {
			return openflow.ReasonAction
		}
		return openflow.ReasonNoMatch
	case openflow.ReasonActionSet, openflow.ReasonGroup, openflow.ReasonPacketOut:
		if w.version < openflow.V14 {
			return openflow.ReasonAction
		}
	}
	return r
}

// packetIn brings a packet to the session. Called by workers.
func (s *Session) packetIn(h *packetInHandle, frame []byte, now int64) {
	w := s.wants.Load()
	size := min(len(frame), maxPacketIn)
	// max_len and miss_send_len cut packets that a buffer holds whole. Without
	// buffers a part could not be sent back, so all of it goes
	// (OpenFlow 1.3.5 §7.4.1).
	m := &openflow.PacketIn{
		Format: w.format, Reason: h.reason, Table: h.table, Cookie: h.cookie, Buffer: openflow.NoBuffer,
		TotalLen: uint32(len(frame)), Data: frame[:size], Match: openflow.MatchOf(&h.metadata, h.bridge.tlvs.Load()), UserData: h.userData,
	}
	if h.rest != nil && w.format == openflow.PacketInNXT2 {
		var err error
		if m.Continuation, err = openflow.AppendContinuation(nil, w.version, h.rest); err != nil {
			m.Continuation = nil // an action that this version cannot say: the packet ends here
		}
	}
	s.sendPacketIn(m, packetInSource{openflow.PortNo(h.metadata.Value.OFPort), h.reason}, now)
}
