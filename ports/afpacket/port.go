package afpacket

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/netdev"
)

// Options say which device to use.
type Options struct {
	Name          string // of the port
	Ifname        string // of the device; "": like the port
	Netns         string // name or path of the namespace; "": the switch's own
	Queues        int    // receive queues, between which the kernel spreads flows; 0: 1
	MTU           int    // 0: leave it as it is
	Up            bool   // bring the device up
	ShareWithHost bool   // let the host's stack see received frames too
}

// maxQueues bounds Options.Queues; the kernel's fan-out takes 256 sockets.
const maxQueues = 256

// Port is an existing device.
type Port struct {
	options  Options
	space    *netdev.Namespace
	index    int // of the device in space
	ownMTU   int // of the device when it was taken over
	state    *driver.State
	unfollow func()
	silence  *silence // keeps the host's stack quiet; nil if it is not wanted

	gone     atomic.Bool
	rxErrors atomic.Uint64
	txErrors atomic.Uint64

	mu      sync.Mutex
	sockets []socket // one a receive queue
	readers []*rxQueue
	closed  bool
	missed  uint64 // frames that sockets dropped, as far as the kernel was asked
}

var _ ports.Port = (*Port)(nil)

// socket is what one receive queue reads.
type socket struct {
	fd   int
	open bool // by a receive queue
}

// Open begins to receive from the device.
func Open(c *netdev.Control, o Options) (*Port, error) {
	if o.Ifname == "" {
		o.Ifname = o.Name
	}
	if o.Queues == 0 {
		o.Queues = 1
	}
	if o.Queues < 1 || o.Queues > maxQueues {
		return nil, fmt.Errorf("system %s: %d queues: 1 to %d can be had", o.Name, o.Queues, maxQueues)
	}
	space, err := c.Namespace(o.Netns)
	if err != nil {
		return nil, fmt.Errorf("system %s: %w", o.Name, err)
	}
	p := &Port{options: o, space: space, state: driver.NewState(ports.Info{
		Name: o.Ifname, RxQueues: o.Queues, Driver: "system", Netns: space.Name(), Offloads: offloads(),
	})}
	if err := p.open(); err != nil {
		err = fmt.Errorf("system %s: %w", o.Name, err)
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// SetMTU gives the device another MTU while packets flow; 0 is the one that it
// had before the switch took it over.
func (p *Port) SetMTU(mtu int) error {
	if mtu == 0 {
		mtu = p.ownMTU
	}
	if err := p.space.Change(p.index, netdev.Setup{MTU: mtu}); err != nil {
		return fmt.Errorf("system %s: %w", p.options.Name, err)
	}
	return nil
}

func (p *Port) open() error {
	link, err := p.space.Existing(p.options.Ifname)
	if err != nil {
		return err
	}
	p.index, p.ownMTU = link.Index, link.MTU
	if err := p.space.Apply(link, netdev.Setup{MTU: p.options.MTU, Up: p.options.Up}); err != nil {
		return err
	}
	var notes []string
	if deaf := p.space.Deaf(); deaf != "" {
		notes = append(notes, deaf)
	}
	err = p.space.Do(func() (err error) {
		if p.sockets, err = openReceivers(p.index, p.options.Queues); err != nil {
			return err
		}
		if p.options.ShareWithHost {
			return nil
		}
		if p.silence, err = keepQuiet(p.index); err != nil {
			notes = append(notes, fmt.Sprintf("the host's stack sees what %s receives and may answer it: %v", link.Name, err))
		}
		return nil
	})
	if err != nil {
		return err
	}
	speed := p.space.Speed(link.Name)
	p.state.Change(func(i *ports.Info) { i.SpeedMbs, i.Notes = speed, notes })
	p.unfollow, err = p.space.Follow(p.index, p.reported)
	return err
}

// reported takes over what netlink tells about the device.
func (p *Port) reported(r netdev.Report) {
	if r.Gone != "" {
		p.gone.Store(true)
	}
	p.state.Change(r.Tell)
	if r.Gone == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.readers {
		q.engine.Notify(q)
	}
}

// Name is the port's name in the switch.
func (p *Port) Name() string { return p.options.Name }

// Info is the port's state now.
func (p *Port) Info() ports.Info { return p.state.Info() }

// Changes publishes the state when it changes.
func (p *Port) Changes() <-chan ports.Info { return p.state.Changes() }

// Stats asks the kernel how many frames it dropped for want of room.
func (p *Port) Stats() ports.Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.sockets {
		p.missed += p.dropped(i)
	}
	return ports.Stats{RxMissed: p.missed, RxErrors: p.rxErrors.Load(), TxErrors: p.txErrors.Load()}
}

// dropped asks for the drops of one socket since it was last asked. Called with
// p.mu held.
func (p *Port) dropped(i int) uint64 {
	if p.closed {
		return 0
	}
	stats, err := unix.GetsockoptTpacketStats(p.sockets[i].fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return 0
	}
	return uint64(stats.Drops)
}

// Close leaves the device as it was found.
func (p *Port) Close() error {
	if p.unfollow != nil {
		p.unfollow()
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	var errs []error
	for i := range p.sockets {
		p.missed += p.dropped(i)
	}
	p.closed = true
	for i := range p.sockets {
		errs = append(errs, p.release(i))
	}
	p.mu.Unlock()
	errs = append(errs, p.endSilence())
	p.state.Close()
	if err := errors.Join(append(errs, p.space.Release())...); err != nil {
		return fmt.Errorf("system %s: close: %w", p.options.Name, err)
	}
	return nil
}

// endSilence takes the filter off the device, if there still is one.
func (p *Port) endSilence() error {
	switch {
	case p.silence == nil:
		return nil
	case p.silence.link >= 0:
		return p.silence.end()
	case p.gone.Load():
		return nil
	}
	return p.space.Do(p.silence.end)
}

// release closes socket i if nobody needs it any more. Called with p.mu held.
func (p *Port) release(i int) error {
	if !p.closed || p.sockets[i].open {
		return nil
	}
	return unix.Close(p.sockets[i].fd)
}
