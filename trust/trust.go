package trust

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Parse reads the certificates of a text in PEM, at least one. Other parts of it
// are passed over.
func Parse(text []byte) (list []*x509.Certificate, err error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, errors.New("no certificate in PEM in it")
	}
	return list, nil
}

// Verify wants one of authorities to vouch for a peer, with the help of the
// certificates that it has sent behind its own. The name in it counts only where
// one is given, as with Open vSwitch.
func Verify(sent, authorities []*x509.Certificate, name string) error {
	if len(sent) == 0 {
		return errors.New("the peer shows no certificate")
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range authorities {
		roots.AddCert(c)
	}
	for _, c := range sent[1:] {
		between.AddCert(c)
	}
	_, err := sent[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, DNSName: name, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return fmt.Errorf("the certificate of the peer, %q: %w", sent[0].Subject, err)
	}
	return nil
}
