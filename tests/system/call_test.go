package system

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// call is a way from a namespace to another: what is sent to host and port arrives at
// address 2 and port listens of to.
type call struct {
	from, to      string // namespaces
	version       int    // 4, 6
	host          int    // last number of the address that is called
	port, listens int
}

// socket opens a socket in a namespace. It waits for nothing longer than patience.
func (c *call) socket(t *testing.T, space string, kind, proto int) int {
	t.Helper()
	domain := unix.AF_INET
	if c.version == 6 {
		domain = unix.AF_INET6
	}
	fd := -1
	must(t, inSpace(space, func() (err error) {
		fd, err = unix.Socket(domain, kind|unix.SOCK_CLOEXEC, proto)
		return err
	}))
	t.Cleanup(func() { unix.Close(fd) })
	limit := unix.NsecToTimeval(int64(patience))
	must(t, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit))
	must(t, unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit))
	return fd
}

// inSpace runs f on a thread that is in a namespace. The thread ends with it.
func inSpace(space string, f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		file, err := os.Open("/run/netns/" + space)
		if err == nil {
			defer file.Close()
			if err = unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err == nil {
				err = f()
			}
		}
		done <- err
	}()
	return <-done
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// address is a socket address of the call's version.
func (c *call) address(host, port int) unix.Sockaddr {
	if c.version == 6 {
		return &unix.SockaddrInet6{Addr: netip.MustParseAddr(fmt.Sprintf("fd00::%d", host)).As16(), Port: port}
	}
	return &unix.SockaddrInet4{Addr: [4]byte{10, 0, 0, byte(host)}, Port: port}
}

// restarted makes a call again that a signal of the runtime interrupts: the kernel does
// not, where a socket has a time limit.
func restarted(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); err != unix.EINTR {
			return n, err
		}
	}
}

// connect connects a socket to whom the call is for.
func (c *call) connect(fd int) error {
	_, err := restarted(func() (int, error) { return 0, unix.Connect(fd, c.address(c.host, c.port)) })
	if err == unix.EISCONN {
		return nil // the interrupted call did it
	}
	return err
}

func random(size int) []byte {
	data := make([]byte, size)
	_, _ = rand.Read(data) // never fails
	return data
}

// tcp sends size bytes over a connection, whose end the receiver must see.
func (c *call) tcp(t *testing.T, size int) {
	t.Helper()
	listener := c.socket(t, c.to, unix.SOCK_STREAM, 0)
	must(t, unix.SetsockoptInt(listener, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	must(t, unix.Bind(listener, c.address(2, c.listens)))
	must(t, unix.Listen(listener, 1))
	client := c.socket(t, c.from, unix.SOCK_STREAM, 0)
	if err := c.connect(client); err != nil {
		t.Fatalf("TCP: connect: %v", err)
	}
	server, err := restarted(func() (int, error) {
		fd, _, err := unix.Accept(listener)
		return fd, err
	})
	must(t, err)
	defer unix.Close(server)
	data, sent := random(size), make(chan error, 1)
	go func() {
		for rest := data; len(rest) > 0; {
			n, err := restarted(func() (int, error) { return unix.Write(client, rest) })
			if err != nil {
				sent <- err
				return
			}
			rest = rest[n:]
		}
		sent <- unix.Shutdown(client, unix.SHUT_WR)
	}()
	got, buf := sha256.New(), make([]byte, 64<<10)
	arrived := 0
	for {
		n, err := restarted(func() (int, error) { return unix.Read(server, buf) })
		if err != nil {
			t.Fatalf("TCP: receive after %d bytes: %v", arrived, err)
		}
		if n == 0 {
			break
		}
		got.Write(buf[:n])
		arrived += n
	}
	must(t, <-sent)
	if want := sha256.Sum256(data); !bytes.Equal(got.Sum(nil), want[:]) {
		t.Errorf("TCP: %d bytes arrived of %d, and not those that were sent", arrived, size)
	}
}

// udp sends n datagrams, with train in one super-frame.
func (c *call) udp(t *testing.T, n, size int, train bool) {
	t.Helper()
	server := c.socket(t, c.to, unix.SOCK_DGRAM, 0)
	must(t, unix.SetsockoptInt(server, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	must(t, unix.Bind(server, c.address(2, c.listens)))
	client := c.socket(t, c.from, unix.SOCK_DGRAM, 0)
	must(t, c.connect(client))
	data := random(n * size)
	step := size
	if train {
		must(t, unix.SetsockoptInt(client, unix.IPPROTO_UDP, unix.UDP_SEGMENT, size))
		step = len(data)
	}
	for at := 0; at < len(data); at += step {
		_, err := restarted(func() (int, error) { return unix.Write(client, data[at:at+step]) })
		must(t, err)
	}
	buf := make([]byte, 64<<10)
	for i := range n {
		got, err := restarted(func() (int, error) { return unix.Read(server, buf) })
		if err != nil {
			t.Fatalf("UDP: datagram %d of %d: %v", i, n, err)
		}
		if !bytes.Equal(buf[:got], data[i*size:(i+1)*size]) {
			t.Fatalf("UDP: datagram %d is not what was sent", i)
		}
	}
}

// sctp sends an SCTP packet, which no kernel here knows, and looks at its checksum itself.
func (c *call) sctp(t *testing.T, size int) {
	t.Helper()
	server := c.socket(t, c.to, unix.SOCK_RAW, unix.IPPROTO_SCTP)
	client := c.socket(t, c.from, unix.SOCK_RAW, unix.IPPROTO_SCTP)
	packet := random(12 + size)
	binary.BigEndian.PutUint16(packet, 7000)
	binary.BigEndian.PutUint16(packet[2:], uint16(c.port))
	sum := func(p []byte) uint32 {
		p = bytes.Clone(p)
		copy(p[8:12], make([]byte, 4))
		return crc32.Checksum(p, crc32.MakeTable(crc32.Castagnoli))
	}
	binary.LittleEndian.PutUint32(packet[8:], sum(packet))
	must(t, unix.Sendto(client, packet, 0, c.address(c.host, 0)))
	got := c.receiveRaw(t, "SCTP", server)
	if len(got) != len(packet) || binary.LittleEndian.Uint32(got[8:]) != sum(got) {
		t.Errorf("SCTP: %d bytes of %d arrived, with checksum %x", len(got), len(packet), got[8:12])
	}
	if port := int(binary.BigEndian.Uint16(got[2:])); port != c.listens || !bytes.Equal(got[12:], packet[12:]) {
		t.Errorf("SCTP: it came to port %d, or is not what was sent", port)
	}
}

// receiveRaw is what a raw socket received, without the IP header.
func (c *call) receiveRaw(t *testing.T, what string, fd int) []byte {
	t.Helper()
	buf := make([]byte, 64<<10)
	n, err := restarted(func() (int, error) { return unix.Read(fd, buf) })
	if err != nil {
		t.Fatalf("%s: receive: %v", what, err)
	}
	if c.version == 4 {
		return buf[20:n]
	}
	return buf[:n]
}

// echo pings.
func (c *call) echo(t *testing.T, size int) {
	t.Helper()
	proto, request, reply := unix.IPPROTO_ICMP, byte(8), byte(0)
	if c.version == 6 {
		proto, request, reply = unix.IPPROTO_ICMPV6, 128, 129
	}
	fd := c.socket(t, c.from, unix.SOCK_RAW, proto)
	packet := random(8 + size)
	packet[0], packet[1], packet[2], packet[3] = request, 0, 0, 0
	if c.version == 4 { // of IPv6 the kernel makes the checksum
		binary.BigEndian.PutUint16(packet[2:], ^onesSum(packet))
	}
	must(t, unix.Sendto(fd, packet, 0, c.address(c.host, 0)))
	for end := time.Now().Add(patience); ; {
		got := c.receiveRaw(t, "ping", fd)
		if got[0] == reply && bytes.Equal(got[4:], packet[4:]) {
			return
		}
		if time.Now().After(end) {
			t.Fatal("ping: no reply")
		}
	}
}

func onesSum(data []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(data); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(data[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
