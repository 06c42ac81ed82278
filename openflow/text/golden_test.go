package text

import (
	"bufio"
	"os"
	"reflect"
	"strings"
	"testing"

	"vswitch/openflow"
)

// goldens reads a file of lines "text => canonical text"; a line without "=>" is
// canonical itself.
func goldens(t testing.TB, name string) [][2]string {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list [][2]string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		in, want, found := strings.Cut(line, " => ")
		if !found {
			want = in
		}
		list = append(list, [2]string{in, want})
	}
	if lines.Err() != nil || len(list) == 0 {
		t.Fatalf("testdata/%s: %d lines, error %v", name, len(list), lines.Err())
	}
	return list
}

func TestMatchGolden(t *testing.T) {
	for _, g := range append(goldens(t, "matches.txt"), goldens(t, "matches_ours.txt")...) {
		m, err := ParseMatch(g[0], Options{})
		if err != nil {
			t.Errorf("%s: %v", g[0], err)
			continue
		}
		got := string(AppendMatch(nil, &m, PrintOptions{}))
		if got != g[1] {
			t.Errorf("%s\n prints %s\n want   %s", g[0], got, g[1])
		}
		again, err := ParseMatch(got, Options{})
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%s prints %s, which reads as another match, error %v", g[0], got, err)
		}
	}
}

func TestActionsGolden(t *testing.T) {
	for _, g := range append(goldens(t, "actions.txt"), goldens(t, "actions_ours.txt")...) {
		checkActions(t, g[0], g[1])
	}
}

// checkActions checks what a list of actions prints, and that this reads as the
// same list.
func checkActions(t *testing.T, in, want string) []openflow.Action {
	t.Helper()
	list, err := ParseActions(in, Options{})
	if err != nil {
		t.Errorf("%s: %v", in, err)
		return nil
	}
	got := string(AppendActions(nil, list, PrintOptions{}))
	if got != want {
		t.Errorf("%s\n prints %s\n want   %s", in, got, want)
	}
	again, err := ParseActions(got, Options{})
	if err != nil || !reflect.DeepEqual(again, list) {
		t.Errorf("%s\n is     %#v\n prints %s\n which reads as %#v, error %v", in, list, got, again, err)
	}
	return list
}

// TestActionTable walks the table: each example is canonical, each kind of action
// has exactly one printer and at least one keyword.
func TestActionTable(t *testing.T) {
	printers := map[openflow.ActionKind]int{}
	for _, row := range actionTable {
		if row.write != nil {
			printers[row.kind]++
		}
		if row.kind == openflow.ActNAT {
			checkActions(t, "ct(commit,"+row.example+")", "ct(commit,"+row.example+")")
			continue
		}
		list := checkActions(t, row.example, row.example)
		if len(list) != 1 || list[0].ActionKind() != row.kind {
			t.Errorf("%s: reads as %#v, not as kind %d", row.example, list, row.kind)
		}
		if !strings.HasPrefix(row.example, row.keyword) {
			t.Errorf("%s: an example of %s", row.keyword, row.example)
		}
	}
	for k := range openflow.ActionKind(numActionKinds) {
		if printers[k] != 1 {
			t.Errorf("action kind %d has %d printers", k, printers[k])
		}
	}
	for _, a := range actionSetNames {
		printers[a.kind] = 0
	}
	for k, n := range printers {
		if n != 0 {
			t.Errorf("action kind %d has no name in sets of actions", k)
		}
	}
}

func TestNames(t *testing.T) {
	ports, tables := new(Names), new(Names)
	ports.Add(1, "h1")
	ports.Add(2, "br-lan")
	ports.Add(3, "all")
	ports.Add(4, "twin")
	ports.Add(5, "twin")
	ports.Add(6, "one")
	ports.Add(6, "other")
	ports.Add(7, `q"\`)
	tables.Add(0, "start")
	tables.Add(9, "acl 2")
	o, po := Options{Ports: ports, Tables: tables}, PrintOptions{Ports: ports, Tables: tables, NoStats: true}
	for _, c := range []struct{ in, want string }{
		{"in_port=h1,actions=h1", "in_port=h1 actions=output:h1"},
		{`in_port=br-lan,actions="br-lan",output:br-lan`, `in_port="br-lan" actions=output:"br-lan",output:"br-lan"`},
		{`in_port="br-lan",actions=enqueue:"br-lan":3`, `in_port="br-lan" actions=enqueue:"br-lan":3`},
		{"actions=enqueue(h1,3),resubmit(h1,start),goto_table:9", `actions=enqueue:h1:3,resubmit(h1,start),goto_table:"acl 2"`},
		{"in_port=3,actions=all,output:3", "in_port=all actions=ALL,output:all"},
		{"in_port=4,actions=5,6", "in_port=4 actions=output:5,output:6"},
		{`actions=bundle(eth_src,0,hrw,ofport,members:h1,"q\"\\"),clone(h1)`, `actions=bundle(eth_src,0,hrw,ofport,members:h1,"q\"\\"),clone(output:h1)`},
		{"actions=set_field:h1->in_port", "actions=set_field:h1->in_port"},
	} {
		fm, err := ParseFlow("table=start,"+c.in, o)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		fs := openflow.FlowStats{Match: fm.Match, Priority: fm.Priority, Actions: fm.Actions}
		if got := string(AppendFlowStats(nil, &fs, po)); got != "table=start, "+c.want {
			t.Errorf("%s\n prints %s\n want   table=start, %s", c.in, got, c.want)
		}
	}
	if _, err := ParseFlow("in_port=twin,actions=1", o); err == nil {
		t.Error("a name that two ports have was taken for one of them")
	}
}

func TestFlowKeys(t *testing.T) {
	for _, c := range []struct {
		in   string
		want openflow.FlowMod
	}{
		{"add,table=1,priority=5,cookie=0xa,idle_timeout=6,hard_timeout=7,importance=8,send_flow_rem,check_overlap,reset_counts,no_packet_counts,no_byte_counts,actions=1",
			openflow.FlowMod{Table: 1, Priority: 5, Cookie: 10, IdleTimeout: 6, HardTimeout: 7, Importance: 8, Flags: 31, OutPort: openflow.PortAny}},
		{"modify cookie=5,actions=1", openflow.FlowMod{Command: openflow.FlowModify, Table: 255, Priority: 0x8000, NewCookie: 5, ModifyCookie: true, OutPort: openflow.PortAny}},
		{"modify_strict,cookie=5/7,priority=3 actions=1",
			openflow.FlowMod{Command: openflow.FlowModifyStrict, Table: 255, Priority: 3, Cookie: 5, CookieMask: 7, OutPort: openflow.PortAny}},
		{"delete,cookie=0xff/-1,out_port=LOCAL,out_group=3",
			openflow.FlowMod{Command: openflow.FlowDelete, Table: 255, Priority: 0x8000, Cookie: 255, CookieMask: ^uint64(0), OutPort: openflow.PortLocal, OutGroup: 3}},
		{"delete_strict table=255,priority=9", openflow.FlowMod{Command: openflow.FlowDeleteStrict, Table: 255, Priority: 9, OutPort: openflow.PortAny}},
		{"table=1 , priority=5, actions =output:1", openflow.FlowMod{Table: 1, Priority: 5, OutPort: openflow.PortAny}},
		{"table=1,priority=5,action = 1", openflow.FlowMod{Table: 1, Priority: 5, OutPort: openflow.PortAny}},
		{" cookie=0x1, duration=5.1s, table=2, n_packets=3, n_bytes=4, idle_age=5, hard_age=6, priority=7 actions=1",
			openflow.FlowMod{Cookie: 1, Table: 2, Priority: 7, OutPort: openflow.PortAny}},
	} {
		got, err := ParseFlow(c.in, Options{CommandWord: true})
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if c.want.OutGroup == 0 {
			c.want.OutGroup = openflow.GroupAny
		}
		c.want.Buffer = openflow.NoBuffer
		if c.want.Command < openflow.FlowDelete {
			c.want.Actions = []openflow.Action{openflow.Output{Port: 1}}
		}
		if !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s:\n%+v\nwant\n%+v", c.in, *got, c.want)
		}
	}
	r, err := ParseFlowRequest("table=3,ip,cookie=1/1,out_port=2,out_group=any", Options{})
	if err != nil || r.Table != 3 || r.Cookie != 1 || r.CookieMask != 1 || r.OutPort != 2 || r.OutGroup != openflow.GroupAny || r.Match.Value.EthType != ethTypeIPv4 {
		t.Errorf("request %+v, error %v", r, err)
	}
	for _, in := range []string{"add,actions=1", "addactions=1"} {
		if _, err := ParseFlow(in, Options{}); err == nil {
			t.Errorf("%s was read where no command may stand", in)
		}
	}
}

func TestGroupsGolden(t *testing.T) {
	for _, g := range goldens(t, "groups.txt") {
		for _, text := range g {
			m, err := ParseGroup(text, openflow.GroupAdd, Options{})
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			desc := openflow.GroupDesc{Type: m.Type, Group: m.Group, Props: m.Props, Buckets: m.Buckets}
			if got := string(AppendGroup(nil, &desc, true, PrintOptions{})); got != g[1] {
				t.Errorf("%s\n prints %s\n want   %s", text, got, g[1])
			}
		}
	}
}

func TestMetersGolden(t *testing.T) {
	for _, g := range goldens(t, "meters.txt") {
		want := strings.ReplaceAll(g[1], `\n`, "\n") + "\n"
		for _, text := range [...]string{g[0], want} {
			m, err := ParseMeter(text, openflow.MeterAdd, Options{})
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if got := string(AppendMeter(nil, &m.MeterConfig, PrintOptions{})); got != want {
				t.Errorf("%s\n prints %s\n want   %s", text, got, want)
			}
		}
	}
}

func TestPacketOut(t *testing.T) {
	out, err := ParsePacketOut("in_port=LOCAL packet=00112233 actions=output:1", Options{})
	if err != nil || out.InPort != openflow.PortLocal || !reflect.DeepEqual(out.Data, []byte{0, 0x11, 0x22, 0x33}) || len(out.Actions) != 1 {
		t.Errorf("%+v, error %v", out, err)
	}
	if out, err = ParsePacketOut("packet=00,actions=drop", Options{}); err != nil || out.InPort != openflow.PortAny {
		t.Errorf("%+v, error %v", out, err)
	}
}

func TestTLVMaps(t *testing.T) {
	got, err := ParseTLVMaps("{class=0xffff,type=0,len=4}->tun_metadata0, {class=1,type=0x80,len=124}->tun_metadata63")
	want := []openflow.TLVMap{{Class: 0xffff, Len: 4}, {Class: 1, Type: 0x80, Len: 124, Index: 63}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, error %v", got, err)
	}
}

func TestPortAction(t *testing.T) {
	for _, c := range []struct {
		in           string
		config, mask openflow.PortConfig
	}{
		{"up", 0, openflow.PortDown}, {"down", openflow.PortDown, openflow.PortDown}, {"no-flood", openflow.PortNoFlood, openflow.PortNoFlood},
		{"flood", 0, openflow.PortNoFlood}, {"noflood", openflow.PortNoFlood, openflow.PortNoFlood}, {"DOWN", openflow.PortDown, openflow.PortDown},
		{"No-Receive", openflow.PortNoRecv, openflow.PortNoRecv}, {"no-receive-stp", openflow.PortNoRecvSTP, openflow.PortNoRecvSTP}, {"packet-in", 0, openflow.PortNoPacketIn},
	} {
		if config, mask, err := ParsePortAction(c.in); config != c.config || mask != c.mask || err != nil {
			t.Errorf("%s: %x/%x, error %v", c.in, config, mask, err)
		}
	}
}

func TestMonitor(t *testing.T) {
	m, err := ParseMonitor("!initial,!own,tcp,out_port=3,table=5", Options{})
	if err != nil || m.Flags != monitorAll&^(openflow.MonitorInitial|openflow.MonitorOwn) || m.OutPort != 3 || m.Table != 5 || m.Match.Value.IPProto != protoTCP {
		t.Errorf("%+v, error %v", m, err)
	}
}

// TestCommandsRefused shows what is said of commands that cannot be read.
func TestCommandsRefused(t *testing.T) {
	group := func(text string) error { _, err := ParseGroup(text, openflow.GroupAdd, Options{}); return err }
	meter := func(text string) error { _, err := ParseMeter(text, openflow.MeterAdd, Options{}); return err }
	packet := func(text string) error { _, err := ParsePacketOut(text, Options{}); return err }
	tlv := func(text string) error { _, err := ParseTLVMaps(text); return err }
	port := func(text string) error { _, _, err := ParsePortAction(text); return err }
	table := func(text string) error { _, err := ParseTableMod("1", text, Options{}); return err }
	flush := func(text string) error { _, err := ParseCTFlush(text); return err }
	for _, c := range []struct {
		read     func(text string) error
		in, want string
	}{
		{group, "type=all", "column 9: a group has a number: write group_id=NUMBER,..."},
		{group, "group_id=1", "column 11: a group has a type: write type=all, select, indirect or ff"},
		{group, "group_id=1,type=foo", `column 17: unknown group type "foo": one of all, select, indirect, ff`},
		{group, "group_id=4294967041,type=all", "column 10: group: the numbers are 0 to 4294967040"},
		{group, "group_id=all,type=all", "column 22: group_id=all goes with deleting only"},
		{group, "group_id=1,type=all,bucket=weight:5,1", "column 28: weights go with select groups only"},
		{group, "group_id=1,type=ff,bucket=1", "column 27: a bucket of a fast failover group watches a port or a group: write bucket=watch_port:PORT,..."},
		{group, "group_id=1,type=indirect", "column 25: an indirect group has one bucket, not 0"},
		{group, "group_id=1,type=all,bucket=", "column 28: a bucket has actions: write bucket=actions=..., or bucket=actions=drop"},
		{group, "group_id=1,type=all,bucket=goto_table:1", "column 28: goto_table is an instruction: it stands in a flow's own list only"},
		{group, "group_id=1,type=all,selection_method=hash,bucket=1", "column 21: selection_method goes with select groups only"},
		{group, "group_id=1,type=select,fields=ip_src,bucket=1", "column 24: fields needs a selection method: write selection_method=hash or dp_hash"},
		{group, "group_id=1,type=select,selection_method=hash,fields(dl_vlan),bucket=1", `column 53: a group cannot hash dl_vlan: did you mean "vlan_vid"?`},
		{group, "group_id=1,type=all,bucket=bucket_id=5,1,bucket=bucket_id=5,2", "column 59: two buckets have the number 5"},
		{group, "group_id=1,type=all,bukket=1", `column 21: a group has no "bukket": did you mean "bucket"?`},
		{meter, "kbps,bands=type=drop,rate=1", "column 28: a meter has a number: write meter=NUMBER,..."},
		{meter, "meter=1,bands=type=drop,rate=1", "column 31: a meter has a unit: write kbps or pktps"},
		{meter, "meter=1,kbps,pktps,bands=type=drop,rate=1", "column 42: kbps and pktps exclude each other"},
		{meter, "meter=1,kbps", "column 13: a meter has bands: write bands=type=drop,rate=NUMBER"},
		{meter, "meter=1,kbps,bands=rate=1", "column 20: a band begins with its type: write bands=type=drop,rate=NUMBER"},
		{meter, "meter=1,kbps,bands=type=drop", "column 25: a band has a rate: write rate=NUMBER"},
		{meter, "meter=1,kbps,bands=type=drop,rate=1,burst_size=5", "column 25: burst_size counts only where the meter has burst: write burst before bands="},
		{meter, "meter=1,kbps,burst,bands=type=drop,rate=1", "column 31: a band of a meter with burst has a burst_size: write burst_size=NUMBER"},
		{meter, "meter=0,kbps,bands=type=drop,rate=1", "column 7: meter: the numbers are 1 to 4294901760"},
		{packet, "in_port=1 actions=2", "column 20: a packet is missing: write packet=HEX before actions="},
		{packet, "packet=0 actions=2", "column 8: packet: not a pair of hexadecimal digits"},
		{packet, "pakcet=00,actions=1", `column 1: a packet-out has no "pakcet": did you mean "packet"?`},
		{tlv, "{class=1,type=1}->tun_metadata0", "column 1: an option has a class, a type and a length: write {class=NUMBER,type=NUMBER,len=BYTES}->tun_metadataN"},
		{tlv, "{class=1,type=1,len=5}->tun_metadata0", "column 21: len: a multiple of 4 from 4 to 124 is needed"},
		{tlv, "{class=1,type=1,len=4}->reg0", "column 25: options are mapped to tun_metadata0 to tun_metadata63"},
		{tlv, "", "a map is missing: write {class=NUMBER,type=NUMBER,len=BYTES}->tun_metadataN"},
		{port, "no-flod", `column 1: no such setting of a port: "no-flod": did you mean "no-flood"?`},
		{table, "vacancy:20,10", "column 9: vacancy: the low threshold is above the high one"},
		{table, "dorp", `column 1: a table has no "dorp": did you mean "drop"?`},
		{flush, "ct_nw_src=fe80::1", "column 11: ct_nw_src: not an address of this kind: write an IPv4 address"},
	} {
		if err := c.read(c.in); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v\nwant %s", c.in, err, c.want)
		}
	}
}
