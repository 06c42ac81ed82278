package cmd

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"

	"vswitch/trust"
)

// tlsOptions are the flags about connections with TLS (ssl:HOST[:PORT]).
type tlsOptions struct {
	key, certificate string
	ca               string // "none": the switch's certificate is not looked at
	bootstrapCA      string
	peerCA           string
	versions         tlsVersions
	serverName       string
}

// tlsVersions are the oldest and the newest version that may be spoken; 0 is what Go
// takes.
type tlsVersions struct{ min, max uint16 }

// Set reads a list as ovs-ofctl has it: TLSv1.2,TLSv1.3. Versions between those named
// are spoken too.
func (v *tlsVersions) Set(s string) error {
	known := map[string]uint16{"TLSv1": tls.VersionTLS10, "TLSv1.1": tls.VersionTLS11, "TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}
	*v = tlsVersions{}
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		n, found := known[word]
		if !found {
			return fmt.Errorf("no version %q of TLS: there are TLSv1, TLSv1.1, TLSv1.2, TLSv1.3", word)
		}
		if v.min == 0 || n < v.min {
			v.min = n
		}
		v.max = max(v.max, n)
	}
	return nil
}

// String is empty: the flag has no default.
func (v *tlsVersions) String() string { return "" }

// Type names the value in help texts.
func (v *tlsVersions) Type() string { return "versions" }

// secure makes a connection one with TLS, as the flags say.
func (a *app) secure(ctx context.Context, t target, plain net.Conn) (net.Conn, error) {
	config, err := a.option.tls.config()
	if err != nil {
		plain.Close()
		return nil, usagef("%s: %w", t.name, err)
	}
	c := tls.Client(plain, config)
	if err := c.HandshakeContext(ctx); err != nil {
		plain.Close()
		return nil, fmt.Errorf("%s: TLS: %w", t.name, err)
	}
	return c, nil
}

// config is the flags as Go has them.
func (o *tlsOptions) config() (*tls.Config, error) {
	config := &tls.Config{MinVersion: o.versions.min, MaxVersion: o.versions.max, ServerName: o.serverName}
	if (o.key == "") != (o.certificate == "") {
		return nil, errors.New("--private-key and --certificate go together")
	}
	if o.key != "" {
		pair, err := tls.LoadX509KeyPair(o.certificate, o.key)
		if err != nil {
			return nil, fmt.Errorf("--certificate %s, --private-key %s: %w", o.certificate, o.key, err)
		}
		if o.peerCA != "" {
			more, err := readCertificates(o.peerCA)
			if err != nil {
				return nil, fmt.Errorf("--peer-ca-cert: %w", err)
			}
			for _, c := range more {
				pair.Certificate = append(pair.Certificate, c.Raw)
			}
		}
		config.Certificates = []tls.Certificate{pair}
	}
	// Who the switch is shows in its certificate's signature, as with Open vSwitch;
	// that it has a certain name counts only where one is given.
	config.InsecureSkipVerify = true
	verify, err := o.verifier()
	config.VerifyConnection = verify
	return config, err
}

// verifier is what judges the switch's certificates.
func (o *tlsOptions) verifier() (func(tls.ConnectionState) error, error) {
	file := o.ca
	switch {
	case o.ca == "none":
		return nil, nil
	case o.ca == "" && o.bootstrapCA == "":
		return nil, errors.New("whose certificates are to be trusted? Name a file with --ca-cert, or none")
	case o.bootstrapCA != "":
		file = o.bootstrapCA
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return o.bootstrap, nil
		}
	}
	trusted, err := readCertificates(file)
	return func(s tls.ConnectionState) error { return trust.Verify(s.PeerCertificates, trusted, o.serverName) }, err
}

// bootstrap trusts the authority that the switch names itself, once, and keeps its
// certificate.
func (o *tlsOptions) bootstrap(s tls.ConnectionState) error {
	ca := s.PeerCertificates[len(s.PeerCertificates)-1]
	if !bytes.Equal(ca.RawSubject, ca.RawIssuer) || ca.CheckSignatureFrom(ca) != nil {
		return errors.New("--bootstrap-ca-cert: the switch does not send the certificate of its authority")
	}
	if err := trust.Verify(s.PeerCertificates, []*x509.Certificate{ca}, o.serverName); err != nil {
		return err
	}
	f, err := os.OpenFile(o.bootstrapCA, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("--bootstrap-ca-cert: %w", err)
	}
	return errors.Join(pem.Encode(f, &pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw}), f.Close())
}

// readCertificates reads a file of certificates in PEM.
func readCertificates(file string) ([]*x509.Certificate, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	list, err := trust.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}
