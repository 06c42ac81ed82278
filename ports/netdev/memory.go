package netdev

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// memory is the file that says which namespaces were made here, so that one who
// is killed leaves none behind for ever: the next one with the same file has made
// them too. Guarded by Control.mu.
type memory struct {
	file string            // "": nothing is remembered
	made map[string]string // path of a namespace, and its mark
}

// Remember has c keep in a file what namespaces it makes, and takes over those
// that an earlier one has noted there and that are still the same.
func (c *Control) Remember(file string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.memory = memory{file: file, made: map[string]string{}}
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("namespaces made before: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		mark, path, found := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if found && mark == markOf(path) {
			c.memory.made[path] = mark
		}
	}
	return c.memory.write()
}

// note remembers that the namespace at path was made.
func (m *memory) note(path string) error {
	mark := markOf(path)
	if m.file == "" || mark == "" {
		return nil
	}
	m.made[path] = mark
	return m.write()
}

// forget is the end of a namespace.
func (m *memory) forget(path string) error {
	if _, found := m.made[path]; !found {
		return nil
	}
	delete(m.made, path)
	return m.write()
}

// knows reports whether the namespace at path is one that was made here.
func (m *memory) knows(path string) bool {
	mark, found := m.made[path]
	return found && mark == markOf(path)
}

// deleteRest deletes what is remembered and nobody has held: the configuration
// has changed since it was made.
func (m *memory) deleteRest() (err error) {
	for path := range m.made {
		if m.knows(path) {
			err = errors.Join(err, deleteNamespace(path))
		}
	}
	m.made = nil
	if m.file == "" {
		return err
	}
	return errors.Join(err, m.write())
}

// write replaces the file in one step. With nothing to remember there is none.
func (m *memory) write() error {
	if len(m.made) == 0 {
		if err := os.Remove(m.file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	var text strings.Builder
	for _, path := range slices.Sorted(maps.Keys(m.made)) {
		fmt.Fprintf(&text, "%s\t%s\n", m.made[path], path)
	}
	temporary := m.file + ".new"
	if err := os.WriteFile(temporary, []byte(text.String()), 0o644); err != nil {
		return err
	}
	return os.Rename(temporary, m.file)
}

// markOf tells the mount at path from any that was or will be there: its number,
// which the kernel gives only once, and the kernel's own. It is "" where the
// kernel does not tell (before Linux 6.8) or nothing is there. The number of the
// namespace itself would not do, since the kernel gives it again.
func markOf(path string) string {
	var st unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_MNT_ID_UNIQUE, &st)
	if err != nil || st.Mask&unix.STATX_MNT_ID_UNIQUE == 0 {
		return ""
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s:%d", strings.TrimSpace(string(boot)), st.Mnt_id)
}
