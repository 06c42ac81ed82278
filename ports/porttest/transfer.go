package porttest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	"vswitch/ports/netdev"
)

// RandomData is n bytes that look like nothing, the same ones each time.
func RandomData(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(data)
	return data
}

// Transfer sends data over TCP from a namespace to an address in another one,
// and wants it to arrive unchanged.
func Transfer(t testing.TB, from, into *netdev.Namespace, to netip.Addr, data []byte) {
	t.Helper()
	var listener net.Listener
	if err := into.Do(func() (err error) {
		listener, err = net.Listen("tcp", netip.AddrPortFrom(to, 0).String())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	received := make(chan error, 1)
	go func() { received <- accept(listener, sha256.Sum256(data)) }()
	var conn net.Conn
	if err := from.Do(func() (err error) {
		conn, err = net.DialTimeout("tcp", listener.Addr().String(), Patience)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	err := conn.SetDeadline(time.Now().Add(Patience))
	if err == nil {
		_, err = io.Copy(conn, bytes.NewReader(data))
	}
	if err := errors.Join(err, conn.Close(), <-received); err != nil {
		t.Fatal(err)
	}
}

// accept takes one connection and wants bytes with the given sum from it.
func accept(listener net.Listener, want [32]byte) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(Patience)); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, conn); err != nil {
		return err
	}
	if [32]byte(sum.Sum(nil)) != want {
		return errors.New("received something else than was sent")
	}
	return nil
}
