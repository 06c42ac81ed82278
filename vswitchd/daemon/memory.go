package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// memory is a file of the statedir: what was chosen once and is kept over
// restarts.
type memory struct {
	file string
	what string // "port numbers": what it is, for errors
}

// load reads the file into v, which stays as it is where there is none.
func (m memory) load(v any) error {
	text, err := os.ReadFile(m.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w: remove the file to have them chosen anew", m.what, m.file, err)
	}
	return nil
}

// save writes the file, whole or not at all.
func (m memory) save(v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s: %w", m.what, err)
	}
	temporary := m.file + ".new"
	if err := os.WriteFile(temporary, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("%s: %w", m.what, err)
	}
	if err := os.Rename(temporary, m.file); err != nil {
		return fmt.Errorf("%s: %w", m.what, err)
	}
	return nil
}
