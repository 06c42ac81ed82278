package cmd

import (
	"encoding/hex"
	"fmt"
	"os"

	"github.com/gopacket/gopacket"

	"vswitch/control"
)

// runTrace asks what would become of a packet, or of each of a capture.
func runTrace(a *app, args []string) error {
	info, err := os.Stat(args[1])
	if err != nil || !info.Mode().IsRegular() {
		return a.trace(args)
	}
	if len(args) < 3 {
		return fmt.Errorf("%s: say by which port its packets come in: ofctl trace %s %s in_port=PORT", args[1], args[0], args[1])
	}
	n := 0
	return a.eachFrame(args[1], func(frame []byte, _ gopacket.CaptureInfo) error {
		if n++; !a.option.json {
			if n > 1 {
				fmt.Fprintln(a.out)
			}
			fmt.Fprintf(a.out, "Frame %d of %s\n", n, args[1])
		}
		if err := a.trace([]string{args[0], args[2], hex.EncodeToString(frame)}); err != nil {
			return fmt.Errorf("frame %d: %w", n, err)
		}
		return nil
	})
}

func (a *app) trace(args []string) error {
	if a.showNames() {
		args = append(args[:len(args):len(args)], "--names")
	}
	return a.ask(control.Trace, args)
}
