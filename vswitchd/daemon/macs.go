package daemon

import (
	"crypto/rand"
	"sync"

	"vswitch/config"
)

// macs remembers the address that each bridge and device was given, so that it
// keeps it over restarts, and a device that is made anew does not leave its
// neighbours with an address that is no more. Bridges and ports have different
// names.
type macs struct {
	memory

	mu    sync.Mutex
	given map[string]string // by name
	dirty bool
}

func loadMACs(file string) (*macs, error) {
	m := &macs{memory: memory{file, "MAC addresses"}, given: map[string]string{}}
	return m, m.load(&m.given)
}

// of is the address that is configured, or else the one kept for the name, which
// is chosen at random the first time: two switches may have ports of one name in
// the same network.
func (m *macs) of(name string, configured config.MAC) config.MAC {
	if configured != (config.MAC{}) {
		return configured
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if mac, err := config.ParseMAC(m.given[name]); err == nil {
		return mac
	}
	var mac config.MAC
	rand.Read(mac[:])         // never fails
	mac[0] = mac[0]&^1 | 0x02 // unicast, locally administered (IEEE 802-2014 §8.4)
	m.given[name] = mac.String()
	m.dirty = true
	return mac
}

// keep writes the addresses to their file.
func (m *macs) keep() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dirty {
		return nil
	}
	err := m.save(m.given)
	m.dirty = err != nil
	return err
}
