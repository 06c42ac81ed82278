package compat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/digitalocean/go-openvswitch/ovs"

	"vswitch/ofctl/cmd"
	"vswitch/vswitchd/daemon"
)

// twoBridges are bridges whose ports lead to each other, for which no device is made.
const twoBridges = `
log: {level: error}
bridges:
  - name: br0
    fail_mode: secure
    ports:
      - {name: p1, type: patch, peer: q1, ofport: 1}
      - {name: p2, type: patch, peer: q2, ofport: 2}
  - name: br1
    fail_mode: secure
    ports:
      - {name: q1, type: patch, peer: p1, ofport: 1}
      - {name: q2, type: patch, peer: p2, ofport: 2}
`

// startVswitchd runs a switch with twoBridges, and returns its rundir.
func startVswitchd(t testing.TB) string {
	t.Helper()
	// Not t.TempDir: paths of sockets have at most 107 bytes.
	dir, err := os.MkdirTemp("", "vs-compat-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	file := filepath.Join(dir, "switch.yaml")
	if err := os.WriteFile(file, []byte("rundir: "+dir+"\n"+twoBridges), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- daemon.Run(ctx, daemon.Options{File: file, Version: "compat"}) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("vswitchd: %v", err)
		}
	})
	await(t, "the bridge's socket", func() bool {
		select {
		case err := <-ended:
			ended <- nil
			t.Fatalf("vswitchd: %v", err)
		default:
		}
		_, err := os.Stat(filepath.Join(dir, "br0.mgmt"))
		return err == nil
	})
	return dir
}

// newClient is go-openvswitch's client, whose ovs-ofctl is ofctl. Like the client's
// own way to run a program, it returns both outputs joined.
func newClient(rundir string, options ...ovs.OptionFunc) *ovs.Client {
	run := func(in io.Reader, name string, args []string) ([]byte, error) {
		if name != "ovs-ofctl" {
			return nil, fmt.Errorf("the client calls %s", name)
		}
		var out bytes.Buffer
		code := cmd.Run(args, cmd.Stdio{Name: name, In: in, Out: &out, Err: &out, Getenv: func(name string) string {
			if name == "OVS_RUNDIR" {
				return rundir
			}
			return ""
		}}, new(net.Dialer).DialContext)
		if code != 0 {
			return out.Bytes(), fmt.Errorf("exit code %d: %s", code, out.String())
		}
		return out.Bytes(), nil
	}
	return ovs.New(append(options,
		ovs.Exec(func(name string, args ...string) ([]byte, error) { return run(strings.NewReader(""), name, args) }),
		ovs.Pipe(func(in io.Reader, name string, args ...string) ([]byte, error) { return run(in, name, args) }))...)
}

// toGroup is an action that the client does not know.
type toGroup string

func (a toGroup) MarshalText() ([]byte, error) { return []byte(a), nil }
func (a toGroup) GoString() string             { return string(a) }

// clientOptions are the ways in which the client writes its flags.
var clientOptions = map[string][]ovs.OptionFunc{
	"default":     {ovs.Timeout(20)},
	"NXM":         {ovs.Timeout(20), ovs.FlowFormat(ovs.FlowFormatNXMTableID)},
	"OXM 1.4":     {ovs.FlowFormat(ovs.FlowFormatOXMOpenFlow14), ovs.Protocols([]string{ovs.ProtocolOpenFlow14})},
	"OpenFlow 10": {ovs.Protocols([]string{ovs.ProtocolOpenFlow10})},
	"OpenFlow 13": {ovs.Protocols([]string{ovs.ProtocolOpenFlow10, ovs.ProtocolOpenFlow13})},
}

// TestGoOpenvswitch has the client do all that it can do by OpenFlow, against vswitchd
// and against a live Open vSwitch.
func TestGoOpenvswitch(t *testing.T) {
	switches := map[string]string{"vswitchd": startVswitchd(t)}
	live := startOVS(t)
	switches["Open vSwitch"] = live.dir
	for name, rundir := range switches {
		for form, options := range clientOptions {
			t.Run(name+" "+form, func(t *testing.T) {
				c := goClient{t, newClient(rundir, options...).OpenFlow}
				isOVS := name == "Open vSwitch"
				c.flows()
				c.tables()
				c.bundle(&ovs.Flow{Priority: 2, Cookie: 15, Actions: []ovs.Action{toGroup("group:77")}}, "OFPBAC_BAD_OUT_GROUP")
				c.ports(isOVS && form == "OXM 1.4")
				c.mistakes()
			})
		}
	}
}

// goClient is the client in a test.
type goClient struct {
	*testing.T
	*ovs.OpenFlowService
}

func (c goClient) do(what string, err error) {
	c.Helper()
	if err != nil {
		c.Fatalf("%s: %v", what, err)
	}
}

// cookies are those of the flows that the switch has, in order.
func (c goClient) cookies() (list []uint64) {
	c.Helper()
	flows, err := c.DumpFlows("br0")
	c.do("DumpFlows", err)
	for _, f := range flows {
		list = append(list, f.Cookie)
	}
	slices.Sort(list)
	return list
}

func (c goClient) wantCookies(when string, want ...uint64) {
	c.Helper()
	if got := c.cookies(); !slices.Equal(got, want) {
		c.Fatalf("%s there are flows with cookies %#x, want %#x", when, got, want)
	}
}

// webFlow and arpFlow are flows as users of the client write them.
func webFlow(cookie uint64) *ovs.Flow {
	return &ovs.Flow{
		Priority: 100, Protocol: ovs.ProtocolTCPv4, InPort: 1, Cookie: cookie, IdleTimeout: 300,
		Matches: []ovs.Match{ovs.NetworkSource("10.0.0.0/8"), ovs.TransportDestinationPort(80)},
		Actions: []ovs.Action{ovs.ModDataLinkDestination(net.HardwareAddr{2, 0, 0, 0, 0, 9}), ovs.Output(2)},
	}
}

func arpFlow(cookie uint64) *ovs.Flow {
	return &ovs.Flow{
		Priority: 90, Protocol: ovs.ProtocolARP, InPort: ovs.PortLOCAL, Cookie: cookie,
		Matches: []ovs.Match{ovs.ARPTargetProtocolAddress("10.0.0.1")}, Actions: []ovs.Action{ovs.Normal()},
	}
}

func (c goClient) flows() {
	c.Helper()
	c.do("DelFlows of all", c.DelFlows("br0", nil))
	c.wantCookies("at the start")
	c.do("AddFlow", c.AddFlow("br0", webFlow(1)))
	c.do("AddFlow", c.AddFlow("br0", arpFlow(2)))
	c.do("AddFlow", c.AddFlow("br0", &ovs.Flow{Table: 3, Cookie: 3, Priority: 5, Actions: []ovs.Action{ovs.Drop()}}))
	c.wantCookies("after AddFlow", 1, 2, 3)

	flows, err := c.DumpFlows("br0")
	c.do("DumpFlows", err)
	i := slices.IndexFunc(flows, func(f *ovs.Flow) bool { return f.Cookie == 1 })
	f := flows[i]
	if f.Priority != 100 || f.Protocol != ovs.ProtocolTCPv4 || f.InPort != 1 || f.IdleTimeout != 300 || len(f.Matches) != 2 || len(f.Actions) != 2 {
		c.Errorf("the flow comes back as %#v", f)
	}
	some, err := c.DumpFlowsWithFlowArgs("br0", &ovs.MatchFlow{Table: 3})
	c.do("DumpFlowsWithFlowArgs", err)
	if len(some) != 1 || some[0].Cookie != 3 {
		c.Errorf("table 3 has %#v", some)
	}
	if stats, err := c.DumpAggregate("br0", &ovs.MatchFlow{Protocol: ovs.ProtocolTCPv4, Table: ovs.AnyTable}); err != nil || stats.PacketCount != 0 || stats.ByteCount != 0 {
		c.Errorf("DumpAggregate: %v, %v", stats, err)
	}
	c.do("DelFlows", c.DelFlows("br0", &ovs.MatchFlow{Protocol: ovs.ProtocolTCPv4, Table: 0}))
	c.do("DelFlows", c.DelFlows("br0", &ovs.MatchFlow{Cookie: 2, CookieMask: ^uint64(0), Table: ovs.AnyTable}))
	c.wantCookies("after DelFlows", 3)
}

// tables asks for tables. The client reads the form that ovs-ofctl printed before
// Open vSwitch 2.5, and takes neither the present one nor ofctl's, which is the same
// (TestBeside): what counts is that ofctl has been asked, and has answered.
func (c goClient) tables() {
	c.Helper()
	if _, err := c.DumpTables("br0"); !errors.Is(err, ovs.ErrInvalidTable) {
		c.Errorf("DumpTables: %v", err)
	}
}

// TestGoOpenvswitchTables wants the client to find in the real ovs-ofctl's tables what
// it finds in ofctl's.
func TestGoOpenvswitchTables(t *testing.T) {
	live := startOVS(t)
	c := ovs.New(ovs.Exec(func(name string, args ...string) ([]byte, error) {
		return live.command(name, args...).CombinedOutput()
	}))
	goClient{t, c.OpenFlow}.tables()
}

// bundle changes flows in one transaction. refused is the error for a flow that the
// switch does not take.
func (c goClient) bundle(bad *ovs.Flow, refused string) {
	c.Helper()
	c.do("AddFlowBundle", c.AddFlowBundle("br0", func(tx *ovs.FlowTransaction) error {
		tx.Add(webFlow(11), arpFlow(12))
		tx.Delete(&ovs.MatchFlow{Table: 3})
		return tx.Commit()
	}))
	c.wantCookies("after AddFlowBundle", 11, 12)
	cause := errors.New("a cause")
	err := c.AddFlowBundle("br0", func(tx *ovs.FlowTransaction) error {
		tx.Add(webFlow(13))
		return tx.Discard(cause)
	})
	if err == nil {
		c.Error("a discarded bundle is no error")
	}
	// One flow that the switch refuses keeps the others out.
	err = c.AddFlowBundle("br0", func(tx *ovs.FlowTransaction) error {
		tx.Add(&ovs.Flow{Priority: 1, Cookie: 14, Actions: []ovs.Action{ovs.Drop()}})
		tx.Add(bad)
		return tx.Commit()
	})
	if err == nil || !strings.Contains(err.Error(), refused) {
		c.Errorf("a bundle with a flow that is refused: %v", err)
	}
	c.wantCookies("after bundles that came to nothing", 11, 12)
}

// ports asks for the counters of ports, and changes ports. The client does not know
// the counters of RFC 2819, which Open vSwitch tells of from OpenFlow 1.4 on.
func (c goClient) ports(hasRFC2819 bool) {
	c.Helper()
	ports, err := c.DumpPorts("br0")
	if hasRFC2819 {
		if !errors.Is(err, ovs.ErrInvalidPortStats) {
			c.Errorf("DumpPorts: %v", err)
		}
		return
	}
	c.do("DumpPorts", err)
	var ids []int
	for _, p := range ports {
		ids = append(ids, p.PortID)
	}
	slices.Sort(ids)
	if !slices.Equal(ids, []int{ovs.PortLOCAL, 1, 2}) {
		c.Errorf("DumpPorts tells of %v", ids)
	}
	port, err := c.DumpPort("br0", "p1")
	c.do("DumpPort", err)
	if port.PortID != 1 {
		c.Errorf("DumpPort p1 tells of port %d", port.PortID)
	}
	for _, action := range []ovs.PortAction{ovs.PortActionDown, ovs.PortActionUp, ovs.PortActionNoFlood, ovs.PortActionFlood} {
		err := c.ModPort("br0", "p1", action)
		if err != nil && !strings.Contains(err.Error(), "OpenFlow10") {
			c.Errorf("ModPort %s: %v", action, err)
		}
	}
}

// mistakes wants what a user did wrong to be in the error.
func (c goClient) mistakes() {
	c.Helper()
	if err := c.AddFlow("nosuch", webFlow(1)); err == nil || !strings.Contains(err.Error(), "no such bridge") {
		c.Errorf("AddFlow on another bridge: %v", err)
	}
	flow := &ovs.Flow{Priority: 1, Matches: []ovs.Match{ovs.TransportDestinationPort(80)}, Actions: []ovs.Action{ovs.Drop()}}
	if err := c.AddFlow("br0", flow); err == nil || !strings.Contains(err.Error(), "tp_dst needs tcp") {
		c.Errorf("AddFlow without a prerequisite: %v", err)
	}
	if err := c.ModPort("br0", "nosuch", ovs.PortActionUp); err == nil || !strings.Contains(err.Error(), "no port nosuch") {
		c.Errorf("ModPort of another port: %v", err)
	}
}
