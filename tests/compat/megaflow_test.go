package compat

import (
	"path/filepath"
	"strings"
	"testing"

	"vswitch/flow"
)

// TestMegaflowBeside has Open vSwitch read megaflows as we write them, and write them
// itself.
func TestMegaflowBeside(t *testing.T) {
	o := startOVS(t)
	appctl := func(words ...string) string {
		t.Helper()
		return o.tool("ovs-appctl", append([]string{"--timeout=20", "-t", filepath.Join(o.dir, "vswitchd.ctl")}, words...)...)
	}
	// Its revalidators remove what did not come from its tables; they are to look seldom.
	o.vsctl("set", "open", ".", "other-config:max-revalidator=600000", "other-config:max-idle=600000", "other-config:vlan-limit=2")
	const all, all32 = ^uint16(0), ^uint32(0)
	ones := flow.MAC{255, 255, 255, 255, 255, 255}
	for _, c := range []struct {
		name string
		edit func(k, m *flow.Base)
	}{
		{"another type", func(k, m *flow.Base) { k.EthType = 0x1234 }},
		{"part of an address", func(k, m *flow.Base) { k.EthType, m.EthSrc = 0x1234, flow.MAC{255, 255, 255} }},
		{"IPv4", func(k, m *flow.Base) {
			k.IPSrc, k.IPDst, k.IPTOS, k.IPTTL, k.IPProto = 0x0a000001, 0xc0a80105, 0x28, 64, 47
			m.IPSrc, m.IPDst, m.IPTOS, m.IPTTL, m.IPProto, m.IPFrag = all32, 0xffff0000, 0xfc, 255, 255, 3
		}},
		{"TCP", func(k, m *flow.Base) {
			k.IPProto, k.TPSrc, k.TPDst, k.TCPFlags = 6, 4000, 80, 0x12
			m.IPProto, m.IPFrag, m.TPSrc, m.TPDst, m.TCPFlags = 255, 3, 0xfff0, all, 0x12
		}},
		{"a first fragment of UDP", func(k, m *flow.Base) {
			k.IPProto, k.IPFrag, k.TPSrc, k.TPDst = 17, flow.FragAny, 1, 2
			m.IPProto, m.IPFrag, m.TPSrc, m.TPDst = 255, 3, all, all
		}},
		{"a later fragment", func(k, m *flow.Base) {
			k.IPProto, k.IPFrag = 17, flow.FragAny|flow.FragLater
			m.IPProto, m.IPFrag = 255, 3
		}},
		{"ICMP", func(k, m *flow.Base) {
			k.IPProto, k.TPSrc, m.IPProto, m.IPFrag, m.TPSrc, m.TPDst = 1, 8, 255, 3, all, all
		}},
		{"a type of ICMP", func(k, m *flow.Base) {
			k.IPProto, k.TPSrc, m.IPProto, m.IPFrag, m.TPSrc = 1, 8, 255, 3, 255
		}},
		{"IPv6 and a neighbour", func(k, m *flow.Base) {
			k.EthType, k.IPv6Src, k.IPv6Label, k.IPTTL, k.IPProto, k.TPSrc, k.NDTarget, k.ARPSHA = 0x86dd, flow.IPv6{0xfd, 15: 1}, 5, 255, 58, 135, flow.IPv6{0xfd, 15: 9}, flow.MAC{2, 5: 1}
			m.IPv6Src, m.IPv6Label, m.IPTOS, m.IPTTL, m.IPProto, m.IPFrag, m.TPSrc, m.TPDst, m.ARPSHA = flow.IPv6{255, 255}, 0xff, 0xfc, 255, 255, 3, all, all, ones
			for i := range m.NDTarget {
				m.NDTarget[i] = 255
			}
		}},
		{"ARP", func(k, m *flow.Base) {
			k.EthType, k.ARPOp, k.IPSrc, k.ARPSHA, k.ARPTHA = 0x806, 2, 0x0a000001, flow.MAC{2, 5: 1}, flow.MAC{2, 5: 2}
			m.ARPOp, m.IPSrc, m.IPDst, m.ARPSHA, m.ARPTHA = all, all32, 0xff000000, ones, flow.MAC{255}
		}},
		{"a tag", func(k, m *flow.Base) {
			k.VLAN[0], m.VLAN[0], m.IPFrag = flow.VLANTag{TPID: 0x8100, TCI: 0x100a}, flow.VLANTag{TPID: all, TCI: 0x1fff}, 3
		}},
		{"two tags", func(k, m *flow.Base) {
			k.VLAN = [2]flow.VLANTag{{TPID: 0x88a8, TCI: 0x700a}, {TPID: 0x8100, TCI: 0x1014}}
			m.VLAN, m.IPFrag = [2]flow.VLANTag{{TPID: all, TCI: all}, {TPID: all, TCI: all}}, 3
		}},
		{"a label", func(k, m *flow.Base) { k.EthType, k.MPLS[0], m.MPLS[0] = 0x8847, 100<<12|5<<9|1<<8|64, 0xfffff1ff }},
		{"recirculated", func(k, m *flow.Base) {
			k.RecircID, k.DPHash, k.PktMark, m.DPHash, m.PktMark, m.IPFrag = 0x1f, 5, 7, 255, all32, 3
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := flow.Key{Base: flow.Base{InPort: 1, EthSrc: flow.MAC{2, 5: 1}, EthDst: flow.MAC{2, 5: 2}, EthType: 0x800}}
			m := flow.Key{Base: flow.Base{InPort: all32, RecircID: all32, PacketType: all32, EthSrc: ones, EthDst: ones, EthType: all}}
			c.edit(&k.Base, &m.Base)
			ours := string(flow.AppendMegaflow(nil, &k, &m, ""))
			theirs := ""
			await(t, "a flow that no revalidator has removed meanwhile", func() bool {
				appctl("dpctl/del-flows", "dummy@ovs-dummy")
				appctl("dpctl/add-flow", "dummy@ovs-dummy", ours, "2")
				theirs = appctl("dpctl/dump-flows", "dummy@ovs-dummy")
				return strings.Contains(theirs, ", packets:")
			})
			if !strings.Contains(theirs, "\n"+ours+", packets:0,") {
				t.Errorf("ours\n%s\ntheirs\n%s", ours, theirs)
			}
		})
	}
}
