package datapath

import (
	"context"
	"errors"
	"testing"
	"time"

	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
)

// TestTrial has the slow path hold one worker. The trial must name it and not the
// other, the counters must be there meanwhile, although somebody waits for the
// worker, and all must be well once it goes on.
func TestTrial(t *testing.T) {
	held, goOn := make(chan struct{}), make(chan struct{})
	slow := slowFunc(func(*Upcall, *Verdict) error {
		close(held)
		<-goOn
		return errors.New("no answer")
	})
	began := time.Now()
	dp, err := New(slow, Options{Workers: 2, Clock: func() int64 { return int64(time.Since(began)) },
		NewEngine: func(int) (ports.Engine, error) { return dummy.NewEngine(driver.PoolOptions{}) }})
	if err != nil {
		t.Fatal(err)
	}
	port := dummy.New(dummy.Options{Name: "p1"})
	id, err := dp.AddPort(port, PortOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dp.Start()
	checkTrial(t, dp, nil, nil)
	port.Inject(0, frame(1))
	<-held
	synchronized := make(chan struct{})
	go func() {
		dp.Synchronize()
		close(synchronized)
	}()
	for range 2 {
		checkTrial(t, dp, context.DeadlineExceeded, nil)
	}
	m := &dp.workers[0].mail
	m.mu.Lock()
	n := len(m.work)
	m.mu.Unlock()
	if n != 1 && n != 2 { // a trial, and perhaps Synchronize
		t.Errorf("%d letters wait for the worker that hangs", n)
	}
	if _, found := dp.PortCounters(id); !found {
		t.Error("no counters of the port")
	}
	if n := len(dp.WorkerCounters()); n != 2 {
		t.Errorf("counters of %d workers", n)
	}
	close(goOn)
	<-synchronized
	checkTrial(t, dp, nil, nil)
	if c := dp.WorkerCounters()[0]; c.BuffersInUse != 0 {
		t.Errorf("%d buffers are still in use", c.BuffersInUse)
	}
	if l := dp.Ledger(); l.Received != 1 || l.Originated != 0 || l.Imbalance() != 0 {
		t.Errorf("the trials were counted: %+v", l)
	}
	if err := dp.Close(); err != nil {
		t.Error(err)
	}
}

// checkTrial wants these results of the workers.
func checkTrial(t *testing.T, dp *Datapath, want ...error) {
	t.Helper()
	patience := 10 * time.Second
	for _, err := range want {
		if err != nil {
			patience = 500 * time.Millisecond
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for i, r := range dp.Trial(ctx) {
		if !errors.Is(r.Err, want[i]) || r.Worker != i {
			t.Errorf("worker %d: %v, want %v", r.Worker, r.Err, want[i])
		}
	}
}
