package pressure

import (
	"bytes"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// File is where the kernel tells of processors.
const File = "/proc/pressure/cpu"

// CPU is the pressure on the machine's processors.
type CPU struct{ fd int }

// Open opens a file of the kernel, which those do not have that were built or
// started without it.
func Open(name string) (*CPU, error) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	return &CPU{fd: fd}, nil
}

// Close ends it. Nobody may ask any more.
func (c *CPU) Close() error { return unix.Close(c.fd) }

// Waited is for how long, since the machine started, at least one thread has
// waited for a processor: an average over the processors that were not idle. It is
// 0 if the kernel does not tell.
func (c *CPU) Waited() time.Duration {
	var text [256]byte
	n, err := unix.Pread(c.fd, text[:], 0)
	if err != nil {
		return 0
	}
	return waited(text[:n])
}

// waited reads the total of a line such as "some avg10=0.08 avg60=1.68 avg300=5.68
// total=185201", which is in microseconds; 0 if there is none.
func waited(text []byte) time.Duration {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	_, digits, ok := bytes.Cut(line, []byte("total="))
	if !ok || !bytes.HasPrefix(line, []byte("some ")) {
		return 0
	}
	var total time.Duration
	for _, d := range digits {
		if d < '0' || d > '9' {
			return 0
		}
		total = total*10 + time.Duration(d-'0')*time.Microsecond
	}
	return total
}
