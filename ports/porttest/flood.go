package porttest

import (
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// Flood sends frames to nobody until the test ends.
func Flood(t testing.TB, fd int) {
	var stop atomic.Bool
	ended := make(chan struct{})
	frame := append([]byte{2, 9, 9, 9, 9, 9, 2, 9, 9, 9, 9, 8, 0x88, 0xb5}, make([]byte, 46)...)
	go func() {
		defer close(ended)
		for !stop.Load() {
			// It fails while the device is down, and after its end.
			_, _ = unix.Write(fd, frame)
		}
	}()
	t.Cleanup(func() {
		stop.Store(true)
		<-ended
	})
}
