package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

const (
	frameSize = 64 // with the Ethernet header, without the checksum
	// batch is how many frames one system call sends.
	batch = 64
)

// load is what became of as many small frames as one core sends.
type load struct {
	rate float64 // received, a second
	cost float64 // time of a processor that the subject spent on one, in seconds
}

// load measures frames of so many flows from host 0 to host 1; once only, if it
// was measured before.
func (g *rig) load(flows int) (load, error) {
	if l, found := g.loads[flows]; found {
		return l, nil
	}
	l, err := g.flood(flows, g.spent)
	if err == nil {
		g.loads[flows] = l
	}
	return l, err
}

// flood is load for some time.
func (g *rig) flood(flows int, spent time.Duration) (load, error) {
	h, err := g.hosts[1].Handle()
	if err != nil {
		return load{}, err
	}
	defer h.Close()
	target, err := h.LinkByName(deviceNames[1])
	if err != nil {
		return load{}, err
	}
	s, err := g.newSender(makeFrames(target.Attrs().HardwareAddr, flows))
	if err != nil {
		return load{}, err
	}
	defer s.close()
	before, err := g.look(h)
	if err != nil {
		return load{}, err
	}
	start := time.Now()
	for end := start.Add(spent); time.Now().Before(end) && g.ctx.Err() == nil; {
		if err := s.send(); err != nil {
			return load{}, fmt.Errorf("send: %w", err)
		}
	}
	after, err := g.look(h)
	took := time.Since(start)
	if err != nil {
		return load{}, err
	}
	frames := float64(after.frames - before.frames)
	if frames == 0 {
		return load{}, errors.New("no frame arrives")
	}
	return load{rate: frames / took.Seconds(), cost: (after.spent - before.spent).Seconds() / frames}, nil
}

// reading is the state of counters at one time.
type reading struct {
	frames uint64        // that host 1 received
	spent  time.Duration // of processors, by the subject
}

// look reads the counters by a handle in host 1.
func (g *rig) look(h *netlink.Handle) (reading, error) {
	device, err := h.LinkByName(deviceNames[1])
	if err != nil {
		return reading{}, err
	}
	r := reading{frames: device.Attrs().Statistics.RxPackets}
	if g.process != nil {
		r.spent, err = timeOf(g.process.pid())
	}
	return r, err
}

// timeOf is how much time of processors a process has had with all its threads,
// the kernel's on its behalf included (proc_pid_stat(5)).
func timeOf(pid int) (time.Duration, error) {
	name := fmt.Sprintf("/proc/%d/stat", pid)
	text, err := os.ReadFile(name)
	if err != nil {
		return 0, err
	}
	// The second field is a name in brackets, which may contain anything.
	const user, system, tick = 14 - 3, 15 - 3, 10 * time.Millisecond
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) <= system {
		return 0, fmt.Errorf("%s: %q: too short", name, text)
	}
	var sum time.Duration
	for _, i := range []int{user, system} {
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}

// flowSource is the source of a flow's frames.
func flowSource(flow int) (address [4]byte, port uint16) {
	return [4]byte{10, 100 + byte(flow>>16), byte(flow >> 8), byte(flow)}, uint16(1024 + flow%60000)
}

// Other addresses of the frames. The receiving host is not at flowTarget, so that it
// does not answer.
const (
	flowMAC    = "02:00:00:00:00:77"
	flowTarget = "10.0.0.2"
)

// makeFrames makes UDP datagrams in frames, of every flow equally many, and of all
// at least a batch.
func makeFrames(target net.HardwareAddr, flows int) [][frameSize]byte {
	frames := make([][frameSize]byte, flows*((batch+flows-1)/flows))
	for i := range frames {
		f := &frames[i]
		address, port := flowSource(i % flows)
		copy(f[0:], target)
		copy(f[6:], []byte{2, 0, 0, 0, 0, 0x77, 8, 0})
		ip := f[14:]
		copy(ip, []byte{0x45, 0, 0, frameSize - 14, 0, 0, 0, 0, 64, unix.IPPROTO_UDP})
		copy(ip[12:], address[:])
		copy(ip[16:], []byte{10, 0, 0, 2})
		binary.BigEndian.PutUint16(ip[10:], ^onesSum(ip[:20]))
		binary.BigEndian.PutUint16(ip[20:], port)
		binary.BigEndian.PutUint16(ip[22:], framePort)
		binary.BigEndian.PutUint16(ip[24:], frameSize-34)
	}
	return frames
}

// message is struct mmsghdr.
type message struct {
	header unix.Msghdr
	_      uint32
}

// sender sends frames out of host 0's device, past its queueing discipline.
type sender struct {
	fd       int
	frames   [][frameSize]byte
	parts    []unix.Iovec
	messages []message
	next     int
}

func (g *rig) newSender(frames [][frameSize]byte) (*sender, error) {
	fd, err := g.socket(0, unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		return nil, err
	}
	device, err := g.hosts[0].LinkByName(deviceNames[0])
	if err == nil {
		err = errors.Join(
			unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 16<<20),
			unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: device.Index}))
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	s := &sender{fd: fd, frames: frames, parts: make([]unix.Iovec, len(frames)), messages: make([]message, len(frames))}
	for i := range frames {
		s.parts[i].Base = &frames[i][0]
		s.parts[i].SetLen(frameSize)
		s.messages[i].header.Iov = &s.parts[i]
		s.messages[i].header.SetIovlen(1)
	}
	return s, nil
}

func (s *sender) close() { unix.Close(s.fd) }

// send sends the next frames, at most a batch. Those that the other end does not take
// are lost.
func (s *sender) send() error {
	n := min(batch, len(s.messages)-s.next)
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.messages[s.next])), uintptr(n), 0, 0, 0)
	if s.next += n; s.next == len(s.messages) {
		s.next = 0
	}
	if errno != 0 && !isTransient(errno) {
		return errno
	}
	return nil
}
