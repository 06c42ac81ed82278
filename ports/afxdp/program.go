package afxdp

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// Mode says where the program runs.
type Mode string

// Modes.
const (
	ModeAuto    Mode = "auto"    // native, or else generic
	ModeNative  Mode = "native"  // in the device's driver
	ModeGeneric Mode = "generic" // behind it, for every device
)

// program hands frames to sockets.
type program struct {
	sockets *ebpf.Map
	program *ebpf.Program
	link    link.Link

	mode      Mode
	fragments bool // frames may come in parts, and so the sender may leave segments to the card
}

// way is one way to have a program on a device.
type way struct {
	mode      Mode
	fragments bool
	flags     link.XDPAttachFlags
}

// ways in order of preference. Without fragments come first: veth, for one, then
// takes no super-frames any more, which would arrive as senseless large frames.
var ways = [...]way{
	{ModeNative, false, link.XDPDriverMode},
	{ModeNative, true, link.XDPDriverMode},
	{ModeGeneric, false, link.XDPGenericMode},
}

// attach puts a program for queues receive queues on device index of the calling
// thread's namespace.
func attach(index, queues int, mode Mode) (*program, error) {
	p := &program{}
	var err error
	if p.sockets, err = ebpf.NewMap(&ebpf.MapSpec{Name: "sockets", Type: ebpf.XSKMap, KeySize: 4, ValueSize: 4, MaxEntries: uint32(queues)}); err != nil {
		return nil, fmt.Errorf("make a map of sockets: %w%s", err, hint(err))
	}
	var errs []error
	for _, w := range ways {
		if mode != ModeAuto && mode != w.mode {
			continue
		}
		if err = p.try(index, w); err == nil {
			return p, nil
		}
		errs = append(errs, fmt.Errorf("%s: %w%s", w.mode, err, hint(err)))
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EEXIST) {
			break // for all ways
		}
	}
	errs = slices.CompactFunc(errs, func(a, b error) bool { return a.Error() == b.Error() })
	return nil, errors.Join(fmt.Errorf("put an XDP program on the device: %w", errors.Join(errs...)), p.close())
}

func (p *program) try(index int, w way) (err error) {
	const flagHasFragments = 1 << 5 // BPF_F_XDP_HAS_FRAGS
	spec := &ebpf.ProgramSpec{Name: "vswitch", Type: ebpf.XDP, Instructions: p.instructions(), License: "MIT"}
	if w.fragments {
		spec.Flags = flagHasFragments
	}
	if p.program, err = ebpf.NewProgram(spec); err != nil {
		return fmt.Errorf("load it: %w", err)
	}
	if p.link, err = link.AttachXDP(link.XDPOptions{Program: p.program, Interface: index, Flags: w.flags}); err != nil {
		p.program.Close()
		p.program = nil
		return err
	}
	p.mode, p.fragments = w.mode, w.fragments
	return nil
}

// instructions send a frame to the socket of the queue that it came in by.
func (p *program) instructions() asm.Instructions {
	const (
		queueAt = 16 // rx_queue_index in struct xdp_md (linux/bpf.h)
		drop    = 1  // XDP_DROP: the verdict for a queue without a socket
	)
	return asm.Instructions{
		asm.LoadMem(asm.R2, asm.R1, queueAt, asm.Word),
		asm.LoadMapPtr(asm.R1, p.sockets.FD()),
		asm.Mov.Imm(asm.R3, drop),
		asm.FnRedirectMap.Call(),
		asm.Return(),
	}
}

// hint says what to do about an error.
func hint(err error) string {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return ": run vswitchd as root, or give it CAP_BPF, CAP_NET_ADMIN and CAP_NET_RAW"
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EEXIST):
		return ": the device has an XDP program already (`ip link show`): end who put it there, or remove it with `ip link set DEVICE xdp off`"
	case errors.Is(err, unix.ERANGE), errors.Is(err, unix.EMSGSIZE):
		return ": the MTU of the device, or of its other end, is too large for its driver: use a smaller one, xdp_mode: generic, or type: system"
	case errors.Is(err, unix.EOPNOTSUPP):
		return ": its driver has no XDP"
	}
	return ""
}

// hand gives the frames of a queue to a socket.
func (p *program) hand(queue, fd int) error {
	if err := p.sockets.Put(uint32(queue), uint32(fd)); err != nil {
		return fmt.Errorf("hand it the frames of queue %d: %w", queue, err)
	}
	return nil
}

// close takes the program off the device.
func (p *program) close() error {
	var errs []error
	if p.link != nil {
		errs = append(errs, p.link.Close())
	}
	if p.program != nil {
		errs = append(errs, p.program.Close())
	}
	return errors.Join(append(errs, p.sockets.Close())...)
}
