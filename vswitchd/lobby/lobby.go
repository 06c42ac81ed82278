package lobby

import (
	"io"
	"slices"
	"sync"
)

// Lobby is the connections that wait, at most as many as it has places.
type Lobby struct {
	places int

	mu      sync.Mutex
	waiting []io.Closer // who came first is first
	pushed  uint64
}

// New makes a lobby with places, at least one.
func New(places int) *Lobby { return &Lobby{places: max(places, 1)} }

// Enter takes a connection in, or puts one that is there behind all others. It may
// close another one.
func (l *Lobby) Enter(c io.Closer) {
	if out := l.enter(c); out != nil {
		// Whoever serves it finds out; there is nobody else to tell.
		_ = out.Close()
	}
}

func (l *Lobby) enter(c io.Closer) (out io.Closer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(c)
	if len(l.waiting) == l.places {
		out = l.waiting[0]
		l.remove(out)
		l.pushed++
	}
	l.waiting = append(l.waiting, c)
	return out
}

// Leave forgets a connection, which need not be there any more.
func (l *Lobby) Leave(c io.Closer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(c)
}

// PushedOut counts the connections that were closed for want of places.
func (l *Lobby) PushedOut() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pushed
}

func (l *Lobby) remove(c io.Closer) {
	if i := slices.Index(l.waiting, c); i >= 0 {
		l.waiting = slices.Delete(l.waiting, i, i+1)
	}
}
