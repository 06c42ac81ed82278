package uring

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Features is a set of what a kernel may have.
type Features uint

// Features.
const (
	FeatureRing      Features = 1 << iota // io_uring itself, with provided buffers: Linux 5.19
	FeatureDeferred                       // completions that run when the worker asks: Linux 6.1
	FeatureMultishot                      // one request that reads for ever: Linux 6.7
	FeatureFiles                          // registered descriptors that are let go at once: Linux 6.13
)

// featureNames are what people read.
var featureNames = []struct {
	feature   Features
	has, lost string
}{
	{FeatureMultishot, "multishot reads", "single reads (multishot needs Linux 6.7)"},
	{FeatureFiles, "registered files", "plain descriptors (the kernel keeps registered ones too long before Linux 6.13)"},
	{FeatureDeferred, "deferred task work", "task work at any time (deferring it needs Linux 6.1)"},
}

// String names what is there and what is not.
func (f Features) String() string {
	var words []string
	for _, n := range featureNames {
		if f&n.feature != 0 {
			words = append(words, n.has)
		} else {
			words = append(words, n.lost)
		}
	}
	return strings.Join(words, ", ")
}

// needed are the operations without which there is no engine.
var needed = []struct {
	op   uint8
	name string
}{{opRead, "READ"}, {opWrite, "WRITE"}, {opWritev, "WRITEV"}, {opPollAdd, "POLL_ADD"}, {opAsyncCancel, "ASYNC_CANCEL"}}

// probeFeatures finds out what r can do. Registered files are in place afterwards
// if they are among it.
func (r *ring) probeFeatures(refuse Features) (Features, error) {
	found := FeatureRing
	if r.deferred {
		found |= FeatureDeferred
	}
	p := new(probe)
	if err := r.register(registerProbe, unsafe.Pointer(p), maxOps); err != nil {
		return 0, fmt.Errorf("io_uring: ask for operations: %w", err)
	}
	has := func(op uint8) bool { return op <= p.lastOp && p.ops[op].flags&opSupported != 0 }
	for _, n := range needed {
		if !has(n.op) {
			return 0, fmt.Errorf("io_uring lacks operation %s: %w", n.name, unix.EOPNOTSUPP)
		}
	}
	if has(opReadMultishot) && refuse&FeatureMultishot == 0 {
		found |= FeatureMultishot
	}
	if refuse&FeatureFiles == 0 && r.registerFiles() == nil {
		prompt, err := r.letsGoAtOnce()
		if err != nil {
			return 0, fmt.Errorf("io_uring: try registered files: %w", err)
		}
		if prompt {
			found |= FeatureFiles
		}
	}
	return found, nil
}

// maxFiles is the size of the table of registered files. What does not fit goes
// by its plain descriptor.
const maxFiles = 1024

func (r *ring) registerFiles() error {
	reg := rsrcRegister{nr: maxFiles, flags: registerFilesAreSparse}
	return r.register(registerFiles2, unsafe.Pointer(&reg), int(unsafe.Sizeof(reg)))
}

// setFile puts fd into a place of the table, or with -1 takes out what is there.
func (r *ring) setFile(place int, fd int32) error {
	// The kernel gets the address within a structure, where the compiler does not
	// see it: it must not be on a stack, which may move.
	r.fileArg = fd
	update := filesUpdate{offset: uint32(place), fds: uint64(uintptr(unsafe.Pointer(&r.fileArg)))}
	return r.register(registerFilesUpdate, unsafe.Pointer(&update), 1)
}

// letsGoAtOnce tries whether a registered file is given up while an older request
// on another one is still waiting. A kernel that waits for that keeps devices
// alive for as long as anything else is read.
func (r *ring) letsGoAtOnce() (prompt bool, err error) {
	quiet, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return false, err
	}
	defer unix.Close(quiet)
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
		return false, err
	}
	defer unix.Close(pipe[0])
	err = errors.Join(r.setFile(0, int32(quiet)), r.setFile(1, int32(pipe[1])), unix.Close(pipe[1]))
	if err != nil {
		return false, err
	}
	s := r.next()
	s.opcode, s.flags, s.fd, s.opFlags, s.userData = opPollAdd, sqeFixedFile, 0, pollIn, userData(kindNone, 0, 0)
	if err := r.submit(); err != nil {
		return false, err
	}
	if err := r.setFile(1, -1); err != nil {
		return false, err
	}
	var end [1]byte
	n, err := unix.Read(pipe[0], end[:])
	prompt = n == 0 && err == nil // the end of the pipe: nobody has its other side
	// The event ends the request.
	one := [8]byte{1}
	if _, err := unix.Write(quiet, one[:]); err != nil {
		return false, err
	}
	if err := r.wait(-1); err != nil {
		return false, err
	}
	r.take()
	return prompt, r.setFile(0, -1)
}
