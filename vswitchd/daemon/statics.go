package daemon

import (
	"fmt"
	"slices"
	"strconv"

	"vswitch/config"
	"vswitch/control"
	"vswitch/flow"
	"vswitch/ofproto"
)

// pinStatics has the bridge pin the MACs of its configuration, and those that
// commands have added; where both say one, the command came later.
func (b *bridge) pinStatics(now int64) {
	var list []ofproto.Static
	for _, s := range append(slices.Clone(b.config.StaticMACs), b.statics...) {
		list = append(list, ofproto.Static{MAC: flow.MAC(s.MAC), VLAN: s.VLAN, Port: s.Port})
	}
	b.bridge.SetStatics(list, now)
}

// cmdFDBAdd pins a MAC until it is removed, or the switch ends.
func (d *Daemon) cmdFDBAdd(args []string) (control.Reply, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, s, err := d.parseStatic(args[0], args[2], args[3])
	if err != nil {
		return nil, err
	}
	if s.Port = args[1]; b.bridge.Port(s.Port) == nil {
		return nil, fmt.Errorf("no port named %s in bridge %s", s.Port, args[0])
	}
	b.statics = append(b.withoutStatic(s), s)
	b.pinStatics(d.clock())
	return control.Plain(""), nil
}

// cmdFDBDel undoes cmdFDBAdd.
func (d *Daemon) cmdFDBDel(args []string) (control.Reply, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	b, s, err := d.parseStatic(args[0], args[1], args[2])
	if err != nil {
		return nil, err
	}
	left := b.withoutStatic(s)
	if len(left) == len(b.statics) {
		return nil, fmt.Errorf("no static entry for %s in VLAN %d was added to bridge %s by command", s.MAC, s.VLAN, args[0])
	}
	b.statics = left
	b.pinStatics(d.clock())
	return control.Plain(""), nil
}

// withoutStatic are the entries that commands added but the one of s.
func (b *bridge) withoutStatic(s config.StaticMAC) []config.StaticMAC {
	return slices.DeleteFunc(slices.Clone(b.statics), func(have config.StaticMAC) bool {
		return have.MAC == s.MAC && have.VLAN == s.VLAN
	})
}

// parseStatic reads what says which entry of which bridge is meant.
func (d *Daemon) parseStatic(name, vlan, mac string) (*bridge, config.StaticMAC, error) {
	var s config.StaticMAC
	b := d.bridges[name]
	if b == nil {
		return nil, s, fmt.Errorf("no bridge named %s", name)
	}
	vid, err := strconv.ParseUint(vlan, 10, 16)
	if err != nil || vid > config.MaxVLAN {
		return nil, s, fmt.Errorf("%q is not a VLAN: use 0 to %d", vlan, config.MaxVLAN)
	}
	if s.MAC, err = config.ParseMAC(mac); err != nil {
		return nil, s, err
	}
	if s.MAC[0]&1 != 0 || s.MAC == (config.MAC{}) {
		return nil, s, fmt.Errorf("%s is not the address of one station", s.MAC)
	}
	s.VLAN = uint16(vid)
	return b, s, nil
}
