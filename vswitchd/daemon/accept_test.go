package daemon

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// shortListener is a listener of a process that is out of descriptors from time to time.
type shortListener struct {
	net.Listener
	accepts []error // what calls of Accept return in turn; nil: a connection
	pause   time.Duration
}

func (l *shortListener) Accept() (net.Conn, error) {
	time.Sleep(l.pause)
	if len(l.accepts) == 0 {
		return nil, net.ErrClosed
	}
	err := l.accepts[0]
	l.accepts = l.accepts[1:]
	if err != nil {
		return nil, &net.OpError{Op: "accept", Err: err}
	}
	c, _ := net.Pipe()
	return c, nil
}

// TestAcceptGoesOn: no error but the listener's end ends what accepts, and an episode
// of them is told once.
func TestAcceptGoesOn(t *testing.T) {
	for _, c := range []struct {
		pause           time.Duration // of each call
		served, warning int
	}{{0, 3, 1}, {calm, 3, 5}} {
		synctest.Test(t, func(t *testing.T) {
			l := &shortListener{accepts: []error{nil, syscall.EMFILE, syscall.EMFILE, nil, syscall.ENFILE, syscall.ENOBUFS, syscall.ECONNABORTED, nil}, pause: c.pause}
			served, warned := 0, 0
			acceptAll(l, func(err error) {
				if errors.Is(err, net.ErrClosed) {
					t.Errorf("warned of %v", err)
				}
				warned++
			}, func(net.Conn) { served++ })
			if served != c.served || warned != c.warning {
				t.Errorf("calls of %v: %d connections and %d warnings, want %d and %d", c.pause, served, warned, c.served, c.warning)
			}
		})
	}
}
