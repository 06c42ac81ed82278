package secure

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"time"

	"vswitch/config"
	"vswitch/trust"
)

// HandshakeTime is how long a handshake may take.
const HandshakeTime = 10 * time.Second

// ErrNotSet is what there is in place of an Identity that was never right.
var ErrNotSet = errors.New("TLS is not set up: see what is wrong with the setting tls")

// Identity is who the switch is, and whom it trusts.
type Identity struct {
	config      *tls.Config
	authorities []*x509.Certificate
	ends        time.Time
}

// New makes an identity of what the files of the configuration have in them.
func New(c config.TLS) (*Identity, error) {
	authorities, err := trust.Parse([]byte(c.CACert.Text))
	if err != nil {
		return nil, fmt.Errorf("ca_cert %s: %w", c.CACert.Path, err)
	}
	// Looked at first, for an error that names the file.
	if _, err := trust.Parse([]byte(c.Certificate.Text)); err != nil {
		return nil, fmt.Errorf("certificate %s: %w", c.Certificate.Path, err)
	}
	pair, err := tls.X509KeyPair([]byte(c.Certificate.Text), []byte(c.PrivateKey.Text))
	if err != nil {
		return nil, fmt.Errorf("private_key %s with certificate %s: %w", c.PrivateKey.Path, c.Certificate.Path, err)
	}
	i := &Identity{authorities: authorities, ends: pair.Leaf.NotAfter}
	i.config = &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   tls.VersionTLS12,
		ClientAuth:   tls.RequireAnyClientCert,
		// Who the peer is shows in its certificate's signature, as with Open vSwitch;
		// names are not looked at. verify does it for both roles.
		InsecureSkipVerify: true,
		VerifyConnection:   i.verify,
		// A session that is taken up again would keep a peer that is not trusted any
		// more.
		SessionTicketsDisabled: true,
	}
	return i, nil
}

// Ends is when the switch's certificate ends.
func (i *Identity) Ends() time.Time { return i.ends }

// Client does the handshake with a peer that the switch has called. It takes conn.
func (i *Identity) Client(ctx context.Context, conn net.Conn) (net.Conn, error) {
	return handshake(ctx, conn, tls.Client(conn, i.config))
}

// Server does the handshake with a peer that has called. It takes conn.
func (i *Identity) Server(ctx context.Context, conn net.Conn) (net.Conn, error) {
	return handshake(ctx, conn, tls.Server(conn, i.config))
}

func handshake(ctx context.Context, plain net.Conn, c *tls.Conn) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, HandshakeTime, fmt.Errorf("no handshake within %v", HandshakeTime))
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		// It is of no use any more, whatever closing it says.
		_ = plain.Close()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return c, nil
}

// verify wants a certificate that one of the authorities vouches for.
func (i *Identity) verify(s tls.ConnectionState) error {
	return trust.Verify(s.PeerCertificates, i.authorities, "")
}
