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
	FeatureFiles                          // descriptors that the kernel has at hand, and lets go of at once: Linux 6.14

	allFeatures = FeatureRing | FeatureDeferred | FeatureMultishot | FeatureFiles
)

// optional are the features that an engine can be without, and what it is to be so.
var optional = []struct {
	feature Features
	without string
}{
	{FeatureMultishot, "single reads: multishot needs Linux 6.7"},
	{FeatureDeferred, "task work at any time: deferring it needs Linux 6.1"},
	{FeatureFiles, "descriptors looked up: registering them needs Linux 6.14 and a limit (RLIMIT_NOFILE) of 512 at least"},
}

// String says what is not there.
func (f Features) String() string {
	var words []string
	for _, o := range optional {
		if f&o.feature == 0 {
			words = append(words, o.without)
		}
	}
	return strings.Join(words, ", ")
}

// needed are the operations without which there is no engine.
var needed = []struct {
	op   uint8
	name string
}{{opRead, "READ"}, {opWrite, "WRITE"}, {opWritev, "WRITEV"}, {opPollAdd, "POLL_ADD"}, {opAsyncCancel, "ASYNC_CANCEL"}}

// probeFeatures finds out what r can do, and makes its table of descriptors.
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
	if r.lets && refuse&FeatureFiles == 0 && r.registerTable() {
		found |= FeatureFiles
	}
	return found, nil
}

// IsQuickest is nil where frames of a TAP are moved fastest by the ring, as far as
// that has been measured (docs/performance.md), and else says why not. It makes no
// ring that would stay.
func (e *Engine) IsQuickest() error {
	e.asked.Do(func() {
		var r *ring
		if r, e.slower = openRing(e.options.Refuse); e.slower != nil {
			return
		}
		found, err := r.probeFeatures(e.options.Refuse)
		if err == nil && found != allFeatures {
			err = fmt.Errorf("io_uring: %v", found)
		}
		e.slower = errors.Join(err, r.close())
	})
	return e.slower
}
