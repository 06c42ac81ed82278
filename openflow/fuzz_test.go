package openflow

import (
	"bytes"
	"errors"
	"testing"
)

// fuzzDecode feeds a version's messages, and what they become, to Decode. What
// decodes must encode, to something that decodes to the same again; what does
// not must give an error that can be sent.
func fuzzDecode(f *testing.F, v Version) {
	for _, b := range corpus(f) {
		b = bytes.Clone(b)
		b[0] = byte(v)
		f.Add(b)
	}
	for _, messages := range live(f) {
		for _, b := range messages {
			if Version(b[0]) == v && len(b) < 4096 {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < HeaderLen || len(b) > MaxLen {
			return
		}
		b = bytes.Clone(b)
		b[0] = byte(v)
		be.PutUint16(b[2:], uint16(len(b)))
		h, m, err := Decode(b)
		if err != nil {
			e := new(Error)
			if !errors.As(err, &e) || e.Code == ErrUnknown {
				t.Fatalf("%x: error without a code: %v", b, err)
			}
			if _, _, err := Decode(AppendError(nil, v, h.XID, err, b)); err != nil {
				t.Fatalf("%x: error reply: %v", b, err)
			}
			return
		}
		first, err := (&Dialect{}).AppendPart(nil, h.Version, h.XID, m, h.More)
		if err != nil {
			return // a later version's contents, which an earlier one understands
		}
		if one, _, _ := Next(first); len(one) < len(first) {
			return // a list that takes more messages in our form
		}
		h2, m2, err := Decode(first)
		if err != nil {
			t.Fatalf("%x\nencoded to %x: %v", b, first, err)
		}
		second, err := (&Dialect{}).AppendPart(nil, h2.Version, h2.XID, m2, h2.More)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%x\nencoded to %x\nthen to    %x, %v", b, first, second, err)
		}
	})
}

func FuzzDecode10(f *testing.F) { fuzzDecode(f, V10) }
func FuzzDecode11(f *testing.F) { fuzzDecode(f, V11) }
func FuzzDecode12(f *testing.F) { fuzzDecode(f, V12) }
func FuzzDecode13(f *testing.F) { fuzzDecode(f, V13) }
func FuzzDecode14(f *testing.F) { fuzzDecode(f, V14) }
func FuzzDecode15(f *testing.F) { fuzzDecode(f, V15) }

// FuzzNext cuts byte streams into messages: what is cut off and what is left are
// the stream.
func FuzzNext(f *testing.F) {
	f.Add([]byte{4, 0, 0, 8, 0, 0, 0, 1, 4, 2, 0, 9, 0, 0, 0, 2, 7})
	f.Add([]byte{4, 0, 0, 7})
	f.Fuzz(func(t *testing.T, stream []byte) {
		rest := stream
		for {
			message, after, err := Next(rest)
			if message == nil || err != nil {
				if !bytes.Equal(after, rest) {
					t.Fatalf("%x: nothing cut off, yet %x is left", rest, after)
				}
				return
			}
			if len(message) < HeaderLen || len(message)+len(after) != len(rest) {
				t.Fatalf("%x: cut into %x and %x", rest, message, after)
			}
			rest = after
		}
	})
}
