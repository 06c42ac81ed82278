package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Endpoint is one end of an OpenFlow connection, written as in ovs-vsctl
// set-controller: tcp:HOST[:PORT] and unix:PATH to connect to, ptcp:[PORT][:HOST]
// and punix:PATH to listen on.
type Endpoint struct {
	Scheme Scheme
	Host   string // of tcp and ptcp: a name or an address without brackets; "" listens on all
	Port   uint16 // of tcp and ptcp
	Path   string // of unix and punix
}

// Scheme is the transport of an Endpoint, and who begins.
type Scheme string

// Schemes. Those with a p are passive: they listen.
const (
	TCP         Scheme = "tcp"
	Unix        Scheme = "unix"
	PassiveTCP  Scheme = "ptcp"
	PassiveUnix Scheme = "punix"
)

// OpenFlowPort is the TCP port that IANA gave to OpenFlow.
const OpenFlowPort = 6653

// ParseController reads the target of a controller: tcp:HOST[:PORT] or unix:PATH.
func ParseController(s string) (Endpoint, error) {
	return parseEndpoint(s, TCP, Unix, "tcp:HOST[:PORT] or unix:PATH")
}

// ParseListener reads an address to listen on: ptcp:[PORT][:HOST] or punix:PATH.
func ParseListener(s string) (Endpoint, error) {
	return parseEndpoint(s, PassiveTCP, PassiveUnix, "ptcp:[PORT][:HOST] or punix:PATH")
}

func parseEndpoint(s string, tcp, unix Scheme, want string) (Endpoint, error) {
	name, rest, _ := strings.Cut(s, ":")
	var e Endpoint
	var err error
	switch scheme := Scheme(name); {
	case scheme == unix && rest != "":
		e = Endpoint{Scheme: scheme, Path: rest}
	case scheme == tcp && scheme == TCP:
		e, err = parseHostPort(rest)
	case scheme == tcp:
		e, err = parsePortHost(rest)
	case name == "ssl" || name == "pssl":
		return Endpoint{}, fmt.Errorf("%q: TLS is not supported yet: use %s", s, want)
	default:
		return Endpoint{}, fmt.Errorf("%q is not an address here: use %s", s, want)
	}
	if err != nil {
		return Endpoint{}, fmt.Errorf("%q: %w: use %s", s, err, want)
	}
	return e, nil
}

// parseHostPort reads HOST[:PORT], where an IPv6 address stands in brackets.
func parseHostPort(s string) (Endpoint, error) {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
		if port == "" {
			return Endpoint{}, fmt.Errorf("no port behind the colon")
		}
	}
	return newTCP(TCP, host, port)
}

// parsePortHost reads [PORT][:HOST].
func parsePortHost(s string) (Endpoint, error) {
	port, host, hasHost := strings.Cut(s, ":")
	if hasHost && host == "" {
		return Endpoint{}, fmt.Errorf("no host behind the colon")
	}
	return newTCP(PassiveTCP, host, port)
}

func newTCP(scheme Scheme, host, port string) (Endpoint, error) {
	e := Endpoint{Scheme: scheme, Port: OpenFlowPort}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return Endpoint{}, fmt.Errorf("port %q is not 1 to 65535", port)
		}
		e.Port = uint16(n)
	}
	inner, isBracketed := strings.CutPrefix(host, "[")
	if isBracketed {
		inner, isBracketed = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		if err != nil || !isBracketed || !addr.Is6() {
			return Endpoint{}, fmt.Errorf("host %q is not an IPv6 address in brackets", host)
		}
	} else if strings.ContainsAny(host, ":[] \t/") || host == "" && scheme == TCP {
		return Endpoint{}, fmt.Errorf("host %q is not a name or address (IPv6 in brackets)", host)
	}
	e.Host = inner
	return e, nil
}

// String writes the endpoint as it is read. The port of TCP is always there.
func (e Endpoint) String() string {
	host := e.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	switch {
	case e.Scheme == TCP:
		return fmt.Sprintf("%s:%s:%d", e.Scheme, host, e.Port)
	case e.Scheme == PassiveTCP && host == "":
		return fmt.Sprintf("%s:%d", e.Scheme, e.Port)
	case e.Scheme == PassiveTCP:
		return fmt.Sprintf("%s:%d:%s", e.Scheme, e.Port, host)
	}
	return string(e.Scheme) + ":" + e.Path
}
