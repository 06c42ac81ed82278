package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"vswitch/config"
	"vswitch/control"
	"vswitch/ofproto"
	"vswitch/vswitchd/lobby"
	"vswitch/vswitchd/metrics"
	"vswitch/vswitchd/secure"
)

// address is what net understands of an endpoint.
func address(e config.Endpoint) (network, addr string) {
	if e.Path != "" {
		return "unix", e.Path
	}
	return "tcp", net.JoinHostPort(e.Host, strconv.Itoa(int(e.Port)))
}

// listener accepts OpenFlow connections for a bridge.
type listener struct {
	net.Listener
	endpoint config.Endpoint
	bridge   *ofproto.Bridge
	kind     ofproto.SessionKind

	cancel  context.CancelFunc
	ended   sync.WaitGroup
	refused refusals
	full    episode
	places  chan struct{} // room for connections
	threads chan struct{} // room for those with threads
}

// listen opens a socket and serves what connects to it.
func (d *Daemon) listen(e config.Endpoint, b *ofproto.Bridge, kind ofproto.SessionKind) (*listener, error) {
	if e.IsSecure() && d.identity.Load() == nil {
		return nil, fmt.Errorf("%s: %w", e, secure.ErrNotSet)
	}
	network, addr := address(e)
	if network == "unix" {
		if err := clearSocket(addr); err != nil {
			return nil, err
		}
	}
	nl, err := net.Listen(network, addr)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", e, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{Listener: nl, endpoint: e, bridge: b, kind: kind, cancel: cancel,
		refused: refusals{lobby: lobby.New(maxHandshakes)}, places: make(chan struct{}, maxConnections), threads: make(chan struct{}, maxThreads)}
	l.ended.Go(func() {
		acceptAll(nl, func(err error) { d.log.listener.Warn("accept", "at", e.String(), "error", err) }, func(c net.Conn) {
			if !d.seat(c, l) {
				return
			}
			if e.IsSecure() {
				// Here, not where the handshake is: those goroutines start in any
				// order, and who came last would be pushed out by who came before.
				l.refused.lobby.Enter(c)
			}
			l.ended.Go(func() {
				defer func() { <-l.places }()
				d.welcome(ctx, c, l)
			})
		})
	})
	return l, nil
}

// maxConnections bounds the connections of a listener: each costs some 64 KiB, and as
// much again of what waits for a peer even where memory is short.
const maxConnections = 1024

// seat gives a connection a place, or closes it when there is none.
func (d *Daemon) seat(c net.Conn, l *listener) bool {
	select {
	case l.places <- struct{}{}:
		return true
	default:
	}
	name, now := peerName(c, l.endpoint), time.Now()
	l.refused.add(name, fmt.Errorf("there are %d connections", cap(l.places)))
	if l.full.begins(now) {
		d.log.listener.Warn("full: who comes now is refused", "at", l.endpoint.String(), "connections", cap(l.places), "peer", name)
	}
	// There is nobody to tell of an error.
	_ = c.Close()
	return false
}

// welcome serves a connection that a listener has accepted.
func (d *Daemon) welcome(ctx context.Context, c net.Conn, l *listener) {
	name := peerName(c, l.endpoint)
	if l.endpoint.IsSecure() {
		var err error
		if c, err = d.accept(ctx, c, l); err != nil {
			if l.refused.note(name, err, time.Now()) && ctx.Err() == nil {
				d.log.listener.Warn("refused", "at", l.endpoint.String(), "peer", name, "error", err)
			}
			return
		}
	}
	c, done := l.threaded(c)
	defer done()
	_ = d.serve(ctx, c, l.bridge, ofproto.SessionOptions{Kind: l.kind, Name: name}, nil)
}

// threaded gives a connection of a program on this machine a thread, while there is
// room for one. done makes room again.
func (l *listener) threaded(c net.Conn) (_ net.Conn, done func()) {
	local, ok := c.(*net.UnixConn)
	if !ok || l.kind != ofproto.Service {
		return c, func() {}
	}
	select {
	case l.threads <- struct{}{}:
	default:
		return c, func() {}
	}
	t, err := newThreadConn(local)
	if err != nil {
		<-l.threads
		return c, func() {}
	}
	return t, func() { <-l.threads }
}

// peerName names the other end of an accepted connection.
func peerName(c net.Conn, e config.Endpoint) string {
	switch {
	case e.Path != "":
		return "unix:" + e.Path
	case e.IsSecure():
		return "ssl:" + c.RemoteAddr().String()
	}
	return "tcp:" + c.RemoteAddr().String()
}

// clearSocket removes a socket that nobody listens on any more.
func clearSocket(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&os.ModeSocket == 0:
		return fmt.Errorf("%s: is there, and is no socket: remove it or choose another path", path)
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return fmt.Errorf("%s: another process listens there: stop it, or choose another rundir", path)
	}
	return os.Remove(path)
}

func (l *listener) close() {
	l.cancel()
	// The error would be that it is closed already.
	_ = l.Listener.Close()
	l.ended.Wait()
}

// dialer keeps a connection to a controller.
type dialer struct {
	bridge     string
	controller config.Controller
	cancel     context.CancelFunc
	ended      sync.WaitGroup
	forget     func(*dialer) // called at the end

	mu      sync.Mutex
	session *ofproto.Session // nil while there is no connection
	since   int64            // when it came or went
	err     error            // why it went, or did not come

	connections    uint64
	received, sent uint64 // messages of connections that are over
}

// changed notes that the connection came (s is not nil) or went.
func (x *dialer) changed(s *ofproto.Session, err error, now int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if (x.session == nil) != (s == nil) || x.since == 0 {
		x.since = now
	}
	if s != nil {
		x.connections++
	} else if x.session != nil {
		i := x.session.Info()
		x.received += i.Received
		x.sent += i.Sent
	}
	x.session, x.err = s, err
}

// status describes the connection.
func (x *dialer) status(target string, now int64) control.ControllerStatus {
	x.mu.Lock()
	defer x.mu.Unlock()
	s := control.ControllerStatus{Target: target, Since: time.Duration(now - x.since).Seconds()}
	if x.session != nil {
		i := x.session.Info()
		s.Connected, s.Version, s.Role = i.Version != "", i.Version, i.Role
	}
	if x.err != nil {
		s.Error = x.err.Error()
	}
	return s
}

// metrics describes the connection in numbers.
func (x *dialer) metrics(now int64) metrics.Controller {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := metrics.Controller{Bridge: x.bridge, Target: x.controller.Target.String(), Since: time.Duration(now - x.since),
		Connections: x.connections, Received: x.received, Sent: x.sent}
	if x.session != nil {
		i := x.session.Info()
		c.Connected, c.Role = i.Version != "", i.Role
		c.Received += i.Received
		c.Sent += i.Sent
	}
	return c
}

// firstBackoff is the wait after the first failure to connect. It doubles up to
// the controller's limit.
const firstBackoff = time.Second

func (d *Daemon) dial(c config.Controller, b *ofproto.Bridge) *dialer {
	ctx, cancel := context.WithCancel(context.Background())
	x := &dialer{bridge: b.Name, controller: c, cancel: cancel, since: d.clock(), forget: func(x *dialer) { d.dialing.Delete(x) }}
	d.dialing.Store(x, nil)
	network, addr := address(c.Target)
	probe := c.InactivityProbe
	if probe == 0 {
		probe = -1 // never; zero would mean the default
	}
	x.ended.Go(func() {
		backoff := firstBackoff
		for ctx.Err() == nil {
			dialer := net.Dialer{Timeout: max(backoff, firstBackoff)}
			conn, err := dialer.DialContext(ctx, network, addr)
			if err == nil {
				conn, err = d.secured(ctx, conn, c.Target)
			}
			if err == nil {
				d.log.controller.Info("connected", "bridge", b.Name, "controller", c.Target.String())
				began := d.clock()
				err = d.serve(ctx, conn, b, ofproto.SessionOptions{Kind: ofproto.Controller, Name: c.Target.String(), Probe: probe,
					PacketIns: ofproto.PacketInLimits{Rate: c.RateLimit, Burst: c.BurstLimit, Queue: c.QueueSize}},
					func(s *ofproto.Session) { x.changed(s, nil, d.clock()) })
				if d.clock()-began > int64(c.MaxBackoff) {
					backoff = firstBackoff
				}
			}
			x.changed(nil, err, d.clock())
			if ctx.Err() != nil {
				return
			}
			d.log.controller.Warn("not connected", "bridge", b.Name, "controller", c.Target.String(), "error", err, "retry", backoff)
			select {
			case <-ctx.Done():
			case <-time.After(backoff):
			}
			backoff = min(2*backoff, max(c.MaxBackoff, firstBackoff))
		}
	})
	return x
}

func (x *dialer) close() {
	x.cancel()
	x.ended.Wait()
	x.forget(x)
}

// serve moves bytes between a connection and its session until either ends.
// opened, which may be nil, is told of the session.
func (d *Daemon) serve(ctx context.Context, conn net.Conn, b *ofproto.Bridge, o ofproto.SessionOptions, opened func(*ofproto.Session)) error {
	notify := make(chan struct{}, 1)
	o.Notify = func() {
		select {
		case notify <- struct{}{}:
		default:
		}
	}
	s := b.NewSession(o, d.clock())
	defer func() { s.Close(d.clock()) }()
	if opened != nil {
		opened(s)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	l := &link{conn: conn, session: s, out: patience{conn: conn, limit: patienceWith(o)}}
	// A peer that does not read must not keep the connection open for ever.
	stop := context.AfterFunc(ctx, l.hurry)
	defer stop()
	var reader sync.WaitGroup
	reader.Go(func() { cancel(d.read(l)) })
	err := d.write(ctx, l, notify)
	// Ends the reader too; there is nobody left to tell of an error.
	_ = conn.Close()
	cancel(err)
	reader.Wait()
	return err
}

// pagerPatience is how long a tool may read nothing that is sent to it: somebody may be
// reading what it prints, page by page.
const pagerPatience = 20 * time.Second

// patienceWith is how long a peer may read nothing that is sent to it: a controller as
// long as it may be silent, and without end if that is never looked at.
func patienceWith(o ofproto.SessionOptions) time.Duration {
	if o.Kind != ofproto.Controller {
		return pagerPatience
	}
	if o.Probe < 0 {
		return 0
	}
	return 2 * cmp.Or(o.Probe, ofproto.DefaultProbe)
}

// link is a connection with its session. Two goroutines send on it: the one that
// reads, what its messages are answered with, and the other all the rest.
type link struct {
	conn    net.Conn
	session *ofproto.Session
	mu      sync.Mutex // serializes sending
	out     patience
}

// flush sends what the session says.
func (l *link) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for out := l.session.Output(); len(out) > 0; out = l.session.Output() {
		if err := l.send(out); err != nil {
			return err
		}
	}
	return l.session.Err()
}

// sendSize is how much is written at once: that it is done is a sign of the peer.
const sendSize = 64 << 10

func (l *link) send(out []byte) error {
	for len(out) > 0 {
		n, err := l.out.write(out[:min(len(out), sendSize)])
		if err != nil {
			return err
		}
		out = out[n:]
	}
	return nil
}

// hurry has the connection end soon, although its peer may read nothing.
func (l *link) hurry() { _ = l.conn.SetWriteDeadline(time.Now().Add(time.Second)) }

// read feeds the session, and answers, until the connection ends. It returns why.
func (d *Daemon) read(l *link) error {
	buf := make([]byte, 64<<10)
	in := newReceiver(l.conn)
	for {
		n, err := in.receive(buf)
		if n > 0 {
			if err := d.feed(l, buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return errors.New("connection closed")
		}
		if err != nil {
			return err
		}
	}
}

// feed gives the session what has come, and sends its answers before it does more.
func (d *Daemon) feed(l *link, data []byte) error {
	l.session.Input(data, d.clock())
	for {
		if err := l.flush(); err != nil || !l.session.Stalled() {
			return err
		}
		l.session.Input(nil, d.clock())
	}
}

// write sends what comes up by itself, and keeps the session's timer.
func (d *Daemon) write(ctx context.Context, l *link, notify <-chan struct{}) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	due := time.Now()
	arm := func(pause time.Duration) {
		due = time.Now().Add(pause)
		timer.Reset(pause)
	}
	for {
		if err := l.flush(); err != nil {
			return err
		}
		select {
		case <-notify:
			if l.session.Holds() && time.Until(due) > minTick {
				arm(minTick)
			}
		case <-timer.C:
			now := d.clock()
			pause := max(minTick, time.Duration(l.session.Tick(now)-now))
			if l.session.Holds() {
				pause = minTick
			}
			arm(pause)
		case <-ctx.Done():
			if err := l.flush(); err != nil {
				return err
			}
			return context.Cause(ctx)
		}
	}
}

// minTick bounds how often a session's timer is looked at.
const minTick = 10 * time.Millisecond
