package control

import (
	"fmt"
	"strings"
)

// VlogReply is the reply to vlog/list: the levels of modules.
type VlogReply []VlogLevel

// VlogLevel is the least important message that a module writes.
type VlogLevel struct {
	Module string `json:"module"`
	Level  string `json:"level"` // "off", "emer", "err", "warn", "info", "dbg"
}

// Text is the table of ovs-appctl vlog/list. The switch logs to the first of its
// destinations only.
func (r VlogReply) Text() string {
	var b strings.Builder
	b.WriteString("                 console    syslog    file\n                 -------    ------    ------\n")
	for _, l := range r {
		fmt.Fprintf(&b, "%-16s  %4s       %4s       %4s\n", l.Module, strings.ToUpper(l.Level), "OFF", "OFF")
	}
	return b.String()
}
