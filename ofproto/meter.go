package ofproto

import (
	"errors"
	"slices"

	"vswitch/datapath"
	"vswitch/openflow"
)

// meterEntry is a meter: how it was installed, and what the datapath does.
type meterEntry struct {
	openflow.MeterConfig
	meter   *datapath.Meter
	remarks bool // some band changes packets
	created int64
}

// metersSelected lists the meters that a request names, by number.
func (b *Bridge) metersSelected(id uint32) []*meterEntry {
	if id == openflow.MeterAll {
		return b.meters.all()
	}
	if e := b.meters.get(id); e != nil {
		return []*meterEntry{e}
	}
	return nil
}

// maxMeters bounds the meters of a bridge, maxBands those of one meter.
const (
	maxMeters = 1 << 16
	maxBands  = 8
)

// meterMod does what a meter-mod says, or nothing where it returns an error
// (OpenFlow 1.3.5 §6.6).
func (b *Bridge) meterMod(m *openflow.MeterMod) error {
	if m.Command > openflow.MeterDelete {
		return openflow.NewError(openflow.ErrMeterModBadCommand, "command %d", m.Command)
	}
	special := m.Meter == openflow.MeterController || m.Meter == openflow.MeterSlowPath
	if m.Meter == 0 || m.Meter > openflow.MeterMax && !special && !(m.Meter == openflow.MeterAll && m.Command == openflow.MeterDelete) {
		return openflow.NewError(openflow.ErrMeterModInvalidMeter, "meter %d", m.Meter)
	}
	if m.Command == openflow.MeterDelete {
		b.deleteMeters(m.Meter)
		return nil
	}
	old := b.meters.get(m.Meter)
	switch {
	case m.Command == openflow.MeterAdd && old != nil:
		return openflow.NewError(openflow.ErrMeterModMeterExists, "meter %d", m.Meter)
	case m.Command == openflow.MeterModify && old == nil:
		return openflow.NewError(openflow.ErrMeterModUnknownMeter, "there is no meter %d", m.Meter)
	case old == nil && b.meters.n >= maxMeters:
		return openflow.NewError(openflow.ErrMeterModOutOfMeters, "there are %d meters", maxMeters)
	}
	bands, err := datapathBands(&m.MeterConfig)
	if err != nil {
		return err
	}
	e := &meterEntry{MeterConfig: m.MeterConfig, meter: datapath.NewMeter(bands), created: b.sw.now}
	e.remarks = slices.ContainsFunc(bands, func(d datapath.MeterBand) bool { return d.Kind == datapath.BandRemark })
	if old != nil {
		e.created = old.created // the counters begin anew, as in Open vSwitch
	}
	b.meters.put(m.Meter, e)
	b.sw.touch(settingsTag)
	return nil
}

// datapathBands turns a meter's bands into those of the datapath.
func datapathBands(c *openflow.MeterConfig) ([]datapath.MeterBand, error) {
	const units = openflow.MeterKbps | openflow.MeterPktps
	if c.Flags&units == units || c.Flags&^(units|openflow.MeterBurst|openflow.MeterStatistics) != 0 {
		return nil, openflow.NewError(openflow.ErrMeterModBadFlags, "flags %#x", uint16(c.Flags))
	}
	if len(c.Bands) > maxBands {
		return nil, openflow.NewError(openflow.ErrMeterModOutOfBands, "%d bands: a meter has at most %d", len(c.Bands), maxBands)
	}
	packets := c.Flags&openflow.MeterPktps != 0
	unit := uint64(1000)
	if packets {
		unit = 1
	}
	var bands []datapath.MeterBand
	for _, b := range c.Bands {
		d := datapath.MeterBand{Packets: packets, Rate: uint64(b.Rate) * unit, PrecLevel: b.PrecLevel}
		if c.Flags&openflow.MeterBurst != 0 {
			d.Burst = uint64(b.Burst) * unit
		}
		switch {
		case b.Type == openflow.BandDSCPRemark:
			d.Kind = datapath.BandRemark
		case b.Type != openflow.BandDrop:
			return nil, openflow.NewError(openflow.ErrMeterModBadBand, "band type %d", b.Type)
		}
		if b.Rate == 0 {
			return nil, openflow.NewError(openflow.ErrMeterModBadRate, "rate 0")
		}
		bands = append(bands, d)
	}
	return bands, nil
}

// deleteMeters removes a meter, or with MeterAll all, and the flows that use it.
func (b *Bridge) deleteMeters(id uint32) {
	var ids []uint32
	for _, e := range b.metersSelected(id) {
		ids = append(ids, e.Meter)
	}
	if len(ids) == 0 {
		return
	}
	c := b.change("", b.sw.now)
	c.removeUsers(b.users.flowsOfMeter, ids, openflow.RemovedMeterDelete)
	b.meters.remove(ids...)
	c.commit()
	b.sw.touch(settingsTag)
}

// meterError is an error of a flow's actions as a version has it: OpenFlow 1.5 has
// one of its own for meters.
func meterError(err error, v openflow.Version) error {
	if v >= openflow.V15 && errors.Is(err, openflow.ErrMeterModInvalidMeter) {
		return openflow.NewError(openflow.ErrActionBadMeter, "%v", err)
	}
	return err
}

// meterStats answers for the counters of meters.
func (b *Bridge) meterStats(id uint32) (*openflow.MeterStatsReply, error) {
	list, err := b.metersAsked(id)
	if err != nil {
		return nil, err
	}
	r := &openflow.MeterStatsReply{}
	for _, e := range list {
		c := e.meter.Counters()
		s := openflow.MeterStats{Meter: e.Meter, Flows: b.meterReferences(e.Meter), Packets: c.Packets, Bytes: c.Bytes, Duration: age(e.created, b.sw.now)}
		for _, h := range c.Bands {
			s.Bands = append(s.Bands, openflow.BandStats{Packets: h.Packets, Bytes: h.Bytes})
		}
		r.Meters = append(r.Meters, s)
	}
	return r, nil
}

// metersAsked is metersSelected, with an error for a meter that does not exist.
func (b *Bridge) metersAsked(id uint32) ([]*meterEntry, error) {
	list := b.metersSelected(id)
	if len(list) == 0 && id != openflow.MeterAll {
		return nil, openflow.NewError(openflow.ErrMeterModUnknownMeter, "there is no meter %d", id)
	}
	return list, nil
}

// meterConfig describes meters as they were installed.
func (b *Bridge) meterConfig(id uint32) (*openflow.MeterConfigReply, error) {
	list, err := b.metersAsked(id)
	r := &openflow.MeterConfigReply{}
	for _, e := range list {
		r.Meters = append(r.Meters, e.MeterConfig)
	}
	return r, err
}

func meterFeatures() *openflow.MeterFeaturesReply {
	return &openflow.MeterFeaturesReply{MaxMeters: maxMeters, MaxBands: maxBands,
		BandTypes:    1<<openflow.BandDrop | 1<<openflow.BandDSCPRemark,
		Capabilities: uint32(openflow.MeterKbps | openflow.MeterPktps | openflow.MeterBurst | openflow.MeterStatistics),
		Features:     openflow.MeterInActionSet | openflow.MeterAnywhere | openflow.MeterRepeated}
}

// meter sends the packet through a meter, which the datapath has.
func (x *xlate) meter(id uint32) {
	e := x.bridge.meters.lookup(id)
	if e == nil {
		return // deleted with its flows
	}
	x.commit()
	x.emit(datapath.Action{Op: datapath.OpMeter, X: &datapath.Extra{Meter: e.meter}})
	// What a band may have made of the DSCP is known after another look only.
	if e.remarks {
		x.stale = max(x.stale, staleNetwork)
	}
}

// packetInMeter is what limits packet-ins by an action that names a meter, or with 0
// any (OFPM_CONTROLLER). nil: nothing.
func (b *Bridge) packetInMeter(id uint32) *datapath.Meter {
	if id == 0 {
		id = openflow.MeterController
	}
	if e := b.meters.get(id); e != nil {
		return e.meter
	}
	return nil
}

// admit reports whether a packet that the tables have to decide about is within the
// rate of its bridge's OFPM_SLOWPATH. Called by workers.
func (s *Switch) admit(u *datapath.Upcall) bool {
	p := (*s.byID.Load())[datapath.PortID(u.Key.InPort)]
	if p == nil {
		return true
	}
	e := p.Bridge.meters.lookup(openflow.MeterSlowPath)
	return e == nil || e.meter.Admit(u.Now, u.Packet)
}
