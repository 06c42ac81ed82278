package compat

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"

	"vswitch/openflow"
	"vswitch/tests/oracle"
)

// ovsPeer is a live Open vSwitch as a switch to be compared with.
type ovsPeer struct {
	*openVSwitch
	conns map[string]*ovsConn // by bridge and version
	read  map[string]int      // bytes of each port's capture that were looked at
}

// ovsConn is an OpenFlow connection.
type ovsConn struct {
	net.Conn
	version openflow.Version
	xid     uint32
}

// casePorts are the ports that oracle.Case has, and how Open vSwitch is told of
// their VLANs.
var casePorts = []struct {
	bridge, name string
	number       int
	vlan         []string
}{
	{"br0", "p1", 1, nil}, {"br0", "p2", 2, []string{"tag=2"}}, {"br0", "p3", 3, []string{"vlan-mode=native-untagged", "tag=3"}},
	{"br0", "p4", 4, []string{"trunks=0,1,2"}}, {"br1", "q1", 1, nil}, {"br1", "q2", 2, []string{"tag=2"}},
}

func newOVSPeer(t *testing.T) *ovsPeer {
	p := &ovsPeer{openVSwitch: startOVS(t), conns: map[string]*ovsConn{}, read: map[string]int{}}
	p.vsctl("set", "open", ".", "other-config:vlan-limit=2", "--", "add-br", "br1", "--", "set", "bridge", "br1", "datapath-type=dummy", "fail-mode=secure",
		"protocols=[OpenFlow10,OpenFlow15]", "--", "set", "bridge", "br0", "protocols=[OpenFlow10,OpenFlow15]")
	for _, c := range casePorts {
		args := []string{"--may-exist", "add-port", c.bridge, c.name, "--", "set", "interface", c.name, "type=dummy",
			fmt.Sprintf("ofport-request=%d", c.number), fmt.Sprintf("options:tx_pcap=%s/%s.pcap", p.dir, c.name)}
		if c.vlan != nil {
			args = append(append(args, "--", "set", "port", c.name), c.vlan...)
		}
		p.vsctl(args...)
	}
	p.vsctl("add-port", "br0", "pa", "--", "set", "interface", "pa", "type=patch", "options:peer=pb", "ofport-request=5",
		"--", "add-port", "br1", "pb", "--", "set", "interface", "pb", "type=patch", "options:peer=pa", "ofport-request=5")
	await(t, "the second bridge's socket", func() bool { return p.has("br1.mgmt") })
	return p
}

// clear makes the switch what a new one is.
func (p *ovsPeer) clear() error {
	for _, bridge := range []string{"br0", "br1"} {
		for _, m := range []openflow.Message{
			&openflow.FlowMod{Command: openflow.FlowDelete, Table: openflow.TableAll, Buffer: openflow.NoBuffer, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny},
			&openflow.GroupMod{Command: openflow.GroupDelete, Group: openflow.GroupAll, CommandBucket: openflow.BucketAll},
		} {
			if ok, err := p.Tell(bridge, openflow.V15, m); err != nil || !ok {
				return fmt.Errorf("%s: refused to be cleared: %w", bridge, err)
			}
		}
		p.tool("ovs-appctl", "-t", filepath.Join(p.dir, "vswitchd.ctl"), "fdb/flush", bridge)
	}
	return nil
}

func (p *ovsPeer) connect(bridge string, v openflow.Version) (*ovsConn, error) {
	key := fmt.Sprint(bridge, v)
	if c := p.conns[key]; c != nil {
		return c, nil
	}
	conn, err := net.Dial("unix", filepath.Join(p.dir, bridge+".mgmt"))
	if err != nil {
		return nil, err
	}
	p.Cleanup(func() { conn.Close() })
	c := &ovsConn{Conn: conn, version: v}
	p.conns[key] = c
	return c, c.send(&openflow.Hello{Versions: openflow.Versions(v), Bitmap: true})
}

func (c *ovsConn) send(messages ...openflow.Message) error {
	var data []byte
	for _, m := range messages {
		c.xid++
		var err error
		if data, err = openflow.Append(data, c.version, c.xid, m); err != nil {
			return err
		}
	}
	_, err := c.Write(data)
	return err
}

// Tell says a message and waits until it is done.
func (p *ovsPeer) Tell(bridge string, v openflow.Version, m openflow.Message) (bool, error) {
	c, err := p.connect(bridge, v)
	if err != nil {
		return false, err
	}
	if err := c.send(m, &openflow.BarrierRequest{}); err != nil {
		return false, err
	}
	accepted := true
	for {
		head := make([]byte, 8)
		if _, err := io.ReadFull(c, head); err != nil {
			return false, err
		}
		h := openflow.PeekHeader(head)
		if _, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint16(head[2:]))-8); err != nil {
			return false, err
		}
		switch {
		case head[1] == 1 && h.XID == c.xid-1: // OFPT_ERROR
			accepted = false
		case h.XID == c.xid:
			return accepted, nil
		}
	}
}

// Inject has a packet come in by a packet-out to the tables, which is done at
// once. Dummy ports write down what they send.
func (p *ovsPeer) Inject(packet oracle.Packet) ([]string, error) {
	for _, c := range casePorts {
		if c.name != packet.Port {
			continue
		}
		if ok, err := p.Tell(c.bridge, openflow.V10, &openflow.PacketOut{Buffer: openflow.NoBuffer, InPort: openflow.PortNo(c.number), Data: packet.Data,
			Actions: []openflow.Action{openflow.Output{Port: openflow.PortTable, MaxLen: 0xffff}}}); err != nil {
			return nil, err
		} else if !ok {
			return nil, oracle.ErrNoVerdict
		}
	}
	var sent []string
	for _, c := range casePorts {
		frames, err := p.sent(c.name)
		if err != nil {
			return nil, err
		}
		for _, f := range frames {
			sent = append(sent, c.name+" "+hex.EncodeToString(f))
		}
	}
	return sent, nil
}

// sent are the frames that a port has sent since the last call.
func (p *ovsPeer) sent(port string) (frames [][]byte, err error) {
	const fileHeader, packetHeader = 24, 16
	f, err := os.Open(filepath.Join(p.dir, port+".pcap"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	at := max(p.read[port], fileHeader)
	if _, err := f.Seek(int64(at), io.SeekStart); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	p.read[port] = at + len(data)
	for len(data) >= packetHeader {
		n := int(binary.LittleEndian.Uint32(data[8:]))
		frames = append(frames, data[packetHeader:packetHeader+n])
		data = data[packetHeader+n:]
	}
	return frames, nil
}

// TestForwardingBesideOVS has random packets go through random tables of Open
// vSwitch and of ours, which must send the same frames by the same ports. What is
// known to be different is left out by oracle.Options.Compatible and listed in
// docs/compatibility.md. The seed is always the same, since what is left out is
// told by what flows can say, and now and then one is different still.
func TestForwardingBesideOVS(t *testing.T) {
	p := newOVSPeer(t)
	seed := uint64(42)
	if s := os.Getenv("VSWITCH_SEED"); s != "" {
		if _, err := fmt.Sscan(s, &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("VSWITCH_SEED=%d", seed)
	r, err := oracle.NewReference()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var total oracle.Count
	packets, flows := 0, 0
	for n := range uint64(40) {
		c := oracle.RandomCase(r, rand.New(rand.NewPCG(seed, n)), oracle.Options{Packets: 100, Compatible: true})
		run := func() error {
			if err := p.clear(); err != nil {
				t.Fatal(err)
			}
			n, err := oracle.Beside(c, p)
			total.Refused, total.Apart = total.Refused+n.Refused, total.Apart+n.Apart
			return err
		}
		flows += len(c.Flows) + len(c.Flows1)
		if err := run(); err != nil {
			t.Fatalf("case %d: %s", n, c.Explain(err, run))
		}
		packets += len(c.Packets)
	}
	t.Logf("%d packets, %d flows; %+v", packets, flows, total)
}
