package system

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// changing are the parts of the demo's commands that differ from run to run.
var changing = regexp.MustCompile(`/tmp/vswitch-demo\.\w+|^\$ kill \d+`)

// demoCommands are the commands in what the demo prints.
func demoCommands(text string) (commands []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "$ ") {
			commands = append(commands, changing.ReplaceAllString(strings.TrimRight(line, "\n"), "…"))
		}
	}
	return commands
}

// TestDemo wants the demo to succeed, and the tour in the README to be what it shows.
func TestDemo(t *testing.T) {
	l := newLab(t, "ping", "iperf3", "tcpdump", "ethtool")
	out := l.in("switch", "env", "VSWITCH_BIN="+binaries, "../../scripts/demo.sh")
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := demoCommands(strings.ReplaceAll(out, binaries+"/", "bin/"))
	_, tour, _ := strings.Cut(string(readme), "<!-- demo:")
	tour, _, found := strings.Cut(tour, "<!-- end of demo -->")
	if told := demoCommands(tour); !found || len(ran) == 0 || !slices.Equal(told, ran) {
		t.Errorf("the README tells of\n%s\nthe demo has run\n%s", strings.Join(told, "\n"), strings.Join(ran, "\n"))
	}
}
