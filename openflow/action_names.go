package openflow

import "fmt"

// actionNames are the words that ovs-ofctl has for actions.
var actionNames = [numActionKinds]string{ //size:table
	ActOutput: "output", ActOutputReg: "output_reg", ActOutputTrunc: "output_trunc", ActController: "controller",
	ActEnqueue: "enqueue", ActBundle: "bundle", ActGroup: "group",
	ActPushVLAN: "push_vlan", ActPopVLAN: "pop_vlan", ActPushMPLS: "push_mpls", ActPopMPLS: "pop_mpls",
	ActPushPBB: "push_pbb", ActPopPBB: "pop_pbb", ActEncap: "encap", ActDecap: "decap",
	ActSetField: "set_field", ActMove: "move", ActSetVLANVID: "mod_vlan_vid", ActSetVLANPCP: "mod_vlan_pcp",
	ActSetEthSrc: "mod_dl_src", ActSetEthDst: "mod_dl_dst", ActSetIPSrc: "mod_nw_src", ActSetIPDst: "mod_nw_dst",
	ActSetIPDSCP: "mod_nw_tos", ActSetIPECN: "mod_nw_ecn", ActSetIPTTL: "mod_nw_ttl",
	ActSetTPSrc: "mod_tp_src", ActSetTPDst: "mod_tp_dst", ActDecTTL: "dec_ttl",
	ActCopyTTLOut: "copy_ttl_out", ActCopyTTLIn: "copy_ttl_in",
	ActSetMPLSLabel: "set_mpls_label", ActSetMPLSTC: "set_mpls_tc", ActSetMPLSTTL: "set_mpls_ttl",
	ActDecMPLSTTL: "dec_mpls_ttl", ActDecNSHTTL: "dec_nsh_ttl", ActCheckPktLarger: "check_pkt_larger",
	ActDeleteField: "delete_field", ActSetTunnel: "set_tunnel", ActSetQueue: "set_queue", ActPopQueue: "pop_queue",
	ActCT: "ct", ActNAT: "nat", ActCTClear: "ct_clear", ActLearn: "learn", ActFinTimeout: "fin_timeout",
	ActResubmit: "resubmit", ActClone: "clone", ActStackPush: "push", ActStackPop: "pop", ActExit: "exit",
	ActMultipath: "multipath", ActConjunction: "conjunction", ActNote: "note", ActSample: "sample",
	ActDebugRecirc: "debug_recirc", ActDebugSlow: "debug_slow",
	ActMeter: "meter", ActClearActions: "clear_actions", ActWriteActions: "write_actions",
	ActWriteMetadata: "write_metadata", ActGotoTable: "goto_table",
}

// String is the word that ovs-ofctl has for the action.
func (k ActionKind) String() string {
	if int(k) >= numActionKinds {
		return fmt.Sprintf("action kind %d", uint8(k))
	}
	return actionNames[k]
}
