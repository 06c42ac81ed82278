package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Endpoint is one end of an OpenFlow connection, written as in ovs-vsctl
// set-controller: tcp:HOST[:PORT], ssl:HOST[:PORT] and unix:PATH to connect to,
// ptcp:[PORT][:HOST], pssl:[PORT][:HOST] and punix:PATH to listen on.
type Endpoint struct {
	Scheme Scheme
	Host   string // of all but unix and punix: a name or an address without brackets; "" listens on all
	Port   uint16 // of these
	Path   string // of unix and punix
}

// Scheme is the transport of an Endpoint, and who begins.
type Scheme string

// Schemes. Those with a p are passive: they listen.
const (
	TCP         Scheme = "tcp"
	SSL         Scheme = "ssl" // TLS over TCP
	Unix        Scheme = "unix"
	PassiveTCP  Scheme = "ptcp"
	PassiveSSL  Scheme = "pssl"
	PassiveUnix Scheme = "punix"
)

// OpenFlowPort is the TCP port that IANA gave to OpenFlow.
const OpenFlowPort = 6653

// What addresses look like.
const (
	activeForms  = "tcp:HOST[:PORT], ssl:HOST[:PORT] or unix:PATH"
	passiveForms = "ptcp:[PORT][:HOST], pssl:[PORT][:HOST] or punix:PATH"
)

// IsActive reports whether the switch begins the connection.
func (s Scheme) IsActive() bool { return s == TCP || s == SSL || s == Unix }

// IsPassive reports whether the other side begins the connection.
func (s Scheme) IsPassive() bool { return s == PassiveTCP || s == PassiveSSL || s == PassiveUnix }

// IsSecure reports whether the connection is one with TLS.
func (e Endpoint) IsSecure() bool { return e.Scheme == SSL || e.Scheme == PassiveSSL }

// ParseController reads the target of a controller: tcp:HOST[:PORT],
// ssl:HOST[:PORT] or unix:PATH.
func ParseController(s string) (Endpoint, error) {
	return parseEndpoint(s, Scheme.IsActive, activeForms)
}

// ParseListener reads an address to listen on: ptcp:[PORT][:HOST],
// pssl:[PORT][:HOST] or punix:PATH.
func ParseListener(s string) (Endpoint, error) {
	return parseEndpoint(s, Scheme.IsPassive, passiveForms)
}

func parseEndpoint(s string, fits func(Scheme) bool, want string) (e Endpoint, err error) {
	name, rest, _ := strings.Cut(s, ":")
	scheme := Scheme(name)
	isPath := scheme == Unix || scheme == PassiveUnix
	switch {
	case !fits(scheme), isPath && rest == "":
		return Endpoint{}, fmt.Errorf("%q is not an address here: use %s", s, want)
	case isPath:
		e = Endpoint{Scheme: scheme, Path: rest}
	case scheme.IsActive():
		e, err = parseHostPort(scheme, rest)
	default:
		e, err = parsePortHost(scheme, rest)
	}
	if err != nil {
		return Endpoint{}, fmt.Errorf("%q: %w: use %s", s, err, want)
	}
	return e, nil
}

// parseHostPort reads HOST[:PORT], where an IPv6 address stands in brackets.
func parseHostPort(scheme Scheme, s string) (Endpoint, error) {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
		if port == "" {
			return Endpoint{}, fmt.Errorf("no port behind the colon")
		}
	}
	return newTCP(scheme, host, port)
}

// parsePortHost reads [PORT][:HOST].
func parsePortHost(scheme Scheme, s string) (Endpoint, error) {
	port, host, hasHost := strings.Cut(s, ":")
	if hasHost && host == "" {
		return Endpoint{}, fmt.Errorf("no host behind the colon")
	}
	return newTCP(scheme, host, port)
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
	} else if strings.ContainsAny(host, ":[] \t/") || host == "" && scheme.IsActive() {
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
	case e.Path != "":
		return string(e.Scheme) + ":" + e.Path
	case e.Scheme.IsActive():
		return fmt.Sprintf("%s:%s:%d", e.Scheme, host, e.Port)
	case host == "":
		return fmt.Sprintf("%s:%d", e.Scheme, e.Port)
	}
	return fmt.Sprintf("%s:%d:%s", e.Scheme, e.Port, host)
}
