package vlog

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
)

// Logs are the loggers of modules.
type Logs struct {
	out     io.Writer
	names   []string
	modules map[string]*module
}

type module struct {
	level   slog.LevelVar
	handler atomic.Pointer[slog.Handler]
}

// New makes loggers for modules, which write text to out at level info.
func New(out io.Writer, modules []string) *Logs {
	l := &Logs{out: out, names: slices.Sorted(slices.Values(modules)), modules: map[string]*module{}}
	for _, name := range l.names {
		l.modules[name] = &module{}
	}
	l.SetFormat(false)
	return l
}

// SetFormat makes messages text or JSON.
func (l *Logs) SetFormat(isJSON bool) {
	// The levels are looked at before a message gets there.
	o := &slog.HandlerOptions{Level: slog.Level(-1 << 20)}
	var h slog.Handler = slog.NewTextHandler(l.out, o)
	if isJSON {
		h = slog.NewJSONHandler(l.out, o)
	}
	for _, name := range l.names {
		of := h.WithAttrs([]slog.Attr{slog.String("module", name)})
		l.modules[name].handler.Store(&of)
	}
}

// SetLevel sets the level of a module, or with "" of all.
func (l *Logs) SetLevel(name string, level slog.Level) {
	for _, n := range l.names {
		if name == "" || name == n {
			l.modules[n].level.Set(level)
		}
	}
}

// Logger is the logger of a module, which must be one that New was given.
func (l *Logs) Logger(name string) *slog.Logger {
	m := l.modules[name]
	if m == nil {
		panic("vlog: no module " + name)
	}
	return slog.New(&handler{module: m})
}

// handler writes by whatever handler the module has at the time.
type handler struct {
	module *module
	with   []func(slog.Handler) slog.Handler // what With and WithGroup have added
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.module.level.Level()
}

// Handle implements slog.Handler.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	to := *h.module.handler.Load()
	for _, f := range h.with {
		to = f(to)
	}
	return to.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

func (h *handler) and(f func(slog.Handler) slog.Handler) slog.Handler {
	return &handler{module: h.module, with: append(slices.Clip(h.with), f)}
}

// named is a level with its name.
type named struct {
	name  string
	level slog.Level
}

// off is a level that no message has.
const off = slog.Level(1 << 20)

// levels are Open vSwitch's, from the most to the least important; emer is one that
// the switch never uses.
var levels = []named{{"off", off}, {"emer", slog.LevelError + 4}, {"err", slog.LevelError}, {"warn", slog.LevelWarn}, {"info", slog.LevelInfo}, {"dbg", slog.LevelDebug}}

// destinations are Open vSwitch's; the switch has only the first.
var destinations = []string{"console", "syslog", "file"}

// Level is one module's level.
type Level struct{ Module, Level string }

// Levels lists the modules by name, with their levels as Open vSwitch calls them.
func (l *Logs) Levels() []Level {
	var list []Level
	for _, name := range l.names {
		word := ""
		for _, v := range levels {
			if v.level == l.modules[name].level.Level() {
				word = v.name
			}
		}
		list = append(list, Level{name, word})
	}
	return list
}

// Set changes levels as specifications say. Each has up to one module (or any), one
// destination (or any) and one level (dbg where there is none), as words between
// spaces, commas or colons, in any order: "controller:dbg", "any warn".
func (l *Logs) Set(specs []string) error {
	type change struct {
		module string
		level  slog.Level
	}
	var changes []change
	for _, s := range specs {
		module, level, err := l.parse(s)
		if err != nil {
			return err
		}
		changes = append(changes, change{module, level})
	}
	for _, c := range changes {
		l.SetLevel(c.module, c.level)
	}
	return nil
}

// parse reads one specification; module "" is all.
func (l *Logs) parse(spec string) (module string, level slog.Level, err error) {
	level = slog.LevelDebug
	hasModule, hasLevel, destination := false, false, ""
	for word := range strings.FieldsFuncSeq(spec, func(r rune) bool { return r == ' ' || r == ',' || r == ':' }) {
		word = strings.ToLower(word)
		found := slices.IndexFunc(levels, func(v named) bool { return v.name == word })
		switch {
		case strings.EqualFold(word, "pattern"):
			return "", 0, fmt.Errorf("%q: the form of messages is log.format of the configuration, not a pattern", spec)
		case found >= 0 && hasLevel:
			return "", 0, fmt.Errorf("%q: two levels", spec)
		case found >= 0:
			level, hasLevel = levels[found].level, true
		case slices.Contains(destinations, word) && destination != "":
			return "", 0, fmt.Errorf("%q: two destinations", spec)
		case slices.Contains(destinations, word):
			destination = word
		case word == "any": // stands for the module, the destination or both
		case l.modules[word] == nil:
			return "", 0, fmt.Errorf("no destination, level, or module %q: modules are %s, levels %s", word, strings.Join(l.names, ", "), levelNames())
		case hasModule:
			return "", 0, fmt.Errorf("%q: two modules", spec)
		default:
			module, hasModule = word, true
		}
	}
	if strings.Trim(spec, " ,:") == "" {
		return "", 0, fmt.Errorf("%q: no module, destination or level in it", spec)
	}
	if destination != "" && destination != destinations[0] {
		return "", 0, fmt.Errorf("%q: the switch has no %s to log to, only console", spec, destination)
	}
	return module, level, nil
}

func levelNames() string {
	var names []string
	for _, v := range levels {
		names = append(names, v.name)
	}
	return strings.Join(names, ", ")
}
