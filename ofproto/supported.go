package ofproto

import "vswitch/openflow"

// checkSupported refuses actions that translation does not have, and what they
// name that the bridge does not have.
func (b *Bridge) checkSupported(actions []openflow.Action) error {
	for _, a := range actions {
		if err := b.checkAction(a); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bridge) checkAction(a openflow.Action) error {
	for s := range subfields(a) {
		if err := b.checkMapped(s); err != nil {
			return err
		}
	}
	switch a := a.(type) {
	case openflow.Output:
		return checkPortNumber(a.Port)
	case openflow.Enqueue:
		return checkPortNumber(a.Port)
	case openflow.Group:
		if b.groups.get(a.ID) == nil {
			return openflow.NewError(openflow.ErrActionBadOutGroup, "there is no group %d", a.ID)
		}
	case openflow.Meter:
		if b.meters.get(a.ID) == nil {
			return openflow.NewError(openflow.ErrMeterModInvalidMeter, "there is no meter %d", a.ID)
		}
	case openflow.Clone:
		return b.checkSupported(a.Actions)
	case openflow.WriteActions:
		return b.checkSupported(a.Actions)
	default:
		if !supported.Has(a.ActionKind()) {
			return openflow.NewError(openflow.ErrActionBadType, "the switch does not have the action %T", a)
		}
	}
	return nil
}

// supported are the kinds that do and doSimple have a case for.
var supported = func() (s openflow.ActionSet) {
	s.Add(openflow.ActOutput, openflow.ActOutputReg, openflow.ActOutputTrunc, openflow.ActController,
		openflow.ActEnqueue, openflow.ActGroup, openflow.ActMeter, openflow.ActPushVLAN, openflow.ActPopVLAN, openflow.ActPushMPLS, openflow.ActPopMPLS,
		openflow.ActSetField, openflow.ActMove, openflow.ActSetVLANVID, openflow.ActSetVLANPCP,
		openflow.ActSetEthSrc, openflow.ActSetEthDst, openflow.ActSetIPSrc, openflow.ActSetIPDst,
		openflow.ActSetIPDSCP, openflow.ActSetIPECN, openflow.ActSetIPTTL, openflow.ActSetTPSrc, openflow.ActSetTPDst,
		openflow.ActDecTTL, openflow.ActSetMPLSLabel, openflow.ActSetMPLSTC, openflow.ActSetMPLSTTL,
		openflow.ActDecMPLSTTL, openflow.ActSetTunnel, openflow.ActSetQueue, openflow.ActPopQueue,
		openflow.ActResubmit, openflow.ActClone, openflow.ActStackPush, openflow.ActStackPop, openflow.ActExit,
		openflow.ActNote, openflow.ActConjunction, openflow.ActMultipath, openflow.ActBundle, openflow.ActLearn, openflow.ActFinTimeout, openflow.ActCheckPktLarger,
		openflow.ActDeleteField, openflow.ActDebugSlow, openflow.ActSample, openflow.ActPushPBB, openflow.ActPopPBB, openflow.ActEncap, openflow.ActDecap,
		openflow.ActCopyTTLOut, openflow.ActCopyTTLIn, openflow.ActDecNSHTTL, openflow.ActCT, openflow.ActCTClear, openflow.ActDebugRecirc, openflow.ActClearActions, openflow.ActWriteActions,
		openflow.ActWriteMetadata, openflow.ActGotoTable)
	return s
}()

// checkPortNumber refuses ports that will never be: the switch gives out only
// numbers that OpenFlow 1.0 can name too (OFPBAC_BAD_OUT_PORT, OpenFlow 1.3.5
// §6.4).
func checkPortNumber(p openflow.PortNo) error {
	if _, ok := p.To16(); !ok {
		return openflow.NewError(openflow.ErrActionBadOutPort, "port %s: no port has a number beyond 65279", p)
	}
	return nil
}

// checkTold refuses actions of which no flow statistics could tell: the flow would be
// missing in every dump.
func checkTold(actions []openflow.Action) error {
	if openflow.ActionsFit(actions) {
		return nil
	}
	return openflow.NewError(openflow.ErrActionTooMany, "the actions take more than %d bytes in some version: flow statistics could not tell of them", openflow.MaxActionBytes)
}
