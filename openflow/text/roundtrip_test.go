package text

import (
	"bytes"
	"errors"
	cmdline "flag"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vswitch/flow"
	"vswitch/openflow"
)

var update = cmdline.Bool("update", false, "renew testdata/versions.txt")

// versionsFile says what becomes of texts in the versions that write them
// otherwise or not at all. All that is not in it is the identity.
const versionsFile = "testdata/versions.txt"

// prereqBases are matches that fulfil the prerequisite classes.
var prereqBases = map[flow.Prereq]string{
	flow.PrereqNone: "", flow.PrereqEthernet: "", flow.PrereqVLAN: "dl_vlan=5", flow.PrereqARP: "arp", flow.PrereqIPv4: "ip",
	flow.PrereqIPv6: "ipv6", flow.PrereqIP: "ip", flow.PrereqMPLS: "mpls", flow.PrereqTCP: "tcp", flow.PrereqUDP: "udp", flow.PrereqSCTP: "sctp",
	flow.PrereqICMPv4: "icmp", flow.PrereqICMPv6: "icmp6", flow.PrereqND: "icmp6,icmp_type=135,icmp_code=0",
	flow.PrereqNDSolicit: "icmp6,icmp_type=135,icmp_code=0", flow.PrereqNDAdvert: "icmp6,icmp_type=136,icmp_code=0",
	flow.PrereqNSH: "dl_type=0x894f", flow.PrereqPBB: "dl_type=0x88e7", flow.PrereqCT: "ct_state=-inv+trk", flow.PrereqCTIPv4: "ct_state=-inv+trk,ip",
	flow.PrereqCTIPv6: "ct_state=-inv+trk,ipv6", flow.PrereqCTPorts: "ct_state=-inv+trk,ct_nw_proto=6,ip",
}

// sampleValues are values of fields that not every number is one of.
var sampleValues = map[flow.FieldID]uint64{
	flow.FieldVLANVID: 0x1005, flow.FieldVLANTCI: 0x3005, flow.FieldEthType: 0x88cc, flow.FieldPacketType: 1<<16 | 0x88cc,
	flow.FieldCTState: 0x21, flow.FieldIPFrag: 1, flow.FieldTCPFlags: 0x12, flow.FieldTunFlags: 1,
}

// fieldTexts are matches on a field and set_field actions for it: of a whole
// value, and of a part where the field can be matched in parts.
func fieldTexts(t *testing.T, f *flow.Field) (matches, actions []string) {
	base, found := prereqBases[f.Prereq]
	if !found {
		t.Fatalf("%s: no base for prerequisite class %d", f.Name, f.Prereq)
	}
	if base != "" {
		base += ","
	}
	if f.Wide() {
		return []string{f.Name + "=0x1200/0xff00", f.Name + "=0x12345678", f.Name}, []string{"set_field:0x1234->" + f.Name}
	}
	full := f.Full()
	value := flow.U64(full.Lo & -full.Lo)
	if n, special := sampleValues[f.ID]; special {
		value = flow.U64(n)
	}
	matches = append(matches, base+f.MatchName+"="+string(f.AppendMatch(nil, value, full, nil)))
	if f.Writable && len(f.Wires) > 0 {
		set := fmt.Sprintf("set_field:%s->%s", f.AppendMatch(nil, value, full, nil), f.Name)
		if f.ID == flow.FieldCTMark || f.ID == flow.FieldCTLabel {
			set = "ct(commit,exec(" + set + "))"
		}
		actions = append(actions, set)
	}
	if part := flow.Ones(f.Bits - 1).And(full); f.Maskable && !part.IsZero() && !value.And(part).IsZero() {
		matches = append(matches, base+f.MatchName+"="+string(f.AppendMatch(nil, value.And(part), part, nil)))
	}
	return matches, actions
}

// trip goes from a flow's text to the wire of a version and back. The error is
// that of encoding.
func trip(t *testing.T, text string, v openflow.Version) (string, error) {
	t.Helper()
	fm, err := ParseFlow(text, Options{Version: v})
	if err != nil {
		t.Fatalf("%s for %s: %v", text, v, err)
	}
	if fm.Table == openflow.TableAll {
		fm.Table = 0
	}
	wire, err := openflow.Append(nil, v, 1, fm)
	if err != nil {
		return "", err
	}
	_, m, err := openflow.Decode(wire)
	if err != nil {
		t.Fatalf("%s in %s is %x: %v", text, v, wire, err)
	}
	again, err := openflow.Append(nil, v, 1, m)
	if err != nil || !bytes.Equal(again, wire) {
		t.Fatalf("%s in %s is %x, then %x: %v", text, v, wire, again, err)
	}
	got := m.(*openflow.FlowMod)
	stats := openflow.FlowStats{Match: got.Match, Priority: got.Priority, Actions: got.Actions}
	return string(AppendFlowStats(nil, &stats, PrintOptions{NoStats: true})), nil
}

// canonical is a flow's text as it is printed.
func canonical(t *testing.T, text string) string {
	t.Helper()
	fm, err := ParseFlow(text, Options{})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	stats := openflow.FlowStats{Match: fm.Match, Priority: fm.Priority, Actions: fm.Actions}
	return string(AppendFlowStats(nil, &stats, PrintOptions{NoStats: true}))
}

// trips sends a text through every version, and adds what is not the identity to
// exceptions, by result and version. That must be the identity in its turn.
func trips(t *testing.T, text string, exceptions *[]string) {
	t.Helper()
	want := canonical(t, text)
	results := map[string][]string{}
	for v := openflow.V10; v <= openflow.V15; v++ {
		got, err := trip(t, want, v)
		var un *openflow.UnencodableError
		switch {
		case errors.As(err, &un):
			got = "cannot carry " + un.What
		case err != nil:
			t.Errorf("%s in %s: %v", text, v, err)
			continue
		case got == want:
			continue
		default:
			if again, err := trip(t, got, v); again != got {
				t.Errorf("%s in %s becomes %s, then %s: %v", text, v, got, again, err)
			}
		}
		results[got] = append(results[got], v.Short())
	}
	for _, got := range slices.SortedFunc(maps.Keys(results), func(a, b string) int { return strings.Compare(results[a][0], results[b][0]) }) {
		*exceptions = append(*exceptions, fmt.Sprintf("%s in %s => %s", want, strings.Join(results[got], " "), got))
	}
}

// actionBases are matches, the first of which that an action may stand behind is
// taken.
var actionBases = []string{"", "tcp,dl_vlan=1,", "tcp,", "udp,", "sctp,", "icmp,", "icmp6,icmp_type=135,icmp_code=0,", "icmp6,icmp_type=136,icmp_code=0,", "tcp6,", "arp,",
	"ip,", "mpls,", "dl_type=0x894f,", "dl_type=0x88e7,", "ct_state=+est,ip,", "dl_vlan=1,"}

// behindMatch is the flow of some actions behind the first match that they may
// stand behind in all versions.
func behindMatch(t *testing.T, actions string) string {
	t.Helper()
	for _, match := range actionBases {
		if _, err := ParseFlow(match+"actions="+actions, Options{Version: openflow.V13}); err == nil {
			return match + "actions=" + actions
		}
	}
	t.Fatalf("%s: behind no match", actions)
	return ""
}

// TestEveryRowGoesRound: text, value, wire, value, text is the identity for every
// field and every action in every version that can carry it; versionsFile has the
// error of the others, and what older ones write instead. The tests walk the
// tables, so that a new row is tested by existing.
func TestEveryRowGoesRound(t *testing.T) {
	var got []string
	for i := range flow.Fields() {
		f := &flow.Fields()[i]
		matches, actions := fieldTexts(t, f)
		for _, m := range matches {
			trips(t, m+",actions=drop", &got)
		}
		for _, a := range actions {
			trips(t, behindMatch(t, a), &got)
		}
	}
	for _, row := range actionTable {
		if row.kind != openflow.ActNAT { // stands in ct
			trips(t, behindMatch(t, row.example), &got)
		}
	}
	for _, file := range []string{"actions.txt", "actions_ours.txt"} {
		for _, g := range goldens(t, file) {
			trips(t, behindMatch(t, g[0]), &got)
		}
	}
	slices.Sort(got)
	text := "# What versions write otherwise, or cannot carry; made by go test -update.\n" + strings.Join(slices.Compact(got), "\n") + "\n"
	if *update {
		if err := os.WriteFile(versionsFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(versionsFile)
	if err != nil {
		t.Fatal(err)
	}
	differ := 0
	before, now := strings.Split(string(want), "\n"), strings.Split(text, "\n")
	for _, line := range now {
		if !slices.Contains(before, line) && differ < 20 {
			differ++
			t.Errorf("not in %s: %s", versionsFile, line)
		}
	}
	if text != string(want) && differ == 0 {
		t.Errorf("%s has lines that are true no more (go test -update)", versionsFile)
	}
}

// TestEveryMessageGoesRound prints every sample message before and after the wire
// of every version that has it: what decoded prints the same as what it encodes
// to.
func TestEveryMessageGoesRound(t *testing.T) {
	for _, m := range samples() {
		some := false
		for v := openflow.V10; v <= openflow.V15; v++ {
			wire, err := openflow.Append(nil, v, 1, m)
			var un *openflow.UnencodableError
			if errors.As(err, &un) {
				continue
			}
			if err != nil {
				t.Fatalf("%T in %s: %v", m, v, err)
			}
			some = true
			h, first, err := openflow.Decode(wire)
			if err != nil {
				t.Fatalf("%T in %s: %x: %v", m, v, wire, err)
			}
			again, err := openflow.Append(nil, v, 1, first)
			if err != nil || !bytes.Equal(again, wire) {
				t.Fatalf("%T in %s: %x, then %x, %v", m, v, wire, again, err)
			}
			_, second, err := openflow.Decode(again)
			text, textAgain := AppendMessage(nil, h, first, PrintOptions{}), AppendMessage(nil, h, second, PrintOptions{})
			if err != nil || !reflect.DeepEqual(first, second) || !bytes.Equal(text, textAgain) {
				t.Fatalf("%T in %s prints\n%s\nthen\n%s", m, v, text, textAgain)
			}
		}
		if !some {
			t.Errorf("%T: in no version", m)
		}
	}
}
