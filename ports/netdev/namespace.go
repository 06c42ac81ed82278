package netdev

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// namesDir is where named namespaces are mounted, as ip-netns(8) does it.
const namesDir = "/run/netns"

// ownPath is the namespace of the calling thread.
const ownPath = "/proc/thread-self/ns/net"

// Namespace is a network namespace that somebody holds.
type Namespace struct {
	control *Control
	name    string // as the user wrote it; "" for the switch's own
	path    string
	nsid    int32
	id      identity
	made    bool
	holders int // guarded by control.mu
}

// identity tells namespaces apart whatever they are called.
type identity struct{ dev, ino uint64 }

// Namespace holds a namespace: the one mounted at /run/netns/name, the one that
// a path such as /proc/4711/ns/net leads to, or, with an empty name, the
// switch's own. A named one that does not exist is made, as `ip netns add` does
// it, with its loopback device up.
func (c *Control) Namespace(name string) (*Namespace, error) {
	path, err := pathOf(name)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, fmt.Errorf("namespace %s: %w", name, os.ErrClosed)
	}
	c.catchUp()
	made := false
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) == namesDir {
		if err := makeNamespace(path); err != nil {
			return nil, fmt.Errorf("namespace %s: make: %w%s", name, err, hint(err))
		}
		made = true
		if err := c.memory.note(path); err != nil {
			return nil, errors.Join(fmt.Errorf("namespace %s: remember that it was made: %w", name, err), deleteNamespace(path))
		}
	}
	n, err := c.hold(name, path)
	if err != nil {
		if made {
			err = errors.Join(err, deleteNamespace(path), c.memory.forget(path))
		}
		return nil, err
	}
	n.made = n.made || made || n.path == path && c.memory.knows(path)
	if filepath.Dir(path) == namesDir {
		c.watchNames()
	}
	return n, nil
}

func pathOf(name string) (string, error) {
	switch {
	case name == "":
		return ownPath, nil
	case name == "." || name == ".." || strings.ContainsRune(name, 0) || strings.HasSuffix(name, "/"):
		return "", fmt.Errorf("namespace %q: not a name: give one like h1, or a path like /proc/4711/ns/net", name)
	case strings.Contains(name, "/"):
		return filepath.Clean(name), nil
	}
	return filepath.Join(namesDir, name), nil
}

// hold finds the Namespace that path leads to, or learns about it.
func (c *Control) hold(name, path string) (*Namespace, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("namespace %s: open: %w%s", name, err, hint(err))
	}
	defer file.Close()
	id, err := identify(file)
	if err != nil {
		return nil, fmt.Errorf("namespace %s: %w", name, err)
	}
	if n := c.spaces[id]; n != nil {
		n.holders++
		return n, nil
	}
	own, err := os.Open(ownPath)
	if err != nil {
		return nil, fmt.Errorf("namespace of the switch: open: %w", err)
	}
	defer own.Close()
	ownID, err := identify(own)
	if err != nil {
		return nil, fmt.Errorf("namespace of the switch: %w", err)
	}
	n := &Namespace{control: c, name: name, path: path, nsid: ownNamespace, id: id, holders: 1}
	if id == ownID {
		n.name, n.path = "", ownPath
	} else if n.nsid, err = numberFor(file); err != nil {
		return nil, fmt.Errorf("namespace %s: give it a number: %w%s", name, err, hint(err))
	}
	c.spaces[id] = n
	return n, nil
}

// identify checks that file is a network namespace.
func identify(file *os.File) (identity, error) {
	var stat unix.Stat_t
	var system unix.Statfs_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		return identity{}, fmt.Errorf("stat: %w", err)
	}
	if err := unix.Fstatfs(int(file.Fd()), &system); err != nil {
		return identity{}, fmt.Errorf("statfs: %w", err)
	}
	if system.Type != unix.NSFS_MAGIC {
		return identity{}, fmt.Errorf("%s is not a namespace: remove it with `ip netns del %s` or rm",
			file.Name(), filepath.Base(file.Name()))
	}
	return identity{stat.Dev, stat.Ino}, nil
}

// numberFor is the kernel's number in the switch's namespace for the one that file
// leads to. It gets one if it has none, since only then its events are heard.
func numberFor(file *os.File) (int32, error) {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return 0, err
	}
	defer h.Close()
	nsid, err := h.GetNetNsIdByFd(int(file.Fd()))
	if err != nil || nsid >= 0 {
		return int32(nsid), err
	}
	if err := h.SetNetNsIdByFd(int(file.Fd()), unix.NETNSA_NSID_NOT_ASSIGNED); err != nil && !errors.Is(err, unix.EEXIST) {
		return 0, err
	}
	nsid, err = h.GetNetNsIdByFd(int(file.Fd()))
	return int32(nsid), err
}

// Release ends the hold. The last one deletes the namespace if Control made it
// and its name still leads to it.
func (n *Namespace) Release() error {
	c := n.control
	c.mu.Lock()
	defer c.mu.Unlock()
	if n.holders--; n.holders > 0 {
		return nil
	}
	if n.holders < 0 {
		panic("netdev: namespace released more often than held")
	}
	if c.spaces[n.id] == n {
		delete(c.spaces, n.id)
	}
	if !n.made {
		return nil
	}
	if !n.named() {
		return c.memory.forget(n.path)
	}
	if err := deleteNamespace(n.path); err != nil {
		return fmt.Errorf("namespace %s: delete: %w", n.name, err)
	}
	return c.memory.forget(n.path)
}

// named reports that the namespace's path still leads to it.
func (n *Namespace) named() bool {
	file, err := os.Open(n.path)
	if err != nil {
		return false
	}
	defer file.Close()
	id, err := identify(file)
	return err == nil && id == n.id
}

// Name is the name or path that the namespace was asked for with; "" for the
// switch's own.
func (n *Namespace) Name() string { return n.name }

// Deaf says, in a sentence, why changes of devices in n are not heard; "" if
// they are.
func (n *Namespace) Deaf() string {
	if n.nsid == ownNamespace || n.control.deaf == nil {
		return ""
	}
	return fmt.Sprintf("changes of devices in namespace %s are not followed: no right to listen there (%v): add CAP_NET_BROADCAST",
		n.name, n.control.deaf)
}

// Link is the state of device index in n.
func (n *Namespace) Link(index int) (Link, error) {
	link, err := query(n.nsid, index, "")
	if err != nil {
		return Link{}, fmt.Errorf("device %d%s: ask for its state: %w", index, n.inside(), err)
	}
	return link, nil
}

// LinkByName is the state of the device of that name in n. A missing one is
// ErrNoDevice.
func (n *Namespace) LinkByName(name string) (Link, error) {
	link, err := query(n.nsid, 0, name)
	if err != nil {
		return Link{}, fmt.Errorf("device %s%s: ask for its state: %w", name, n.inside(), err)
	}
	return link, nil
}

// Existing is LinkByName for a device that somebody else has to make.
func (n *Namespace) Existing(name string) (Link, error) {
	link, err := n.LinkByName(name)
	if errors.Is(err, ErrNoDevice) {
		err = fmt.Errorf("%w: make the device first, or correct ifname or netns", err)
	}
	return link, err
}

// inside is how a sentence names the namespace behind a device.
func (n *Namespace) inside() string {
	if n.name == "" {
		return ""
	}
	return " in namespace " + n.name
}

// Handle opens a netlink socket inside n, for setting devices up. The namespace
// lives as long as the handle: close it soon.
func (n *Namespace) Handle() (h *netlink.Handle, err error) {
	err = n.Do(func() (err error) {
		h, err = netlink.NewHandle(unix.NETLINK_ROUTE)
		return err
	})
	return h, err
}

// File opens the namespace itself, for moving a device there.
func (n *Namespace) File() (*os.File, error) {
	file, err := os.Open(n.path)
	if err != nil {
		return nil, fmt.Errorf("namespace %s: open: %w", n.name, err)
	}
	return file, nil
}

// Do runs f with its thread inside n. Sockets that f makes stay there.
func (n *Namespace) Do(f func() error) error {
	if n.nsid == ownNamespace {
		return f()
	}
	file, err := n.File()
	if err != nil {
		return err
	}
	defer file.Close()
	return onThread(func() error {
		if err := unix.Setns(int(file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("namespace %s: enter: %w%s", n.name, err, hint(err))
		}
		return f()
	})
}

// onThread runs f on a thread that may change its namespace, and that returns to
// the switch's one or else ends.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		own, err := os.Open(ownPath)
		if err != nil {
			runtime.UnlockOSThread()
			done <- err
			return
		}
		defer own.Close()
		err = f()
		// A goroutine that ends with its thread locked takes the thread along.
		if unix.Setns(int(own.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

// hint says what to do about an error of the system, or nothing.
func hint(err error) string {
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		return ": run vswitchd as root, or give it CAP_NET_ADMIN and CAP_SYS_ADMIN"
	}
	return ""
}
