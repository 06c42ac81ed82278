package ofproto

import (
	"time"

	"vswitch/datapath"
	"vswitch/openflow"
)

// bundle is a list of changes that a controller collects, to be made all at once
// or not at all (OpenFlow 1.4.1 §6.8).
type bundle struct {
	flags    openflow.BundleFlags
	open     openflow.Header // of the message that made it
	messages [][]byte        // as they travel: decoded ones are much larger
	size     int             // of messages in bytes, with what keeping them takes
	closed   bool
	used     int64 // when its last message came
}

// Limits of bundles. Their size is bounded by maxGathered.
const (
	maxBundles = 64 // of one connection
	bundleIdle = 10 * time.Second
)

// bundleControl opens, closes, commits or discards a bundle. A request that does
// not fit the bundle's state ends the bundle (OpenFlow 1.4.1 §7.3.9.2).
func (s *Session) bundleControl(h openflow.Header, m *openflow.BundleControl) error {
	b := s.bundles[m.ID]
	reply := openflow.BundleControl{ID: m.ID, Type: m.Type + 1, Flags: m.Flags}
	if m.Flags&openflow.BundleTime != 0 {
		s.dropBundle(m.ID)
		return openflow.NewError(openflow.ErrBundleSchedNotSupported, "bundles are committed when they are asked to be")
	}
	if m.Type == openflow.BundleOpenRequest {
		if b != nil {
			s.dropBundle(m.ID)
			return openflow.NewError(openflow.ErrBundleBundleExist, "bundle %d was open, and is discarded", m.ID)
		}
		if err := s.openBundle(m.ID, m.Flags, h); err != nil {
			return err
		}
		s.send(h.XID, &reply)
		return nil
	}
	switch {
	case m.Type%2 != 0: // replies are the switch's to send
		return openflow.NewError(openflow.ErrBundleBadType, "control type %d", m.Type)
	case b == nil:
		return openflow.NewError(openflow.ErrBundleBadID, "there is no bundle %d", m.ID)
	case m.Type == openflow.BundleDiscardRequest:
		s.dropBundle(m.ID)
	case m.Flags != b.flags:
		s.dropBundle(m.ID)
		return openflow.NewError(openflow.ErrBundleBadFlags, "flags %#x of bundle %d, which was opened with %#x", m.Flags, m.ID, b.flags)
	case m.Type == openflow.BundleCloseRequest && b.closed:
		s.dropBundle(m.ID)
		return openflow.NewError(openflow.ErrBundleBundleClosed, "bundle %d", m.ID)
	case m.Type == openflow.BundleCloseRequest:
		b.closed, b.used = true, s.bridge.sw.now
	default:
		s.dropBundle(m.ID)
		if err := s.commitBundle(b); err != nil {
			return err
		}
	}
	s.send(h.XID, &reply)
	return nil
}

func (s *Session) openBundle(id uint32, flags openflow.BundleFlags, h openflow.Header) error {
	if len(s.bundles) >= maxBundles {
		return openflow.NewError(openflow.ErrBundleOutOfBundles, "%d bundles are open", len(s.bundles))
	}
	if s.bundles == nil {
		s.bundles = map[uint32]*bundle{}
	}
	s.bundles[id] = &bundle{flags: flags, open: h, used: s.bridge.sw.now}
	return nil
}

// dropBundle forgets a bundle, if there is one.
func (s *Session) dropBundle(id uint32) {
	if b := s.bundles[id]; b != nil {
		s.yield(b.size)
		delete(s.bundles, id)
	}
}

// bundleAdd adds a message to a bundle, which it opens where there is none.
func (s *Session) bundleAdd(h openflow.Header, m *openflow.BundleAdd) error {
	b := s.bundles[m.ID]
	if b == nil {
		if err := s.openBundle(m.ID, m.Flags, h); err != nil {
			return err
		}
		b = s.bundles[m.ID]
	}
	switch {
	case b.closed:
		s.dropBundle(m.ID)
		return openflow.NewError(openflow.ErrBundleBundleClosed, "bundle %d takes no more messages, and is discarded", m.ID)
	case m.Flags != b.flags:
		s.dropBundle(m.ID)
		return openflow.NewError(openflow.ErrBundleBadFlags, "flags %#x for bundle %d, which was opened with %#x", m.Flags, m.ID, b.flags)
	case !bundles(m.Message):
		return openflow.NewError(openflow.ErrBundleMsgUnsup, "%s in a bundle", m.Header.Name)
	}
	if f, ok := m.Message.(*openflow.FlowMod); ok { // what can never be done is refused now (OpenFlow 1.4.1 §7.3.9.7)
		if err := checkFlowModAlone(f, s.version); err != nil {
			return err
		}
	}
	data, err := s.dialect.Append(nil, s.version, m.XID, m.Message)
	if err != nil {
		return err
	}
	size := len(data) + messageCost
	if !s.gather(size) {
		return openflow.NewError(openflow.ErrBundleMsgTooMany, "bundles of all connections have %d bytes, %d of them this one's", s.bridge.sw.gathered, s.gathered)
	}
	b.messages = append(b.messages, data)
	b.size += size
	b.used = s.bridge.sw.now
	return nil
}

// bundles reports whether a bundle can hold a message.
func bundles(m openflow.Message) bool {
	switch m.Kind() {
	case openflow.KindFlowMod, openflow.KindGroupMod, openflow.KindMeterMod, openflow.KindPortMod, openflow.KindTableMod,
		openflow.KindPacketOut:
		return true
	}
	return false
}

// commitBundle does all that a bundle says, in its order, or nothing: the error of
// the message that cannot be done is sent, and the bundle's own is returned. For
// packets it is one step, and packets of the bundle itself are sent behind it.
func (s *Session) commitBundle(b *bundle) error {
	br := s.bridge
	br.sw.tables.Lock()
	c := br.begin("", br.sw.now)
	c.bundled, c.by = true, s
	br.bundle = c
	br.groups.stage()
	br.meters.stage()
	var after []func() error
	xid, data, err := uint32(0), []byte(nil), error(nil)
	for _, data = range b.messages {
		var done func() error
		if xid, done, err = s.bundled(data); err != nil {
			break
		}
		if done != nil {
			after = append(after, done)
		}
	}
	br.bundle, c.bundled = nil, false
	if err != nil {
		br.groups.discard()
		br.meters.discard()
		c.abort()
		s.sendError(xid, err, data)
		return openflow.NewError(openflow.ErrBundleMsgFailed, "transaction %#x: %v", xid, err)
	}
	c.dropOrphans()
	br.sw.commits.Add(1)
	br.groups.publish()
	br.meters.publish()
	for _, f := range c.later {
		f()
	}
	c.commit()
	br.sw.commits.Add(1)
	br.sw.touch(settingsTag)
	br.sw.settle()
	for _, f := range after {
		// A packet that cannot be sent for want of a buffer is lost like others.
		_ = f()
	}
	return nil
}

// bundled stages one message of a bundle. done is what follows the commit.
func (s *Session) bundled(data []byte) (xid uint32, done func() error, err error) {
	h, m, err := s.dialect.Decode(data)
	if err != nil {
		return h.XID, nil, err
	}
	b := s.bridge
	b.bundle.xid = h.XID
	switch m := m.(type) {
	case *openflow.FlowMod:
		err = s.flowMod(m)
	case *openflow.GroupMod:
		err = b.groupMod(m, s.version)
		done = func() error { s.forward(nil, &openflow.RequestForward{Group: m, XID: h.XID}); return nil }
	case *openflow.MeterMod:
		err = b.meterMod(m)
		done = func() error { s.forward(nil, &openflow.RequestForward{Meter: m, XID: h.XID}); return nil }
	case *openflow.PortMod:
		err = b.portMod(m, s.version)
	case *openflow.TableMod:
		err = b.tableMod(m, s.version)
	case *openflow.PacketOut:
		if asksNothing(m) {
			break
		}
		var out datapath.Origin
		out, err = b.checkPacketOut(m, s.version)
		done = func() error { return b.inject(out) }
	}
	return h.XID, done, err
}

// atOnce does f now, or in a bundle when that is committed.
func (b *Bridge) atOnce(f func()) {
	if b.bundle != nil {
		b.bundle.later = append(b.bundle.later, f)
		return
	}
	f()
}

// expireBundles discards bundles that nothing was added to for long, as far as is
// known: the next message may be among those that are left.
func (s *Session) expireBundles(now int64) {
	if s.stalled {
		return
	}
	for id, b := range s.bundles {
		if now-b.used >= int64(bundleIdle) {
			s.dropBundle(id)
			s.sendError(b.open.XID, openflow.NewError(openflow.ErrBundleTimeout, "bundle %d was idle for %v", id, bundleIdle), nil)
		}
	}
}
