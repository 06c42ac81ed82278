package datapath

import (
	"fmt"
	"strings"
)

// opNames are the operations as String shows them.
var opNames = [...]string{
	OpOutput: "output", OpUserspace: "userspace", OpSet: "set", OpSetQueue: "set_queue", OpPushVLAN: "push_vlan",
	OpPopVLAN: "pop_vlan", OpPushMPLS: "push_mpls", OpPopMPLS: "pop_mpls", OpPushPBB: "push_pbb", OpPopPBB: "pop_pbb",
	OpPushEth: "push_eth", OpPopEth: "pop_eth", OpEncapMPLS: "encap_mpls", OpPushNSH: "push_nsh", OpPopNSH: "pop_nsh",
	OpCopyTTLOut: "copy_ttl_out", OpCopyTTLIn: "copy_ttl_in", OpSetEthType: "set_eth_type", OpSetIPProto: "set_ip_proto", OpCheckLen: "check_len",
	OpClone: "clone", OpTrunc: "trunc", OpHash: "hash", OpMeter: "meter", OpRecirc: "recirc", OpDrop: "drop",
}

// headerNames are the headers of a Set, by their bits.
var headerNames = [...]string{"eth", "vlan", "mpls", "ipv4", "ipv6", "arp", "ports", "icmp", "nd", "pbb", "mark", "nsh"}

// String is the action for people: "output(2)", "push_vlan(0x8100,vid=10,pcp=0)".
func (a Action) String() string {
	name := opNames[a.Op]
	switch a.Op {
	case OpSetIPProto:
		return fmt.Sprintf("%s(%d)", name, a.Short)
	case OpOutput, OpSetQueue, OpTrunc, OpHash, OpRecirc:
		return fmt.Sprintf("%s(%d)", name, a.Arg)
	case OpPushVLAN:
		return fmt.Sprintf("%s(%#x,vid=%d,pcp=%d)", name, a.Arg>>16, a.Arg&0xfff, a.Arg>>13&7)
	case OpPushMPLS, OpEncapMPLS:
		return fmt.Sprintf("%s(%#x,label=%d,tc=%d,ttl=%d)", name, a.Short, a.Arg>>12, a.Arg>>9&7, a.Arg&0xff)
	case OpPopMPLS, OpSetEthType:
		return fmt.Sprintf("%s(%#x)", name, a.Short)
	case OpCheckLen:
		return fmt.Sprintf("%s(%d,gt(%d),le(%d))", name, a.Short, a.Arg, a.X.Else)
	case OpPushNSH:
		n := &a.X.NSH.Fields
		return fmt.Sprintf("%s(md_type=%d,spi=%#x,si=%d)", name, n.MDType, n.SPI, n.SI)
	case OpDrop:
		return fmt.Sprintf("%s(%s)", name, a.Reason)
	case OpClone:
		var sub []string
		for _, s := range a.X.Sub {
			sub = append(sub, s.String())
		}
		return name + "(" + strings.Join(sub, ",") + ")"
	case OpSet:
		var headers []string
		for i, h := range headerNames {
			if a.X.Set.Headers>>i&1 != 0 {
				headers = append(headers, h)
			}
		}
		return name + "(" + strings.Join(headers, ",") + ")"
	}
	return name
}
