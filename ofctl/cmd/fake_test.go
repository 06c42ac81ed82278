package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// fakeSwitch is a switch made of the codec and a script: it answers what it is
// asked, and notes what it was told.
type fakeSwitch struct {
	versions openflow.VersionSet
	// answers come before what the switch says by itself. A nil slice is silence.
	answers map[openflow.Kind]func(h openflow.Header, m openflow.Message) []openflow.Message
	flows   []openflow.FlowStats
	ports   []openflow.Port
	// greets are sent after the hello, unasked.
	greets []openflow.Message
	// silent: connections are taken, and nothing is said.
	silent bool
	// hangUp: it ends the connection once it has answered a message for which this
	// is true. Nil: never.
	hangUp func(m openflow.Message) bool
	// plain: it knows no extensions.
	plain bool

	mu   sync.Mutex
	told []openflow.Message // all but hellos, barriers and echoes
}

func newFakeSwitch() *fakeSwitch {
	return &fakeSwitch{
		versions: openflow.AllVersions,
		answers:  map[openflow.Kind]func(openflow.Header, openflow.Message) []openflow.Message{},
		ports: []openflow.Port{
			{No: 1, MAC: flow.MAC{2, 0, 0, 0, 0, 1}, Name: "h1", State: openflow.PortLive, Current: openflow.Feature10GbFD | openflow.FeatureCopper, Supported: openflow.FeatureCopper | openflow.Feature1GbFD, CurrentSpeed: 10e6, MaxSpeed: 10e6},
			{No: 2, MAC: flow.MAC{2, 0, 0, 0, 0, 2}, Name: "h2", Config: openflow.PortNoFwd, State: openflow.PortLinkDown},
			{No: 3, MAC: flow.MAC{2, 0, 0, 0, 0, 3}, Name: "eth0.100", Config: openflow.PortDown, State: openflow.PortLinkDown},
			{No: openflow.PortLocal, MAC: flow.MAC{2, 0, 0, 0, 0, 0xff}, Name: "br0", State: openflow.PortLive},
		},
	}
}

// add gives the switch flows.
func (f *fakeSwitch) add(t *testing.T, lines ...string) {
	t.Helper()
	names := new(text.Names)
	for _, p := range f.ports {
		names.Add(uint32(p.No), p.Name)
	}
	for _, l := range lines {
		mod, err := text.ParseFlow(l, text.Options{Ports: names})
		if err != nil {
			t.Fatalf("%s: %v", l, err)
		}
		s := statsOf(mod)
		s.Flags &= kept
		n := uint64(len(f.flows) + 1)
		s.Duration = time.Duration(n) * (time.Second + 234*time.Millisecond)
		s.IdleAge, s.HardAge = int32(n-1), openflow.AgeUnknown
		s.Packets, s.Bytes = n*7, n*7*98
		f.flows = append(f.flows, s)
	}
}

// heard are the messages of a kind that the switch was told.
func (f *fakeSwitch) heard(kind openflow.Kind) (list []openflow.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.told {
		if m.Kind() == kind {
			list = append(list, m)
		}
	}
	return list
}

// serve is one connection.
func (f *fakeSwitch) serve(c net.Conn) error {
	defer c.Close()
	if f.silent {
		_, err := io.Copy(io.Discard, c)
		return err
	}
	w := fakeWriter{c: c, version: f.versions.Max()}
	if err := w.send(1, &openflow.Hello{Versions: f.versions, Bitmap: true}); err != nil {
		return err
	}
	var in []byte
	dialect := openflow.Dialect{NoTableID: true}
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return err
		}
		in = append(in, buf[:n]...)
		for {
			raw, rest, err := openflow.Next(in)
			if err != nil {
				return err
			}
			if raw == nil {
				break
			}
			in = rest
			h, m, err := dialect.Decode(raw)
			if hello, isHello := m.(*openflow.Hello); isHello {
				if err := f.greet(&w, hello); err != nil || f.ends(hello) {
					return err
				}
				continue
			}
			if tables, isTables := m.(*openflow.FlowModTableID); isTables && !f.plain {
				dialect.NoTableID = !tables.On
			}
			if err := f.answer(&w, h, m, err, raw); err != nil {
				return err
			}
			if m != nil && f.ends(m) {
				return nil
			}
		}
	}
}

func (f *fakeSwitch) ends(m openflow.Message) bool { return f.hangUp != nil && f.hangUp(m) }

// after is a hangUp for the nth message of a kind.
func after(kind openflow.Kind, n int) func(m openflow.Message) bool {
	return func(m openflow.Message) bool {
		if m.Kind() == kind {
			n--
		}
		return n == 0
	}
}

func (f *fakeSwitch) greet(w *fakeWriter, hello *openflow.Hello) error {
	w.version = (f.versions & hello.Versions).Max()
	if w.version == 0 {
		return errors.New("no common version")
	}
	for _, m := range f.greets {
		if err := w.send(0, m); err != nil {
			return err
		}
	}
	return nil
}

// answer sends what a message deserves.
func (f *fakeSwitch) answer(w *fakeWriter, h openflow.Header, m openflow.Message, err error, raw []byte) error {
	if err != nil {
		return w.error(h.XID, err, raw)
	}
	f.mu.Lock()
	if m.Kind() != openflow.KindBarrierRequest && m.Kind() != openflow.KindEchoRequest {
		f.told = append(f.told, m)
	}
	f.mu.Unlock()
	replies := f.think(h, m)
	for _, r := range replies {
		var err error
		if e, isError := r.(*openflow.Error); isError {
			err = w.error(h.XID, e, raw)
		} else {
			err = w.send(h.XID, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// think is what the switch says to a message.
//
//size:table
func (f *fakeSwitch) think(h openflow.Header, m openflow.Message) []openflow.Message {
	if answer := f.answers[m.Kind()]; answer != nil {
		return answer(h, m)
	}
	one := func(m openflow.Message) []openflow.Message { return []openflow.Message{m} }
	switch m := m.(type) {
	case *openflow.BarrierRequest:
		return one(&openflow.BarrierReply{})
	case *openflow.EchoRequest:
		return one(&openflow.EchoReply{Data: m.Data})
	case *openflow.FeaturesRequest:
		reply := &openflow.FeaturesReply{DatapathID: 0x2a, Tables: 254, Capabilities: openflow.CapFlowStats | openflow.CapTableStats | openflow.CapPortStats}
		if h.Version < openflow.V13 {
			reply.Ports = f.ports
		}
		reply.Actions.Add(openflow.ActOutput, openflow.ActEnqueue)
		return one(reply)
	case *openflow.PortDescRequest:
		return one(&openflow.PortDescReply{Ports: f.ports})
	case *openflow.GetConfigRequest:
		return one(&openflow.GetConfigReply{})
	case *openflow.DescRequest:
		return one(&openflow.DescReply{Manufacturer: "vswitch", Hardware: "none", Software: "1.0", Serial: "7", Datapath: "br0 in a jar"})
	case *openflow.FlowStatsRequest:
		return one(&openflow.FlowStatsReply{Nicira: m.Nicira, Flows: f.chosen(m)})
	case *openflow.AggregateRequest:
		reply := &openflow.AggregateReply{Nicira: m.Nicira}
		for _, s := range f.flows {
			reply.Flows++
			reply.Packets += s.Packets
			reply.Bytes += s.Bytes
		}
		return one(reply)
	case *openflow.TableStatsRequest:
		return one(f.tableStats(h.Version))
	case *openflow.TableFeaturesRequest:
		return one(&openflow.TableFeaturesReply{Tables: []openflow.TableFeatures{{Table: 0, Name: "classifier"}, {Table: 1}}})
	case *openflow.TableDescRequest:
		return one(&openflow.TableDescReply{Tables: []openflow.TableDesc{
			{Table: 0, Eviction: openflow.On, EvictionFlags: 7, Vacancy: openflow.Off},
			{Table: 1, Eviction: openflow.Off, EvictionFlags: 7, Vacancy: openflow.On, VacancyEvents: openflow.VacancyEvents{Down: 5, Up: 6}},
		}})
	case *openflow.PortStatsRequest:
		return one(f.portStats(m.Port, h.Version))
	case *openflow.SetFlowFormat, *openflow.FlowModTableID, *openflow.SetPacketInFormat:
		if f.plain {
			return one(openflow.NewError(openflow.ErrRequestBadVendor, "no extensions here"))
		}
	}
	return nil
}

func (f *fakeSwitch) chosen(m *openflow.FlowStatsRequest) (some []openflow.FlowStats) {
	for _, s := range f.flows {
		if m.Table == openflow.TableAll || m.Table == s.Table {
			some = append(some, s)
		}
	}
	return some
}

func (f *fakeSwitch) tableStats(v openflow.Version) *openflow.TableStatsReply {
	reply := &openflow.TableStatsReply{}
	for t := range uint8(3) {
		s := openflow.TableStats{Table: t, Lookups: 100 * uint64(t), Matched: 10 * uint64(t)}
		for _, e := range f.flows {
			if e.Table == t {
				s.Active++
			}
		}
		reply.Tables = append(reply.Tables, s)
		if v < openflow.V13 {
			reply.Features = append(reply.Features, openflow.TableFeatures{Table: t, Name: []string{"classifier", "", ""}[t], MaxEntries: 1000})
		}
	}
	return reply
}

func (f *fakeSwitch) portStats(port openflow.PortNo, v openflow.Version) *openflow.PortStatsReply {
	reply := &openflow.PortStatsReply{}
	for i, p := range f.ports {
		if port != openflow.PortAny && port != p.No {
			continue
		}
		n := uint64(i + 1)
		s := openflow.PortStats{
			Port: p.No, RxPackets: n * 100, TxPackets: n * 200, RxBytes: n * 6400, TxBytes: n * 12800, RxDropped: n, TxDropped: 0,
			RxErrors: openflow.NoCount, TxErrors: 0, RxFrameErr: openflow.NoCount, RxOverErr: openflow.NoCount, RxCRCErr: openflow.NoCount,
			Collisions: openflow.NoCount, Duration: openflow.DurationUnknown,
		}
		if v >= openflow.V13 {
			s.Duration = time.Duration(n) * 12345 * time.Millisecond
		}
		reply.Ports = append(reply.Ports, s)
	}
	return reply
}

// fakeWriter encodes what the switch says.
type fakeWriter struct {
	c       net.Conn
	version openflow.Version
}

func (w *fakeWriter) send(xid uint32, m openflow.Message) error {
	data, err := openflow.Append(nil, w.version, xid, m)
	if err != nil {
		return err
	}
	_, err = w.c.Write(data)
	return err
}

func (w *fakeWriter) error(xid uint32, err error, offending []byte) error {
	_, err = w.c.Write(openflow.AppendError(nil, w.version, xid, err, offending))
	return err
}

// result is what a run of ofctl left behind.
type result struct {
	out, err string
	code     int
}

// String is the result as golden files have it.
func (r result) String() string {
	return fmt.Sprintf("%s-- stderr --\n%s-- exit %d --\n", r.out, r.err, r.code)
}

// dialer reaches the switch as bridge br0, and nothing else.
func (f *fakeSwitch) dialer(t *testing.T) Dialer {
	return func(_ context.Context, network, address string) (net.Conn, error) {
		base := filepath.Base(address)
		if network != "unix" || base != "br0.mgmt" && base != "br0.snoop" {
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ENOENT)}
		}
		here, there := net.Pipe()
		var serving sync.WaitGroup
		serving.Go(func() {
			// How the connection ends is the client's affair.
			_ = f.serve(there)
		})
		t.Cleanup(func() { here.Close(); serving.Wait() })
		return here, nil
	}
}

// run runs a command line against the switch.
func (f *fakeSwitch) run(t *testing.T, args ...string) result {
	t.Helper()
	return f.runWith(t, Stdio{}, args...)
}

func (f *fakeSwitch) runWith(t *testing.T, stdio Stdio, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	stdio.Out, stdio.Err = &out, &errs
	code := Run(args, stdio, f.dialer(t))
	return result{out.String(), errs.String(), code}
}
