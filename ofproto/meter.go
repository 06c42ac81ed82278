package ofproto

import (
	"cmp"
	"slices"
	"sync/atomic"

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

// meterTable is a bridge's meters, replaced whole.
type meterTable struct {
	entries atomic.Pointer[map[uint32]*meterEntry]
}

func (t *meterTable) lookup(id uint32) *meterEntry {
	if m := t.entries.Load(); m != nil {
		return (*m)[id]
	}
	return nil
}

// put adds or replaces a meter, or with nil removes it.
func (t *meterTable) put(id uint32, e *meterEntry) {
	m := map[uint32]*meterEntry{}
	if old := t.entries.Load(); old != nil {
		m = cloneMap(*old)
	}
	if e == nil {
		delete(m, id)
	} else {
		m[id] = e
	}
	t.entries.Store(&m)
}

// selected lists the meters that a request names, by number.
func (t *meterTable) selected(id uint32) (list []*meterEntry) {
	if m := t.entries.Load(); m != nil {
		for _, e := range *m {
			if id == openflow.MeterAll || e.Meter == id {
				list = append(list, e)
			}
		}
	}
	slices.SortFunc(list, func(a, b *meterEntry) int { return cmp.Compare(a.Meter, b.Meter) })
	return list
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
	old := b.meters.lookup(m.Meter)
	switch {
	case m.Command == openflow.MeterAdd && old != nil:
		return openflow.NewError(openflow.ErrMeterModMeterExists, "meter %d", m.Meter)
	case m.Command == openflow.MeterModify && old == nil:
		return openflow.NewError(openflow.ErrMeterModUnknownMeter, "there is no meter %d", m.Meter)
	case old == nil && len(b.meters.selected(openflow.MeterAll)) >= maxMeters:
		return openflow.NewError(openflow.ErrMeterModOutOfMeters, "there are %d meters", maxMeters)
	}
	bands, err := datapathBands(&m.MeterConfig)
	if err != nil {
		return err
	}
	e := &meterEntry{MeterConfig: m.MeterConfig, meter: datapath.NewMeter(bands), created: b.sw.now}
	e.remarks = slices.ContainsFunc(bands, func(d datapath.MeterBand) bool { return d.Kind == datapath.BandRemark })
	if old != nil {
		e.created = old.created
		e.meter.Inherit(old.meter)
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
	gone := b.meters.selected(id)
	if len(gone) == 0 {
		return
	}
	c := b.change("", b.sw.now)
	for _, e := range gone {
		b.eachTable(openflow.TableAll, func(t *Table) {
			t.all(c.version, func(r *Rule) {
				if usesMeter(r.actions, e.Meter) {
					c.remove(r, openflow.RemovedMeterDelete)
				}
			})
		})
		b.meters.put(e.Meter, nil)
	}
	c.commit()
	b.sw.touch(settingsTag)
}

func usesMeter(actions []openflow.Action, id uint32) bool {
	return slices.ContainsFunc(actions, func(a openflow.Action) bool {
		m, ok := a.(openflow.Meter)
		return ok && m.ID == id
	})
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
		s := openflow.MeterStats{Meter: e.Meter, Packets: c.Packets, Bytes: c.Bytes, Duration: age(e.created, b.sw.now)}
		b.eachTable(openflow.TableAll, func(t *Table) {
			t.all(b.sw.version.Load(), func(r *Rule) {
				if usesMeter(r.actions, e.Meter) {
					s.Flows++
				}
			})
		})
		for _, h := range c.Bands {
			s.Bands = append(s.Bands, openflow.BandStats{Packets: h.Packets, Bytes: h.Bytes})
		}
		r.Meters = append(r.Meters, s)
	}
	return r, nil
}

// metersAsked is selected, with an error for a meter that does not exist.
func (b *Bridge) metersAsked(id uint32) ([]*meterEntry, error) {
	list := b.meters.selected(id)
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
		Capabilities: uint32(openflow.MeterKbps | openflow.MeterPktps | openflow.MeterBurst | openflow.MeterStatistics)}
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
