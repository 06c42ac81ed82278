package cmd

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gopacket/gopacket"

	"vswitch/control"
)

// Commands over the control socket of vswitchd.

func runFDB(a *app, args []string) error {
	if len(args) == 0 {
		if args = a.bridges(); len(args) == 0 {
			return fmt.Errorf("no bridge has a socket in %s: is vswitchd running?", a.rundir())
		}
	}
	return a.ask(control.FDBShow, args)
}

// runLog shows levels of the log, or changes them.
func runLog(a *app, args []string) error {
	if len(args) == 0 {
		return a.ask(control.VlogList, nil)
	}
	return a.ask(control.VlogSet, args)
}

// runControl is a command whose operands are those of method.
func runControl(method control.Method) func(*app, []string) error {
	return func(a *app, args []string) error { return a.ask(method, args) }
}

// runMegaflows shows cached decisions.
func runMegaflows(a *app, args []string) error {
	if f := a.option.capture.filter; f != "" {
		args = append([]string{"--filter=" + f}, args...)
	}
	return a.ask(control.Megaflows, args)
}

// runAppctl gives any command to the control socket.
func runAppctl(a *app, args []string) error {
	return a.ask(control.Method(args[0]), args[1:])
}

// ask has vswitchd do a command and prints its reply.
func (a *app) ask(method control.Method, args []string) error {
	stream, where, err := a.dialControl()
	if err != nil {
		return err
	}
	defer stream.Close()
	defer a.closeOnStop(stream)()
	if a.option.timeout > 0 {
		if err := stream.SetDeadline(time.Now().Add(a.option.timeout)); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	client := control.NewClient(stream)
	if a.option.json {
		value, err := client.JSON(method, args...)
		if err != nil {
			return a.explainControl(where, method, err)
		}
		return a.printRawJSON(value)
	}
	reply, err := client.Text(method, args...)
	if err != nil {
		return a.explainControl(where, method, err)
	}
	_, err = a.out.WriteString(reply)
	return err
}

// explainControl is the error of a command that was not done.
func (a *app) explainControl(where string, method control.Method, err error) error {
	var timeout net.Error
	switch {
	case a.ctx.Err() != nil:
		return a.ctx.Err()
	case control.IsRemote(err):
		return fmt.Errorf("%s: %w", method, err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Errorf("%s: vswitchd did not answer within %v", where, a.option.timeout)
	}
	return fmt.Errorf("%s: %w", where, err)
}

// dialControl connects to the control socket, and says where that is.
func (a *app) dialControl() (net.Conn, string, error) {
	path, err := a.controlPath()
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := a.deadline()
	defer cancel()
	stream, err := a.open(ctx, target{name: path, network: "unix", address: path})
	return stream, path, err
}

// pidFile is where vswitchd notes its process number.
const pidFile = "vswitchd.pid"

// controlPath is --control, or the socket of the vswitchd whose pid file is in the
// rundir.
func (a *app) controlPath() (string, error) {
	if path := a.option.control; path != "" {
		return strings.TrimPrefix(path, "unix:"), nil
	}
	file := filepath.Join(a.rundir(), pidFile)
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("no %s: is vswitchd running? Name its directory with --rundir or $VSWITCH_RUNDIR", file)
	case errors.Is(err, fs.ErrPermission):
		return "", fmt.Errorf("%s: permission denied: run ofctl as root or as the user of vswitchd", file)
	case err != nil:
		return "", err
	}
	pid, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 31)
	if err != nil {
		return "", fmt.Errorf("%s: no process number in it", file)
	}
	return filepath.Join(a.rundir(), fmt.Sprintf("vswitchd.%d.ctl", pid)), nil
}

// printRawJSON prints a JSON value over several lines.
func (a *app) printRawJSON(value json.RawMessage) error {
	var b bytes.Buffer
	if err := json.Indent(&b, value, "", "  "); err != nil {
		return fmt.Errorf("the reply is no JSON: %w", err)
	}
	b.WriteByte('\n')
	_, err := a.out.Write(b.Bytes())
	return err
}

// runTrace asks what would become of a packet, or of each of a capture.
func runTrace(a *app, args []string) error {
	switch {
	case a.option.last != "" && len(args) == 0:
		return a.trace([]string{"--last", a.option.last})
	case a.option.last != "":
		return usagef("trace: --last PORT stands alone: its frame and bridge are known")
	case len(args) == 1 && strings.Contains(args[0], "("):
		return a.trace(args)
	case len(args) < 2:
		return usagef("trace: give a bridge and a flow, a packet or a capture, or --last PORT\n  for example: ofctl trace br0 in_port=h1,tcp,tcp_dst=80")
	}
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
