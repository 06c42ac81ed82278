package daemon

import (
	"math"
	"testing"
)

// TestProcessors wants the collector's quarter of the processors to be within the
// runtime's 30 % of whole threads, beside at least two processors for the control plane.
func TestProcessors(t *testing.T) {
	for workers := 1; workers < 50; workers++ {
		for have := 1; have < 100; have++ {
			n := processors(workers, have)
			quarter := float64(n) / 4
			if least := max(have, workers+2); n < least || n > least+1 || math.Abs(math.Round(quarter)/quarter-1) > 0.3 {
				t.Errorf("%d workers on %d processors: %d", workers, have, n)
			}
		}
	}
}
