package ports

import (
	"net/netip"
	"time"

	"vswitch/packet"
)

// Port is one way to get frames in and out of the switch.
// Its methods may be called by any goroutine; the queues it opens may not.
type Port interface {
	// Name is the port's name in the switch. It does not change.
	Name() string
	// Info is the port's state now.
	Info() Info
	// Stats are the counters that only the driver can know.
	Stats() Stats
	// Changes delivers the port's state whenever it changes. Only the newest
	// value is kept for a slow reader. Closed by Close.
	Changes() <-chan Info
	// OpenRx opens receive queue number queue (0 <= queue < Info().RxQueues)
	// for the worker that owns e.
	OpenRx(queue int, e Engine) (RxQueue, error)
	// OpenTx opens the worker's own way to send on the port.
	OpenTx(e Engine) (TxQueue, error)
	// Close releases the port after all its queues are closed. What the driver
	// made (device, namespace) goes with it.
	Close() error
}

// Movable is a Port whose receive queues one worker may close and another open,
// while frames come and without a loss.
type Movable interface {
	// Movable reports whether that is so with the port's options.
	Movable() bool
}

// RxQueue is one receive queue, used by one worker.
type RxQueue interface {
	// Recv fills dst with received frames, never blocks, and returns how many.
	// The caller owns them. n < len(dst) with a nil error means that nothing more
	// waits: the engine will report the queue ready when that changes. io.EOF
	// means that nothing will ever come again; n is 0 then.
	Recv(dst []*packet.Buf) (n int, err error)
	// Close frees what the queue holds.
	Close() error
}

// Stopper is a RxQueue that reads ahead.
type Stopper interface {
	// Stop ends reading. Recv hands out what was read before.
	Stop() error
}

// TxQueue is one worker's way to send on a port.
type TxQueue interface {
	// Send takes every frame of the batch. The port's Info says what a frame
	// may look like; the queue holds each frame until Reap reports it.
	Send(batch []*packet.Buf)
	// Reap moves up to len(dst) finished frames into dst; their owner is the
	// caller again.
	Reap(dst []TxDone) int
	// Close drains the queue: frames that it still holds are reported by Reap
	// before, or freed here.
	Close() error
}

// TxDone is the end of a frame's way through a TxQueue.
type TxDone struct {
	Buf    *packet.Buf
	Result TxResult
}

// TxResult says what became of a sent frame.
type TxResult uint8

// Results of sending.
const (
	TxSent   TxResult = iota
	TxFull            // the queue had no room
	TxDown            // no carrier, or the device is administratively down
	TxGone            // the device no longer exists
	TxTooBig          // larger than the device takes
	TxError           // any other refusal of the system
)

// Engine is what a worker waits on and what its queues are bound to. All
// methods but Notify and Wake belong to the worker's goroutine.
type Engine interface {
	// Pool has the small buffers: Headroom, and at least packet.MinHead bytes.
	Pool() *packet.Pool
	// Spill has buffers of at least 64 KiB without headroom, for the part of a
	// large frame that does not fit a small buffer.
	Spill() *packet.Pool
	// Watch makes Ready report q when descriptor fd becomes readable (an edge:
	// once after each time that Recv found nothing). q is reported once at
	// first. A queue without a descriptor gives -1 and is reported by Notify
	// alone.
	Watch(fd int, q RxQueue) error
	// Unwatch ends Watch. Ready will not report q any more.
	Unwatch(fd int, q RxQueue) error
	// Notify makes Ready report q, once even if it is called again before.
	// Any goroutine may call it.
	Notify(q RxQueue)
	// Ready moves the queues that became ready since the last call into dst.
	// It does not block.
	Ready(dst []RxQueue) int
	// Wait sleeps until a queue is ready, Wake was called since the last Wait,
	// or d has passed; d < 0 waits without limit.
	Wait(d time.Duration) error
	// Wake ends the current or the next Wait. Any goroutine may call it.
	Wake()
	// Close frees the engine after all its queues are closed.
	Close() error
}

// Info is a port's state.
type Info struct {
	Name     string         // of the device, where that differs from the port's
	MAC      [6]byte        // zero where the driver has none
	MTU      int            // bytes of payload above the Ethernet header; 0: no limit
	RxQueues int            // number of receive queues, at least 1
	Carrier  bool           // the other side is there
	AdminUp  bool           // the device is administratively up
	Absent   string         // why the device is not there; "" while it is
	Offloads Offloads       // what a sent frame may leave unfinished
	Driver   string         // "tap", "system", "dummy", …
	Ifindex  int            // in its namespace; 0 where there is none
	Netns    string         // namespace it lives in; "" for the switch's own
	Address  []netip.Prefix // what the switch configured on it
	SpeedMbs uint32         // 0: unknown
	IO       string         // how its frames are moved, where there is a choice: "syscall", "uring (…)"
	Notes    []string       // what was asked for and could not be had, a sentence each
}

// Offloads says which unfinished frames a port takes.
type Offloads struct {
	Csum bool // partial transport checksum
	TSO4 bool // TCP super-frames over IPv4
	TSO6 bool // the same over IPv6
	ECN  bool // the same with CWR set
	USO  bool // UDP super-frames, IPv4 and IPv6
}

// Stats are counts that a driver alone can know, since the port was opened.
type Stats struct {
	RxMissed uint64 // frames that the kernel dropped before Recv could take them
	RxErrors uint64 // frames that Recv could not read whole
	TxErrors uint64 // frames that the system refused
}
