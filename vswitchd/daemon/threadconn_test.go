package daemon

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"vswitch/ofproto"
)

// threadPair is a connection that waits in threads, and its other end.
func threadPair(t *testing.T) (*threadConn, net.Conn) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := newThreadConn(c.(*net.UnixConn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, peer
}

// TestThreadConnCarries sends more than the socket holds both ways at once.
func TestThreadConnCarries(t *testing.T) {
	conn, peer := threadPair(t)
	const size = 4 << 20
	ended := make(chan error)
	go func() {
		_, err := io.Copy(peer, peer)
		ended <- err
	}()
	sent := make([]byte, size)
	for i := range sent {
		sent[i] = byte(i * i >> 8)
	}
	go func() {
		_, err := conn.Write(sent)
		ended <- err
	}()
	got := make([]byte, size)
	if _, err := io.ReadFull(conn, got); err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i] != sent[i] {
			t.Fatalf("byte %d of %d differs", i, size)
		}
	}
	if err := <-ended; err != nil {
		t.Errorf("write: %v", err)
	}
	conn.Close()
	if err := <-ended; err != nil {
		t.Errorf("what came back: %v", err)
	}
}

func TestThreadConnEndsWhatWaits(t *testing.T) {
	conn, _ := threadPair(t)
	ended := make(chan error)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		ended <- err
	}()
	go func() {
		_, err := conn.Write(make([]byte, 64<<20))
		ended <- err
	}()
	if err := conn.SetWriteDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-ended; err == nil {
			t.Error("a call went on after the end of its connection")
		}
	}
	if _, err := conn.Write([]byte{1}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a write later: %v", err)
	}
}

func TestThreadConnSeesTheEnd(t *testing.T) {
	conn, peer := threadPair(t)
	peer.Close()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read: %v", err)
	}
	if _, err := conn.Write([]byte{1}); err == nil {
		t.Error("a write to nobody succeeded")
	}
}

// TestThreadsAreBounded: the connections above the bound are the runtime's.
func TestThreadsAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	nl, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer nl.Close()
	l := &listener{kind: ofproto.Service, threads: make(chan struct{}, 2)}
	for i, want := range []bool{true, true, false} {
		peer, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		c, err := nl.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c, done := l.threaded(c)
		defer done()
		defer c.Close()
		if _, threaded := c.(*threadConn); threaded != want {
			t.Errorf("connection %d has a thread: %v", i, threaded)
		}
	}
}
