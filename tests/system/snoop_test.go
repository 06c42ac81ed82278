package system

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"testing"
)

// TestSnoop has Open vSwitch's tool and ours listen to what a controller and the
// switch say to each other, in a version that is not the listener's.
func TestSnoop(t *testing.T) {
	l := newLab(t, "ovs-ofctl")
	listener, err := net.Listen("unix", l.path("controller"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	s := l.run(`
bridges:
  - name: br0
    protocols: [OpenFlow13]
    controllers: [{target: "unix:$dir/controller", max_backoff: 1s}]
`)
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{4, 0, 0, 8, 0, 0, 0, 1}); err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, conn) // until it is closed
	for _, tool := range []string{"ovs-ofctl", filepath.Join(binaries, "ofctl")} {
		p := s.spawn("switch", tool, "snoop", "br0")
		s.await(tool+" hears something", func() error {
			// The request for the configuration comes from nobody but this test.
			if _, err := conn.Write([]byte{4, 7, 0, 8, 0, 0, 0, 9}); err != nil {
				return err
			}
			if p.hasEnded() {
				t.Fatalf("%s ended: %v\n%s", tool, p.err, p.log.String())
			}
			if p.out.String()+p.log.String() == "" {
				return errors.New("nothing yet")
			}
			return nil
		})
		p.says(`OFPT_GET_CONFIG_REQUEST \(OF1.3\)`)
		p.says(`OFPT_GET_CONFIG_REPLY \(OF1.3\)`)
		p.interrupt()
	}
}
