package ofproto

import "vswitch/openflow"

// The bridge has no meters yet: its table for them has no room. Whoever asks is told so in the way of OpenFlow 1.3.5 §6.5, which controllers
// that clear a switch first, and ask for what there is, can live with.

// meterMod refuses every meter; deleting those that do not exist is no error.
func (b *Bridge) meterMod(m *openflow.MeterMod) error {
	switch m.Command {
	case openflow.MeterDelete:
		return nil
	case openflow.MeterAdd:
		return openflow.NewError(openflow.ErrMeterModOutOfMeters, "the switch has no meters yet")
	case openflow.MeterModify:
		return openflow.NewError(openflow.ErrMeterModUnknownMeter, "there is no meter %d", m.Meter)
	}
	return openflow.NewError(openflow.ErrMeterModBadCommand, "command %d", m.Command)
}

// emptyReply answers requests about meters; false for other requests.
func emptyReply(m openflow.Message) (openflow.Message, bool) {
	switch m.(type) {
	case *openflow.MeterStatsRequest:
		return &openflow.MeterStatsReply{}, true
	case *openflow.MeterConfigRequest:
		return &openflow.MeterConfigReply{}, true
	case *openflow.MeterFeaturesRequest:
		return &openflow.MeterFeaturesReply{}, true
	}
	return nil, false
}
