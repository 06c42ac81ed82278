package cmd

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"vswitch/control"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// supervisor prints what a monitor or snoop receives, and lets control commands have
// a say in it.
type supervisor struct {
	conn  *conn
	names text.Options // what packet-outs are read with
	ended sync.WaitGroup
	ctx   context.Context    // ends with the watch
	done  context.CancelFunc // ends the watch

	mu       sync.Mutex
	change   *sync.Cond // blocked or exiting has changed
	printer  *printer
	output   *os.File // that ofctl/set-output-file has named; nil: none
	blocked  bool
	leaving  bool // "exit" was said, and is about to be answered
	exiting  bool
	xid      uint32 // last one used
	barriers map[uint32]chan struct{}
}

// firstSupervisedXID tells transactions of control commands from those of the
// connection's own, which count from 1.
const firstSupervisedXID = 1 << 31

// supervise prepares for printing, and listens where --unixctl says.
func (c *conn) supervise(p *printer) (*supervisor, error) {
	s := &supervisor{conn: c, printer: p, xid: firstSupervisedXID, barriers: map[uint32]chan struct{}{}}
	s.change = sync.NewCond(&s.mu)
	s.ctx, s.done = context.WithCancel(c.app.ctx)
	context.AfterFunc(s.ctx, s.exit)
	path := c.app.option.unixctl
	if path == "" || path == "none" {
		return s, nil
	}
	if !c.mute && !c.app.option.noNames {
		if err := c.learnNames(); err != nil {
			return nil, err
		}
	}
	s.names = text.Options{Ports: c.portNames, Tables: c.tableNames, Version: c.version}
	if !filepath.IsAbs(path) {
		path = filepath.Join(c.app.rundir(), path)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		s.done()
		return nil, fmt.Errorf("--unixctl: listen on %s: %w", path, rootCause(err))
	}
	context.AfterFunc(s.ctx, func() { listener.Close() })
	s.ended.Go(func() { s.accept(listener) })
	return s, nil
}

// accept serves control connections until the watch ends.
func (s *supervisor) accept(listener net.Listener) {
	server := control.NewServer(s.handlers())
	for {
		stream, err := listener.Accept()
		if err != nil {
			return
		}
		s.ended.Go(func() {
			defer context.AfterFunc(s.ctx, func() { stream.Close() })()
			defer stream.Close()
			// How the connection ends is the client's affair.
			_ = server.Serve(replyStream{stream, s})
		})
	}
}

// replyStream is a control connection. The watch ends when "exit" has been answered,
// not before.
type replyStream struct {
	net.Conn
	s *supervisor
}

// Write sends a reply.
func (r replyStream) Write(p []byte) (int, error) {
	n, err := r.Conn.Write(p)
	r.s.mu.Lock()
	leaving := r.s.leaving
	r.s.mu.Unlock()
	if leaving {
		r.s.exit()
	}
	return n, err
}

// close ends the control connections.
func (s *supervisor) close() {
	s.done()
	s.ended.Wait()
	if s.output != nil {
		// Each message was written when it was printed.
		_ = s.output.Close()
	}
}

// exit ends the watch.
func (s *supervisor) exit() {
	s.mu.Lock()
	s.exiting = true
	s.change.Broadcast()
	s.mu.Unlock()
	s.conn.stream.Close()
}

// waitUnblocked waits while the watch is blocked, and reports whether it is to go on.
func (s *supervisor) waitUnblocked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.blocked && !s.exiting {
		s.change.Wait()
	}
	return !s.exiting
}

// print prints a message, behind a word that says what is done with it.
func (s *supervisor) print(m message, word string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.printer.event(m, word)
}

// replied wakes who waits for a message.
func (s *supervisor) replied(m message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if wake, found := s.barriers[m.header.XID]; found {
		delete(s.barriers, m.header.XID)
		close(wake)
	}
}

// handlers are the commands of the socket.
func (s *supervisor) handlers() map[control.Method]control.Handler {
	return map[control.Method]control.Handler{
		control.Version: func([]string) (control.Reply, error) {
			return control.VersionReply{Program: "ofctl", Version: s.conn.app.stdio.Version}, nil
		},
		control.Exit: func([]string) (control.Reply, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.leaving = true
			return control.Plain(""), nil
		},
		control.MonitorSend:      s.send,
		control.MonitorPacketOut: s.packetOut,
		control.MonitorBarrier:   s.barrier,
		control.MonitorOutput:    s.setOutput,
		control.MonitorBlock:     func([]string) (control.Reply, error) { return s.block(true), nil },
		control.MonitorUnblock:   func([]string) (control.Reply, error) { return s.block(false), nil },
	}
}

// send is ofctl/send. All messages are looked at before one is sent.
func (s *supervisor) send(words []string) (control.Reply, error) {
	var list [][]byte
	for _, word := range words {
		data, err := hex.DecodeString(strings.Join(strings.Fields(word), ""))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", word, err)
		}
		if n, err := openflow.PeekLength(data); err != nil || n != len(data) {
			return nil, fmt.Errorf("%s: no whole OpenFlow message: it has %d bytes", word, len(data))
		}
		list = append(list, data)
	}
	for _, data := range list {
		if err := s.transmit(data, "send: "); err != nil {
			return nil, err
		}
	}
	return control.Plain(strings.Repeat("sent\n", len(list))), nil
}

// transmit prints a message, behind a word, and sends it.
func (s *supervisor) transmit(data []byte, word string) error {
	m := message{raw: data}
	m.header, m.body, m.err = openflow.Decode(data)
	if err := s.print(m, word); err != nil {
		return err
	}
	s.conn.sender.send(data)
	return nil
}

// encode makes a message that has a transaction number of its own.
func (s *supervisor) encode(m openflow.Message) (xid uint32, data []byte, err error) {
	s.mu.Lock()
	s.xid++
	xid = s.xid
	s.mu.Unlock()
	data, err = openflow.Append(nil, s.conn.version, xid, m)
	return xid, data, err
}

// packetOut is ofctl/packet-out.
func (s *supervisor) packetOut(words []string) (control.Reply, error) {
	m, err := text.ParsePacketOut(words[0], s.names)
	var wrong *text.Error
	if errors.As(err, &wrong) {
		return nil, errors.New(wrong.Caret())
	}
	if err != nil {
		return nil, err
	}
	_, data, err := s.encode(m)
	if err != nil {
		return nil, err
	}
	return control.Plain(""), s.transmit(data, "")
}

// barrier is ofctl/barrier. It returns when the switch has answered.
func (s *supervisor) barrier([]string) (control.Reply, error) {
	xid, data, err := s.encode(&openflow.BarrierRequest{})
	if err != nil {
		return nil, err
	}
	answered := make(chan struct{})
	s.mu.Lock()
	s.barriers[xid] = answered
	s.mu.Unlock()
	s.conn.sender.send(data)
	select {
	case <-answered:
		return control.Plain(""), nil
	case <-s.ctx.Done():
		return nil, fmt.Errorf("ofctl ends before the switch has answered")
	}
}

// setOutput is ofctl/set-output-file.
func (s *supervisor) setOutput(words []string) (control.Reply, error) {
	f, err := os.OpenFile(words[0], os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.output != nil {
		s.output.Close()
	}
	s.output = f
	s.printer.app.out.Reset(f)
	return control.Plain(""), nil
}

// block is ofctl/block and ofctl/unblock.
func (s *supervisor) block(on bool) control.Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blocked == on {
		return control.Plain(map[bool]string{true: "already blocking\n", false: "already unblocked\n"}[on])
	}
	s.blocked = on
	s.change.Broadcast()
	return control.Plain("")
}
