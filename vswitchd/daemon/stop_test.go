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
