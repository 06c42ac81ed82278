package daemon

import (
	"vswitch/config"
	"vswitch/vswitchd/metrics"
)

// setMetrics serves what is to be seen of the switch where the configuration says.
func (d *Daemon) setMetrics(want config.Metrics) error {
	o, source := metrics.Options{Listen: want.Listen, Pprof: want.Pprof, Log: d.log.metrics}, d.metricsSource(want)
	if d.metrics != nil && want.Listen == d.have.Metrics.Listen {
		return d.metrics.Change(o, source)
	}
	var s *metrics.Server
	if want.Listen != "" {
		var err error
		if s, err = metrics.Listen(o, source); err != nil {
			return err
		}
		d.log.metrics.Info("metrics", "address", s.Address())
	}
	old := d.metrics
	d.metrics = s
	if old == nil {
		return nil
	}
	return old.Close()
}

func (d *Daemon) metricsSource(c config.Metrics) metrics.Source {
	return metrics.Source{
		Version: d.options.Version, Datapath: d.dp, Switch: d.sw, Cookies: c.Cookies,
		State: func() metrics.State {
			s := metrics.State{Ready: d.isReady.Load(), Troubles: int(d.troubles.Load())}
			if i := d.identity.Load(); i != nil {
				s.Certificate = i.Ends()
			}
			return s
		},
		Controllers: func() (list []metrics.Controller) {
			d.dialing.Range(func(x, _ any) bool {
				list = append(list, x.(*dialer).metrics(d.clock()))
				return true
			})
			return list
		},
	}
}
