package daemon

import (
	"strings"
	"testing"
)

// TestFilterErrors wants errors about a filter to call it as it was written.
func TestFilterErrors(t *testing.T) {
	d := &Daemon{}
	for _, words := range []string{"tcp,foo=1", "reg0=1"} {
		if _, err := d.cmdDumpAllFlows([]string{"filter=" + words}); err == nil || !strings.HasPrefix(err.Error(), "filter=") {
			t.Errorf("dpctl/dump-flows filter=%s: %v", words, err)
		}
		if _, err := d.cmdMegaflows([]string{"--filter=" + words}); err == nil || !strings.HasPrefix(err.Error(), "--filter=") {
			t.Errorf("megaflows --filter=%s: %v", words, err)
		}
	}
}
