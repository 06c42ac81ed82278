package epoll_test

import (
	"testing"

	"vswitch/ports"
	"vswitch/ports/epoll"
	"vswitch/ports/porttest"
)

func TestContract(t *testing.T) {
	porttest.EngineContract(t, func(t testing.TB) ports.Engine {
		e, err := epoll.New(epoll.Options{SmallBufs: 8, SpillBufs: 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := e.Close(); err != nil {
				t.Error(err)
			}
		})
		return e
	})
}
