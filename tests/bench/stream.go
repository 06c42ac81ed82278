package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// Ports of the receiving host.
const (
	streamPort = 5001
	trainPort  = 5002
	framePort  = 5000
)

// stream is bytes from host 0 to host 1.
type stream struct {
	from, to int // sockets
	chunk    int // bytes that are sent by one call
}

// rate sends for as long as a measurement takes and returns what is received, in Gbit/s.
func (g *rig) rate(s stream) (float64, error) {
	end := time.Now().Add(g.spent)
	sent := make(chan error, 1)
	go func() {
		buf := make([]byte, s.chunk)
		for time.Now().Before(end) && g.ctx.Err() == nil {
			if _, err := unix.Write(s.from, buf); err != nil && !isTransient(err) && err != unix.ECONNREFUSED {
				sent <- fmt.Errorf("send: %w", err)
				return
			}
		}
		sent <- nil
	}()
	buf := make([]byte, 256<<10)
	received, start := 0, time.Now()
	var failed error
	for time.Now().Before(end) && failed == nil && g.ctx.Err() == nil {
		n, err := unix.Read(s.to, buf)
		switch {
		case err == nil && n > 0:
			received += n
		case err == nil:
			failed = errors.New("receive: the connection was closed")
		case !isTransient(err):
			failed = fmt.Errorf("receive: %w", err)
		}
	}
	took := time.Since(start)
	return float64(received) * 8 / took.Seconds() / 1e9, errors.Join(failed, <-sent)
}

// tcp is the rate of one TCP connection.
func (g *rig) tcp() (float64, error) {
	listener, err := g.socket(1, unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(listener)
	err = errors.Join(
		unix.SetsockoptInt(listener, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
		unix.Bind(listener, endpoint(1, streamPort)), unix.Listen(listener, 1))
	if err != nil {
		return 0, fmt.Errorf("listen: %w", err)
	}
	from, err := g.socket(0, unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(from)
	// What is under way at the end is thrown away.
	if err := unix.SetsockoptLinger(from, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1}); err != nil {
		return 0, err
	}
	if err := g.dial(from); err != nil {
		return 0, err
	}
	to, _, err := unix.Accept(listener)
	for err == unix.EINTR {
		to, _, err = unix.Accept(listener)
	}
	if err != nil {
		return 0, fmt.Errorf("accept: %w", err)
	}
	defer unix.Close(to)
	limit := unix.NsecToTimeval(int64(shortTime))
	if err := unix.SetsockoptTimeval(to, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &limit); err != nil {
		return 0, err
	}
	v, err := g.rate(stream{from: from, to: to, chunk: 128 << 10})
	if err == nil && v == 0 {
		err = errors.New("connected, but no byte arrives")
	}
	return v, err
}

// dial connects a TCP socket to host 1.
func (g *rig) dial(fd int) error {
	const dialTime = 3 * time.Second
	limit := unix.NsecToTimeval(int64(dialTime))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit); err != nil {
		return err
	}
	err := unix.Connect(fd, endpoint(1, streamPort))
	for err == unix.EINTR {
		err = unix.Connect(fd, endpoint(1, streamPort))
	}
	if err == unix.EISCONN {
		err = nil // the interrupted call did it
	}
	if err == unix.EINPROGRESS {
		return fmt.Errorf("connect: no answer within %v", dialTime)
	}
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	limit = unix.NsecToTimeval(int64(shortTime))
	return unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &limit)
}

// udp is the rate of trains of datagrams that the kernel takes for one frame as long
// as the way lets it (UDP_SEGMENT, UDP_GRO).
func (g *rig) udp() (float64, error) {
	to, err := g.socket(1, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(to)
	from, err := g.socket(0, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(from)
	const size, n = 1448, 44 // less than 64 KiB
	err = errors.Join(
		unix.SetsockoptInt(to, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20),
		unix.SetsockoptInt(to, unix.IPPROTO_UDP, unix.UDP_GRO, 1),
		unix.Bind(to, endpoint(1, trainPort)),
		unix.SetsockoptInt(from, unix.IPPROTO_UDP, unix.UDP_SEGMENT, size),
		unix.Connect(from, endpoint(1, trainPort)))
	if err != nil {
		return 0, err
	}
	v, err := g.rate(stream{from: from, to: to, chunk: n * size})
	if err == nil && v == 0 {
		err = errors.New("no datagram arrives")
	}
	return v, err
}

// jumbo is the rate of one TCP connection whose host makes no super-frames.
func (g *rig) jumbo() (float64, error) {
	if err := g.turnOff(segmentation, genericSegmentation); err != nil {
		return 0, word(err.Error())
	}
	return g.tcp()
}

// iperf3 is the rate of one TCP connection by iperf3's count.
func (g *rig) iperf3() (float64, error) {
	if _, err := exec.LookPath("iperf3"); err != nil {
		return 0, word("iperf3 is not installed")
	}
	// The server does not always end with its client.
	ctx, stop := context.WithCancel(g.ctx)
	served := make(chan error, 1)
	go func() {
		_, err := g.output(ctx, g.hosts[1], "iperf3", "--server", "--one-off")
		served <- err
	}()
	var result struct {
		Error string `json:"error"`
		End   struct {
			Received struct {
				Rate float64 `json:"bits_per_second"`
			} `json:"sum_received"`
		} `json:"end"`
	}
	err := g.await("iperf3", func() error {
		seconds := fmt.Sprint(max(1, int(g.spent.Seconds())))
		out, err := g.output(ctx, g.hosts[0], "iperf3", "--client", addressOf(1).String(), "--time", seconds, "--connect-timeout", "3000", "--json")
		if err == nil {
			err = json.Unmarshal(out, &result)
		}
		if err == nil && result.Error != "" { // which it does not always take for a failure
			err = errors.New(result.Error)
			result.Error = ""
		}
		return err
	})
	stop()
	serverErr := <-served
	if err != nil {
		return 0, errors.Join(err, serverErr)
	}
	return result.End.Received.Rate / 1e9, nil
}
