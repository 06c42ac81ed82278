package daemon

import (
	"errors"
	"net"
	"sync"
	"time"
)

// acceptPause is how long a listener waits after an error before it tries again. The
// process is out of descriptors, most likely, and will have some when a connection ends.
const acceptPause = 100 * time.Millisecond

// acceptAll gives serve what connects, until the listener is closed: nothing else
// makes it deaf for good. warn is told of the first error of an episode.
func acceptAll(l net.Listener, warn func(error), serve func(net.Conn)) {
	var trouble episode
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			serve(c)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			if trouble.begins(time.Now()) {
				warn(err)
			}
			time.Sleep(acceptPause)
		}
	}
}

// calm is how long something must not have happened for its episode to be over.
const calm = 10 * time.Second

// episode is something that happens again and again, and is worth one line in the
// log for all times.
type episode struct {
	mu   sync.Mutex
	last time.Time
}

// begins notes that it has happened, and reports whether that is an episode's first time.
func (e *episode) begins(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	first := e.last.IsZero() || now.Sub(e.last) >= calm
	e.last = now
	return first
}
