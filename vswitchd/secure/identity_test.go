package secure

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"vswitch/config"
	"vswitch/tests/authority"
)

const day = 24 * time.Hour

// files are the files of a configuration.
func files(key, certificate, ca string) config.TLS {
	return config.TLS{PrivateKey: config.TLSFile{Path: "key.pem", Text: key}, Certificate: config.TLSFile{Path: "cert.pem", Text: certificate},
		CACert: config.TLSFile{Path: "ca.pem", Text: ca}}
}

func identity(t *testing.T, a *authority.Authority, name string, after time.Duration, trusted *authority.Authority) *Identity {
	t.Helper()
	certificate, key := a.Issue(name, after)
	i, err := New(files(key, certificate, trusted.PEM()))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestNew(t *testing.T) {
	a := authority.New(t, "a")
	certificate, key := a.Issue("switch", day)
	_, otherKey := a.Issue("other", day)
	for _, c := range []struct {
		name  string
		files config.TLS
		want  string // of the error
	}{
		{"right", files(key, certificate, a.PEM()), ""},
		{"key of another", files(otherKey, certificate, a.PEM()), "private_key key.pem with certificate cert.pem: tls: private key does not match public key"},
		{"empty key", files("", certificate, a.PEM()), "private_key key.pem with certificate cert.pem: "},
		{"swapped", files(certificate, key, a.PEM()), "certificate cert.pem: no certificate in PEM in it"},
		{"no authority", files(key, certificate, "# none\n"), "ca_cert ca.pem: no certificate in PEM in it"},
		{"broken authority", files(key, certificate, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "ca_cert ca.pem: x509: "},
	} {
		_, err := New(c.files)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: the error has a key in it: %v", c.name, err)
		}
	}
}

// TestHandshake has peers of all kinds connect, and the switch connect to them.
func TestHandshake(t *testing.T) {
	a, b := authority.New(t, "a"), authority.New(t, "b")
	us := identity(t, a, "switch", day, a)
	certificate, key := a.Issue("peer", day)
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	type end func(context.Context, net.Conn) (net.Conn, error)
	asClient := func(c *tls.Config) end {
		c.InsecureSkipVerify = true
		return func(ctx context.Context, conn net.Conn) (net.Conn, error) {
			return handshake(ctx, conn, tls.Client(conn, c))
		}
	}
	asServer := func(c *tls.Config) end {
		return func(ctx context.Context, conn net.Conn) (net.Conn, error) {
			return handshake(ctx, conn, tls.Server(conn, c))
		}
	}
	says := func(text string) end {
		return func(_ context.Context, conn net.Conn) (net.Conn, error) {
			_, err := io.WriteString(conn, text)
			return conn, err
		}
	}
	known := []tls.Certificate{pair}
	for _, c := range []struct {
		name string
		ours end
		peer end
		want string // of our error
	}{
		{"called by a friend", us.Server, identity(t, a, "friend", day, a).Client, ""},
		{"calling a friend", us.Client, identity(t, a, "friend", day, a).Server, ""},
		{"called by a friend with TLS 1.2", us.Server, asClient(&tls.Config{Certificates: known, MaxVersion: tls.VersionTLS12}), ""},
		{"called by a stranger", us.Server, identity(t, b, "stranger", day, a).Client, `TLS: the certificate of the peer, "CN=stranger": x509: certificate signed by unknown authority`},
		{"calling a stranger", us.Client, identity(t, b, "stranger", day, a).Server, `TLS: the certificate of the peer, "CN=stranger": x509: certificate signed by unknown authority`},
		{"called by who was known", us.Server, identity(t, a, "old", -time.Minute, a).Client, `TLS: the certificate of the peer, "CN=old": x509: certificate has expired`},
		{"called by nobody", us.Server, asClient(&tls.Config{}), "TLS: tls: client didn't provide a certificate"},
		{"called with TLS 1.1", us.Server, asClient(&tls.Config{Certificates: known, MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11}), "TLS: tls: client offered only unsupported versions"},
		{"calling one of TLS 1.1", us.Client, asServer(&tls.Config{Certificates: known, MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11}), "TLS: remote error: tls: protocol version not supported"},
		{"called without TLS", us.Server, says("\x04\x00\x00\x08\x00\x00\x00\x01"), "TLS: tls: first record does not look like a TLS handshake"},
		{"calling one without TLS", us.Client, says("\x04\x00\x00\x08\x00\x00\x00\x01"), "TLS: tls: first record does not look like a TLS handshake"},
	} {
		t.Run(c.name, func(t *testing.T) {
			here, there := pipe(t)
			done := make(chan error, 1)
			go func() {
				conn, err := c.peer(t.Context(), there)
				if err == nil {
					// In TLS 1.3 a client hears only now what was thought of it.
					_, err = io.Copy(io.Discard, conn)
				}
				done <- err
			}()
			conn, err := c.ours(t.Context(), here)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				if err := conn.Close(); err != nil {
					t.Error(err)
				}
				if err := <-done; err != nil {
					t.Errorf("the peer: %v", err)
				}
				return
			}
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
			<-done // our side is closed
		})
	}
}

// pipe is a connection over TCP, whose buffers take what nobody reads.
func pipe(t *testing.T) (here, there net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if here, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if there, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		here.Close()
		there.Close()
	})
	return here, there
}

// TestSilence wants a handshake to end with its context, and the connection with it.
func TestSilence(t *testing.T) {
	a := authority.New(t, "a")
	here, there := pipe(t)
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if _, err := identity(t, a, "switch", day, a).Server(ctx, here); err == nil {
		t.Error("a handshake with nobody")
	}
	if _, err := there.Read(make([]byte, 1)); err == nil {
		t.Error("the connection is still open")
	}
}

// FuzzNew wants files of any content to make an identity or an error.
func FuzzNew(f *testing.F) {
	a := authority.New(f, "a")
	certificate, key := a.Issue("switch", day)
	f.Add(key, certificate, a.PEM())
	f.Add(certificate, key, "")
	f.Add("-----BEGIN EC PRIVATE KEY-----\n-----END EC PRIVATE KEY-----", certificate, a.PEM())
	f.Fuzz(func(t *testing.T, key, certificate, ca string) {
		if i, err := New(files(key, certificate, ca)); err == nil && i.Ends().IsZero() {
			t.Error("an identity without an end")
		}
	})
}
