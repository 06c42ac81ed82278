package ofproto

import (
	"sync"
	"time"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// PacketInLimits bound the packet-ins of a session.
type PacketInLimits struct {
	Rate  int // a second; 0: as many as the peer takes
	Burst int // above the rate, at once; 0: a quarter of a second's
	Queue int // that may wait; 0: DefaultPacketInQueue
}

// DefaultPacketInQueue is how many packet-ins may wait for a peer.
const DefaultPacketInQueue = 8192

// directOutput is how much may wait to be sent before packet-ins are held back:
// answers overtake those that are, and so a peer that gets many of them is
// answered in time.
const directOutput = 64 << 10

// packetIns are packet-ins that wait for a slow peer or for their rate. There is a
// queue for each input port and reason, and they take turns: the packets of one
// port cannot keep those of another away. Guarded by Session.mu.
type packetIns struct {
	limits PacketInLimits
	tokens int64 // nanoseconds of the rate's time
	filled int64 // when tokens were counted last; 0: never

	queues map[packetInSource]*packetInQueue
	turns  []*packetInQueue // those that have something, the next first
	n      int
	bytes  int
}

// packetInSource is what shares a queue.
type packetInSource struct {
	port   openflow.PortNo
	reason openflow.PacketInReason
}

type packetInQueue struct {
	source   packetInSource
	messages [][]byte
}

func newPacketIns(l PacketInLimits) packetIns {
	if l.Queue == 0 {
		l.Queue = DefaultPacketInQueue
	}
	if l.Burst == 0 {
		l.Burst = max(1, l.Rate/4)
	}
	return packetIns{limits: l, queues: map[packetInSource]*packetInQueue{}}
}

// price is what one packet-in costs of the rate's time.
func (p *packetIns) price() int64 { return int64(time.Second) / int64(p.limits.Rate) }

// refill counts the time that has passed.
func (p *packetIns) refill(now int64) {
	if p.limits.Rate == 0 {
		return
	}
	full := int64(p.limits.Burst) * p.price()
	if p.filled == 0 {
		p.tokens = full
	} else {
		p.tokens = min(full, p.tokens+max(0, now-p.filled))
	}
	p.filled = max(p.filled, now)
}

// spend takes what one packet-in costs, if it is there.
func (p *packetIns) spend() bool {
	if p.limits.Rate == 0 {
		return true
	}
	if p.tokens < p.price() {
		return false
	}
	p.tokens -= p.price()
	return true
}

// push adds a message and reports of which queues others had to go for it: those
// that waited longest in the longest queue.
func (p *packetIns) push(source packetInSource, message []byte) (dropped []packetInSource) {
	q := p.queues[source]
	if q == nil {
		q = &packetInQueue{source: source}
		p.queues[source] = q
		p.turns = append(p.turns, q)
	}
	q.messages = append(q.messages, message)
	p.n++
	p.bytes += len(message)
	for p.n > p.limits.Queue || p.bytes > maxOutput {
		longest := p.turns[0]
		for _, o := range p.turns[1:] {
			if len(o.messages) > len(longest.messages) {
				longest = o
			}
		}
		p.shift(longest)
		dropped = append(dropped, longest.source)
	}
	return dropped
}

// shift takes a queue's first message, and away a queue that is empty then.
func (p *packetIns) shift(q *packetInQueue) (message []byte) {
	message, q.messages = q.messages[0], q.messages[1:]
	p.n--
	p.bytes -= len(message)
	if len(q.messages) > 0 {
		return message
	}
	delete(p.queues, q.source)
	for i, o := range p.turns {
		if o == q {
			p.turns = append(p.turns[:i], p.turns[i+1:]...)
			break
		}
	}
	return message
}

// appendTo adds to out what may go now, a queue in turn, and says how many that are.
func (p *packetIns) appendTo(out []byte) (_ []byte, n int) {
	for ; p.n > 0 && len(out) < directOutput && p.spend(); n++ {
		q := p.turns[0]
		last := len(q.messages) == 1
		out = append(out, p.shift(q)...)
		if !last {
			p.turns = append(p.turns[1:], q)
		}
	}
	return out, n
}

// sendPacketIn sends a packet-in, or has it wait. Called by workers.
func (s *Session) sendPacketIn(m *openflow.PacketIn, source packetInSource, now int64) {
	s.mu.Lock()
	p := &s.packetIns
	p.refill(now)
	direct := p.n == 0 && len(s.out) < directOutput && p.spend()
	s.mu.Unlock()
	if direct {
		s.sendAsync(m)
		return
	}
	data, err := openflow.Append(nil, s.wants.Load().version, 0, m)
	if err != nil {
		return // what a version cannot say, its controllers do not ask for
	}
	s.mu.Lock()
	dropped := []packetInSource{source}
	if !s.isFull() {
		dropped = p.push(source, data)
	}
	s.weigh()
	for range dropped {
		s.countDropped()
	}
	s.mu.Unlock()
	s.bridge.lost.add(dropped)
	s.notify()
}

// maxSources bounds the sources that are told apart.
const maxSources = 4096

// packetInDrops counts packet-ins that found no room, of a bridge's sessions, also of
// those that are over.
type packetInDrops struct {
	mu sync.Mutex
	n  map[packetInSource]uint64
}

func (d *packetInDrops) add(list []packetInSource) {
	if len(list) == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n == nil {
		d.n = map[packetInSource]uint64{}
	}
	for _, source := range list {
		if _, known := d.n[source]; !known && len(d.n) >= maxSources {
			source.port = 0 // of no port: packet-outs may name any number of them
		}
		d.n[source]++
	}
}

// PacketInQueue is what happened to packet-ins of one port for one reason.
type PacketInQueue struct {
	Port    string // "" for one that the bridge does not have, or not any more
	Reason  string // as in `controller(reason=…)`, or "other"
	Waiting int    // now, for any session
	Dropped uint64 // since the bridge was made
}

// PacketInQueues tells of all packet-ins that wait or found no room.
func (b *Bridge) PacketInQueues() []PacketInQueue {
	type key struct{ port, reason string }
	sums := map[key]*PacketInQueue{}
	ports := b.ports.Load()
	at := func(s packetInSource) *PacketInQueue {
		k := key{reason: "other"}
		if name, named := text.PacketInReasonName(s.reason); named {
			k.reason = name
		}
		if p := ports.byNo[s.port]; p != nil {
			k.port = p.Name
		}
		if sums[k] == nil {
			sums[k] = &PacketInQueue{Port: k.port, Reason: k.reason}
		}
		return sums[k]
	}
	for _, s := range *b.sessions.Load() {
		s.mu.Lock()
		for source, q := range s.packetIns.queues {
			at(source).Waiting += len(q.messages)
		}
		s.mu.Unlock()
	}
	b.lost.mu.Lock()
	defer b.lost.mu.Unlock()
	for source, n := range b.lost.n {
		at(source).Dropped += n
	}
	var list []PacketInQueue
	for _, q := range sums {
		list = append(list, *q)
	}
	return list
}

// Holds reports whether packet-ins wait for their rate: Tick lets them go, and is to
// be called soon.
func (s *Session) Holds() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.packetIns.n > 0
}

// release lets packet-ins go whose time has come.
func (s *Session) release(now int64) {
	s.mu.Lock()
	p := &s.packetIns
	p.refill(now)
	ready := p.n > 0 && len(s.out) < directOutput
	s.mu.Unlock()
	if ready {
		s.notify()
	}
}
