package daemon

import (
	"cmp"
	"encoding/hex"
	"slices"

	"vswitch/control"
	"vswitch/datapath"
	"vswitch/ofproto"
)

// cmdWhy answers why: what ports dropped, by which flows, with a frame of each kind.
func (d *Daemon) cmdWhy(args []string) (control.Reply, error) {
	list, err := d.portsNamed(args)
	if err != nil {
		return nil, err
	}
	r := control.WhyReply{}
	for _, p := range list {
		w := d.whyPort(p)
		if len(args) == 0 && len(w.Drops) == 0 && w.State == "" && w.Missed+w.Errors == 0 {
			continue // nobody has asked for it
		}
		r = append(r, w)
	}
	if len(r) == 0 {
		return control.Plain("nothing was dropped"), nil
	}
	return r, nil
}

func (d *Daemon) whyPort(p *ofproto.Port) control.PortWhy {
	c := p.Counters()
	w := control.PortWhy{Bridge: p.Bridge.Name, Port: p.Name, Missed: c.RxMissed, Errors: c.RxErrors + c.TxErrors}
	switch info := p.Info(); {
	case !info.Present && p.Name != p.Bridge.Name:
		w.State = "the port has no device: see ofctl status"
	case !info.AdminUp && info.Present:
		w.State = "the device is administratively down: ip link set it up"
	case !info.Carrier && info.Present:
		w.State = "the device has no carrier: the other side is not there or not up"
	}
	samples := map[string]datapath.DropSample{}
	for _, s := range d.dp.DropSamples(p.ID()) {
		samples[s.Reason.String()] = s
	}
	for _, n := range dropCounts(&c) {
		drop := control.WhyDrop{DropCount: n}
		if s, kept := samples[n.Reason]; kept {
			drop.Sample = d.describeSample(&s)
			for _, f := range d.sw.DecidedBy(s.Credits) {
				drop.Flows = append(drop.Flows, control.FlowName(f))
			}
			drop.By = (*control.Culprit)(d.sw.CulpritOf(&s))
		}
		w.Drops = append(w.Drops, drop)
	}
	slices.SortStableFunc(w.Drops, func(a, b control.WhyDrop) int { return cmp.Compare(b.Frames, a.Frames) })
	return w
}

func (d *Daemon) describeSample(s *datapath.DropSample) *control.FrameSample {
	f := &control.FrameSample{Age: float64(d.clock()-s.Time) / 1e9, Size: s.Size, Frame: hex.EncodeToString(s.Head)}
	in := d.sw.PortOf(s.InPort)
	if in != nil {
		f.InPort, f.Bridge = in.Name, in.Bridge.Name
	}
	f.Flow = in.FlowOf(s.Head, s.Size)
	return f
}
