package cmd

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vswitch/openflow"
)

var update = flag.Bool("update", false, "rewrite testdata/golden")

// goldenSwitch is what the golden files show.
func goldenSwitch(t *testing.T) *fakeSwitch {
	f := newFakeSwitch()
	f.add(t,
		"priority=100,tcp,in_port=h1,nw_dst=10.0.0.2,tp_dst=80,idle_timeout=60,cookie=0xbeef,actions=mod_dl_src:02:00:00:00:00:aa,output:h2",
		"priority=10,arp,actions=NORMAL",
		"table=1,priority=7,ip,dl_vlan=5,in_port=eth0.100,send_flow_rem,actions=strip_vlan,IN_PORT",
		"priority=0,actions=drop",
	)
	return f
}

// golden are command lines; the file of each has what it prints.
var golden = []struct{ name, line string }{
	{"show-10", "-O OpenFlow10 show br0"},
	{"show-13", "-O OpenFlow13 show br0"},
	{"show-15", "show br0"},
	{"show-json", "show br0 --json"},
	{"dump-flows-10", "-O OpenFlow10 dump-flows br0"},
	{"dump-flows-13", "-O OpenFlow13 dump-flows br0"},
	{"dump-flows-15", "dump-flows br0"},
	{"dump-flows-table", "dump-flows br0 table=1"},
	{"dump-flows-names", "-O OpenFlow13 dump-flows br0 --names"},
	{"dump-flows-no-stats", "dump-flows br0 --no-stats"},
	{"dump-flows-sort", "dump-flows br0 --sort --no-stats"},
	{"dump-flows-rsort-field", "dump-flows br0 --rsort=nw_dst --sort=in_port --no-stats"},
	{"dump-flows-json", "dump-flows br0 --json"},
	{"dump-flows-json-names", "dump-flows br0 --json --names --sort"},
	{"dump-flows-json-none", "dump-flows br0 table=9 --json"},
	{"dump-aggregate-10", "-O OpenFlow10 dump-aggregate br0"},
	{"dump-aggregate-13", "-O OpenFlow13 dump-aggregate br0"},
	{"dump-aggregate-json", "dump-aggregate br0 --json"},
	{"dump-tables-10", "-O OpenFlow10 dump-tables br0"},
	{"dump-tables-13", "-O OpenFlow13 dump-tables br0"},
	{"dump-tables-json", "dump-tables br0 --json"},
	{"dump-ports-10", "-O OpenFlow10 dump-ports br0"},
	{"dump-ports-13", "-O OpenFlow13 dump-ports br0"},
	{"dump-ports-one", "-O OpenFlow13 dump-ports br0 h2"},
	{"dump-ports-names", "-O OpenFlow13 dump-ports br0 --names"},
	{"dump-ports-json", "dump-ports br0 1 --json"},
	{"dump-ports-desc-10", "-O OpenFlow10 dump-ports-desc br0"},
	{"dump-ports-desc-13", "-O OpenFlow13 dump-ports-desc br0"},
	{"dump-ports-desc-one", "-O OpenFlow13 dump-ports-desc br0 h1"},
	{"dump-ports-desc-json", "dump-ports-desc br0 --json"},
	{"dump-desc-13", "-O OpenFlow13 dump-desc br0"},
	{"dump-desc-json", "dump-desc br0 --json"},
	{"get-frags", "get-frags br0"},
	{"explain", "explain priority=10,tcp,in_port=1,nw_dst=10.0.0.0/8,tp_dst=80,actions=meter:1,dec_ttl,output:2,goto_table:3"},
	{"explain-ct", "explain table=1,ct_state=+trk+new,ip,reg0=0x10/0xf0,actions=ct(commit,table=2,nat(src=10.0.0.1)),clone(NORMAL)"},
	{"explain-delete", "explain delete,arp,arp_tpa=10.0.0.1"},
	{"explain-json", "explain udp,actions=CONTROLLER --json"},
	{"explain-mistake", "explain tp_dst=80,actions=1"},
	{"parse-flow", "parse-flow table=1,reg0=1,actions=output:2"},
	{"parse-flow-13", "-O OpenFlow13 parse-flow table=1,reg0=1,actions=output:2"},
	{"parse-flow-refused", "-O OpenFlow10,OpenFlow11 parse-flow actions=meter:1,output:2"},
	{"parse-flow-json", "parse-flow tcp,actions=1 --json"},
	{"parse-group", "parse-group group_id=1,type=all,bucket=output:1 -O OpenFlow15"},
	{"parse-meter", "parse-meter meter=1,kbps,bands=type=drop,rate=1000"},
	{"ofp-print", "ofp-print 04020010000000010102030405060708 1"},
	{"ofp-print-json", "ofp-print 04020010000000010102030405060708 --json"},
	{"print-error", "print-error OFPBRC_BAD_PORT"},
	{"compose-packet", "compose-packet udp,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_dst=53 68656c6c6f"},
	{"help", "help"},
	{"help-add-flows", "help add-flows"},
}

func TestGolden(t *testing.T) {
	for _, g := range golden {
		t.Run(g.name, func(t *testing.T) {
			got := "$ ofctl " + g.line + "\n" + goldenSwitch(t).run(t, strings.Fields(g.line)...).String()
			file := filepath.Join("testdata", "golden", g.name+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("%s differs (go test -update renews it):\n%s", file, got)
			}
		})
	}
}

// TestGoldenComplete wants each golden file to be of a command line.
func TestGoldenComplete(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "golden", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(golden) {
		t.Errorf("%d golden files for %d command lines", len(files), len(golden))
	}
}

// TestEveryCommandExplained wants a row of the table to be whole, and its example to
// be a command line that its flags and operands allow.
func TestEveryCommandExplained(t *testing.T) {
	names := map[string]bool{}
	for _, row := range commands() {
		switch {
		case row.name == "", row.summary == "", row.example == "", row.run == nil, row.group == nil:
			t.Errorf("%q: the row is not whole", row.name)
		case names[row.name]:
			t.Errorf("%s: twice in the table", row.name)
		case !strings.HasPrefix(row.example, "ofctl "+row.name+" ") && row.example != "ofctl "+row.name:
			t.Errorf("%s: the example %q is of another command", row.name, row.example)
		case strings.HasSuffix(row.summary, ".") || strings.ToLower(row.summary[:1]) != row.summary[:1]:
			t.Errorf("%s: the summary %q is a sentence", row.name, row.summary)
		}
		names[row.name] = true
		flags := newFlags(new(options))
		for _, f := range strings.Fields(row.flags) {
			if flags.Lookup(f) == nil {
				t.Errorf("%s: no flag --%s", row.name, f)
			}
		}
	}
	for _, row := range commands() {
		if !row.writes && row.name != "probe" && !strings.Contains(row.flags, "json") {
			t.Errorf("%s shows something and has no --json", row.name)
		}
	}
	if len(names) < 40 {
		t.Errorf("only %d commands", len(names))
	}
}

// TestErrorWords wants every error of OpenFlow to be explained.
func TestErrorWords(t *testing.T) {
	n := 0
	for code := openflow.ErrUnknown + 1; ; code++ {
		name := code.String()
		if strings.HasPrefix(name, "error code") {
			break
		}
		n++
		if errorWords(code) == "" {
			t.Errorf("%s has no words", name)
		}
	}
	if rows := strings.Count(refusals, "\n") - 1; n != rows {
		t.Errorf("%d errors, %d of them explained", n, rows)
	}
}
