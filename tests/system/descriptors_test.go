package system

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOutOfDescriptors has all sockets of a switch refused their connections for a
// while. They say so once, and afterwards they answer.
func TestOutOfDescriptors(t *testing.T) {
	l := newLab(t)
	s := l.run("bridges: [{name: br0, listen: [\"punix:$dir/c\"]}]\n")
	s.faulty = true // it says that it could not accept
	pid := s.status().PID
	free := 0
	for exists := true; exists; free++ {
		_, err := os.Lstat(fmt.Sprintf("/proc/%d/fd/%d", pid, free))
		exists = err == nil
	}
	var was unix.Rlimit
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &was); err != nil {
		t.Fatal(err)
	}
	none := unix.Rlimit{Cur: uint64(free - 1), Max: was.Max}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &none, nil); err != nil {
		t.Fatal(err)
	}
	sockets := []string{fmt.Sprintf("vswitchd.%d.ctl", pid), "br0.mgmt", "br0.snoop", "c"}
	for _, name := range sockets {
		conn, err := net.Dial("unix", s.path(name))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	accepts := func() int { return strings.Count(s.log.String(), "msg=accept ") }
	s.await("every socket says that it is out of descriptors", func() error {
		if n := accepts(); n < len(sockets) {
			return fmt.Errorf("%d do", n)
		}
		return nil
	})
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &was, nil); err != nil {
		t.Fatal(err)
	}
	s.ofctl("status")
	s.ofctl("show", "br0")
	if n := accepts(); n != len(sockets) {
		t.Errorf("%d lines of the log for %d sockets", n, len(sockets))
	}
}
