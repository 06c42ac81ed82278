package openflow

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// corpus is the messages that ovs-ofctl 3.1 sent, by file name.
func corpus(tb testing.TB) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob("testdata/corpus/*.bin")
	if err != nil || len(files) == 0 {
		tb.Fatalf("corpus: %d files, %v", len(files), err)
	}
	messages := make(map[string][]byte)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			tb.Fatal(err)
		}
		messages[filepath.Base(f)] = b
	}
	return messages
}

// TestCorpusRoundTrip decodes every message of the corpus and encodes it again to
// the same bytes.
func TestCorpusRoundTrip(t *testing.T) {
	for name, want := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			h, m, err := Decode(want)
			if err != nil {
				t.Fatalf("decode %x: %v", want, err)
			}
			got, err := Append([]byte("kept"), h.Version, h.XID, m)
			if err != nil {
				t.Fatalf("encode %+v: %v", m, err)
			}
			if !bytes.Equal(got[4:], want) || string(got[:4]) != "kept" {
				t.Errorf("%s %+v\ngot  %s\nwant %s", h.Name, m, hex.EncodeToString(got[4:]), hex.EncodeToString(want))
			}
		})
	}
}

// TestCorpusTruncated cuts every message of the corpus at every byte, with the
// length in the header made right and left wrong, and expects an error that can
// be sent back. A few forms are legal when cut: their last part is optional.
func TestCorpusTruncated(t *testing.T) {
	for name, whole := range corpus(t) {
		for n := range len(whole) {
			cut := bytes.Clone(whole[:n])
			if _, _, err := Decode(cut); err == nil {
				t.Errorf("%s cut to %d bytes: decoded", name, n)
			}
			if n < HeaderLen {
				continue
			}
			be.PutUint16(cut[2:], uint16(n))
			h, m, err := Decode(cut)
			if err == nil {
				if again, err := Append(nil, h.Version, h.XID, m); err != nil || !bytes.Equal(again, cut) {
					t.Errorf("%s cut to %d bytes: decoded to %+v, encoded to %x, %v", name, n, m, again, err)
				}
				continue
			}
			reply := AppendError(nil, h.Version, h.XID, err, cut)
			if _, e, err := Decode(reply); err != nil || e.Kind() != KindError {
				t.Errorf("%s cut to %d bytes: error reply %x: %v", name, n, reply, err)
			}
		}
	}
}

// TestWrongNumbers puts into every two bytes of every message what lengths and
// kinds must not be, and expects an error that can be sent back, or a message that
// encodes, and no panic.
func TestWrongNumbers(t *testing.T) {
	messages := corpus(t)
	for file, list := range live(t) {
		for i, b := range list {
			if len(b) < 400 {
				messages[fmt.Sprintf("%s line %d", file, i+1)] = b
			}
		}
	}
	for name, whole := range messages {
		for at := HeaderLen; at+2 <= len(whole); at += 2 {
			for _, n := range [...]uint16{0, 3, 4, 7, 0x7fff, 0xffff} {
				b := bytes.Clone(whole)
				be.PutUint16(b[at:], n)
				h, m, err := Decode(b)
				if err == nil {
					Append(nil, h.Version, h.XID, m)
					continue
				}
				if _, e, err := Decode(AppendError(nil, h.Version, h.XID, err, b)); err != nil || e.(*Error).Code == ErrUnknown {
					t.Errorf("%s with %#x at byte %d: error reply %+v, %v", name, n, at, e, err)
				}
			}
		}
	}
}
