package daemon

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
)

// TestReceiver: it is a Read, whether something is there at once, or later, or
// the connection ends while it waits.
func TestReceiver(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, pair := range []struct {
		name string
		make func() (net.Conn, net.Conn)
	}{
		{"socket", func() (net.Conn, net.Conn) {
			a, err := net.Dial("unix", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			b, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			return a, b
		}},
		{"without a descriptor", func() (net.Conn, net.Conn) { return net.Pipe() }},
	} {
		t.Run(pair.name, func(t *testing.T) {
			ours, theirs := pair.make()
			defer theirs.Close()
			r, buf := newReceiver(ours), make([]byte, 16)
			for range 100 {
				go theirs.Write([]byte("ask"))
				n, err := r.receive(buf)
				if string(buf[:n]) != "ask" || err != nil {
					t.Fatalf("%q, %v", buf[:n], err)
				}
			}
			theirs.Close()
			if n, err := r.receive(buf); n != 0 || !errors.Is(err, io.EOF) {
				t.Errorf("%d bytes, %v, want the end", n, err)
			}
			ours, theirs = pair.make()
			defer theirs.Close()
			r = newReceiver(ours)
			ended := make(chan error)
			go func() {
				_, err := r.receive(buf)
				ended <- err
			}()
			ours.Close()
			if err := <-ended; err == nil || errors.Is(err, io.EOF) {
				t.Errorf("%v, want that the connection is closed", err)
			}
		})
	}
}
