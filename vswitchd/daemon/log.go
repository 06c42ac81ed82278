package daemon

import (
	"log/slog"

	"vswitch/config"
	"vswitch/control"
	"vswitch/vswitchd/vlog"
)

// loggers are those of the daemon's modules.
type loggers struct {
	config, control, controller, datapath, listener, main, metrics, port *slog.Logger
}

func newLoggers(l *vlog.Logs) loggers {
	return loggers{
		config: l.Logger(config.LogConfig), control: l.Logger(config.LogControl), controller: l.Logger(config.LogController),
		datapath: l.Logger(config.LogDatapath), listener: l.Logger(config.LogListener), main: l.Logger(config.LogMain),
		metrics: l.Logger(config.LogMetrics), port: l.Logger(config.LogPort),
	}
}

// setLogging makes the log what the configuration says, whatever commands have
// changed.
func (d *Daemon) setLogging(l config.Log) {
	set := func(module string, word config.LogLevel) {
		var level slog.Level
		// Validation lets only the names of slog's levels through.
		_ = level.UnmarshalText([]byte(word))
		d.logs.SetLevel(module, level)
	}
	set("", l.Level)
	for module, level := range l.Modules {
		set(module, level)
	}
	d.logs.SetFormat(l.Format == config.LogJSON)
}

func (d *Daemon) cmdVlogList([]string) (control.Reply, error) {
	r := control.VlogReply{}
	for _, l := range d.logs.Levels() {
		r = append(r, control.VlogLevel(l))
	}
	return r, nil
}

func (d *Daemon) cmdVlogSet(args []string) (control.Reply, error) {
	return control.Plain(""), d.logs.Set(args)
}
