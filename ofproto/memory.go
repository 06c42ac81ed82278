package ofproto

// Limits of what the peers of all connections together can have the switch keep for
// them, in bytes. A connection's own limits, which are smaller, do not bound that:
// there may be thousands.
const (
	maxWaiting  int64 = 256 << 20 // of messages that wait for their peers to read them
	maxGathered int   = 256 << 20 // of bundles, and of requests whose parts have not all come
)

// messageCost is what keeping a message takes beside its bytes.
const messageCost = 24

// weigh notes how much waits for the peer, after that has changed. The caller holds
// s.mu.
func (s *Session) weigh() {
	weight := int64(len(s.out) + s.taken + s.packetIns.bytes)
	if s.closed {
		weight = 0 // a worker that knew the session may still bring something
	}
	s.bridge.sw.waiting.Add(weight - s.weight)
	s.weight = weight
}

// isHeavy reports whether a session's requests have to wait because much waits for
// all peers, and more than a little of that for its own. The second half of the room
// is for those who read what they are sent. The caller holds s.mu.
func (s *Session) isHeavy() bool {
	return s.bridge.sw.waiting.Load() > s.bridge.sw.mostWaiting/2 && len(s.out)+s.taken > directOutput
}

// isFull reports whether a message that nobody asked for has to be dropped. The
// caller holds s.mu.
func (s *Session) isFull() bool {
	return len(s.out) > maxOutput || s.isHeavy() || s.bridge.sw.waiting.Load() > s.bridge.sw.mostWaiting
}

// gather takes room for a part of what a peer says by and by, and reports whether
// there was enough. The caller holds Switch.mu, as with yield.
func (s *Session) gather(size int) bool {
	if s.bridge.sw.gathered+size > s.bridge.sw.mostGathered {
		return false
	}
	s.bridge.sw.gathered += size
	s.gathered += size
	return true
}

// yield gives room back.
func (s *Session) yield(size int) {
	s.bridge.sw.gathered -= size
	s.gathered -= size
}

// abandon gives up all that is kept for the peer of a session that ends. The caller
// holds Switch.mu.
func (s *Session) abandon() {
	s.bundles, s.parts = nil, nil
	s.yield(s.gathered)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.weigh()
}
