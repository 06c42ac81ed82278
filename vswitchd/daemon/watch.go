package daemon

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"vswitch/config"
)

// settleTime is how long a changed file must stay as it is before it is read:
// editors write in several steps.
const settleTime = 200 * time.Millisecond

// maxLinks is how many symbolic links the kernel follows on the way to a file.
const maxLinks = 40

// watchFile reloads the configuration when its file changes, or one of those of
// tls, where the configuration says reload: watch. Directories are watched, since editors
// replace the file, and others a link on the way to it. The result ends it.
func (d *Daemon) watchFile(ctx context.Context, want config.Config) (stop func()) {
	nothing := func() {}
	if want.Reload != config.ReloadWatch {
		return nothing
	}
	w, err := fsnotify.NewWatcher()
	if err == nil {
		err = watch(w, d.options.File)
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
				if d.isWatched(filepath.Clean(e.Name)) {
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

// isWatched reports whether the change of a name is a reason to reload. What lies
// behind it now is watched from then on.
func (d *Daemon) isWatched(name string) bool {
	files := []string{d.options.File}
	if more := d.tlsFiles.Load(); more != nil {
		files = append(files, *more...)
	}
	for _, f := range files {
		if slices.Contains(places(f), name) {
			_ = watch(d.watched.Load(), f) // what fails is told of when all is read again
			return true
		}
	}
	return false
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
		files[i] = f
		if err := watch(w, f); err != nil {
			d.log.config.Warn("reload: watch: a file of tls cannot be watched; use SIGHUP", "file", f, "error", err)
		}
	}
	d.tlsFiles.Store(&files)
}

// watch has w tell of what happens to a file, and to links on the way to it.
func watch(w *fsnotify.Watcher, file string) error {
	for _, name := range places(file) {
		if err := w.Add(filepath.Dir(name)); err != nil {
			return err
		}
	}
	return nil
}

// places are the names that say what a file is: those of links on the way to it, and its
// own at the end, or of what is missing. Their directories are called what they are
// called without links.
func places(file string) (names []string) {
	if abs, err := filepath.Abs(file); err == nil {
		file = abs
	}
	at, rest := "/", strings.Split(file, "/")
	for len(rest) > 0 {
		at, rest = filepath.Join(at, rest[0]), rest[1:]
		target, err := os.Readlink(at)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			continue // no link
		}
		if names = append(names, at); len(names) == maxLinks {
			return names
		}
		if at = filepath.Dir(at); filepath.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return append(names, at)
}
