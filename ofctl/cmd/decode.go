package cmd

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"os"
	"strings"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"vswitch/flow"
	"vswitch/ofctl/jsontext"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/packet"
)

// Commands that say what bytes mean.

// runOFPPrint is ofp-print: one message in hexadecimal, or those of a file.
func runOFPPrint(a *app, args []string) error {
	if len(args) > 1 {
		var verbosity int
		if _, err := fmt.Sscanf(args[1], "%d", &verbosity); err != nil || verbosity < 0 {
			return usagef("%q is no verbosity", args[1])
		}
		a.option.more = verbosity - defaultVerbosity
	}
	if info, err := os.Stat(args[0]); args[0] == stdinName || err == nil && !info.IsDir() {
		return runOFPParse(a, args[:1])
	}
	data, err := hex.DecodeString(strings.Join(strings.Fields(args[0]), ""))
	if err != nil {
		return usagef("%q is neither hexadecimal nor a file: %w", args[0], err)
	}
	p := a.offlinePrinter()
	return p.wire(data, "")
}

func (a *app) offlinePrinter() *printer {
	o := a.printing()
	return &printer{app: a, o: o, json: jsontext.NewWriter(o)}
}

// wire prints the message that is one message's bytes.
func (p *printer) wire(data []byte, when string) error {
	if !p.app.option.json {
		p.buf = text.AppendWire(p.buf[:0], data, p.o)
		_, err := p.app.out.Write(p.buf)
		return err
	}
	e := jsontext.Event{Time: when, Bytes: data}
	e.Header, e.Body, e.Err = openflow.Decode(data)
	p.json.Reset()
	p.json.Event(e)
	_, err := p.app.out.Write(p.json.Bytes())
	return err
}

// runOFPParse is ofp-parse: the messages of a file, one behind the other.
func runOFPParse(a *app, args []string) error {
	data, err := a.readAll(args[0])
	if err != nil {
		return err
	}
	p := a.offlinePrinter()
	for len(data) > 0 {
		m, rest, err := openflow.Next(data)
		if err != nil || m == nil {
			m, rest = data, nil // AppendWire says what is wrong with them
		}
		data = rest
		if err := p.wire(m, ""); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) readAll(file string) ([]byte, error) {
	var data []byte
	var err error
	if file == stdinName {
		data, err = io.ReadAll(a.stdio.In)
	} else {
		data, err = os.ReadFile(file)
	}
	if err != nil {
		return nil, usagef("%s: %w", file, rootCause(err))
	}
	return data, nil
}

// eachFrame gives each Ethernet frame of a capture to use.
func (a *app) eachFrame(file string, use func(frame []byte, at gopacket.CaptureInfo) error) error {
	data, err := a.readAll(file)
	if err != nil {
		return err
	}
	var source interface {
		gopacket.PacketDataSource
		LinkType() layers.LinkType
	}
	if source, err = pcapgo.NewReader(bytes.NewReader(data)); err != nil {
		if source, err = pcapgo.NewNgReader(bytes.NewReader(data), pcapgo.DefaultNgReaderOptions); err != nil {
			return usagef("%s: no capture: %w", file, err)
		}
	}
	if source.LinkType() != layers.LinkTypeEthernet {
		return usagef("%s: frames of %v, not of Ethernet", file, source.LinkType())
	}
	for n := 1; ; n++ {
		frame, info, err := source.ReadPacketData()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return usagef("%s: frame %d: %w", file, n, err)
		}
		if err := use(frame, info); err != nil {
			return err
		}
	}
}

// runParsePcap is parse-pcap: the flow of each frame.
func runParsePcap(a *app, args []string) error {
	for _, file := range args {
		err := a.eachFrame(file, func(frame []byte, _ gopacket.CaptureInfo) error { return a.printPacket(frame) })
		if err != nil {
			return err
		}
	}
	return nil
}

// runParsePacket is parse-packet: the flow of frames in hexadecimal, one a line.
func runParsePacket(a *app, _ []string) error {
	lines, err := a.readLines(stdinName)
	if err != nil {
		return err
	}
	for _, l := range lines {
		frame, err := unhexLine(l)
		if err != nil {
			return err
		}
		if err := a.printPacket(frame); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printPacket(frame []byte) error {
	summary := a.packetSummary(nil, frame)
	if a.option.json {
		match, checksum, _ := strings.Cut(string(summary), " ")
		_, checksum, _ = strings.Cut(checksum, ":")
		return a.record(struct {
			Flow     jsontext.Match
			Checksum string // of the transport header; "" where the frame has none in full
			Bytes    []byte
		}{jsontext.Match(match), checksum, frame})
	}
	_, err := a.out.Write(append(summary, '\n'))
	return err
}

// runComposePacket is compose-packet: a frame of a flow, in hexadecimal.
func runComposePacket(a *app, args []string) error {
	m, err := text.ParseMatch(args[0], text.Options{})
	if err != nil {
		return syntax(err)
	}
	key := &m.Value.Key
	payload := defaultPayload(key)
	if len(args) > 1 {
		if payload, err = unhexLine(line{from: "the payload", text: args[1]}); err != nil {
			return err
		}
	}
	for i := range key.VLAN {
		// A match says nothing of the type of a tag.
		if tag := &key.VLAN[i]; tag.TCI != 0 && tag.TPID == 0 {
			tag.TPID = packet.EthTypeVLAN
		}
	}
	frame, err := flow.Compose(key, payload)
	switch {
	case err != nil:
		return usagef("%w", err)
	case a.option.json:
		return a.record(struct{ Bytes []byte }{frame})
	case a.option.bare:
		_, err = fmt.Fprintf(a.out, "%x\n", frame)
	default:
		_, err = a.out.Write(appendDump(nil, frame))
	}
	return err
}

// defaultPayload is what ovs-ofctl puts into packets that can have something in them.
func defaultPayload(k *flow.Key) []byte {
	icmp := k.IPProto == packet.ProtoICMP && k.EthType == packet.EthTypeIPv4
	if k.IPProto != packet.ProtoTCP && k.IPProto != packet.ProtoUDP && !icmp {
		return nil
	}
	payload := make([]byte, 64)
	for i := range payload {
		payload[i] = byte(i)
	}
	return payload
}

// direction is one direction of a TCP connection.
type direction struct{ network, transport gopacket.Flow }

// stream puts the bytes of one direction in order.
type stream struct {
	started bool
	next    uint32            // sequence number
	ahead   map[uint32][]byte // segments that came before their turn
	bytes   []byte            // in order, not used yet
}

// mostAhead bounds the segments that wait for a lost one.
const mostAhead = 1000

// add takes a segment.
func (s *stream) add(seq uint32, syn bool, data []byte) {
	if syn {
		s.started, s.next, s.bytes, s.ahead = true, seq+1, nil, nil
		return
	}
	if !s.started {
		s.started, s.next = true, seq
	}
	for data != nil {
		old := int32(s.next - seq)
		if old < 0 {
			if s.ahead == nil {
				s.ahead = map[uint32][]byte{}
			}
			if len(s.ahead) < mostAhead {
				s.ahead[seq] = bytes.Clone(data)
			}
			return
		}
		if int(old) < len(data) {
			s.bytes = append(s.bytes, data[old:]...)
			s.next += uint32(len(data)) - uint32(old)
		}
		seq, data = s.due()
	}
}

// due takes a segment whose turn has come.
func (s *stream) due() (seq uint32, data []byte) {
	for seq, data := range s.ahead {
		if int32(s.next-seq) >= 0 {
			delete(s.ahead, seq)
			return seq, data
		}
	}
	return 0, nil
}

// runOFPParsePcap is ofp-parse-pcap: the OpenFlow messages of a capture.
func runOFPParsePcap(a *app, args []string) error {
	ports, err := portSet(args[1:])
	if err != nil {
		return err
	}
	streams := map[direction]*stream{}
	p := a.offlinePrinter()
	return a.eachFrame(args[0], func(frame []byte, at gopacket.CaptureInfo) error {
		decoded := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.NoCopy)
		tcp, isTCP := decoded.Layer(layers.LayerTypeTCP).(*layers.TCP)
		if !isTCP || decoded.NetworkLayer() == nil || !ports[uint16(tcp.SrcPort)] && !ports[uint16(tcp.DstPort)] {
			return nil
		}
		d := direction{decoded.NetworkLayer().NetworkFlow(), tcp.TransportFlow()}
		s := streams[d]
		if s == nil {
			s = new(stream)
			streams[d] = s
		}
		s.add(tcp.Seq, tcp.SYN, tcp.Payload)
		when := at.Timestamp.UTC().Format("2006-01-02 15:04:05.000000")
		return p.messages(s, fmt.Sprintf("%s: %v:%d > %v:%d", when, d.network.Src(), tcp.SrcPort, d.network.Dst(), tcp.DstPort))
	})
}

// messages prints the whole messages that a stream has.
func (p *printer) messages(s *stream, title string) error {
	for {
		m, rest, err := openflow.Next(s.bytes)
		if err != nil {
			s.bytes = nil // what is no OpenFlow here will not become any
			return nil
		}
		if m == nil {
			return nil
		}
		if !p.app.option.json {
			fmt.Fprintf(p.app.out, "%s:\n", title)
		}
		if err := p.wire(m, title); err != nil {
			return err
		}
		s.bytes = rest
	}
}

// portSet reads the ports on which OpenFlow is looked for.
func portSet(words []string) (map[uint16]bool, error) {
	set := map[uint16]bool{}
	for _, w := range words {
		_, port, err := hostPort("any:" + w)
		if err != nil {
			return nil, usagef("%w", err)
		}
		var n uint16
		fmt.Sscan(port, &n)
		set[n] = true
	}
	if len(set) == 0 {
		set = map[uint16]bool{6653: true, 6633: true}
	}
	return set, nil
}

// The buffer that packets are looked at in: the longest that a message carries,
// with the headroom that packet expects.
const (
	summarySize     = openflow.MaxLen + 1
	summaryHeadroom = 256
)

// packetSummary appends what a packet contains, in one line as ovs-ofctl describes
// it: the flow that it belongs to, and the checksum of its transport header.
func (a *app) packetSummary(dst, data []byte) []byte {
	if a.pool == nil {
		pool, err := packet.NewPool(1, summarySize+summaryHeadroom, summaryHeadroom)
		if err != nil {
			return fmt.Appendf(dst, "%d bytes", len(data))
		}
		a.pool = pool
	}
	b := packet.FromBytes(data, a.pool, nil)
	if b == nil {
		return fmt.Appendf(dst, "%d bytes", len(data))
	}
	defer b.Free(a.pool)
	var k flow.Key
	flow.Extract(b, &k)
	m := openflow.Match{Match: *matchOf(&k)}
	dst = text.AppendMatch(dst, &m, text.PrintOptions{})
	return appendChecksum(dst, &k, b)
}

// matchOf matches exactly what the headers of k's packet have.
func matchOf(k *flow.Key) *flow.Match {
	m := new(flow.Match)
	m.Value.Load(k)
	fields := flow.Fields()
	for i := range fields {
		if f := &fields[i]; f.Exists(&m.Value, nil) {
			f.Unwildcard(&m.Mask, f.Full())
		}
	}
	// Only what is in the frame counts, and of that what ovs-ofctl tells.
	base := m.Mask.Base
	m.Mask = flow.Mask{}
	m.Mask.Base = base
	m.Mask.InPort, m.Mask.RecircID, m.Mask.DPHash, m.Mask.PktMark, m.Mask.PacketType, m.Mask.Present = 0, 0, 0, 0, 0, 0
	m.Mask.IPv6ExtHdr, m.Mask.NDReserved, m.Mask.NDOptType = 0, 0, 0
	if isND := m.Mask.NDTarget != (flow.IPv6{}); isND {
		for i := range m.Mask.ARPSHA {
			m.Mask.ARPSHA[i], m.Mask.ARPTHA[i] = 0xff, 0xff
		}
	}
	m.Mask.VLAN[0] = flow.VLANTag{TCI: 0xffff}
	m.Mask.VLAN[1] = flow.VLANTag{}
	if k.VLAN[0].TCI != 0 {
		m.Mask.VLAN[1].TCI = 0xffff
	}
	return m
}

// appendChecksum appends the checksum of the transport header, where the frame has
// one in full.
func appendChecksum(dst []byte, k *flow.Key, b *packet.Buf) []byte {
	at := int(b.Layers.L4)
	if at == 0 {
		return dst
	}
	header := b.Bytes()[at:]
	has := func(proto uint8, size int) bool { return k.IPProto == proto && len(header) >= size }
	switch {
	case has(packet.ProtoTCP, packet.TCPSize):
		return fmt.Appendf(dst, " tcp_csum:%x", packet.TCP(header).Checksum())
	case has(packet.ProtoUDP, packet.UDPSize):
		return fmt.Appendf(dst, " udp_csum:%x", packet.UDP(header).Checksum())
	case has(packet.ProtoSCTP, packet.SCTPSize):
		return fmt.Appendf(dst, " sctp_csum:%x", bits.ReverseBytes32(packet.SCTP(header).Checksum()))
	case has(packet.ProtoICMP, packet.ICMPSize) && k.EthType == packet.EthTypeIPv4:
		return fmt.Appendf(dst, " icmp_csum:%x", packet.ICMP(header).Checksum())
	case has(packet.ProtoICMPv6, packet.ICMPSize) && k.EthType == packet.EthTypeIPv6:
		return fmt.Appendf(dst, " icmp6_csum:%x", packet.ICMP(header).Checksum())
	}
	return dst
}
