package ofproto

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"vswitch/datapath"
	"vswitch/openflow"
)

// SessionKind says what a connection is for.
type SessionKind uint8

// Kinds of sessions.
const (
	// Controller programs the bridge and gets its packets. The switch probes it
	// with echo requests.
	Controller SessionKind = iota
	// Service is an operator's tool. It gets asynchronous messages only once it
	// has asked for them by setting miss_send_len.
	Service
	// Snoop gets a copy of what the bridge and its controllers say.
	Snoop
)

// SessionOptions configure a Session.
type SessionOptions struct {
	Kind   SessionKind
	Name   string        // of the peer, for people: "tcp:10.0.0.1:6653"
	Notify func()        // called, by any goroutine, when Output has something or Err is set; not for what Input brings about
	Probe  time.Duration // how long a silent controller stays unprobed: DefaultProbe
	// PacketIns bound the packet-ins that the peer gets.
	PacketIns PacketInLimits
}

// DefaultProbe is the inactivity after which a controller is sent an echo
// request. Another such time later the session fails.
const DefaultProbe = 5 * time.Second

// maxOutput bounds what waits to be sent to a peer that does not read, before
// asynchronous messages to it are dropped and its requests wait.
const maxOutput = 4 << 20

// Session is one OpenFlow connection of a bridge: bytes in, bytes out. Input and
// Tick belong to one goroutine; the others may be called by any.
type Session struct {
	bridge  *Bridge
	options SessionOptions
	version openflow.Version // 0: not negotiated yet
	in      []byte
	stalled bool // whole messages are left in in; guarded by Switch.mu
	helloed bool
	heard   int64 // when something last came in
	probing bool
	config  openflow.SwitchConfig
	role    openflow.Role
	async   openflow.AsyncConfig
	dialect openflow.Decoder    // and the memory of flow-mods
	flows   openflow.FlowFormat // of flow-removed messages in OpenFlow 1.0
	format  openflow.PacketInFormat
	id      uint16 // for the controller action
	shortID uint16 // that the controller gave itself (OpenFlow 1.5.1 §7.3.9), 0: none
	bundles map[uint32]*bundle
	outs    packetOuts

	opened    int64
	wantsMiss bool // is counted in Bridge.wantMiss
	gathered  int  // what of Switch.gathered is this session's

	// Guarded by Switch.tables.
	monitors   map[uint32]*monitor
	pausedAt   uint64 // version of the tables from which on events are held back; 0: they are not
	pausedTime int64
	wants      atomic.Pointer[asyncWants]
	parts      map[uint32]*parts // multipart requests that are not complete, by transaction
	watches    atomic.Bool       // some flow monitor has been asked for
	inInput    atomic.Bool       // whoever called Input looks at Output next

	mu        sync.Mutex
	packetIns packetIns
	out       []byte
	taken     int   // bytes that Output gave, and that have not been sent for all that is known
	weight    int64 // what of Switch.waiting is this session's
	closed    bool
	err       error
	dropped   uint64 // asynchronous messages that found no room

	received, sent atomic.Uint64 // messages
}

// asyncWants is what workers need to know of a session.
type asyncWants struct {
	version openflow.Version
	role    openflow.Role
	reasons [openflow.NumAsync]uint32
	format  openflow.PacketInFormat
	id      uint16
}

// NewSession opens a connection to the bridge. Its hello is in Output.
func (b *Bridge) NewSession(o SessionOptions, now int64) *Session {
	defer b.sw.lock(now)()
	if o.Probe == 0 {
		o.Probe = DefaultProbe
	}
	s := &Session{bridge: b, options: o, packetIns: newPacketIns(o.PacketIns), opened: now, heard: now, role: openflow.RoleEqual, async: defaultAsync(),
		dialect: openflow.Decoder{Dialect: openflow.Dialect{NoTableID: true}}}
	if o.Kind == Controller {
		s.config.MissSendLen = defaultMissSendLen
	}
	s.wants.Store(&asyncWants{})
	list := append(*b.sessions.Load(), s) // behind what readers of the list see; Close copies it
	b.sessions.Store(&list)
	b.countSnoop(s, 1)
	versions := s.offer()
	s.version = versions.Max()
	s.send(0, &openflow.Hello{Versions: versions, Bitmap: true})
	s.version = 0
	return s
}

// offer are the versions that the switch speaks with the peer. Who only listens
// hears whatever the controllers speak.
func (s *Session) offer() openflow.VersionSet {
	if s.options.Kind == Snoop {
		return openflow.AllVersions
	}
	return s.bridge.Config().Versions
}

// Close ends the session. The connection is the caller's to close.
func (s *Session) Close(now int64) {
	b := s.bridge
	defer b.sw.lock(now)()
	if s.closed { // which is written under both locks
		return
	}
	list := *b.sessions.Load()
	i := slices.Index(list, s)
	list = slices.Concat(list[:i], list[i+1:])
	b.sessions.Store(&list)
	s.tellOthers(openflow.ControllerChannel, openflow.ChannelDown)
	b.sw.tables.Lock()
	s.setMonitors(nil)
	b.sw.tables.Unlock()
	b.countSnoop(s, -1)
	s.setWantsMiss(false)
	s.abandon()
}

// Err is why the session has to end, or nil.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// fail ends the session once what is in Output has been sent.
func (s *Session) fail(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	s.notify()
}

func (s *Session) notify() {
	if s.options.Notify != nil && !s.inInput.Load() {
		s.options.Notify()
	}
}

// Output takes what is to be sent. The caller owns it, and calls again when it has
// been sent.
func (s *Session) Output() []byte {
	s.mu.Lock()
	first := len(s.out)
	out, n := s.packetIns.appendTo(s.out)
	for range n {
		s.countSent(openflow.KindPacketIn)
	}
	s.taken = len(out)
	if s.out = nil; len(out) > 0 && s.watches.Load() {
		s.bridge.sw.wake() // events may be held back
	}
	s.weigh()
	s.mu.Unlock()
	if n > 0 {
		s.bridge.snoop(s, out[first:])
	}
	return out
}

// inputSlice is for how long Input works before others get the control lock. A
// message that was begun is finished, and a bundle is one step.
const inputSlice = 5 * time.Millisecond

// Input takes bytes that have come in and does what whole messages among them
// say. When it returns, the datapath follows what they changed, unless messages
// are left for want of time; the caller looks at Output and Err, and at Stalled.
func (s *Session) Input(data []byte, now int64) {
	b := s.bridge
	defer b.sw.lock(now)()
	s.inInput.Store(true)
	defer s.inInput.Store(false)
	if len(data) > 0 || s.stalled {
		s.heard, s.probing = now, false // an answer to a probe may be behind what is left
	}
	if !s.stalled {
		s.dropParts(now)
	}
	s.in = append(s.in, data...)
	rest, until, late := s.in, b.sw.clock()+int64(inputSlice), false
	s.stalled = false
	for s.Err() == nil {
		n := s.wholeMessage(rest)
		if n == 0 {
			break
		}
		late = len(rest) < len(s.in) && b.sw.clock() >= until // each call does one message at least
		if s.stalled = late || s.full(); s.stalled {
			break
		}
		s.receive(rest[:n])
		rest = rest[n:]
	}
	s.sendPacketOuts()
	s.in = append(s.in[:0], rest...)
	if !late { // looking over the caches once for all that came is enough
		b.sw.settle()
	}
}

// wholeMessage is the size of the message that data begins with, 0 where it is not
// there yet or none can be told from the rest, which ends the session.
func (s *Session) wholeMessage(data []byte) int {
	n, err := openflow.PeekLength(data)
	switch {
	case err == nil && n <= len(data):
		return n
	case err == nil || len(data) < openflow.HeaderLen:
		return 0
	}
	if s.helloed {
		s.sendError(openflow.PeekHeader(data).XID, err, data[:openflow.HeaderLen])
	}
	s.fail(fmt.Errorf("%s: %w", s.options.Name, err))
	return 0
}

// Stalled reports whether Input has left messages undone: because others want the
// switch too, or because what answers those before them has not been taken yet.
// Small requests have large answers: a peer that does not read them must not fill
// the memory, nor keep others waiting. Input goes on, also without new data, once
// Output was called.
func (s *Session) Stalled() bool { return s.stalled }

// full reports whether enough waits to be sent.
func (s *Session) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.out) > maxOutput || s.isHeavy()
}

// receive handles one whole message.
func (s *Session) receive(data []byte) {
	s.bridge.snoop(s, data)
	h, m, err := s.dialect.Decode(data)
	s.countReceived(m)
	if !s.helloed {
		s.negotiate(h, m, err, data)
		return
	}
	if _, isOut := m.(*openflow.PacketOut); !isOut || len(s.outs.packets) == datapath.BatchSize {
		s.sendPacketOuts() // frames of ports wait for no more than a batch
	}
	if h.Version != s.version {
		// The error has to be in the version that both know.
		err = &openflow.Error{Code: openflow.ErrRequestBadVersion}
		if _, hello := m.(*openflow.Hello); hello {
			err = &openflow.Error{Code: openflow.ErrHelloIncompatible}
		}
	}
	if err == nil {
		m, err = s.assemble(h, m, len(data))
	}
	if err == nil && m != nil {
		s.bridge.acting, s.bridge.actingXID = s, h.XID
		err = s.handle(h, m, data)
		s.bridge.acting, s.bridge.actingXID = nil, 0
	}
	if err != nil {
		s.sendPacketOuts()
		s.sendError(h.XID, err, data)
	}
}

// negotiate takes the peer's first message, which must be a hello (OpenFlow
// 1.3.5 §6.3.1).
func (s *Session) negotiate(h openflow.Header, m openflow.Message, err error, data []byte) {
	hello, ok := m.(*openflow.Hello)
	ours := s.offer()
	if !ok || err != nil {
		s.version = ours.Max()
		if h.Version.Valid() && h.Version < s.version {
			s.version = h.Version
		}
		s.sendError(h.XID, &openflow.Error{Code: openflow.ErrHelloIncompatible, Data: []byte("the first message must be a hello")}, nil)
		s.fail(fmt.Errorf("%s: the first message is no hello", s.options.Name))
		return
	}
	common := ours & hello.Versions
	if !hello.Bitmap { // the lower one of those in the headers, or none
		common = ours & openflow.Versions(min(h.Version, ours.Max()))
	}
	if common == 0 {
		s.version = min(h.Version, ours.Max())
		text := fmt.Sprintf("we support %s, you support %s, no common version", versionNames(ours), versionNames(hello.Versions))
		s.sendError(h.XID, &openflow.Error{Code: openflow.ErrHelloIncompatible, Data: []byte(text)}, nil)
		s.fail(fmt.Errorf("%s: %s", s.options.Name, text))
		return
	}
	s.version, s.helloed = common.Max(), true
	s.update()
	s.tellOthers(openflow.ControllerChannel, openflow.ChannelUp)
}

func versionNames(set openflow.VersionSet) string {
	if set == 0 {
		return "none"
	}
	text := ""
	for i, v := range set.List() {
		if i > 0 {
			text += ", "
		}
		text += v.String()
	}
	return text
}

const defaultMissSendLen = 128 // OFP_DEFAULT_MISS_SEND_LEN

// update publishes what workers need to know.
func (s *Session) update() {
	w := &asyncWants{version: s.version, role: s.role, format: s.format, id: s.id}
	if s.options.Kind == Controller || s.options.Kind == Service && s.config.MissSendLen > 0 {
		mask := &s.async.Primary
		if s.role == openflow.RoleSecondary {
			mask = &s.async.Secondary
		}
		w.reasons = mask.Reasons
		if s.config.InvalidTTL {
			w.reasons[openflow.AsyncPacketIn] |= 1 << openflow.ReasonInvalidTTL
		}
	}
	s.wants.Store(w)
	s.setWantsMiss(w.version != 0 && w.version < openflow.V13 && w.reasons[openflow.AsyncPacketIn] != 0)
}

// defaultAsync is what a connection gets before it says otherwise (OpenFlow
// 1.3.5 §7.3.10).
func defaultAsync() (c openflow.AsyncConfig) {
	in := uint32(1<<openflow.ReasonNoMatch | 1<<openflow.ReasonAction | 1<<openflow.ReasonActionSet |
		1<<openflow.ReasonGroup | 1<<openflow.ReasonPacketOut)
	c.Primary.Reasons[openflow.AsyncPacketIn] = in
	c.Primary.Reasons[openflow.AsyncPortStatus] = 7
	c.Primary.Reasons[openflow.AsyncFlowRemoved] = 0x3f
	c.Primary.Reasons[openflow.AsyncTableStatus] = 1<<openflow.TableVacancyDown | 1<<openflow.TableVacancyUp
	c.Secondary.Reasons[openflow.AsyncPortStatus] = 7
	return c
}

// send appends a message to the output.
func (s *Session) send(xid uint32, m openflow.Message) {
	s.enqueue(xid, m, false)
}

// sendAsync appends a message that nobody asked for, unless the peer is too slow.
func (s *Session) sendAsync(m openflow.Message) { s.enqueue(0, m, true) }

func (s *Session) enqueue(xid uint32, m openflow.Message, async bool) {
	version := s.version
	if async {
		version = s.wants.Load().version
	}
	s.mu.Lock()
	if async && s.isFull() {
		s.countDropped()
		s.mu.Unlock()
		return
	}
	before := len(s.out)
	out, err := openflow.Append(s.out, version, xid, m)
	if err == nil {
		s.out = out
		s.weigh()
		s.countSent(m.Kind())
	}
	added := s.out[before:]
	if s.options.Kind == Controller && s.bridge.snoops.Load() > 0 {
		added = slices.Clone(added)
	} else {
		added = nil
	}
	s.mu.Unlock()
	if err != nil && !async {
		s.sendError(xid, err, nil)
		return
	}
	if added != nil {
		s.bridge.snoop(s, added)
	}
	s.notify()
}

// sendError answers a message that could not be done.
func (s *Session) sendError(xid uint32, err error, offending []byte) {
	s.mu.Lock()
	s.out = openflow.AppendError(s.out, s.version, xid, err, offending)
	s.weigh()
	s.countSent(openflow.KindError)
	s.mu.Unlock()
	s.notify()
}

// snoop copies messages of a controller's connection to those who listen.
func (b *Bridge) snoop(from *Session, data []byte) {
	if from.options.Kind != Controller || b.snoops.Load() == 0 {
		return
	}
	for _, s := range *b.sessions.Load() {
		if s.options.Kind == Snoop {
			s.mu.Lock()
			if !s.isFull() {
				s.out = append(s.out, data...)
				s.weigh()
			} else {
				s.countDropped()
			}
			s.mu.Unlock()
			s.notify()
		}
	}
}

// awaitHello gives up a peer that does not say hello in time, however much else of a
// message comes. Who only listens need not say anything.
func (s *Session) awaitHello(now int64) (next int64) {
	patience := s.options.Probe
	if patience < 0 {
		patience = DefaultProbe
	}
	end := s.opened + int64(patience)
	switch {
	case s.options.Kind == Snoop:
		return now + int64(time.Hour)
	case now >= end:
		s.fail(fmt.Errorf("%s: no hello within %v", s.options.Name, patience))
	}
	return end
}

// Tick probes a silent controller, and gives up one that does not answer, or any peer
// that does not say hello. It returns when it wants to be called again.
func (s *Session) Tick(now int64) (next int64) {
	defer s.bridge.sw.lock(now)()
	s.release(now)
	if !s.helloed {
		return s.awaitHello(now)
	}
	probe := int64(s.options.Probe)
	if s.options.Kind != Controller || probe < 0 {
		return now + int64(time.Hour)
	}
	switch {
	case now-s.heard < probe:
		return s.heard + probe
	case s.probing && now-s.heard >= 2*probe:
		s.fail(fmt.Errorf("%s: no answer for %v", s.options.Name, time.Duration(now-s.heard)))
	case !s.probing:
		s.probing = true
		s.send(0, &openflow.EchoRequest{})
	}
	return s.heard + 2*probe
}
