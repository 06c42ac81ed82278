package netdev

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Setup says what a device is to look like. Zero values leave it as it is.
type Setup struct {
	MAC       [6]byte
	MTU       int
	Addresses []netip.Prefix
	Up        bool
}

// Adopt moves the switch's own device index into n and gives it the name name, in one
// step, so that nobody sees it there under another for long. It returns its
// state there. On error the device may be on either side.
func (n *Namespace) Adopt(index int, name string) (Link, error) {
	req := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	info := nl.NewIfInfomsg(unix.AF_UNSPEC)
	info.Index = int32(index)
	req.AddData(info)
	req.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(name)))
	if n.nsid != ownNamespace {
		file, err := n.File()
		if err != nil {
			return Link{}, err
		}
		defer file.Close()
		req.AddData(nl.NewRtAttr(unix.IFLA_NET_NS_FD, nl.Uint32Attr(uint32(file.Fd()))))
	}
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	switch {
	case errors.Is(err, unix.EEXIST):
		return Link{}, fmt.Errorf("a device named %s already exists%s: remove it (`ip %slink del %s`) or choose another ifname: %w",
			name, n.inside(), n.option(), name, err)
	case err != nil:
		return Link{}, fmt.Errorf("device %s: move it into place%s: %w%s", name, n.inside(), err, hint(err))
	}
	return n.LinkByName(name)
}

// option is how ip(8) is told to work in n.
func (n *Namespace) option() string {
	if n.name == "" {
		return ""
	}
	return "-n " + n.name + " "
}

// Change is Apply for device index of n, whatever its name is by now.
func (n *Namespace) Change(index int, s Setup) error {
	link, err := n.Link(index)
	if err != nil {
		return err
	}
	return n.Apply(link, s)
}

// Apply makes device link of n look like s.
func (n *Namespace) Apply(link Link, s Setup) error {
	h, err := n.Handle()
	if err != nil {
		return err
	}
	defer h.Close()
	device := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: link.Index, Name: link.Name}}
	if s.MAC != [6]byte{} {
		if err := h.LinkSetHardwareAddr(device, s.MAC[:]); err != nil {
			return fmt.Errorf("set MAC %s: %w: it must be a unicast address", net.HardwareAddr(s.MAC[:]), err)
		}
	}
	if s.MTU != 0 {
		if err := h.LinkSetMTU(device, s.MTU); err != nil {
			return fmt.Errorf("set MTU %d: %w: an Ethernet device takes 68 to 65521", s.MTU, err)
		}
	}
	for _, prefix := range s.Addresses {
		if err := addAddress(h, device, prefix); err != nil {
			return fmt.Errorf("add address %s: %w", prefix, err)
		}
	}
	if s.Up {
		if err := h.LinkSetUp(device); err != nil {
			return fmt.Errorf("bring it up: %w", err)
		}
	}
	return nil
}

// Readdress takes the addresses had from device link of n and gives it want, as
// far as they differ. Others that it has, and those of had that somebody has
// removed already, are left as they are.
func (n *Namespace) Readdress(link Link, had, want []netip.Prefix) error {
	h, err := n.Handle()
	if err != nil {
		return err
	}
	defer h.Close()
	device := &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: link.Index, Name: link.Name}}
	for _, prefix := range had {
		if slices.Contains(want, prefix) {
			continue
		}
		if err := h.AddrDel(device, addressOf(prefix)); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return fmt.Errorf("remove address %s: %w", prefix, err)
		}
	}
	// With the first address of a network the kernel removes the others, so all are
	// added again.
	for _, prefix := range want {
		if err := addAddress(h, device, prefix); err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("add address %s: %w", prefix, err)
		}
	}
	return nil
}

func addressOf(prefix netip.Prefix) *netlink.Addr {
	ip := prefix.Addr()
	return &netlink.Addr{IPNet: &net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(prefix.Bits(), ip.BitLen())}}
}

// addAddress adds an address that works at once: the one who wrote the
// configuration vouches that nobody else has it, so that an IPv6 address need
// not wait for duplicate address detection (RFC 4862 §5.4).
func addAddress(h *netlink.Handle, device netlink.Link, prefix netip.Prefix) error {
	if !prefix.IsValid() {
		return fmt.Errorf("not an address with a prefix length: %w", unix.EINVAL)
	}
	ip, address := prefix.Addr(), addressOf(prefix)
	if ip.Is6() {
		address.Flags = unix.IFA_F_NODAD
	}
	err := h.AddrAdd(device, address)
	if err != nil && ip.Is6() && (errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EOPNOTSUPP)) {
		return fmt.Errorf("%w: IPv6 is off there (sysctl net.ipv6.conf.all.disable_ipv6, or an MTU below 1280)", err)
	}
	return err
}
