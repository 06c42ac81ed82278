package main

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// shortTime bounds how long a socket waits, so that a measurement ends in time.
const shortTime = 100 * time.Millisecond

// rawIO reads or writes without telling Go's scheduler, which may take longer than
// the call. It must not wait long.
func rawIO(call uintptr, fd int, buf []byte) (int, error) {
	n, _, errno := unix.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// socket opens a socket of a host, whose calls wait at most shortTime.
func (g *rig) socket(host, domain, kind, protocol int) (int, error) {
	fd := -1
	err := g.hosts[host].Do(func() (err error) {
		fd, err = unix.Socket(domain, kind|unix.SOCK_CLOEXEC, protocol)
		return err
	})
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	limit := unix.NsecToTimeval(int64(shortTime))
	for _, option := range []int{unix.SO_RCVTIMEO, unix.SO_SNDTIMEO} {
		if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, option, &limit); err != nil {
			unix.Close(fd)
			return -1, fmt.Errorf("socket: time limit: %w", err)
		}
	}
	return fd, nil
}

// endpoint is a socket address of a host.
func endpoint(host, port int) *unix.SockaddrInet4 {
	return &unix.SockaddrInet4{Addr: addressOf(host).As4(), Port: port}
}

// isTransient reports whether a call may succeed another time.
func isTransient(err error) bool {
	return err == unix.EAGAIN || err == unix.EINTR || err == unix.ENOBUFS
}
