package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"

	"vswitch/config"
)

// numbers remembers which OpenFlow number each port was given, so that it keeps
// it over restarts: bridge, then port.
type numbers struct {
	file string

	mu    sync.Mutex
	given map[string]map[string]uint32
	dirty bool
}

func loadNumbers(file string) (*numbers, error) {
	n := &numbers{file: file, given: map[string]map[string]uint32{}}
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return n, nil
	case err != nil:
		return nil, fmt.Errorf("port numbers: %w", err)
	}
	if err := json.Unmarshal(text, &n.given); err != nil {
		return nil, fmt.Errorf("port numbers: %s: %w: remove the file to number ports anew", file, err)
	}
	return n, nil
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

// save writes the numbers to their file, whole or not at all.
func (n *numbers) save() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.dirty {
		return nil
	}
	text, err := json.MarshalIndent(n.given, "", "  ")
	if err != nil {
		return err
	}
	temporary := n.file + ".new"
	if err := os.WriteFile(temporary, append(text, '\n'), 0o644); err != nil {
		return err
	}
	if err := os.Rename(temporary, n.file); err != nil {
		return err
	}
	n.dirty = false
	return nil
}
