package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// defaultRundir is where the sockets are when nothing says otherwise.
const defaultRundir = "/run/vswitch"

// openflowPort is the port that IANA gave OpenFlow.
const openflowPort = "6653"

// target is where a switch listens.
type target struct {
	name             string // as the user wrote it
	bridge           string // its name, where the target is a bridge of rundir
	network, address string
	secure           bool // with TLS
}

// rundir is the directory with the sockets of bridges.
func (a *app) rundir() string {
	for _, dir := range []string{a.option.rundir, a.stdio.Getenv("VSWITCH_RUNDIR"), a.stdio.Getenv("OVS_RUNDIR")} {
		if dir != "" {
			return dir
		}
	}
	return defaultRundir
}

// Suffixes of the sockets of a bridge.
const (
	mgmtSuffix  = ".mgmt"
	snoopSuffix = ".snoop"
)

// resolve says where name listens: a bridge, unix:PATH, a PATH, tcp:HOST[:PORT] or
// ssl:HOST[:PORT].
// suffix is that of the bridge's socket.
func (a *app) resolve(name, suffix string) (target, error) {
	t := target{name: name}
	scheme, rest, hasScheme := strings.Cut(name, ":")
	switch {
	case name == "":
		return t, usagef("the switch is an empty word: give a bridge's name, unix:PATH, tcp:HOST[:PORT] or ssl:HOST[:PORT]")
	case hasScheme && scheme == "unix":
		t.network, t.address = "unix", rest
	case hasScheme && (scheme == "tcp" || scheme == "ssl"):
		host, port, err := hostPort(rest)
		if err != nil {
			return t, usagef("switch %s: %v", name, err)
		}
		t.network, t.address, t.secure = "tcp", net.JoinHostPort(host, port), scheme == "ssl"
	case hasScheme && (scheme == "ptcp" || scheme == "pssl" || scheme == "punix"):
		return t, usagef("switch %s: ofctl connects by unix:PATH, tcp:HOST[:PORT] and ssl:HOST[:PORT] only", name)
	case strings.Contains(name, "/"):
		t.network, t.address = "unix", name
	default:
		// ovs-ofctl's TYPE@BRIDGE names a bridge of a datapath type.
		if i := strings.IndexByte(name, '@'); i >= 0 {
			name = name[i+1:]
		}
		t.bridge, t.network, t.address = name, "unix", filepath.Join(a.rundir(), name+suffix)
	}
	return t, nil
}

// hostPort splits HOST[:PORT]. HOST may be an IPv6 address, in brackets where a
// port follows.
func hostPort(s string) (host, port string, err error) {
	host, port = s, openflowPort
	if h, p, err := net.SplitHostPort(s); err == nil {
		host, port = h, p
	} else if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		host = s[1 : len(s)-1]
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", fmt.Errorf("%q is no port", port)
	}
	if host == "" {
		return "", "", errors.New("the host is missing")
	}
	return host, port, nil
}

// bridges lists the bridges that have sockets in the rundir.
func (a *app) bridges() []string {
	entries, err := os.ReadDir(a.rundir())
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if name, found := strings.CutSuffix(e.Name(), mgmtSuffix); found && name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// open connects to t. The error says what to do about it.
func (a *app) open(ctx context.Context, t target) (net.Conn, error) {
	c, err := a.dial(ctx, t.network, t.address)
	switch {
	case err == nil && t.secure:
		return a.secure(ctx, t, c)
	case err == nil:
		return c, nil
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("%s: no connection within %v", t.name, a.option.timeout)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, a.explainDial(t, err)
}

// explainDial says why t could not be reached, and what to do.
func (a *app) explainDial(t target, err error) error {
	cause := rootCause(err)
	switch {
	case t.network == "tcp" && errors.Is(err, syscall.ECONNREFUSED):
		scheme := "ptcp"
		if t.secure {
			scheme = "pssl"
		}
		return fmt.Errorf("%s: nothing listens at %s: give the bridge a listener (listen: [\"%s:%s\"])", t.name, t.address, scheme, portOf(t.address))
	case t.network == "tcp":
		return fmt.Errorf("%s: connect to %s: %w", t.name, t.address, cause)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %s: permission denied: run ofctl as root or as the user of vswitchd", t.name, t.address)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%s: the socket is there, but nobody listens on it: is vswitchd running?", t.address)
	case errors.Is(err, syscall.ENOTSOCK):
		return fmt.Errorf("%s: %s is no socket", t.name, t.address)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: connect to %s: %w", t.name, t.address, cause)
	case t.bridge == "":
		return fmt.Errorf("%s: no socket %s: is the switch running?", t.name, t.address)
	}
	return a.noBridge(t)
}

// noBridge is the error of a bridge that has no socket.
func (a *app) noBridge(t target) error {
	dir := filepath.Dir(t.address)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is no directory %s: is vswitchd running? Name another directory with --rundir or $VSWITCH_RUNDIR", t.name, dir)
	}
	names := a.bridges()
	if len(names) == 0 {
		return fmt.Errorf("%s: no bridge has a socket in %s: is vswitchd running? Name another directory with --rundir or $VSWITCH_RUNDIR", t.name, dir)
	}
	hint := ""
	if near := nearest(t.bridge, names); near != "" {
		hint = fmt.Sprintf(": did you mean %s?", near)
	}
	return fmt.Errorf("%s: no such bridge%s Bridges in %s: %s", t.name, sentence(hint), dir, strings.Join(names, ", "))
}

// sentence closes a hint so that another sentence can follow.
func sentence(hint string) string {
	if hint == "" {
		return "."
	}
	return hint
}

func portOf(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return openflowPort
	}
	return port
}

// rootCause is the innermost error: "no route to host" without the layers of net.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
