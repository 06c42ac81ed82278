package pcap

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"golang.org/x/sys/unix"

	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/driver"
	"vswitch/ports/dummy"
)

// recorded is a frame of a test file.
type recorded struct {
	at     time.Duration
	data   []byte
	length int // as the file has it; 0: len(data)
}

var begin = time.Unix(1700000000, 123456000)

func (f recorded) info() gopacket.CaptureInfo {
	return gopacket.CaptureInfo{Timestamp: begin.Add(f.at), CaptureLength: len(f.data), Length: max(f.length, len(f.data))}
}

func pcapFile(t testing.TB, link layers.LinkType, frames ...recorded) []byte {
	t.Helper()
	var out bytes.Buffer
	w := pcapgo.NewWriter(&out)
	err := w.WriteFileHeader(1<<18, link)
	for _, f := range frames {
		err = errors.Join(err, w.WritePacket(f.info(), f.data))
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func pcapngFile(t testing.TB, link layers.LinkType, frames ...recorded) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := pcapgo.NewNgWriter(&out, link)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range frames {
		err = errors.Join(err, w.WritePacket(f.info(), f.data))
	}
	if err := errors.Join(err, w.Flush()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func write(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capture")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func newEngine(t testing.TB) *dummy.Engine {
	t.Helper()
	e, err := dummy.NewEngine(driver.PoolOptions{SmallBufs: 64, SpillBufs: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func open(t testing.TB, o Options) *Port {
	t.Helper()
	o.Name = "p"
	p, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func openRx(t testing.TB, p *Port, e *dummy.Engine) ports.RxQueue {
	t.Helper()
	q, err := p.OpenRx(0, e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
}

// recv receives up to limit frames, in copies, and whether the queue has ended.
func recv(t testing.TB, e *dummy.Engine, q ports.RxQueue, limit int) (frames []dummy.Frame, ended bool) {
	t.Helper()
	dst := make([]*packet.Buf, limit)
	n, err := q.Recv(dst)
	if err != nil && (err != io.EOF || n != 0) {
		t.Fatal(n, err)
	}
	for _, b := range dst[:n] {
		f := dummy.Frame{Data: make([]byte, b.Size()), Meta: b.Meta}
		b.CopyTo(f.Data)
		frames = append(frames, f)
		b.Free(e.Pool())
	}
	return frames, err == io.EOF
}

func ready(e *dummy.Engine) int { return e.Ready(make([]ports.RxQueue, 4)) }

func TestReplay(t *testing.T) {
	frames := []recorded{
		{0, []byte("first frame of the file"), 0},
		{time.Second, bytes.Repeat([]byte{7}, 9000), 0},
		{2 * time.Second, bytes.Repeat([]byte{8}, 64), 1500},
		{3 * time.Second, bytes.Repeat([]byte{9}, 200000), 0},
		{4 * time.Second, []byte("the last one"), 0},
	}
	for name, content := range map[string][]byte{
		"pcap":   pcapFile(t, layers.LinkTypeEthernet, frames...),
		"pcapng": pcapngFile(t, layers.LinkTypeEthernet, frames...),
	} {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t)
			p := open(t, Options{Replay: write(t, content)})
			q := openRx(t, p, e)
			ready(e)
			got, _ := recv(t, e, q, 2)
			rest, _ := recv(t, e, q, 8)
			if ready(e) != 1 {
				t.Error("the engine does not report the end")
			}
			if more, ended := recv(t, e, q, 8); len(more) > 0 || !ended {
				t.Errorf("%d frames behind the last one, ended %v", len(more), ended)
			}
			got = append(got, rest...)
			if len(got) != len(frames) {
				t.Fatalf("%d frames, want %d", len(got), len(frames))
			}
			for i, f := range frames {
				fault := packet.FaultNone
				if f.length > len(f.data) || len(f.data) > maxFrame {
					fault = packet.FaultTruncated
				}
				if want := f.data[:min(len(f.data), maxFrame)]; !bytes.Equal(got[i].Data, want) || got[i].Meta.Fault != fault {
					t.Errorf("frame %d: %d bytes, fault %d; want %d, %d", i, len(got[i].Data), got[i].Meta.Fault, len(want), fault)
				}
			}
			if s := p.Stats(); s.RxErrors != 2 {
				t.Errorf("%d receive errors, want 2", s.RxErrors)
			}
		})
	}
}

func TestTimedReplayFollowsStep(t *testing.T) {
	e := newEngine(t)
	p := open(t, Options{Timed: true, Replay: write(t, pcapFile(t, layers.LinkTypeEthernet,
		recorded{0, []byte("a"), 0}, recorded{5 * time.Millisecond, []byte("b"), 0},
		recorded{2 * time.Millisecond, []byte("c, with a clock set back"), 0}, recorded{9 * time.Millisecond, []byte("d"), 0}))})
	q := openRx(t, p, e)
	for i, step := range []struct {
		now  time.Duration
		want int
		next time.Duration
	}{
		{0, 1, 5 * time.Millisecond},
		{4999 * time.Microsecond, 0, 5 * time.Millisecond},
		{5 * time.Millisecond, 2, 9 * time.Millisecond},
		{0, 0, 9 * time.Millisecond}, // time does not go back
		{time.Hour, 1, -1},
	} {
		p.Step(step.now)
		if ready(e) != 1 {
			t.Errorf("step %d: not reported", i)
		}
		got, ended := recv(t, e, q, 8)
		if len(got) != step.want || ended {
			t.Errorf("step %d: %d frames, ended %v; want %d", i, len(got), ended, step.want)
		}
		next, left := p.NextDeadline()
		if left != (step.next >= 0) || left && next != step.next {
			t.Errorf("step %d: next frame at %v (%v), want %v", i, next, left, step.next)
		}
	}
	if _, ended := recv(t, e, q, 8); !ended {
		t.Error("no end")
	}
}

func TestBrokenFileEndsWithANote(t *testing.T) {
	content := pcapFile(t, layers.LinkTypeEthernet, recorded{0, []byte("whole"), 0}, recorded{0, []byte("cut off"), 0})
	e := newEngine(t)
	p := open(t, Options{Replay: write(t, content[:len(content)-3])})
	q := openRx(t, p, e)
	if got, _ := recv(t, e, q, 8); len(got) != 1 || string(got[0].Data) != "whole" {
		t.Errorf("received %v", got)
	}
	for range 2 {
		if _, ended := recv(t, e, q, 8); !ended {
			t.Error("no end")
		}
	}
	if notes := p.Info().Notes; len(notes) != 1 || !strings.Contains(notes[0], "cannot be read to its end") {
		t.Errorf("notes: %q", notes)
	}
}

func TestErrorsSayWhatIsWrong(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, want string
		o          Options
	}{
		{"missing", "no such file", Options{Replay: "/nonexistent/file"}},
		{"pipe that nobody writes to", pipe + ": no regular file", Options{Replay: pipe}},
		{"empty", "not a capture file: unexpected EOF", Options{Replay: write(t, nil)}},
		{"text", "not a pcap file", Options{Replay: write(t, []byte(strings.Repeat("hello", 20)))}},
		{"half a header", "not a pcapng file", Options{Replay: write(t, []byte("\x0a\x0d\x0d\x0a\x1c\x00"))}},
		{"other link type", "its frames are Linux SLL: only Ethernet can be replayed", Options{Replay: write(t, pcapFile(t, layers.LinkTypeLinuxSLL))}},
		{"no folder to record in", "record: open /nonexistent/file", Options{Record: "/nonexistent/file"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := Open(test.o)
			if err == nil {
				p.Close()
				t.Fatal("opened")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q, want %q in it", err, test.want)
			}
		})
	}
	if _, err := Open(Options{Replay: "/nonexistent/file"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v hides its cause", err)
	}
}

func TestRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	e := newEngine(t)
	p := open(t, Options{Record: path})
	q, err := p.OpenTx(e)
	if err != nil {
		t.Fatal(err)
	}
	frames := [][]byte{[]byte("short"), bytes.Repeat([]byte{5}, 9000)}
	var batch []*packet.Buf
	for i, data := range frames {
		b := packet.FromBytes(data, e.Pool(), e.Spill())
		b.Time = int64(i+1) * 1234567891
		batch = append(batch, b)
	}
	q.Send(batch)
	var done [4]ports.TxDone
	if n := q.Reap(done[:]); n != 2 {
		t.Fatalf("reaped %d, want 2", n)
	}
	for _, d := range done[:2] {
		if d.Result != ports.TxSent {
			t.Errorf("result %v", d.Result)
		}
		d.Buf.Free(e.Pool())
	}
	// The file is complete before Close.
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := pcapgo.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range frames {
		data, info, err := r.ReadPacketData()
		if err != nil || !bytes.Equal(data, want) || info.Length != len(want) || info.Timestamp.UnixNano() != int64(i+1)*1234567891 {
			t.Errorf("frame %d: %d bytes at %v, %v", i, len(data), info.Timestamp, err)
		}
	}
	if _, _, err := r.ReadPacketData(); err != io.EOF {
		t.Errorf("behind the last frame: %v", err)
	}
}

func TestUnwritableRecordIsRefused(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full")
	}
	if p, err := Open(Options{Record: "/dev/full"}); err == nil {
		p.Close()
		t.Fatal("opened a full file")
	} else if !errors.Is(err, unix.ENOSPC) {
		t.Errorf("%v, want %v", err, unix.ENOSPC)
	}
	e := newEngine(t)
	p := open(t, Options{Record: filepath.Join(t.TempDir(), "out")})
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	p.recorder.file.Close()
	p.recorder.file = full
	p.recorder.buffer.Reset(full)
	q, err := p.OpenTx(e)
	if err != nil {
		t.Fatal(err)
	}
	q.Send([]*packet.Buf{packet.FromBytes([]byte("x"), e.Pool(), e.Spill())})
	var done [1]ports.TxDone
	if q.Reap(done[:]) != 1 || done[0].Result != ports.TxError || p.Stats().TxErrors != 1 {
		t.Errorf("result %v, %+v; want an error", done[0].Result, p.Stats())
	}
	done[0].Buf.Free(e.Pool())
	p.recorder.buffer.Reset(io.Discard)
}

func TestPortWithoutFiles(t *testing.T) {
	e := newEngine(t)
	p := open(t, Options{})
	if got, ended := recv(t, e, openRx(t, p, e), 4); len(got) > 0 || ended {
		t.Errorf("received %d, ended %v", len(got), ended)
	}
	q, err := p.OpenTx(e)
	if err != nil {
		t.Fatal(err)
	}
	q.Send([]*packet.Buf{packet.FromBytes([]byte("x"), e.Pool(), e.Spill())})
	if err := q.Close(); err != nil { // frees what was not reaped
		t.Error(err)
	}
}

func FuzzSource(f *testing.F) {
	frames := []recorded{{0, []byte("first"), 0}, {time.Second, []byte("second"), 99}}
	f.Add(pcapFile(f, layers.LinkTypeEthernet, frames...))
	f.Add(pcapngFile(f, layers.LinkTypeEthernet, frames...))
	f.Add([]byte("\x0a\x0d\x0d\x0a"))
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := newSource(bytes.NewReader(content))
		if err != nil {
			return
		}
		for last := time.Duration(0); s.err == nil; s.advance() {
			if s.due < last || len(s.data) > maxFrame {
				t.Fatalf("frame of %d bytes at %v, after one at %v", len(s.data), s.due, last)
			}
			last = s.due
		}
	})
}
