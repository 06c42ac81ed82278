package daemon

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"vswitch/config"
	"vswitch/vswitchd/vlog"
)

// TestPanicsAreLogged has one frame after the other make forwarding panic: one a second
// is shown.
func TestPanicsAreLogged(t *testing.T) {
	var log bytes.Buffer
	now := int64(1)
	d := &Daemon{logs: vlog.New(&log, config.LogModules()), clock: func() int64 { return now }}
	d.log = newLoggers(d.logs)
	for range 300 {
		d.forwardingPanicked(0, "oops", []byte{0xab, 0xcd}, []byte("where"))
		now += int64(time.Second) / 100
	}
	if n := strings.Count(log.String(), "frame=abcd"); n != 3 {
		t.Errorf("%d panics of 3 s are logged:\n%s", n, log.String())
	}
}
