package daemon

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"vswitch/config"
	"vswitch/vswitchd/lobby"
	"vswitch/vswitchd/secure"
)

// setTLS has connections that are made from now on use what the configuration's
// files have in them.
func (d *Daemon) setTLS(c config.TLS) error {
	if !c.IsSet() {
		d.identity.Store(nil)
		return nil
	}
	i, err := secure.New(c)
	if err != nil {
		return err
	}
	d.identity.Store(i)
	return nil
}

// expiryNotice is how long before its end a certificate is worth a note.
const expiryNotice = 30 * 24 * time.Hour

// tlsNotes says what an operator should know of the switch's certificate.
func (d *Daemon) tlsNotes(now time.Time) []string {
	i := d.identity.Load()
	switch {
	case i == nil:
		return nil
	case now.After(i.Ends()):
		return []string{"the certificate of tls ended on " + i.Ends().Format(time.DateOnly) + ": peers refuse it"}
	case now.Add(expiryNotice).After(i.Ends()):
		return []string{"the certificate of tls ends on " + i.Ends().Format(time.DateOnly)}
	}
	return nil
}

// secured makes a connection that the switch has made one with TLS, where its
// target asks for that. It takes conn.
func (d *Daemon) secured(ctx context.Context, conn net.Conn, target config.Endpoint) (net.Conn, error) {
	if !target.IsSecure() {
		return conn, nil
	}
	i := d.identity.Load()
	if i == nil {
		_ = conn.Close() // nothing was said on it
		return nil, secure.ErrNotSet
	}
	return i.Client(ctx, conn)
}

// maxHandshakes bounds the handshakes that are going on at a listener.
const maxHandshakes = 64

// refusals are the connections that a listener has refused.
type refusals struct {
	lobby *lobby.Lobby

	mu     sync.Mutex
	n      uint64
	last   string
	logged time.Time // when one was logged last
}

// refusalPause is how long a listener does not log refusals after one: whoever can
// reach it can bring them about.
const refusalPause = 10 * time.Second

// accept does the handshake with a peer that has called and waits in the lobby. It
// takes conn.
func (d *Daemon) accept(ctx context.Context, conn net.Conn, l *listener) (net.Conn, error) {
	defer l.refused.lobby.Leave(conn)
	i := d.identity.Load()
	if i == nil {
		_ = conn.Close() // nothing was said on it
		return nil, secure.ErrNotSet
	}
	return i.Server(ctx, conn)
}

// add counts a refused connection.
func (r *refusals) add(peer string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	r.last = fmt.Sprintf("%s: %v", peer, err)
}

// note counts a refused connection, and reports whether it is to be logged.
func (r *refusals) note(peer string, err error, now time.Time) bool {
	r.add(peer, err)
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.logged) < refusalPause {
		return false
	}
	r.logged = now
	return true
}

// text tells of the refused connections; "" if there were none.
func (r *refusals) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == 0 {
		return ""
	}
	return fmt.Sprintf("refused %d connections, the last one %s", r.n, r.last)
}
