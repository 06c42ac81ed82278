package yaml

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"vswitch/config"
)

// The functions below are the tables of keys, one for each mapping of switch.yaml.
// docs/reference/switch.yaml.md describes the same keys; a test compares them.

func topKeys(d *decoder, c *config.Config) []key {
	return []key{
		{"rundir", text(d, &c.RunDir)},
		{"statedir", text(d, &c.StateDir)},
		{"log", func(n *yaml.Node, path string) { d.mapping(n, path, "log", logKeys(d, &c.Log)) }},
		{"metrics", func(n *yaml.Node, path string) { d.mapping(n, path, "metrics", metricsKeys(d, &c.Metrics)) }},
		{"tls", func(n *yaml.Node, path string) { d.mapping(n, path, "tls", tlsKeys(d, &c.TLS)) }},
		{"datapath", func(n *yaml.Node, path string) { d.mapping(n, path, "datapath", datapathKeys(d, &c.Datapath)) }},
		{"reload", text(d, &c.Reload)},
		{"bridges", d.list(func(n *yaml.Node, path string) {
			b := config.NewBridge("")
			d.bridge(n, path, &b)
			c.Bridges = append(c.Bridges, b)
		})},
	}
}

func logKeys(d *decoder, l *config.Log) []key {
	return []key{
		{"level", text(d, &l.Level)},
		{"format", text(d, &l.Format)},
		{"modules", d.logModules(l)},
	}
}

func (d *decoder) logModules(l *config.Log) decode {
	return func(n *yaml.Node, path string) {
		l.Modules = map[string]config.LogLevel{}
		var keys []key
		for _, name := range config.LogModules() {
			keys = append(keys, key{name, func(n *yaml.Node, path string) {
				var level config.LogLevel
				text(d, &level)(n, path)
				l.Modules[name] = level
			}})
		}
		d.mapping(n, path, "log.modules", keys)
	}
}

func metricsKeys(d *decoder, m *config.Metrics) []key {
	return []key{
		{"listen", text(d, &m.Listen)},
		{"pprof", d.flag(&m.Pprof)},
		{"cookies", d.list(appended(&m.Cookies, d.cookie))},
	}
}

func tlsKeys(d *decoder, t *config.TLS) []key {
	return []key{
		{"private_key", d.tlsFile(&t.PrivateKey)},
		{"certificate", d.tlsFile(&t.Certificate)},
		{"ca_cert", d.tlsFile(&t.CACert)},
	}
}

// tlsFile reads the file at once, so that a reload sees whether it changed.
func (d *decoder) tlsFile(f *config.TLSFile) decode {
	return func(n *yaml.Node, path string) {
		if text(d, &f.Path)(n, path); f.Path == "" {
			return
		}
		content, err := d.source.ReadFile(f.Path)
		if err != nil {
			d.fail(n, "%s: %v", lastStep(path), err)
			return
		}
		f.Text = string(content)
	}
}

// cookie decodes COOKIE[/MASK]. YAML takes one without a mask for a number, but
// its text is still there.
func (d *decoder) cookie(to *config.Cookie) decode {
	return func(n *yaml.Node, path string) {
		if !d.scalar(n, path, "a cookie such as 0x10 or 0x10/0xf0", "!!int", "!!str") {
			return
		}
		c, err := config.ParseCookie(n.Value)
		if err != nil {
			d.fail(n, "%s: %v", lastStep(path), err)
			return
		}
		*to = c
	}
}

func datapathKeys(d *decoder, p *config.Datapath) []key {
	return []key{
		{"workers", d.numberOr("auto", &p.Workers)},
		{"poll", text(d, &p.Poll)},
		{"spin", d.duration(&p.Spin)},
		{"rebalance", d.duration(&p.Rebalance)},
		{"coalesce", d.coalesce(&p.Coalesce)},
		{"io", text(d, &p.IO)},
		{"budget", number(d, &p.Budget)},
		{"upcall_budget", number(d, &p.UpcallBudget)},
		{"flow_limit", number(d, &p.FlowLimit)},
		{"mask_limit", number(d, &p.MaskLimit)},
	}
}

func (d *decoder) coalesce(c *config.Coalesce) decode {
	return func(n *yaml.Node, path string) {
		c.Given = true
		d.mapping(n, path, "coalesce", coalesceKeys(d, c))
		if n.Kind == yaml.MappingNode && d.at[path+".usecs"] == nil {
			d.fail(n, "coalesce has no usecs: use usecs: 0 to 10000")
		}
	}
}

func coalesceKeys(d *decoder, c *config.Coalesce) []key {
	return []key{
		{"usecs", d.natural(&c.Usecs)},
		{"frames", d.natural(&c.Frames)},
	}
}

// bridge decodes one bridge, which starts from its defaults.
func (d *decoder) bridge(n *yaml.Node, path string, b *config.Bridge) {
	d.mapping(n, path, "a bridge", bridgeKeys(d, b))
	if d.at[path+".flows"] != nil && d.at[path+".flows_file"] != nil {
		d.fail(d.at[path+".flows_file"], "flows_file: flows are given too: use one of them")
	}
}

func bridgeKeys(d *decoder, b *config.Bridge) []key {
	return []key{
		{"name", text(d, &b.Name)},
		{"datapath_id", d.datapathID(&b.DatapathID)},
		{"fail_mode", text(d, &b.FailMode)},
		{"protocols", d.protocols(&b.Protocols)},
		{"controllers", d.list(appended(&b.Controllers, d.controller))},
		{"listen", d.list(appended(&b.Listen, func(to *config.Endpoint) decode { return parsed(d, to, config.ParseListener) }))},
		{"flows", d.block(&b.Flows)},
		{"flows_file", d.flowsFile(b)},
		{"mac_aging", d.duration(&b.MACAging)},
		{"mac_table_size", number(d, &b.MACTableSize)},
		{"static_macs", d.list(appended(&b.StaticMACs, d.staticMAC))},
		{"tables", d.list(appended(&b.Tables, d.table))},
		{"local", d.flag(&b.Local)},
		{"address", d.addresses(&b.Address)},
		{"mac", d.mac(&b.MAC)},
		{"mtu", number(d, &b.MTU)},
		{"ports", d.list(appended(&b.Ports, d.port))},
	}
}

func (d *decoder) port(p *config.Port) decode {
	return func(n *yaml.Node, path string) { d.mapping(n, path, "a port", portKeys(d, p)) }
}

func portKeys(d *decoder, p *config.Port) []key {
	return []key{
		{"name", text(d, &p.Name)},
		{"type", text(d, &p.Type)},
		{"ofport", number(d, &p.OFPort)},
		{"tag", d.tag(&p.VLAN)},
		{"trunks", d.trunks(&p.VLAN.Trunks)},
		{"vlan_mode", text(d, &p.VLAN.Mode)},
		{"netns", text(d, &p.Netns)},
		{"ifname", text(d, &p.IfName)},
		{"mac", d.mac(&p.MAC)},
		{"mtu", number(d, &p.MTU)},
		{"queues", number(d, &p.Queues)},
		{"address", d.addresses(&p.Address)},
		{"io", text(d, &p.IO)},
		{"gro", text(d, &p.GRO)},
		{"coalesce", d.coalesce(&p.Coalesce)},
		{"affinity", d.list(appended(&p.Affinity, d.natural))},
		{"xdp_mode", text(d, &p.XDPMode)},
		{"share_with_host", d.flag(&p.ShareWithHost)},
		{"peer", text(d, &p.Peer)},
		{"file", text(d, &p.File)},
		{"record", text(d, &p.Record)},
	}
}

// controller decodes a target, or a mapping with one.
func (d *decoder) controller(c *config.Controller) decode {
	*c = config.NewController(config.Endpoint{})
	return func(n *yaml.Node, path string) {
		if n.Kind != yaml.MappingNode {
			parsed(d, &c.Target, config.ParseController)(n, path)
			return
		}
		d.mapping(n, path, "a controller", controllerKeys(d, c))
		if d.at[path+".target"] == nil {
			d.fail(n, "a controller has no target: use target: tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:PATH")
		}
	}
}

func controllerKeys(d *decoder, c *config.Controller) []key {
	return []key{
		{"target", parsed(d, &c.Target, config.ParseController)},
		{"inactivity_probe", d.duration(&c.InactivityProbe)},
		{"max_backoff", d.duration(&c.MaxBackoff)},
		{"rate_limit", number(d, &c.RateLimit)},
		{"burst_limit", number(d, &c.BurstLimit)},
		{"queue_size", number(d, &c.QueueSize)},
	}
}

func (d *decoder) staticMAC(s *config.StaticMAC) decode {
	return func(n *yaml.Node, path string) { d.mapping(n, path, "a static MAC", staticMACKeys(d, s)) }
}

func staticMACKeys(d *decoder, s *config.StaticMAC) []key {
	return []key{
		{"mac", d.mac(&s.MAC)},
		{"vlan", d.vlan(&s.VLAN)},
		{"port", text(d, &s.Port)},
	}
}

func (d *decoder) table(t *config.Table) decode {
	*t = config.NewTable(0)
	return func(n *yaml.Node, path string) {
		d.mapping(n, path, "a table", tableKeys(d, t))
		if d.at[path+".table"] == nil {
			d.fail(n, "a table has no number: use table: 0 to %d", config.MaxTable)
		}
	}
}

func (d *decoder) tableNumber(to *int) decode {
	return func(n *yaml.Node, path string) {
		if !d.scalar(n, path, "the number of a table", "!!int") {
			return
		}
		v, isDecimal := decimal(n.Value)
		if !isDecimal || v > config.MaxTable {
			d.fail(n, "%s %s: use 0 to %d", lastStep(path), n.Value, config.MaxTable)
			return
		}
		*to = int(v)
	}
}

func tableKeys(d *decoder, t *config.Table) []key {
	return []key{
		{"table", d.tableNumber(&t.Table)},
		{"name", text(d, &t.Name)},
		{"limit", number(d, &t.Limit)},
		{"overflow", text(d, &t.Overflow)},
	}
}

// datapathID decodes 16 hexadecimal digits. Without quotes YAML takes some of them
// for numbers, but their text is still there.
func (d *decoder) datapathID(to *uint64) decode {
	return func(n *yaml.Node, path string) {
		const want = `16 hexadecimal digits such as "0000000000000001"`
		if !d.scalar(n, path, want, "!!str", "!!int", "!!float") {
			return
		}
		id, err := strconv.ParseUint(n.Value, 16, 64)
		if err != nil || len(n.Value) != 16 || id == 0 {
			d.fail(n, "%s %q: use %s, not all zero", lastStep(path), n.Value, want)
			return
		}
		*to = id
	}
}

func (d *decoder) protocols(to *config.Protocols) decode {
	names := config.AllProtocols.Names()
	each := d.list(func(n *yaml.Node, path string) {
		if !d.scalar(n, path, "the name of a version", "!!str") {
			return
		}
		version, found := config.ProtocolNamed(n.Value)
		if !found {
			d.fail(n, "protocols: unknown version %q: use %s", n.Value, strings.Join(names, ", "))
		}
		*to |= version
	})
	return func(n *yaml.Node, path string) {
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			d.fail(n, "protocols is empty: use some of %s, or leave the key out for all", strings.Join(names, ", "))
		}
		each(n, path)
	}
}

// flowsFile reads the file at once, so that a reload sees whether it changed.
func (d *decoder) flowsFile(b *config.Bridge) decode {
	return func(n *yaml.Node, path string) {
		if text(d, &b.FlowsFile)(n, path); b.FlowsFile == "" {
			return
		}
		flows, err := d.source.ReadFile(b.FlowsFile)
		if err != nil {
			d.fail(n, "flows_file: %v", err)
			return
		}
		b.Flows = string(flows)
	}
}

func (d *decoder) addresses(to *[]netip.Prefix) decode {
	return d.list(appended(to, func(to *netip.Prefix) decode { return parsed(d, to, parseAddress) }))
}

func parseAddress(s string) (netip.Prefix, error) {
	a, err := netip.ParsePrefix(s)
	if err != nil {
		return a, fmt.Errorf("%q is not an address with its length: use for instance 10.0.0.1/24 or fd00::1/64", s)
	}
	return a, nil
}

func (d *decoder) mac(to *config.MAC) decode {
	return parsed(d, to, func(s string) (config.MAC, error) {
		m, err := config.ParseMAC(s)
		if err == nil && m == (config.MAC{}) {
			err = fmt.Errorf("%s is the address of nobody: leave the key out to let the switch choose", m)
		}
		return m, err
	})
}

func (d *decoder) tag(v *config.VLAN) decode {
	return func(n *yaml.Node, path string) {
		d.vlan(&v.Tag)(n, path)
		v.HasTag = true
	}
}

func (d *decoder) vlan(to *uint16) decode {
	return func(n *yaml.Node, path string) {
		if !d.scalar(n, path, "the number of a VLAN", "!!int") {
			return
		}
		v, isDecimal := decimal(n.Value)
		if !isDecimal || v > config.MaxVLAN {
			d.fail(n, "%s %s: use 0 to %d", lastStep(path), n.Value, config.MaxVLAN)
			return
		}
		*to = uint16(v)
	}
}

func (d *decoder) trunks(to *config.VLANSet) decode {
	return d.list(func(n *yaml.Node, path string) {
		if !d.scalar(n, path, "a VLAN or a range such as 20-29", "!!int", "!!str") {
			return
		}
		if err := to.AddText(n.Value); err != nil {
			d.fail(n, "trunks: %v", err)
		}
	})
}
