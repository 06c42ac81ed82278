package datapath

import (
	"testing"
	"time"

	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
)

// TestInjectWaitsForOneWorker has another worker busy for good: a frame that the
// switch originates goes its way all the same.
func TestInjectWaitsForOneWorker(t *testing.T) {
	began := time.Now()
	slow := slowFunc(func(_ *Upcall, v *Verdict) error {
		v.Actions = append(v.Actions, Output(1))
		return nil
	})
	dp, err := New(slow, Options{Workers: 2, Clock: func() int64 { return int64(time.Since(began)) },
		NewEngine: func(int) (ports.Engine, error) { return dummy.NewEngine(driver.PoolOptions{}) }})
	if err != nil {
		t.Fatal(err)
	}
	defer dp.Close()
	p := dummy.New(dummy.Options{Name: "p"})
	if _, err := dp.AddPort(p, PortOptions{}); err != nil {
		t.Fatal(err)
	}
	dp.Start()
	busy := make(chan struct{})
	defer close(busy)
	dp.workers[1].mail.put(func(*Worker) { <-busy })
	dp.workers[1].engine.Wake()

	list, sent := []Origin{{Frame: frame(0)}}, make(chan int, 1)
	go func() { sent <- dp.Inject(list, nil) }()
	select {
	case <-sent:
		if err := list[0].Err; err != nil || p.Count() != 1 {
			t.Errorf("%v; %d frames left", err, p.Count())
		}
	case <-time.After(20 * time.Second):
		t.Error("it waits for the worker that does not send it")
	}
}
