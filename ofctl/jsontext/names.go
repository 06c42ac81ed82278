package jsontext

import (
	"fmt"
	"reflect"

	"vswitch/openflow"
)

// flagNames are the names of the bits of flag types, the lowest bit first, "" for
// a bit without.
var flagNames = map[reflect.Type][]string{
	reflect.TypeFor[openflow.PortConfig](): {"down", "no_stp", "no_recv", "no_recv_stp", "no_flood", "no_fwd", "no_packet_in"},
	reflect.TypeFor[openflow.PortState]():  {"link_down", "blocked", "live"},
	reflect.TypeFor[openflow.PortFeatures](): {"10mb_hd", "10mb_fd", "100mb_hd", "100mb_fd", "1gb_hd", "1gb_fd", "10gb_fd",
		"40gb_fd", "100gb_fd", "1tb_fd", "other", "copper", "fiber", "autoneg", "pause", "pause_asym"},
	reflect.TypeFor[openflow.Capabilities](): {0: "flow_stats", 1: "table_stats", 2: "port_stats", 3: "group_stats",
		5: "ip_reassembly", 6: "queue_stats", 7: "arp_match_ip", 8: "port_blocked", 9: "bundles", 10: "flow_monitoring", 31: "stp"},
	reflect.TypeFor[openflow.FlowFlags](): {0: "send_flow_rem", 1: "check_overlap", 2: "reset_counts", 3: "no_packet_counts",
		4: "no_byte_counts", 15: "emergency"},
	reflect.TypeFor[openflow.MeterFlags]():     {"kbps", "pktps", "burst", "stats"},
	reflect.TypeFor[openflow.BundleFlags]():    {"atomic", "ordered", "time"},
	reflect.TypeFor[openflow.MonitorFlags]():   {"initial", "add", "delete", "modify", "actions", "own", "only_own"},
	reflect.TypeFor[openflow.InstructionSet](): {1: "goto_table", 2: "write_metadata", 3: "write_actions", 4: "apply_actions", 5: "clear_actions", 6: "meter"},
}

// enumNames are the names of the values of enumerated types.
var enumNames = map[reflect.Type][]string{
	reflect.TypeFor[openflow.FlowModCommand]():    {"add", "modify", "modify_strict", "delete", "delete_strict"},
	reflect.TypeFor[openflow.RemovedReason]():     {"idle_timeout", "hard_timeout", "delete", "group_delete", "meter_delete", "eviction"},
	reflect.TypeFor[openflow.PacketInReason]():    {"no_match", "action", "invalid_ttl", "action_set", "group", "packet_out", "explicit_miss", "implicit_miss"},
	reflect.TypeFor[openflow.PacketInFormat]():    {"standard", "nxt_packet_in", "nxt_packet_in2"},
	reflect.TypeFor[openflow.PortReason]():        {"add", "delete", "modify"},
	reflect.TypeFor[openflow.GroupType]():         {"all", "select", "indirect", "ff"},
	reflect.TypeFor[openflow.MeterBandType]():     {1: "drop", 2: "dscp_remark"},
	reflect.TypeFor[openflow.Role]():              {"nochange", "equal", "primary", "secondary"},
	reflect.TypeFor[openflow.RoleReason]():        {"primary_request", "config", "experimenter"},
	reflect.TypeFor[openflow.FlowEvent]():         {"initial", "added", "removed", "modified", "abbreviated", "paused", "resumed"},
	reflect.TypeFor[openflow.FragHandling]():      {"normal", "drop", "reassemble", "nx_match"},
	reflect.TypeFor[openflow.TableMiss]():         {"default", "controller", "continue", "drop"},
	reflect.TypeFor[openflow.Tristate]():          {"unset", "off", "on"},
	reflect.TypeFor[openflow.TableCommand]():      {"replace", "modify", "enable", "disable"},
	reflect.TypeFor[openflow.BundleControlType](): {"open_request", "open_reply", "close_request", "close_reply", "commit_request", "commit_reply", "discard_request", "discard_reply"},
	reflect.TypeFor[openflow.MonitorCommand]():    {"add", "modify", "delete"},
	reflect.TypeFor[openflow.FlowFormat]():        {0: "openflow10", 2: "nxm"},
	reflect.TypeFor[openflow.TLVTableCommand]():   {"add", "delete", "clear"},
	reflect.TypeFor[openflow.MeterModCommand]():   {"add", "modify", "delete"},
	reflect.TypeFor[openflow.GroupModCommand]():   {0: "add", 1: "modify", 2: "delete", 3: "insert_bucket", 5: "remove_bucket"},
}

// bitNames are the names of the bits that are set, those without a name as numbers.
func bitNames(bits uint64, names []string) []string {
	list := []string{}
	for i := range 64 {
		if bits>>i&1 == 0 {
			continue
		}
		if i < len(names) && names[i] != "" {
			list = append(list, names[i])
		} else {
			list = append(list, fmt.Sprintf("%#x", uint64(1)<<i))
		}
	}
	return list
}

// enumName is a value's name, or its number.
func enumName(n uint64, names []string) string {
	if n < uint64(len(names)) && names[n] != "" {
		return names[n]
	}
	return fmt.Sprint(n)
}

// actionNames are the names of the actions that sets of actions may have.
func actionNames(set openflow.ActionSet) []string {
	names := map[openflow.ActionKind]string{
		openflow.ActOutput: "output", openflow.ActEnqueue: "enqueue", openflow.ActGroup: "group", openflow.ActSetQueue: "set_queue",
		openflow.ActSetVLANVID: "set_vlan_vid", openflow.ActSetVLANPCP: "set_vlan_pcp", openflow.ActPushVLAN: "push_vlan", openflow.ActPopVLAN: "pop_vlan",
		openflow.ActSetEthSrc: "mod_dl_src", openflow.ActSetEthDst: "mod_dl_dst", openflow.ActSetIPSrc: "mod_nw_src", openflow.ActSetIPDst: "mod_nw_dst",
		openflow.ActSetIPDSCP: "mod_nw_tos", openflow.ActSetIPECN: "mod_nw_ecn", openflow.ActSetTPSrc: "mod_tp_src", openflow.ActSetTPDst: "mod_tp_dst",
		openflow.ActSetIPTTL: "mod_nw_ttl", openflow.ActDecTTL: "dec_ttl", openflow.ActCopyTTLOut: "copy_ttl_out", openflow.ActCopyTTLIn: "copy_ttl_in",
		openflow.ActSetMPLSLabel: "set_mpls_label", openflow.ActSetMPLSTC: "set_mpls_tc", openflow.ActSetMPLSTTL: "set_mpls_ttl", openflow.ActDecMPLSTTL: "dec_mpls_ttl",
		openflow.ActPushMPLS: "push_mpls", openflow.ActPopMPLS: "pop_mpls", openflow.ActPushPBB: "push_pbb", openflow.ActPopPBB: "pop_pbb",
		openflow.ActSetField: "set_field", openflow.ActMove: "copy_field", openflow.ActMeter: "meter", openflow.ActEncap: "encap", openflow.ActDecap: "decap",
	}
	list := []string{}
	for k := range openflow.ActionKind(64 * len(set)) {
		if !set.Has(k) {
			continue
		}
		if name := names[k]; name != "" {
			list = append(list, name)
		} else {
			list = append(list, fmt.Sprint(k))
		}
	}
	return list
}

// stpState is the name of a port's spanning tree state (OpenFlow 1.0), "" for
// listening, which is what other versions' zeros look like.
func stpState(s openflow.PortState) string {
	switch s & openflow.PortSTPMask {
	case openflow.PortSTPLearn:
		return "stp_learn"
	case openflow.PortSTPForward:
		return "stp_forward"
	case openflow.PortSTPBlock:
		return "stp_block"
	}
	return ""
}

// versionNames are the names of the versions of a set.
func versionNames(set openflow.VersionSet) []string {
	list := []string{}
	for _, v := range set.List() {
		list = append(list, v.String())
	}
	return list
}
