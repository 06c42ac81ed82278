package daemon

import (
	"math"
	"testing"
)

// TestProcessors wants the collector's quarter of the processors to be within the
// runtime's 30 % of whole threads, beside at least two processors for the control plane.
func TestProcessors(t *testing.T) {
	for workers := 1; workers < 100; workers++ {
		n := processors(workers)
		quarter := float64(n) / 4
		if whole := math.Round(quarter); n < workers+2 || n > workers+3 || math.Abs(whole/quarter-1) > 0.3 {
			t.Errorf("%d workers: %d processors", workers, n)
		}
	}
}
