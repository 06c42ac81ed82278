package ofproto

import (
	"time"
	"unsafe"

	"vswitch/openflow"
)

// parts is a multipart request of which more is to come.
type parts struct {
	message openflow.Message
	size    int   // in memory
	last    int64 // when a part last came
}

// Limits of requests that are not complete (OpenFlow 1.3.5 §7.3.5).
const (
	maxParts    = 8 << 20 // bytes in memory, of all of a session
	partTimeout = int64(10 * time.Second)
)

// inParts reports whether a request is a list that may come in parts.
func inParts(m openflow.Message) bool {
	kind := m.Kind()
	return kind == openflow.KindTableFeaturesRequest || kind == openflow.KindFlowMonitorRequest
}

// sizeInMemory is what a part takes once it is decoded, which may be much more than
// what it had on its way: a monitor has a whole match.
func sizeInMemory(m openflow.Message, size int) int {
	switch m := m.(type) {
	case *openflow.FlowMonitorRequest:
		return size + len(m.Monitors)*int(unsafe.Sizeof(openflow.FlowMonitor{}))
	case *openflow.TableFeaturesRequest:
		return 2*size + len(m.Tables)*int(unsafe.Sizeof(openflow.TableFeatures{}))
	}
	return size
}

// assemble keeps the parts of a multipart request until the last one has come, and
// returns the whole then, nil before. Requests are refused whose answers, which may
// be of any length, would find no room.
func (s *Session) assemble(h openflow.Header, m openflow.Message, size int) (openflow.Message, error) {
	if !m.Kind().Multipart() {
		return m, nil // other messages may come between the parts
	}
	if n := s.bridge.sw.waiting.Load(); n > s.bridge.sw.mostWaiting {
		s.dropPart(h.XID)
		return nil, openflow.NewError(openflow.ErrRequestMultipartBufferOverflow, "%d bytes of answers wait to be read by all peers: ask again later", n)
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
		s.dropPart(h.XID)
		return nil, openflow.NewError(openflow.ErrRequestBadStat, "part of another kind than those before it")
	}
	size = sizeInMemory(m, size)
	total := size
	for _, q := range s.parts {
		total += q.size
	}
	if total > maxParts || !s.gather(size) {
		s.dropPart(h.XID)
		return nil, openflow.NewError(openflow.ErrRequestMultipartBufferOverflow, "%d bytes of requests that are not complete, of all peers %d", total, s.bridge.sw.gathered)
	}
	p.size, p.last = p.size+size, s.bridge.sw.now
	if h.More {
		return nil, nil
	}
	s.dropPart(h.XID)
	return p.message, nil
}

// dropPart forgets what has come of a request, if anything has.
func (s *Session) dropPart(xid uint32) {
	if p := s.parts[xid]; p != nil {
		s.yield(p.size)
		delete(s.parts, xid)
	}
}

// dropParts gives up requests of which nothing has come for long.
func (s *Session) dropParts(now int64) {
	for xid, p := range s.parts {
		if now-p.last > partTimeout {
			s.dropPart(xid)
			s.sendError(xid, openflow.NewError(openflow.ErrRequestMultipartRequestTimeout, "no further part for %v", time.Duration(now-p.last)), nil)
		}
	}
}
