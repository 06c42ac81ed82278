package driver

import (
	"sync"

	"vswitch/ports"
)

// State is a port's Info and the channel that its changes are published on.
type State struct {
	mu      sync.Mutex
	info    ports.Info
	changes chan ports.Info
	closed  bool
}

// NewState begins with info, which is not published.
func NewState(info ports.Info) *State {
	return &State{info: info, changes: make(chan ports.Info, 1)}
}

// Info is the state now.
func (s *State) Info() ports.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info
}

// Absent says whether the device is gone.
func (s *State) Absent() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.info.Absent != ""
}

// Change lets f edit the state and publishes the result, in place of an older
// one that nobody read yet. f must replace slices, not edit them, and must not
// call s.
func (s *State) Change(f func(*ports.Info)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.info)
	if s.closed {
		return
	}
	select {
	case <-s.changes:
	default:
	}
	s.changes <- s.info
}

// Changes is what ports.Port.Changes returns.
func (s *State) Changes() <-chan ports.Info { return s.changes }

// Close closes the channel. Later changes are kept and not published.
func (s *State) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.changes)
	}
}
