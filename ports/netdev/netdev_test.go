package netdev

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// patience is how long a test waits for the kernel to say what it must say.
const patience = 10 * time.Second

func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: makes network namespaces")
	}
}

func open(t *testing.T) *Control {
	t.Helper()
	c, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// unusual makes a namespace name that nobody else uses.
func unusual(role string) string { return fmt.Sprintf("vs-nd-%s-%d", role, os.Getpid()) }

func hold(t *testing.T, c *Control, name string) *Namespace {
	t.Helper()
	n, err := c.Namespace(name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// makeVeth makes a pair of devices inside n and returns the index of the first.
func makeVeth(t *testing.T, n *Namespace, name string) int {
	t.Helper()
	h, err := n.Handle()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	veth := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: name + "p"}
	if err := h.LinkAdd(veth); err != nil {
		t.Fatal(err)
	}
	link, err := n.LinkByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return link.Index
}

// change applies f to a device inside n.
func change(t *testing.T, n *Namespace, name string, f func(*netlink.Handle, netlink.Link) error) {
	t.Helper()
	h, err := n.Handle()
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	link, err := h.LinkByName(name)
	if err == nil {
		err = f(h, link)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// await reads reports until one satisfies want.
func await(t *testing.T, reports <-chan Report, what string, want func(Report) bool) Report {
	t.Helper()
	deadline := time.After(patience)
	var last Report
	for {
		select {
		case last = <-reports:
			if want(last) {
				return last
			}
		case <-deadline:
			t.Fatalf("no report of %s; the last one: %+v", what, last)
		}
	}
}

func follow(t *testing.T, n *Namespace, index int) (<-chan Report, func()) {
	t.Helper()
	reports := make(chan Report, 100)
	stop, err := n.Follow(index, func(r Report) { reports <- r })
	if err != nil {
		t.Fatal(err)
	}
	return reports, stop
}

func TestFollowTellsWhatHappensToADevice(t *testing.T) {
	needRoot(t)
	c := open(t)
	n := hold(t, c, unusual("follow"))
	defer n.Release()
	index := makeVeth(t, n, "first")
	reports, stop := follow(t, n, index)
	defer stop()
	await(t, reports, "the state at the beginning", func(r Report) bool {
		return r.Link.Name == "first" && r.Link.Kind == "veth" && r.Link.MTU == 1500 && !r.Link.Up && r.Link.MAC != [6]byte{}
	})
	change(t, n, "first", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, 1400) })
	await(t, reports, "the MTU", func(r Report) bool { return r.Link.MTU == 1400 })
	mac := [6]byte{2, 0x11, 0x22, 0x33, 0x44, 0x55}
	change(t, n, "first", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetHardwareAddr(l, mac[:]) })
	await(t, reports, "the MAC", func(r Report) bool { return r.Link.MAC == mac })
	change(t, n, "first", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetName(l, "second") })
	await(t, reports, "the name", func(r Report) bool { return r.Link.Name == "second" && r.Link.Index == index })
	change(t, n, "second", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetUp(l) })
	await(t, reports, "up without carrier", func(r Report) bool { return r.Link.Up && !r.Link.Carrier })
	change(t, n, "firstp", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetUp(l) })
	await(t, reports, "carrier", func(r Report) bool { return r.Link.Carrier })
	change(t, n, "second", func(h *netlink.Handle, l netlink.Link) error { return h.LinkDel(l) })
	gone := await(t, reports, "the end", func(r Report) bool { return r.Gone != "" })
	if want := "device second in namespace " + n.Name() + " was deleted"; gone.Gone != want {
		t.Errorf("gone: %q, want %q", gone.Gone, want)
	}
	if _, err := n.LinkByName("second"); !errors.Is(err, ErrNoDevice) {
		t.Errorf("asked for a deleted device: %v, want %v", err, ErrNoDevice)
	}
}

func TestFollowTellsThatADeviceMoved(t *testing.T) {
	needRoot(t)
	c := open(t)
	from, to := hold(t, c, unusual("from")), hold(t, c, unusual("to"))
	defer from.Release()
	defer to.Release()
	reports, stop := follow(t, from, makeVeth(t, from, "mover"))
	defer stop()
	file, err := to.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	change(t, from, "mover", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetNsFd(l, int(file.Fd())) })
	gone := await(t, reports, "the move", func(r Report) bool { return r.Gone != "" })
	if !strings.Contains(gone.Gone, "was moved to another namespace") {
		t.Errorf("gone: %q", gone.Gone)
	}
}

func TestStopEndsReports(t *testing.T) {
	needRoot(t)
	c := open(t)
	n := hold(t, c, unusual("stop"))
	defer n.Release()
	index := makeVeth(t, n, "dev")
	stopped, stop := follow(t, n, index)
	live, stopLive := follow(t, n, index)
	defer stopLive()
	stop()
	for len(stopped) > 0 {
		<-stopped
	}
	change(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, 1300) })
	await(t, live, "the MTU", func(r Report) bool { return r.Link.MTU == 1300 })
	if len(stopped) != 0 {
		t.Errorf("%d reports after stop", len(stopped))
	}
}

func TestDeletedNamespaceEndsItsDevices(t *testing.T) {
	for _, test := range []struct {
		name string
		// pin keeps the namespace alive when its name is deleted.
		pin bool
	}{{"nothing inside", false}, {"kept alive by a socket", true}} {
		t.Run(test.name, func(t *testing.T) {
			needRoot(t)
			c := open(t)
			n := hold(t, c, unusual("gone"))
			defer n.Release()
			reports, stop := follow(t, n, makeVeth(t, n, "dev"))
			defer stop()
			if test.pin {
				h, err := n.Handle()
				if err != nil {
					t.Fatal(err)
				}
				defer h.Close()
			}
			if err := deleteNamespace(n.path); err != nil {
				t.Fatal(err)
			}
			gone := await(t, reports, "the end", func(r Report) bool { return r.Gone != "" })
			if want := "namespace " + n.Name() + " was deleted"; gone.Gone != want {
				t.Errorf("gone: %q, want %q", gone.Gone, want)
			}
		})
	}
}

// TestNumberOfDeletedNamespaceUsedAgain delivers the word of a deletion that came
// so late that the number already belongs to another namespace.
func TestNumberOfDeletedNamespaceUsedAgain(t *testing.T) {
	needRoot(t)
	c := open(t)
	n := hold(t, c, unusual("again"))
	defer n.Release()
	reports, stop := follow(t, n, makeVeth(t, n, "dev"))
	defer stop()
	c.mu.Lock()
	late := binary.NativeEndian.AppendUint32([]byte{0, 0, 0, 0, 8, 0, unix.NETNSA_NSID, 0}, uint32(n.nsid))
	c.namespaceDeleted(late)
	c.mu.Unlock()
	change(t, n, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, 1400) })
	await(t, reports, "the MTU", func(r Report) bool { return r.Gone == "" && r.Link.MTU == 1400 })
	if err := deleteNamespace(n.path); err != nil {
		t.Fatal(err)
	}
	await(t, reports, "the end", func(r Report) bool { return r.Gone != "" })
}

// TestDeletedNamespaceWithoutName has only the kernel's word for the end.
func TestDeletedNamespaceWithoutName(t *testing.T) {
	needRoot(t)
	c := open(t)
	path := filepath.Join(t.TempDir(), "ns")
	if err := makeNamespaceAt(t, path); err != nil {
		t.Fatal(err)
	}
	n := hold(t, c, path)
	defer n.Release()
	reports, stop := follow(t, n, makeVeth(t, n, "dev"))
	defer stop()
	if err := deleteNamespace(path); err != nil {
		t.Fatal(err)
	}
	await(t, reports, "the end", func(r Report) bool { return strings.HasSuffix(r.Gone, "was deleted") })
}

func makeNamespaceAt(t *testing.T, path string) error {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o444); err != nil {
		return err
	}
	return onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		return unix.Mount(ownPath, path, "none", unix.MS_BIND, "")
	})
}

func TestNamespaceIsDeletedByWhoMadeIt(t *testing.T) {
	needRoot(t)
	c := open(t)
	name := unusual("made")
	first, second := hold(t, c, name), hold(t, c, name)
	if first != second {
		t.Error("the same namespace twice")
	}
	path := filepath.Join(namesDir, name)
	if err := first.Release(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("deleted while held: %v", err)
	}
	if lo, err := second.LinkByName("lo"); err != nil || !lo.Up {
		t.Errorf("loopback: %+v, %v; want it up", lo, err)
	}
	if err := second.Release(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not deleted: %v", err)
	}
}

func TestNamespaceThatWasThereStays(t *testing.T) {
	needRoot(t)
	c := open(t)
	name := unusual("there")
	path := filepath.Join(namesDir, name)
	if err := makeNamespace(path); err != nil {
		t.Fatal(err)
	}
	defer deleteNamespace(path)
	if err := hold(t, c, name).Release(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("deleted though found: %v", err)
	}
}

// TestReplacedNamespaceStays deletes one that the switch made and makes another
// of that name behind its back.
func TestReplacedNamespaceStays(t *testing.T) {
	needRoot(t)
	c := open(t)
	n := hold(t, c, unusual("twin"))
	if err := deleteNamespace(n.path); err != nil {
		t.Fatal(err)
	}
	if err := makeNamespace(n.path); err != nil {
		t.Fatal(err)
	}
	defer deleteNamespace(n.path)
	if err := n.Release(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(n.path); err != nil {
		t.Errorf("somebody else's namespace was deleted: %v", err)
	}
}

// TestNamespaceIsMadeAgain deletes and makes one namespace over and over while
// somebody still holds the old one: the kernel uses its numbers again.
func TestNamespaceIsMadeAgain(t *testing.T) {
	needRoot(t)
	c := open(t)
	name := unusual("again")
	old := hold(t, c, name)
	t.Cleanup(func() { old.Release() })
	reports, stop := follow(t, old, makeVeth(t, old, "dev"))
	for range 20 {
		if err := deleteNamespace(old.path); err != nil {
			t.Fatal(err)
		}
		next := hold(t, c, name)
		if next == old {
			t.Fatal("held the deleted namespace")
		}
		fresh, stopFresh := follow(t, next, makeVeth(t, next, "dev"))
		await(t, reports, "the end", func(r Report) bool { return r.Gone != "" })
		change(t, next, "dev", func(h *netlink.Handle, l netlink.Link) error { return h.LinkSetMTU(l, 1300) })
		await(t, fresh, "a change in the new namespace", func(r Report) bool {
			if r.Gone != "" {
				t.Fatalf("the new device: %s", r.Gone)
			}
			return r.Link.MTU == 1300
		})
		stop()
		if err := old.Release(); err != nil {
			t.Error(err)
		}
		old, reports, stop = next, fresh, stopFresh
	}
	stop()
}

func TestNamespaceErrorsSayWhatToDo(t *testing.T) {
	needRoot(t)
	c := open(t)
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, in, want string }{
		{"dot", ".", "not a name"},
		{"parent", "..", "not a name"},
		{"folder", "/run/netns/", "not a name"},
		{"missing path", "/nonexistent/ns", "no such file"},
		{"not a namespace", plain, "is not a namespace: remove it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := c.Namespace(test.in); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q: %v, want %q in it", test.in, err, test.want)
			}
		})
	}
}

func TestOwnNamespaceByPath(t *testing.T) {
	needRoot(t)
	c := open(t)
	n := hold(t, c, "/proc/self/ns/net")
	defer n.Release()
	if n.nsid != ownNamespace || n.Name() != "" {
		t.Errorf("number %d, name %q; want the switch's own", n.nsid, n.Name())
	}
}

// TestResyncFindsWhatWasMissed takes events away, as a full socket buffer would.
func TestResyncFindsWhatWasMissed(t *testing.T) {
	needRoot(t)
	c := open(t)
	n := hold(t, c, unusual("resync"))
	defer n.Release()
	index := makeVeth(t, n, "dev")
	var reports []Report
	f := &follower{space: n, report: func(r Report) { reports = append(reports, r) }}
	c.mu.Lock()
	c.followers[place{n.nsid, index}] = []*follower{f}
	c.followers[place{n.nsid, index + 1000}] = []*follower{f}
	c.resync()
	c.mu.Unlock()
	var gone, there int
	for _, r := range reports {
		if r.Gone != "" {
			gone++
		} else if r.Link.Name == "dev" {
			there++
		}
	}
	if gone != 1 || there != 1 {
		t.Errorf("%d gone, %d there, want 1 each: %+v", gone, there, reports)
	}
}

func FuzzParseLink(f *testing.F) {
	f.Add(make([]byte, unix.SizeofIfInfomsg))
	f.Add([]byte{})
	f.Add(append(make([]byte, unix.SizeofIfInfomsg), 8, 0, 4, 0, 0xdc, 5, 0, 0, 5, 0, 33, 0, 1, 0, 0, 0))
	f.Fuzz(func(t *testing.T, payload []byte) {
		if _, ok := parseLink(Link{}, payload); ok && len(payload) < unix.SizeofIfInfomsg {
			t.Errorf("made a link of %d bytes", len(payload))
		}
	})
}
