package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"vswitch/config"
	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/ofproto"
	"vswitch/openflow"
	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/afpacket"
	"vswitch/ports/afxdp"
	"vswitch/ports/dummy"
	"vswitch/ports/pcap"
	"vswitch/ports/tap"
)

// portKey names a port.
type portKey struct{ bridge, port string }

// device is an open port with a driver.
type device struct {
	driver ports.Port
	id     datapath.PortID
	port   *ofproto.Port
	ended  chan struct{} // closed when follow has ended
}

// Abilities of drivers beside ports.Port, discovered when they are needed.
type (
	carrierSetter interface{ SetCarrier(on bool) error }
	mtuSetter     interface{ SetMTU(mtu int) error }
	macSetter     interface{ SetMAC(mac [6]byte) error }
	addressSetter interface{ SetAddresses(a []netip.Prefix) error }
	sharer        interface{ SetShareWithHost(on bool) error }
)

// open makes a port's driver.
func (d *Daemon) open(p config.Port) (ports.Port, error) {
	switch p.Type {
	case config.Tap, config.Internal:
		return tap.Open(d.netdev, tap.Options{Name: p.Name, Ifname: p.IfName, Netns: p.Netns, MAC: d.macs.of(p.Name, p.MAC), MTU: p.MTU,
			Addresses: p.Address, Queues: p.Queues, IO: d.moves(p.IO)})
	case config.System:
		return afpacket.Open(d.netdev, afpacket.Options{Name: p.Name, Ifname: p.IfName, Netns: p.Netns, MTU: p.MTU,
			Queues: p.Queues, Up: true, ShareWithHost: p.ShareWithHost})
	case config.AFXDP:
		return afxdp.Open(d.netdev, afxdp.Options{Name: p.Name, Ifname: p.IfName, Netns: p.Netns, MTU: p.MTU,
			Queues: p.Queues, Mode: afxdp.Mode(p.XDPMode)})
	case config.Dummy:
		return dummy.New(dummy.Options{Name: p.Name, MAC: d.macs.of(p.Name, p.MAC), MTU: p.MTU, Queues: p.Queues, Discard: true}), nil
	case config.Pcap:
		return pcap.Open(pcap.Options{Name: p.Name, MAC: d.macs.of(p.Name, p.MAC), Replay: p.File, Record: p.Record, Origin: d.started})
	}
	return nil, fmt.Errorf("no driver for type %s", p.Type)
}

// moves is how a TAP whose setting is io moves frames.
func (d *Daemon) moves(io config.IOMode) tap.IO {
	if io == "" {
		io = d.io
	}
	switch io {
	case config.IOUring:
		return tap.IORing
	case config.IOSyscall:
		return tap.IOSyscall
	}
	return tap.IOBest
}

// AddPort implements config.PortTarget.
func (d *Daemon) AddPort(_ context.Context, bridge string, p config.Port) error {
	b := d.bridges[bridge]
	c := portConfig(p)
	c.No = openflow.PortNo(b.numbers[p.Name])
	if p.Type == config.Patch {
		_, err := b.bridge.AddPort(c, 0, ofproto.PortInfo{AdminUp: true, MAC: flow.MAC(d.macs.of(p.Name, p.MAC))}, d.clock())
		return err
	}
	driver, err := d.open(p)
	if err != nil {
		return err
	}
	id, err := d.dp.AddPort(driver, d.portOptions(p))
	if err != nil {
		return err
	}
	info := portInfo(driver.Info())
	dev := &device{driver: driver, id: id, ended: make(chan struct{})}
	if p.Name == bridge {
		dev.port = b.bridge.Port(bridge)
		dev.port.SetDevice(id, info, d.clock())
	} else if dev.port, err = b.bridge.AddPort(c, id, info, d.clock()); err != nil {
		close(dev.ended)
		return errors.Join(err, d.dp.RemovePort(id))
	}
	k := portKey{bridge, p.Name}
	d.devices[k] = dev
	go d.follow(k, dev)
	return nil
}

// RemovePort implements config.PortTarget.
func (d *Daemon) RemovePort(_ context.Context, bridge, name string) error {
	k := portKey{bridge, name}
	b := d.bridges[bridge].bridge
	local := name == bridge
	dev := d.devices[k]
	if dev != nil {
		// Out of the bridge first, so that no flow outputs there any more.
		if local {
			dev.port.SetDevice(0, ofproto.PortInfo{MAC: flow.MAC(d.macs.of(bridge, d.bridges[bridge].config.MAC))}, d.clock())
		} else if err := b.RemovePort(name, d.clock()); err != nil {
			return err
		}
		d.sw.Settle(d.clock())
		return d.closeDevice(k)
	}
	if !local && b.Port(name) != nil {
		return b.RemovePort(name, d.clock())
	}
	return nil
}

// closeDevice closes a port's driver.
func (d *Daemon) closeDevice(k portKey) error {
	dev := d.devices[k]
	delete(d.devices, k)
	err := d.dp.RemovePort(dev.id)
	<-dev.ended
	return err
}

// ChangePort implements config.PortTarget.
func (d *Daemon) ChangePort(_ context.Context, bridge string, want config.Port, fields config.PortFields) error {
	if fields.Has(config.FieldVLAN) {
		if port := d.bridges[bridge].bridge.Port(want.Name); port != nil {
			port.Configure(portConfig(want), d.clock())
		}
	}
	dev := d.devices[portKey{bridge, want.Name}]
	if dev == nil {
		return nil
	}
	changes := []struct {
		field config.PortFields
		apply func() (done bool, err error)
	}{
		{config.FieldMAC, func() (bool, error) {
			s, ok := dev.driver.(macSetter)
			return ok, tryIf(ok, func() error { return s.SetMAC(d.macs.of(want.Name, want.MAC)) })
		}},
		{config.FieldMTU, func() (bool, error) {
			s, ok := dev.driver.(mtuSetter)
			return ok, tryIf(ok, func() error { return s.SetMTU(want.MTU) })
		}},
		{config.FieldAddress, func() (bool, error) {
			s, ok := dev.driver.(addressSetter)
			return ok, tryIf(ok, func() error { return s.SetAddresses(want.Address) })
		}},
		{config.FieldGRO | config.FieldCoalesce | config.FieldAffinity, func() (bool, error) {
			return d.dp.SetOptions(dev.id, d.portOptions(want)), nil
		}},
		{config.FieldShareWithHost, func() (bool, error) {
			s, ok := dev.driver.(sharer)
			return ok, tryIf(ok, func() error { return s.SetShareWithHost(want.ShareWithHost) })
		}},
	}
	for _, c := range changes {
		if fields&c.field == 0 {
			continue
		}
		switch done, err := c.apply(); {
		case err != nil:
			return err
		case !done:
			return config.ErrAnew
		}
	}
	return nil
}

func tryIf(ok bool, f func() error) error {
	if !ok {
		return nil
	}
	return f()
}

// follow brings the driver's state to datapath and bridge until the port is
// closed.
func (d *Daemon) follow(k portKey, dev *device) {
	defer close(dev.ended)
	lost := false // what it was lost for may become clear later, and is said once
	for info := range dev.driver.Changes() {
		d.dp.SetInfo(dev.id, info)
		dev.port.SetDevice(dev.id, portInfo(info), d.clock())
		if info.Absent != "" && !lost {
			lost = true
			d.log.port.Warn("port lost its device; a reload makes it anew", "bridge", k.bridge, "port", k.port, "reason", info.Absent)
		}
		d.poke()
	}
}

// forgetLost closes the ports whose device has vanished, so that the next Plan
// opens them anew.
func (d *Daemon) forgetLost(ctx context.Context) {
	for k, dev := range d.devices {
		if dev.driver.Info().Absent == "" {
			continue
		}
		if err := d.RemovePort(ctx, k.bridge, k.port); err != nil {
			d.log.port.Warn("port without a device", "bridge", k.bridge, "port", k.port, "error", err)
		}
		d.have = d.have.WithoutPort(k.port)
	}
}

// portDown takes or gives the carrier of a port whose administrative state a
// controller changed.
func (d *Daemon) portDown(p *ofproto.Port, down bool) {
	name := portKey{p.Bridge.Name, p.Name}
	go func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		dev := d.devices[name]
		if dev == nil {
			return
		}
		if s, ok := dev.driver.(carrierSetter); ok {
			if err := s.SetCarrier(!down); err != nil {
				d.log.port.Warn("port-mod", "bridge", name.bridge, "port", name.port, "error", err)
			}
		}
	}()
}

// portOptions are what the datapath does for a port.
func (d *Daemon) portOptions(p config.Port) (o datapath.PortOptions) {
	c := p.Coalesce
	if !c.Given {
		c = d.coalesce
	}
	o.Affinity = p.Affinity
	o.Coalesce = datapath.Coalesce{Delay: time.Duration(c.Usecs) * time.Microsecond, Frames: c.Frames}
	switch p.GRO {
	case config.GROTCP:
		o.Join = packet.KindsOf(packet.GSOTCPv4, packet.GSOTCPv6)
	case config.GROAll:
		o.Join = packet.KindsOf(packet.GSOTCPv4, packet.GSOTCPv6, packet.GSOUDP)
	}
	return o
}

func portInfo(i ports.Info) ofproto.PortInfo {
	return ofproto.PortInfo{MAC: flow.MAC(i.MAC), Carrier: i.Carrier, AdminUp: i.AdminUp, Present: i.Absent == "", SpeedMbs: i.SpeedMbs}
}

func portConfig(p config.Port) ofproto.PortConfig {
	c := ofproto.PortConfig{Name: p.Name, Peer: p.Peer, Tag: p.VLAN.Tag}
	c.Mode = map[config.VLANMode]ofproto.VLANMode{
		config.VLANAccess: ofproto.VLANAccess, config.VLANTrunk: ofproto.VLANTrunk,
		config.VLANNativeTagged: ofproto.VLANNativeTagged, config.VLANNativeUntagged: ofproto.VLANNativeUntagged,
	}[p.VLAN.Mode]
	for vid := range uint16(config.MaxVLAN + 1) {
		if p.VLAN.Trunks.Has(vid) {
			c.Trunks = append(c.Trunks, vid)
		}
	}
	return c
}
