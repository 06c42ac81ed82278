package tap

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"vswitch/ports"
)

// clonePath is the device that TUN devices are made with.
const clonePath = "/dev/net/tun"

// temporaryName has the kernel put a free number in, so that no device is taken
// over that somebody made to persist.
const temporaryName = "vswtap%d"

// device is what create made.
type device struct {
	name     string // in the switch's namespace
	fds      []int  // one a queue, non-blocking
	offloads ports.Offloads
	notes    []string
}

// create makes a TAP in the switch's namespace, down. On error device holds the
// descriptors that were opened so far.
func create(o Options) (device, error) {
	var d device
	flags := uint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	if o.MaxQueues > 1 {
		flags |= unix.IFF_MULTI_QUEUE
	}
	d.name = temporaryName
	for range o.MaxQueues {
		fd, err := unix.Open(clonePath, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return d, explainOpen(err)
		}
		d.fds = append(d.fds, fd)
		request, err := unix.NewIfreq(d.name)
		if err != nil {
			return d, err
		}
		request.SetUint16(flags)
		if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
			return d, explainMake(err)
		}
		d.name = request.Name()
	}
	for i := len(d.fds) - 1; i >= o.Queues; i-- {
		if err := attach(d.fds[i], unix.IFF_DETACH_QUEUE); err != nil {
			return d, fmt.Errorf("detach queue %d: %w", i, err)
		}
	}
	d.offloads, d.notes = askOffloads(d.fds[0], o.Refuse)
	return d, nil
}

// attach connects a descriptor to its device or disconnects it, as flag says.
func attach(fd int, flag uint16) error {
	request, err := unix.NewIfreq("")
	if err != nil {
		return err
	}
	request.SetUint16(flag)
	return unix.IoctlIfreq(fd, unix.TUNSETQUEUE, request)
}

// feature is one offload of TUNSETOFFLOAD.
type feature struct {
	name    string
	bits    int
	enables func(*ports.Offloads) *bool
}

// features are the offloads in the order in which they build on each other. The
// kernel refuses USO for one IP version alone.
var features = [...]feature{
	{"checksum", unix.TUN_F_CSUM, func(o *ports.Offloads) *bool { return &o.Csum }},
	{"TCP segmentation over IPv4", unix.TUN_F_TSO4, func(o *ports.Offloads) *bool { return &o.TSO4 }},
	{"TCP segmentation over IPv6", unix.TUN_F_TSO6, func(o *ports.Offloads) *bool { return &o.TSO6 }},
	{"TCP segmentation with ECN", unix.TUN_F_TSO_ECN, func(o *ports.Offloads) *bool { return &o.ECN }},
	{"UDP segmentation", unix.TUN_F_USO4 | unix.TUN_F_USO6, func(o *ports.Offloads) *bool { return &o.USO }},
}

// askOffloads asks for one feature after the other, so that a kernel that lacks
// one gives the others. It returns what may be sent so and what is missing.
func askOffloads(fd int, refuse ports.Offloads) (ports.Offloads, []string) {
	var got ports.Offloads
	var missing, notes []string
	bits := 0
	for _, f := range features {
		if *f.enables(&refuse) {
			continue
		}
		if err := unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, bits|f.bits); err != nil {
			missing = append(missing, f.name)
			continue
		}
		bits |= f.bits
		*f.enables(&got) = true
	}
	// A refused request may leave the device without features that it had.
	if err := unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, bits); err != nil {
		return ports.Offloads{}, []string{fmt.Sprintf("the kernel gives no offloads: %v", err)}
	}
	if len(missing) > 0 {
		notes = append(notes, fmt.Sprintf("this kernel lacks offloads that the switch does itself: %s", strings.Join(missing, ", ")))
	}
	return got, notes
}

func explainOpen(err error) error {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return fmt.Errorf("%s is missing: load the driver (`modprobe tun`), or give the container the device (`--device %s`): %w", clonePath, clonePath, err)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("%s: no right to open it: run vswitchd as root: %w", clonePath, err)
	}
	return fmt.Errorf("open %s: %w", clonePath, err)
}

func explainMake(err error) error {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Errorf("no right to make a network device: run vswitchd as root, or give it CAP_NET_ADMIN: %w", err)
	case errors.Is(err, unix.E2BIG):
		return fmt.Errorf("too many queues for this kernel: %w", err)
	}
	return fmt.Errorf("make the device: %w", err)
}
