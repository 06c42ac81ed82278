package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// copierCommand is the first argument of a process of this program that is the
// copier: copier NAMESPACE DEVICE NAMESPACE DEVICE.
const copierCommand = "copier"

// startCopier runs the copier as a process of its own, whose processor time is not
// that of who measures.
func startCopier(g *rig) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	g.process, err = g.spawn(self, copierCommand, g.names[0], deviceNames[0], g.names[1], deviceNames[1])
	return err
}

// copyFrames makes two TAPs and copies every frame from one to the other by read and
// write, nothing else: about what a switch can do that spends a system call on
// every frame. It returns only on error.
func copyFrames(args []string) error {
	runtime.LockOSThread()
	var taps [2]int
	for i := range taps {
		fd, err := openTAP(args[2*i], args[2*i+1])
		if err != nil {
			return fmt.Errorf("TAP %s in namespace %s: %w", args[2*i+1], args[2*i], err)
		}
		taps[i] = fd
	}
	const burst = 64
	buf := make([]byte, 70000)
	for {
		isIdle := true
		for i, from := range taps {
			for range burst {
				n, err := rawIO(unix.SYS_READ, from, buf)
				if err != nil || n == 0 {
					break
				}
				isIdle = false
				// What does not fit is lost.
				_, _ = rawIO(unix.SYS_WRITE, taps[1-i], buf[:n])
			}
		}
		if isIdle {
			ready := []unix.PollFd{{Fd: int32(taps[0]), Events: unix.POLLIN}, {Fd: int32(taps[1]), Events: unix.POLLIN}}
			if _, err := unix.Poll(ready, -1); err != nil && err != unix.EINTR {
				return fmt.Errorf("poll: %w", err)
			}
		}
	}
}

// openTAP makes a TAP that takes every offload.
func openTAP(space, name string) (int, error) {
	file, err := os.Open("/run/netns/" + space)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
		return 0, fmt.Errorf("enter: %w", err)
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI | unix.IFF_VNET_HDR)
	const headerSize = 12 // struct virtio_net_hdr_v1
	const checksum, tso4, tso6, ecn, uso4, uso6 = 0x01, 0x02, 0x04, 0x08, 0x20, 0x40
	err = errors.Join(
		unix.IoctlIfreq(fd, unix.TUNSETIFF, request),
		unix.IoctlSetPointerInt(fd, unix.TUNSETVNETHDRSZ, headerSize))
	if err != nil {
		return 0, err
	}
	const offloads = checksum | tso4 | tso6 | ecn
	if unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, offloads|uso4|uso6) == nil {
		return fd, nil
	}
	// Kernels before 6.2 know no super-frames of UDP.
	return fd, unix.IoctlSetInt(fd, unix.TUNSETOFFLOAD, offloads)
}
