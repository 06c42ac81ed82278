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
func goldens(t *testing.T, name string) [][2]string {
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
