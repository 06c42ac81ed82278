package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
	"github.com/fsnotify/fsnotify"
	"github.com/spf13/pflag"

	"vswitch/config"
	"vswitch/config/yaml"
	"vswitch/datapath"
	"vswitch/ofproto"
	"vswitch/ports"
	"vswitch/ports/netdev"
	"vswitch/ports/uring"
	"vswitch/vswitchd/metrics"
	"vswitch/vswitchd/pressure"
	"vswitch/vswitchd/secure"
	"vswitch/vswitchd/vlog"
)

// Options say how the daemon is started.
type Options struct {
	File    string         // switch.yaml
	Flags   *pflag.FlagSet // overrides of its flat settings; may be nil
	Version string
}

// Daemon is a running switch.
type Daemon struct {
	options  Options
	started  time.Time
	logs     *vlog.Logs
	log      loggers
	clock    func() int64
	dp       *datapath.Datapath
	sw       *ofproto.Switch
	netdev   *netdev.Control
	pressure *pressure.CPU   // nil where the kernel does not tell of it
	io       config.IOMode   // of ports that do not say otherwise
	coalesce config.Coalesce // the same
	wake     chan struct{}
	quit     context.CancelFunc
	rundir   *runDir
	numbers  *numbers
	macs     *macs
	isReady  atomic.Bool
	panicked atomic.Int64                     // when a panic of forwarding was logged last
	troubles atomic.Int64                     // after the last reconciliation
	dialing  sync.Map                         // of *dialer: those that are open
	watched  atomic.Pointer[fsnotify.Watcher] // nil unless the configuration is watched
	tlsFiles atomic.Pointer[[]string]         // to be watched
	identity atomic.Pointer[secure.Identity]  // in connections with TLS; nil without

	mu      sync.Mutex // serializes reconciliation
	have    config.Config
	status  config.Status
	devices map[portKey]*device
	bridges map[string]*bridge
	control *controlServer
	metrics *metrics.Server
}

// Run runs the switch until it gets SIGTERM or SIGINT, or ctx is done.
func Run(ctx context.Context, o Options) error {
	want, err := yaml.Load(o.File, o.Flags)
	if err != nil {
		return err
	}
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	d, err := start(o, want, quit)
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)
	d.reconcile(ctx, want)
	stopWatching := d.watchFile(ctx, want)
	defer stopWatching()
	d.ready()
	d.loop(ctx, signals)
	return d.stop()
}

// start makes a switch without bridges. quit ends it.
func start(o Options, want config.Config, quit context.CancelFunc) (_ *Daemon, err error) {
	d := &Daemon{options: o, quit: quit, started: time.Now(), wake: make(chan struct{}, 1), logs: vlog.New(os.Stderr, config.LogModules()),
		devices: map[portKey]*device{}, bridges: map[string]*bridge{}, have: config.Config{Settings: want.Settings}}
	d.have.Metrics, d.have.TLS = config.Metrics{}, config.TLS{} // nothing was done about them yet
	d.log = newLoggers(d.logs)
	d.setLogging(want.Log)
	d.clock = func() int64 { return int64(time.Since(d.started)) + 1 }
	workers := workerCount(want)
	tuneRuntime(workers)
	for _, dir := range []string{want.RunDir, want.StateDir} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("directory: %w (set rundir and statedir, or --rundir DIR)", err)
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.stop())
		}
	}()
	if d.rundir, err = claimRunDir(want.RunDir); err != nil {
		return nil, err
	}
	if d.numbers, err = loadNumbers(filepath.Join(want.StateDir, "ofports.json")); err != nil {
		return nil, err
	}
	if d.macs, err = loadMACs(filepath.Join(want.StateDir, "macs.json")); err != nil {
		return nil, err
	}
	if d.netdev, err = netdev.Open(); err != nil {
		return nil, err
	}
	if err = d.netdev.Remember(filepath.Join(want.RunDir, "namespaces")); err != nil {
		return nil, err
	}
	d.sw = ofproto.New(ofproto.Options{
		Seed: uint64(d.started.UnixNano()), Wake: d.poke, PortDown: d.portDown, Clock: d.clock,
		Description: ofproto.Description{Manufacturer: "vswitch", Hardware: "userspace", Software: o.Version, Serial: "None"},
	})
	var waited func() time.Duration
	if d.pressure, err = pressure.Open(pressure.File); err == nil {
		waited = d.pressure.Waited
	}
	s := want.Datapath
	d.io, d.coalesce = s.IO, s.Coalesce
	d.dp, err = datapath.New(d.sw, datapath.Options{
		Workers: workers, NewEngine: newEngine, Clock: d.clock,
		Poll: pollMode(s.Poll), Spin: s.Spin, Waited: waited, Rebalance: s.Rebalance, Budget: s.Budget, UpcallBudget: s.UpcallBudget,
		FlowLimit: s.FlowLimit, MaskLimit: s.MaskLimit, Seed: uint64(d.started.UnixNano()), OnPanic: d.forwardingPanicked,
	})
	if err != nil {
		return nil, err
	}
	d.sw.SetDatapath(d.dp)
	d.dp.Start()
	d.control, err = d.listenControl(want.RunDir)
	return d, err
}

func pollMode(m config.PollMode) datapath.PollMode {
	switch m {
	case config.PollBusy:
		return datapath.PollBusy
	case config.PollInterrupt:
		return datapath.PollInterrupt
	}
	return datapath.PollAdaptive
}

// newEngine makes an engine that gets a ring when a port asks for one, and is the
// system-call engine until then.
func newEngine(int) (ports.Engine, error) { return uring.New(uring.Options{}) }

// workerCount is the number of workers: as configured, or as many as cores, but
// no more than there are receive queues.
func workerCount(c config.Config) int {
	if c.Datapath.Workers > 0 {
		return c.Datapath.Workers
	}
	queues := 0
	for i := range c.Bridges {
		b := &c.Bridges[i]
		if b.Local {
			queues++
		}
		for _, p := range b.Ports {
			queues += p.Queues
		}
	}
	return max(1, min(runtime.NumCPU(), queues))
}

// gcPercent is how much garbage may lie on the heap beside what lives. What lives
// are flows, for a long time, while buffers are not on the heap and packets that
// caches know allocate nothing: collections are rare, and a large table should
// not cost its size once more (docs/performance.md).
const gcPercent = 50

// processors is how many threads of Go's may run at once beside so many workers;
// have is what Go itself has chosen. The control plane has at least two, and one
// more where the collector's quarter of them would not be about a whole thread: it
// would take it from all of them in turn, workers too (runtime,
// gcControllerState.startCycle).
func processors(workers, have int) int {
	n := max(have, workers+2)
	if n == 3 || n == 6 {
		n++
	}
	return n
}

// tuneRuntime leaves processors to the control plane beside the workers, and
// bounds the heap; the environment's GOGC comes first.
func tuneRuntime(workers int) {
	runtime.GOMAXPROCS(processors(workers, runtime.GOMAXPROCS(0)))
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// poke makes the loop call Switch.Run soon. Any goroutine, workers too.
func (d *Daemon) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// loop drives the switch's timers and takes signals.
func (d *Daemon) loop(ctx context.Context, signals <-chan os.Signal) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	wake := d.wake // nil while it rests
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-signals:
			if s != syscall.SIGHUP {
				d.log.main.Info("ending", "signal", s.String())
				return
			}
			if _, err := d.reload(ctx); err != nil {
				d.log.config.Error("reload: nothing was changed", "error", err)
			}
			continue
		case <-wake:
		case <-timer.C:
		}
		begin := d.clock()
		next := min(d.sw.Run(begin), d.rebalance())
		end := d.clock()
		at, rests := ofproto.NextRun(begin, end, next)
		if wake = d.wake; rests {
			wake = nil
		}
		timer.Reset(time.Duration(max(0, at-end)))
	}
}

// reload reads the configuration again and leads the switch to it.
func (d *Daemon) reload(ctx context.Context) ([]config.Step, error) {
	want, err := yaml.Load(d.options.File, d.options.Flags)
	if err != nil {
		return nil, err
	}
	steps := d.reconcile(ctx, want)
	d.log.config.Info("configuration loaded again", "file", d.options.File)
	return steps, nil
}

// reconcile leads the switch to a configuration, and returns the steps that it
// took or tried.
func (d *Daemon) reconcile(ctx context.Context, want config.Config) []config.Step {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgetLost(ctx)
	steps := config.Plan(d.have, want)
	d.have, d.status = config.Reconcile(ctx, d.have, want, d)
	d.watchTLS(want.TLS)
	d.sw.Settle(d.clock())
	d.troubles.Store(int64(len(d.status.Troubles())))
	for _, s := range d.status.Troubles() {
		d.log.config.Warn("not as configured", "object", s.Object.String(), "reason", s.Reason)
	}
	if err := errors.Join(d.numbers.keep(), d.macs.keep()); err != nil {
		d.log.config.Warn("what was chosen for ports will not survive a restart", "error", err)
	}
	return steps
}

// ready tells whoever started the switch that its ports are there.
func (d *Daemon) ready() {
	d.isReady.Store(true)
	d.mu.Lock()
	bridges, failed := len(d.have.Bridges), len(d.status.Troubles())
	d.mu.Unlock()
	d.log.main.Info("ready", "bridges", bridges, "problems", failed)
	if _, err := sd.SdNotify(false, sd.SdNotifyReady); err != nil {
		d.log.main.Warn("service manager", "error", err)
	}
}

// stop removes what the switch made.
func (d *Daemon) stop() error {
	var errs []error
	if d.control != nil {
		errs = append(errs, d.control.close()) // before d.mu is taken, which commands in work wait for
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, b := range d.bridges {
		b.close()
	}
	if d.metrics != nil {
		errs = append(errs, d.metrics.Close())
	}
	if d.dp != nil {
		for k := range d.devices {
			errs = append(errs, d.closeDevice(k))
		}
		errs = append(errs, d.dp.Close())
	}
	if d.netdev != nil {
		errs = append(errs, d.netdev.Close())
	}
	if d.pressure != nil {
		errs = append(errs, d.pressure.Close())
	}
	if d.rundir != nil {
		errs = append(errs, d.rundir.release())
	}
	return errors.Join(errs...)
}

// rebalance moves a receive queue from a busy worker if that pays, and says when to
// look again.
func (d *Daemon) rebalance() (next int64) {
	next, m := d.dp.Rebalance(d.clock())
	if m == nil {
		return next
	}
	name := ""
	if p := d.sw.PortOf(m.Port); p != nil {
		name = p.Name
	}
	if m.Err != nil {
		d.log.datapath.Error("a receive queue is with no worker, and its port is deaf there; it is tried again", "port", name, "queue", m.Queue, "error", m.Err)
		return next
	}
	d.log.datapath.Info("a receive queue has moved from a busy worker", "port", name, "queue", m.Queue,
		"from", m.From, "to", m.To, "load", fmt.Sprintf("%.0f %%", 100*m.Load))
	return next
}

// forwardingPanicked logs a bug of the switch together with the frame that
// found it: one a second, since who has found one such frame can send many.
func (d *Daemon) forwardingPanicked(worker int, v any, frame, stack []byte) {
	now := d.clock()
	if last := d.panicked.Load(); last != 0 && now-last < int64(time.Second) || !d.panicked.CompareAndSwap(last, now) {
		return // counted as dropped, like all of them
	}
	d.log.datapath.Error("forwarding panicked; the frame was dropped", "worker", worker, "panic", fmt.Sprint(v),
		"frame", fmt.Sprintf("%x", frame), "stack", string(stack))
}
