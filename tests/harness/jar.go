package harness

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"vswitch/datapath"
	"vswitch/ofproto"
	"vswitch/openflow"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
)

// Mode says what stands between the script and the slow path.
type Mode int

// Modes.
const (
	CacheOff   Mode = iota // every packet is translated
	CacheOn                // megaflows and the signature cache
	Revalidate             // the same, and all megaflows are translated again after each packet
)

func (m Mode) String() string { return [...]string{"cache off", "cache on", "revalidated"}[m] }

// Jar is a switch with dummy ports.
type Jar struct {
	Switch   *ofproto.Switch
	Datapath *datapath.Datapath
	mode     Mode
	now      int64
	ports    map[string]*jarPort
	order    []string
	dir      string // files of the script, where ofctl can open them
	broken   error  // a violated invariant

	controllers map[string]*controller
}

// jarPort is a port with the datapath's number of it.
type jarPort struct {
	driver *dummy.Port // nil for a patch port
	id     datapath.PortID
	port   *ofproto.Port
}

// New makes an empty switch.
func New(mode Mode) (*Jar, error) {
	j := &Jar{mode: mode, now: int64(time.Hour), ports: map[string]*jarPort{}}
	j.Switch = ofproto.New(ofproto.Options{Description: ofproto.Description{Manufacturer: "vswitch", Hardware: "jar", Software: "test", Serial: "None"}})
	dp, err := datapath.New(j.Switch, datapath.Options{
		NewEngine: func(int) (ports.Engine, error) { return dummy.NewEngine(driver.PoolOptions{}) },
		NoCache:   mode == CacheOff,
		OnPanic: func(_ int, v any, frame, stack []byte) {
			j.broken = fmt.Errorf("forwarding panicked on %x: %v\n%s", frame, v, stack)
		},
	})
	if err != nil {
		return nil, err
	}
	j.Datapath = dp
	j.Switch.SetDatapath(dp)
	return j, nil
}

// Close ends the jar and reports what went wrong in it: a panic, an unbalanced
// ledger, a leaked buffer.
func (j *Jar) Close() error {
	j.settle()
	errs := []error{j.broken}
	if l := j.Datapath.Ledger(); l.Imbalance() != 0 {
		errs = append(errs, fmt.Errorf("the ledger is out of balance by %d: %+v", l.Imbalance(), l))
	}
	for _, w := range j.Datapath.WorkerCounters() {
		if w.BuffersInUse+w.SpillsInUse != 0 {
			errs = append(errs, fmt.Errorf("%d buffers and %d spills are still in use", w.BuffersInUse, w.SpillsInUse))
		}
	}
	if j.dir != "" {
		errs = append(errs, os.RemoveAll(j.dir))
	}
	return errors.Join(append(errs, j.Datapath.Close())...)
}

// AddBridge makes a bridge.
func (j *Jar) AddBridge(name string, c ofproto.BridgeConfig) error {
	if c.DatapathID == 0 {
		c.DatapathID = uint64(len(j.Switch.Bridges()) + 1)
	}
	_, err := j.Switch.AddBridge(name, c, j.now)
	j.settle()
	return err
}

// AddPort makes a port: a patch port where c has a peer.
func (j *Jar) AddPort(bridge string, c ofproto.PortConfig, o dummy.Options) error {
	b := j.Switch.Bridge(bridge)
	if b == nil {
		return fmt.Errorf("no bridge %s", bridge)
	}
	p := &jarPort{}
	info := ofproto.PortInfo{Carrier: true, AdminUp: true, Present: true, SpeedMbs: 10_000}
	if c.Peer == "" {
		o.Name = c.Name
		o.MAC = [6]byte{0xaa, 0x55, 0, 0, byte(c.No >> 8), byte(c.No)}
		info.MAC = o.MAC
		p.driver = dummy.New(o)
		var err error
		if p.id, err = j.Datapath.AddPort(p.driver, datapath.PortOptions{}); err != nil {
			return err
		}
	}
	var err error
	if p.port, err = b.AddPort(c, p.id, info, j.now); err != nil {
		return err
	}
	j.ports[c.Name] = p
	j.order = append(j.order, c.Name)
	j.settle()
	return nil
}

// RemovePort removes a port.
func (j *Jar) RemovePort(bridge, name string) error {
	p := j.ports[name]
	if p == nil {
		return fmt.Errorf("no port %s", name)
	}
	if err := j.Switch.Bridge(bridge).RemovePort(name, j.now); err != nil {
		return err
	}
	delete(j.ports, name)
	j.order = slices.DeleteFunc(j.order, func(n string) bool { return n == name })
	if p.driver == nil {
		return nil
	}
	return j.Datapath.RemovePort(p.id)
}

// Send has frames received by a port and lets the switch come to rest after each.
func (j *Jar) Send(port string, frames ...dummy.Frame) error {
	p := j.ports[port]
	if p == nil || p.driver == nil {
		return fmt.Errorf("no port %s to send a frame into", port)
	}
	for _, f := range frames {
		p.driver.InjectFrames(0, f)
		j.settle()
	}
	return j.broken
}

// Sent takes what was sent by a port.
func (j *Jar) Sent(port string) []dummy.Frame {
	if p := j.ports[port]; p != nil && p.driver != nil {
		return p.driver.Sent()
	}
	return nil
}

// settle lets the switch come to rest.
func (j *Jar) settle() {
	for range 100_000 {
		j.now++
		busy := j.Datapath.Step(j.now)
		j.Switch.Settle(j.now)
		if !busy {
			if j.mode == Revalidate {
				j.Switch.RevalidateAll(j.now)
			}
			return
		}
	}
	j.broken = errors.New("the switch does not come to rest")
}

// Warp lets time pass, in steps that let timers fire.
func (j *Jar) Warp(d time.Duration) {
	for end := j.now + int64(d); j.now < end; {
		next := j.Switch.Run(j.now)
		j.now = min(end, max(next, j.now+1))
	}
	j.Switch.Run(j.now)
	j.settle()
}

// Drops lists all drop counters that are not zero: "PORT REASON COUNT".
func (j *Jar) Drops() []string {
	var lines []string
	list := func(name string, id datapath.PortID) {
		c, _ := j.Datapath.PortCounters(id)
		for r, n := range c.Drops {
			if n > 0 {
				lines = append(lines, fmt.Sprintf("%s %s %d", name, datapath.DropReason(r), n))
			}
		}
	}
	list("-", 0)
	for _, name := range j.order {
		if p := j.ports[name]; p.id != 0 {
			list(name, p.id)
		}
	}
	return lines
}

// Versions reads a list of OpenFlow versions.
func Versions(text string) (set openflow.VersionSet, err error) {
	for _, name := range strings.Split(text, ",") {
		v, ok := openflow.ParseVersion(name)
		if !ok {
			return 0, fmt.Errorf("no OpenFlow version %q", name)
		}
		set |= openflow.Versions(v)
	}
	return set, nil
}
