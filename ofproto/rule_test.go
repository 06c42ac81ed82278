package ofproto

import (
	"fmt"
	"testing"
	"time"
)

// TestExpiryInTime has flows outlive their times, hard and idle: Run asks to be called when
// the next one has, and no more often than it should.
func TestExpiryInTime(t *testing.T) {
	j := newJar(t, false)
	b := j.bridge("br0", 2, FailSecure)
	begin := j.now
	for i := range 7 {
		j.flows(b, fmt.Sprintf("table=%d,hard_timeout=%d,actions=drop", i, 1+i))
		j.now += int64(37 * time.Millisecond)
	}
	j.flows(b, "table=9,idle_timeout=3,actions=drop")
	runs, left := 0, len(b.timed)
	for left > 0 && runs < 100 {
		next := j.sw.Run(j.now)
		if late := j.lateness(b); late > int64(runPause) {
			t.Errorf("a flow is %v late", time.Duration(late))
		}
		j.now, left = max(next, j.now+1), len(b.timed)
		runs++
	}
	if took := time.Duration(j.now - begin); runs > 40 || left != 0 || took > 8*time.Second {
		t.Errorf("%d flows are left after %v and %d runs", left, took, runs)
	}
}

// lateness is for how long the flow that should have gone first has been there in vain.
func (j *jar) lateness(b *Bridge) (most int64) {
	for r := range b.timed {
		most = max(most, j.now-r.expiry())
	}
	return most
}
