package daemon

import (
	"maps"
	"slices"
	"sync"

	"vswitch/config"
)

// numbers remembers which OpenFlow number each port was given, so that it keeps
// it over restarts: bridge, then port.
type numbers struct {
	memory

	mu    sync.Mutex
	given map[string]map[string]uint32
	dirty bool
}

func loadNumbers(file string) (*numbers, error) {
	n := &numbers{memory: memory{file, "port numbers"}, given: map[string]map[string]uint32{}}
	return n, n.load(&n.given)
}

// assign gives every port of a bridge a number: the one that it asks for, the one
// that it had, or the least that none has or had.
func (n *numbers) assign(b *config.Bridge) map[string]uint32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	given := n.given[b.Name]
	if given == nil {
		given = map[string]uint32{}
		n.given[b.Name] = given
	}
	before := maps.Clone(given)
	for _, p := range b.Ports {
		if p.OFPort == 0 {
			continue
		}
		for other, no := range given {
			if no == p.OFPort && other != p.Name {
				delete(given, other)
			}
		}
		given[p.Name] = p.OFPort
	}
	for _, p := range b.Ports {
		if given[p.Name] == 0 {
			given[p.Name] = leastFree(given)
		}
	}
	n.dirty = n.dirty || !maps.Equal(before, given)
	return maps.Clone(given)
}

func leastFree(given map[string]uint32) uint32 {
	taken := slices.Sorted(maps.Values(given))
	free := uint32(config.MinOFPort)
	for _, no := range taken {
		if no == free {
			free++
		}
	}
	return free
}

// keep writes the numbers to their file.
func (n *numbers) keep() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.dirty {
		return nil
	}
	err := n.save(n.given)
	n.dirty = err != nil
	return err
}
