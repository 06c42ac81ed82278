package packet

import (
	"bytes"
	"testing"
)

func TestCopyTTL(t *testing.T) {
	const (
		eth  = testMACs
		ipv4 = "45000014000000000911 b1d5 0a000001 0a000002" // TTL 9, its checksum is right
		ipv6 = "60000000 0000 3b 07" + "fd000000000000000000000000000001" + "fd000000000000000000000000000002"
	)
	for _, c := range []struct {
		name, before string
		out, in      string // "": nothing to copy
	}{
		{"label over IPv4", eth + "8847 00010b40" + ipv4,
			eth + "8847 00010b09" + ipv4,
			eth + "8847 00010b40 45000014000000004011 7ad5 0a000001 0a000002"},
		{"label over IPv6", eth + "8847 00010b40" + ipv6,
			eth + "8847 00010b07" + ipv6,
			eth + "8847 00010b40 60000000 0000 3b 40" + ipv6[19:]},
		{"label over label", eth + "8100 0001 8848 00010a40 00010b05" + ipv4,
			eth + "8100 0001 8848 00010a05 00010b05" + ipv4,
			eth + "8100 0001 8848 00010a40 00010b40" + ipv4},
		{"IPv4 in IPv6", eth + "86dd 60000000 0014 04 07" + ipv6[19:] + ipv4,
			eth + "86dd 60000000 0014 04 09" + ipv6[19:] + ipv4,
			eth + "86dd 60000000 0014 04 07" + ipv6[19:] + "45000014000000000711 b3d5 0a000001 0a000002"},
		{"IPv4 alone", eth + "0800" + ipv4, "", ""},
		{"label over what is not IP", eth + "8847 00010b40 0001 0800", "", ""},
		{"label cut short", eth + "8847 0001", "", ""},
		{"second label cut short", eth + "8847 00010a40 0001", "", ""},
		{"IP cut short", eth + "8847 00010b40 4500", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := testPool(t, 2, 2048, Headroom)
			check := func(copy func(*Buf) bool, want string) {
				t.Helper()
				b := FromBytes(unhex(t, c.before), p, p)
				defer b.Free(p)
				if done := copy(b); done != (want != "") {
					t.Errorf("done %v", done)
				}
				if want == "" {
					want = c.before
				}
				if w := unhex(t, want); !bytes.Equal(b.Bytes(), w) {
					t.Errorf("got  %x\nwant %x", b.Bytes(), w)
				}
			}
			check((*Buf).CopyTTLOut, c.out)
			check((*Buf).CopyTTLIn, c.in)
		})
	}
}
