package config

// TLS is who the switch is to controllers that connect to it by pssl: or that it
// connects to by ssl:, and whom it trusts. All of it is given, or nothing.
type TLS struct {
	PrivateKey  TLSFile
	Certificate TLSFile // of the key, and those between it and the authority
	CACert      TLSFile // those that vouch for controllers
}

// TLSFile is a file in PEM. What is in it is part of the configuration, so that a
// reload sees whether it has changed.
type TLSFile struct {
	Path string // as the configuration names it
	Text string
}

// IsSet reports whether anything was said.
func (t *TLS) IsSet() bool { return *t != TLS{} }

// Files are the paths of the files.
func (t *TLS) Files() []string {
	return []string{t.PrivateKey.Path, t.Certificate.Path, t.CACert.Path}
}

func (v *validator) tls(t *TLS) {
	if !t.IsSet() {
		return
	}
	for i, key := range []string{"private_key", "certificate", "ca_cert"} {
		if t.Files()[i] == "" {
			v.missing("tls."+key, "not given", "name a file in PEM: private_key, certificate and ca_cert go together")
		}
	}
}

// needsTLS reports a connection with TLS where it is not set up.
func (v *validator) needsTLS(key string, e Endpoint) {
	if e.IsSecure() && !v.config.TLS.IsSet() {
		v.bad(key, e.String(), "TLS is not set up", "give the switch tls: {private_key: FILE, certificate: FILE, ca_cert: FILE}")
	}
}
