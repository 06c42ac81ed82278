package compat

import (
	"net"
	"path/filepath"
	"strings"
	"testing"

	"vswitch/openflow"
)

// TestSnoopBeside has ovs-ofctl and ofctl snoop on the same bridge while its
// controller speaks with it.
func TestSnoopBeside(t *testing.T) {
	o := startOVS(t)
	socket := filepath.Join(o.dir, "controller.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	o.vsctl("set", "bridge", "br0", "protocols=[OpenFlow13]", "--", "set-controller", "br0", "unix:"+socket)
	stream, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	xid := uint32(100)
	say := func(messages ...openflow.Message) {
		t.Helper()
		var data []byte
		for _, m := range messages {
			xid++
			if data, err = openflow.Append(data, openflow.V13, xid, m); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := stream.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	say(&openflow.Hello{Versions: openflow.Versions(openflow.V13)})

	// A bridge lets nobody snoop before its controller is connected.
	var theirs, ours *watcher
	await(t, "the controller's connection", func() bool {
		return strings.Contains(o.tool("ovs-vsctl", "--db=unix:db.sock", "get", "controller", "br0", "is_connected"), "true")
	})
	theirs, ours = o.watchTheirs("-O", "OpenFlow13", "snoop", "br0"), o.watchOurs("-O", "OpenFlow13", "snoop", "br0")
	say(&openflow.EchoRequest{Data: []byte("hello")}, &openflow.FeaturesRequest{})
	for i, last := range []openflow.Message{&openflow.GetConfigRequest{}, &openflow.BarrierRequest{}} {
		say(last)
		for _, w := range []*watcher{theirs, ours} {
			await(t, "an answer for the controller", func() bool {
				return strings.Contains(w.out.String(), []string{"GET_CONFIG_REPLY", "BARRIER_REPLY"}[i])
			})
		}
	}
	if a, b := steady(theirs.out.String()), steady(ours.out.String()); a != b {
		t.Errorf("ovs-ofctl:\n%s\nofctl:\n%s", a, b)
	}
}
