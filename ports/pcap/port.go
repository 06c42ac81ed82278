package pcap

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
)

// Options say which files to use.
type Options struct {
	Name   string
	MAC    [6]byte
	Replay string // file to receive from; "": nothing is received
	Record string // file to write what is sent to, overwritten; "": it is thrown away
	Timed  bool   // receive a frame when Step reaches its time
	// Origin is when the clock behind Buf.Time stood at 0, which dates what is
	// recorded; the zero value is 1970.
	Origin time.Time
}

// Port replays one file and records another.
type Port struct {
	name     string
	state    *driver.State
	replay   *os.File
	recorder *recorder

	mu     sync.Mutex
	source *source       // nil without a file to replay
	now    time.Duration // since the first frame; what is due by then may be received
	reader *rxQueue
	stats  ports.Stats
	closed bool
}

var _ ports.Port = (*Port)(nil)

// Open opens the files.
func Open(o Options) (*Port, error) {
	p := &Port{name: o.Name, now: math.MaxInt64, state: driver.NewState(ports.Info{
		Name: o.Name, MAC: o.MAC, RxQueues: 1, Carrier: true, AdminUp: true, Driver: "pcap",
	})}
	if o.Timed {
		p.now = 0
	}
	if err := p.open(o); err != nil {
		return nil, errors.Join(fmt.Errorf("pcap %s: %w", o.Name, err), p.Close())
	}
	return p, nil
}

func (p *Port) open(o Options) (err error) {
	if o.Replay != "" {
		// Opening a named pipe would wait for somebody to write to it, and so would
		// reading from it.
		if p.replay, err = os.OpenFile(o.Replay, os.O_RDONLY|unix.O_NONBLOCK, 0); err != nil {
			return fmt.Errorf("replay: %w", err)
		}
		if info, err := p.replay.Stat(); err != nil || !info.Mode().IsRegular() {
			return errors.Join(fmt.Errorf("replay %s: no regular file: use one", o.Replay), err)
		}
		if p.source, err = newSource(p.replay); err != nil {
			return fmt.Errorf("replay %s: %w", o.Replay, err)
		}
	}
	if o.Origin.IsZero() {
		o.Origin = time.Unix(0, 0)
	}
	if o.Record != "" {
		if p.recorder, err = newRecorder(o.Record, o.Origin); err != nil {
			return fmt.Errorf("record: %w", err)
		}
	}
	return nil
}

// Step lets frames be received that were recorded up to d after the first one.
// It has no effect without Options.Timed.
func (p *Port) Step(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = max(p.now, d)
	if p.reader != nil {
		p.reader.engine.Notify(p.reader)
	}
}

// NextDeadline is the argument of Step that makes the next frame due; false when
// no frame is left.
func (p *Port) NextDeadline() (time.Duration, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.source == nil || p.source.err != nil {
		return 0, false
	}
	return p.source.due, true
}

// Name is the port's name in the switch.
func (p *Port) Name() string { return p.name }

// Info is the port's state now.
func (p *Port) Info() ports.Info { return p.state.Info() }

// Changes publishes the state when it changes.
func (p *Port) Changes() <-chan ports.Info { return p.state.Changes() }

// Stats counts frames that the file has cut short and those that could not be
// written.
func (p *Port) Stats() ports.Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// Close closes the files. It refuses while the receive queue is open.
func (p *Port) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.reader != nil {
		return fmt.Errorf("pcap %s: close: the receive queue is open: %w", p.name, unix.EBUSY)
	}
	if p.closed {
		return nil
	}
	p.closed = true
	p.state.Close()
	var errs []error
	if p.replay != nil {
		errs = append(errs, p.replay.Close())
	}
	if p.recorder != nil {
		errs = append(errs, p.recorder.Close())
	}
	return errors.Join(errs...)
}

// rxQueue receives what the file has.
type rxQueue struct {
	port   *Port
	engine ports.Engine
}

var _ ports.RxQueue = (*rxQueue)(nil)

// OpenRx opens the receive queue, once.
func (p *Port) OpenRx(number int, e ports.Engine) (ports.RxQueue, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if number != 0 || p.closed {
		return nil, fmt.Errorf("pcap %s: open receive queue %d of 1: %w", p.name, number, unix.EINVAL)
	}
	if p.reader != nil {
		return nil, fmt.Errorf("pcap %s: open receive queue: %w", p.name, unix.EBUSY)
	}
	q := &rxQueue{port: p, engine: e}
	if err := e.Watch(-1, q); err != nil {
		return nil, fmt.Errorf("pcap %s: open receive queue: %w", p.name, err)
	}
	p.reader = q
	return q, nil
}

// Recv copies frames that are due into buffers of the engine.
func (q *rxQueue) Recv(dst []*packet.Buf) (int, error) {
	p := q.port
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.source
	if s == nil {
		return 0, nil
	}
	n := 0
	for n < len(dst) && s.err == nil && s.due <= p.now {
		b := packet.FromBytes(s.data, q.engine.Pool(), q.engine.Spill())
		if b == nil {
			q.engine.Notify(q)
			return n, nil
		}
		if s.cut {
			b.Fault = packet.FaultTruncated
			p.stats.RxErrors++
		}
		dst[n] = b
		n++
		s.advance()
	}
	switch {
	case s.err == nil:
	case n > 0:
		q.engine.Notify(q)
	default:
		if s.err != io.EOF {
			p.broken(s.err)
		}
		return 0, io.EOF
	}
	return n, nil
}

// broken says once why the file could not be read to its end. Called with p.mu
// held.
func (p *Port) broken(why error) {
	if len(p.state.Info().Notes) == 0 {
		note := fmt.Sprintf("%s cannot be read to its end: %v", p.replay.Name(), why)
		p.state.Change(func(i *ports.Info) { i.Notes = []string{note} })
	}
}

// Close lets the queue be opened again; replaying goes on where it was.
func (q *rxQueue) Close() error {
	q.port.mu.Lock()
	if q.port.reader == q {
		q.port.reader = nil
	}
	q.port.mu.Unlock()
	return q.engine.Unwatch(-1, q)
}
