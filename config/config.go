package config

import (
	"slices"
	"time"
)

// Config is the whole desired state of one switch.
type Config struct {
	Settings
	Bridges []Bridge
}

// Settings are what concerns the process rather than a bridge.
type Settings struct {
	RunDir   string // sockets and the pid file
	StateDir string // what survives a restart; "" until Complete
	Log      Log
	Metrics  Metrics
	TLS      TLS
	Datapath Datapath
	Reload   ReloadMode
}

// Log says what the control plane writes.
type Log struct {
	Level   LogLevel
	Modules map[string]LogLevel // of modules that have another level
	Format  LogFormat
}

// LogLevel is the least important message that is written.
type LogLevel string

// Log levels.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogWarn  LogLevel = "warn"
	LogError LogLevel = "error"
)

// LogFormat is the form of a message.
type LogFormat string

// Log formats.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Metrics says where Prometheus finds the counters.
type Metrics struct {
	Listen  string   // HOST:PORT; "" serves none
	Pprof   bool     // profiles of the process are served there too
	Cookies []Cookie // flows whose counts are among them
}

// Datapath sets up the workers that forward.
type Datapath struct {
	Workers      int // forwarding threads; 0: as many as cores or receive queues, whichever is less
	Poll         PollMode
	Spin         time.Duration // of adaptive polling: how long a worker looks for packets before it sleeps
	Rebalance    time.Duration // how often queues may move from a busy worker to another; 0: never
	Coalesce     Coalesce      // of ports that do not say otherwise
	IO           IOMode        // the same
	Budget       int           // packets that one receive queue may take per turn
	UpcallBudget int           // packets per port and turn that may wait for a decision
	FlowLimit    int           // megaflows in all
	MaskLimit    int           // masks of the megaflows of one port and worker
}

// PollMode says how a worker waits for packets.
type PollMode string

// Poll modes.
const (
	PollAdaptive  PollMode = "adaptive"  // looks for packets for a while where that has paid, then sleeps
	PollBusy      PollMode = "busy"      // never sleeps
	PollInterrupt PollMode = "interrupt" // sleeps at once
)

// Coalesce says how long the frame that wakes a worker may wait for others.
type Coalesce struct {
	Given  bool // something was said, be it that it is off
	Usecs  int  // at most; 0: not at all
	Frames int  // how many frames are enough; 0: nothing but the time ends the wait
}

// IOMode says how frames get in and out of a TAP's descriptor.
type IOMode string

// I/O modes.
const (
	IOAuto    IOMode = "auto"    // what measured best
	IOSyscall IOMode = "syscall" // a system call a frame
	IOUring   IOMode = "uring"   // io_uring, where the kernel has it
)

// GROMode says which frames that come in by a port leave joined to super-frames,
// by ports that take those.
type GROMode string

// GRO modes.
const (
	GRONone GROMode = "none"
	GROTCP  GROMode = "tcp" // TCP segments that follow each other
	GROAll  GROMode = "all" // UDP datagrams of one size too
)

// ReloadMode says when the configuration is read again.
type ReloadMode string

// Reload modes.
const (
	ReloadSignal ReloadMode = "signal" // on SIGHUP and on the control command
	ReloadWatch  ReloadMode = "watch"  // also when the file changes
)

// Default values of settings.
const (
	DefaultRunDir       = "/run/vswitch"
	DefaultStateDir     = "/var/lib/vswitch"
	DefaultSpin         = 3 * time.Millisecond
	DefaultRebalance    = 5 * time.Second
	DefaultBudget       = 64
	DefaultUpcallBudget = 64
	DefaultFlowLimit    = 200_000
	DefaultMaskLimit    = 64
)

// Default is the state of a switch about which nothing was said: no bridges.
func Default() Config {
	return Config{Settings: Settings{
		RunDir: DefaultRunDir,
		Log:    Log{Level: LogInfo, Format: LogText},
		Datapath: Datapath{
			Poll:         PollAdaptive,
			Spin:         DefaultSpin,
			Rebalance:    DefaultRebalance,
			IO:           IOAuto,
			Budget:       DefaultBudget,
			UpcallBudget: DefaultUpcallBudget,
			FlowLimit:    DefaultFlowLimit,
			MaskLimit:    DefaultMaskLimit,
		},
		Reload: ReloadSignal,
	}}
}

// Complete returns c with everything filled in that follows from what was said:
// the state directory from the run directory, a port's device name from its name,
// its VLAN mode from its tag. Completing twice changes nothing. c is not changed.
func (c Config) Complete() Config {
	if c.StateDir == "" {
		c.StateDir = DefaultStateDir
		if c.RunDir != DefaultRunDir {
			c.StateDir = c.RunDir
		}
	}
	c.Bridges = slices.Clone(c.Bridges)
	for i := range c.Bridges {
		c.Bridges[i] = c.Bridges[i].complete()
	}
	return c
}

// Bridge finds a bridge by name; nil without one.
func (c *Config) Bridge(name string) *Bridge {
	for i := range c.Bridges {
		if c.Bridges[i].Name == name {
			return &c.Bridges[i]
		}
	}
	return nil
}

// WithoutPort returns c without a port of any bridge, for a port that is no longer
// what c says (its device vanished): the next Plan makes it again. c is not
// changed. The name of a bridge stands for its LOCAL device.
func (c Config) WithoutPort(port string) Config {
	for _, b := range c.Bridges {
		if _, found := b.device(port); found {
			c = c.withBridge(b.Name, func(b *Bridge) { b.removePort(port) })
		}
	}
	return c
}
