package cmd

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// authority signs certificates.
type authority struct {
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

// issue makes a certificate, of an authority where by is nil.
func issue(t *testing.T, name string, by *authority) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IsCA: by == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	a := &authority{key: key}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

// files writes the certificate and the key of a in PEM.
func (a *authority) files(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, name+"-cert.pem"), filepath.Join(dir, name+"-key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: a.cert.Raw}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// tlsDialer reaches the switch by TCP with TLS.
func (f *fakeSwitch) tlsDialer(t *testing.T, config *tls.Config) Dialer {
	return func(_ context.Context, _, address string) (net.Conn, error) {
		if address != "192.0.2.1:6653" {
			t.Errorf("dials %s", address)
		}
		here, there := net.Pipe()
		var serving sync.WaitGroup
		serving.Go(func() {
			// How the connection ends is the client's affair.
			_ = f.serve(tls.Server(there, config))
		})
		t.Cleanup(func() { here.Close(); serving.Wait() })
		return here, nil
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	ca, other := issue(t, "ca", nil), issue(t, "other", nil)
	server, client := issue(t, "switch", ca), issue(t, "ofctl", ca)
	caFile, _ := ca.files(t, dir, "ca")
	otherFile, _ := other.files(t, dir, "other")
	cert, key := client.files(t, dir, "client")
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	config := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{server.cert.Raw, ca.cert.Raw}, PrivateKey: server.key}},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: pool,
	}
	f := newFakeSwitch()
	learned := filepath.Join(dir, "learned.pem")
	for _, c := range []struct {
		name  string
		flags []string
		code  int
		parts []string
	}{
		{"trusted", []string{"-C", caFile}, exitOK, nil},
		{"any", []string{"--ca-cert=none"}, exitOK, nil},
		{"named", []string{"-C", caFile, "--ssl-server-name=switch", "--ssl-protocols=TLSv1.2"}, exitOK, nil},
		{"learned", []string{"--bootstrap-ca-cert", learned}, exitOK, nil},
		{"known by now", []string{"--bootstrap-ca-cert", learned}, exitOK, nil},
		{"other name", []string{"-C", caFile, "--ssl-server-name=router"}, exitRefused, []string{"ssl:192.0.2.1: TLS", "router"}},
		{"not trusted", []string{"-C", otherFile}, exitRefused, []string{"TLS", "unknown authority"}},
		{"nobody named", nil, exitUsage, []string{"--ca-cert"}},
		{"no file", []string{"-C", filepath.Join(dir, "none.pem")}, exitUsage, []string{"no such file"}},
		{"no certificate", []string{"-C", key}, exitUsage, []string{"no certificate in PEM"}},
		{"no version", []string{"--ssl-protocols=SSLv3"}, exitUsage, []string{"SSLv3", "TLSv1.2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			args := append([]string{"dump-desc", "ssl:192.0.2.1", "-p", key, "-c", cert}, c.flags...)
			code := Run(args, Stdio{Out: &out, Err: &errs}, f.tlsDialer(t, config))
			wantExit(t, result{out.String(), errs.String(), code}, c.code, c.parts...)
		})
	}
	if data, err := os.ReadFile(learned); err != nil || !bytes.Contains(data, []byte("CERTIFICATE")) {
		t.Errorf("the learned authority: %s, %v", data, err)
	}
	var errs bytes.Buffer
	code := Run([]string{"dump-desc", "ssl:192.0.2.1", "-C", caFile, "-p", key}, Stdio{Err: &errs}, f.tlsDialer(t, config))
	wantExit(t, result{"", errs.String(), code}, exitUsage, "go together")
}
