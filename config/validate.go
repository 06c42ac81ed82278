package config

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Validate checks a complete Config. The error is Problems: all that is wrong, not
// only the first.
func Validate(c Config) error {
	v := validator{config: &c, names: map[string]string{}, devices: map[device]string{}}
	v.settings(&c.Settings)
	for i := range c.Bridges {
		v.bridge(i, &c.Bridges[i])
	}
	v.acrossBridges()
	if len(v.problems) == 0 {
		return nil
	}
	return v.problems
}

// validator gathers problems. path and object say where it is.
type validator struct {
	config   *Config
	problems Problems
	path     string // with its dot: "bridges[0].ports[1]."
	object   string

	names   map[string]string // of bridges and ports: who has it
	devices map[device]string
}

// device is what must not be given to two ports.
type device struct{ netns, name string }

// bad reports a value of the object at hand.
func (v *validator) bad(key string, value any, why, right string) {
	text := fmt.Sprint(value)
	if s, ok := value.(string); ok && text != "" {
		text = strconv.Quote(s)
	}
	v.problems = append(v.problems, Problem{v.path + key, v.object, text, why, right})
}

// missing reports a setting that is not there.
func (v *validator) missing(key, why, right string) { v.bad(key, "", why, right) }

// between reports a number outside its bounds.
func (v *validator) between(key string, n, least, most int) {
	if n < least || n > most {
		v.bad(key, n, "out of range", fmt.Sprintf("use %d to %d", least, most))
	}
}

// oneOf reports a word that is not in a list.
func oneOf[T ~string](v *validator, key string, word T, words ...T) {
	list := make([]string, len(words))
	for i, w := range words {
		if w == word {
			return
		}
		list[i] = string(w)
	}
	why := "unknown"
	if word == "" {
		why = "not given"
	}
	v.bad(key, string(word), why, "use "+strings.Join(list, ", "))
}

// Bounds of settings.
const (
	maxWorkers      = 256
	maxBudget       = 64 // a worker's batch
	maxUpcallBudget = 65536
	maxSpin         = time.Second
	maxRebalance    = time.Hour
	maxUsecs        = 10_000 // the control plane waits as long for a worker
	maxFrames       = 1024
	maxMaskLimit    = 65536
	maxPacketIns    = 1_000_000
	maxFlowLimit    = 100_000_000
	maxMACTableSize = 1 << 20
	maxMACAging     = 24 * time.Hour
	// maxSocketPath is sizeof(sockaddr_un.sun_path) less the NUL (unix(7)).
	maxSocketPath = 107
)

func (v *validator) settings(s *Settings) {
	v.directory("rundir", s.RunDir)
	v.directory("statedir", s.StateDir)
	oneOf(v, "log.level", s.Log.Level, LogDebug, LogInfo, LogWarn, LogError)
	for _, name := range slices.Sorted(maps.Keys(s.Log.Modules)) {
		if !slices.Contains(LogModules(), name) {
			v.bad("log.modules", name, "no such module", "use "+strings.Join(LogModules(), ", "))
		}
		oneOf(v, "log.modules."+name, s.Log.Modules[name], LogDebug, LogInfo, LogWarn, LogError)
	}
	oneOf(v, "log.format", s.Log.Format, LogText, LogJSON)
	if s.Metrics.Listen != "" {
		v.hostPort("metrics.listen", s.Metrics.Listen)
	}
	if n := len(s.Metrics.Cookies); n > MaxMetricsCookies {
		v.bad("metrics.cookies", n, "too many", fmt.Sprintf("use at most %d", MaxMetricsCookies))
	}
	for i, c := range s.Metrics.Cookies {
		if slices.Contains(s.Metrics.Cookies[:i], c) {
			v.bad(fmt.Sprintf("metrics.cookies[%d]", i), c.String(), "given twice", "remove one")
		}
	}
	v.tls(&s.TLS)
	oneOf(v, "datapath.poll", s.Datapath.Poll, PollAdaptive, PollBusy, PollInterrupt)
	oneOf(v, "datapath.io", s.Datapath.IO, IOAuto, IOSyscall, IOUring)
	if s.Datapath.Spin < 0 || s.Datapath.Spin > maxSpin {
		v.bad("datapath.spin", s.Datapath.Spin, "out of range", "use 0s to 1s")
	}
	if r := s.Datapath.Rebalance; r != 0 && (r < time.Second || r > maxRebalance) {
		v.bad("datapath.rebalance", r, "out of range", "use 1s to 1h, or 0s for never")
	}
	v.coalesce("datapath.coalesce", s.Datapath.Coalesce)
	v.between("datapath.workers", s.Datapath.Workers, 0, maxWorkers)
	v.between("datapath.budget", s.Datapath.Budget, 1, maxBudget)
	v.between("datapath.upcall_budget", s.Datapath.UpcallBudget, 1, maxUpcallBudget)
	v.between("datapath.mask_limit", s.Datapath.MaskLimit, 1, maxMaskLimit)
	v.between("datapath.flow_limit", s.Datapath.FlowLimit, 1, maxFlowLimit)
	oneOf(v, "reload", s.Reload, ReloadSignal, ReloadWatch)
}

func (v *validator) coalesce(key string, c Coalesce) {
	v.between(key+".usecs", c.Usecs, 0, maxUsecs)
	v.between(key+".frames", c.Frames, 0, maxFrames)
	if c.Frames > 0 && c.Usecs == 0 {
		v.bad(key+".frames", c.Frames, "there is no time in which they could gather", "give usecs too")
	}
}

func (v *validator) directory(key, dir string) {
	switch {
	case !strings.HasPrefix(dir, "/"):
		v.bad(key, dir, "not an absolute path", "start it with /")
	case strings.ContainsRune(dir, 0):
		v.bad(key, dir, "not a path", "leave out the zero byte")
	}
}

func (v *validator) hostPort(key, s string) {
	i := strings.LastIndexByte(s, ':')
	host, port := s[:max(i, 0)], s[i+1:]
	n, err := strconv.ParseUint(port, 10, 16)
	_, errBracketed := netip.ParseAddr(strings.Trim(host, "[]"))
	isBracketed := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") && errBracketed == nil
	if i < 0 || err != nil || n == 0 || !isBracketed && strings.ContainsAny(host, ":[]/ \t") {
		v.bad(key, s, "not HOST:PORT", `use for instance "127.0.0.1:9475"`)
	}
}

func (v *validator) bridge(i int, b *Bridge) {
	v.path, v.object = fmt.Sprintf("bridges[%d].", i), "bridge "+b.Name
	defer func() { v.path, v.object = "", "" }()
	if b.Name == "" {
		v.object = fmt.Sprintf("bridge number %d", i+1)
	}
	v.name(b.Name, maxDeviceName)
	oneOf(v, "fail_mode", b.FailMode, FailStandalone, FailSecure)
	if b.Protocols == 0 || b.Protocols&^AllProtocols != 0 {
		v.bad("protocols", b.Protocols.String(), "no version that exists", "use "+AllProtocols.String())
	}
	if b.MACAging < time.Second || b.MACAging > maxMACAging || b.MACAging%time.Second != 0 {
		v.bad("mac_aging", b.MACAging, "out of range", "use whole seconds from 1s to 24h")
	}
	v.between("mac_table_size", b.MACTableSize, 1, maxMACTableSize)
	for _, suffix := range []string{".mgmt", ".snoop"} {
		if path := v.config.RunDir + "/" + b.Name + suffix; len(path) > maxSocketPath {
			v.bad("name", b.Name, fmt.Sprintf("its socket %s has a path of more than %d bytes", path, maxSocketPath), "use a shorter rundir or name")
			break
		}
	}
	v.connections(b)
	v.mac("mac", b.MAC)
	v.mtu(b.MTU, b.Address)
	v.addresses(b.Address)
	if !b.Local && (b.MAC != MAC{} || b.MTU != 0) {
		v.missing("local", "the bridge has no device that mac or mtu could be for", "set local: true or an address")
	}
	if b.Local {
		v.device(device{"", b.Name}, "name")
	}
	v.staticMACs(b)
	v.tables(b)
	numbers := map[uint32]string{}
	for j := range b.Ports {
		v.path, v.object = fmt.Sprintf("bridges[%d].ports[%d].", i, j), "port "+b.Ports[j].Name
		v.port(b, &b.Ports[j], numbers)
	}
}

// Lengths of names. A device's is IFNAMSIZ less the NUL (netdevice(7)).
const (
	maxDeviceName = 15
	maxPortName   = 63
)

// reservedNames have a meaning of their own where flows name ports.
var reservedNames = map[string]bool{
	"all": true, "any": true, "controller": true, "drop": true, "flood": true, "in_port": true, "local": true,
	"none": true, "normal": true, "table": true, "unset": true,
}

// name checks the name of the bridge or port at hand and that nothing else has it.
func (v *validator) name(name string, most int) {
	const letters = "letters, digits and . _ - @ +"
	switch {
	case name == "":
		v.missing("name", "not given", "use "+letters)
		return
	case len(name) > most:
		v.bad("name", name, "too long", fmt.Sprintf("use at most %d bytes", most))
	case !plainName(name):
		v.bad("name", name, "not a plain name", "use "+letters+", with a letter, digit or _ first")
	case strings.Trim(name, "0123456789") == "":
		v.bad("name", name, "looks like a port number", "use a letter in it")
	case reservedNames[strings.ToLower(name)]:
		v.bad("name", name, "means something else in flows", "use another name")
	}
	if other, taken := v.names[name]; taken {
		v.bad("name", name, "already the name of "+other, "use another name")
		return
	}
	v.names[name] = v.object + v.where()
}

// where tells a port's bridge, for messages about another bridge.
func (v *validator) where() string {
	var i, j int
	if n, _ := fmt.Sscanf(v.path, "bridges[%d].ports[%d].", &i, &j); n < 2 {
		return ""
	}
	return " of bridge " + v.config.Bridges[i].Name
}

// plainName reports whether a name can stand in flows, files and commands.
func plainName(name string) bool {
	for i, c := range []byte(name) {
		isLetter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
		if !isLetter && (i == 0 || strings.IndexByte(".-@+", c) < 0) {
			return false
		}
	}
	return true
}

// device notes that the object at hand makes or takes a device.
func (v *validator) device(d device, key string) {
	if other, taken := v.devices[d]; taken {
		where := ""
		if d.netns != "" {
			where = " in namespace " + d.netns
		}
		v.bad(key, d.name, "this device"+where+" already belongs to "+other, "use another device")
		return
	}
	v.devices[d] = v.object
}

func (v *validator) connections(b *Bridge) {
	seen := map[Endpoint]bool{}
	for i, c := range b.Controllers {
		key := fmt.Sprintf("controllers[%d]", i)
		if seen[c.Target] {
			v.bad(key, c.Target.String(), "given twice", "remove one")
		}
		seen[c.Target] = true
		if !c.Target.Scheme.IsActive() {
			v.bad(key, c.Target.String(), "not an address to connect to", "use "+activeForms)
		}
		v.needsTLS(key, c.Target)
		if c.InactivityProbe < 0 || c.InactivityProbe > time.Hour {
			v.bad(key+".inactivity_probe", c.InactivityProbe, "out of range", "use 0s (never) to 1h")
		}
		if c.MaxBackoff < time.Second || c.MaxBackoff > time.Hour {
			v.bad(key+".max_backoff", c.MaxBackoff, "out of range", "use 1s to 1h")
		}
		v.between(key+".rate_limit", c.RateLimit, 0, maxPacketIns)
		v.between(key+".burst_limit", c.BurstLimit, 0, maxPacketIns)
		v.between(key+".queue_size", c.QueueSize, 1, maxPacketIns)
		if c.BurstLimit > 0 && c.RateLimit == 0 {
			v.bad(key+".burst_limit", c.BurstLimit, "there is no rate to be above", "give a rate_limit too")
		}
	}
	for i, e := range b.Listen {
		key := fmt.Sprintf("listen[%d]", i)
		if !e.Scheme.IsPassive() {
			v.bad(key, e.String(), "not an address to listen on", "use "+passiveForms)
		}
		v.needsTLS(key, e)
	}
}

// maxTableName is the longest name of a table that OpenFlow carries.
const maxTableName = 31

func (v *validator) tables(b *Bridge) {
	numbers, names := map[int]bool{}, map[string]bool{"": true}
	for i, t := range b.Tables {
		key := fmt.Sprintf("tables[%d]", i)
		v.between(key+".table", t.Table, 0, MaxTable)
		if numbers[t.Table] {
			v.bad(key+".table", t.Table, "given twice", "remove one")
		}
		switch {
		case len(t.Name) > maxTableName:
			v.bad(key+".name", t.Name, fmt.Sprintf("longer than %d bytes", maxTableName), "use a shorter name")
		case t.Name != "" && names[t.Name]:
			v.bad(key+".name", t.Name, "the name of another table", "use another name")
		case t.Name != "" && strings.Trim(t.Name, "0123456789") == "":
			v.bad(key+".name", t.Name, "looks like a table's number", "use a letter in it")
		}
		if t.Limit != 0 {
			v.between(key+".limit", t.Limit, 1, MaxTableLimit)
		}
		oneOf(v, key+".overflow", t.Overflow, OverflowRefuse, OverflowEvict)
		numbers[t.Table], names[t.Name] = true, true
	}
}

func (v *validator) staticMACs(b *Bridge) {
	type entry struct {
		mac  MAC
		vlan uint16
	}
	seen := map[entry]bool{}
	for i, s := range b.StaticMACs {
		key := fmt.Sprintf("static_macs[%d]", i)
		if s.MAC == (MAC{}) {
			v.missing(key+".mac", "not given", "use a unicast address")
		}
		v.mac(key+".mac", s.MAC)
		if s.VLAN > MaxVLAN {
			v.bad(key+".vlan", s.VLAN, "out of range", "use 0 to 4095")
		}
		if s.Port != b.Name && b.Port(s.Port) == nil {
			v.bad(key+".port", s.Port, "no port of this bridge", "use the name of a port, or "+b.Name+" for LOCAL")
		}
		if e := (entry{s.MAC, s.VLAN}); seen[e] {
			v.bad(key+".mac", s.MAC, fmt.Sprintf("given twice for VLAN %d", s.VLAN), "remove one")
		} else {
			seen[e] = true
		}
	}
}
