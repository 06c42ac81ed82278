package explain

import (
	"testing"

	"vswitch/openflow"
)

// FuzzEntries wants what is read and sent again to read as the same.
func FuzzEntries(f *testing.F) {
	for _, s := range []string{"NXM_OF_ETH_TYPE(0800), NXM_OF_IP_SRC_W(0a000000/ff000000)", "00000602(0800)", "ffff0000()", "a(b", "<any>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, v := range []openflow.Version{openflow.V10, openflow.V13} {
			entries, err := ReadEntries(s)
			if err != nil {
				return
			}
			m, err := DecodeEntries(v, entries)
			if err != nil {
				continue
			}
			back, err := EncodeEntries(v, m)
			if err != nil {
				continue
			}
			written := WriteEntries(back)
			again, err := ReadEntries(written)
			if err != nil || string(again) != string(back) {
				t.Errorf("%s: %x reads as %x, %v", written, back, again, err)
			}
		}
	})
}
