package text

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"vswitch/openflow"
)

// checkError holds errors to their form: an *Error that points into its text and
// can be shown.
func checkError(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%T, not an *Error: %v", err, err)
	}
	if e.At < 0 || e.Len < 0 || e.At+e.Len > len(e.In) {
		t.Fatalf("points to bytes %d to %d of %q", e.At, e.At+e.Len, e.In)
	}
	if e.Msg == "" || e.Error() == "" || !strings.Contains(e.Caret(), "\n") {
		t.Fatalf("says nothing: %#v", e)
	}
}

func addLines(f *testing.F, files ...string) {
	for _, name := range files {
		for _, g := range goldens(f, name) {
			f.Add(g[0])
			f.Add(g[1])
		}
	}
}

// FuzzParseFlow reads any text as a flow. What can be read prints, reads again,
// and prints the same.
func FuzzParseFlow(f *testing.F) {
	for _, g := range goldens(f, "matches.txt") {
		f.Add("table=1,"+g[0]+",actions=drop", byte(0))
	}
	f.Add("tp_dst=80,actions=2", byte(0))
	f.Add("delete_strict,priority=5,tcp,out_port=LOCAL,cookie=1/-1", byte(4))
	f.Add(`cookie=0x1, duration=5s, reg0[0..7]=5 in_port="a b" actions=ct(commit,exec(load:1->ct_mark)),clone(1)`, byte(1))
	f.Fuzz(func(t *testing.T, text string, command byte) {
		o := Options{Command: openflow.FlowModCommand(command % 5), CommandWord: command >= 128}
		fm, err := ParseFlow(text, o)
		if err != nil {
			checkError(t, err)
			return
		}
		stats := openflow.FlowStats{Table: 1, Priority: fm.Priority, Match: fm.Match, Actions: fm.Actions}
		once := AppendFlowStats(nil, &stats, PrintOptions{NoStats: true})
		again, err := ParseFlow(string(once), Options{})
		if err != nil {
			t.Fatalf("%q prints %q: %v", text, once, err)
		}
		stats = openflow.FlowStats{Table: again.Table, Priority: again.Priority, Match: again.Match, Actions: again.Actions}
		if twice := AppendFlowStats(nil, &stats, PrintOptions{NoStats: true}); !bytes.Equal(once, twice) {
			t.Fatalf("%q prints %q, which prints %q", text, once, twice)
		}
	})
}

// FuzzParseActions is FuzzParseFlow for actions by themselves.
func FuzzParseActions(f *testing.F) {
	addLines(f, "actions.txt", "actions_ours.txt")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseActions(text, Options{})
		if err != nil {
			checkError(t, err)
			return
		}
		once := AppendActions(nil, list, PrintOptions{})
		again, err := ParseActions(string(once), Options{})
		if err != nil {
			t.Fatalf("%q prints %q: %v", text, once, err)
		}
		if twice := AppendActions(nil, again, PrintOptions{}); !bytes.Equal(once, twice) {
			t.Fatalf("%q prints %q, which prints %q", text, once, twice)
		}
	})
}

// FuzzParseGroup is FuzzParseFlow for groups.
func FuzzParseGroup(f *testing.F) {
	for _, g := range goldens(f, "groups.txt") {
		f.Add(g[0], uint16(0))
	}
	f.Add("group_id=1,command_bucket_id=last,bucket=bucket_id=3,output:1", uint16(openflow.GroupInsertBucket))
	f.Fuzz(func(t *testing.T, text string, command uint16) {
		m, err := ParseGroup(text, openflow.GroupModCommand(command), Options{})
		if err != nil {
			checkError(t, err)
			return
		}
		desc := openflow.GroupDesc{Type: m.Type, Group: m.Group, Props: m.Props, Buckets: m.Buckets}
		once := AppendGroup(nil, &desc, true, PrintOptions{})
		if m.Command != openflow.GroupAdd {
			return
		}
		again, err := ParseGroup(string(once), openflow.GroupAdd, Options{})
		if err != nil {
			t.Fatalf("%q prints %q: %v", text, once, err)
		}
		desc = openflow.GroupDesc{Type: again.Type, Group: again.Group, Props: again.Props, Buckets: again.Buckets}
		if twice := AppendGroup(nil, &desc, true, PrintOptions{}); !bytes.Equal(once, twice) {
			t.Fatalf("%q prints %q, which prints %q", text, once, twice)
		}
	})
}

// FuzzParseMeter is FuzzParseFlow for meters.
func FuzzParseMeter(f *testing.F) {
	for _, g := range goldens(f, "meters.txt") {
		f.Add(strings.ReplaceAll(g[0], `\n`, "\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := ParseMeter(text, openflow.MeterAdd, Options{})
		if err != nil {
			checkError(t, err)
			return
		}
		once := AppendMeter(nil, &m.MeterConfig, PrintOptions{})
		again, err := ParseMeter(string(once), openflow.MeterAdd, Options{})
		if err != nil {
			t.Fatalf("%q prints %q: %v", text, once, err)
		}
		if twice := AppendMeter(nil, &again.MeterConfig, PrintOptions{}); !bytes.Equal(once, twice) {
			t.Fatalf("%q prints %q, which prints %q", text, once, twice)
		}
	})
}

// FuzzParseCommands reads any text as every other form that there is.
func FuzzParseCommands(f *testing.F) {
	for _, s := range []string{"in_port=1 packet=0011 actions=2", "{class=0xffff,type=0,len=4}->tun_metadata0", "vacancy:10,20", "no-flood",
		"!add,tcp,out_port=3", "meter=all", "ct_nw_src=1.2.3.4,ct_nw_proto=6", "zone=5", "table=3,ip,cookie=1/1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		errs := make([]error, 10)
		_, errs[0] = ParsePacketOut(text, Options{})
		_, errs[1] = ParseTLVMaps(text)
		_, errs[2] = ParseTableMod("1", text, Options{})
		_, _, errs[3] = ParsePortAction(text)
		_, errs[4] = ParseMonitor(text, Options{})
		_, errs[5] = ParseMeterID(text)
		_, errs[6] = ParseCTFlush(text)
		_, errs[7] = ParseFlowRequest(text, Options{})
		_, errs[8] = ParseMatch(text, Options{})
		_, errs[9] = ParseTableMod(text, "drop", Options{})
		for _, err := range errs {
			if err != nil {
				checkError(t, err)
			}
		}
	})
}

// FuzzAppendWire prints any bytes.
func FuzzAppendWire(f *testing.F) {
	for _, g := range goldens(f, "live.txt") {
		if b, err := hex.DecodeString(g[1]); err == nil && len(b) < 2000 {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= openflow.HeaderLen {
			// Most bytes would fail at the length.
			b[2], b[3] = byte(len(b)>>8), byte(len(b))
		}
		text := AppendWire(nil, b, PrintOptions{Verbosity: 3})
		if len(text) == 0 || text[len(text)-1] != '\n' {
			t.Fatalf("%x prints %q", b, text)
		}
	})
}
