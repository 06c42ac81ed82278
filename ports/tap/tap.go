package tap

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/netdev"
)

// Options say what device to make.
type Options struct {
	Name      string         // of the port
	Ifname    string         // of the device; "": like the port
	Netns     string         // name or path of the namespace; "": the switch's own
	MAC       [6]byte        // zero: the kernel picks one
	MTU       int            // 0: the kernel's, 1500
	Addresses []netip.Prefix // for the device, with their networks
	Down      bool           // leave the device administratively down
	Queues    int            // receive queues; 0: 1
	MaxQueues int            // how many SetQueues may ask for; 0: Queues
	Refuse    ports.Offloads // offloads not to ask the kernel for
	IO        IO             // how frames are moved
}

// IO says how frames are moved.
type IO uint8

// Ways to move frames.
const (
	IOSyscall IO = iota // a system call a frame
	IORing              // by io_uring, where the worker and the kernel can
	IOBest              // by io_uring where that has been measured to be quicker
)

// Limits of the kernel.
const (
	maxQueues  = 256 // MAX_TAP_QUEUES of its TUN driver
	maxNameLen = unix.IFNAMSIZ - 1
)

// Port is a TAP device.
type Port struct {
	options  Options
	space    *netdev.Namespace
	index    int // of the device in space
	state    *driver.State
	unfollow func()

	gone     atomic.Bool // the device does not exist any more
	cut      atomic.Bool // SetCarrier took the carrier away
	rxErrors atomic.Uint64
	txErrors atomic.Uint64
	missed   atomic.Uint64 // the kernel's count when it was last asked
	unread   atomic.Uint64 // frames that a ring had read when its queue was closed

	mu      sync.Mutex
	queues  []queue
	active  int // queues[:active] are attached to the device
	closed  bool
	readers []reader // open receive queues
	senders int      // times that OpenTx was called
}

var (
	_ ports.Port    = (*Port)(nil)
	_ ports.Movable = (*Port)(nil)
)

// queue is one descriptor of the device.
type queue struct {
	fd    int
	users int          // open queues that use fd
	owner ports.Engine // of the worker that reads it; nil while nobody does
}

// reader is an open receive queue and what tells its worker.
type reader struct {
	queue  ports.RxQueue
	engine ports.Engine
}

// Open makes the device, and its namespace if that does not exist.
func Open(c *netdev.Control, o Options) (*Port, error) {
	o, err := o.complete()
	if err != nil {
		return nil, fmt.Errorf("tap %s: %w", o.Name, err)
	}
	space, err := c.Namespace(o.Netns)
	if err != nil {
		return nil, fmt.Errorf("tap %s: %w", o.Name, err)
	}
	p := &Port{options: o, space: space, active: o.Queues, state: driver.NewState(ports.Info{
		Name: o.Ifname, RxQueues: o.Queues, Driver: "tap", Netns: space.Name(), Address: o.Addresses, IO: ioSyscall,
	})}
	if err := p.open(c); err != nil {
		err = fmt.Errorf("tap %s: %w", o.Name, err)
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// complete puts the defaults in and checks what the kernel would refuse without
// saying why.
func (o Options) complete() (Options, error) {
	if o.Ifname == "" {
		o.Ifname = o.Name
	}
	if o.Queues == 0 {
		o.Queues = 1
	}
	if o.MaxQueues == 0 {
		o.MaxQueues = o.Queues
	}
	// The kernel has none of the others without the checksum, and none with ECN
	// without TCP segmentation.
	r := &o.Refuse
	r.TSO4, r.TSO6, r.USO = r.TSO4 || r.Csum, r.TSO6 || r.Csum, r.USO || r.Csum
	r.ECN = r.ECN || r.TSO4 && r.TSO6
	switch {
	case o.Ifname == "" || o.Ifname == "." || o.Ifname == ".." || strings.ContainsAny(o.Ifname, "/: \t\n\v\f\r%\x00"):
		return o, fmt.Errorf("%q cannot be a device's name: it has a character that none may have, or none at all: set ifname", o.Ifname)
	case len(o.Ifname) > maxNameLen:
		return o, fmt.Errorf("%q is too long for a device's name: set ifname to one of at most %d characters", o.Ifname, maxNameLen)
	case o.Queues < 1 || o.MaxQueues < o.Queues || o.MaxQueues > maxQueues:
		return o, fmt.Errorf("%d queues of at most %d: the kernel takes 1 to %d", o.Queues, o.MaxQueues, maxQueues)
	}
	return o, nil
}

func (p *Port) open(c *netdev.Control) error {
	o := p.options
	device, err := create(o)
	for _, fd := range device.fds {
		p.queues = append(p.queues, queue{fd: fd})
	}
	if err != nil {
		return err
	}
	link, err := p.install(c, device.name)
	if err != nil {
		return err
	}
	p.index = link.Index
	if err := p.space.Apply(link, netdev.Setup{MAC: o.MAC, MTU: o.MTU, Addresses: o.Addresses, Up: !o.Down}); err != nil {
		return err
	}
	notes := device.notes
	if deaf := p.space.Deaf(); deaf != "" {
		notes = append(notes, deaf)
	}
	p.state.Change(func(i *ports.Info) { i.Offloads, i.Notes = device.offloads, notes })
	p.unfollow, err = p.space.Follow(p.index, p.reported)
	return err
}

// install brings the device that has a temporary name in the switch's namespace
// to its place.
func (p *Port) install(c *netdev.Control, temporary string) (netdev.Link, error) {
	own, err := c.Namespace("")
	if err != nil {
		return netdev.Link{}, err
	}
	defer own.Release()
	link, err := own.LinkByName(temporary)
	if err != nil {
		return netdev.Link{}, err
	}
	p.outlast()
	return p.space.Adopt(link.Index, p.options.Ifname)
}

// outlast waits while a device like ours has the name, which may be that of a
// switch that was killed.
func (p *Port) outlast() {
	for end := time.Now().Add(lingering); time.Now().Before(end); time.Sleep(lingering / 100) {
		if other, err := p.space.LinkByName(p.options.Ifname); err != nil || other.Kind != "tun" {
			return
		}
	}
}

// lingering bounds how long the kernel may take to give up the descriptors of a
// switch that was killed: those that an io_uring read from go by and by, and their
// device with them.
const lingering = time.Second

// reported takes over what netlink tells about the device.
func (p *Port) reported(r netdev.Report) {
	p.missed.Store(r.Link.Dropped)
	if r.Gone != "" {
		p.lost(r.Gone)
		return
	}
	p.state.Change(r.Tell)
}

// lost marks the port absent and has its queues answer so.
func (p *Port) lost(why string) {
	p.gone.Store(true)
	p.state.Change(netdev.Report{Gone: why}.Tell)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.readers {
		r.engine.Notify(r.queue)
	}
}

// discovered is lost for a queue whose descriptor turned out to be dead, which
// may be before netlink says why.
func (p *Port) discovered() {
	if !p.gone.Load() {
		p.lost(fmt.Sprintf("device %s is gone", p.state.Info().Name))
	}
}

// Name is the port's name in the switch.
func (p *Port) Name() string { return p.options.Name }

// Movable is true: a ring hands out what it has read ahead.
func (p *Port) Movable() bool { return true }

// Info is the port's state now.
func (p *Port) Info() ports.Info { return p.state.Info() }

// Changes publishes the state when it changes.
func (p *Port) Changes() <-chan ports.Info { return p.state.Changes() }

// Stats asks the kernel how many frames it lost on their way to the switch.
func (p *Port) Stats() ports.Stats {
	if !p.gone.Load() {
		if link, err := p.space.Link(p.index); err == nil {
			p.missed.Store(link.Dropped)
		}
	}
	return ports.Stats{RxMissed: p.missed.Load() + p.unread.Load(), RxErrors: p.rxErrors.Load(), TxErrors: p.txErrors.Load()}
}

// SetCarrier gives or takes the carrier that the device's user sees. It is what
// taking a port down means here: to down the device itself would flush its IPv6
// addresses. Nothing is sent without carrier.
func (p *Port) SetCarrier(on bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	value := 0
	if on {
		value = 1
	}
	if p.closed {
		return fmt.Errorf("tap %s: set carrier: %w", p.options.Name, unix.EBADF)
	}
	if err := unix.IoctlSetPointerInt(p.queues[0].fd, unix.TUNSETCARRIER, value); err != nil {
		return fmt.Errorf("tap %s: set carrier: %w: needs Linux 5.0", p.options.Name, err)
	}
	p.cut.Store(!on)
	return nil
}

// SetQueues changes the number of receive queues, from 1 to Options.MaxQueues.
// Queues that are to go must be closed before.
func (p *Port) SetQueues(n int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n < 1 || n > len(p.queues) || p.closed {
		return fmt.Errorf("tap %s: set queues: %d is not from 1 to %d: %w", p.options.Name, n, len(p.queues), unix.EINVAL)
	}
	for i := n; i < p.active; i++ {
		if p.queues[i].users > 0 {
			return fmt.Errorf("tap %s: set queues: queue %d is open: %w", p.options.Name, i, unix.EBUSY)
		}
	}
	for ; p.active < n; p.active++ {
		if err := attach(p.queues[p.active].fd, unix.IFF_ATTACH_QUEUE); err != nil {
			return fmt.Errorf("tap %s: attach queue %d: %w", p.options.Name, p.active, err)
		}
	}
	for ; p.active > n; p.active-- {
		if err := attach(p.queues[p.active-1].fd, unix.IFF_DETACH_QUEUE); err != nil {
			return fmt.Errorf("tap %s: detach queue %d: %w", p.options.Name, p.active-1, err)
		}
	}
	p.state.Change(func(i *ports.Info) { i.RxQueues = n })
	return nil
}

// Close ends the device, and the namespace if the switch made it and no other
// port is in it.
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
	var errs []error
	for i := range p.queues {
		errs = append(errs, p.release(i))
	}
	p.mu.Unlock()
	p.state.Close()
	return errors.Join(append(errs, p.space.Release())...)
}

// release closes the descriptor of queue i if nobody needs it any more. Called
// with p.mu held.
func (p *Port) release(i int) error {
	q := &p.queues[i]
	if !p.closed || q.users > 0 {
		return nil
	}
	if err := unix.Close(q.fd); err != nil {
		return fmt.Errorf("close descriptor %d: %w", i, err)
	}
	return nil
}
