package text

import (
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"vswitch/flow"
	"vswitch/openflow"
)

// TestFlowRefused shows what is said of flows that cannot be read.
func TestFlowRefused(t *testing.T) {
	ports, tables := new(Names), new(Names)
	ports.Add(1, "h1")
	tables.Add(3, "acl")
	for _, c := range []struct{ in, token, want string }{
		{"tp_dst=80,actions=2", "tp_dst", "tp_dst needs tcp: write tcp,tp_dst=80,actions=2"},
		{"tp_dts=80,actions=2", "tp_dts", `unknown field "tp_dts": did you mean "tp_dst"?`},
		{"ip,tp_dst=80,actions=2", "tp_dst", "tp_dst needs tcp: write ip,tcp,tp_dst=80,actions=2"},
		{"udp,tcp_dst=80,actions=2", "tcp_dst", "tcp_dst needs tcp: write udp,tp_dst=80,actions=2"},
		{"nw_src=10.0.0.1,actions=2", "nw_src", "nw_src needs ip: write ip,nw_src=10.0.0.1,actions=2"},
		{"tcp,udp,actions=2", "udp", "udp contradicts what stands before it"},
		{"tcp,tp_dst=80", "", "a flow has actions: write tcp,tp_dst=80,actions=..., or actions=drop"},
		{"in_port=h2,actions=1", "h2", "in_port: no such port"},
		{"in_port=1,actions=h2", "h2", `unknown action "h2": did you mean "h1"?`},
		{"actions=ouput:1", "ouput", `unknown action "ouput": did you mean "output"?`},
		{"actions=output:70000", "70000", `no such port: "70000": ports have the numbers 0 to 65279, 70000 is too great or not decimal`},
		{"actions=LOCAL:5", "LOCAL", `the port "LOCAL" takes nothing behind it: write output:LOCAL`},
		{"actions=h1(max_len=5)", "h1", `the port "h1" takes nothing behind it: write output:h1`},
		{"actions=bundle(eth_src,0,hrw,ofport,members:1,CONTROLLER)", "CONTROLLER", "CONTROLLER cannot be a member"},
		{"tcp,actions=ct(commit,alg=16)", "16", `ct: unknown helper "16": the helpers are ftp and tftp`},
		{"actions=output:1,drop", "drop", "drop does not go with other actions: a flow without actions drops: leave drop out"},
		{"actions=drop,1", "drop", "drop does not go with other actions: a flow without actions drops: leave drop out"},
		{"actions=ct(commit", "(", "a parenthesis is not closed"},
		{"actions=ct(commit))", ")", `")" follows a closing parenthesis: put a comma between`},
		{"actions=goto_table:1,output:1", "output", "output stands behind an instruction: instructions come in this order: meter, actions, clear_actions, write_actions, write_metadata, goto_table"},
		{"actions=output:1,meter:1", "meter", "meter must come before the actions: instructions come in this order: meter, actions, clear_actions, write_actions, write_metadata, goto_table"},
		{"actions=decap(packet_type(ns=0,type=0),nsh)", "nsh", "decap has one packet_type"},
		{"actions=clone(goto_table:1)", "goto_table", "goto_table is an instruction: it stands in a flow's own list only"},
		{"actions=nat(src=1.1.1.1)", "nat", "nat stands inside of ct only: write ct(commit,nat(...))"},
		{"actions=set_field:1->ct_mark", "set_field", "ct_mark is the connection's: write ct(commit,exec(set_field:1->ct_mark))"},
		{"actions=set_field:5->reg0[0..7]", "reg0[0..7]", "set_field sets a field, not a part of it: write load:VALUE->reg0[0..7], or give set_field a mask: set_field:VALUE/MASK->reg0"},
		{"actions=load:300->reg0[0..7]", "300", "value does not fit 8 bits"},
		{"table=accl,actions=1", "accl", `no such table: "accl": did you mean "acl"?`},
		{"table=256,actions=1", "256", "no such table: tables have the numbers 0 to 254"},
		{"priority=65536,actions=1", "65536", "priority: at most 65535 fits"},
		{"cookie=1/1,actions=1", "1", "cookie: a mask chooses flows: it does not go with adding one: write cookie=1"},
		{"out_port=1,actions=1", "out_port", "out_port does not count for add: it counts for delete, delete_strict"},
		{"dl_vlan=4096,actions=1", "4096", "dl_vlan: value does not fit 12 bits: 0xffff matches packets without a tag"},
		{"vlan_vid=5,actions=1", "5", "vlan_vid: the bit 0x1000 says that there is a tag: write vlan_vid=0x1005, or dl_vlan=5"},
		{"set_field:1->reg0,actions=1", "set_field", `unknown field "set_field": it is an action: write actions=set_field:1->reg0`},
		{"reg0=0x1ffffffff,actions=1", "0x1ffffffff", "reg0: value does not fit 32 bits"},
		{"reg0[0..40]=1,actions=1", "40", "reg0 has the bits 0 to 31"},
		{"nw_dst,actions=1", "nw_dst", "nw_dst: a value is missing: write nw_dst=VALUE"},
		{"=5,actions=1", "=", `a keyword is missing before "="`},
	} {
		t.Run(c.in, func(t *testing.T) {
			fm, err := ParseFlow(c.in, Options{Ports: ports, Tables: tables})
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("read as %+v, error %v", fm, err)
			}
			got := e.Msg
			if e.Remedy != "" {
				got += ": " + e.Remedy
			}
			if got != c.want || e.In != c.in || e.In[e.At:e.At+e.Len] != c.token {
				t.Errorf("says %q at %q\nwant %q at %q", got, e.In[e.At:e.At+e.Len], c.want, c.token)
			}
		})
	}
}

func TestDeletionRefused(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"tcp,actions=1", "column 5: actions do not choose flows: flows are chosen by match, table, cookie, out_port and out_group"},
		{"priority=5", "column 1: priority does not count for delete: it counts with --strict, for delete_strict"},
		{"cookie=5", "column 8: cookie: a mask is needed to choose flows: write cookie=5/-1"},
		{"tp_dst=80", "column 1: tp_dst needs tcp: write tcp,tp_dst=80"},
	} {
		if _, err := ParseFlow(c.in, Options{Command: openflow.FlowDelete}); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.in, err, c.want)
		}
	}
}

// TestCutMessages shows how messages print that are not whole, as ovs-ofctl prints
// them.
func TestCutMessages(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "OpenFlow message is empty\n"},
		{"040e0028", "OpenFlow packet too short (only 4 bytes):\n"},
		{"040e002800000001000000", "OFPT_FLOW_MOD (OF1.3) (xid=0x1):\n(***truncated to 11 bytes from 40***)\n"},
		{"040400280000000100002320", "(***truncated to 12 bytes from 40***)\n"},
		{"041400080000000100", "(***only uses 8 bytes out of 9***)\n"},
		{"041400090000000100", "***decode error: OFPBRC_BAD_LEN***\n"},
		{"0409000c0000000100100080", "OFPT_SET_CONFIG (OF1.3) (xid=0x1): ***decode error: OFPSCFC_BAD_FLAGS***\n"},
	} {
		b := must(hex.DecodeString(c.in))
		want := string((&printer{dst: []byte(c.want)}).hexDump(b, true).dst)
		if len(b) == 0 {
			want = c.want
		}
		if got := string(AppendWire(nil, b, PrintOptions{})); got != want {
			t.Errorf("%s prints\n%s\nwant\n%s", c.in, got, want)
		}
	}
}

func TestErrorUnwraps(t *testing.T) {
	_, err := ParseFlow("tp_dst=80,actions=2", Options{})
	var p *flow.PrereqError
	if !errors.As(err, &p) || p.Keyword != "tcp" {
		t.Errorf("%v does not unwrap to the missing prerequisite", err)
	}
	_, err = ParseFlow("reg0=x,actions=2", Options{})
	var v *flow.TextError
	if !errors.As(err, &v) {
		t.Errorf("%v does not unwrap to the value's error", err)
	}
}

func TestCaret(t *testing.T) {
	long := "cookie=0x0, duration=1.5s, table=0, n_packets=0, n_bytes=0, priority=10, in_port=1, tp_dts=80, dl_vlan=5, metadata=0x12345678 actions=output:2"
	for _, c := range []struct{ in, want string }{
		{"tp_dts=80,actions=2", "unknown field \"tp_dts\"\n  tp_dts=80,actions=2\n  ^^^^^^\ndid you mean \"tp_dst\"?\n"},
		{"ip\ttp_dts=80,actions=2", "unknown field \"tp_dts\"\n  ip tp_dts=80,actions=2\n     ^^^^^^\ndid you mean \"tp_dst\"?\n"},
		{long, "unknown field \"tp_dts\"\n  ...iority=10, in_port=1, tp_dts=80, dl_vlan=5, metadata=0x12345678 action...\n" +
			"                           ^^^^^^\ndid you mean \"tp_dst\"?\n"},
		{"tcp", "a flow has actions\n  tcp\n     ^\nwrite tcp,actions=..., or actions=drop\n"},
	} {
		_, err := ParseFlow(c.in, Options{})
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", c.in, err)
		} else if got := e.Caret(); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.in, got, c.want)
		}
	}
}

// TestBucketsRefused shows what is said of buckets that cannot be inserted or
// removed as it is written: what the messages have no room for is not left out.
func TestBucketsRefused(t *testing.T) {
	for _, c := range []struct {
		command   openflow.GroupModCommand
		in, token string
	}{
		{openflow.GroupInsertBucket, "group_id=1,command_bucket_id=last,type=all,bucket=1", "type"},
		{openflow.GroupInsertBucket, "group_id=1,command_bucket_id=last,selection_method=hash,bucket=1", "selection_method"},
		{openflow.GroupInsertBucket, "group_id=1,command_bucket_id=all,bucket=1", "all"},
		{openflow.GroupInsertBucket, "group_id=1,bucket=1", ""},
		{openflow.GroupRemoveBucket, "group_id=1,command_bucket_id=1,type=all", "type"},
		{openflow.GroupRemoveBucket, "group_id=1,fields(ip_src)", "fields"},
		{openflow.GroupDelete, "group_id=1,type=all", "type"},
	} {
		m, err := ParseGroup(c.in, c.command, Options{})
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s is read as %+v, error %v", c.in, m, err)
		} else if got := c.in[e.At : e.At+e.Len]; got != c.token {
			t.Errorf("%s: %v is about %q, want %q", c.in, err, got, c.token)
		}
	}
}

// TestRemoveAllBuckets: without a bucket all are meant, as ovs-ofctl(8) has it.
func TestRemoveAllBuckets(t *testing.T) {
	m, err := ParseGroup("group_id=1", openflow.GroupRemoveBucket, Options{})
	if err != nil || m.CommandBucket != openflow.BucketAll {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestNamedTables: a table that is like the one before it but has a name is told by
// itself.
func TestNamedTables(t *testing.T) {
	tables := make([]openflow.TableFeatures, 6)
	for i := range tables {
		tables[i].Table, tables[i].MaxEntries = uint8(i), 7
	}
	tables[2].Name = "two"
	var got []string
	for line := range strings.Lines(string(AppendTables(nil, openflow.V13, tables, PrintOptions{}))) {
		if strings.HasPrefix(line, "  table") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want := []string{"table 0:", "table 1: ditto", `table 2 ("two"): ditto`, "tables 3...5: ditto"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPacketOutWithoutActions: they may be left out, as ovs-ofctl(8) has it, which
// drops the packet.
func TestPacketOutWithoutActions(t *testing.T) {
	m, err := ParsePacketOut("in_port=1 packet=00010203040500102030405088b5", Options{})
	if err != nil || len(m.Actions) != 0 || len(m.Data) != 14 {
		t.Errorf("%+v, %v", m, err)
	}
}
