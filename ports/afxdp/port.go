package afxdp

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
	Name   string // of the port
	Ifname string // of the device; "": like the port
	Netns  string // name or path of the namespace; "": the switch's own
	Queues int    // receive queues, as many as the device has; 0: 1
	MTU    int    // 0: leave it as it is
	Mode   Mode   // ""; ModeAuto
}

// maxQueues bounds Options.Queues.
const maxQueues = 256

// Port is an existing device.
type Port struct {
	options  Options
	space    *netdev.Namespace
	index    int // of the device in space
	ownMTU   int // of the device when it was taken over
	state    *driver.State
	unfollow func()
	program  *program
	listener int // socket that keeps the device promiscuous; -1: none

	gone     atomic.Bool
	down     atomic.Bool // no carrier, or administratively down
	mtu      atomic.Int64
	txErrors atomic.Uint64

	mu      sync.Mutex
	taken   []bool // numbers of receive queues
	readers []*rxQueue
	senders []*txQueue
	closed  bool
	missed  uint64 // frames that sockets dropped which are closed
}

var _ ports.Port = (*Port)(nil)

// Open puts the program on the device.
func Open(c *netdev.Control, o Options) (*Port, error) {
	if o.Ifname == "" {
		o.Ifname = o.Name
	}
	if o.Queues == 0 {
		o.Queues = 1
	}
	if o.Mode == "" {
		o.Mode = ModeAuto
	}
	if o.Queues < 1 || o.Queues > maxQueues {
		return nil, fmt.Errorf("afxdp %s: %d queues: 1 to %d can be had", o.Name, o.Queues, maxQueues)
	}
	space, err := c.Namespace(o.Netns)
	if err != nil {
		return nil, fmt.Errorf("afxdp %s: %w", o.Name, err)
	}
	p := &Port{options: o, space: space, listener: -1, taken: make([]bool, o.Queues), state: driver.NewState(ports.Info{
		Name: o.Ifname, RxQueues: o.Queues, Driver: "afxdp", Netns: space.Name(),
	})}
	if err := p.open(); err != nil {
		err = fmt.Errorf("afxdp %s: %w", o.Name, err)
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
		return fmt.Errorf("afxdp %s: %w", p.options.Name, err)
	}
	return nil
}

func (p *Port) open() error {
	link, err := p.space.Existing(p.options.Ifname)
	if err != nil {
		return err
	}
	p.index, p.ownMTU = link.Index, link.MTU
	if n := p.space.RxQueues(link.Name); n != 0 && n != p.options.Queues {
		return fmt.Errorf("%s has %d receive queues, not %d, and each needs one of the port: set queues: %d, or change the device with `ethtool -L %s`",
			link.Name, n, p.options.Queues, n, link.Name)
	}
	if err := p.space.Apply(link, netdev.Setup{MTU: p.options.MTU, Up: true}); err != nil {
		return err
	}
	if err := p.space.Do(func() (err error) {
		if p.program, err = attach(p.index, p.options.Queues, p.options.Mode); err != nil {
			return err
		}
		p.listener, err = openListener(p.index)
		return err
	}); err != nil {
		return err
	}
	speed, notes := p.space.Speed(link.Name), p.notes(link)
	p.state.Change(func(i *ports.Info) { i.SpeedMbs, i.Notes, i.IO = speed, notes, "xdp "+string(p.program.mode) })
	p.unfollow, err = p.space.Follow(p.index, p.reported)
	return err
}

// notes tell what the user has to do, since XDP sees bytes alone.
func (p *Port) notes(link netdev.Link) (notes []string) {
	if deaf := p.space.Deaf(); deaf != "" {
		notes = append(notes, deaf)
	}
	if p.options.Mode == ModeAuto && p.program.mode == ModeGeneric {
		notes = append(notes, "the driver takes no XDP program at this MTU, so it runs in generic mode")
	}
	segments := ""
	if p.program.mode == ModeGeneric || p.program.fragments {
		segments = " tso off gso off"
	}
	if link.Kind == "veth" {
		return append(notes, fmt.Sprintf("XDP sees no offloads: on the other end of %s run `ethtool -K DEVICE tx off txvlan off%s`", link.Name, segments))
	}
	return append(notes, fmt.Sprintf("XDP sees no offloads: run `ethtool -K %s rxvlan off gro off lro off`", link.Name))
}

// openListener makes a socket that receives nothing, and for which device index of
// the calling thread's namespace takes frames to every address.
func openListener(index int) (int, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("open a packet socket: %w%s", err, hint(err))
	}
	if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP,
		&unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}); err != nil {
		return fd, fmt.Errorf("promiscuous mode: %w", err)
	}
	return fd, nil
}

// reported takes over what netlink tells about the device.
func (p *Port) reported(r netdev.Report) {
	if r.Gone == "" {
		p.down.Store(!r.Link.Carrier || !r.Link.Up)
		p.mtu.Store(int64(r.Link.MTU))
	} else {
		p.gone.Store(true)
	}
	p.state.Change(r.Tell)
	// For the end of a device, and for frames that wait until it is up.
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, q := range p.readers {
		q.engine.Notify(q)
	}
}

// describe says in Info how frames are moved. Called with p.mu held.
func (p *Port) describe() {
	if len(p.readers) == 0 {
		return
	}
	text, others := fmt.Sprintf("xdp %s, %v", p.program.mode, p.readers[0].socket.grants), 0
	for _, q := range p.senders {
		if q.socket == nil {
			others++
		}
	}
	if others > 0 {
		text += fmt.Sprintf("; %d of %d workers have no queue and send by AF_PACKET", others, len(p.senders))
	}
	if p.state.Info().IO != text {
		p.state.Change(func(i *ports.Info) { i.IO = text })
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
	missed := p.missed
	for _, q := range p.readers {
		missed += q.socket.missed()
	}
	return ports.Stats{RxMissed: missed, TxErrors: p.txErrors.Load()}
}

// Close takes the program off the device, and leaves the device as it was found.
func (p *Port) Close() error {
	if p.unfollow != nil {
		p.unfollow()
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	p.mu.Unlock()
	var errs []error
	if p.program != nil {
		errs = append(errs, p.program.close())
	}
	if p.listener >= 0 {
		errs = append(errs, unix.Close(p.listener))
	}
	p.state.Close()
	if err := errors.Join(append(errs, p.space.Release())...); err != nil {
		return fmt.Errorf("afxdp %s: close: %w", p.options.Name, err)
	}
	return nil
}
