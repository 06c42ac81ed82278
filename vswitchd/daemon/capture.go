package daemon

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"vswitch/control"
	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow/text"
	"vswitch/packet"
	"vswitch/vswitchd/pcapfilter"
)

// cmdCapture answers capture: frames as they pass, as a pcapng file.
func (d *Daemon) cmdCapture(args []string) (control.Reply, error) {
	var o datapath.CaptureOptions
	count := 0
	for _, a := range args {
		key, value, isOption := strings.Cut(a, "=")
		var err error
		switch {
		case key == "--snaplen" && isOption:
			if o.Snaplen, err = strconv.Atoi(value); err != nil || o.Snaplen < 0 {
				err = fmt.Errorf("--snaplen=%s: use a number of bytes, 0 for whole frames", value)
			}
		case key == "--count" && isOption:
			if count, err = strconv.Atoi(value); err != nil || count < 0 {
				err = fmt.Errorf("--count=%s: use a number of frames, 0 for no end", value)
			}
		case key == "--points" && isOption:
			o.Points, err = readPoints(value)
		case key == "--filter" && isOption:
			err = readCaptureFilter(&o, key, value)
		case strings.HasPrefix(a, "-"):
			err = fmt.Errorf("%s: unknown option: there are --snaplen=BYTES, --count=FRAMES, --points=rx,tx,drop and --filter=FLOW|EXPR", a)
		default:
			var ids []datapath.PortID
			if ids, err = d.portIDs(a); err == nil {
				o.Ports = append(o.Ports, ids...)
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return control.Stream(func(connection io.ReadWriter) error { return d.capture(connection, o, count) }), nil
}

func readPoints(list string) (points datapath.CapturePoint, err error) {
	for word := range strings.SplitSeq(list, ",") {
		switch word {
		case "rx":
			points |= datapath.CaptureReceive
		case "tx":
			points |= datapath.CaptureTransmit
		case "drop":
			points |= datapath.CaptureDrop
		default:
			return 0, fmt.Errorf("--points=%s: no point %q: use some of rx, tx, drop", list, word)
		}
	}
	return points, nil
}

// readCaptureFilter reads a flow or, where that is none, an expression of tcpdump: the
// value of an option. Words that are both are the flow: tcp is IPv4's, with any tags.
func readCaptureFilter(o *datapath.CaptureOptions, option, words string) error {
	filter, noFlow := readFilter(option, words)
	if noFlow == nil {
		o.Filter = filter
		return nil
	}
	f, noExpression := pcapfilter.Parse(words)
	if noExpression == nil {
		o.Match = f.Match
		return nil
	}
	if strings.Contains(words, "=") && !strings.ContainsAny(words, " [(") {
		return fmt.Errorf("%w\nnor is it an expression of tcpdump: %w", noFlow, noExpression)
	}
	return fmt.Errorf("%s: no expression of tcpdump: %w\nnor is it a flow: %w", option, noExpression, noFlow)
}

// readFilter reads a flow of which only headers are said, the value of an option.
func readFilter(option, words string) (*datapath.CaptureFilter, error) {
	m, err := text.ParseMatch(words, text.Options{})
	if err != nil {
		return nil, fmt.Errorf("%s=%s: %w", option, words, err)
	}
	f := &datapath.CaptureFilter{Value: m.Value.Base, Mask: m.Mask.Base}
	rest := m.Mask
	rest.Base = flow.Base{}
	if rest != (flow.Mask{}) || len(m.Wide) > 0 {
		return nil, fmt.Errorf("%s=%s: only headers of frames can be filtered by: name ports instead of in_port, and leave out registers and metadata", option, words)
	}
	return f, nil
}

// portIDs are the datapath's numbers of a port, or of all ports of a bridge.
func (d *Daemon) portIDs(name string) (ids []datapath.PortID, err error) {
	list, err := d.portsNamed([]string{name})
	for _, p := range list {
		if p.ID() != 0 {
			ids = append(ids, p.ID())
		}
	}
	if err != nil || ids == nil {
		return nil, fmt.Errorf("%s: no bridge or port of that name has a device", name)
	}
	return ids, nil
}

// capture writes what is captured until the other side ends its part of the
// connection or count frames were written, and then what is left.
func (d *Daemon) capture(connection io.ReadWriter, o datapath.CaptureOptions, count int) error {
	c := d.dp.StartCapture(o)
	defer c.Close()
	w, err := d.newCaptureWriter(connection, o)
	if err != nil {
		return err
	}
	w.limit = uint64(count)
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = io.Copy(io.Discard, connection)
	}()
	for open := true; open; {
		select {
		case <-c.Ready():
		case <-over:
			open = false
			c.Close()
		}
		err := c.Read(w.write)
		if errors.Is(err, errEnough) {
			open, err = false, nil
		}
		if err := errors.Join(err, w.file.Flush()); err != nil {
			return err
		}
	}
	return w.end(c.Missed())
}

// captureWriter writes a pcapng file with an interface for each port.
type captureWriter struct {
	d       *Daemon
	file    *pcapgo.NgWriter
	snaplen uint32
	ports   map[datapath.PortID]capturedPort
	frames  uint64
	limit   uint64 // 0: none
	next    int    // number of the next interface
}

type capturedPort struct {
	number int // of the interface
	name   string
}

func (d *Daemon) newCaptureWriter(to io.Writer, o datapath.CaptureOptions) (*captureWriter, error) {
	w := &captureWriter{d: d, snaplen: uint32(o.Snaplen), ports: map[datapath.PortID]capturedPort{}}
	first := d.dp.Ports()
	if len(o.Ports) > 0 {
		first = o.Ports
	}
	if len(first) == 0 {
		return nil, errors.New("there is no port with a device")
	}
	name := w.nameOf(first[0])
	file, err := pcapgo.NewNgWriterInterface(to, w.describe(name), pcapgo.NgWriterOptions{
		SectionInfo: pcapgo.NgSectionInfo{Application: "vswitchd " + d.options.Version}})
	if err != nil {
		return nil, fmt.Errorf("capture: %w", err)
	}
	w.file, w.next = file, 1
	w.ports[first[0]] = capturedPort{0, name}
	return w, file.Flush()
}

func (w *captureWriter) describe(name string) pcapgo.NgInterface {
	return pcapgo.NgInterface{Name: name, LinkType: layers.LinkTypeEthernet, SnapLength: w.snaplen, TimestampResolution: 9}
}

// nameOf is the name of a port with its bridge's.
func (w *captureWriter) nameOf(id datapath.PortID) string {
	if p := w.d.sw.PortOf(id); p != nil {
		return p.Bridge.Name + "/" + p.Name
	}
	return fmt.Sprintf("port %d", id)
}

func (w *captureWriter) port(id datapath.PortID) (capturedPort, error) {
	if p, known := w.ports[id]; known {
		return p, nil
	}
	p := capturedPort{w.next, w.nameOf(id)}
	if _, err := w.file.AddInterface(w.describe(p.name)); err != nil {
		return p, fmt.Errorf("capture: %w", err)
	}
	w.next++
	w.ports[id] = p
	return p, nil
}

// write adds a frame to the file, with what is known of it as comments.
func (w *captureWriter) write(c *datapath.Captured) error {
	port, err := w.port(c.Port)
	if err != nil {
		return err
	}
	w.frames++
	direction := pcapgo.NgEpbFlags{Direction: pcapgo.NgEpbFlagDirectionInbound}
	if c.Point == datapath.CaptureTransmit || c.Point == datapath.CaptureDrop && c.Reason.Info().Tx {
		direction.Direction = pcapgo.NgEpbFlagDirectionOutbound
	}
	queue := uint32(c.Queue)
	info := gopacket.CaptureInfo{Timestamp: w.d.started.Add(time.Duration(c.Time)), CaptureLength: len(c.Data), Length: c.Size, InterfaceIndex: port.number}
	err = w.file.WritePacketWithOptions(info, c.Data, pcapgo.NgPacketOptions{Comments: w.comments(c), Flags: &direction, Queue: &queue})
	if err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	if w.frames == w.limit {
		return errEnough
	}
	return nil
}

// errEnough ends a capture that has as many frames as were asked for.
var errEnough = errors.New("enough frames")

// comments say what became of a frame, which flows said so, and what its sender left
// to the network card.
func (w *captureWriter) comments(c *datapath.Captured) (list []string) {
	switch c.Point {
	case datapath.CaptureReceive:
		list = append(list, "received; "+w.d.sw.PortOf(c.Port).DescribeActions(c.Actions))
	case datapath.CaptureTransmit:
		list = append(list, "sent")
	case datapath.CaptureDrop:
		list = append(list, fmt.Sprintf("dropped: %s (%s)", c.Reason, c.Reason.Info().Help))
	}
	for _, r := range w.d.sw.DecidedBy(c.Credits) {
		list = append(list, fmt.Sprintf("flow: bridge=%s, table=%d, priority=%d, cookie=%#x", r.Bridge, r.Table, r.Priority, r.Cookie))
	}
	switch o := &c.Offload; {
	case o.GSO != packet.GSONone:
		list = append(list, fmt.Sprintf("super-frame: to be split into segments of %d bytes", o.GSOSize))
	case o.NeedsCsum:
		list = append(list, "the checksum is left to the receiving device")
	}
	return list
}

// end closes the file with what was missed.
func (w *captureWriter) end(missed uint64) error {
	stats := pcapgo.NgInterfaceStatistics{LastUpdate: time.Now(), PacketsReceived: w.frames, PacketsDropped: missed}
	if missed > 0 {
		stats.Comment = fmt.Sprintf("%d frames of all interfaces were not captured: the reader was too slow", missed)
	}
	if err := w.file.WriteInterfaceStats(0, stats); err != nil {
		return fmt.Errorf("capture: %w", err)
	}
	return w.file.Flush()
}
