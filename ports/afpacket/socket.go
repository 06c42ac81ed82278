package afpacket

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"golang.org/x/sys/unix"

	"vswitch/ports"
)

// Sizes of what the kernel may keep for a socket, before it doubles them for its
// own overhead: some hundred super-frames.
const (
	receiveBuffer = 2 << 20
	sendBuffer    = 4 << 20
)

// wire is a number in network byte order.
func wire(v uint16) uint16 {
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		return v
	}
	return bits.ReverseBytes16(v)
}

// open makes a socket of the calling thread's namespace that carries virtio
// network headers. It receives nothing yet.
func open() (int, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if errors.Is(err, unix.EPERM) {
		return -1, fmt.Errorf("no right to open a packet socket: run vswitchd as root, or give it CAP_NET_RAW: %w", err)
	}
	if err != nil {
		return -1, fmt.Errorf("open a packet socket: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("packet socket: ask for offloads: %w", err)
	}
	return fd, nil
}

// openReceivers makes one socket a queue on device index of the calling thread's
// namespace. On error it leaves none open.
func openReceivers(index, queues int) ([]socket, error) {
	var sockets []socket
	group := newGroup
	for range queues {
		fd, err := openReceiver(index, queues > 1)
		if err == nil && queues > 1 {
			group, err = fanOut(fd, group)
		}
		if fd >= 0 {
			sockets = append(sockets, socket{fd: fd})
		}
		if err != nil {
			return nil, closeAll(sockets, err)
		}
	}
	for _, s := range sockets {
		if queues > 1 {
			if err := unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_DETACH_FILTER, 0); err != nil {
				return nil, closeAll(sockets, fmt.Errorf("packet socket: open it: %w", err))
			}
		}
	}
	return sockets, nil
}

func closeAll(sockets []socket, why error) error {
	for _, s := range sockets {
		why = errors.Join(why, unix.Close(s.fd))
	}
	return why
}

// hearNothing attaches a filter that lets no frame in: a socket that is not yet
// in its group would receive what others receive too.
func hearNothing(fd int) error {
	drop := [...]unix.SockFilter{{Code: unix.BPF_RET | unix.BPF_K, K: 0}}
	if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: 1, Filter: &drop[0]}); err != nil {
		return fmt.Errorf("packet socket: attach a filter: %w", err)
	}
	return nil
}

// openReceiver makes a socket that receives everything that device index does.
// A deaf one lets nothing in until its filter is detached. On error the socket
// may be open.
func openReceiver(index int, deaf bool) (int, error) {
	fd, err := open()
	if err != nil {
		return -1, err
	}
	if deaf {
		if err := hearNothing(fd); err != nil {
			return fd, err
		}
	}
	for _, o := range []struct{ option, value int }{
		{unix.PACKET_AUXDATA, 1},
		{unix.PACKET_IGNORE_OUTGOING, 1},
	} {
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, o.option, o.value); err != nil {
			return fd, fmt.Errorf("packet socket: option %d: %w", o.option, err)
		}
	}
	enlarge(fd, unix.SO_RCVBUFFORCE, unix.SO_RCVBUF, receiveBuffer)
	// The socket hears its one device from its first frame on, because it gets
	// a protocol only together with the device.
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: wire(unix.ETH_P_ALL), Ifindex: index}); err != nil {
		return fd, fmt.Errorf("packet socket: bind: %w", err)
	}
	// The kernel counts who wants promiscuous mode, and forgets us with the socket.
	if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP,
		&unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}); err != nil {
		return fd, fmt.Errorf("packet socket: promiscuous mode: %w", err)
	}
	return fd, nil
}

// newGroup asks fanOut for a group that has no socket yet. The kernel numbers
// them from 0.
const newGroup = -1

// fanOut adds a socket to a group that spreads frames by flow, and returns the
// group.
func fanOut(fd, group int) (int, error) {
	kind := unix.PACKET_FANOUT_HASH | unix.PACKET_FANOUT_FLAG_IGNORE_OUTGOING
	fresh := group == newGroup
	if fresh {
		kind |= unix.PACKET_FANOUT_FLAG_UNIQUEID
		group = 0
	}
	err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT, group|kind<<16)
	if err == nil && fresh {
		group, err = unix.GetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_FANOUT)
		group &= 0xffff
	}
	if err != nil {
		return 0, fmt.Errorf("packet socket: spread flows over queues: %w", err)
	}
	return group, nil
}

// openSender makes a socket that sends over device index and receives nothing.
func openSender(index int) (int, error) {
	fd, err := open()
	if err != nil {
		return -1, err
	}
	enlarge(fd, unix.SO_SNDBUFFORCE, unix.SO_SNDBUF, sendBuffer)
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: index}); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("packet socket: bind: %w", err)
	}
	return fd, nil
}

// enlarge sets a buffer's size: beyond the system's limit where that is allowed.
func enlarge(fd, force, ordinary, size int) {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, size) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, ordinary, size)
	}
}

// offloads are what the kernel takes from a packet socket: all that its header
// can say, whatever the device can do, since it finishes the rest itself.
func offloads() ports.Offloads {
	return ports.Offloads{Csum: true, TSO4: true, TSO6: true, ECN: true, USO: kernelAtLeast(6, 2)}
}

// kernelAtLeast compares the version of the running kernel. Whether a packet
// socket takes UDP super-frames cannot be found out but by sending one.
func kernelAtLeast(major, minor int) bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	var a, b int
	if n, _ := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &a, &b); n < 2 {
		return false
	}
	return a > major || a == major && b >= minor
}
