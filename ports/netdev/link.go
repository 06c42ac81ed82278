package netdev

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Link is the kernel's view of one of its network devices.
type Link struct {
	Index   int    // in its namespace
	Name    string // in its namespace
	Kind    string // "tun", "veth", …; "" for hardware
	MAC     [6]byte
	MTU     int
	Up      bool   // administratively
	Carrier bool   // the other side is there
	Dropped uint64 // frames that the kernel lost before they left through the device
}

// ErrNoDevice is the cause where a device does not exist.
var ErrNoDevice = errors.New("no such device")

// Offset of tx_dropped in struct rtnl_link_stats64 (linux/if_link.h).
const statsTxDropped = 7 * 8

// parseLink overlays link with what an RTM_NEWLINK message says; the kernel also
// sends messages with only some attributes. It is false for messages about
// something else than the device itself, such as its membership in a bridge.
func parseLink(link Link, payload []byte) (Link, bool) {
	if len(payload) < unix.SizeofIfInfomsg {
		return link, false
	}
	info := nl.DeserializeIfInfomsg(payload)
	attributes, err := nl.ParseRouteAttr(payload[unix.SizeofIfInfomsg:])
	if err != nil || info.Family != unix.AF_UNSPEC {
		return link, false
	}
	link.Index = int(info.Index)
	link.Up = info.Flags&unix.IFF_UP != 0
	for _, a := range attributes {
		switch v := a.Value; a.Attr.Type &^ unix.NLA_F_NESTED {
		case unix.IFLA_IFNAME:
			link.Name = text(v)
		case unix.IFLA_ADDRESS:
			link.MAC = [6]byte{}
			copy(link.MAC[:], v)
		case unix.IFLA_MTU:
			link.MTU = int(number(v))
		case unix.IFLA_CARRIER:
			link.Carrier = len(v) > 0 && v[0] != 0
		case unix.IFLA_STATS64:
			if len(v) >= statsTxDropped+8 {
				link.Dropped = binary.NativeEndian.Uint64(v[statsTxDropped:])
			}
		case unix.IFLA_LINKINFO:
			link.Kind = kindOf(v)
		}
	}
	return link, true
}

func kindOf(linkInfo []byte) string {
	attributes, err := nl.ParseRouteAttr(linkInfo)
	if err != nil {
		return ""
	}
	for _, a := range attributes {
		if a.Attr.Type == unix.IFLA_INFO_KIND {
			return text(a.Value)
		}
	}
	return ""
}

// text is a C string.
func text(v []byte) string {
	name, _, _ := bytes.Cut(v, []byte{0})
	return string(name)
}

// number is a 32-bit attribute, or 0 for one of another size.
func number(v []byte) uint32 {
	if len(v) != 4 {
		return 0
	}
	return binary.NativeEndian.Uint32(v)
}

// query asks the kernel for a device by its index or, where that is 0, by its
// name, in the namespace with number nsid (ownNamespace: the switch's).
func query(nsid int32, index int, name string) (Link, error) {
	req := nl.NewNetlinkRequest(unix.RTM_GETLINK, unix.NLM_F_REQUEST)
	info := nl.NewIfInfomsg(unix.AF_UNSPEC)
	info.Index = int32(index)
	req.AddData(info)
	if index == 0 {
		req.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(name)))
	}
	if nsid != ownNamespace {
		req.AddData(nl.NewRtAttr(unix.IFLA_TARGET_NETNSID, nl.Uint32Attr(uint32(nsid))))
	}
	replies, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK)
	switch {
	case errors.Is(err, unix.ENODEV):
		return Link{}, ErrNoDevice
	case err != nil:
		return Link{}, err
	}
	for _, reply := range replies {
		if link, ok := parseLink(Link{}, reply); ok {
			return link, nil
		}
	}
	return Link{}, ErrNoDevice
}
