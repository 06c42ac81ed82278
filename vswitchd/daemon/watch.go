package daemon

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"

	"vswitch/config"
)

// settleTime is how long a changed file must stay as it is before it is read:
// editors write in several steps.
const settleTime = 200 * time.Millisecond

// watchFile reloads the configuration when its file changes, or one of those of
// tls, where the configuration says reload: watch. The directory is watched, since editors
// replace the file. The result ends it.
func (d *Daemon) watchFile(ctx context.Context, want config.Config) (stop func()) {
	nothing := func() {}
	if want.Reload != config.ReloadWatch {
		return nothing
	}
	w, err := fsnotify.NewWatcher()
	if err == nil {
		err = w.Add(filepath.Dir(d.options.File))
	}
	if err == nil {
		d.watched.Store(w)
		d.watchTLS(want.TLS)
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
				if slices.Contains(d.watchedFiles(), filepath.Clean(e.Name)) {
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

// watchedFiles are the files whose change is a reason to reload.
func (d *Daemon) watchedFiles() []string {
	files := []string{filepath.Clean(d.options.File)}
	if more := d.tlsFiles.Load(); more != nil {
		files = append(files, *more...)
	}
	return files
}

// watchTLS watches the files of tls too, where the configuration is watched, also
// those that cannot be used: somebody will mend them.
func (d *Daemon) watchTLS(t config.TLS) {
	w := d.watched.Load()
	if w == nil {
		return
	}
	var files []string
	if t.IsSet() {
		files = t.Files()
	}
	for i, f := range files {
		if !filepath.IsAbs(f) {
			f = filepath.Join(filepath.Dir(d.options.File), f)
		}
		files[i] = filepath.Clean(f)
		if err := w.Add(filepath.Dir(f)); err != nil {
			d.log.config.Warn("reload: watch: a file of tls cannot be watched; use SIGHUP", "file", f, "error", err)
		}
	}
	d.tlsFiles.Store(&files)
}
