package text

import "vswitch/openflow"

// actionSetNames are the kinds of actions in the order, and with the names, that
// sets of actions are written with.
var actionSetNames = [...]struct {
	kind openflow.ActionKind
	name string
}{
	{openflow.ActOutput, "output"}, {openflow.ActGroup, "group"}, {openflow.ActController, "controller"}, {openflow.ActEnqueue, "enqueue"},
	{openflow.ActOutputReg, "output_reg"}, {openflow.ActBundle, "bundle"}, {openflow.ActSetField, "set_field"},
	{openflow.ActSetVLANVID, "set_vlan_vid"}, {openflow.ActSetVLANPCP, "set_vlan_pcp"}, {openflow.ActPopVLAN, "strip_vlan"}, {openflow.ActPushVLAN, "push_vlan"},
	{openflow.ActSetEthSrc, "mod_dl_src"}, {openflow.ActSetEthDst, "mod_dl_dst"}, {openflow.ActSetIPSrc, "mod_nw_src"}, {openflow.ActSetIPDst, "mod_nw_dst"},
	{openflow.ActSetIPDSCP, "mod_nw_tos"}, {openflow.ActSetIPECN, "mod_nw_ecn"}, {openflow.ActSetIPTTL, "mod_nw_ttl"},
	{openflow.ActSetTPSrc, "mod_tp_src"}, {openflow.ActSetTPDst, "mod_tp_dst"}, {openflow.ActMove, "move"},
	{openflow.ActStackPush, "push"}, {openflow.ActStackPop, "pop"}, {openflow.ActDecTTL, "dec_ttl"},
	{openflow.ActSetMPLSLabel, "set_mpls_label"}, {openflow.ActSetMPLSTC, "set_mpls_tc"}, {openflow.ActSetMPLSTTL, "set_mpls_ttl"}, {openflow.ActDecMPLSTTL, "dec_mpls_ttl"},
	{openflow.ActPushMPLS, "push_mpls"}, {openflow.ActPopMPLS, "pop_mpls"}, {openflow.ActDecNSHTTL, "dec_nsh_ttl"}, {openflow.ActDeleteField, "delete_field"},
	{openflow.ActSetTunnel, "set_tunnel"}, {openflow.ActSetQueue, "set_queue"}, {openflow.ActPopQueue, "pop_queue"}, {openflow.ActFinTimeout, "fin_timeout"},
	{openflow.ActResubmit, "resubmit"}, {openflow.ActLearn, "learn"}, {openflow.ActConjunction, "conjunction"}, {openflow.ActMultipath, "multipath"},
	{openflow.ActNote, "note"}, {openflow.ActExit, "exit"}, {openflow.ActSample, "sample"}, {openflow.ActCT, "ct"}, {openflow.ActCTClear, "ct_clear"},
	{openflow.ActNAT, "nat"}, {openflow.ActOutputTrunc, "output_trunc"}, {openflow.ActClone, "clone"}, {openflow.ActCheckPktLarger, "check_pkt_larger"},
	{openflow.ActEncap, "encap"}, {openflow.ActDecap, "decap"}, {openflow.ActDebugRecirc, "debug_recirc"}, {openflow.ActDebugSlow, "debug_slow"},
	{openflow.ActMeter, "meter"}, {openflow.ActClearActions, "clear_actions"}, {openflow.ActWriteActions, "write_actions"},
	{openflow.ActWriteMetadata, "write_metadata"}, {openflow.ActGotoTable, "goto_table"},
	// Open vSwitch does not have these.
	{openflow.ActCopyTTLOut, "copy_ttl_out"}, {openflow.ActCopyTTLIn, "copy_ttl_in"}, {openflow.ActPushPBB, "push_pbb"}, {openflow.ActPopPBB, "pop_pbb"},
}

// actionSet writes the names of kinds of actions.
func (w *printer) actionSet(s openflow.ActionSet) *printer {
	first := true
	for _, a := range actionSetNames {
		if !s.Has(a.kind) {
			continue
		}
		if !first {
			w.byte(' ')
		}
		first = false
		w.str(a.name)
	}
	return w
}
