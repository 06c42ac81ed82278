package uring

import (
	"encoding/binary"
	"math/bits"

	"golang.org/x/sys/unix"
)

// The kernel's interface (io_uring_setup(2), io_uring_enter(2),
// io_uring_register(2), linux/io_uring.h), as far as it is used here.

// params is struct io_uring_params.
type params struct {
	sqEntries, cqEntries      uint32
	flags                     uint32
	sqThreadCPU, sqThreadIdle uint32
	features                  uint32
	wqFD                      uint32
	_                         [3]uint32
	sq                        sqOffsets
	cq                        cqOffsets
}

// sqOffsets is struct io_sqring_offsets.
type sqOffsets struct {
	head, tail, ringMask, ringEntries, flags, dropped, array uint32
	_                                                        uint32
	_                                                        uint64
}

// cqOffsets is struct io_cqring_offsets.
type cqOffsets struct {
	head, tail, ringMask, ringEntries, overflow, cqes, flags uint32
	_                                                        uint32
	_                                                        uint64
}

// sqe is struct io_uring_sqe, a request.
type sqe struct {
	opcode   uint8
	flags    uint8
	ioprio   uint16
	fd       int32
	off      uint64
	addr     uint64
	len      uint32
	opFlags  uint32
	userData uint64
	bufGroup uint16
	_        uint16
	_        uint32
	_        [2]uint64
}

// cqe is struct io_uring_cqe, a completion.
type cqe struct {
	userData uint64
	res      int32
	flags    uint32
}

// bufEntry is struct io_uring_buf. The ring's tail lies in the last two bytes of
// the first one.
type bufEntry struct {
	addr uint64
	len  uint32
	bid  uint16
	tail uint16
}

// bufReg is struct io_uring_buf_reg.
type bufReg struct {
	ringAddr    uint64
	ringEntries uint32
	group       uint16
	flags       uint16
	_           [3]uint64
}

// geteventsArg is struct io_uring_getevents_arg.
type geteventsArg struct {
	sigmask     uint64
	sigmaskSize uint32
	_           uint32
	limit       uint64
}

// maxOps is more operations than any kernel knows.
const maxOps = 256

// filesUpdate is struct io_uring_files_update.
type filesUpdate struct {
	offset uint32
	_      uint32
	fds    uint64
}

// probe is struct io_uring_probe.
type probe struct {
	lastOp, opsLen uint8
	_              uint16
	_              [3]uint32
	ops            [maxOps]probeOp
}

// probeOp is struct io_uring_probe_op.
type probeOp struct {
	op    uint8
	_     uint8
	flags uint16
	_     uint32
}

// Flags of io_uring_setup.
const (
	setupCQSize       = 1 << 3
	setupSubmitAll    = 1 << 7
	setupCoopTaskrun  = 1 << 8
	setupTaskrunFlag  = 1 << 9
	setupSingleIssuer = 1 << 12
	setupDeferTaskrun = 1 << 13
)

// Features that the kernel reports.
const (
	featSingleMmap = 1 << 0
	featNoDrop     = 1 << 1
	featExtArg     = 1 << 8
	featRWAttr     = 1 << 16 // Linux 6.14
)

// Offsets of what can be mapped.
const (
	offRings = 0
	offSQEs  = 0x10000000
)

// Flags of io_uring_enter.
const (
	enterGetEvents = 1 << 0
	enterExtArg    = 1 << 3
)

// Flags in the submission ring.
const (
	sqCQOverflow = 1 << 1
	sqTaskrun    = 1 << 2
)

// Operations.
const (
	opWritev        = 2
	opPollAdd       = 6
	opAsyncCancel   = 14
	opRead          = 22
	opWrite         = 23
	opReadMultishot = 49

	opSupported = 1 << 0
	pollMulti   = 1 << 0
	cancelAll   = 1 << 0
)

// Flags of requests and completions.
const (
	sqeFixedFile    = 1 << 0
	sqeBufferSelect = 1 << 5

	cqeBuffer      = 1 << 0
	cqeMore        = 1 << 1
	cqeBufferShift = 16
)

// Operations of io_uring_register.
const (
	registerFiles       = 2
	registerFilesUpdate = 6
	registerProbe       = 8
	registerPbufRing    = 22
	unregisterPbufRing  = 23
)

// rwfNoWait makes a request fail with EAGAIN that would have to wait.
const rwfNoWait = unix.RWF_NOWAIT

// pollIn is POLLIN as requests have it: 32 bits with the halves in little endian
// order.
var pollIn = func() uint32 {
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		return bits.RotateLeft32(unix.POLLIN, 16)
	}
	return unix.POLLIN
}()
