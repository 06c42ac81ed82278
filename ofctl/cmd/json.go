package cmd

import (
	"bytes"
	"encoding/json"
)

// printRawJSON prints a JSON value over several lines.
func (a *app) printRawJSON(value json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, value, "", "  "); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := a.out.Write(b.Bytes())
	return err
}
