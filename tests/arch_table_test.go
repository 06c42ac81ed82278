package tests

// row says what one package may do. A path that ends in "/*" stands for all
// packages below that folder that have no row of their own.
type row struct {
	path  string
	floor int
	// may lists the project's packages that it may import. They are on lower
	// floors, or belong to the same top-level folder.
	may []string
	// refuse lists packages of the standard library that it must not import,
	// with all below them.
	refuse []string
	// modules lists prefixes of what it may import from outside; "*" is all.
	modules []string
	// clock and goroutines name the files that may read or wait for the time,
	// and that may start goroutines; "*" is all.
	clock, goroutines []string
	// stateless packages have no package-level variables but errors.
	stateless bool
	// files is the package's own budget of files, where maxPackageFiles is not it.
	files int
}

var (
	all     = []string{"*"}
	logging = []string{"log", "expvar"}
	system  = []string{"net", "os", "syscall", "log", "expvar"}
	worker  = []string{"worker.go"}
	sys     = []string{"golang.org/x/sys/"}
)

// floors is the table of docs/architecture.md, bottom first. A package without a
// row is an error: deciding its floor is part of making it.
var floors = []row{
	{path: "packet", floor: 0, refuse: system[2:], modules: sys},

	// The field table and extraction have a file for each layer.
	{path: "flow", floor: 1, may: []string{"packet"}, refuse: system, files: 30},
	{path: "flow/classifier", floor: 1, may: []string{"packet", "flow"}, refuse: system},
	{path: "ports", floor: 1, may: []string{"packet"}, refuse: logging},
	{path: "trust", floor: 1, refuse: system},
	{path: "control/jsonrpc", floor: 1, refuse: system},

	{path: "datapath", floor: 2, may: []string{"packet", "flow", "flow/classifier", "ports"},
		refuse: logging, modules: sys, clock: worker, goroutines: []string{"worker.go", "datapath.go"}},
	{path: "datapath/conntrack", floor: 2, may: []string{"packet", "flow", "datapath"}, refuse: system},
	// Six versions of the protocol are one codec: a file for the types of a family
	// of messages or actions, and one for its wire forms.
	{path: "openflow", floor: 2, may: []string{"flow"}, refuse: system, files: 72},
	{path: "openflow/text", floor: 2, may: []string{"flow", "openflow"}, refuse: system},
	{path: "ovsdb", floor: 2, may: []string{"control/jsonrpc"}, refuse: system},
	{path: "control", floor: 2, may: []string{"control/jsonrpc"}, refuse: system},

	{path: "ofproto", floor: 3, may: []string{"packet", "flow", "flow/classifier", "ports", "datapath", "openflow", "openflow/text", "ofproto/*"},
		refuse: []string{"net", "os", "syscall", "expvar"}, files: 49},
	{path: "ofproto/*", floor: 3, may: []string{"packet", "flow", "flow/classifier", "ports", "datapath", "openflow", "openflow/text", "ofproto", "ofproto/*"},
		refuse: []string{"net", "os", "syscall", "expvar"}},
	{path: "config", floor: 3, refuse: system},

	{path: "ports/*", floor: 4, may: []string{"packet", "ports", "ports/*"},
		refuse: logging, modules: all, clock: all, goroutines: all},
	{path: "config/yaml", floor: 4, may: []string{"config"}, refuse: logging,
		modules: []string{"go.yaml.in/yaml/v3", "github.com/spf13/viper", "github.com/spf13/pflag"}},
	{path: "config/vsdb", floor: 4, may: []string{"config", "ovsdb"}, refuse: logging},

	{path: "vswitchd/daemon", floor: 5, may: all, modules: all, clock: all, goroutines: all, stateless: true},
	{path: "vswitchd/metrics", floor: 5, may: []string{"config", "datapath", "ofproto", "vswitchd/lobby"}, modules: []string{"github.com/prometheus/client_golang/"},
		clock: all, goroutines: []string{"server.go"}},
	{path: "vswitchd/vlog", floor: 5, refuse: []string{"net", "os", "syscall", "expvar"}},
	{path: "vswitchd/secure", floor: 5, may: []string{"config", "trust"}, refuse: []string{"os", "syscall", "log", "expvar"}, clock: all},
	{path: "vswitchd/pressure", floor: 5, refuse: logging, modules: []string{"golang.org/x/sys/"}},
	{path: "vswitchd/pcapfilter", floor: 5, refuse: system},
	{path: "vswitchd/lobby", floor: 5, refuse: system, stateless: true},
	{path: "vswitchd", floor: 5, may: []string{"vswitchd/daemon", "config/yaml"}, modules: []string{"github.com/spf13/"}, stateless: true},
	{path: "ofctl/cmd", floor: 5, may: []string{"packet", "flow", "openflow", "openflow/text", "control", "control/jsonrpc", "trust", "ofctl/*", "ofctl/top"},
		modules: all, clock: all, goroutines: all, files: 28},
	{path: "ofctl/top", floor: 5, may: []string{"control"}, refuse: system},
	{path: "ofctl/*", floor: 5, may: []string{"flow", "openflow", "openflow/text", "ofctl/*"}, refuse: system},
	{path: "ofctl", floor: 5, may: []string{"ofctl/cmd"}, stateless: true},

	{path: "tests", floor: 6, may: all, modules: all, clock: all, goroutines: all},
	// It measures built programs, and shares with them only the handling of namespaces.
	{path: "tests/bench", floor: 6, may: []string{"ports/netdev"}, modules: append(sys, "github.com/vishvananda/netlink"), clock: all, goroutines: all},
	{path: "tests/*", floor: 6, may: all, modules: all, clock: all, goroutines: all},
	{path: "examples/*", floor: 6, may: all, modules: all, clock: all, goroutines: all},
}

// doubles stand in for the world in tests of lower floors.
var doubles = []string{"ports/dummy", "ports/driver", "ports/porttest", "ports/pcap", "tests/harness", "tests/authority"}

// noPackageNames say nothing about what is inside.
var noPackageNames = []string{"util", "utils", "common", "helper", "helpers", "types", "misc", "base", "lib", "pkg", "shared"}

// Budgets of HACKING.md.
const (
	maxFileLines     = 500
	maxFuncLines     = 60
	maxTableLines    = 120 // of functions marked //size:table
	maxParameters    = 5
	tableAnnotation  = "//size:table"
	maxPackageFiles  = 25
	maxHackingLines  = 150
	architecturePage = "docs/architecture.md"
	metricsPage      = "docs/reference/metrics.md"
)
