package trust

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"vswitch/tests/authority"
)

func parse(t *testing.T, text string) []*x509.Certificate {
	t.Helper()
	list, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestVerify(t *testing.T) {
	a, b := authority.New(t, "a"), authority.New(t, "b")
	good, key := a.Issue("peer", time.Hour)
	old, _ := a.Issue("old", -time.Minute)
	both := parse(t, a.PEM()+key+"# and\n"+b.PEM())
	if len(both) != 2 {
		t.Fatalf("%d certificates of 2", len(both))
	}
	for _, c := range []struct {
		name        string
		sent        []*x509.Certificate
		authorities []*x509.Certificate
		host        string
		want        string // in the error
	}{
		{"known", parse(t, good), both, "", ""},
		{"of somebody else", parse(t, good), both[1:], "", `"CN=peer": x509: certificate signed by unknown authority`},
		{"vouching for itself", parse(t, good+a.PEM()), both[1:], "", `"CN=peer": x509: certificate signed by unknown authority`},
		{"old", parse(t, old), both, "", `"CN=old": x509: certificate has expired`},
		{"without the name", parse(t, good), both, "switch.example", "x509: certificate is not valid for any names"},
		{"nothing", nil, both, "", "shows no certificate"},
	} {
		err := Verify(c.sent, c.authorities, c.host)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// FuzzParse wants certificates or an error.
func FuzzParse(f *testing.F) {
	a := authority.New(f, "a")
	f.Add([]byte(a.PEM()))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if list, err := Parse(text); (err == nil) != (len(list) > 0) {
			t.Errorf("%d certificates, %v", len(list), err)
		}
	})
}
