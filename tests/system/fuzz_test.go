package system

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vswitch/control"
)

// TestFuzzLive is TestSoakFuzzLive for a moment.
func TestFuzzLive(t *testing.T) { fuzzLive(t, 3*time.Second) }

// TestSoakFuzzLive sends mutated OpenFlow messages of every version to a switch that
// forwards, for as long as $VSWITCH_SOAK says. Between them it must answer, and in the
// end nothing may have panicked, leaked or stopped.
func TestSoakFuzzLive(t *testing.T) {
	if spent, err := time.ParseDuration(os.Getenv("VSWITCH_SOAK")); err == nil {
		fuzzLive(t, spent)
	}
}

func fuzzLive(t *testing.T, spent time.Duration) {
	seeds := openflowSeeds(t)
	s := newLab(t).run(strings.Replace(twoHosts, "ports:", "listen: [\"punix:$dir/of.sock\"]\n    ports:", 1))
	s.neighbour("h1", "h1", ip2, "02:00:00:00:00:02")
	s.flood(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	f := &liveFuzzer{random: rand.New(rand.NewPCG(seed, 0)), seeds: seeds}
	for end := time.Now().Add(spent); time.Now().Before(end); {
		for _, socket := range []string{"of.sock", "br0.mgmt"} {
			f.converse(t, s.path(socket))
			s.ofctl("-t", "5", "probe", "unix:"+s.path(socket))
		}
		if s.hasEnded() {
			t.Fatalf("the switch has ended: %v\n%s", s.err, s.log.String())
		}
	}
	t.Logf("%d messages", f.sent)
	if size := s.residentMiB(); size > 400 {
		t.Errorf("%d MiB resident", size)
	}
	for _, w := range mustAsk[control.WorkersReply](s, "workers") {
		if w.Panics != 0 {
			t.Errorf("worker %d panicked %d times:\n%s", w.Worker, w.Panics, s.log.String())
		}
	}
	shows(t, s.ofctl("show", "br0"), `1\(h1\)`)
}

// openflowSeeds are messages by version, as switches and controllers have sent them.
func openflowSeeds(t *testing.T) (seeds [7][][]byte) {
	t.Helper()
	add := func(m []byte) {
		if len(m) >= 8 && m[0] >= 1 && m[0] <= 6 {
			seeds[m[0]] = append(seeds[m[0]], m)
		}
	}
	const data = "../../openflow/testdata/"
	binaries, err := filepath.Glob(data + "corpus/*.bin")
	must(t, err)
	for _, name := range binaries {
		m, err := os.ReadFile(name)
		must(t, err)
		add(m)
	}
	texts, err := filepath.Glob(data + "live/*.hex")
	must(t, err)
	for _, name := range texts {
		text, err := os.ReadFile(name)
		must(t, err)
		for line := range strings.Lines(string(text)) {
			if m, err := hex.DecodeString(strings.TrimSpace(line)); err == nil {
				add(m)
			}
		}
	}
	for v := 1; v <= 6; v++ {
		if len(seeds[v]) == 0 {
			t.Fatalf("no messages of version %d", v)
		}
	}
	return seeds
}

// liveFuzzer makes up conversations.
type liveFuzzer struct {
	random *rand.Rand
	seeds  [7][][]byte
	sent   int
}

// converse opens a connection of a random version and says up to 200 messages, of which
// some are right. It does not mind what the switch says, nor that it hangs up.
func (f *liveFuzzer) converse(t *testing.T, socket string) {
	conn, err := net.Dial("unix", socket)
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	silent := f.random.IntN(8) == 0 // does not read
	if !silent {
		go func() { _, _ = io.Copy(io.Discard, conn) }()
	}
	version := byte(1 + f.random.IntN(6))
	out := bufio.NewWriter(conn)
	_, _ = out.Write([]byte{version, 0, 0, 8, 0, 0, 0, 1})
	for range 1 + f.random.IntN(200) {
		from := version
		if f.random.IntN(20) == 0 {
			from = byte(1 + f.random.IntN(6))
		}
		m := f.seeds[from][f.random.IntN(len(f.seeds[from]))]
		if f.random.IntN(4) > 0 {
			m = f.mutate(m, f.seeds[from])
		}
		if _, err := out.Write(m); err != nil {
			return
		}
		f.sent++
	}
	_ = out.Flush()
}

// interesting are values at which lengths and counts go wrong.
var interesting = []uint16{0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xfff8, 0xffff}

// mutate changes a copy of m. Most results have the length that their header says.
func (f *liveFuzzer) mutate(m []byte, others [][]byte) []byte {
	r := f.random
	m = append([]byte(nil), m...)
	for range 1 + r.IntN(4) {
		at := r.IntN(len(m))
		switch r.IntN(8) {
		case 0:
			m[at] ^= 1 << r.IntN(8)
		case 1:
			m[at] = byte(r.Uint32())
		case 2:
			if at+2 <= len(m) {
				binary.BigEndian.PutUint16(m[at:], interesting[r.IntN(len(interesting))])
			}
		case 3:
			m = m[:max(8, at)]
		case 4: // a part of another one
			o := others[r.IntN(len(others))]
			from := r.IntN(len(o))
			m = append(m[:max(8, at)], o[from:]...)
		case 5: // a part twice
			part := append([]byte(nil), m[at:]...)
			m = append(m, part...)
		case 6:
			m[1] = byte(r.IntN(36))
		case 7:
			m = append(m, make([]byte, 8*r.IntN(200))...)
		}
	}
	if len(m) > 0xfff8 {
		m = m[:0xfff8]
	}
	if r.IntN(10) > 0 {
		binary.BigEndian.PutUint16(m[2:], uint16(len(m)))
	}
	return m
}
