package daemon

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// runDir is the directory with the sockets, while this process is the only
// switch there. Whoever holds the write lock on the pid file is: the lock ends
// with its process, whatever happens to that, and ovs-appctl tells by it that
// the process lives. Nothing else in this process may open the pid file, since
// closing it again would end the lock.
type runDir struct {
	path string
	pid  *os.File
}

const pidFile = "vswitchd.pid"

// claimRunDir makes this process the only switch of a directory, and clears what
// one that was killed has left there.
func claimRunDir(path string) (*runDir, error) {
	f, err := os.OpenFile(filepath.Join(path, pidFile), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("pid file: %w", err)
	}
	r := &runDir{path, f}
	if err := r.claim(); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

func (r *runDir) claim() error {
	before, err := io.ReadAll(io.LimitReader(r.pid, 32))
	if err != nil {
		return fmt.Errorf("pid file: %w", err)
	}
	whole := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	err = unix.FcntlFlock(r.pid.Fd(), unix.F_SETLK, &whole)
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return fmt.Errorf("run directory %s: the vswitchd with pid %s runs there: stop it, or choose another directory with --rundir",
			r.path, strings.TrimSpace(string(before)))
	}
	if err != nil {
		return fmt.Errorf("pid file %s: lock: %w", r.pid.Name(), err)
	}
	if len(before) > 0 {
		r.clear()
	}
	return errors.Join(r.pid.Truncate(0), r.write(strconv.Itoa(os.Getpid())+"\n"))
}

// write writes the pid file's text.
func (r *runDir) write(text string) error {
	_, err := r.pid.WriteAt([]byte(text), 0)
	return err
}

// clear removes the sockets of a switch that is no more. What cannot be removed
// is in nobody's way: the error comes when its place is needed.
func (r *runDir) clear() {
	for _, pattern := range []string{"vswitchd.*.ctl", "*.mgmt", "*.snoop"} {
		// The pattern is right, so there is no error.
		left, _ := filepath.Glob(filepath.Join(r.path, pattern))
		for _, socket := range left {
			_ = clearSocket(socket)
		}
	}
}

// release removes the pid file and gives the directory free.
func (r *runDir) release() error {
	return errors.Join(removeIfThere(r.pid.Name()), r.pid.Close())
}

func removeIfThere(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
