package pcap

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// maxFrame is how much of a frame is received: more than any device has.
const maxFrame = 64<<10 + 1<<10

// source reads the frames of a capture file.
type source struct {
	file interface {
		ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error)
	}

	begin   time.Time // of the first frame
	started bool
	last    time.Duration

	// The next frame, while there is one.
	data []byte // valid until advance
	due  time.Duration
	cut  bool  // data is not the whole frame
	err  error // why there is no next frame; io.EOF at the file's end
}

// newSource reads the header of a file and its first frame.
func newSource(r io.Reader) (*source, error) {
	const sectionHeader = "\x0a\x0d\x0d\x0a" // first bytes of pcapng (draft-ietf-opsawg-pcapng §4.1)
	in := bufio.NewReaderSize(r, 1<<18)
	magic, err := in.Peek(len(sectionHeader))
	if err != nil {
		return nil, fmt.Errorf("not a capture file: %w", noEOF(err))
	}
	s := &source{}
	var link layers.LinkType
	if bytes.Equal(magic, []byte(sectionHeader)) {
		file, err := pcapgo.NewNgReader(in, pcapgo.DefaultNgReaderOptions)
		if err != nil {
			return nil, fmt.Errorf("not a pcapng file: %w", noEOF(err))
		}
		s.file, link = file, file.LinkType()
	} else {
		file, err := pcapgo.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("not a pcap file: %w", noEOF(err))
		}
		s.file, link = file, file.LinkType()
	}
	if link != layers.LinkTypeEthernet {
		return nil, fmt.Errorf("its frames are %s: only Ethernet can be replayed", link)
	}
	s.advance()
	return s, nil
}

// noEOF keeps the end of a file that is too short from looking like a good end.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// advance goes to the next frame.
func (s *source) advance() {
	if s.err != nil {
		return
	}
	data, info, err := s.file.ZeroCopyReadPacketData()
	if err != nil {
		s.data, s.err = nil, err
		return
	}
	if !s.started {
		s.begin, s.started = info.Timestamp, true
	}
	// Time never goes back, or else a frame would block those behind it.
	s.last = max(s.last, info.Timestamp.Sub(s.begin))
	s.due = s.last
	s.cut = info.Length > len(data) || len(data) > maxFrame
	s.data = data[:min(len(data), maxFrame)]
}
