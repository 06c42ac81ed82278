package pcap

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
)

// recorder writes frames to a capture file, for all workers.
type recorder struct {
	origin time.Time

	mu      sync.Mutex
	file    *os.File
	buffer  *bufio.Writer
	writer  *pcapgo.Writer
	scratch []byte // for a frame of several segments
}

// snapLen is the largest frame that readers of the file must expect.
const snapLen = 1 << 18

func newRecorder(path string, origin time.Time) (*recorder, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	r := &recorder{origin: origin, file: file, buffer: bufio.NewWriterSize(file, 1<<16)}
	r.writer = pcapgo.NewWriterNanos(r.buffer)
	if err := r.writer.WriteFileHeader(snapLen, layers.LinkTypeEthernet); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return r, r.buffer.Flush()
}

// write takes one frame down, at the time when its worker's breath began.
func (r *recorder) write(b *packet.Buf) error {
	size := b.Size()
	data := b.Bytes()
	if len(data) < size {
		r.scratch = slices.Grow(r.scratch[:0], size)[:size]
		data = r.scratch[:b.CopyTo(r.scratch)]
	}
	return r.writer.WritePacket(gopacket.CaptureInfo{Timestamp: r.origin.Add(time.Duration(b.Time)), CaptureLength: size, Length: size}, data)
}

// Close writes what is left and closes the file.
func (r *recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.buffer.Flush(), r.file.Close())
}

// txQueue records one worker's frames.
type txQueue struct {
	port *Port
	pool *packet.Pool
	done driver.Finished
}

var _ ports.TxQueue = (*txQueue)(nil)

// OpenTx opens a worker's way to send.
func (p *Port) OpenTx(e ports.Engine) (ports.TxQueue, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fmt.Errorf("pcap %s: open send queue: %w", p.name, os.ErrClosed)
	}
	return &txQueue{port: p, pool: e.Pool()}, nil
}

// Send records the batch.
func (q *txQueue) Send(batch []*packet.Buf) {
	failed := 0
	if r := q.port.recorder; r != nil {
		failed = q.record(r, batch)
	} else {
		for _, b := range batch {
			q.done.Add(b, ports.TxSent)
		}
	}
	if failed > 0 {
		q.port.mu.Lock()
		q.port.stats.TxErrors += uint64(failed)
		q.port.mu.Unlock()
	}
}

// record returns how many frames of the batch could not be written. The file
// is flushed for a batch as a whole, so one that fails fails for all of it.
func (q *txQueue) record(r *recorder, batch []*packet.Buf) (failed int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	result := ports.TxSent
	for _, b := range batch {
		if r.write(b) != nil {
			result = ports.TxError
		}
	}
	if r.buffer.Flush() != nil {
		result = ports.TxError
	}
	for _, b := range batch {
		q.done.Add(b, result)
	}
	if result != ports.TxSent {
		return len(batch)
	}
	return 0
}

// Reap hands out frames that were recorded.
func (q *txQueue) Reap(dst []ports.TxDone) int { return q.done.Reap(dst) }

// Close frees frames that were not reaped.
func (q *txQueue) Close() error {
	q.done.Free(q.pool)
	return nil
}
