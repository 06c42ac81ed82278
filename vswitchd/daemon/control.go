package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"vswitch/config"
	"vswitch/control"
	"vswitch/flow"
	"vswitch/ofproto"
)

// controlServer answers on RUNDIR/vswitchd.PID.ctl.
type controlServer struct {
	listener net.Listener
	ended    sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func (d *Daemon) listenControl(rundir string) (*controlServer, error) {
	path := filepath.Join(rundir, fmt.Sprintf("vswitchd.%d.ctl", os.Getpid()))
	if err := clearSocket(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("control socket: %w", err)
	}
	c := &controlServer{listener: l, conns: map[net.Conn]struct{}{}}
	server := control.NewServer(d.handlers())
	c.ended.Go(func() {
		acceptAll(l, func(err error) { d.log.control.Warn("accept", "error", err) }, func(conn net.Conn) {
			c.keep(conn)
			c.ended.Go(func() {
				defer c.forget(conn)
				if err := server.Serve(conn); err != nil && !errors.Is(err, net.ErrClosed) {
					d.log.control.Debug("control connection", "error", err)
				}
			})
		})
	})
	return c, nil
}

func (c *controlServer) keep(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conns[conn] = struct{}{}
}

func (c *controlServer) forget(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, conn)
	_ = conn.Close()
}

// lastAnswer is how long who has asked before the end may take to read the answer.
const lastAnswer = time.Second

// close takes no more commands, and waits for those in work.
func (c *controlServer) close() error {
	err := c.listener.Close()
	c.each(func(conn net.Conn) { _ = conn.SetReadDeadline(time.Now()) })
	late := time.AfterFunc(lastAnswer, func() { c.each(func(conn net.Conn) { _ = conn.Close() }) })
	defer late.Stop()
	c.ended.Wait()
	return err
}

func (c *controlServer) each(f func(net.Conn)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		f(conn)
	}
}

// handlers are the commands of the control socket.
func (d *Daemon) handlers() map[control.Method]control.Handler {
	return map[control.Method]control.Handler{
		control.Version:      d.cmdVersion,
		control.Status:       func([]string) (control.Reply, error) { return d.report(), nil },
		control.FDBShow:      d.cmdFDBShow,
		control.FDBStats:     d.cmdFDBStats,
		control.FDBFlush:     d.cmdFDBFlush,
		control.FDBAdd:       d.cmdFDBAdd,
		control.FDBDel:       d.cmdFDBDel,
		control.Drops:        d.cmdDrops,
		control.Ports:        d.cmdPorts,
		control.Trace:        d.cmdTrace,
		control.TraceOut:     d.cmdTracePacketOut,
		control.Workers:      d.cmdWorkers,
		control.Ledger:       d.cmdLedger,
		control.Capture:      d.cmdCapture,
		control.Why:          d.cmdWhy,
		control.Megaflows:    d.cmdMegaflows,
		control.DumpFlows:    d.cmdDumpFlows,
		control.DumpAllFlows: d.cmdDumpAllFlows,
		control.Datapaths:    d.cmdDatapaths,
		control.ListBridges:  d.cmdListBridges,
		control.Upcalls:      d.cmdUpcalls,
		control.Purge: func([]string) (control.Reply, error) {
			d.dp.Purge()
			return control.Plain(""), nil
		},
		control.Flows:    d.cmdFlows,
		control.Cache:    d.cmdCache,
		control.VlogList: d.cmdVlogList,
		control.VlogSet:  d.cmdVlogSet,
		control.Reload:   d.cmdReload,
		control.Exit: func([]string) (control.Reply, error) {
			d.quit()
			return control.Plain(""), nil
		},
	}
}

func (d *Daemon) cmdVersion([]string) (control.Reply, error) {
	return control.VersionReply{Program: "vswitchd", Version: d.options.Version, Go: runtime.Version(), Protocols: config.AllProtocols.Names()}, nil
}

func (d *Daemon) cmdReload([]string) (control.Reply, error) {
	r := control.ReloadReply{}
	steps, err := d.reload(context.Background())
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		r.Steps = append(r.Steps, s.String())
	}
	r.Troubles = d.report().Troubles
	return r, nil
}

// bridgesNamed finds bridges by name; none named is all.
func (d *Daemon) bridgesNamed(names []string) ([]*ofproto.Bridge, error) {
	if len(names) == 0 {
		return d.sw.Bridges(), nil
	}
	var list []*ofproto.Bridge
	for _, name := range names {
		b := d.sw.Bridge(name)
		if b == nil {
			return nil, fmt.Errorf("no bridge named %s", name)
		}
		list = append(list, b)
	}
	return list, nil
}

func (d *Daemon) cmdFDBShow(args []string) (control.Reply, error) {
	bridges, err := d.bridgesNamed(args)
	if err != nil {
		return nil, err
	}
	var r control.FDBReply
	for _, b := range bridges {
		f := control.FDB{Bridge: b.Name}
		for _, s := range b.Stations(d.clock()) {
			f.Entries = append(f.Entries, control.FDBEntry{Port: uint32(s.Port.No), Name: s.Port.Name, VLAN: s.VLAN,
				MAC: config.MAC(s.MAC).String(), Age: s.Age.Seconds(), Static: s.Static})
		}
		r = append(r, f)
	}
	return r, nil
}

func (d *Daemon) cmdFDBStats(args []string) (control.Reply, error) {
	bridges, err := d.bridgesNamed(args)
	if err != nil {
		return nil, err
	}
	b := bridges[0]
	s := b.FDBStats()
	return control.FDBStatsReply{Bridge: b.Name, Entries: s.Entries, Most: s.Limit, Static: s.Static,
		Learned: s.Learned, Expired: s.Expired, Evicted: s.Evicted, Moved: s.Moved}, nil
}

func (d *Daemon) cmdFDBFlush(args []string) (control.Reply, error) {
	bridges, err := d.bridgesNamed(args)
	if err != nil {
		return nil, err
	}
	for _, b := range bridges {
		b.FlushStations(d.clock())
	}
	return control.Plain("table successfully flushed\n"), nil
}

// portsNamed lists the ports of bridges, and ports, by name; none named is all.
func (d *Daemon) portsNamed(names []string) ([]*ofproto.Port, error) {
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	var list []*ofproto.Port
	found := map[string]bool{}
	for _, b := range d.sw.Bridges() {
		for _, p := range b.Ports() {
			if len(names) == 0 || wanted[b.Name] || wanted[p.Name] {
				list = append(list, p)
				found[b.Name], found[p.Name] = true, true
			}
		}
	}
	for _, name := range names {
		if !found[name] {
			return nil, fmt.Errorf("no bridge or port named %s", name)
		}
	}
	return list, nil
}

// mac is flow's address as configuration writes it.
func mac(m flow.MAC) string { return config.MAC(m).String() }

// hex16 writes a datapath identifier.
func hex16(id uint64) string {
	s := strconv.FormatUint(id, 16)
	return "0000000000000000"[len(s):] + s
}
