package daemon

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// threadConn is a connection to a program on this machine, which waits in a thread
// of its own. Connections that the runtime waits for have another thread woken by
// whatever comes, even where their reader looks for it by itself (receiver); on a
// machine with few processors that takes the time of the program at the other end.
type threadConn struct {
	net.Conn // closed, and good for the addresses only
	fd       threadFD
}

// maxThreads bounds the connections of a listener that have threads. Others are the
// runtime's.
const maxThreads = 8

// newThreadConn takes over a connection.
func newThreadConn(c *net.UnixConn) (*threadConn, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	t := &threadConn{Conn: c}
	var failed error
	err = raw.Control(func(fd uintptr) { t.fd.fd, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	return t, c.Close()
}

// SyscallConn is what the receiver reads by.
func (t *threadConn) SyscallConn() (syscall.RawConn, error) { return &t.fd, nil }

// Read is not quick: the receiver does not use it.
func (t *threadConn) Read(b []byte) (n int, err error) { return newReceiver(t).receive(b) }

// Write returns an error after SetWriteDeadline's time, or Close.
func (t *threadConn) Write(b []byte) (done int, err error) {
	ended := t.fd.Write(func(fd uintptr) bool {
		for done < len(b) {
			n, e := unix.Write(int(fd), b[done:])
			switch {
			case errors.Is(e, unix.EINTR):
			case errors.Is(e, unix.EAGAIN):
				return false
			case e != nil:
				err = e
				return true
			default:
				done += n
			}
		}
		return true
	})
	return done, errors.Join(ended, err)
}

// SetWriteDeadline has the connection end at a time.
func (t *threadConn) SetWriteDeadline(at time.Time) error {
	time.AfterFunc(time.Until(at), func() { _ = t.Close() })
	return nil
}

// Close ends calls that wait.
func (t *threadConn) Close() error {
	t.fd.close()
	return nil
}

// threadFD is a descriptor of a socket that does not block. It is a syscall.RawConn
// whose calls wait in their threads.
type threadFD struct {
	fd int

	mu     sync.Mutex
	users  int // calls that are at work
	closed bool
}

// Control calls f.
func (d *threadFD) Control(f func(fd uintptr)) error {
	return d.wait(0, func(fd uintptr) bool { f(fd); return true })
}

// Read calls f, whenever there may be something to read, until it returns true.
func (d *threadFD) Read(f func(fd uintptr) bool) error { return d.wait(unix.POLLIN, f) }

// Write calls f, whenever there may be room, until it returns true.
func (d *threadFD) Write(f func(fd uintptr) bool) error { return d.wait(unix.POLLOUT, f) }

func (d *threadFD) wait(events int16, f func(fd uintptr) bool) error {
	if !d.enter() {
		return net.ErrClosed
	}
	defer d.leave()
	for !f(uintptr(d.fd)) {
		if _, err := unix.Poll([]unix.PollFd{{Fd: int32(d.fd), Events: events}}, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
	}
	return nil
}

func (d *threadFD) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.users++
	}
	return !d.closed
}

func (d *threadFD) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users--; d.closed && d.users == 0 {
		_ = unix.Close(d.fd)
	}
}

// close shuts the socket down, which wakes whoever waits. The descriptor lasts until
// they have left.
func (d *threadFD) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	_ = unix.Shutdown(d.fd, unix.SHUT_RDWR)
	if d.users == 0 {
		_ = unix.Close(d.fd)
	}
}
