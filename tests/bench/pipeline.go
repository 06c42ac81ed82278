package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The pipeline has so many tables, and in each so many flows that frames may match.
const (
	pipelineTables = 10
	tableFlows     = 1000
)

// pipeline is how many frames of tableFlows flows cross a pipeline of OpenFlow tables,
// as a part of those that cross the action NORMAL, which is measured right before or after.
func (g *rig) pipeline() (float64, error) {
	if g.mgmt == "" {
		return 0, word("speaks no OpenFlow")
	}
	names := []string{"normal", "pipeline"}
	texts := map[string]string{"normal": "priority=0,actions=NORMAL\n", "pipeline": pipelineFlows()}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(g.dir, name+".flows"), []byte(text), 0o644); err != nil {
			return 0, err
		}
	}
	if g.round%2 == 1 {
		names[0], names[1] = names[1], names[0]
	}
	rates := map[string]float64{}
	for _, name := range names {
		if err := g.ofctl("del-flows"); err != nil {
			return 0, err
		}
		if err := g.ofctl("add-flows", filepath.Join(g.dir, name+".flows")); err != nil {
			return 0, err
		}
		// What is decided once for each flow is decided now.
		if _, err := g.flood(tableFlows, shortTime); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		l, err := g.flood(tableFlows, g.spent)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		rates[name] = l.rate
		time.Sleep(shortTime / 10) // What is under way arrives.
	}
	return rates["pipeline"] / rates["normal"], nil
}

// ofctl runs a command of ofctl on the subject's bridge.
func (g *rig) ofctl(command string, arguments ...string) error {
	return g.execute(append([]string{filepath.Join(g.bin, "ofctl"), "-O", "OpenFlow13", command, "unix:" + g.mgmt}, arguments...)...)
}

// pipelineFlows are flows of a pipeline as an access network might have: who sends,
// from where, whereto, by which service. A frame of the sender matches one flow of
// each table; what no flow matches goes on, and in the last table is for NORMAL.
//
//size:table
func pipelineFlows() string {
	var b strings.Builder
	for table := range pipelineTables {
		next := fmt.Sprintf("goto_table:%d", table+1)
		rest := next
		if table == pipelineTables-1 {
			next, rest = "output:2", "NORMAL"
		}
		fmt.Fprintf(&b, "table=%d,priority=0,actions=%s\n", table, rest)
		for i := range tableFlows {
			fmt.Fprintf(&b, "table=%d,priority=100,%s,actions=%s\n", table, pipelineMatch(table, i), next)
		}
	}
	return b.String()
}

// pipelineMatch is what flow i of a table matches: the i-th flow of the sender, or
// something of which it is the case for i = 0 and no sender for the others.
func pipelineMatch(table, i int) string {
	address, port := flowSource(i)
	source := fmt.Sprintf("%d.%d.%d.%d", address[0], address[1], address[2], address[3])
	mac := flowMAC
	if i > 0 {
		mac = fmt.Sprintf("02:00:00:01:%02x:%02x", i>>8, i&255)
	}
	high, low := i>>8, i&255
	switch table {
	case 0:
		return "in_port=1,dl_src=" + mac
	case 1:
		return "udp,tp_src=" + fmt.Sprint(port)
	case 2:
		return "ip,nw_src=" + source
	case 3:
		return fmt.Sprintf("ip,nw_dst=10.%d.%d.0/24", high, low)
	case 4:
		return fmt.Sprintf("udp,tp_dst=%d", framePort+i)
	case 5:
		return fmt.Sprintf("ip,dl_src=%s,nw_dst=10.%d.%d.0/24", mac, high, low)
	case 6:
		return fmt.Sprintf("ip,nw_src=%s,nw_dst=%s", source, flowTarget)
	case 7:
		return fmt.Sprintf("udp,nw_src=%s,tp_dst=%d", source, framePort)
	case 8:
		return fmt.Sprintf("udp,nw_dst=%s,tp_src=%d,tp_dst=%d", flowTarget, port, framePort)
	}
	return fmt.Sprintf("udp,nw_src=%s,nw_dst=%s,tp_src=%d,tp_dst=%d", source, flowTarget, port, framePort)
}
