package main

import (
	"encoding/binary"
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// pingInterval is the time from one ping's answer to the next ping.
const pingInterval = 2 * time.Millisecond

// pinger has host 0 ping host 1.
type pinger struct {
	fd       int
	sequence uint16
	buf      []byte
}

func (g *rig) newPinger() (*pinger, error) {
	fd, err := g.socket(0, unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	if err != nil {
		return nil, err
	}
	if err := unix.Connect(fd, endpoint(1, 0)); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &pinger{fd: fd, buf: make([]byte, 256)}, nil
}

func (p *pinger) close() { unix.Close(p.fd) }

// ping sends a request and waits at most shortTime for its reply.
func (p *pinger) ping() (time.Duration, error) {
	const request, reply, ipSize, headerSize, size = 8, 0, 20, 8, 64
	p.sequence++
	packet := make([]byte, size)
	packet[0] = request
	binary.BigEndian.PutUint16(packet[6:], p.sequence)
	binary.BigEndian.PutUint16(packet[2:], ^onesSum(packet))
	start := time.Now()
	if _, err := rawIO(unix.SYS_WRITE, p.fd, packet); err != nil {
		return 0, err
	}
	for {
		n, err := rawIO(unix.SYS_READ, p.fd, p.buf)
		now := time.Since(start)
		switch {
		case err == unix.EAGAIN || now > shortTime: // the runtime's signals may end each read before its time
			return 0, errors.New("no reply")
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n >= ipSize+headerSize && p.buf[ipSize] == reply && binary.BigEndian.Uint16(p.buf[ipSize+6:]) == p.sequence:
			return now, nil
		}
	}
}

// roundTrip is the mean time to an answer, in µs.
func (g *rig) roundTrip() (float64, error) {
	p, err := g.newPinger()
	if err != nil {
		return 0, err
	}
	defer p.close()
	const unmeasured, mayLose = 20, 3
	var sum time.Duration
	n, lost := -unmeasured, 0
	for end := time.Now().Add(g.spent); g.ctx.Err() == nil && (n < 1 || time.Now().Before(end)); time.Sleep(pingInterval) {
		took, err := p.ping()
		if err != nil {
			if lost++; lost > mayLose {
				return 0, err
			}
			continue
		}
		if n++; n > 0 {
			sum += took
		}
	}
	return float64(sum.Nanoseconds()) / 1e3 / float64(max(1, n)), nil
}

// onesSum is the sum of 16-bit words that IP checksums are made of (RFC 1071).
func onesSum(data []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(data); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(data[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
