package config

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func prefixes(list ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// TestValidate spoils a right configuration in one place at a time and wants the
// problems listed, each as "path: message".
func TestValidate(t *testing.T) {
	h1 := func(c *Config) *Port { return &c.Bridges[0].Ports[0] }
	br0 := func(c *Config) *Bridge { return &c.Bridges[0] }
	for _, c := range []struct {
		name string
		edit func(c *Config)
		want []string
	}{
		{"right", func(c *Config) {}, nil},
		{"relative rundir", func(c *Config) { c.RunDir, c.StateDir = "run", "/s" }, []string{`rundir: rundir "run": not an absolute path: start it with /`}},
		{"log level", func(c *Config) { c.Log.Level = "loud" }, []string{`log.level: level "loud": unknown: use debug, info, warn, error`}},
		{"metrics", func(c *Config) { c.Metrics.Listen = "9475" }, []string{`metrics.listen: listen "9475": not HOST:PORT: use for instance "127.0.0.1:9475"`}},
		{"metrics with a name", func(c *Config) { c.Metrics.Listen = "localhost:9475" }, nil},
		{"metrics on IPv6", func(c *Config) { c.Metrics.Listen = "[::1]:9475" }, nil},
		{"metrics on bare IPv6", func(c *Config) { c.Metrics.Listen = "::1:9475" }, []string{`metrics.listen: listen "::1:9475": not HOST:PORT: use for instance "127.0.0.1:9475"`}},
		{"workers", func(c *Config) { c.Datapath.Workers = -1 }, []string{"datapath.workers: workers -1: out of range: use 0 to 256"}},
		{"budget", func(c *Config) { c.Datapath.Budget = 0 }, []string{"datapath.budget: budget 0: out of range: use 1 to 64"}},
		{"bridge without a name", func(c *Config) { c.Bridges[1].Name = "" }, []string{"bridges[1].name: bridge number 2: name: not given: use letters, digits and . _ - @ +"}},
		{"two bridges of a name", func(c *Config) { c.Bridges[1].Name = "br0" }, []string{`bridges[1].name: bridge br0: name "br0": already the name of bridge br0: use another name`}},
		{"socket path", func(c *Config) { c.RunDir = "/" + strings.Repeat("r", 98) },
			[]string{`bridges[0].name: bridge br0: name "br0": its socket /` + strings.Repeat("r", 98) + `/br0.mgmt has a path of more than 107 bytes: use a shorter rundir or name`,
				`bridges[1].name: bridge br1: name "br1": its socket /` + strings.Repeat("r", 98) + `/br1.mgmt has a path of more than 107 bytes: use a shorter rundir or name`}},
		{"fail mode", func(c *Config) { br0(c).FailMode = "open" }, []string{`bridges[0].fail_mode: bridge br0: fail_mode "open": unknown: use standalone, secure`}},
		{"protocols", func(c *Config) { br0(c).Protocols = 1 }, []string{`bridges[0].protocols: bridge br0: protocols: no version that exists: use OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15`}},
		{"packet-ins", func(c *Config) {
			b := NewController(Endpoint{Scheme: TCP, Host: "127.0.0.1", Port: 1})
			b.BurstLimit, b.QueueSize = 5, 0
			br0(c).Controllers = append(br0(c).Controllers, b)
		}, []string{"bridges[0].controllers[0].queue_size: bridge br0: queue_size 0: out of range: use 1 to 1000000",
			"bridges[0].controllers[0].burst_limit: bridge br0: burst_limit 5: there is no rate to be above: give a rate_limit too"}},
		{"coalesce", func(c *Config) { c.Datapath.Coalesce = Coalesce{Usecs: 10_001, Frames: 1025} }, []string{
			"datapath.coalesce.usecs: usecs 10001: out of range: use 0 to 10000", "datapath.coalesce.frames: frames 1025: out of range: use 0 to 1024"}},
		{"frames without a time", func(c *Config) { c.Datapath.Coalesce = Coalesce{Frames: 32} }, []string{
			"datapath.coalesce.frames: frames 32: there is no time in which they could gather: give usecs too"}},
		{"spin", func(c *Config) { c.Datapath.Spin = 2 * time.Second }, []string{"datapath.spin: spin 2s: out of range: use 0s to 1s"}},
		{"aging", func(c *Config) { br0(c).MACAging = time.Millisecond }, []string{"bridges[0].mac_aging: bridge br0: mac_aging 1ms: out of range: use whole seconds from 1s to 24h"}},
		{"MAC table", func(c *Config) { br0(c).MACTableSize = 0 }, []string{"bridges[0].mac_table_size: bridge br0: mac_table_size 0: out of range: use 1 to 1048576"}},
		{"MTU without a device", func(c *Config) { br0(c).MTU = 9000 }, []string{"bridges[0].local: bridge br0: local: the bridge has no device that mac or mtu could be for: set local: true or an address"}},
		{"datapath identifiers", func(c *Config) { br0(c).DatapathID, c.Bridges[1].DatapathID = 7, 7 }, []string{`bridges[1].datapath_id: bridge br1: datapath_id "0000000000000007": already that of bridge br0: use another`}},
		{"controller twice", func(c *Config) {
			e := NewController(Endpoint{Scheme: Unix, Path: "/c"})
			br0(c).Controllers = []Controller{e, e}
		}, []string{`bridges[0].controllers[1]: bridge br0: controllers "unix:/c": given twice: remove one`}},
		{"controller's back-off", func(c *Config) {
			br0(c).Controllers = []Controller{{Target: Endpoint{Scheme: Unix, Path: "/c"}, QueueSize: 1}}
		}, []string{"bridges[0].controllers[0].max_backoff: bridge br0: max_backoff 0s: out of range: use 1s to 1h"}},
		{"passive controller", func(c *Config) {
			br0(c).Controllers = []Controller{NewController(Endpoint{Scheme: PassiveUnix, Path: "/c"})}
		}, []string{`bridges[0].controllers[0]: bridge br0: controllers "punix:/c": not an address to connect to: use tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:PATH`}},
		{"listener of two bridges", func(c *Config) {
			br0(c).Listen = []Endpoint{{Scheme: PassiveTCP, Port: 1}}
			c.Bridges[1].Listen = br0(c).Listen
		}, []string{`bridges[1].listen[0]: bridge br1: listen "ptcp:1": bridge br0 listens there: use another port or path`}},
		{"static MACs", func(c *Config) {
			br0(c).StaticMACs = []StaticMAC{{MAC{2}, 5, "h1"}, {MAC{2}, 6, "br0"}, {MAC{2}, 5, "h2"}, {MAC{1}, 4096, "hx"}, {}}
		}, []string{
			"bridges[0].static_macs[2].mac: bridge br0: mac 02:00:00:00:00:00: given twice for VLAN 5: remove one",
			"bridges[0].static_macs[3].mac: bridge br0: mac 01:00:00:00:00:00: a group address: use one whose first byte is even",
			"bridges[0].static_macs[3].vlan: bridge br0: vlan 4096: out of range: use 0 to 4095",
			`bridges[0].static_macs[3].port: bridge br0: port "hx": no port of this bridge: use the name of a port, or br0 for LOCAL`,
			"bridges[0].static_macs[4].mac: bridge br0: mac: not given: use a unicast address",
			"bridges[0].static_macs[4].port: bridge br0: port: no port of this bridge: use the name of a port, or br0 for LOCAL",
		}},
		{"tables", func(c *Config) {
			br0(c).Tables = []Table{{Table: 3, Name: "acl", Limit: 10, Overflow: OverflowEvict}, {Table: 3, Name: "acl", Limit: -1, Overflow: "drop"}, {Table: 255, Name: "7", Overflow: OverflowRefuse}}
		}, []string{
			"bridges[0].tables[1].table: bridge br0: table 3: given twice: remove one",
			`bridges[0].tables[1].name: bridge br0: name "acl": the name of another table: use another name`,
			"bridges[0].tables[1].limit: bridge br0: limit -1: out of range: use 1 to 1000000",
			`bridges[0].tables[1].overflow: bridge br0: overflow "drop": unknown: use refuse, evict`,
			"bridges[0].tables[2].table: bridge br0: table 255: out of range: use 0 to 254",
			`bridges[0].tables[2].name: bridge br0: name "7": looks like a table's number: use a letter in it`,
		}},
		{"type", func(c *Config) { h1(c).Type = "tun" }, []string{`bridges[0].ports[0].type: port h1: type "tun": unknown: use tap, system, afxdp, internal, patch, dummy, pcap`}},
		{"no type", func(c *Config) { h1(c).Type = "" }, []string{"bridges[0].ports[0].type: port h1: type: not given: use tap, system, afxdp, internal, patch, dummy, pcap"}},
		{"name of another bridge's port", func(c *Config) { c.Bridges[1].Ports = []Port{{Name: "h1", Type: Dummy}} }, []string{`bridges[1].ports[0].name: port h1: name "h1": already the name of port h1 of bridge br0: use another name`}},
		{"name of the bridge", func(c *Config) { h1(c).Name = "br0" }, []string{`bridges[0].ports[0].name: port br0: name "br0": already the name of bridge br0: use another name`}},
		{"reserved name", func(c *Config) { h1(c).Name = "LOCAL" }, []string{`bridges[0].ports[0].name: port LOCAL: name "LOCAL": means something else in flows: use another name`}},
		{"number as a name", func(c *Config) { h1(c).Name = "17" }, []string{`bridges[0].ports[0].name: port 17: name "17": looks like a port number: use a letter in it`}},
		{"name with a comma", func(c *Config) { h1(c).Name = "a,b" }, []string{`bridges[0].ports[0].name: port a,b: name "a,b": not a plain name: use letters, digits and . _ - @ +, with a letter, digit or _ first`}},
		{"long name", func(c *Config) { h1(c).Name = "a234567890123456" }, []string{`bridges[0].ports[0].name: port a234567890123456: name "a234567890123456": too long for its device: use at most 15 bytes, or give the device a name of its own with ifname`}},
		{"long name and a device's own", func(c *Config) { h1(c).Name, h1(c).IfName = "a234567890123456", "a" }, nil},
		{"same device", func(c *Config) { c.Bridges[0].Ports[1] = Port{Name: "x", Type: System, Netns: "h1", IfName: "h1"} },
			[]string{`bridges[0].ports[1].ifname: port x: ifname "h1": this device in namespace h1 already belongs to port h1: use another device`}},
		{"number twice", func(c *Config) { h1(c).OFPort, c.Bridges[0].Ports[1].OFPort = 3, 3 }, []string{"bridges[0].ports[1].ofport: port h2: ofport 3: already the number of port h1: use another number"}},
		{"number reserved", func(c *Config) { h1(c).OFPort = 0xff00 }, []string{"bridges[0].ports[0].ofport: port h1: ofport 65280: out of range: use 1 to 65279"}},
		{"foreign setting", func(c *Config) { h1(c).Peer = "x" }, []string{"bridges[0].ports[0].peer: port h1: peer: a port of type tap has no such thing: it can have name, type, ofport, tag, trunks, vlan_mode, ifname, netns, mac, mtu, queues, address, io, gro, coalesce, affinity"}},
		{"I/O", func(c *Config) { h1(c).IO, c.Datapath.IO = "epoll", "dpdk" },
			[]string{`datapath.io: io "dpdk": unknown: use auto, syscall, uring`, `bridges[0].ports[0].io: port h1: io "epoll": unknown: use auto, syscall, uring`}},
		{"affinity", func(c *Config) {
			c.Datapath.Workers = 2
			h1(c).Queues, h1(c).Affinity = 3, []int{1, 2}
		}, []string{"bridges[0].ports[0].affinity: port h1: affinity \"[1 2]\": not one worker for each queue: name 3",
			"bridges[0].ports[0].affinity[1]: port h1: affinity 2: no such worker: use 0 to 1, or set datapath.workers"}},
		{"affinity beyond what can be", func(c *Config) { h1(c).Affinity = []int{256} }, []string{
			"bridges[0].ports[0].affinity[0]: port h1: affinity 256: no such worker: use 0 to 255, or set datapath.workers"}},
		{"rebalance", func(c *Config) { c.Datapath.Rebalance = time.Millisecond }, []string{"datapath.rebalance: rebalance 1ms: out of range: use 1s to 1h, or 0s for never"}},
		{"GRO", func(c *Config) { h1(c).GRO = "udp" }, []string{`bridges[0].ports[0].gro: port h1: gro "udp": unknown: use none, tcp, all`}},
		{"XDP mode", func(c *Config) {
			h1(c).Type, h1(c).Address, h1(c).MAC, h1(c).IO, h1(c).XDPMode = AFXDP, nil, MAC{}, "", "offload"
		}, []string{`bridges[0].ports[0].xdp_mode: port h1: xdp_mode "offload": unknown: use auto, native, generic`}},
		{"XDP mode of a TAP", func(c *Config) { h1(c).XDPMode = XDPNative },
			[]string{`bridges[0].ports[0].xdp_mode: port h1: xdp_mode: a port of type tap has no such thing: it can have name, type, ofport, tag, trunks, vlan_mode, ifname, netns, mac, mtu, queues, address, io, gro, coalesce, affinity`}},
		{"MTU", func(c *Config) { h1(c).MTU = 65522 }, []string{"bridges[0].ports[0].mtu: port h1: mtu 65522: out of range: use 68 to 65521"}},
		{"MTU for IPv6", func(c *Config) { h1(c).MTU, h1(c).Address = 1000, prefixes("fd00::1/64") }, []string{"bridges[0].ports[0].mtu: port h1: mtu 1000: too small for the port's IPv6 address (RFC 8200 §5): use at least 1280"}},
		{"addresses", func(c *Config) { h1(c).Address = prefixes("224.0.0.1/4", "10.0.0.1/8", "10.0.0.1/8") },
			[]string{"bridges[0].ports[0].address[0]: port h1: address 224.0.0.1/4: not an address of a host: use a unicast address",
				"bridges[0].ports[0].address[2]: port h1: address 10.0.0.1/8: given twice: remove one"}},
		{"queues", func(c *Config) { h1(c).Queues = 257 }, []string{"bridges[0].ports[0].queues: port h1: queues 257: out of range: use 1 to 256"}},
		{"namespace", func(c *Config) { h1(c).Netns = "../x" }, []string{`bridges[0].ports[0].netns: port h1: netns "../x": not the name of a namespace: use a name as ip netns lists it`}},
		{"group MAC", func(c *Config) { h1(c).MAC = MAC{1} }, []string{"bridges[0].ports[0].mac: port h1: mac 01:00:00:00:00:00: a group address: use one whose first byte is even"}},
		{"tag and trunks", func(c *Config) { h1(c).VLAN.HasTag = true; h1(c).VLAN.Trunks.Add(7) }, []string{`bridges[0].ports[0].trunks: port h1: trunks "7": an access port carries only its tag: use vlan_mode: native-untagged or native-tagged for both`}},
		{"trunk with a tag", func(c *Config) { h1(c).VLAN = VLAN{Mode: VLANTrunk, HasTag: true} }, []string{"bridges[0].ports[0].tag: port h1: tag 0: a trunk has none: use vlan_mode: native-untagged or native-tagged for both"}},
		{"native without a tag", func(c *Config) { h1(c).VLAN.Mode = VLANNativeTagged }, []string{"bridges[0].ports[0].tag: port h1: tag: a port with vlan_mode native-tagged needs one: use the number of its native VLAN"}},
		{"access without a tag", func(c *Config) { h1(c).VLAN.Mode = VLANAccess }, []string{"bridges[0].ports[0].tag: port h1: tag: an access port needs one: use the number of its VLAN"}},
		{"patch without a peer", func(c *Config) { *h1(c) = Port{Name: "p", Type: Patch} }, []string{"bridges[0].ports[0].peer: port p: peer: a patch port needs one: use the name of the patch port at the other end"}},
		{"patch to nothing", func(c *Config) { *h1(c) = Port{Name: "p", Type: Patch, Peer: "q"} }, []string{`bridges[0].ports[0].peer: port p: peer "q": no such port: use the name of a patch port`}},
		{"patch to itself", func(c *Config) { *h1(c) = Port{Name: "p", Type: Patch, Peer: "p"} }, []string{`bridges[0].ports[0].peer: port p: peer "p": the port itself: use another patch port`}},
		{"patch to a TAP", func(c *Config) { *h1(c) = Port{Name: "p", Type: Patch, Peer: "h2"} }, []string{`bridges[0].ports[0].peer: port p: peer "h2": its type is tap: use the name of a patch port`}},
		{"patch of three", func(c *Config) {
			c.Bridges[1].Ports = []Port{{Name: "p", Type: Patch, Peer: "q"}, {Name: "q", Type: Patch, Peer: "p"}, {Name: "r", Type: Patch, Peer: "p"}}
		}, []string{`bridges[1].ports[2].peer: port r: peer "p": its own peer is "q": let both name each other`}},
		{"pcap without files", func(c *Config) { *h1(c) = Port{Name: "p", Type: Pcap} }, []string{"bridges[0].ports[0].file: port p: file: not given, and record neither: use one or both: file is replayed, record is written"}},
		{"pcap onto itself", func(c *Config) { *h1(c) = Port{Name: "p", Type: Pcap, File: "a", Record: "a"} }, []string{`bridges[0].ports[0].record: port p: record "a": the same as file: use another file`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := pair()
			c.edit(&config)
			err := Validate(config.Complete())
			var problems Problems
			if err != nil && !errors.As(err, &problems) {
				t.Fatalf("the error is %T", err)
			}
			var got []string
			for _, p := range problems {
				got = append(got, p.Path+": "+p.Error())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("problems\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}
