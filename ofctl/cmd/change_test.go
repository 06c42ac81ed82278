package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// write makes a file in a directory of the test's own.
func write(t *testing.T, content string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "flows.txt")
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// flowMods are the flow-mods that the switch was told, as text.
func (f *fakeSwitch) flowMods() (list []string) {
	commands := []string{"add", "modify", "modify_strict", "delete", "delete_strict"}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.told {
		if add, isAdd := m.(*openflow.BundleAdd); isAdd {
			m = add.Message
		}
		mod, isMod := m.(*openflow.FlowMod)
		if !isMod {
			continue
		}
		s := fmt.Sprintf("%s table=%d priority=%d %s", commands[mod.Command], mod.Table, mod.Priority, text.AppendMatch(nil, &mod.Match, text.PrintOptions{}))
		if mod.Command <= openflow.FlowModifyStrict {
			s += " actions=" + string(text.AppendActions(nil, mod.Actions, text.PrintOptions{}))
		}
		list = append(list, s)
	}
	return list
}

func wantLines(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got  %s\n want %s", what, strings.Join(got, "\n      "), strings.Join(want, "\n      "))
	}
}

func wantExit(t *testing.T, got result, code int, parts ...string) {
	t.Helper()
	if got.code != code {
		t.Errorf("exit %d, want %d: %v", got.code, code, got)
	}
	for _, p := range parts {
		if !strings.Contains(got.err, p) {
			t.Errorf("stderr lacks %q: %s", p, got.err)
		}
	}
	if len(parts) == 0 && got.err != "" {
		t.Errorf("stderr: %s", got.err)
	}
}

func TestFlowMods(t *testing.T) {
	tests := []struct {
		name, line, stdin string
		want              []string
	}{
		{"add", "add-flow br0 priority=5,in_port=h1,actions=output:h2", "", []string{"add table=0 priority=5 in_port=1 actions=output:2"}},
		{"table", "add-flow br0 table=3,actions=4", "", []string{"add table=3 priority=32768  actions=output:4"}},
		{"flags behind operands", "del-flows br0 tcp,priority=7 --strict", "", []string{"delete_strict table=255 priority=7 tcp"}},
		{"flags before the command", "--strict del-flows br0 tcp,priority=7", "", []string{"delete_strict table=255 priority=7 tcp"}},
		{"delete all", "del-flows br0", "", []string{"delete table=255 priority=32768 "}},
		{"modify", "mod-flows br0 udp,actions=drop", "", []string{"modify table=0 priority=32768 udp actions=drop"}},
		{"modify strictly", "mod-flows --strict br0 udp,priority=9,actions=drop", "", []string{"modify_strict table=0 priority=9 udp actions=drop"}},
		{"standard input", "add-flow br0 -", "actions=1\n# nothing\n\ndelete tcp # all of it\nmodify_strict priority=3,actions=drop",
			[]string{"add table=0 priority=32768  actions=output:1", "delete table=255 priority=32768 tcp", "modify_strict table=0 priority=3  actions=drop"}},
		{"deletions from standard input", "del-flows br0 -", "tcp\nudp\n", []string{"delete table=255 priority=32768 tcp", "delete table=255 priority=32768 udp"}},
	}
	for _, version := range []string{"OpenFlow10", "OpenFlow13", "OpenFlow15"} {
		for _, test := range tests {
			t.Run(version+" "+test.name, func(t *testing.T) {
				f := newFakeSwitch()
				args := append(strings.Fields(test.line), "-O", version)
				wantExit(t, f.runWith(t, Stdio{In: strings.NewReader(test.stdin)}, args...), exitOK)
				got := f.flowMods()
				for i := range got {
					// OpenFlow 1.0 leaves the table to the switch. Later versions have no
					// word for all tables but in deletions.
					if !strings.HasPrefix(got[i], "delete") {
						got[i] = strings.Replace(got[i], "table=255", "table=0", 1)
					}
				}
				wantLines(t, "flow-mods", got, test.want...)
			})
		}
	}
}

// TestTablesIn10 checks that a table is named in OpenFlow 1.0 only once the switch
// was asked to look for it, and not where it cannot.
func TestTablesIn10(t *testing.T) {
	f := newFakeSwitch()
	wantExit(t, f.run(t, "-O", "OpenFlow10", "add-flow", "br0", "table=3,actions=1"), exitOK)
	if asked := f.heard(openflow.KindFlowModTableID); len(asked) != 1 {
		t.Errorf("asked %d times for tables", len(asked))
	}
	f = newFakeSwitch()
	wantExit(t, f.run(t, "-O", "OpenFlow10", "add-flow", "br0", "actions=1"), exitOK)
	if asked := f.heard(openflow.KindFlowModTableID); len(asked) != 0 {
		t.Error("asked for tables where none is named")
	}
	f = newFakeSwitch()
	f.plain = true
	wantExit(t, f.run(t, "-O", "OpenFlow10", "add-flow", "br0", "table=3,actions=1"), exitRefused, "OFPBRC_BAD_VENDOR", "only table 0")
	wantLines(t, "flow-mods", f.flowMods())
}

// TestPlain10 checks that flows of a switch without extensions are shown.
func TestPlain10(t *testing.T) {
	f := goldenSwitch(t)
	f.plain = true
	r := f.run(t, "-O", "OpenFlow10", "dump-flows", "br0")
	wantExit(t, r, exitOK)
	if !strings.HasPrefix(r.out, "OFPST_FLOW reply (xid=0x4):\n cookie=0xbeef, duration=1.234s, table=0, n_packets=7,") {
		t.Error(r.out)
	}
}

func TestMistakes(t *testing.T) {
	file := write(t, "actions=1\n\n  bogus=3,actions=2 # why\npriority=70000,actions=3\n")
	tests := []struct {
		name string
		args []string
		code int
		want []string
	}{
		{"prerequisite", []string{"add-flow", "br0", "tp_dst=80,actions=2"}, exitUsage,
			[]string{"ofctl: tp_dst", "\n  tp_dst=80,actions=2\n  ^^^^^^\n", "tcp,tp_dst=80,actions=2"}},
		{"field", []string{"add-flow", "br0", "tcp,tp_dts=80,actions=2"}, exitUsage,
			[]string{`"tp_dts"`, "\n  tcp,tp_dts=80,actions=2\n      ^^^^^^\n", `did you mean "tp_dst"?`}},
		{"port", []string{"add-flow", "br0", "in_port=h9,actions=2"}, exitUsage, []string{"no such port", "\n  in_port=h9,actions=2\n          ^^\n"}},
		{"file", []string{"add-flows", "br0", file}, exitUsage,
			[]string{file + ":3: ", "\n  bogus=3,actions=2\n  ^^^^^\n", file + ":4: ", "ofctl: nothing was sent to the switch"}},
		{"no file", []string{"add-flows", "br0", "/nonexistent/flows"}, exitUsage, []string{"ofctl: /nonexistent/flows: no such file"}},
		{"filter", []string{"dump-flows", "br0", "actions=2"}, exitUsage, []string{"^"}},
		{"port of statistics", []string{"dump-ports", "br0", "h9"}, exitUsage, []string{"br0 has no port h9: did you mean h1?"}},
		{"mod-port", []string{"mod-port", "br0", "h1", "dwn"}, exitUsage, []string{`"down"`}},
		{"mod-port's port", []string{"mod-port", "br0", "17", "down"}, exitUsage, []string{"br0 has no port 17"}},
		{"command", []string{"dmp-flows", "br0"}, exitUsage, []string{`no command "dmp-flows": did you mean dump-flows?`}},
		{"flag", []string{"dump-flows", "br0", "--sotr"}, exitUsage, []string{"no flag --sotr: did you mean --sort?"}},
		{"sort", []string{"dump-flows", "br0", "--sort=nw_scr"}, exitUsage, []string{`no field "nw_scr": did you mean nw_src?`}},
		{"version", []string{"-O", "OpenFlow16", "show", "br0"}, exitUsage, []string{"OpenFlow16", "OpenFlow15"}},
		{"operands", []string{"add-flow", "br0"}, exitUsage, []string{"ofctl add-flow SWITCH FLOW", "for example"}},
		{"blanks", []string{"add-flow", "br0", "tcp,", "actions=1"}, exitUsage, []string{"quote a flow"}},
		{"read only", []string{"add-flow", "br0", "actions=1", "--read-only"}, exitUsage, []string{"--read-only"}},
		{"bridge", []string{"show", "br1"}, exitRefused, []string{"br1: "}},
		{"socket", []string{"show", "unix:/nonexistent/x.mgmt"}, exitRefused, []string{"no socket /nonexistent/x.mgmt: is the switch running?"}},
		{"scheme", []string{"show", "pssl:1.2.3.4"}, exitUsage, []string{"unix:PATH, tcp:HOST"}},
		{"tcp port", []string{"show", "tcp:1.2.3.4:0x"}, exitUsage, []string{"no port"}},
		{"stp takes 1.0", []string{"mod-port", "br0", "h1", "no-flood", "-O", "OpenFlow13"}, exitUsage, []string{"OpenFlow13", "OpenFlow10"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := newFakeSwitch()
			r := f.runWith(t, Stdio{Getenv: func(string) string { return "" }}, append(test.args, "--rundir", t.TempDir())...)
			wantExit(t, r, test.code, test.want...)
			if r.out != "" {
				t.Errorf("stdout: %s", r.out)
			}
			wantLines(t, "flow-mods", f.flowMods())
		})
	}
}

// refuseGroups answers flow-mods that use a group with an error.
func (f *fakeSwitch) refuseGroups(code openflow.ErrorCode) {
	uses := func(m *openflow.FlowMod) bool {
		return slices.ContainsFunc(m.Actions, func(a openflow.Action) bool { return a.ActionKind() == openflow.ActGroup })
	}
	f.answers[openflow.KindFlowMod] = func(_ openflow.Header, m openflow.Message) []openflow.Message {
		if uses(m.(*openflow.FlowMod)) {
			return []openflow.Message{&openflow.Error{Code: code}}
		}
		return nil
	}
	f.answers[openflow.KindBundleAdd] = func(_ openflow.Header, m openflow.Message) []openflow.Message {
		if uses(m.(*openflow.BundleAdd).Message.(*openflow.FlowMod)) {
			return []openflow.Message{&openflow.Error{Code: code}}
		}
		return nil
	}
}

func TestRefusals(t *testing.T) {
	f := newFakeSwitch()
	f.refuseGroups(openflow.ErrActionBadOutGroup)
	wantExit(t, f.run(t, "-O", "OpenFlow13", "add-flow", "br0", "actions=group:1"), exitRefused,
		"br0: refused: OFPT_ERROR (OF1.3) (xid=0x2): OFPBAC_BAD_OUT_GROUP: an action names a group", "OFPT_FLOW_MOD (OF1.3) (xid=0x2): ADD actions=group:1")

	file := write(t, "priority=1,actions=1\npriority=2,actions=group:3\npriority=3,actions=2\n")
	wantExit(t, f.run(t, "-O", "OpenFlow13", "add-flows", "br0", file), exitRefused,
		file+":2: OFPT_ERROR (OF1.3) (xid=0x3): OFPBAC_BAD_OUT_GROUP", "\n  priority=2,actions=group:3\n", "br0 refused 1 of 3 lines; the others are done")

	f.answers[openflow.KindGetConfigRequest] = func(openflow.Header, openflow.Message) []openflow.Message {
		return []openflow.Message{&openflow.Error{Code: openflow.ErrRequestPermission}}
	}
	wantExit(t, f.run(t, "get-frags", "br0"), exitRefused, "OFPBRC_EPERM: the switch does not allow it")
}

// bundles answers the steps of bundles, and notes them.
func (f *fakeSwitch) bundles(commit ...openflow.Message) (steps *[]openflow.BundleControlType) {
	steps = new([]openflow.BundleControlType)
	f.answers[openflow.KindBundleControl] = func(_ openflow.Header, m openflow.Message) []openflow.Message {
		c := m.(*openflow.BundleControl)
		*steps = append(*steps, c.Type)
		if c.Type == openflow.BundleCommitRequest && commit != nil {
			return commit
		}
		return []openflow.Message{&openflow.BundleControl{ID: c.ID, Type: c.Type + 1, Flags: c.Flags}}
	}
	return steps
}

func TestBundle(t *testing.T) {
	const open, commit, discard = openflow.BundleOpenRequest, openflow.BundleCommitRequest, openflow.BundleDiscardRequest
	lines := "add priority=1,actions=1\ndelete udp\n"
	for _, version := range []string{"OpenFlow10", "OpenFlow13", "OpenFlow14", "OpenFlow15"} {
		t.Run(version, func(t *testing.T) {
			f := newFakeSwitch()
			steps := f.bundles()
			wantExit(t, f.runWith(t, Stdio{In: strings.NewReader(lines)}, "--bundle", "add-flow", "-O", version, "br0", "-"), exitOK)
			if !slices.Equal(*steps, []openflow.BundleControlType{open, commit}) {
				t.Errorf("steps %v", *steps)
			}
			if got := f.flowMods(); len(got) != 2 {
				t.Errorf("flow-mods %q", got)
			}
		})
	}
	t.Run("refused message", func(t *testing.T) {
		f := newFakeSwitch()
		f.refuseGroups(openflow.ErrActionBadOutGroup)
		steps := f.bundles()
		file := write(t, "actions=1\nactions=group:9\n")
		wantExit(t, f.run(t, "--bundle", "add-flows", "br0", file), exitRefused, file+":2: ", "nothing has changed")
		if !slices.Equal(*steps, []openflow.BundleControlType{open, discard}) {
			t.Errorf("steps %v", *steps)
		}
	})
	t.Run("refused commit", func(t *testing.T) {
		f := newFakeSwitch()
		f.bundles(&openflow.Error{Code: openflow.ErrBundleMsgFailed})
		wantExit(t, f.run(t, "--bundle", "add-flow", "br0", "actions=1"), exitRefused, "OFPBFC_MSG_FAILED")
	})
	t.Run("no bundles", func(t *testing.T) {
		f := newFakeSwitch()
		f.answers[openflow.KindBundleControl] = func(openflow.Header, openflow.Message) []openflow.Message {
			return []openflow.Message{&openflow.Error{Code: openflow.ErrRequestBadType}}
		}
		wantExit(t, f.run(t, "--bundle", "add-flow", "br0", "actions=1"), exitRefused, "OFPBRC_BAD_TYPE", "without --bundle the changes come one by one")
		wantLines(t, "flow-mods", f.flowMods())
	})
	t.Run("mixed file", func(t *testing.T) {
		f := newFakeSwitch()
		f.bundles()
		file := write(t, "group add group_id=1,type=all,bucket=output:1\nflow add priority=2,actions=group:1\npacket-out in_port=1 packet=020000000001020000000002ffff actions=2\n")
		wantExit(t, f.run(t, "bundle", "br0", file), exitOK)
		if n := len(f.heard(openflow.KindBundleAdd)); n != 3 {
			t.Errorf("%d messages in the bundle", n)
		}
		file = write(t, "flow add prio=2,actions=1\nport 1\n")
		wantExit(t, f.run(t, "bundle", "br0", file), exitUsage, "\n  flow add prio=2,actions=1\n           ^^^^\n", "\n  port 1\n  ^^^^\n")
	})
}

func TestReplace(t *testing.T) {
	tests := []struct {
		name, file string
		flags      []string
		want       []string
	}{
		{"alike", "priority=100,tcp,in_port=h1,nw_dst=10.0.0.2,tp_dst=80,idle_timeout=60,cookie=0xbeef,actions=mod_dl_src:02:00:00:00:00:aa,output:h2\n" +
			"priority=10,arp,actions=NORMAL\ntable=1,priority=7,ip,dl_vlan=5,in_port=3,send_flow_rem,actions=strip_vlan,IN_PORT\npriority=0,actions=drop\n", nil, nil},
		{"additions before deletions, later tables first, exceptions before rules", "table=2,priority=1,actions=1\ntable=1,priority=9,arp,actions=2\ntable=1,priority=3,actions=3\n" +
			"priority=0,actions=goto_table:1\n", []string{"-O", "OpenFlow13"}, []string{
			"add table=2 priority=1  actions=output:1",
			"add table=1 priority=9 arp actions=output:2",
			"add table=1 priority=3  actions=output:3",
			"add table=0 priority=0  actions=goto_table:1",
			"delete_strict table=0 priority=10 arp",
			"delete_strict table=0 priority=100 tcp,in_port=1,nw_dst=10.0.0.2,tp_dst=80",
			"delete_strict table=1 priority=7 ip,in_port=3,dl_vlan=5",
		}},
		{"cookie", "priority=100,tcp,in_port=h1,nw_dst=10.0.0.2,tp_dst=80,idle_timeout=60,cookie=0xbeee,actions=mod_dl_src:02:00:00:00:00:aa,output:h2\n" +
			"priority=10,arp,actions=NORMAL\ntable=1,priority=7,ip,dl_vlan=5,in_port=3,send_flow_rem,actions=strip_vlan,IN_PORT\npriority=0,actions=drop\n",
			[]string{"-O", "OpenFlow10"}, []string{"add table=255 priority=100 tcp,in_port=1,nw_dst=10.0.0.2,tp_dst=80 actions=mod_dl_src:02:00:00:00:00:aa,output:2"}},
		{"bundle deletes first", "priority=1,actions=1\n", []string{"--bundle"}, []string{
			"delete_strict table=0 priority=0 ",
			"delete_strict table=0 priority=10 arp",
			"delete_strict table=0 priority=100 tcp,in_port=1,nw_dst=10.0.0.2,tp_dst=80",
			"delete_strict table=1 priority=7 ip,in_port=3,dl_vlan=5",
			"add table=0 priority=1  actions=output:1",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := goldenSwitch(t)
			f.bundles()
			args := append([]string{"replace-flows", "br0", write(t, test.file)}, test.flags...)
			wantExit(t, f.run(t, args...), exitOK)
			wantLines(t, "flow-mods", f.flowMods(), test.want...)
		})
	}
}

// TestReplaceRefused checks that old flows stay where new ones are refused, and make
// room where that is what is missing.
func TestReplaceRefused(t *testing.T) {
	f := goldenSwitch(t)
	f.refuseGroups(openflow.ErrActionBadOutGroup)
	wantExit(t, f.run(t, "replace-flows", "br0", write(t, "priority=1,actions=group:1\n")), exitRefused, "OFPBAC_BAD_OUT_GROUP")
	wantLines(t, "flow-mods", f.flowMods(), "add table=0 priority=1  actions=group:1")

	f = goldenSwitch(t)
	refused := false
	f.answers[openflow.KindFlowMod] = func(_ openflow.Header, m openflow.Message) []openflow.Message {
		if m.(*openflow.FlowMod).Command == openflow.FlowAdd && !refused {
			refused = true
			return []openflow.Message{&openflow.Error{Code: openflow.ErrFlowModTableFull}}
		}
		return nil
	}
	wantExit(t, f.run(t, "replace-flows", "br0", write(t, "priority=1,actions=1\n")), exitOK)
	got := f.flowMods()
	if len(got) != 6 || got[0] != got[5] {
		t.Errorf("flow-mods %q", got)
	}
}

func TestDiff(t *testing.T) {
	f := goldenSwitch(t)
	file := write(t, "priority=10,arp,actions=drop\npriority=0,actions=drop\ntable=4,priority=1,actions=2\n")
	r := f.run(t, "diff-flows", "br0", file, "-O", "OpenFlow13")
	wantExit(t, r, exitDiffer)
	want := `-priority=100,tcp,in_port=1,nw_dst=10.0.0.2,tp_dst=80 cookie=0xbeef idle_timeout=60 actions=set_field:02:00:00:00:00:aa->eth_src,output:2
-priority=10,arp actions=NORMAL
+priority=10,arp actions=drop
-table=1 priority=7,ip,in_port=3,dl_vlan=5 actions=pop_vlan,IN_PORT
+table=4 priority=1 actions=output:2
`
	if r.out != want {
		t.Errorf("got\n%swant\n%s", r.out, want)
	}
	r = f.run(t, "diff-flows", file, file)
	wantExit(t, r, exitOK)
	r = f.run(t, "diff-flows", "br0", "br0", "--json")
	wantExit(t, r, exitOK)
	if r.out != "{\n  \"differences\": []\n}\n" {
		t.Error(r.out)
	}
	r = f.run(t, "diff-flows", "br0", file, "--names")
	if !strings.Contains(r.out, "in_port=h1") {
		t.Error(r.out)
	}
}
