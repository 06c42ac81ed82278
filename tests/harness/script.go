package harness

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"vswitch/flow"
	"vswitch/ofproto"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/packet"
	"vswitch/ports"
	"vswitch/ports/dummy"
)

// Run executes a script in one mode and returns what it printed. The error names
// the line.
func Run(archive *txtar.Archive, mode Mode) (out string, err error) {
	j, err := New(mode)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	var b bytes.Buffer
	for i, line := range strings.Split(string(archive.Comment), "\n") {
		words, err := split(line)
		if err == nil && len(words) > 0 {
			err = j.command(&b, archive, words)
		}
		if err != nil {
			return b.String(), fmt.Errorf("line %d: %s: %w", i+1, line, err)
		}
	}
	return b.String(), nil
}

// split cuts a line into words; quotes keep spaces, # begins a comment.
func split(line string) (words []string, err error) {
	var word []byte
	var quote byte
	in := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote, in = c, true
		case quote == 0 && !in && c == '#':
			return words, nil
		case quote == 0 && (c == ' ' || c == '\t'):
			if in {
				words = append(words, string(word))
			}
			word, in = word[:0], false
		default:
			word, in = append(word, c), true
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if in {
		words = append(words, string(word))
	}
	return words, nil
}

// command executes one line.
func (j *Jar) command(out *bytes.Buffer, archive *txtar.Archive, words []string) error {
	mustFail := words[0] == "!"
	if mustFail {
		words = words[1:]
	}
	name, args := words[0], words[1:]
	f := commandNamed(name)
	if f == nil {
		return fmt.Errorf("no command %s", name)
	}
	err := f(j, out, archive, args)
	switch {
	case mustFail && err == nil:
		return errors.New("did not fail")
	case mustFail:
		if text := err.Error(); text != "" {
			fmt.Fprintf(out, "%s: %s\n", name, text)
		}
		return nil
	}
	return err
}

type commandFunc func(j *Jar, out *bytes.Buffer, archive *txtar.Archive, args []string) error

// commandNamed is the table of commands; doc.go says what they do.
func commandNamed(name string) commandFunc {
	return map[string]commandFunc{
		"bridge": cmdBridge, "port": cmdPort, "unport": cmdUnport, "ofctl": cmdOfctl, "send": cmdSend, "frames": cmdFrames, "bytes": cmdBytes, "trace": cmdTrace,
		"warp": cmdWarp, "drops": cmdDrops, "fdb": cmdFDB, "counters": cmdCounters, "megaflows": cmdMegaflows,
		"controller": cmdController, "tell": cmdTell, "heard": cmdHeard, "hangup": cmdHangUp, "link": cmdLink, "admin": cmdAdmin, "table": cmdTable, "head": cmdHead,
	}[name]
}

func need(args []string, n int, usage string) error {
	if len(args) < n {
		return fmt.Errorf("usage: %s", usage)
	}
	return nil
}

func cmdBridge(j *Jar, _ *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if err := need(args, 1, "bridge NAME [standalone|secure] [VERSION,…]"); err != nil {
		return err
	}
	c := ofproto.BridgeConfig{}
	for _, a := range args[1:] {
		switch a {
		case "standalone":
			c.FailMode = ofproto.FailStandalone
		case "secure":
			c.FailMode = ofproto.FailSecure
		default:
			var err error
			if c.Versions, err = Versions(a); err != nil {
				return err
			}
		}
	}
	return j.AddBridge(args[0], c)
}

// cmdHead executes another command and prints the first lines of what that prints.
func cmdHead(j *Jar, out *bytes.Buffer, archive *txtar.Archive, args []string) error {
	if err := need(args, 2, "head LINES COMMAND…"); err != nil {
		return err
	}
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	var all bytes.Buffer
	err = j.command(&all, archive, args[1:])
	lines := bytes.SplitAfter(all.Bytes(), []byte("\n"))
	out.Write(bytes.Join(lines[:min(n, len(lines))], nil))
	return err
}

// cmdTable configures a flow table.
func cmdTable(j *Jar, _ *bytes.Buffer, _ *txtar.Archive, args []string) error {
	const usage = "table BRIDGE NUMBER [name=NAME] [limit=N] [overflow=refuse|evict]"
	if err := need(args, 2, usage); err != nil {
		return err
	}
	b := j.Switch.Bridge(args[0])
	n, err := strconv.ParseUint(args[1], 0, 8)
	if b == nil || err != nil {
		return fmt.Errorf("usage: %s", usage)
	}
	t := ofproto.TableConfig{Table: uint8(n)}
	for _, a := range args[2:] {
		switch key, value, _ := strings.Cut(a, "="); key {
		case "name":
			t.Name = value
		case "limit":
			if t.Limit, err = strconv.Atoi(value); err != nil {
				return err
			}
		case "overflow":
			t.Evict = value == "evict"
		default:
			return fmt.Errorf("no option %s", key)
		}
	}
	c := b.Config()
	c.Tables = append(slices.DeleteFunc(slices.Clone(c.Tables), func(o ofproto.TableConfig) bool { return o.Table == t.Table }), t)
	b.Configure(c, j.now)
	j.settle()
	return nil
}

func cmdPort(j *Jar, _ *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if err := need(args, 3, "port BRIDGE NAME NUMBER [KEY=VALUE…]"); err != nil {
		return err
	}
	no, err := strconv.ParseUint(args[2], 0, 32)
	if err != nil {
		return err
	}
	c := ofproto.PortConfig{Name: args[1], No: openflow.PortNo(no)}
	var o dummy.Options
	for _, a := range args[3:] {
		if err := portOption(&c, &o, a); err != nil {
			return err
		}
	}
	return j.AddPort(args[0], c, o)
}

// portOption reads one KEY=VALUE of the port command.
func portOption(c *ofproto.PortConfig, o *dummy.Options, option string) error {
	key, value, _ := strings.Cut(option, "=")
	var err error
	number := func() uint16 {
		var n uint64
		n, err = strconv.ParseUint(value, 0, 16)
		return uint16(n)
	}
	switch key {
	case "tag":
		c.Tag = number()
		if c.Mode == ofproto.VLANTrunk {
			c.Mode = ofproto.VLANAccess
		}
	case "trunks":
		for _, v := range strings.Split(value, ",") {
			value = v
			c.Trunks = append(c.Trunks, number())
		}
	case "mode":
		modes := map[string]ofproto.VLANMode{"access": ofproto.VLANAccess, "trunk": ofproto.VLANTrunk,
			"native-tagged": ofproto.VLANNativeTagged, "native-untagged": ofproto.VLANNativeUntagged}
		m, ok := modes[value]
		if !ok {
			return fmt.Errorf("no mode %s", value)
		}
		c.Mode = m
	case "peer":
		c.Peer = value
	case "mtu":
		o.MTU = int(number())
	case "offloads":
		all := strings.Contains(value, "all")
		o.Offloads = ports.Offloads{Csum: all || strings.Contains(value, "csum"), TSO4: all || strings.Contains(value, "tso"),
			TSO6: all || strings.Contains(value, "tso"), ECN: all, USO: all || strings.Contains(value, "uso")}
	default:
		return fmt.Errorf("no option %s", key)
	}
	return err
}

func cmdUnport(j *Jar, _ *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if err := need(args, 2, "unport BRIDGE NAME"); err != nil {
		return err
	}
	return j.RemovePort(args[0], args[1])
}

func cmdSend(j *Jar, _ *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if err := need(args, 2, "send PORT FLOW|hex:BYTES [payload=N] [times=N] [gso=N]"); err != nil {
		return err
	}
	payload, times, gso := 0, 1, 0
	for _, a := range args[2:] {
		key, value, _ := strings.Cut(a, "=")
		n, err := strconv.Atoi(value)
		if err != nil {
			return err
		}
		switch key {
		case "payload":
			payload = n
		case "times":
			times = n
		case "gso":
			gso = n
		default:
			return fmt.Errorf("no option %s", key)
		}
	}
	f, err := parseFrame(args[1], payload)
	if err != nil {
		return err
	}
	if gso > 0 {
		if err := makeSuper(&f, gso); err != nil {
			return err
		}
	}
	for range times {
		if err := j.Send(args[0], f); err != nil {
			return err
		}
	}
	return nil
}

// parseFrame makes a frame of "hex:BYTES", or of a flow: the packet that has the
// values of its match.
func parseFrame(s string, payload int) (f dummy.Frame, err error) {
	if digits, isHex := strings.CutPrefix(s, "hex:"); isHex {
		f.Data, err = hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
		return f, err
	}
	m, err := text.ParseMatch(s, text.Options{})
	if err != nil {
		return f, err
	}
	if t := m.Value.EthType; (t == packet.EthTypeIPv4 || t == packet.EthTypeIPv6) && m.Mask.IPTTL == 0 {
		m.Value.IPTTL = 64
	}
	f.Data, err = flow.ComposeMatch(&m.Match, make([]byte, payload))
	return f, err
}

// makeSuper turns a TCP or UDP frame over IP into a super-frame of segments of
// size bytes.
func makeSuper(f *dummy.Frame, size int) error {
	pool, err := packet.NewPool(4, 128<<10, packet.Headroom)
	if err != nil {
		return err
	}
	defer pool.Close()
	b := packet.FromBytes(f.Data, pool, pool)
	defer b.Free(pool)
	var k flow.Key
	flow.Extract(b, &k)
	o := packet.Offload{NeedsCsum: true, CsumStart: b.L4, GSOSize: uint16(size)}
	switch {
	case k.IPProto == packet.ProtoTCP && k.EthType == packet.EthTypeIPv4:
		o.GSO, o.CsumOffset, o.HdrLen = packet.GSOTCPv4, 16, b.L4+20
	case k.IPProto == packet.ProtoTCP:
		o.GSO, o.CsumOffset, o.HdrLen = packet.GSOTCPv6, 16, b.L4+20
	case k.IPProto == packet.ProtoUDP:
		o.GSO, o.CsumOffset, o.HdrLen = packet.GSOUDP, 6, b.L4+8
	default:
		return errors.New("gso: neither TCP nor UDP")
	}
	f.Meta.Offload = o
	return nil
}

func cmdFrames(j *Jar, out *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if len(args) == 0 {
		args = j.order
	}
	for _, name := range args {
		for _, f := range j.Sent(name) {
			fmt.Fprintf(out, "%s: %s\n", name, describe(f))
		}
	}
	return nil
}

// keyOf is the key of a frame.
func keyOf(frame []byte) (k flow.Key, err error) {
	pool, err := packet.NewPool(2, 128<<10, packet.Headroom)
	if err != nil {
		return k, err
	}
	defer pool.Close()
	b := packet.FromBytes(frame, pool, pool)
	defer b.Free(pool)
	flow.Extract(b, &k)
	return k, nil
}

func cmdBytes(j *Jar, out *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if len(args) == 0 {
		args = j.order
	}
	for _, name := range args {
		for _, f := range j.Sent(name) {
			fmt.Fprintf(out, "%s: %x\n", name, f.Data)
		}
	}
	return nil
}

// describe tells what a frame is: its key, its size, and its offload.
func describe(f dummy.Frame) string {
	k, err := keyOf(f.Data)
	if err != nil {
		return err.Error()
	}
	s := string(flow.AppendKey(nil, &k))
	s = strings.TrimPrefix(s, "recirc_id(0),in_port(0),")
	s += fmt.Sprintf(" size %d", len(f.Data))
	if o := f.Meta.Offload; o.GSO != packet.GSONone {
		s += fmt.Sprintf(" gso %d", o.GSOSize)
	} else if o.NeedsCsum {
		s += " partial checksum"
	}
	return s
}

func cmdWarp(j *Jar, _ *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if err := need(args, 1, "warp DURATION"); err != nil {
		return err
	}
	d, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	j.Warp(d)
	return nil
}

func cmdDrops(j *Jar, out *bytes.Buffer, _ *txtar.Archive, _ []string) error {
	for _, line := range j.Drops() {
		fmt.Fprintln(out, line)
	}
	return nil
}

func cmdFDB(j *Jar, out *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if err := need(args, 1, "fdb BRIDGE"); err != nil {
		return err
	}
	for _, s := range j.Switch.Bridge(args[0]).Stations(j.now) {
		age := s.Age.Round(time.Second).String()
		if s.Static {
			age = "static"
		}
		fmt.Fprintf(out, "%s vlan %d %x %s\n", s.Port.Name, s.VLAN, s.MAC, age)
	}
	return nil
}

func cmdCounters(j *Jar, out *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if err := need(args, 1, "counters PORT"); err != nil {
		return err
	}
	p := j.ports[args[0]]
	if p == nil {
		return fmt.Errorf("no port %s", args[0])
	}
	j.Datapath.Fold()
	c := p.port.Counters()
	fmt.Fprintf(out, "%s rx %d/%d bytes %d multicast %d broadcast %d dropped %d tx %d/%d bytes %d multicast %d broadcast %d dropped %d\n",
		args[0], c.RxPackets, c.RxSegments, c.RxBytes, c.RxMulticast, c.RxBroadcast, c.RxDropped(),
		c.TxPackets, c.TxSegments, c.TxBytes, c.TxMulticast, c.TxBroadcast, c.TxDropped())
	return nil
}
