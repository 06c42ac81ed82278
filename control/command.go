package control

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Method names a command.
type Method string

// Commands of the control socket. Those that Open vSwitch has too take the same
// arguments and print the same text.
const (
	ListCommands Method = "list-commands"
	Version      Method = "version"
	SetOptions   Method = "set-options"
	Status       Method = "status"
	FDBShow      Method = "fdb/show"
	FDBStats     Method = "fdb/stats-show"
	FDBFlush     Method = "fdb/flush"
	FDBAdd       Method = "fdb/add"
	FDBDel       Method = "fdb/del"
	Drops        Method = "drops"
	Ports        Method = "ports"
	Trace        Method = "ofproto/trace"
	TraceOut     Method = "ofproto/trace-packet-out"
	Workers      Method = "workers"
	Ledger       Method = "ledger"
	Capture      Method = "capture"
	Why          Method = "why"
	Megaflows    Method = "megaflows"
	DumpFlows    Method = "dpif/dump-flows"
	DumpAllFlows Method = "dpctl/dump-flows"
	Datapaths    Method = "dpif/show"
	ListBridges  Method = "ofproto/list"
	Purge        Method = "revalidator/purge"
	Upcalls      Method = "upcall/show"
	Cache        Method = "cache"
	Flows        Method = "flows"
	VlogList     Method = "vlog/list"
	VlogSet      Method = "vlog/set"
	Reload       Method = "reload"
	Exit         Method = "exit"
)

// Commands of ofctl while it monitors.
const (
	MonitorBarrier   Method = "ofctl/barrier"
	MonitorBlock     Method = "ofctl/block"
	MonitorPacketOut Method = "ofctl/packet-out"
	MonitorSend      Method = "ofctl/send"
	MonitorOutput    Method = "ofctl/set-output-file"
	MonitorUnblock   Method = "ofctl/unblock"
)

// Command describes a command.
type Command struct {
	Method  Method `json:"command"`
	Usage   string `json:"arguments"` // in the notation of ovs-appctl list-commands
	Least   int    `json:"-"`         // arguments
	Most    int    `json:"-"`
	Summary string `json:"summary"`
}

// unlimited is for a command that takes a list.
const unlimited = 1 << 20

// commands is the table, in the order of the names.
var commands = []Command{
	{Cache, "", 0, 0, "how well the caches do: hits, misses, masks"},
	{Capture, "[--snaplen=bytes] [--count=frames] [--points=rx,tx,drop] [--filter=flow|expr] [port]...", 0, unlimited, "frames as they pass, as a pcapng file on this connection"},
	{DumpAllFlows, "[-m] [--names] [dp] [filter=flow] [pmd=worker]", 0, 5, "cached decisions of all bridges, as Open vSwitch writes them"},
	{DumpFlows, "[-m] [--names | --no-names] bridge", 1, 3, "cached decisions about packets that a bridge's ports received, as Open vSwitch writes them"},
	{Datapaths, "", 0, 0, "how often the caches knew what to do with a packet, bridges and their ports"},
	{Drops, "[bridge|port]...", 0, unlimited, "dropped frames by port and reason"},
	{Exit, "[--cleanup]", 0, 1, "end the switch and remove what it made"},
	{FDBAdd, "bridge port vlan mac", 4, 4, "add a static entry to the MAC table"},
	{FDBDel, "bridge vlan mac", 3, 3, "remove a static entry from the MAC table"},
	{FDBFlush, "[bridge]", 0, 1, "forget learned MACs"},
	{FDBShow, "bridge...", 1, unlimited, "the MAC table: port, VLAN, MAC, age in seconds"},
	{FDBStats, "bridge", 1, 1, "what happened to the MAC table"},
	{Flows, "[seconds]", 0, 1, "the 1000 most used flows of those that packets met in the last seconds (10)"},
	{Ledger, "", 0, 0, "the account of all frames: what came in equals what became of them"},
	{ListCommands, "", 0, 0, "these commands"},
	{Megaflows, "[--filter=flow] [bridge|port]...", 0, unlimited, "cached decisions, the most used first, and the flows that they came from"},
	{MonitorBarrier, "", 0, 0, "send a barrier request, and wait for the reply"},
	{MonitorBlock, "", 0, 0, "stop reading what the switch sends"},
	{MonitorPacketOut, "\"in_port=<port> packet=<hex data> actions=...\"", 1, 1, "have the switch send a packet"},
	{MonitorSend, "ofmsg...", 1, unlimited, "send OpenFlow messages in hexadecimal"},
	{MonitorOutput, "file", 1, 1, "print to a file from now on"},
	{MonitorUnblock, "", 0, 0, "read on what the switch sends"},
	{ListBridges, "", 0, 0, "names of bridges"},
	{Trace, "{bridge flow|packet [packet] | [bridge|dp] megaflow [packet] | --last port} [--names]", 1, 5, "what would become of a packet, or of the last one of a port, table by table; nothing is sent"},
	{TraceOut, "bridge flow [packet] actions [--names]", 3, 6, "what a packet-out would do; nothing is sent"},
	{Ports, "[bridge|port]...", 0, unlimited, "counters of ports"},
	{Reload, "", 0, 0, "read the configuration again"},
	{Purge, "", 0, 0, "forget all cached decisions"},
	{SetOptions, "[--format text|json]", 0, 2, "form of the replies on this connection"},
	{Status, "", 0, 0, "bridges, ports, controllers, and what is wrong with them"},
	{Upcalls, "", 0, 0, "how many decisions are cached, were, and may be"},
	{Version, "", 0, 0, "name and version of the program"},
	{VlogList, "", 0, 0, "how much each part of the switch logs"},
	{VlogSet, "spec...", 1, unlimited, "have a part of the switch log more or less: [MODULE:]LEVEL"},
	{Why, "[bridge|port]...", 0, unlimited, "what ports dropped, by which flow, table, group or meter, with a frame of each kind"},
	{Workers, "", 0, 0, "counters of the forwarding threads and their caches"},
}

// Commands returns the table of commands, sorted by name.
func Commands() []Command { return slices.Clone(commands) }

// find returns a command of the table.
func find(m Method) (Command, bool) {
	i := slices.IndexFunc(commands, func(c Command) bool { return c.Method == m })
	if i < 0 {
		return Command{}, false
	}
	return commands[i], true
}

// checkCount refuses a wrong number of arguments, in the words of ovs-appctl.
func (c Command) checkCount(n int) error {
	switch {
	case n < c.Least:
		return fmt.Errorf("%q command requires at least %d arguments", c.Method, c.Least)
	case n > c.Most:
		return fmt.Errorf("%q command takes at most %d arguments", c.Method, c.Most)
	}
	return nil
}

// Reply is what a command answers. As a JSON value it is itself.
type Reply interface {
	// Text is the reply for people, in whole lines.
	Text() string
}

// Plain is a reply that is only text; "" says no more than that it was done.
type Plain string

// Text is the text itself.
func (p Plain) Text() string { return string(p) }

// UnmarshalJSON reads what stands for a text where JSON was asked for.
func (p *Plain) UnmarshalJSON(text []byte) error {
	var r plainReply
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	*p = Plain(r.Reply)
	return nil
}

// plainReply stands for a reply that is only text, where JSON was asked for.
type plainReply struct {
	Format string `json:"reply-format"`
	Reply  string `json:"reply"`
}

// List is a slice whose JSON value is a list also when it is nil.
type List[T any] []T

// MarshalJSON writes the list.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return json.Marshal([]T(l))
}

// CommandList is the reply to list-commands.
type CommandList []Command

// Text lists the commands as ovs-appctl does.
func (l CommandList) Text() string {
	var b strings.Builder
	b.WriteString("The available commands are:\n")
	for _, c := range l {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-23s %s", c.Method, c.Usage), " ") + "\n")
	}
	return b.String()
}

// VersionReply is the reply to version.
type VersionReply struct {
	Program   string       `json:"program"`
	Version   string       `json:"version"`
	Go        string       `json:"go"`        // the toolchain
	Protocols List[string] `json:"protocols"` // OpenFlow versions: OpenFlow10 …
}

// Text is one line.
func (v VersionReply) Text() string { return fmt.Sprintf("%s (vswitch) %s\n", v.Program, v.Version) }
