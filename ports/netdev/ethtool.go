package netdev

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Speed asks a device of n for its speed in Mb/s; 0 where it has none to tell.
func (n *Namespace) Speed(device string) uint32 {
	// struct ethtool_cmd (linux/ethtool.h)
	command := struct {
		cmd, supported, advertising uint32
		speed                       uint16
		_                           [14]byte
		speedHi                     uint16
		_                           [14]byte
	}{cmd: unix.ETHTOOL_GSET}
	err := n.ethtool(device, unsafe.Pointer(&command))
	speed := uint32(command.speedHi)<<16 | uint32(command.speed)
	if err != nil || speed == 0xffff || speed == 0xffffffff {
		return 0
	}
	return speed
}

// RxQueues asks a device of n between how many queues it spreads what it receives;
// 0 where it does not tell.
func (n *Namespace) RxQueues(device string) int {
	// struct ethtool_channels (linux/ethtool.h)
	command := struct {
		cmd                         uint32
		_                           [4]uint32
		receive, _, other, combined uint32
	}{cmd: unix.ETHTOOL_GCHANNELS}
	if n.ethtool(device, unsafe.Pointer(&command)) != nil {
		return 0
	}
	return int(command.receive + command.combined)
}

// ethtool has a command of linux/ethtool.h carried out on a device of n.
func (n *Namespace) ethtool(device string, command unsafe.Pointer) error {
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: command}
	copy(request.name[:unix.IFNAMSIZ-1], device)
	return n.Do(func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("ethtool: %w", err)
		}
		defer unix.Close(fd)
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
			return errno
		}
		return nil
	})
}
