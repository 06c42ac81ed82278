package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// ovsSchema is where packages put the schema of Open vSwitch's database.
const ovsSchema = "/usr/share/openvswitch/vswitch.ovsschema"

// ovs is how Open vSwitch is started: an instance of its own, with its own database
// and directories. Its ports are TAPs that it makes (t0, t1), which then move to the
// hosts, or devices that are there (p0, p1).
func ovs(prefix, tso string) func(*rig) error {
	return func(g *rig) error {
		for _, program := range []string{"ovs-vswitchd", "ovsdb-server", "ovsdb-tool", "ovs-vsctl"} {
			if _, err := exec.LookPath(program); err != nil {
				return word("Open vSwitch is not installed (no " + program + ")")
			}
		}
		if _, err := os.Stat(ovsSchema); err != nil {
			return word("Open vSwitch is not installed (no " + ovsSchema + ")")
		}
		if prefix == "t" && g.mtu != plainMTU {
			// It asks for a device's MTU where it runs, by name, and takes frames of no more
			// than 1500 bytes from one that it does not find: let it find the sender's.
			g.space = g.hosts[0]
		}
		database, socket := filepath.Join(g.dir, "conf.db"), filepath.Join(g.dir, "db.sock")
		if err := g.execute("ovsdb-tool", "create", database, ovsSchema); err != nil {
			return err
		}
		if _, err := g.spawn("ovsdb-server", database, "--remote=punix:"+socket); err != nil {
			return err
		}
		err := g.await("ovsdb-server", func() error {
			_, err := os.Stat(socket)
			return err
		})
		if err != nil {
			return err
		}
		vsctl := []string{"ovs-vsctl", "--timeout=20", "--db=unix:" + socket}
		if err := g.execute(append(vsctl, "--no-wait", "init", "--", "set", "Open_vSwitch", ".", "other_config:userspace-tso-enable="+tso)...); err != nil {
			return err
		}
		if g.process, err = g.spawn("ovs-vswitchd", "unix:"+socket, "--disable-system"); err != nil {
			return err
		}
		words := append(vsctl, "add-br", "lab", "--", "set", "bridge", "lab", "datapath_type=netdev", "fail-mode=standalone")
		for i := range g.hosts {
			port := fmt.Sprint(prefix, i)
			words = append(words, "--", "add-port", "lab", port, "--", "set", "interface", port, fmt.Sprintf("ofport_request=%d", i+1))
			if prefix == "t" {
				words = append(words, "type=internal", fmt.Sprintf("mtu_request=%d", g.mtu))
			}
		}
		if err := g.execute(words...); err != nil {
			return err
		}
		g.mgmt = filepath.Join(g.dir, "lab.mgmt")
		if prefix == "t" {
			return g.moveIn()
		}
		return nil
	}
}

// moveIn gives the hosts the devices that the subject has made.
func (g *rig) moveIn() error {
	h, err := g.space.Handle()
	if err != nil {
		return err
	}
	defer h.Close()
	for i, host := range g.hosts {
		file, err := host.File()
		if err != nil {
			return err
		}
		device, err := h.LinkByName(deviceNames[i])
		if err == nil && host != g.space {
			err = h.LinkSetNsFd(device, int(file.Fd()))
		}
		file.Close()
		if err != nil {
			return fmt.Errorf("device %s: move it to host %s: %w", deviceNames[i], g.names[i], err)
		}
	}
	return nil
}
