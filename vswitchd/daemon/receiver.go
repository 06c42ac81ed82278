package daemon

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// receiver reads from a connection. After it has read something it looks for
// more for a moment before it sleeps: a peer that waits for each answer before
// it goes on (ovs-ofctl asks for a barrier after every flow) is answered
// without this thread being put to sleep and woken each time, which costs more
// than what the peer asks for.
type receiver struct {
	conn net.Conn
	raw  syscall.RawConn // nil for a connection that has no descriptor
	more bool            // something was just read
}

// linger is how long the receiver looks for more before it sleeps.
const linger = 50 * time.Microsecond

func newReceiver(conn net.Conn) *receiver {
	r := &receiver{conn: conn}
	if c, ok := conn.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			r.raw = raw
		}
	}
	return r
}

// receive is conn.Read.
func (r *receiver) receive(buf []byte) (n int, err error) {
	if r.raw == nil {
		return r.conn.Read(buf)
	}
	until := time.Time{}
	if r.more {
		until = time.Now().Add(linger)
	}
	ended := r.raw.Read(func(fd uintptr) bool {
		for {
			n, err = unix.Read(int(fd), buf)
			switch {
			case errors.Is(err, unix.EINTR):
			case !errors.Is(err, unix.EAGAIN):
				return true
			case !time.Now().Before(until):
				return false // sleeps until there is something
			default:
				// Whoever else wants the processor has it: the peer, most likely. The
				// call returns as soon as a preempted goroutine would be scheduled, so
				// the runtime need not know of it.
				_, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0)
			}
		}
	})
	r.more = n > 0
	switch {
	case ended != nil:
		return 0, ended
	case err != nil:
		return 0, err
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}
