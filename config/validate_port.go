package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Bounds of a port's settings.
const (
	maxQueues = 256 // of a TAP (MAX_TAP_QUEUES, drivers/net/tun.c)
	minMTU    = 68  // RFC 791
	minMTU6   = 1280
	maxMTU    = 65521 // 65535 less the Ethernet header
	maxNetns  = 255   // bytes of a file name
)

// port checks one port. numbers are the OpenFlow numbers given out so far.
func (v *validator) port(b *Bridge, p *Port, numbers map[uint32]string) {
	if p.Name == "" {
		v.object = "a port of bridge " + b.Name
	}
	v.name(p.Name, maxPortName)
	oneOf(v, "type", p.Type, portTypes...)
	if p.OFPort != 0 {
		v.between("ofport", int(p.OFPort), MinOFPort, MaxOFPort)
		if other, taken := numbers[p.OFPort]; taken {
			v.bad("ofport", p.OFPort, "already the number of "+other, "use another number")
		}
		numbers[p.OFPort] = v.object
	}
	v.vlan(&p.VLAN)
	if slices.Contains(portTypes, p.Type) {
		v.typed(b, p)
	}
}

// typed checks what depends on the port's type, which is known.
func (v *validator) typed(b *Bridge, p *Port) {
	for _, row := range portFields {
		if row.set(p) && !p.Type.has(row.field) {
			v.bad(row.key, "", fmt.Sprintf("a port of type %s has no such thing", p.Type), "it can have "+p.Type.keys())
		}
	}
	if p.Type.has(FieldIfName) {
		v.deviceName(p)
		v.device(device{p.Netns, p.IfName}, "ifname")
	}
	if p.Type.has(FieldQueues) {
		v.between("queues", p.Queues, 1, maxQueues)
	}
	if p.IO != "" {
		oneOf(v, "io", p.IO, IOAuto, IOSyscall, IOUring)
	}
	if p.GRO != "" {
		oneOf(v, "gro", p.GRO, GRONone, GROTCP, GROAll)
	}
	v.coalesce("coalesce", p.Coalesce)
	v.affinity(p)
	if p.XDPMode != "" {
		oneOf(v, "xdp_mode", p.XDPMode, XDPAuto, XDPNative, XDPGeneric)
	}
	v.netns(p.Netns)
	v.mac("mac", p.MAC)
	v.mtu(p.MTU, p.Address)
	v.addresses(p.Address)
	switch p.Type {
	case Patch:
		v.patch(b, p)
	case Pcap:
		if p.File == "" && p.Record == "" {
			v.missing("file", "not given, and record neither", "use one or both: file is replayed, record is written")
		} else if p.File == p.Record {
			v.bad("record", p.Record, "the same as file", "use another file")
		}
	}
}

// affinity checks that each queue has a worker. How many there are is known where
// the configuration says so; otherwise the port finds out.
func (v *validator) affinity(p *Port) {
	if p.Affinity == nil {
		return
	}
	if n := max(p.Queues, 1); len(p.Affinity) != n {
		v.bad("affinity", fmt.Sprint(p.Affinity), "not one worker for each queue", fmt.Sprintf("name %d", n))
	}
	most := maxWorkers
	if n := v.config.Datapath.Workers; n > 0 {
		most = n
	}
	for i, w := range p.Affinity {
		if w < 0 || w >= most {
			v.bad(fmt.Sprintf("affinity[%d]", i), w, "no such worker", fmt.Sprintf("use 0 to %d, or set datapath.workers", most-1))
		}
	}
}

// keys lists the keys that ports of a type can have.
func (t PortType) keys() string {
	list := []string{"name"}
	for _, row := range portFields {
		if t.has(row.field) {
			list = append(list, row.key)
		}
	}
	return strings.Join(list, ", ")
}

// deviceName checks the name of the device, unless the port's name, from which it
// comes, is refused already.
func (v *validator) deviceName(p *Port) {
	isOwn := p.IfName != p.Name
	switch {
	case len(p.IfName) > maxDeviceName && isOwn:
		v.bad("ifname", p.IfName, "too long for a device", fmt.Sprintf("use at most %d bytes", maxDeviceName))
	case len(p.IfName) > maxDeviceName:
		v.bad("name", p.Name, "too long for its device", fmt.Sprintf("use at most %d bytes, or give the device a name of its own with ifname", maxDeviceName))
	case isOwn && !plainName(p.IfName):
		v.bad("ifname", p.IfName, "not a plain name", "use letters, digits and . _ - @ +, with a letter, digit or _ first")
	}
}

func (v *validator) netns(name string) {
	isFile := !strings.ContainsAny(name, "/ \t\r\n\x00") && name != "." && name != ".." && len(name) <= maxNetns
	if name != "" && !isFile {
		v.bad("netns", name, "not the name of a namespace", "use a name as ip netns lists it")
	}
}

// mac checks an address that a device may have.
func (v *validator) mac(key string, m MAC) {
	if m[0]&1 != 0 {
		v.bad(key, m, "a group address", "use one whose first byte is even")
	}
}

func (v *validator) mtu(mtu int, addresses []netip.Prefix) {
	if mtu == 0 {
		return
	}
	v.between("mtu", mtu, minMTU, maxMTU)
	isIPv6 := func(a netip.Prefix) bool { return a.Addr().Is6() }
	if mtu >= minMTU && mtu < minMTU6 && slices.ContainsFunc(addresses, isIPv6) {
		v.bad("mtu", mtu, "too small for the port's IPv6 address (RFC 8200 §5)", fmt.Sprintf("use at least %d", minMTU6))
	}
}

func (v *validator) addresses(list []netip.Prefix) {
	for i, a := range list {
		key := fmt.Sprintf("address[%d]", i)
		switch {
		case !a.IsValid():
			v.bad(key, a, "not an address", "use ADDRESS/LENGTH")
		case a.Addr().IsMulticast() || a.Addr().IsUnspecified() || a.Addr().Is4In6():
			v.bad(key, a, "not an address of a host", "use a unicast address")
		case slices.Contains(list[:i], a):
			v.bad(key, a, "given twice", "remove one")
		}
	}
}

func (v *validator) vlan(l *VLAN) {
	oneOf(v, "vlan_mode", l.Mode, vlanModes...)
	if l.HasTag && l.Tag > MaxVLAN {
		v.bad("tag", l.Tag, "out of range", fmt.Sprintf("use 0 to %d", MaxVLAN))
	}
	switch l.Mode {
	case VLANAccess:
		if !l.HasTag {
			v.missing("tag", "an access port needs one", "use the number of its VLAN")
		}
		if !l.Trunks.Empty() {
			v.bad("trunks", l.Trunks.String(), "an access port carries only its tag", "use vlan_mode: native-untagged or native-tagged for both")
		}
	case VLANTrunk:
		if l.HasTag {
			v.bad("tag", l.Tag, "a trunk has none", "use vlan_mode: native-untagged or native-tagged for both")
		}
	case VLANNativeTagged, VLANNativeUntagged:
		if !l.HasTag {
			v.missing("tag", fmt.Sprintf("a port with vlan_mode %s needs one", l.Mode), "use the number of its native VLAN")
		}
	}
}

// patch checks that two patch ports name each other.
func (v *validator) patch(b *Bridge, p *Port) {
	if p.Peer == "" {
		v.missing("peer", "a patch port needs one", "use the name of the patch port at the other end")
		return
	}
	var peer *Port
	for i := range v.config.Bridges {
		if found := v.config.Bridges[i].Port(p.Peer); found != nil {
			peer = found
			break
		}
	}
	switch {
	case p.Peer == p.Name:
		v.bad("peer", p.Peer, "the port itself", "use another patch port")
	case peer == nil:
		v.bad("peer", p.Peer, "no such port", "use the name of a patch port")
	case peer.Type != Patch:
		v.bad("peer", p.Peer, fmt.Sprintf("its type is %s", peer.Type), "use the name of a patch port")
	case peer.Peer != p.Name:
		v.bad("peer", p.Peer, fmt.Sprintf("its own peer is %q", peer.Peer), "let both name each other")
	}
}

// acrossBridges checks what must be different between bridges.
func (v *validator) acrossBridges() {
	ids := map[uint64]string{}
	listeners := map[Endpoint]string{}
	for i := range v.config.Bridges {
		b := &v.config.Bridges[i]
		v.path, v.object = fmt.Sprintf("bridges[%d].", i), "bridge "+b.Name
		if b.DatapathID != 0 {
			if other, taken := ids[b.DatapathID]; taken {
				v.bad("datapath_id", fmt.Sprintf("%016x", b.DatapathID), "already that of bridge "+other, "use another")
			}
			ids[b.DatapathID] = b.Name
		}
		for j, e := range b.Listen {
			if other, taken := listeners[e]; taken {
				v.bad(fmt.Sprintf("listen[%d]", j), e.String(), "bridge "+other+" listens there", "use another port or path")
			}
			listeners[e] = b.Name
		}
	}
	v.path, v.object = "", ""
}
