package tap

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/uring"
	"vswitch/ports/vnet"
)

// ioSyscall is how frames are moved where no ring does it.
const ioSyscall = "syscall"

// ringRx takes frames that the worker's ring has read from one descriptor.
type ringRx struct {
	port   *Port
	engine *uring.Engine
	reader *uring.Reader
	number int
}

var (
	_ ports.RxQueue = (*ringRx)(nil)
	_ ports.Stopper = (*ringRx)(nil)
)

// openRing opens a receive queue on the worker's ring, or returns nil where system
// calls must do it, and notes why. Called with p.mu held.
func (p *Port) openRing(number int, e ports.Engine) ports.RxQueue {
	engine := p.ringOf(e)
	if engine == nil {
		return nil
	}
	q := &ringRx{port: p, engine: engine, number: number}
	var err error
	if q.reader, err = engine.OpenReader(p.queues[number].fd, vnet.HeaderSize, q); err != nil {
		p.fallBack(err)
		return nil
	}
	p.state.Change(func(i *ports.Info) {
		if len(p.readers) == 0 || !strings.HasPrefix(i.IO, ioSyscall) {
			i.IO = "uring"
			if lacks := engine.Features().String(); lacks != "" {
				i.IO = fmt.Sprintf("uring (%s)", lacks)
			}
		}
	})
	return q
}

// ringOf is the worker's engine where its ring is to be used, else nil.
func (p *Port) ringOf(e ports.Engine) *uring.Engine {
	if p.options.IO == IOSyscall {
		return nil
	}
	engine, ok := e.(*uring.Engine)
	if !ok {
		p.fallBack(errors.New("the worker's engine has no ring"))
		return nil
	}
	if p.options.IO == IOBest {
		if err := engine.IsQuickest(); err != nil {
			p.fallBack(err)
			return nil
		}
	}
	return engine
}

// fallBack says why frames are moved by system calls, and notes it once where
// something else was asked for.
func (p *Port) fallBack(why error) {
	if p.options.IO == IOBest {
		p.state.Change(func(i *ports.Info) { i.IO = fmt.Sprintf("%s (%v)", ioSyscall, why) })
		return
	}
	note := fmt.Sprintf("io_uring was asked for, and system calls move the frames: %v", why)
	p.state.Change(func(i *ports.Info) {
		i.IO = ioSyscall
		if !slices.Contains(i.Notes, note) {
			i.Notes = append(slices.Clip(i.Notes), note)
		}
	})
}

// Recv takes what the ring has read.
func (q *ringRx) Recv(dst []*packet.Buf) (int, error) {
	n := 0
	for n < len(dst) {
		read, ok := q.reader.Next()
		if !ok {
			break
		}
		switch {
		case read.Size >= vnet.HeaderSize:
			dst[n] = q.take(read)
			n++
		case isGone(read.Errno):
			q.port.discovered()
		default:
			// The kernel took the frame from its queue and could not deliver it.
			q.port.rxErrors.Add(1)
			if read.Buf != nil {
				read.Buf.Free(q.engine.Pool())
			}
		}
	}
	if q.port.gone.Load() {
		if n == 0 {
			return 0, io.EOF
		}
		// What was read before the end comes first.
		q.engine.Notify(q)
		return n, nil
	}
	if !q.reader.Refill() {
		q.engine.Notify(q)
	}
	return n, nil
}

// take makes a frame of what was read behind the header.
func (q *ringRx) take(read uring.Read) *packet.Buf {
	b := read.Buf
	b.RxQueue = uint16(q.number)
	b.SetRange(packet.Headroom, packet.Headroom+read.Size-vnet.HeaderSize)
	if read.Size == q.reader.Full() {
		q.port.rxErrors.Add(1)
		b.Fault = packet.FaultTruncated
		return b
	}
	vnet.Decode((*vnet.Header)(b.Room()[packet.Headroom-vnet.HeaderSize:]), 0, b)
	return b
}

// Stop ends reading; see ports.Stopper.
func (q *ringRx) Stop() error { return q.reader.Stop() }

// Close gives the descriptor back. Frames that the ring has read and nobody took
// count as missed.
func (q *ringRx) Close() error {
	if !q.port.forget(q) {
		return nil
	}
	lost, err := q.reader.Close()
	q.port.unread.Add(uint64(lost))
	return q.port.closedRx(q.number, errors.Join(err, q.engine.Unwatch(-1, q)))
}

// ringTx writes one worker's frames through its ring, a batch in one submission.
type ringTx struct {
	sender
	writer *uring.Writer
}

var _ ports.TxQueue = (*ringTx)(nil)

// openRingWriter is openRing for sending.
func (p *Port) openRingWriter(fd int, e ports.Engine) *uring.Writer {
	engine := p.ringOf(e)
	if engine == nil {
		return nil
	}
	w, err := engine.OpenWriter(fd)
	if err != nil {
		p.fallBack(err)
		return nil
	}
	return w
}

// Send hands the batch to the kernel.
func (q *ringTx) Send(batch []*packet.Buf) {
	for _, b := range batch {
		front, result := q.prepare(b)
		switch {
		case front == nil:
			q.done.Add(b, result)
		case !q.writer.Write(b, front):
			q.port.txErrors.Add(1)
			q.done.Add(b, ports.TxFull)
		}
	}
	q.writer.Flush()
}

// Reap hands out frames that were written or refused.
func (q *ringTx) Reap(dst []ports.TxDone) int {
	n := q.done.Reap(dst)
	for n < len(dst) {
		w, ok := q.writer.Next()
		if !ok {
			break
		}
		dst[n] = ports.TxDone{Buf: w.Buf, Result: ports.TxSent}
		if w.Errno != 0 {
			dst[n].Result = q.refused(w.Errno)
		}
		n++
	}
	return n
}

// Close waits for the frames that the kernel has, frees those that were not reaped
// and gives the descriptor back.
func (q *ringTx) Close() error {
	var err error
	if !q.closed {
		err = q.writer.Close(q.pool)
	}
	return errors.Join(err, q.sender.Close())
}
