package cmd

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"vswitch/openflow"
)

// TestOnly10 checks that a flow which only OpenFlow 1.0 lets pass is sent in that
// version, unless -O says otherwise or the switch does not speak it.
func TestOnly10(t *testing.T) {
	flow := []string{"add-flow", "br0", "in_port=1,actions=mod_tp_dst:80,output:2"}
	f := newFakeSwitch()
	wantExit(t, f.run(t, flow...), exitOK)
	wantLines(t, "flow-mods", f.flowMods(), "add table=255 priority=32768 in_port=1 actions=mod_tp_dst:80,output:2")
	wantExit(t, newFakeSwitch().run(t, append(flow, "-O", "OpenFlow13")...), exitUsage, "mod_tp_dst needs")
	f = newFakeSwitch()
	f.versions = openflow.Versions(openflow.V13)
	wantExit(t, f.run(t, flow...), exitUsage, "mod_tp_dst needs", "^^^^^^^^^^")
	wantLines(t, "flow-mods", f.flowMods())
	// What 1.0 lets pass and cannot carry is told for the version that can.
	both := "in_port=1,actions=pop_vlan,push_vlan:0x88a8,output:2"
	for _, words := range [][]string{{"add-flow", "br0", both}, {"replace-flows", "br0", write(t, both)}} {
		f = newFakeSwitch()
		wantExit(t, f.run(t, words...), exitUsage, "pop_vlan needs")
		wantLines(t, "flow-mods", f.flowMods())
	}
}

// TestProtocolNames compares with how ovs-ofctl names sets of protocols.
func TestParseActions(t *testing.T) {
	in := "0000 0008 0001 ffff\n# nothing\n0000 0008\n"
	r := newFakeSwitch().runWith(t, Stdio{In: strings.NewReader(in)}, "parse-actions", "OpenFlow10")
	if r.code != exitRefused || r.out != "actions=output:1\n\nbad OpenFlow10 actions: OFPBRC_BAD_LEN\n\n" {
		t.Errorf("%v", r)
	}
	r = newFakeSwitch().runWith(t, Stdio{In: strings.NewReader("0001000801000000\n")}, "parse-instructions", "OpenFlow13")
	wantExit(t, r, exitOK)
	if r.out != "actions=goto_table:1\n\n" {
		t.Errorf("%v", r)
	}
	r = newFakeSwitch().runWith(t, Stdio{In: strings.NewReader("000400090100000000\n")}, "parse-instructions", "OpenFlow13")
	wantExit(t, r, exitRefused)
	if r.out != "bad OpenFlow13 instructions: OFPBIC_BAD_LEN\n\n" {
		t.Errorf("%v", r)
	}
	for v := openflow.V11; v <= openflow.V15; v++ {
		r := newFakeSwitch().runWith(t, Stdio{In: strings.NewReader("0016000800000007\n")}, "parse-actions", v.String())
		if r.out != "actions=group:7\n\n" {
			t.Errorf("%s: %v", v, r)
		}
	}
	wantExit(t, newFakeSwitch().run(t, "parse-instructions", "OpenFlow10"), exitUsage, "no instructions")
	wantExit(t, newFakeSwitch().runWith(t, Stdio{In: strings.NewReader("zz\n")}, "parse-actions", "OpenFlow13"), exitUsage, "stdin:1")
}

// wire is a message as it travels.
func wire(t *testing.T, xid uint32, m openflow.Message) []byte {
	t.Helper()
	data, err := openflow.Append(nil, openflow.V13, xid, m)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOFPParse(t *testing.T) {
	data := slices.Concat(wire(t, 1, &openflow.BarrierRequest{}), wire(t, 2, &openflow.EchoRequest{Data: []byte("hi")}), []byte{4, 0, 0})
	file := write(t, string(data))
	want := "OFPT_BARRIER_REQUEST (OF1.3) (xid=0x1):\nOFPT_ECHO_REQUEST (OF1.3) (xid=0x2): 2 bytes of payload\n00000000  68 69                                           |hi              |\nOpenFlow packet too short (only 3 bytes):\n"
	for _, args := range [][]string{{"ofp-parse", file}, {"ofp-print", file}} {
		r := newFakeSwitch().run(t, args...)
		if r.code != exitOK || !strings.HasPrefix(r.out, want) {
			t.Errorf("%q: %v", args, r)
		}
	}
	wantExit(t, newFakeSwitch().run(t, "ofp-print", "no file"), exitUsage, "neither hexadecimal nor a file")
	wantExit(t, newFakeSwitch().run(t, "ofp-parse", "/nonexistent"), exitUsage, "/nonexistent: no such file")
}

// segment is a TCP segment as a capture has it.
func segment(t *testing.T, port uint16, seq uint32, syn bool, data []byte) []byte {
	t.Helper()
	buffer := gopacket.NewSerializeBuffer()
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: []byte{10, 0, 0, 1}, DstIP: []byte{10, 0, 0, 2}}
	tcp := &layers.TCP{SrcPort: 40000, DstPort: layers.TCPPort(port), Seq: seq, SYN: syn}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.Ethernet{SrcMAC: []byte{2, 0, 0, 0, 0, 1}, DstMAC: []byte{2, 0, 0, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4}, ip, tcp, gopacket.Payload(data))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(buffer.Bytes())
}

// capture makes a capture file of frames.
func capture(t *testing.T, frames ...[]byte) (file string) {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	if err := w.WriteFileHeader(65536, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	for i, f := range frames {
		info := gopacket.CaptureInfo{Timestamp: time.Unix(int64(i), 0), CaptureLength: len(f), Length: len(f)}
		if err := w.WritePacket(info, f); err != nil {
			t.Fatal(err)
		}
	}
	file = filepath.Join(t.TempDir(), "frames.pcap")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCaptures(t *testing.T) {
	messages := slices.Concat(wire(t, 1, &openflow.BarrierRequest{}), wire(t, 2, &openflow.BarrierReply{}))
	// The second half of the first message overtakes its first half, and comes twice.
	file := capture(t,
		segment(t, 6653, 99, true, nil),
		segment(t, 6653, 104, false, messages[4:]),
		segment(t, 6653, 100, false, messages[:4]),
		segment(t, 6653, 104, false, messages[4:]),
		segment(t, 80, 1, false, []byte("GET / HTTP/1.1")),
		segment(t, 6653, 200, false, []byte("lost")),
	)
	r := newFakeSwitch().run(t, "ofp-parse-pcap", file)
	wantExit(t, r, exitOK)
	want := "1970-01-01 00:00:02.000000: 10.0.0.1:40000 > 10.0.0.2:6653:\nOFPT_BARRIER_REQUEST (OF1.3) (xid=0x1):\n" +
		"1970-01-01 00:00:02.000000: 10.0.0.1:40000 > 10.0.0.2:6653:\nOFPT_BARRIER_REPLY (OF1.3) (xid=0x2):\n"
	if r.out != want {
		t.Errorf("got\n%swant\n%s", r.out, want)
	}
	r = newFakeSwitch().run(t, "ofp-parse-pcap", file, "6633")
	if r.out != "" {
		t.Errorf("on another port: %v", r)
	}
	r = newFakeSwitch().run(t, "parse-pcap", file)
	if n := strings.Count(r.out, "tcp,vlan_tci=0x0000,dl_src=02:00:00:00:00:01,"); n != 6 {
		t.Errorf("%d frames: %v", n, r)
	}
	wantExit(t, newFakeSwitch().run(t, "parse-pcap", write(t, "no capture")), exitUsage, "no capture")
}

// TestStreamAgainstNaive gives a stream random pieces in random order, some several
// times, and wants the whole.
func TestStreamAgainstNaive(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		data := make([]byte, 1+r.IntN(300))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		first := r.Uint32() // numbers wrap
		type piece struct{ from, to int }
		var pieces []piece
		for at := 0; at < len(data); {
			to := min(len(data), at+1+r.IntN(40))
			pieces = append(pieces, piece{at, to})
			at = max(at+1, to-r.IntN(5)) // the next one overlaps
			if to == len(data) {
				break
			}
		}
		for range r.IntN(4) {
			pieces = append(pieces, pieces[r.IntN(len(pieces))])
		}
		r.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		var s stream
		s.add(first-1, true, nil)
		for _, p := range pieces {
			s.add(first+uint32(p.from), false, data[p.from:p.to])
		}
		if !bytes.Equal(s.bytes, data) {
			t.Fatalf("got %d of %d bytes of %v", len(s.bytes), len(data), pieces)
		}
	}
}

// TestSettings runs the commands that change a switch's settings, and looks at what the
// switch was told.
func TestSettings(t *testing.T) {
	tests := []struct {
		line string
		kind openflow.Kind
		want string
	}{
		{"mod-port br0 h1 down", openflow.KindPortMod, "&{1 [2 0 0 0 0 1] 1 1 0}"},
		{"mod-port br0 2 forward", openflow.KindPortMod, "&{2 [2 0 0 0 0 2] 0 32 0}"},
		{"mod-port br0 LOCAL no-flood", openflow.KindPortMod, "&{LOCAL [2 0 0 0 0 255] 16 16 0}"},
		{"mod-table br0 1 evict", openflow.KindTableMod, "&{1 0 2 4294967295 2 5 6}"},
		{"mod-table br0 1 drop", openflow.KindTableMod, "&{1 3 0 4294967295 0 0 0}"},
		{"ct-flush-zone br0 5", openflow.KindCTFlushZone, "&{5}"},
		{"add-tlv-map br0 {class=0xffff,type=1,len=4}->tun_metadata2", openflow.KindTLVTableMod, "&{0 [{65535 1 4 2}]}"},
		{"del-tlv-map br0", openflow.KindTLVTableMod, "&{2 []}"},
		{"add-meter br0 meter=1,kbps,bands=type=drop,rate=9", openflow.KindMeterMod, "&{0 {1 1 [{1 9 0 0}]}}"},
		{"del-meters br0", openflow.KindMeterMod, "&{2 {4294967295 0 []}}"},
	}
	for _, test := range tests {
		t.Run(test.line, func(t *testing.T) {
			f := newFakeSwitch()
			wantExit(t, f.run(t, strings.Fields(test.line)...), exitOK)
			told := f.heard(test.kind)
			if len(told) != 1 {
				t.Fatalf("%d messages", len(told))
			}
			if got := fmt.Sprint(told[0]); got != test.want {
				t.Errorf("told %s, want %s", got, test.want)
			}
		})
	}
}

// TestModAllTables checks that ALL is each table, of which the rest stays as it is.
func TestModAllTables(t *testing.T) {
	f := newFakeSwitch()
	wantExit(t, f.run(t, "mod-table", "br0", "ALL", "vacancy:10,20"), exitOK)
	var got []string
	for _, m := range f.heard(openflow.KindTableMod) {
		got = append(got, fmt.Sprint(m))
	}
	wantLines(t, "table-mods", got, "&{0 0 2 7 2 10 20}", "&{1 0 1 7 2 10 20}")
	wantExit(t, f.run(t, "mod-table", "br0", "7", "evict"), exitRefused, "br0 has no table 7")
	wantExit(t, f.run(t, "mod-table", "br0", "0", "evikt"), exitUsage, "evict")
	wantExit(t, f.run(t, "mod-table", "br0", "0", "evikt", "-O", "OpenFlow11"), exitUsage, "did you mean")
	wantExit(t, f.run(t, "mod-table", "br0", "0", "name:"+strings.Repeat("n", 32), "-O", "OpenFlow13"), exitUsage, "31")
}

func TestSetFrags(t *testing.T) {
	frag := openflow.FragNormal
	f := newFakeSwitch()
	f.answers[openflow.KindGetConfigRequest] = func(openflow.Header, openflow.Message) []openflow.Message {
		return []openflow.Message{&openflow.GetConfigReply{SwitchConfig: openflow.SwitchConfig{Frag: frag}}}
	}
	f.answers[openflow.KindSetConfig] = func(_ openflow.Header, m openflow.Message) []openflow.Message {
		if want := m.(*openflow.SetConfig).Frag; want != openflow.FragReasm {
			frag = want
		}
		return nil
	}
	wantExit(t, f.run(t, "set-frags", "br0", "drop"), exitOK)
	if frag != openflow.FragDrop {
		t.Errorf("fragments: %v", frag)
	}
	wantExit(t, f.run(t, "set-frags", "br0", "reassemble"), exitRefused, "did not take reassemble")
	wantExit(t, f.run(t, "set-frags", "br0", "keep"), exitUsage, `"keep"`)
}

func TestGroups(t *testing.T) {
	f := newFakeSwitch()
	f.answers[openflow.KindGroupDescRequest] = func(openflow.Header, openflow.Message) []openflow.Message {
		return []openflow.Message{&openflow.GroupDescReply{Groups: []openflow.GroupDesc{
			{Group: 1, Type: openflow.GroupTypeAll, Buckets: []openflow.Bucket{{WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny, Actions: []openflow.Action{openflow.Output{Port: 1}}}}},
			{Group: 2, Type: openflow.GroupTypeIndirect},
		}}}
	}
	r := f.run(t, "-O", "OpenFlow13", "dump-groups", "br0", "1", "--names")
	wantExit(t, r, exitOK)
	if r.out != "OFPST_GROUP_DESC reply (OF1.3) (xid=0x4):\n group_id=1,type=all,bucket=actions=output:h1\n" {
		t.Error(r.out)
	}
	r = f.run(t, "-O", "OpenFlow13", "dump-groups", "br0", "group_id=2", "--json")
	if !strings.Contains(r.out, `{"type": "indirect", "group": 2,`) || strings.Contains(r.out, `"group": 1`) {
		t.Error(r.out)
	}
	wantExit(t, f.run(t, "dump-groups", "br0", "first"), exitUsage, `"first" is no group`)
	wantExit(t, f.run(t, "mod-group", "br0", "group_id=3,type=all,bucket=output:1", "--may-create"), exitOK)
	told := f.heard(openflow.KindGroupMod)
	if len(told) != 1 || told[0].(*openflow.GroupMod).Command != openflow.GroupAddOrModify {
		t.Errorf("told %v", told)
	}
}

// TestAnyPortAndQueue: what names no port or queue in particular may be left out, or
// written as all or any, in every version.
func TestAnyPortAndQueue(t *testing.T) {
	for _, args := range [][]string{{}, {"ALL", "all"}, {"any", "ANY"}} {
		port, err := new(conn).optionalPort(args, 0)
		if port != openflow.PortAny || err != nil {
			t.Errorf("%v: port %v, %v", args, port, err)
		}
		if queue, err := optionalQueue(args, 1); queue != openflow.QueueAll || err != nil {
			t.Errorf("%v: queue %v, %v", args, queue, err)
		}
	}
}

// TestOffer: --bundle narrows what -O allows, and is OpenFlow 1.4 where that has no
// bundles.
func TestOffer(t *testing.T) {
	for _, c := range []struct{ allowed, want openflow.VersionSet }{
		{0, openflow.Versions(openflow.V13, openflow.V14, openflow.V15)},
		{openflow.Versions(openflow.V13), openflow.Versions(openflow.V13)},
		{openflow.Versions(openflow.V10, openflow.V15), openflow.Versions(openflow.V15)},
		{openflow.Versions(openflow.V10), openflow.Versions(openflow.V14)},
	} {
		a := &app{}
		a.option.bundle, a.option.versions = true, c.allowed
		if got, err := a.offer(openflow.AllVersions); got != c.want || err != nil {
			t.Errorf("of %s: %s, %v, want %s", versionNames(c.allowed), versionNames(got), err, versionNames(c.want))
		}
	}
}

// TestLogging: ovs-ofctl's flag for its log, which scripts give, asks for nothing that
// ofctl has.
func TestLogging(t *testing.T) {
	for _, flag := range []string{"-v", "-vwarn", "-vvconn:console:dbg", "--verbose", "--verbose=ANY:off"} {
		wantExit(t, newFakeSwitch().run(t, flag, "dump-desc", "br0"), exitOK)
		wantExit(t, newFakeSwitch().run(t, "dump-desc", flag, "br0"), exitOK)
	}
}
