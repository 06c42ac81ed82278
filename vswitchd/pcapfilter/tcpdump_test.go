package pcapfilter

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// expressions are what users write.
var expressions = []string{
	"host 10.0.0.1 and tcp port 80", "not arp", "src net 10.0.0.0/8", "vlan 100 and icmp", "ether host 02:00:00:00:00:01",
	"ether proto 0x88cc", "ip6", "portrange 20-90", "less 60", "greater 60", "icmp6", "multicast", "broadcast", "ip proto 17", "ip proto \\tcp",
	"tcp[tcpflags] & tcp-syn != 0", "(tcp or udp) and !(port 80 || port 53) && ip", "tcp", "udp", "arp", "ip", "icmp", "sctp", "vlan",
	"vlan and vlan 7", "not vlan", "vlan or arp", "vlan 100 or vlan 200", "ip and vlan", "host fd00::1", "net fd00::/16", "src host fd00::2", "port 80 or 443", "tcp dst port 80",
	"src and dst net 10.0.0.0/8", "src or dst port 53", "udp src portrange 50-60", "net 10", "net 10.0", "net 10.0.0", "net 10.0.0.0 mask 255.255.0.0",
	"arp host 10.0.0.1", "ip host 10.0.0.1 or 10.0.0.2", "ip multicast", "ip6 multicast", "ether broadcast", "ether multicast", "ether src 02:00:00:00:00:01",
	"ip[8] < 64", "ip[2:2] > 40", "tcp[(tcp[12] >> 4) * 4] = 71", "len > 60 and len <= 100", "udp[4:2] = 8 + 4", "icmp[icmptype] = icmp-echo",
	"not tcp[13] & 2 = 2", "ether[0] & 1 = 1", "ip[6:2] & 0x1fff != 0", "proto 6", "ip6 proto 17", "10 + 4 = 14", "ip[0] & 0xf != 5", "ip[9] - 6 = 0",
	"dst host 10.0.0.2", "src 10.0.0.1", "ip src 10.0.0.1", "not host 10.0.0.1", "port (80 or 53)", "igmp", "icmp6[0] = 128", "-1 + 2 = 1", "len / ip[9] > 4",
	"tcp and not port 22", "ether[12:2] = 0x0800", "ip6[6] = 58", "arp[6:2] = 1", "not tcp port 80 and not udp", "ah or esp", "pim", "vrrp", "rarp",
}

// frames are some of each protocol, whole and cut.
func frames(r *rand.Rand, n int) (list [][]byte) {
	pick := func(of ...int) int { return of[r.IntN(len(of))] }
	for range n {
		f := make([]byte, 0, 200)
		f = append(f, 2, 0, 0, 0, 0, byte(r.IntN(3)), 2, 0, 0, 0, 0, byte(r.IntN(3)))
		switch r.IntN(6) {
		case 0:
			copy(f, bytes.Repeat([]byte{0xff}, 6))
		case 1:
			copy(f, []byte{1, 0, 0x5e})
		}
		for range pick(0, 0, 0, 1, 2) {
			f = binary.BigEndian.AppendUint16(f, uint16(pick(0x8100, 0x8100, 0x88a8, 0x9100)))
			f = binary.BigEndian.AppendUint16(f, uint16(pick(100, 200, 7, 0x2064)))
		}
		ethertype := pick(0x800, 0x800, 0x800, 0x86dd, 0x86dd, 0x806, 0x8035, 0x88cc, 40)
		f = binary.BigEndian.AppendUint16(f, uint16(ethertype))
		ip := func() []byte { return []byte{byte(pick(10, 10, 10, 224)), 0, 0, byte(r.IntN(3))} }
		switch protocol := byte(pick(6, 6, 17, 17, 1, 58, 132, 2, 50, 103, 112)); ethertype {
		case 0x800:
			words := pick(5, 5, 6)
			f = append(f, byte(0x40|words), 0, 0, byte(r.IntN(90)), 0, 0, byte(pick(0, 0x40, 0x20)), byte(pick(0, 0, 0, 9)), byte(r.IntN(128)), protocol, 0, 0)
			f = append(append(f, ip()...), ip()...)
			f = append(f, make([]byte, 4*(words-5))...)
		case 0x86dd:
			f = append(f, 0x60, 0, 0, 0, 0, 20, byte(pick(int(protocol), int(protocol), 44)), 64)
			for range 2 {
				f = append(f, byte(pick(0xfd, 0xfd, 0xff)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, byte(r.IntN(3)))
			}
			if f[len(f)-34] == 44 {
				f = append(f, protocol, 0, 0, 0, 0, 0, 0, 0)
			}
		case 0x806, 0x8035:
			f = append(f, 0, 1, 8, 0, 6, 4, 0, byte(r.IntN(3)), 2, 0, 0, 0, 0, 1)
			f = append(append(append(f, ip()...), 2, 0, 0, 0, 0, 2), ip()...)
		}
		f = append(f, 0, byte(pick(80, 53, 22, 128, 8)), byte(pick(0, 1)), byte(pick(80, 53, 187)))
		f = append(f, 0, 12, 0, 0, 0, 0, 0, 0, byte(pick(0x50, 0x60)), byte(r.IntN(64)))
		f = append(f, make([]byte, r.IntN(60))...)
		if r.IntN(5) == 0 {
			f = f[:r.IntN(len(f)-13)+14]
		}
		list = append(list, f)
	}
	return list
}

// file is a capture of frames, numbered by their seconds.
func file(t *testing.T, list [][]byte) string {
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	for _, w := range []uint32{2 | 4<<16, 0, 0, 65535, 1} {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	for i, f := range list {
		for _, w := range []int{i, 0, len(f), len(f)} {
			b = binary.LittleEndian.AppendUint32(b, uint32(w))
		}
		b = append(b, f...)
	}
	name := filepath.Join(t.TempDir(), "frames.pcap")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// tcpdump says which frames of a file it lets through; known is false where it knows no such
// expression. Its optimizer (which -O turns off) leaves out some reads, for which cut frames would be refused.
func tcpdump(t *testing.T, name, expression string, n int) (through []bool, known bool) {
	t.Helper()
	through = make([]bool, n)
	cmd := exec.Command("tcpdump", "-n", "-O", "-r", name, "-w", "-", "--", expression)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if strings.Contains(complaint.String(), "rejects all packets") {
		return through, true
	}
	if err != nil {
		return nil, false
	}
	for out = out[24:]; len(out) > 0; out = out[16+binary.LittleEndian.Uint32(out[8:]):] {
		through[binary.LittleEndian.Uint32(out)] = true
	}
	return through, true
}

// random joins expressions.
func random(r *rand.Rand, depth int) string {
	if depth == 0 || r.IntN(3) == 0 {
		return expressions[r.IntN(len(expressions))]
	}
	switch r.IntN(5) {
	case 0:
		return "not (" + random(r, depth-1) + ")"
	case 1:
		return "(" + random(r, depth-1) + ")"
	case 2:
		return random(r, depth-1) + " or " + random(r, depth-1)
	default:
		return random(r, depth-1) + " and " + random(r, depth-1)
	}
}

// TestAsTcpdump has the real tcpdump say what passes.
func TestAsTcpdump(t *testing.T) {
	if _, err := exec.LookPath("tcpdump"); err != nil {
		t.Skip("no tcpdump here")
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	list := frames(r, 400)
	name := file(t, list)
	all := append([]string(nil), expressions...)
	for range 200 {
		all = append(all, random(r, 3))
	}
	for i, e := range all {
		want, known := tcpdump(t, name, e, len(list))
		f, err := Parse(e)
		if !known || err != nil {
			if known || err == nil || i < len(expressions) {
				t.Errorf("%s: tcpdump knows it: %v, here: %v", e, known, err)
			}
			continue
		}
		wrong := 0
		for j, frame := range list {
			if got := f.Match(frame, len(frame)); got != want[j] {
				if wrong++; wrong == 1 {
					t.Errorf("%s: %v for %x, tcpdump says %v", e, got, frame, want[j])
				}
			}
		}
		if wrong > 1 {
			t.Errorf("%s: wrong for %d frames", e, wrong)
		}
	}
}

// TestRefused has errors point at what is wrong.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		in, msg string
		at      int
	}{
		{"tcp port", "is no port", 8}, {"host www.example.net", "names are not resolved", 5}, {"tcp port http", "names of services", 9},
		{"tcp and", "something is missing", 7}, {"(tcp", "a ) is missing", 4}, {"tcp udp", "combine with", 4}, {"mpls 5", "not supported", 0},
		{"net 10.0.0.1/8", "outside of the mask", 4}, {"tcp[0:3] = 1", "a size is", 6}, {"foo[0] = 1", "no bytes", 0}, {"1 / 0 = 1", "no value", 4},
		{"arp @", "has a \"@\"", 4}, {"ether proto 0x30", "not supported", 12}, {"10.0.0.1", "say what", 0}, {"ip broadcast", "not supported", 3},
		{strings.Repeat("(", 100), "levels deep", 64}, {"udp host 10.0.0.1", "has no addresses", 9}, {"vlan 5000", "to 4095", 5}, {"tcp[0] and udp", "comparison", 7},
	} {
		_, err := Parse(c.in)
		e, ok := err.(*Error)
		if !ok || !strings.Contains(e.Msg, c.msg) || e.At != c.at {
			t.Errorf("%s: %v, want %q at %d", c.in, err, c.msg, c.at)
		}
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	f, err := Parse("host 10.0.0.1 and tcp port 80 and tcp[tcpflags] & tcp-syn != 0 or vlan 7")
	if err != nil {
		t.Fatal(err)
	}
	list := frames(rand.New(rand.NewPCG(1, 1)), 50)
	if n := testing.AllocsPerRun(10, func() {
		for _, b := range list {
			f.Match(b, len(b))
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzParse reads anything, and uses what it could read.
func FuzzParse(f *testing.F) {
	frame := frames(rand.New(rand.NewPCG(1, 1)), 1)[0]
	for _, e := range expressions {
		f.Add(e, frame)
	}
	f.Fuzz(func(t *testing.T, in string, frame []byte) {
		filter, err := Parse(in)
		if err != nil {
			_ = err.Error()
			return
		}
		filter.Match(frame, len(frame))
	})
}
