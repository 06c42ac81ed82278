package daemon

import (
	"errors"

	"golang.org/x/sys/unix"

	"vswitch/config"
	"vswitch/vswitchd/metrics"
)

// setMetrics serves what is to be seen of the switch where the configuration says.
func (d *Daemon) setMetrics(want config.Metrics) error {
	if d.metrics != nil && want.Listen == d.have.Metrics.Listen {
		return d.metrics.Change(d.metricsOptions(want), d.metricsSource(want))
	}
	old := d.metrics
	s, err := d.serveMetrics(want)
	if errors.Is(err, unix.EADDRINUSE) && old != nil {
		// By the address that there was, perhaps: the same port of another address.
		_ = old.Close() // it is of no use any more
		old = nil
		if s, err = d.serveMetrics(want); err != nil {
			var lost error
			d.metrics, lost = d.serveMetrics(d.have.Metrics)
			return errors.Join(err, lost)
		}
	}
	if err != nil {
		return err
	}
	d.metrics = s
	if old == nil {
		return nil
	}
	return old.Close()
}

// serveMetrics is nil where nothing is to be served.
func (d *Daemon) serveMetrics(c config.Metrics) (*metrics.Server, error) {
	if c.Listen == "" {
		return nil, nil
	}
	s, err := metrics.Listen(d.metricsOptions(c), d.metricsSource(c))
	if err != nil {
		return nil, err
	}
	d.log.metrics.Info("metrics", "address", s.Address())
	return s, nil
}

func (d *Daemon) metricsOptions(c config.Metrics) metrics.Options {
	return metrics.Options{Listen: c.Listen, Pprof: c.Pprof, Log: d.log.metrics}
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
