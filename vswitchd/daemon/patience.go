package daemon

import (
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// patience writes to a connection, and ends it when its peer has read nothing for a
// time although something waits to be written. A peer that reads, however slowly, has
// all the time that it needs.
//
// A deadline for each write would not do: a socket takes more only once its peer has
// read a good part of what is in it, which may be megabytes.
type patience struct {
	conn  net.Conn
	limit time.Duration // 0: without end

	mu      sync.Mutex
	timer   *time.Timer // runs while something is written, and a little longer
	isArmed bool
	isBusy  bool      // something waits to be written
	queued  int       // bytes in the socket when it was looked at last
	since   time.Time // from when on this has not changed; zero: not looked at during this write
	isOver  bool
}

// write is conn.Write. Called by one goroutine at a time.
func (p *patience) write(data []byte) (int, error) {
	if p.limit == 0 {
		return p.conn.Write(data)
	}
	p.begin()
	n, err := p.conn.Write(data)
	if p.end() && err != nil {
		err = fmt.Errorf("%s has read nothing for %v", p.conn.RemoteAddr(), p.limit)
	}
	return n, err
}

func (p *patience) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isBusy, p.since = true, time.Time{}
	switch {
	case p.isArmed: // for a write before this one
	case p.timer == nil:
		p.timer = time.AfterFunc(p.pause(), p.look)
	default:
		p.timer.Reset(p.pause())
	}
	p.isArmed = true
}

// end reports whether the patience has ended.
func (p *patience) end() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isBusy = false
	return p.isOver
}

// pause is the time between two looks.
func (p *patience) pause() time.Duration { return p.limit / 4 }

// look is called by the timer.
func (p *patience) look() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.isBusy {
		p.isArmed = false
		return
	}
	now, n := time.Now(), queued(p.conn)
	switch {
	case p.since.IsZero() || n != p.queued:
		p.queued, p.since = n, now
	case now.Sub(p.since) >= p.limit:
		p.isOver = true
		_ = p.conn.SetWriteDeadline(now)
		return
	}
	p.timer.Reset(p.pause())
}

// queued is how much a connection's socket holds that the peer has not taken.
func queued(conn net.Conn) (n int) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	c, ok := conn.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	// A connection that has just ended holds nothing.
	_ = raw.Control(func(fd uintptr) { n, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	return n
}
