package system

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// askMuch says hello and asks n times for the features of all tables: in 16 bytes, of
// which the answer has more than a million.
func askMuch(t *testing.T, conn net.Conn, n int) {
	t.Helper()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	request := []byte{4, 18, 0, 16, 0, 0, 0, 2, 0, 12, 0, 0, 0, 0, 0, 0}
	if _, err := conn.Write(append(helloMessage[:], bytes.Repeat(request, n)...)); err != nil {
		t.Fatal(err)
	}
}

// TestDeafPeers has many who come to a listener ask much and read nothing: together
// they get no more memory than is set aside for all, and they are given up.
func TestDeafPeers(t *testing.T) {
	l := newLab(t)
	s := l.run("bridges: [{name: br0, listen: [\"punix:$dir/c\"]}]\n")
	before := s.descriptors()
	const deaf = 120
	for i := range deaf {
		conn, err := net.Dial("unix", s.path([]string{"c", "br0.mgmt"}[i%2]))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		askMuch(t, conn, 64)
	}
	s.ofctl("add-flow", "br0", "actions=drop")
	s.await("the connections are given up", func() error {
		// Those that came when there was no room were told so, and have the rest in
		// their sockets.
		if n := s.descriptors() - before; n > deaf/2 {
			return fmt.Errorf("%d are left", n)
		}
		return nil
	})
	s.ofctl("dump-flows", "br0")
	if size := s.mostMiB(); size > 600 {
		t.Errorf("vswitchd has grown to %d MiB", size)
	}
}

// TestDeafController has a controller ask much and read nothing. Neither the memory
// nor others may suffer, and the connection is given up.
func TestDeafController(t *testing.T) {
	l := newLab(t)
	socket := l.path("deaf")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() // before the run directory is inspected
	s := l.run(`
bridges:
  - name: br0
    controllers: [{target: "unix:$dir/deaf", inactivity_probe: 1s, max_backoff: 1s}]
`)
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	askMuch(t, conn, 1<<10)
	s.await("the controller is asked and reads nothing", func() error {
		st := s.status().Bridges[0].Controllers[0]
		if !st.Connected {
			return fmt.Errorf("%+v", st)
		}
		return nil
	})
	began := time.Now()
	s.ofctl("dump-flows", "br0")
	if took := time.Since(began); took > patience/2 {
		t.Errorf("another waits for an answer for %v", took)
	}
	s.await("the connection is given up", func() error {
		st := s.status().Bridges[0].Controllers[0]
		if st.Connected || !strings.Contains(st.Error, "read nothing") {
			return fmt.Errorf("%+v", st)
		}
		return nil
	})
	if size := s.residentMiB(); size > 200 {
		t.Errorf("vswitchd has grown to %d MiB", size)
	}
	// What comes of it is an end of the connection, behind what was sent before.
	head := make([]byte, 8)
	if _, err := conn.Read(head); err != nil || binary.BigEndian.Uint16(head[2:]) < 8 {
		t.Errorf("the switch has said % x, %v", head, err)
	}
	s.faulty = true // it says that the controller is lost
}
