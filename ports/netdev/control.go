package netdev

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"vswitch/ports"
)

// Control follows devices and namespaces for all ports of a switch.
type Control struct {
	events *os.File // netlink socket; reading it blocks a goroutine, not a thread
	names  *os.File // inotify on the directory of named namespaces; nil until it exists
	deaf   error    // why events of other namespaces are not heard; nil if they are
	ended  sync.WaitGroup

	mu        sync.Mutex
	datagram  [64 << 10]byte // of events
	oob       [256]byte      // control data of datagram
	closed    bool
	followers map[place][]*follower
	spaces    map[identity]*Namespace // that somebody holds
	memory    memory
}

// ownNamespace stands for the switch's own namespace among the numbers that the
// kernel gives to others.
const ownNamespace int32 = -1

// place is where a device is. Its index survives renaming.
type place struct {
	nsid  int32
	index int
}

// follower is one call of Follow.
type follower struct {
	space  *Namespace
	last   Link
	report func(Report)
}

// Report is what Follow tells about a device.
type Report struct {
	Link Link   // its state; the last one known when it is gone
	Gone string // why the device is gone, as a sentence; "" while it exists
}

// Tell brings what is reported into the state of the device's port.
func (r Report) Tell(i *ports.Info) {
	if r.Gone != "" {
		i.Absent, i.Carrier, i.AdminUp = r.Gone, false, false
		return
	}
	i.Name, i.MAC, i.MTU, i.Ifindex = r.Link.Name, r.Link.MAC, r.Link.MTU, r.Link.Index
	i.Carrier, i.AdminUp = r.Link.Carrier, r.Link.Up
}

// eventBuffer is what the kernel may keep for us while we are busy. When it is
// too short after all, every device is asked for anew.
const eventBuffer = 4 << 20

// Open begins to listen, in the namespace of the calling process. It takes one
// goroutine, which Close ends.
func Open() (*Control, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("netlink: open socket: %w", err)
	}
	c := &Control{followers: map[place][]*follower{}, spaces: map[identity]*Namespace{}}
	c.deaf = unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_LISTEN_ALL_NSID, 1)
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, eventBuffer) != nil {
		// Without CAP_NET_ADMIN only the ordinary limit can be had.
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, eventBuffer)
	}
	groups := []int{unix.RTNLGRP_LINK, unix.RTNLGRP_NSID}
	err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK})
	for _, group := range groups {
		if err == nil {
			err = unix.SetsockoptInt(fd, unix.SOL_NETLINK, unix.NETLINK_ADD_MEMBERSHIP, group)
		}
	}
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("netlink: subscribe to link events: %w", err)
	}
	c.events = os.NewFile(uintptr(fd), "netlink")
	c.ended.Go(c.listen)
	return c, nil
}

// Close ends listening. The ports that use c must be closed before.
func (c *Control) Close() error {
	c.mu.Lock()
	c.closed = true
	names := c.names
	err := c.memory.deleteRest()
	c.mu.Unlock()
	err = errors.Join(err, c.events.Close())
	if names != nil {
		err = errors.Join(err, names.Close())
	}
	c.ended.Wait()
	return err
}

// listen takes events whenever there are some, until the socket is closed.
func (c *Control) listen() {
	raw, err := c.events.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Read(func(fd uintptr) bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.drain(int(fd))
		return false
	})
}

// catchUp takes events that have already happened. Called with c.mu held.
//
// The kernel uses the numbers of deleted namespaces again, so whoever looks one
// up must not have such a deletion before it.
func (c *Control) catchUp() {
	if raw, err := c.events.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { c.drain(int(fd)) })
	}
}

// drain delivers what waits in the socket. Called with c.mu held.
func (c *Control) drain(fd int) {
	for {
		n, oobn, _, _, err := unix.Recvmsg(fd, c.datagram[:], c.oob[:], unix.MSG_DONTWAIT)
		switch err {
		case nil:
			c.deliver(numberOfNamespace(c.oob[:oobn]), c.datagram[:n])
		case unix.EINTR:
		case unix.ENOBUFS:
			c.resync()
		default:
			return
		}
	}
}

// numberOfNamespace is where an event happened, from the message's control data.
func numberOfNamespace(oob []byte) int32 {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return ownNamespace
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_NETLINK && m.Header.Type == unix.NETLINK_LISTEN_ALL_NSID {
			return int32(number(m.Data))
		}
	}
	return ownNamespace
}

// deliver hands out one datagram of events. Called with c.mu held.
func (c *Control) deliver(nsid int32, datagram []byte) {
	messages, err := syscall.ParseNetlinkMessage(datagram)
	if err != nil {
		return
	}
	for _, m := range messages {
		switch m.Header.Type {
		case unix.RTM_NEWLINK:
			c.linkChanged(nsid, m.Data)
		case unix.RTM_DELLINK:
			c.linkDeleted(nsid, m.Data)
		case unix.RTM_DELNSID:
			// About a namespace that had a number in this one, so that one must
			// not have come from elsewhere.
			if nsid == ownNamespace {
				c.namespaceDeleted(m.Data)
			}
		}
	}
}

func (c *Control) linkChanged(nsid int32, payload []byte) {
	if len(payload) < unix.SizeofIfInfomsg {
		return
	}
	at := place{nsid, int(nl.DeserializeIfInfomsg(payload).Index)}
	for _, f := range c.followers[at] {
		link, ok := parseLink(f.last, payload)
		if !ok {
			continue
		}
		before := f.last
		before.Dropped = link.Dropped
		f.last = link
		if link != before {
			f.report(Report{Link: link})
		}
	}
}

func (c *Control) linkDeleted(nsid int32, payload []byte) {
	link, ok := parseLink(Link{}, payload)
	if !ok {
		return
	}
	why := "device %s%s was deleted"
	attributes, err := nl.ParseRouteAttr(payload[unix.SizeofIfInfomsg:])
	for _, a := range attributes {
		if err == nil && a.Attr.Type == unix.IFLA_NEW_NETNSID {
			why = "device %s%s was moved to another namespace"
		}
	}
	at := place{nsid, link.Index}
	for _, f := range c.followers[at] {
		f.report(Report{Link: f.last, Gone: fmt.Sprintf(why, f.last.Name, f.space.inside())})
	}
	delete(c.followers, at)
}

func (c *Control) namespaceDeleted(payload []byte) {
	const sizeofRtgenmsg = 4 // struct rtgenmsg, padded
	if len(payload) < sizeofRtgenmsg {
		return
	}
	attributes, err := nl.ParseRouteAttr(payload[sizeofRtgenmsg:])
	if err != nil {
		return
	}
	for _, a := range attributes {
		if a.Attr.Type != unix.NETNSA_NSID {
			continue
		}
		// The kernel frees a number first and tells of it later, so that by now a
		// namespace which still stands may have it.
		for id, n := range c.spaces {
			if n.nsid == int32(number(a.Value)) && !n.named() {
				delete(c.spaces, id)
				c.spaceGone(n)
			}
		}
	}
}

// spaceGone tells all followers in n that it was deleted.
func (c *Control) spaceGone(n *Namespace) {
	for at, list := range c.followers {
		list = slices.DeleteFunc(list, func(f *follower) bool {
			if f.space != n {
				return false
			}
			f.report(Report{Link: f.last, Gone: fmt.Sprintf("namespace %s was deleted", n.name)})
			return true
		})
		if c.followers[at] = list; len(list) == 0 {
			delete(c.followers, at)
		}
	}
}

// resync asks for the state of all devices after events were lost. Called with
// c.mu held.
func (c *Control) resync() {
	for at, list := range c.followers {
		link, err := query(at.nsid, at.index, "")
		switch {
		case errors.Is(err, unix.EINVAL) || errors.Is(err, ErrNoDevice):
			delete(c.followers, at)
			for _, f := range list {
				f.report(Report{Link: f.last, Gone: fmt.Sprintf("device %s%s was deleted", f.last.Name, f.space.inside())})
			}
		case err == nil:
			for _, f := range list {
				f.last = link
				f.report(Report{Link: link})
			}
		}
	}
}

// Follow calls report with the state of device index in n, before it returns and
// then at every change, until stop is called or the device is gone. After stop
// has returned, report is not called any more. report must not block and must
// not call c, n or stop.
func (n *Namespace) Follow(index int, report func(Report)) (stop func(), err error) {
	c := n.control
	c.mu.Lock()
	defer c.mu.Unlock()
	c.catchUp()
	// Events between here and the answer put the state back for a moment; they
	// end with the newest one.
	link, err := query(n.nsid, index, "")
	if err != nil {
		return nil, fmt.Errorf("device %d%s: ask for its state: %w", index, n.inside(), err)
	}
	f := &follower{space: n, last: link, report: report}
	at := place{n.nsid, index}
	c.followers[at] = append(c.followers[at], f)
	report(Report{Link: link})
	return func() { c.unfollow(at, f) }, nil
}

func (c *Control) unfollow(at place, f *follower) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := c.followers[at][:0]
	for _, other := range c.followers[at] {
		if other != f {
			kept = append(kept, other)
		}
	}
	if c.followers[at] = kept; len(kept) == 0 {
		delete(c.followers, at)
	}
}
