package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"github.com/vishvananda/netlink"

	"vswitch/ports/netdev"
)

// subject is something that moves frames between the devices t0 and t1 of the two
// hosts.
type subject struct {
	name  string
	what  string
	isOwn bool // what it cannot do is a failure
	start func(*rig) error
}

// subjects is the table of what there is, in the order in which it is measured and
// shown. Those that goals compare stand beside each other: what a machine that others
// share does in one minute says little of the next.
func subjects() []subject {
	const tap, veth, xdp = "type: tap, netns: $host, ifname: t$n", "type: system, ifname: p$n", "type: afxdp, ifname: p$n"
	return []subject{
		{"bridge", "the kernel's bridge on veth", true, onCables(startBridge)},
		{"copier", "a process that reads from one TAP and writes to the other, a system call a frame", true, startCopier},
		{"vswitchd", "TAPs, as configured unless told otherwise", true, vswitchd(tap, "")},
		{"ovs-tso", "Open vSwitch, userspace, TAPs, userspace-tso-enable", false, ovs("t", "true")},
		{"ovs", "the same as shipped", false, ovs("t", "false")},
		{"vswitchd-syscall", "TAPs, `io: syscall`", true, vswitchd(tap, "io: syscall")},
		{"vswitchd-busy", "TAPs, `poll: busy`", true, vswitchd(tap, "poll: busy")},
		{"vswitchd-interrupt", "TAPs, `poll: interrupt`", true, vswitchd(tap, "poll: interrupt")},
		{"vswitchd-afxdp", "veth, `type: afxdp`, the hosts' offloads off", true, onCables(withoutOffloads(vswitchd(xdp, "")))},
		{"vswitchd-veth", "veth, `type: system` (AF_PACKET)", true, onCables(vswitchd(veth, ""))},
		{"ovs-tso-veth", "Open vSwitch, userspace, veth, userspace-tso-enable", false, onCables(ovs("p", "true"))},
		{"ovs-veth", "the same as shipped", false, onCables(ovs("p", "false"))},
	}
}

func subjectNames() []string {
	var names []string
	for _, s := range subjects() {
		names = append(names, s.name)
	}
	return names
}

func subjectOf(name string) subject {
	all := subjects()
	return all[slices.IndexFunc(all, func(s subject) bool { return s.name == name })]
}

// deviceNames are those of the hosts' devices.
var deviceNames = [2]string{"t0", "t1"}

// addressOf is a host's IPv4 address.
func addressOf(host int) netip.Addr { return netip.AddrFrom4([4]byte{10, 77, 0, byte(host + 1)}) }

// connect gives the hosts' devices addresses, and waits until a ping is answered.
func (g *rig) connect() error {
	for i, n := range g.hosts {
		var link netdev.Link
		err := g.await("host "+g.names[i], func() (err error) {
			link, err = n.LinkByName(deviceNames[i])
			return err
		})
		if err != nil {
			return err
		}
		s := netdev.Setup{Addresses: []netip.Prefix{netip.PrefixFrom(addressOf(i), 24)}, MTU: g.mtu, Up: true}
		if err := n.Apply(link, s); err != nil {
			return fmt.Errorf("device %s of host %s: %w", link.Name, g.names[i], err)
		}
	}
	p, err := g.newPinger()
	if err != nil {
		return err
	}
	defer p.close()
	return g.await("ping", func() error {
		_, err := p.ping()
		return err
	})
}

// vswitchd is how vswitchd is started. In the words for a port $n is its number and
// $host the namespace of its host.
func vswitchd(port, datapath string) func(*rig) error {
	return func(g *rig) error {
		text := fmt.Sprintf("rundir: %s\ndatapath: {%s}\nbridges:\n  - name: lab\n    fail_mode: standalone\n    ports:\n", g.dir, datapath)
		for i, space := range g.names {
			words := os.Expand(port, func(name string) string {
				return map[string]string{"n": fmt.Sprint(i), "host": space}[name]
			})
			text += fmt.Sprintf("      - {name: t%d, %s, mtu: %d, ofport: %d}\n", i, words, g.mtu, i+1)
		}
		config := filepath.Join(g.dir, "switch.yaml")
		if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
			return err
		}
		var err error
		if g.process, err = g.spawn(filepath.Join(g.bin, "vswitchd"), "-c", config); err != nil {
			return err
		}
		g.mgmt = filepath.Join(g.dir, "lab.mgmt")
		return g.await("vswitchd", func() error {
			_, err := os.Stat(g.mgmt)
			return err
		})
	}
}

// onCables starts a subject that has the devices p0 and p1, veth whose other ends are
// the hosts' devices.
func onCables(start func(*rig) error) func(*rig) error {
	return func(g *rig) error {
		for i, host := range g.hosts {
			if err := g.makeCable(host, i); err != nil {
				return fmt.Errorf("veth p%d: %w", i, err)
			}
		}
		return start(g)
	}
}

func (g *rig) makeCable(host *netdev.Namespace, i int) error {
	far, err := host.File()
	if err != nil {
		return err
	}
	defer far.Close()
	h, err := g.space.Handle()
	if err != nil {
		return err
	}
	defer h.Close()
	cable := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: fmt.Sprintf("p%d", i), MTU: g.mtu},
		PeerName:      deviceNames[i],
		PeerNamespace: netlink.NsFd(far.Fd()),
	}
	return errors.Join(h.LinkAdd(cable), h.LinkSetUp(cable))
}

// withoutOffloads starts a subject that cannot see what hosts leave to a network card.
func withoutOffloads(start func(*rig) error) func(*rig) error {
	return func(g *rig) error {
		if err := g.turnOff(txChecksum, segmentation, genericSegmentation); err != nil {
			return err
		}
		return start(g)
	}
}

// startBridge has the kernel do it.
func startBridge(g *rig) error {
	h, err := g.space.Handle()
	if err != nil {
		return err
	}
	defer h.Close()
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "lab", MTU: g.mtu}}
	if err := h.LinkAdd(bridge); err != nil {
		return fmt.Errorf("bridge: %w", err)
	}
	for i := range g.hosts {
		device, err := h.LinkByName(fmt.Sprintf("p%d", i))
		if err == nil {
			err = h.LinkSetMaster(device, bridge)
		}
		if err != nil {
			return fmt.Errorf("bridge: device p%d: %w", i, err)
		}
	}
	return h.LinkSetUp(bridge)
}
