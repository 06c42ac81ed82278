package ofproto

import (
	"time"

	"vswitch/openflow"
)

// parts is a multipart request of which more is to come.
type parts struct {
	message openflow.Message
	size    int
	last    int64 // when a part last came
}

// Limits of requests that are not complete (OpenFlow 1.3.5 §7.3.5).
const (
	maxParts    = 8 << 20 // bytes of all of a session
	partTimeout = int64(10 * time.Second)
)

// inParts reports whether a request is a list that may come in parts.
func inParts(m openflow.Message) bool {
	kind := m.Kind()
	return kind == openflow.KindTableFeaturesRequest || kind == openflow.KindFlowMonitorRequest
}

// assemble keeps the parts of a multipart request until the last one has come, and
// returns the whole then, nil before.
func (s *Session) assemble(h openflow.Header, m openflow.Message, size int) (openflow.Message, error) {
	if !m.Kind().Multipart() {
		return m, nil // other messages may come between the parts
	}
	p := s.parts[h.XID]
	if p == nil {
		if !h.More || !inParts(m) {
			return m, nil
		}
		p = &parts{}
		if s.parts == nil {
			s.parts = map[uint32]*parts{}
		}
		s.parts[h.XID] = p
	}
	switch {
	case p.message == nil:
		p.message = m
	case !openflow.Merge(p.message, m):
		delete(s.parts, h.XID)
		return nil, openflow.NewError(openflow.ErrRequestBadStat, "part of another kind than those before it")
	}
	p.size, p.last = p.size+size, s.bridge.sw.now
	total := 0
	for _, q := range s.parts {
		total += q.size
	}
	if total > maxParts {
		delete(s.parts, h.XID)
		return nil, openflow.NewError(openflow.ErrRequestMultipartBufferOverflow, "%d bytes of requests that are not complete", total)
	}
	if h.More {
		return nil, nil
	}
	delete(s.parts, h.XID)
	return p.message, nil
}

// dropParts gives up requests of which nothing has come for long.
func (s *Session) dropParts(now int64) {
	for xid, p := range s.parts {
		if now-p.last > partTimeout {
			delete(s.parts, xid)
			s.sendError(xid, openflow.NewError(openflow.ErrRequestMultipartRequestTimeout, "no further part for %v", time.Duration(now-p.last)), nil)
		}
	}
}
