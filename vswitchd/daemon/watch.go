package daemon

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"

	"vswitch/config"
)

// settleTime is how long a changed file must stay as it is before it is read:
// editors write in several steps.
const settleTime = 200 * time.Millisecond

// watchFile reloads the configuration when its file changes, where the
// configuration says reload: watch. The directory is watched, since editors
// replace the file. The result ends it.
func (d *Daemon) watchFile(ctx context.Context) (stop func()) {
	nothing := func() {}
	if d.have.Reload != config.ReloadWatch {
		return nothing
	}
	w, err := fsnotify.NewWatcher()
	if err == nil {
		err = w.Add(filepath.Dir(d.options.File))
	}
	if err != nil {
		d.log.config.Warn("reload: watch: the file cannot be watched; use SIGHUP", "error", err)
		return nothing
	}
	go func() {
		settled := time.NewTimer(0)
		settled.Stop()
		for {
			select {
			case e, open := <-w.Events:
				if !open {
					return
				}
				if filepath.Clean(e.Name) == filepath.Clean(d.options.File) {
					settled.Reset(settleTime)
				}
			case err := <-w.Errors:
				if err != nil {
					d.log.config.Warn("reload: watch", "error", err)
				}
			case <-settled.C:
				if _, err := d.reload(ctx); err != nil {
					d.log.config.Error("reload: nothing was changed", "error", err)
				}
			}
		}
	}()
	return func() { _ = w.Close() }
}
