package system

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// crowd is a switch that tells ten controllers of every frame.
const crowd = `
bridges:
  - name: br0
    fail_mode: secure
    flows: in_port=p1,actions=output:p2,controller
    controllers: [$controllers]
    ports:
      - {name: p1, type: system}
      - {name: p2, type: system}
`

const (
	listeners = 10 // controllers that get packet-ins, of which every second one reads slowly
	askers    = 1000
	crowdTime = 10 * time.Second
)

// BenchmarkCrowd has 1,000 connections ask for echoes, ten times a second each, and ten
// controllers get packet-ins of more frames than they can take, and reports the most
// memory that the switch ever had (-benchtime 1x).
func BenchmarkCrowd(b *testing.B) {
	var targets []string
	for i := range listeners {
		targets = append(targets, fmt.Sprintf(`{target: "unix:$dir/c%d", max_backoff: 1s}`, i))
	}
	for b.Loop() {
		s := runSmall(b, strings.Replace(crowd, "$controllers", strings.Join(targets, ", "), 1))
		s.faulty = true // controllers come late and go
		idle := s.mostMiB()
		c := &crowdCounts{stop: make(chan struct{})}
		for i := range listeners {
			l, err := net.Listen("unix", s.path("c"+strconv.Itoa(i)))
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			c.running.Go(func() { c.note(c.listen(l, i%2 == 1)) })
		}
		for range askers {
			conn, err := net.Dial("unix", s.path("br0.mgmt"))
			if err != nil {
				b.Fatal(err)
			}
			c.running.Go(func() { c.note(c.echo(conn)) })
		}
		s.await("all controllers are connected", func() error {
			for _, st := range s.status().Bridges[0].Controllers {
				if !st.Connected {
					return fmt.Errorf("%+v", st)
				}
			}
			return nil
		})
		s.load(b, 1000, crowdTime)
		echoes, packetIns := c.echoes.Load(), c.packetIns.Load()
		close(c.stop)
		c.running.Wait()
		if c.failed != nil {
			b.Fatal(c.failed)
		}
		b.ReportMetric(float64(s.mostMiB()), "MiB-most")
		b.ReportMetric(float64(idle), "MiB-idle")
		b.ReportMetric(float64(echoes)/crowdTime.Seconds(), "echoes/s")
		b.ReportMetric(float64(packetIns)/crowdTime.Seconds(), "packet-ins/s")
		b.ReportMetric(float64(c.slowest.Load())/1e6, "slowest-echo-ms")
	}
}

type crowdCounts struct {
	stop                       chan struct{}
	running                    sync.WaitGroup
	echoes, packetIns, slowest atomic.Int64
	mu                         sync.Mutex
	failed                     error
}

func (c *crowdCounts) note(err error) {
	select {
	case <-c.stop: // connections end then
		return
	default:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = errors.Join(c.failed, err)
}

// Types of OpenFlow 1.3 messages.
const (
	typeEchoRequest = 2
	typeEchoReply   = 3
	typePacketIn    = 10
)

var helloMessage = [8]byte{4, 0, 0, 8, 0, 0, 0, 1}

// listen is a controller: it answers echoes and counts packet-ins; a slow one reads
// a hundred messages and then waits.
func (c *crowdCounts) listen(l net.Listener, slow bool) error {
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	c.endWith(conn)
	if _, err := conn.Write(helloMessage[:]); err != nil {
		return err
	}
	for n := 1; ; n++ {
		head, err := readMessage(conn)
		if err != nil {
			return err
		}
		switch head[1] {
		case typeEchoRequest:
			if _, err := conn.Write([]byte{4, typeEchoReply, 0, 8, head[4], head[5], head[6], head[7]}); err != nil {
				return err
			}
		case typePacketIn:
			c.packetIns.Add(1)
		}
		if slow && n%100 == 0 {
			select {
			case <-c.stop:
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
}

// echo asks for an echo ten times a second.
func (c *crowdCounts) echo(conn net.Conn) error {
	c.endWith(conn)
	if _, err := conn.Write(helloMessage[:]); err != nil {
		return err
	}
	ticks := time.NewTicker(100 * time.Millisecond)
	defer ticks.Stop()
	for {
		begin := time.Now()
		if _, err := conn.Write([]byte{4, typeEchoRequest, 0, 8, 0, 0, 0, 2}); err != nil {
			return err
		}
		for answered := false; !answered; {
			head, err := readMessage(conn)
			if err != nil {
				return err
			}
			answered = head[1] == typeEchoReply
		}
		c.echoes.Add(1)
		took := int64(time.Since(begin))
		for old := c.slowest.Load(); took > old && !c.slowest.CompareAndSwap(old, took); old = c.slowest.Load() {
		}
		select {
		case <-c.stop:
			return nil
		case <-ticks.C:
		}
	}
}

func (c *crowdCounts) endWith(conn net.Conn) {
	c.running.Go(func() {
		<-c.stop
		_ = conn.Close()
	})
}

// readMessage reads a message and returns its header.
func readMessage(from io.Reader) (head [8]byte, err error) {
	if _, err = io.ReadFull(from, head[:]); err == nil {
		_, err = io.CopyN(io.Discard, from, int64(binary.BigEndian.Uint16(head[2:]))-int64(len(head)))
	}
	return head, err
}

// mostMiB is the most memory that the switch has had.
func (s *vswitch) mostMiB() int { return s.memoryMiB("VmHWM:") }

// residentMiB is how much memory the switch has.
func (s *vswitch) residentMiB() int { return s.memoryMiB("VmRSS:") }

func (s *vswitch) memoryMiB(of string) int {
	s.Helper()
	pid, err := os.ReadFile(s.path("vswitchd.pid"))
	if err != nil {
		s.Fatal(err)
	}
	text, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/status")
	if err != nil {
		s.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == of {
			n, err := strconv.Atoi(f[1])
			if err != nil {
				s.Fatal(err)
			}
			return n >> 10
		}
	}
	s.Fatalf("no %s in its status", of)
	return 0
}
