package config

import "maps"

// Modules of the control plane, for Log.Modules.
const (
	LogConfig     = "config"     // reading and carrying out the configuration
	LogControl    = "control"    // the control socket
	LogController = "controller" // connections to controllers
	LogDatapath   = "datapath"   // forwarding, which only tells of bugs
	LogListener   = "listener"   // connections to the switch
	LogMain       = "main"       // begin and end
	LogMetrics    = "metrics"
	LogPort       = "port" // devices that come and go
)

// LogModules lists the modules.
func LogModules() []string {
	return []string{LogConfig, LogControl, LogController, LogDatapath, LogListener, LogMain, LogMetrics, LogPort}
}

func (l *Log) differs(o *Log) bool {
	return l.Level != o.Level || l.Format != o.Format || !maps.Equal(l.Modules, o.Modules)
}
