package pressure

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWaited(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cpu")
	for _, c := range []struct {
		text string
		want time.Duration
	}{
		{"some avg10=0.08 avg60=11.68 avg300=35.68 total=18520179743\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n", 18520179743 * time.Microsecond},
		{"some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", 0},
		{"some avg10=0.00 total=12", 12 * time.Microsecond},
		{"some avg10=0.00 avg60=0.00\nfull total=5\n", 0},
		{"full avg10=0.00 total=5\n", 0},
		{"some total=5x\n", 0},
		{"", 0},
	} {
		if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		p, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Waited(); got != c.want {
			t.Errorf("%q: %v, want %v", c.text, got, c.want)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestKernel reads what the kernel says, which never decreases.
func TestKernel(t *testing.T) {
	p, err := Open(File)
	if err != nil {
		t.Skip("this kernel does not tell of pressure: ", err)
	}
	defer p.Close()
	first := p.Waited()
	if second := p.Waited(); first < 0 || second < first {
		t.Errorf("waited %v, then %v", first, second)
	}
	if n := testing.AllocsPerRun(10, func() { p.Waited() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
