package main

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// feature is what ethtool can turn on and off: commands of linux/ethtool.h.
type feature struct {
	name     string
	get, set uint32
}

var (
	txChecksum          = feature{"tx", unix.ETHTOOL_GTXCSUM, unix.ETHTOOL_STXCSUM}
	segmentation        = feature{"tso", unix.ETHTOOL_GTSO, unix.ETHTOOL_STSO}
	genericSegmentation = feature{"gso", unix.ETHTOOL_GGSO, unix.ETHTOOL_SGSO}
)

// turnOff turns features of the hosts' devices off.
func (g *rig) turnOff(features ...feature) error {
	for i, n := range g.hosts {
		err := n.Do(func() error {
			for _, f := range features {
				// What cannot be on cannot be turned off either.
				if isOn, err := ethtool(deviceNames[i], f.get, 0); err == nil && isOn == 0 {
					continue
				}
				if _, err := ethtool(deviceNames[i], f.set, 0); err != nil {
					return fmt.Errorf("device %s: turn %s off: %w", deviceNames[i], f.name, err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ethtool has a command carried out on a device in the namespace of the calling
// thread, and returns what is in the place of the value then.
func ethtool(device string, command, value uint32) (uint32, error) {
	data := struct{ command, value uint32 }{command, value} // struct ethtool_value
	request := struct {                                     // struct ifreq (linux/if.h)
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(&data)}
	copy(request.name[:unix.IFNAMSIZ-1], device)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
		return 0, errno
	}
	return data.value, nil
}
