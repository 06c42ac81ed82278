package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/txtar"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/ofctl/cmd"
	"vswitch/ofproto"
	"vswitch/openflow/text"
)

// cmdOfctl runs ofctl against the jar. Files of the archive can be named; "-" is
// the file "stdin".
func cmdOfctl(j *Jar, out *bytes.Buffer, archive *txtar.Archive, args []string) error {
	var stdin []byte
	dir, err := j.unpack(archive)
	if err != nil {
		return err
	}
	for _, f := range archive.Files {
		if f.Name == "stdin" {
			stdin = f.Data
		}
	}
	for i, a := range args {
		for _, f := range archive.Files {
			if a == f.Name {
				args[i] = filepath.Join(dir, f.Name)
			}
		}
	}
	code := cmd.Run(args, cmd.Stdio{In: bytes.NewReader(stdin), Out: out, Err: out, Getenv: func(name string) string {
		if name == "VSWITCH_RUNDIR" {
			return jarRunDir
		}
		return ""
	}}, j.dial)
	j.settle()
	if code != 0 {
		return errors.New("")
	}
	return nil
}

// jarRunDir is where the jar's sockets seem to be.
const jarRunDir = "/jar"

// dial connects ofctl to a bridge: RUNDIR/BRIDGE.mgmt.
func (j *Jar) dial(_ context.Context, network, address string) (net.Conn, error) {
	name, found := strings.CutSuffix(filepath.Base(address), ".mgmt")
	b := j.Switch.Bridge(name)
	if network != "unix" || !found || b == nil {
		return nil, fmt.Errorf("no socket %s in the jar", address)
	}
	near, far := net.Pipe()
	notify := make(chan struct{}, 1)
	s := b.NewSession(ofproto.SessionOptions{Kind: ofproto.Service, Name: "ofctl", Notify: func() {
		select {
		case notify <- struct{}{}:
		default:
		}
	}}, j.now)
	ended := make(chan struct{})
	var sending sync.Mutex
	flush := func() error {
		sending.Lock()
		defer sending.Unlock()
		if _, err := far.Write(s.Output()); err != nil {
			return err
		}
		return s.Err()
	}
	go func() { // sends what comes up by itself
		defer far.Close()
		for flush() == nil {
			select {
			case <-notify:
			case <-ended:
				return
			}
		}
	}()
	go func() { // reads what ofctl says, and answers; the jar stands still meanwhile
		defer close(ended)
		defer s.Close(j.now)
		buf := make([]byte, 64<<10)
		for {
			n, err := far.Read(buf)
			if n > 0 {
				s.Input(buf[:n], j.now)
				err = flush()
			}
			if err != nil {
				return
			}
		}
	}()
	return near, nil
}

// cmdTrace prints what would become of a flow's packet: trace BRIDGE FLOW.
func cmdTrace(j *Jar, out *bytes.Buffer, _ *txtar.Archive, args []string) error {
	if err := need(args, 2, "trace BRIDGE FLOW"); err != nil {
		return err
	}
	b := j.Switch.Bridge(args[0])
	if b == nil {
		return fmt.Errorf("no bridge %s", args[0])
	}
	m, err := text.ParseMatch(args[1], text.Options{})
	if err != nil {
		return err
	}
	frame, err := flow.ComposeMatch(&m.Match, nil)
	if err != nil {
		return err
	}
	var in *ofproto.Port
	for _, p := range b.Ports() {
		if uint32(p.No) == m.Value.OFPort {
			in = p
		}
	}
	t, err := b.Trace(frame, in, ofproto.TraceOptions{Given: &m.Match}, j.now)
	if err != nil {
		return err
	}
	out.WriteString(t.Text())
	for _, o := range t.AllOutputs() {
		fmt.Fprintf(out, "%s: %s\n", o.Port, o.Frame)
	}
	return nil
}

// cmdMegaflows prints the megaflows, sorted.
func cmdMegaflows(j *Jar, out *bytes.Buffer, _ *txtar.Archive, _ []string) error {
	var lines []string
	for _, m := range j.Datapath.Megaflows() {
		k, mask := m.Key(), m.Mask()
		lines = append(lines, fmt.Sprintf("%s packets %d actions %s", flow.AppendMegaflow(nil, &k, &mask, ""), m.Hits().Packets, actionNames(m.Actions())))
	}
	slices.Sort(lines)
	for _, l := range lines {
		fmt.Fprintln(out, l)
	}
	return nil
}

func actionNames(actions []datapath.Action) string {
	var s []string
	for i := range actions {
		s = append(s, actions[i].String())
	}
	return strings.Join(s, ",")
}
