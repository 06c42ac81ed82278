package daemon

import (
	"io"
	"net"
	"testing"
	"time"

	"vswitch/config"
	"vswitch/control"
	"vswitch/vswitchd/vlog"
)

// TestStopWhileAsked ends a switch that is told so by a command, whose answer arrives,
// and asked for something else while it closes a bridge.
func TestStopWhileAsked(t *testing.T) {
	d := &Daemon{logs: vlog.New(io.Discard, config.LogModules()), bridges: map[string]*bridge{}}
	d.log = newLoggers(d.logs)
	ended := make(chan error, 1)
	d.quit = func() { go func() { ended <- d.stop() }() }
	var err error
	if d.control, err = d.listenControl(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	ask := func(m control.Method, args ...string) error {
		c, err := net.Dial("unix", d.control.listener.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		_, err = control.NewClient(c).Text(m, args...)
		return err
	}
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d.bridges["br0"] = &bridge{mgmt: []*listener{{Listener: nobody, cancel: func() {
		go func() { _ = ask(control.FDBDel, "br1", "0", "02:00:00:00:00:01") }()
		time.Sleep(100 * time.Millisecond) // to have it asked by then, or refused
	}}}}
	if err := ask(control.Exit); err != nil {
		t.Errorf("exit: %v", err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
	}
}

// TestMetricsMove has the same port served at another address, which overlaps the one
// that it had, and at one that is taken, which leaves things as they were.
func TestMetricsMove(t *testing.T) {
	d := &Daemon{logs: vlog.New(io.Discard, config.LogModules())}
	d.log = newLoggers(d.logs)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	taken, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		listen string
		ok     bool
	}{{"127.0.0.1:" + port, true}, {"127.0.0.2:" + port, false}, {"0.0.0.0:" + port, false}, {"", true}} {
		want := config.Metrics{Listen: c.listen}
		err := d.setMetrics(want)
		if (err == nil) != c.ok {
			t.Errorf("%q: %v", c.listen, err)
		}
		if err == nil {
			d.have.Metrics = want
		}
		if d.have.Metrics.Listen == "" {
			continue
		}
		if conn, err := net.Dial("tcp", d.have.Metrics.Listen); err != nil {
			t.Errorf("after %q: %v", c.listen, err)
		} else {
			conn.Close()
		}
	}
	taken.Close()
	for _, listen := range []string{"127.0.0.1:" + port, "0.0.0.0:" + port, "127.0.0.1:" + port, ""} {
		want := config.Metrics{Listen: listen}
		if err := d.setMetrics(want); err != nil {
			t.Errorf("%q: %v", listen, err)
		}
		d.have.Metrics = want
	}
	if d.metrics != nil {
		t.Error("metrics are served that nobody wants")
	}
}
