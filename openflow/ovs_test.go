package openflow

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// notInOVS are the message rows that Open vSwitch 3.1 does not know.
var notInOVS = map[string]bool{
	"OFPT_CONTROLLER_STATUS": true, "OFPST_CONTROLLER_STATUS request": true, "OFPST_CONTROLLER_STATUS reply": true,
	"OFPST_BUNDLE_FEATURES request": true, "OFPST_BUNDLE_FEATURES reply": true,
	"OFPST_FLOW_STATS request": true, "OFPST_FLOW_STATS reply": true,
}

// TestOpenVSwitchReads has the real tool read random messages of every row of the
// message table, and expects no decode error.
func TestOpenVSwitchReads(t *testing.T) {
	tool, err := exec.LookPath("ovs-ofctl")
	if err != nil {
		t.Skip("ovs-ofctl is not installed: apt-get install openvswitch-common")
	}
	g := newGenerator(t)
	g.ovs = true
	for i := range codec.messages {
		row := &codec.messages[i]
		if notInOVS[row.name] {
			continue
		}
		for v := row.from; v <= row.to; v++ {
			g.v = v
			if out := readByOVS(t, tool, randomMessages(g, row, 25)); strings.Contains(out, "decode error") {
				t.Errorf("%s in %s: %s", row.name, v, firstError(out))
			}
		}
	}
}

// randomMessages are up to n encoded messages of a row.
func randomMessages(g *generator, row *messageRow, n int) (messages []byte) {
	for range n {
		for _, p := range prototypes {
			if p.Kind() != row.kind {
				continue
			}
			m := reflect.New(reflect.TypeOf(p).Elem()).Interface().(Message)
			g.fill(reflect.ValueOf(m).Elem())
			repair(g, row, m)
			repairForOVS(g, m)
			b, err := Append(nil, g.v, 7, m)
			if err != nil {
				continue
			}
			if one, _, _ := Next(b); len(one) == len(b) {
				messages = append(messages, b...)
			}
		}
	}
	return messages
}

// repairForOVS makes a message one that Open vSwitch does not refuse for being
// more than it does.
func repairForOVS(g *generator, m Message) {
	switch m := m.(type) {
	case *FlowMod:
		m.Flags &^= FlowEmergency
	case *TableDescReply:
		if len(m.Tables) == 0 {
			m.Tables = []TableDesc{{Table: 3, EvictionFlags: noEvictionFlags}}
		}
	case *TableFeaturesRequest:
		for i := range m.Tables {
			m.Tables[i].Properties = 0
		}
	case *TableFeaturesReply:
		if len(m.Tables) == 0 {
			m.Tables = make([]TableFeatures, 1)
		}
		for i := range m.Tables {
			m.Tables[i].Properties = 0
		}
	}
}

func readByOVS(t *testing.T, tool string, messages []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "messages")
	if err := os.WriteFile(file, messages, 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := exec.Command(tool, "ofp-parse", file).CombinedOutput()
	return string(out)
}

// firstError is the first decode error in the tool's output with the message, and
// what it logged.
func firstError(out string) string {
	var b strings.Builder
	for _, line := range strings.Split(out, "\n") {
		if strings.Contains(line, "WARN") && b.Len() < 400 {
			b.WriteString(line[strings.Index(line, "|")+1:] + "\n")
		}
	}
	i := strings.Index(out, "decode error")
	start := strings.LastIndex(out[:i], "\n") + 1
	return b.String() + out[start:min(len(out), i+400)]
}
