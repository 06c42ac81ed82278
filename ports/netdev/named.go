package netdev

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// makeNamespace does what `ip netns add` does: a namespace that lives because it
// is mounted at path. Its loopback device is up.
func makeNamespace(path string) error {
	if err := prepareNamesDir(); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDONLY|os.O_CREATE|os.O_EXCL, 0o444)
	if err != nil {
		return err
	}
	file.Close()
	err = onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("unshare: %w", err)
		}
		if err := loopbackUp(); err != nil {
			return fmt.Errorf("bring up its loopback device: %w", err)
		}
		if err := unix.Mount(ownPath, path, "none", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("mount at %s: %w", path, err)
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// loopbackUp works in the namespace of the calling thread.
func loopbackUp() error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer h.Close()
	lo, err := h.LinkByName("lo")
	if err != nil {
		return err
	}
	return h.LinkSetUp(lo)
}

// deleteNamespace does what `ip netns del` does.
func deleteNamespace(path string) error {
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
		return fmt.Errorf("unmount %s: %w", path, err)
	}
	return os.Remove(path)
}

// prepareNamesDir makes the directory of named namespaces, shared between mount
// namespaces, so that one deleted in another mount namespace vanishes here too.
func prepareNamesDir() error {
	if err := os.MkdirAll(namesDir, 0o755); err != nil {
		return err
	}
	err := unix.Mount("", namesDir, "none", unix.MS_SHARED|unix.MS_REC, "")
	if err != unix.EINVAL {
		return err
	}
	// It is not a mount point yet.
	if err := unix.Mount(namesDir, namesDir, "none", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("mount %s: %w", namesDir, err)
	}
	return unix.Mount("", namesDir, "none", unix.MS_SHARED|unix.MS_REC, "")
}

// watchNames begins to hear of deleted names, once there can be any. Called with
// c.mu held.
//
// A namespace can outlive its name by a process inside it, or by a socket of
// ours; the user who deleted the name means it to be gone, though.
func (c *Control) watchNames() {
	if c.names != nil {
		return
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return
	}
	if _, err := unix.InotifyAddWatch(fd, namesDir, unix.IN_DELETE|unix.IN_MOVED_FROM|unix.IN_ONLYDIR); err != nil {
		unix.Close(fd)
		return
	}
	c.names = os.NewFile(uintptr(fd), "inotify")
	c.ended.Go(func() { c.listenNames(c.names) })
}

// listenNames ends when names is closed.
func (c *Control) listenNames(names *os.File) {
	// What the events say does not matter: each held name is looked at.
	buf := make([]byte, 16<<10)
	for {
		if _, err := names.Read(buf); err != nil {
			return
		}
		c.mu.Lock()
		for _, n := range c.spaces {
			if filepath.Dir(n.path) == namesDir && !n.named() {
				c.spaceGone(n)
			}
		}
		c.mu.Unlock()
	}
}
