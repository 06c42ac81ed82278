package afpacket

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// silence keeps the host's stack from seeing what a device receives: a program
// on the device's ingress path, which lies behind packet sockets and before all
// else, drops every frame.
//
// A BPF link is best, since it ends with the process. Linux before 6.6 has only
// a filter on the clsact queueing discipline, which stays when the switch is
// killed, until the switch opens the device again and closes it.
type silence struct {
	link  int // BPF link; -1 where a filter does the work
	index int // of the device
}

// dropVerdict is TC_ACT_SHOT.
const dropVerdict = 2

// keepQuiet begins to drop on device index of the calling thread's namespace.
func keepQuiet(index int) (*silence, error) {
	link, err := linkDrop(index)
	if err == nil {
		return &silence{link: link, index: index}, nil
	}
	if otherwise := filterDrop(index); otherwise != nil {
		return nil, fmt.Errorf("no filter can be had: %w, %w", err, otherwise)
	}
	return &silence{link: -1, index: index}, nil
}

// end lets the host's stack see frames again. For a filter, the calling thread
// must be in the device's namespace.
func (s *silence) end() error {
	if s.link >= 0 {
		return unix.Close(s.link)
	}
	return unfilter(s.index)
}

// linkDrop loads the program and links it to the device.
func linkDrop(index int) (int, error) {
	const (
		programTypeSchedCls = 3
		before              = 1 << 3 // BPF_F_BEFORE: in front of other programs
	)
	instructions := [...]struct {
		code, registers uint8
		offset          int16
		imm             int32
	}{
		{code: unix.BPF_ALU64 | unix.BPF_MOV | unix.BPF_K, imm: dropVerdict}, // r0 = drop
		{code: unix.BPF_JMP | unix.BPF_EXIT},
	}
	license := [...]byte{'M', 'I', 'T', 0}
	program := struct {
		kind, count           uint32
		instructions, license unsafe.Pointer
		_                     [96]byte
	}{programTypeSchedCls, uint32(len(instructions)), unsafe.Pointer(&instructions), unsafe.Pointer(&license), [96]byte{}}
	fd, err := bpf(unix.BPF_PROG_LOAD, unsafe.Pointer(&program), unsafe.Sizeof(program))
	if err != nil {
		return -1, fmt.Errorf("load a BPF program: %w", err)
	}
	defer unix.Close(fd)
	request := struct {
		program, device, attachType, flags uint32
		_                                  [48]byte
	}{uint32(fd), uint32(index), unix.BPF_TCX_INGRESS, before, [48]byte{}}
	link, err := bpf(unix.BPF_LINK_CREATE, unsafe.Pointer(&request), unsafe.Sizeof(request))
	if err != nil {
		return -1, fmt.Errorf("link a BPF program: %w", err)
	}
	return link, nil
}

func bpf(command int, attr unsafe.Pointer, size uintptr) (int, error) {
	fd, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(attr), size)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// The filter that does without a BPF link. Its handle is our own, so that a
// filter which a killed switch left behind is found and replaced.
const (
	filterPriority = 2
	filterHandle   = 0x7673
)

// filterDrop puts the filter on the device, and clsact if it has none.
func filterDrop(index int) error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	if err := h.QdiscAdd(clsact(index)); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("add clsact: %w", err)
	}
	req := filterRequest(unix.RTM_NEWTFILTER, unix.NLM_F_CREATE, index)
	req.AddData(nl.NewRtAttr(nl.TCA_KIND, nl.ZeroTerminated("bpf")))
	options := nl.NewRtAttr(nl.TCA_OPTIONS, nil)
	// A classic program of one instruction: return the verdict.
	instruction := unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: dropVerdict}
	options.AddRtAttr(nl.TCA_BPF_OPS_LEN, nl.Uint16Attr(1))
	options.AddRtAttr(nl.TCA_BPF_OPS, (*[unix.SizeofSockFilter]byte)(unsafe.Pointer(&instruction))[:])
	options.AddRtAttr(nl.TCA_BPF_FLAGS, nl.Uint32Attr(nl.TCA_BPF_FLAG_ACT_DIRECT))
	req.AddData(options)
	if _, err := req.Execute(unix.NETLINK_ROUTE, 0); err != nil {
		return fmt.Errorf("add a BPF filter to clsact: %w", err)
	}
	return nil
}

// unfilter takes the filter away, and clsact with it unless others use it.
func unfilter(index int) error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	if _, err := filterRequest(unix.RTM_DELTFILTER, 0, index).Execute(unix.NETLINK_ROUTE, 0); err != nil {
		return fmt.Errorf("remove the BPF filter from clsact: %w", err)
	}
	device := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: index}}
	for _, parent := range []uint32{netlink.HANDLE_MIN_INGRESS, netlink.HANDLE_MIN_EGRESS} {
		if others, err := h.FilterList(device, parent); err != nil || len(others) > 0 {
			return err
		}
	}
	if err := h.QdiscDel(clsact(index)); err != nil {
		return fmt.Errorf("remove clsact: %w", err)
	}
	return nil
}

func clsact(index int) netlink.Qdisc {
	return &netlink.GenericQdisc{QdiscType: "clsact", QdiscAttrs: netlink.QdiscAttrs{
		LinkIndex: index, Handle: netlink.MakeHandle(0xffff, 0), Parent: netlink.HANDLE_CLSACT,
	}}
}

func filterRequest(kind, flags, index int) *nl.NetlinkRequest {
	req := nl.NewNetlinkRequest(kind, flags|unix.NLM_F_ACK)
	req.AddData(&nl.TcMsg{
		Family: unix.AF_UNSPEC, Ifindex: int32(index), Handle: filterHandle, Parent: netlink.HANDLE_MIN_INGRESS,
		Info: filterPriority<<16 | uint32(wire(unix.ETH_P_ALL)),
	})
	return req
}
