package openflow

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// live is what ovs-ofctl and ovs-vswitchd 3.1 said to each other, a message a
// line: requests in NN_ofctl.hex, replies in NN_vswitchd.hex, NN being the
// version.
func live(tb testing.TB) map[string][][]byte {
	tb.Helper()
	files, err := filepath.Glob("testdata/live/*.hex")
	if err != nil || len(files) == 0 {
		tb.Fatalf("live messages: %d files, %v", len(files), err)
	}
	messages := make(map[string][][]byte)
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			tb.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 4*MaxLen)
		for lines.Scan() {
			b, err := hex.DecodeString(lines.Text())
			if err != nil {
				tb.Fatalf("%s: %v", name, err)
			}
			messages[filepath.Base(name)] = append(messages[filepath.Base(name)], b)
		}
		if err := lines.Err(); err != nil {
			tb.Fatalf("%s: %v", name, err)
		}
		f.Close()
	}
	return messages
}

// TestLiveRoundTrip decodes what the real tools said and encodes it again to the
// same bytes. The exemptions are where Open vSwitch does something else on
// purpose or by mistake:
//
//   - its flow statistics of OpenFlow 1.1 have OXM matches, ours that version's
//     own where it can say the match;
//   - ovs-ofctl sends dec_nsh_ttl before OpenFlow 1.3, and matches on a connection
//     that may be invalid, which ovs-vswitchd refuses: then with the same error;
//   - the length of a tun_metadata header in delete_field is that of the TLV
//     table, which the codec does not have.
func TestLiveRoundTrip(t *testing.T) {
	deleteTunMetadata := []byte{0x23, 0x20, 0, 50}
	all := live(t)
	for file, messages := range all {
		refused := refusals(all[strings.Replace(file, "ofctl", "vswitchd", 1)])
		for i, want := range messages {
			h, m, err := Decode(want)
			if err != nil {
				if code, found := refused[string(want)]; found && errors.Is(err, code) {
					continue
				}
				t.Errorf("%s line %d: decode %x: %v", file, i+1, want, err)
				continue
			}
			got, err := (&Dialect{}).AppendPart(nil, h.Version, h.XID, m, h.More)
			switch {
			case err != nil:
				t.Errorf("%s line %d: encode %s: %v", file, i+1, h.Name, err)
			case bytes.Equal(got, want):
			case h.Version == V11 && m.Kind() == KindFlowStatsReply:
			case bytes.Contains(want, deleteTunMetadata) && len(got) == len(want):
			default:
				t.Errorf("%s line %d: %s\ngot  %x\nwant %x", file, i+1, h.Name, got, want)
			}
		}
	}
}

// refusals are the requests that replies refuse, and why.
func refusals(replies [][]byte) map[string]ErrorCode {
	refused := make(map[string]ErrorCode)
	for _, b := range replies {
		if _, m, err := Decode(b); err == nil && m.Kind() == KindError {
			refused[string(m.(*Error).Data)] = m.(*Error).Code
		}
	}
	return refused
}
