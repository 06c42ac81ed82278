package ofproto

import "vswitch/openflow"

// The bridge has no groups and no meters yet: its tables for them have no room.
// Whoever asks is told so in the way of OpenFlow 1.3.5 §6.5, which controllers
// that clear a switch first, and ask for what there is, can live with.

// groupMod refuses every group; deleting those that do not exist is no error.
func (b *Bridge) groupMod(m *openflow.GroupMod) error {
	switch m.Command {
	case openflow.GroupDelete:
		return nil
	case openflow.GroupAdd, openflow.GroupAddOrModify:
		return openflow.NewError(openflow.ErrGroupModOutOfGroups, "the switch has no groups yet")
	case openflow.GroupModify, openflow.GroupInsertBucket, openflow.GroupRemoveBucket:
		return openflow.NewError(openflow.ErrGroupModUnknownGroup, "there is no group %d", m.Group)
	}
	return openflow.NewError(openflow.ErrGroupModBadCommand, "command %d", m.Command)
}

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

// emptyReply answers requests about groups and meters; false for other requests.
func emptyReply(m openflow.Message) (openflow.Message, bool) {
	switch m := m.(type) {
	case *openflow.GroupStatsRequest:
		return &openflow.GroupStatsReply{Nicira: m.Nicira}, true
	case *openflow.GroupDescRequest:
		return &openflow.GroupDescReply{Nicira: m.Nicira}, true
	case *openflow.GroupFeaturesRequest:
		return &openflow.GroupFeaturesReply{Nicira: m.Nicira}, true
	case *openflow.MeterStatsRequest:
		return &openflow.MeterStatsReply{}, true
	case *openflow.MeterConfigRequest:
		return &openflow.MeterConfigReply{}, true
	case *openflow.MeterFeaturesRequest:
		return &openflow.MeterFeaturesReply{}, true
	}
	return nil, false
}
