package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/gopacket/gopacket/pcapgo"

	"vswitch/control"
)

// captureOptions are the flags of capture.
type captureOptions struct {
	write, filter, points string
	snaplen               int
}

// runCapture is capture: frames as they pass, to a file or as lines of text.
func runCapture(a *app, args []string) error {
	o := &a.option.capture
	if o.snaplen < 0 || a.option.count < 0 {
		return usagef("--snaplen and --count are numbers from 0 on, which is no limit")
	}
	words := []string{fmt.Sprintf("--snaplen=%d", o.snaplen), fmt.Sprintf("--count=%d", a.option.count)}
	if o.points != "" {
		words = append(words, "--points="+o.points)
	}
	if o.filter != "" {
		words = append(words, "--filter="+o.filter)
	}
	stream, where, err := a.dialControl()
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := control.NewClient(stream).Stream(control.Capture, append(words, args...)...); err != nil {
		return a.explainControl(where, control.Capture, err)
	}
	// The switch then sends what it still has, and closes the file.
	half, canHalf := stream.(interface{ CloseWrite() error })
	if !canHalf {
		return fmt.Errorf("%s: not a stream that can be ended", where)
	}
	defer context.AfterFunc(a.ctx, func() { _ = half.CloseWrite() })()
	from := bufio.NewReader(stream)
	if _, err := from.Peek(1); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	fmt.Fprintln(a.stdio.Err, "ofctl: capturing; an interrupt (Ctrl-C) ends it")
	if o.write == "" {
		err = a.printCapture(from)
	} else {
		err = a.saveCapture(from, o.write)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	return nil
}

// saveCapture writes a capture to a file, or for "-" to the standard output.
func (a *app) saveCapture(from io.Reader, name string) error {
	if name == "-" {
		_, err := io.Copy(a.stdio.Out, from)
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}

// printCapture prints each frame as a line: when and where, how large it is, its flow,
// and what became of it.
func (a *app) printCapture(from io.Reader) error {
	var lost uint64
	o := pcapgo.DefaultNgReaderOptions
	o.StatisticsCallback = func(_ int, s pcapgo.NgInterfaceStatistics) {
		if s.PacketsDropped != pcapgo.NgNoValue64 {
			lost += s.PacketsDropped
		}
	}
	r, err := pcapgo.NewNgReader(from, o)
	if err != nil {
		return err
	}
	for {
		frame, info, more, err := r.ReadPacketDataWithOptions()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		port, err := r.Interface(info.InterfaceIndex)
		if err != nil {
			return err
		}
		if a.option.json {
			err = a.record(struct {
				Time, Port string
				Size       int
				Flow       string
				Notes      []string
				Bytes      []byte
			}{info.Timestamp.UTC().Format("2006-01-02T15:04:05.000000000Z"), port.Name, info.Length, string(a.packetSummary(nil, frame)), more.Comments, frame})
		} else {
			_, err = fmt.Fprintf(a.out, "%s %s %d bytes: %s; %s\n", info.Timestamp.Format("15:04:05.000000"), port.Name, info.Length,
				a.packetSummary(nil, frame), strings.Join(more.Comments, "; "))
		}
		if err == nil {
			err = a.out.Flush()
		}
		if err != nil {
			return err
		}
	}
	if lost > 0 {
		fmt.Fprintf(a.stdio.Err, "ofctl: %d frames came too fast to be shown\n", lost)
	}
	return nil
}
