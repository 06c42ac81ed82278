package daemon

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vswitch/ofproto"
)

// socketPair is an accepted connection and its other end.
func socketPair(t *testing.T, network string) (ours, theirs net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if theirs, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close() })
	if ours, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close() })
	return ours, theirs
}

// eachSocket runs a test with every kind of connection of a listener.
func eachSocket(t *testing.T, f func(t *testing.T, ours, theirs net.Conn)) {
	for _, network := range []string{"tcp", "unix", "thread"} {
		t.Run(network, func(t *testing.T) {
			if network == "thread" {
				ours, theirs := threadPair(t)
				f(t, ours, theirs)
				return
			}
			ours, theirs := socketPair(t, network)
			f(t, ours, theirs)
		})
	}
}

// TestPatienceEnds: a peer that reads nothing loses its connection, but not while
// there is nothing for it to read.
func TestPatienceEnds(t *testing.T) {
	eachSocket(t, func(t *testing.T, ours, theirs net.Conn) {
		p := patience{conn: ours, limit: 100 * time.Millisecond}
		if _, err := p.write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(theirs, make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for {
			_, err := p.write(make([]byte, sendSize))
			if err == nil {
				continue
			}
			if took := time.Since(began); took < p.limit || !strings.Contains(err.Error(), "read nothing") {
				t.Errorf("%v after %v", err, took)
			}
			return
		}
	})
}

// TestPatienceRests: what looks at a connection stops when nothing is written.
func TestPatienceRests(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	p := patience{conn: ours, limit: time.Hour}
	go io.Copy(io.Discard, theirs)
	if _, err := p.write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	if p.look(); p.isArmed || p.isOver {
		t.Errorf("armed %v, over %v", p.isArmed, p.isOver)
	}
	if _, err := p.write([]byte{1}); err != nil || !p.isArmed {
		t.Errorf("armed %v: %v", p.isArmed, err)
	}
}

// TestPatienceWithSlowPeers: a peer that reads less in the whole time than a socket
// has to be rid of before it takes more keeps its connection.
func TestPatienceWithSlowPeers(t *testing.T) {
	eachSocket(t, func(t *testing.T, ours, theirs net.Conn) {
		p := patience{conn: ours, limit: 400 * time.Millisecond}
		ended := make(chan error, 1)
		go func() {
			for range 16 {
				if _, err := p.write(make([]byte, sendSize)); err != nil {
					ended <- err
					return
				}
			}
			ended <- ours.Close()
		}()
		// The reader's pace is what the test is about.
		pace := time.NewTicker(40 * time.Millisecond)
		defer pace.Stop()
		n := 0
		for buf := make([]byte, 40<<10); ; {
			got, err := io.ReadFull(theirs, buf)
			if n += got; err != nil {
				break
			}
			<-pace.C
		}
		if err := <-ended; err != nil || n != 16*sendSize {
			t.Errorf("%d bytes came: %v", n, err)
		}
	})
}

// TestPatienceWithKinds: connections of listeners are given up, later than those of
// controllers; without a limit a write ends when the connection does.
func TestPatienceWithKinds(t *testing.T) {
	for kind, limit := range map[ofproto.SessionKind]time.Duration{ofproto.Controller: 2 * time.Second, ofproto.Service: 20 * time.Second, ofproto.Snoop: 20 * time.Second} {
		if got := patienceWith(ofproto.SessionOptions{Kind: kind, Probe: map[bool]time.Duration{true: time.Second}[kind == ofproto.Controller]}); got != limit {
			t.Errorf("kind %d: %v, want %v", kind, got, limit)
		}
	}
	if got := patienceWith(ofproto.SessionOptions{Kind: ofproto.Controller, Probe: -1}); got != 0 {
		t.Errorf("a controller that is never probed: %v", got)
	}
	ours, theirs := net.Pipe()
	theirs.Close()
	if err := (&link{conn: ours, out: patience{conn: ours}}).send([]byte{1}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("without limit: %v", err)
	}
}
