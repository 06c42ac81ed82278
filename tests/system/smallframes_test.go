package system

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// small is a switch between two veth pairs that one flow crosses.
const small = `
datapath: {workers: $workers}
bridges:
  - name: br0
    fail_mode: secure
    flows: in_port=p1,actions=output:p2
    ports:
      - {name: p1, $port}
      - {name: p2, $port}
`

// subjects are the ways to move frames of veth; the others are compared with the
// first.
var subjects = []struct{ name, port string }{
	{"afpacket", "type: system"},
	{"native", "type: afxdp, xdp_mode: native"},
	{"generic", "type: afxdp, xdp_mode: generic"},
}

const (
	smallRounds = 9
	smallTime   = 2 * time.Second
)

// BenchmarkSmallFrames sends 64-byte frames through one switch after the other, as
// many as one core can, and reports what arrives: for each subject frames a second and
// the switch's time a frame, medians over the rounds, and the median of the ratios to
// the first within a round. Once (-benchtime 1x) is enough.
func BenchmarkSmallFrames(b *testing.B) {
	for _, workers := range []string{"1", "auto"} {
		for _, flows := range []int{1, 1000} {
			b.Run(fmt.Sprintf("workers=%s/flows=%d", workers, flows), func(b *testing.B) { benchSmallFrames(b, workers, flows) })
		}
	}
}

func benchSmallFrames(b *testing.B, workers string, flows int) {
	var switches []*vswitch
	for _, s := range subjects {
		switches = append(switches, runSmall(b, strings.NewReplacer("$workers", workers, "$port", s.port).Replace(small)))
	}
	for _, s := range switches {
		s.load(b, flows, smallTime/4) // what is made once is made now
	}
	for b.Loop() {
		rates, costs, ratios := make([][]float64, len(subjects)), make([][]float64, len(subjects)), make([][]float64, len(subjects))
		for range smallRounds {
			for i, s := range switches {
				rate, cost := s.load(b, flows, smallTime)
				rates[i], costs[i] = append(rates[i], rate), append(costs[i], cost)
				ratios[i] = append(ratios[i], rate/rates[0][len(rates[0])-1])
			}
		}
		for i, s := range subjects {
			b.ReportMetric(median(rates[i]), s.name+"-frames/s")
			b.ReportMetric(median(costs[i]), s.name+"-cpu-µs/frame")
			if i > 0 {
				b.ReportMetric(median(ratios[i]), s.name+"-ratio")
				b.ReportMetric(slices.Min(ratios[i]), s.name+"-least")
				b.ReportMetric(slices.Max(ratios[i]), s.name+"-most")
			}
		}
	}
	b.ReportMetric(0, "ns/op")
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

// runSmall runs a switch in a lab of its own, with hosts m1 and m2.
func runSmall(b *testing.B, config string) *vswitch {
	l := newLab(b)
	for _, n := range []string{"1", "2"} {
		l.makeHost("m" + n)
		l.in("switch", "ip", "link", "add", "p"+n, "type", "veth", "peer", "name", "eth0", "netns", "$m"+n)
		l.in("switch", "ip", "link", "set", "p"+n, "up")
		l.in("m"+n, "ip", "link", "set", "eth0", "up")
	}
	return l.run(config)
}

// load has m1 send for some time. It returns how many frames m2 received a second,
// and how many microseconds the switch spent on each.
func (s *vswitch) load(b *testing.B, flows int, spent time.Duration) (rate, cost float64) {
	b.Helper()
	rx, _ := s.kernelCounters("m2", "eth0")
	before := s.spent()
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // and stays locked: the thread is lost to the host's namespace
		failed <- generate(s.space("m1"), flows, spent)
	}()
	if err := <-failed; err != nil {
		b.Fatal(err)
	}
	after := s.spent()
	now, _ := s.kernelCounters("m2", "eth0")
	frames := float64(now.Packets - rx.Packets)
	if frames == 0 {
		b.Fatal("nothing arrives")
	}
	return frames / spent.Seconds(), float64((after - before).Microseconds()) / frames
}

// spent is how much time of a processor the switch has had, the kernel's on its
// behalf included.
func (s *vswitch) spent() time.Duration {
	s.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.status().PID))
	if err != nil {
		s.Fatal(err)
	}
	const user, system, tick = 11, 12, 10 * time.Millisecond // behind the name
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var sum time.Duration
	for _, i := range []int{user, system} {
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			s.Fatal(err)
		}
		sum += time.Duration(n) * tick
	}
	return sum
}

// generate sends UDP datagrams of 64 bytes with their headers out of eth0 of a
// namespace, as many as it can, from so many ports.
func generate(space string, flows int, spent time.Duration) error {
	file, err := os.Open("/run/netns/" + space)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	index, err := indexOf(fd, "eth0")
	if err == nil {
		err = errors.Join(unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1),
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 16<<20),
			unix.Bind(fd, &unix.SockaddrLinklayer{Ifindex: index}))
	}
	if err != nil {
		return err
	}
	const batch = 64
	var messages [batch]struct {
		header unix.Msghdr
		size   uint32
	}
	var parts [batch]unix.Iovec
	var frames [batch][64]byte
	for i := range frames {
		f := &frames[i]
		copy(f[:], []byte{2, 0, 0, 0, 0, 0x99, 2, 0, 0, 0, 0, 0x77, 8, 0, 0x45, 0, 0, 50, 0, 0, 0, 0, 64, 17, 0x66, 0xb9, 10, 0, 0, 1, 10, 0, 0, 2})
		copy(f[36:], []byte{0x13, 0x88, 0, 30})
		parts[i] = unix.Iovec{Base: &f[0]}
		parts[i].SetLen(len(f))
		messages[i].header.Iov = &parts[i]
		messages[i].header.SetIovlen(1)
	}
	for n, end := 0, time.Now().Add(spent); time.Now().Before(end); {
		for i := range frames {
			port := 1024 + n%flows
			frames[i][34], frames[i][35] = byte(port>>8), byte(port)
			n++
		}
		// What the other end cannot take is lost.
		_, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(fd), uintptr(unsafe.Pointer(&messages)), batch, 0, 0, 0)
		if errno != 0 && errno != unix.ENOBUFS && errno != unix.EAGAIN && errno != unix.EINTR {
			return errno
		}
	}
	return nil
}

// indexOf asks for the index of a device of the socket's namespace.
func indexOf(fd int, device string) (int, error) {
	request, err := unix.NewIfreq(device)
	if err == nil {
		err = unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request)
	}
	if err != nil {
		return 0, err
	}
	return int(request.Uint32()), nil
}
