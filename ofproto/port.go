package ofproto

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
)

const portLocal = openflow.PortLocal

// VLANMode says how a port takes part in VLANs under NORMAL.
type VLANMode uint8

// VLAN modes, as ovs-vswitchd.conf.db(5) has them.
const (
	VLANTrunk          VLANMode = iota // carries tagged frames of its trunks, and untagged ones as VLAN 0
	VLANAccess                         // carries frames of its VLAN, untagged
	VLANNativeTagged                   // a trunk whose untagged frames belong to VLAN Tag, sent tagged
	VLANNativeUntagged                 // the same, sent untagged
)

// PortConfig is what configuration says of a port.
type PortConfig struct {
	Name   string
	No     openflow.PortNo // 0: the switch chooses
	Mode   VLANMode
	Tag    uint16   // VLAN of an access or native port
	Trunks []uint16 // VLANs that a trunk carries; none: all
	Peer   string   // name of the patch port on the other side; "" for other types
}

// PortInfo is what the daemon knows of a port's device.
type PortInfo struct {
	MAC      flow.MAC
	Carrier  bool
	AdminUp  bool
	Present  bool // there is a device (or a peer) at all
	SpeedMbs uint32
}

// Port is a bridge's port. What translation reads of it is replaced whole.
type Port struct {
	Name   string
	No     openflow.PortNo
	Bridge *Bridge

	state   atomic.Pointer[portState]
	credit  patchCounters // of a patch port
	created int64         // when it was added
}

// portState is immutable once published.
type portState struct {
	id     datapath.PortID // 0: no device
	config openflow.PortConfig
	vlan   PortConfig
	trunks *[4096 / 64]uint64 // nil: all
	info   PortInfo
	peer   *Port // other side of a patch port, where it exists
}

// carries reports whether the port takes part in VLAN vid under NORMAL.
func (s *portState) carries(vid uint16) bool {
	switch s.vlan.Mode {
	case VLANAccess:
		return vid == s.vlan.Tag
	case VLANNativeTagged, VLANNativeUntagged:
		if vid == s.vlan.Tag || vid == 0 {
			return vid == s.vlan.Tag // what has no VLAN would come out in the native one
		}
	}
	return s.trunks == nil || s.trunks[vid/64]>>(vid%64)&1 != 0
}

// usable reports whether frames can be sent there.
func (s *portState) usable() bool {
	return (s.id != 0 || s.peer != nil) && s.config&(openflow.PortDown|openflow.PortNoFwd) == 0
}

// live reports whether the port forwards now (OFPPS_LIVE).
func (p *Port) live() bool {
	return p.describe().State&openflow.PortLive != 0
}

// patchCounters count what crosses a patch port, which has no driver to do it.
type patchCounters struct{ rxPackets, rxBytes, txPackets, txBytes atomic.Uint64 }

// patchCredit counts a frame that leaves by a patch port and comes in by its peer.
type patchCredit struct{ out, in *Port }

// Credit implements datapath.Credit.
func (c patchCredit) Credit(h datapath.Hits) {
	c.out.credit.txPackets.Add(h.Packets)
	c.out.credit.txBytes.Add(h.Bytes)
	c.in.credit.rxPackets.Add(h.Packets)
	c.in.credit.rxBytes.Add(h.Bytes)
}

// portSet is a bridge's ports, immutable once published.
type portSet struct {
	byNo    map[openflow.PortNo]*Port
	byName  map[string]*Port
	ordered []*Port // by number; LOCAL last
}

func newPortSet(ports []*Port) *portSet {
	s := &portSet{byNo: map[openflow.PortNo]*Port{}, byName: map[string]*Port{}, ordered: ports}
	slices.SortFunc(s.ordered, func(a, b *Port) int { return cmp.Compare(a.No, b.No) })
	for _, p := range ports {
		s.byNo[p.No], s.byName[p.Name] = p, p
	}
	return s
}

// AddPort adds a port to the bridge. id is its datapath port, 0 for a patch port
// or a device that is not there. The number is the one that c asks for, or the
// least free one.
func (b *Bridge) AddPort(c PortConfig, id datapath.PortID, info PortInfo, now int64) (*Port, error) {
	defer b.sw.lock(now)()
	set := b.ports.Load()
	if set.byName[c.Name] != nil && c.No != portLocal {
		return nil, fmt.Errorf("port %s: bridge %s has one of that name", c.Name, b.Name)
	}
	if c.No == 0 {
		for c.No = 1; set.byNo[c.No] != nil; c.No++ {
		}
	}
	if other := set.byNo[c.No]; other != nil {
		return nil, fmt.Errorf("port %s: number %d of bridge %s is taken by port %s", c.Name, c.No, b.Name, other.Name)
	}
	if c.No >= openflow.PortMax && c.No != portLocal {
		return nil, fmt.Errorf("port %s: %d is no port number: 1 to %d are", c.Name, c.No, openflow.PortMax-1)
	}
	return b.addPort(c, id, info), nil
}

// addPort does it under the control lock.
func (b *Bridge) addPort(c PortConfig, id datapath.PortID, info PortInfo) *Port {
	p := &Port{Name: c.Name, No: c.No, Bridge: b, created: b.sw.now}
	p.publish(portState{id: id, vlan: c, info: info})
	b.ports.Store(newPortSet(append(slices.Clone(b.ports.Load().ordered), p)))
	if id != 0 {
		b.sw.setID(id, p)
	}
	b.pin()
	b.sw.connectPatches()
	b.sw.touch(settingsTag)
	b.portStatus(openflow.PortAdded, p)
	return p
}

// publish replaces the port's state.
func (p *Port) publish(s portState) {
	s.trunks = nil
	if len(s.vlan.Trunks) > 0 {
		s.trunks = new([4096 / 64]uint64)
		for _, vid := range s.vlan.Trunks {
			s.trunks[vid%4096/64] |= 1 << (vid % 64)
		}
	}
	p.state.Store(&s)
}

// RemovePort removes a port. Its device must be gone from the datapath.
func (b *Bridge) RemovePort(name string, now int64) error {
	defer b.sw.lock(now)()
	p := b.ports.Load().byName[name]
	if p == nil {
		return fmt.Errorf("port %s: bridge %s has none of that name", name, b.Name)
	}
	b.removePort(p)
	b.sw.settle()
	return nil
}

func (b *Bridge) removePort(p *Port) {
	left := slices.DeleteFunc(slices.Clone(b.ports.Load().ordered), func(x *Port) bool { return x == p })
	b.ports.Store(newPortSet(left))
	if id := p.state.Load().id; id != 0 {
		b.sw.setID(id, nil)
	}
	b.fdb.forgetPort(p)
	b.sw.connectPatches()
	b.sw.touch(settingsTag)
	b.portStatus(openflow.PortDeleted, p)
}

// Configure changes a port's VLANs and peer. Its number stays.
func (p *Port) Configure(c PortConfig, now int64) {
	defer p.Bridge.sw.lock(now)()
	s := *p.state.Load()
	c.Name, c.No = p.Name, p.No
	s.vlan = c
	p.publish(s)
	p.Bridge.fdb.forgetPort(p)
	p.Bridge.sw.connectPatches()
	p.Bridge.sw.touch(settingsTag)
}

// SetDevice says which datapath port stands behind p now, and in what state it is.
// Controllers are told of a change that they can see.
func (p *Port) SetDevice(id datapath.PortID, info PortInfo, now int64) {
	sw := p.Bridge.sw
	defer sw.lock(now)()
	s := *p.state.Load()
	if s.id == id && s.info == info {
		return
	}
	before := p.describe()
	if s.id != id {
		if s.id != 0 {
			sw.setID(s.id, nil)
		}
		if id != 0 {
			sw.setID(id, p)
		}
	}
	s.id, s.info = id, info
	p.publish(s)
	sw.touch(settingsTag)
	if !reflect.DeepEqual(p.describe(), before) {
		p.Bridge.portStatus(openflow.PortModified, p)
	}
	sw.settle() // groups that watch the port follow at once
}

// connectPatches finds the peers of all patch ports. A pair is connected iff each
// names the other.
func (s *Switch) connectPatches() {
	patches := map[string]*Port{}
	for _, b := range s.sorted() {
		for _, p := range b.ports.Load().ordered {
			if p.state.Load().vlan.Peer != "" {
				patches[p.Name] = p
			}
		}
	}
	for _, p := range patches {
		st := *p.state.Load()
		peer := patches[st.vlan.Peer]
		if peer != nil && peer.state.Load().vlan.Peer != p.Name {
			peer = nil
		}
		if st.peer != peer {
			st.peer = peer
			st.info = PortInfo{Carrier: peer != nil, AdminUp: true, Present: peer != nil, MAC: st.info.MAC}
			p.publish(st)
			p.Bridge.portStatus(openflow.PortModified, p)
		}
	}
}

// Info is the state of the port's device.
func (p *Port) Info() PortInfo { return p.state.Load().info }

// describe is the port as controllers see it. Patch ports are the ends of a cable: where
// one is down, neither has a link.
func (p *Port) describe() openflow.Port {
	s := p.state.Load()
	d := openflow.Port{No: p.No, MAC: s.info.MAC, Name: p.Name, Config: s.config}
	if !s.info.AdminUp {
		d.Config |= openflow.PortDown
	}
	switch {
	case !s.info.Carrier || !s.info.Present || !s.info.AdminUp || s.peer != nil && (s.config|s.peer.state.Load().config)&openflow.PortDown != 0:
		d.State |= openflow.PortLinkDown
	case d.Config&openflow.PortDown == 0:
		d.State |= openflow.PortLive
	}
	if s.info.SpeedMbs > 0 {
		d.Current = speedFeature(s.info.SpeedMbs)
		d.CurrentSpeed = s.info.SpeedMbs * 1000
		d.MaxSpeed = d.CurrentSpeed
	}
	return d
}

func speedFeature(mbs uint32) openflow.PortFeatures {
	switch mbs {
	case 10:
		return openflow.Feature10MbFD
	case 100:
		return openflow.Feature100MbFD
	case 1000:
		return openflow.Feature1GbFD
	case 10_000:
		return openflow.Feature10GbFD
	case 40_000:
		return openflow.Feature40GbFD
	case 100_000:
		return openflow.Feature100GbFD
	case 1_000_000:
		return openflow.Feature1TbFD
	}
	return openflow.FeatureOther
}
