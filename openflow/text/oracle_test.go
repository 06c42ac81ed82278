package text

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vswitch/openflow"
)

// The oracle is the real ovs-ofctl. What it prints of many messages comes from
// one process, which reads them from a file.

// ovsOfctl is the command's path; without it the test is skipped.
func ovsOfctl(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("ovs-ofctl")
	if err != nil {
		t.Skip("ovs-ofctl is not installed (apt install openvswitch-switch)")
	}
	return path
}

// markXID is the first transaction id of the messages that stand between those to
// be printed.
const markXID = 0xfeed0000

// oraclePrints is what ovs-ofctl prints of each message.
func oraclePrints(t testing.TB, messages [][]byte) []string {
	t.Helper()
	var file []byte
	for i, m := range messages {
		file = append(file, m...)
		file = append(file, 1, 2, 0, 8, markXID>>24, markXID>>16&0xff, byte(i>>8), byte(i))
	}
	name := filepath.Join(t.TempDir(), "messages")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.Command(ovsOfctl(t), "ofp-parse", name)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, errs.Bytes())
	}
	texts := make([]string, len(messages))
	rest := out.String()
	for i := range texts {
		var found bool
		mark := fmt.Sprintf("OFPT_ECHO_REQUEST (xid=0x%x): 0 bytes of payload\n", markXID+i)
		if texts[i], rest, found = strings.Cut(rest, mark); !found {
			t.Fatalf("ovs-ofctl stopped at message %d, %x:\n%s", i, messages[i], texts[i])
		}
	}
	return texts
}

// oracleOptions are those with which we print as the oracle does, but for the
// description of packets.
var oracleOptions = PrintOptions{Verbosity: 2}

// withoutPackets takes the description of a packet, which is not this package's,
// out of what the oracle prints: the lines behind the first of a message that
// carries one.
func withoutPackets(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	if strings.HasPrefix(first, "NXT_RESUME") || strings.Contains(first, "_PACKET_OUT") || strings.Contains(first, "_PACKET_IN") {
		lines := strings.SplitAfter(text, "\n")
		keep := lines[:1]
		for _, l := range lines[1:] {
			if strings.HasPrefix(l, " ") {
				keep = append(keep, l)
			}
		}
		return strings.Join(keep, "")
	}
	return text
}

// checkPrints compares what we print of messages with what the oracle prints.
func checkPrints(t *testing.T, names []string, messages [][]byte) {
	t.Helper()
	failed := 0
	for i, want := range oraclePrints(t, messages) {
		got := withoutPackets(string(AppendWire(nil, messages[i], oracleOptions)))
		if want = withoutPackets(want); got != want {
			if failed++; failed > 20 {
				t.Fatal("too many differences")
			}
			t.Errorf("%s: %s\nwe print\n%s\novs-ofctl prints\n%s", names[i], hex.EncodeToString(messages[i]), got, want)
		}
	}
}

func TestCorpusAgainstOracle(t *testing.T) {
	files, _ := filepath.Glob("../testdata/corpus/*.bin")
	if len(files) == 0 {
		t.Fatal("no corpus")
	}
	var messages [][]byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, b)
	}
	checkPrints(t, files, messages)
}

// TestFlowsAgainstOracle encodes every golden match and every action of the
// table in every version, and compares the prints.
func TestFlowsAgainstOracle(t *testing.T) {
	var names []string
	var messages [][]byte
	add := func(name string, fm *openflow.FlowMod) {
		for v := openflow.V10; v <= openflow.V15; v++ {
			b, err := openflow.Append(nil, v, 1, fm)
			if err == nil {
				names, messages = append(names, fmt.Sprintf("%s in %s", name, v)), append(messages, b)
			}
		}
	}
	for _, g := range goldens(t, "matches.txt") {
		fm, err := ParseFlow("table=1,"+g[0]+",actions=drop", Options{})
		if err != nil {
			t.Fatal(err)
		}
		add(g[0], fm)
	}
	for _, g := range goldens(t, "actions.txt") {
		some := false
		for v := openflow.V10; v <= openflow.V15; v++ {
			some = addActions(t, g[0], v, func(name string, b []byte) { names, messages = append(names, name), append(messages, b) }) || some
		}
		if !some {
			t.Errorf("%s: in no version", g[0])
		}
	}
	checkPrints(t, names, messages)
}

// addActions encodes a flow with the actions, behind the first of some matches
// that the actions may stand behind.
func addActions(t *testing.T, actions string, v openflow.Version, add func(name string, b []byte)) bool {
	for _, match := range [...]string{"", "tcp,dl_vlan=1,", "udp,", "sctp,", "icmp,", "icmp6,icmp_type=135,", "icmp6,icmp_type=136,icmp_code=0,", "tcp6,", "arp,", "mpls,", "dl_type=0x894f,", "ip,ct_state=+est,"} {
		fm, err := ParseFlow("table=1,"+match+"actions="+actions, Options{Version: v})
		if err != nil {
			continue
		}
		b, err := openflow.Append(nil, v, 1, fm)
		if err != nil {
			return false
		}
		add(fmt.Sprintf("%sactions=%s in %s", match, actions, v), b)
		return true
	}
	t.Errorf("%s: behind no match in %s", actions, v)
	return false
}

// TestLiveAgainstOracle prints what ovs-ofctl and ovs-vswitchd said to each other.
func TestLiveAgainstOracle(t *testing.T) {
	var names []string
	var messages [][]byte
	for _, g := range goldens(t, "live.txt") {
		b, err := hex.DecodeString(g[1])
		if err != nil {
			t.Fatal(err)
		}
		names, messages = append(names, g[0]), append(messages, b)
	}
	checkPrints(t, names, messages)
}
