package daemon

import (
	"errors"
	"fmt"

	"vswitch/config/yaml"
	"vswitch/vswitchd/secure"
)

// Check reads the configuration, flows included, and changes nothing. The
// errors name all that is wrong.
func Check(o Options) error {
	c, err := yaml.Load(o.File, o.Flags)
	if err != nil {
		return err
	}
	var errs []error
	if c.TLS.IsSet() {
		if _, err := secure.New(c.TLS); err != nil {
			errs = append(errs, fmt.Errorf("tls: %w", err))
		}
	}
	n := &numbers{given: map[string]map[string]uint32{}}
	for i := range c.Bridges {
		b := &c.Bridges[i]
		if _, err := parseFlows(b, n.assign(b)); err != nil {
			errs = append(errs, fmt.Errorf("bridge %s: %w", b.Name, err))
		}
	}
	return errors.Join(errs...)
}
