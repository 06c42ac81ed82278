package daemon

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vswitch/config"
	"vswitch/datapath"
	"vswitch/ofproto"
	"vswitch/vswitchd/vlog"
)

// noDatapath is enough for a bridge without packets.
type noDatapath struct{ ofproto.Datapath }

func (noDatapath) Revalidate(uint64, uint64, func(*datapath.Megaflow) bool) {}
func (noDatapath) Synchronize()                                             {}

// notebook keeps a log. Any number of goroutines may use it.
type notebook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notebook) Write(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(b)
}

func (n *notebook) count(words string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Count(n.text.String(), words)
}

// listen opens a listener of a switch that has a bridge and nothing else.
func listen(t *testing.T) (l *listener, log *notebook) {
	t.Helper()
	log = &notebook{}
	began := time.Now()
	d := &Daemon{logs: vlog.New(log, config.LogModules()), sw: ofproto.New(ofproto.Options{}), clock: func() int64 { return int64(time.Since(began)) + 1 }}
	d.log = newLoggers(d.logs)
	d.sw.SetDatapath(noDatapath{})
	b, err := d.sw.AddBridge("br0", ofproto.BridgeConfig{}, d.clock())
	if err != nil {
		t.Fatal(err)
	}
	l, err = d.listen(config.Endpoint{Scheme: config.PassiveUnix, Path: filepath.Join(t.TempDir(), "s")}, b, ofproto.Service)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	return l, log
}

// call connects to a listener and reports whether it is greeted.
func call(t *testing.T, l *listener) (conn net.Conn, isGreeted bool) {
	t.Helper()
	conn, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	n, _ := conn.Read(make([]byte, 1))
	return conn, n == 1
}

// TestFullListener: a listener has so many places, closes who comes when they are
// taken, says so once, and gives a place that is free again to the next one.
func TestFullListener(t *testing.T) {
	l, log := listen(t)
	var first net.Conn
	for i := range maxConnections {
		conn, isGreeted := call(t, l)
		if !isGreeted {
			t.Fatalf("connection %d is refused", i)
		}
		if first == nil {
			first = conn
		}
	}
	for range 3 {
		if _, isGreeted := call(t, l); isGreeted {
			t.Fatal("a connection too many is served")
		}
	}
	if n := log.count(fmt.Sprintf("connections=%d", maxConnections)); n != 1 {
		t.Errorf("%d lines in the log", n)
	}
	if text := l.refused.text(); !strings.Contains(text, "refused 3 connections") {
		t.Errorf("status has %q", text)
	}
	first.Close()
	for isGreeted := false; !isGreeted; { // as soon as the end is noticed
		_, isGreeted = call(t, l)
	}
}
