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
	hello := []byte{4, 0, 0, 8, 0, 0, 0, 1}
	// A multipart request for the features of all tables: 16 bytes, whose answer has
	// more than a million.
	request := []byte{4, 18, 0, 16, 0, 0, 0, 2, 0, 12, 0, 0, 0, 0, 0, 0}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(append(hello, bytes.Repeat(request, 1<<10)...)); err != nil {
		t.Fatal(err)
	}
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
