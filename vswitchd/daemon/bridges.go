package daemon

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"vswitch/config"
	"vswitch/ofproto"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// bridge is a bridge with its connections.
type bridge struct {
	bridge    *ofproto.Bridge
	config    config.Bridge
	numbers   map[string]uint32 // OpenFlow numbers of the configured ports
	mgmt      []*listener       // for operators: NAME.mgmt and NAME.snoop
	listeners map[string]*listener
	dialers   map[string]*dialer
	statics   []config.StaticMAC // that commands have added
}

// fileOwner owns the flows that the configuration installs.
const fileOwner = "configuration"

// AddBridge implements config.BridgeTarget.
func (d *Daemon) AddBridge(_ context.Context, c config.Bridge) error {
	b := &bridge{config: c, numbers: d.numbers.assign(&c), listeners: map[string]*listener{}, dialers: map[string]*dialer{}}
	flows, err := parseFlows(&c, b.numbers)
	if err != nil {
		return err
	}
	if b.bridge, err = d.sw.AddBridge(c.Name, d.bridgeConfig(&c), d.clock()); err != nil {
		return err
	}
	d.bridges[c.Name] = b
	if err := d.fillBridge(b, flows); err != nil {
		delete(d.bridges, c.Name)
		b.close()
		return errors.Join(err, d.sw.RemoveBridge(c.Name, d.clock()))
	}
	return nil
}

func (d *Daemon) fillBridge(b *bridge, flows []*openflow.FlowMod) error {
	if err := b.install(flows, d.clock()); err != nil {
		return err
	}
	b.pinStatics(d.clock())
	for suffix, kind := range map[string]ofproto.SessionKind{".mgmt": ofproto.Service, ".snoop": ofproto.Snoop} {
		e := config.Endpoint{Scheme: config.PassiveUnix, Path: filepath.Join(d.have.RunDir, b.config.Name+suffix)}
		l, err := d.listen(e, b.bridge, kind)
		if err != nil {
			return err
		}
		b.mgmt = append(b.mgmt, l)
	}
	return nil
}

func (d *Daemon) bridgeConfig(c *config.Bridge) ofproto.BridgeConfig {
	b := ofproto.BridgeConfig{
		DatapathID: c.DatapathID, Versions: openflow.VersionSet(c.Protocols), Controllers: len(c.Controllers) > 0,
		MACAging: c.MACAging, MACTableSize: c.MACTableSize,
	}
	for _, t := range c.Tables {
		b.Tables = append(b.Tables, ofproto.TableConfig{Table: uint8(t.Table), Name: t.Name, Limit: t.Limit, Evict: t.Overflow == config.OverflowEvict})
	}
	if c.FailMode == config.FailSecure {
		b.FailMode = ofproto.FailSecure
	}
	if b.DatapathID == 0 {
		b.DatapathID = config.DatapathIDOf(d.macs.of(c.Name, c.MAC))
	}
	return b
}

// RemoveBridge implements config.BridgeTarget.
func (d *Daemon) RemoveBridge(_ context.Context, name string) error {
	b := d.bridges[name]
	delete(d.bridges, name)
	b.close()
	return d.sw.RemoveBridge(name, d.clock())
}

// ChangeBridge implements config.BridgeTarget.
func (d *Daemon) ChangeBridge(_ context.Context, want config.Bridge, fields config.BridgeFields) error {
	b := d.bridges[want.Name]
	b.config = want
	b.bridge.Configure(d.bridgeConfig(&want), d.clock())
	if fields.Has(config.FieldStaticMACs) {
		b.pinStatics(d.clock())
	}
	return nil
}

// ReplaceFileFlows implements config.BridgeTarget.
func (d *Daemon) ReplaceFileFlows(_ context.Context, want config.Bridge) error {
	b := d.bridges[want.Name]
	b.numbers = d.numbers.assign(&want)
	flows, err := parseFlows(&want, b.numbers)
	if err != nil {
		return err
	}
	return b.install(flows, d.clock())
}

func (b *bridge) install(flows []*openflow.FlowMod, now int64) error {
	if n, err := b.bridge.ReplaceFlows(fileOwner, flows, now); err != nil {
		return fmt.Errorf("flow %d of the configuration: %w", n+1, err)
	}
	return nil
}

// parseFlows reads the flows of a bridge's configuration. Ports may be named.
func parseFlows(c *config.Bridge, numbers map[string]uint32) ([]*openflow.FlowMod, error) {
	ports := &text.Names{}
	ports.Add(uint32(openflow.PortLocal), c.Name)
	for name, no := range numbers {
		ports.Add(no, name)
	}
	tables := &text.Names{}
	for _, t := range c.Tables {
		if t.Name != "" {
			tables.Add(uint32(t.Table), t.Name)
		}
	}
	options := text.Options{Ports: ports, Tables: tables}
	var flows []*openflow.FlowMod
	for i, line := range strings.Split(c.Flows, "\n") {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		f, err := text.ParseFlow(line, options)
		if err != nil {
			where := "flows"
			if c.FlowsFile != "" {
				where = c.FlowsFile
			}
			return nil, fmt.Errorf("%s line %d: %w", where, i+1, err)
		}
		flows = append(flows, f)
	}
	return flows, nil
}

// SetListeners implements config.BridgeTarget.
func (d *Daemon) SetListeners(_ context.Context, name string, listen []config.Endpoint) error {
	b := d.bridges[name]
	wanted := map[string]bool{}
	for _, e := range listen {
		wanted[e.String()] = true
	}
	for at, l := range b.listeners {
		if !wanted[at] {
			l.close()
			delete(b.listeners, at)
		}
	}
	var errs []error
	for _, e := range listen {
		if b.listeners[e.String()] != nil {
			continue
		}
		l, err := d.listen(e, b.bridge, ofproto.Service)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		b.listeners[e.String()] = l
	}
	return errors.Join(errs...)
}

// SetControllers implements config.BridgeTarget.
func (d *Daemon) SetControllers(_ context.Context, name string, controllers []config.Controller) error {
	b := d.bridges[name]
	wanted := map[string]config.Controller{}
	for _, c := range controllers {
		wanted[c.Target.String()] = c
	}
	for target, x := range b.dialers {
		if wanted[target] != x.controller {
			x.close()
			delete(b.dialers, target)
		}
	}
	for target, c := range wanted {
		if b.dialers[target] == nil {
			b.dialers[target] = d.dial(c, b.bridge)
		}
	}
	o := b.bridge.Config()
	o.Controllers = len(controllers) > 0
	b.bridge.Configure(o, d.clock())
	return nil
}

// ChangeSetting implements config.Target.
func (d *Daemon) ChangeSetting(_ context.Context, s config.Setting, want config.Settings) error {
	switch s {
	case config.SettingLog:
		d.setLogging(want.Log)
		return nil
	case config.SettingTLS:
		return d.setTLS(want.TLS)
	case config.SettingMetrics:
		return d.setMetrics(want.Metrics)
	case config.SettingReload:
		return nil
	}
	return config.ErrRestart
}

func (b *bridge) close() {
	for _, l := range b.mgmt {
		l.close()
	}
	for _, l := range b.listeners {
		l.close()
	}
	for _, x := range b.dialers {
		x.close()
	}
}
