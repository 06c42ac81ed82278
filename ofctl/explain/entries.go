package explain

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// wildcardMatch is the text of a match without entries.
const wildcardMatch = "<any>"

// matchAt is where the entries of a match stand in a flow-mod of a version; in
// OpenFlow 1.0 it is Nicira's. Both have 48 bytes before, and OXM a header of 4.
func matchAt(v openflow.Version) int {
	if v == openflow.V10 {
		return 48
	}
	return 52
}

// ReadEntries makes the bytes of a list of entries of OXM or NXM: NAME(VALUE), NAME_W(VALUE/MASK).
func ReadEntries(s string) (data []byte, err error) {
	if s == wildcardMatch {
		return nil, nil
	}
	for at := 0; at < len(s); {
		name, rest, found := strings.Cut(s[at:], "(")
		value, _, closed := strings.Cut(rest, ")")
		wrong := func(msg, remedy string) error {
			return &text.Error{In: s, Msg: msg, At: at, Len: max(1, len(name)), Remedy: remedy}
		}
		if !found || !closed {
			return nil, wrong("an entry has its value in parentheses", "write NAME(VALUE), or NAME_W(VALUE/MASK)")
		}
		if data, err = appendEntry(data, name, value); err != nil {
			return nil, wrong(err.Error(), "")
		}
		at += len(name) + len(value) + 2
		at += len(s[at:]) - len(strings.TrimLeft(s[at:], ", "))
	}
	return data, nil
}

// appendEntry appends one entry. A name may be a header in hexadecimal.
func appendEntry(data []byte, name, value string) ([]byte, error) {
	number, mask, isMasked := strings.Cut(value, "/")
	body, err := hex.DecodeString(number + mask)
	if err != nil || isMasked && len(number) != len(mask) {
		return nil, fmt.Errorf("%s: %q is no value in hexadecimal, with a mask as long", name, value)
	}
	if header, err := strconv.ParseUint(name, 16, 32); err == nil && len(name) == 8 {
		return append(binary.BigEndian.AppendUint32(data, uint32(header)), body...), nil
	}
	wire, size, found := wireNamed(strings.TrimSuffix(name, "_W"))
	switch {
	case !found:
		return nil, fmt.Errorf("no field %s", name)
	case isMasked != strings.HasSuffix(name, "_W"):
		return nil, fmt.Errorf("%s: a name ends in _W iff there is a mask", name)
	case size != 0 && len(number) != 2*size:
		return nil, fmt.Errorf("%s: expected to read %d bytes but got %d", name, size, len(number)/2)
	}
	header := uint32(wire.Class)<<16 | uint32(wire.Code)<<9 | uint32(len(body))
	if isMasked {
		header |= 1 << 8
	}
	if wire.Class == 0xffff {
		data = binary.BigEndian.AppendUint32(data, header+4)
		return append(binary.BigEndian.AppendUint32(data, wire.Experimenter), body...), nil
	}
	return append(binary.BigEndian.AppendUint32(data, header), body...), nil
}

// wireNamed finds a field's form by its name on the wire. size is 0 where it varies.
func wireNamed(name string) (w flow.Wire, size int, found bool) {
	for _, f := range flow.Fields() {
		if i := slices.IndexFunc(f.Wires, func(w flow.Wire) bool { return w.Name == name }); i >= 0 {
			if !f.Wide() {
				size = f.Bytes
			}
			return f.Wires[i], size, true
		}
	}
	return w, 0, false
}

// DecodeEntries reads entries by putting them into a flow-mod.
func DecodeEntries(v openflow.Version, entries []byte) (*openflow.Match, error) {
	data, err := openflow.Append(nil, v, 0, &openflow.FlowMod{Nicira: v == openflow.V10, Buffer: openflow.NoBuffer, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny})
	if err != nil {
		return nil, err
	}
	at := matchAt(v)
	if v == openflow.V10 {
		binary.BigEndian.PutUint16(data[40:], uint16(len(entries)))
	} else {
		binary.BigEndian.PutUint16(data[50:], uint16(len(entries)+4))
	}
	data = append(data[:at], entries...)
	for len(data)%8 != 0 {
		data = append(data, 0)
	}
	if len(data) > openflow.MaxLen {
		return nil, openflow.ErrRequestBadLen
	}
	binary.BigEndian.PutUint16(data[2:], uint16(len(data)))
	_, m, err := openflow.Decode(data)
	if err != nil {
		return nil, err
	}
	mod, isMod := m.(*openflow.FlowMod)
	if !isMod {
		return nil, openflow.ErrRequestBadType
	}
	return &mod.Match, nil
}

// EncodeEntries is the opposite of DecodeEntries.
func EncodeEntries(v openflow.Version, m *openflow.Match) ([]byte, error) {
	data, err := openflow.Append(nil, v, 0, &openflow.FlowMod{Nicira: v == openflow.V10, Match: *m, Buffer: openflow.NoBuffer, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny})
	if err != nil {
		return nil, err
	}
	at, n := matchAt(v), 0
	if v == openflow.V10 {
		n = int(binary.BigEndian.Uint16(data[40:]))
	} else {
		n = int(binary.BigEndian.Uint16(data[50:])) - 4
	}
	return data[at : at+n], nil
}

// WriteEntries is the opposite of ReadEntries. It is given what the codec has written.
func WriteEntries(data []byte) string {
	if len(data) == 0 {
		return wildcardMatch
	}
	var list []string
	for len(data) >= 4 {
		header := binary.BigEndian.Uint32(data)
		body, rest := data[4:4+header&0xff], data[4+header&0xff:]
		data = rest
		experimenter := uint32(0)
		if header>>16 == 0xffff {
			experimenter, body = binary.BigEndian.Uint32(body), body[4:]
		}
		name := fmt.Sprintf("%08x", header)
		class, code := uint16(header>>16), uint8(header>>9&0x7f)
		if f := flow.FieldByWire(class, code, experimenter); f != nil {
			for _, w := range f.Wires {
				if w.Class == class && w.Code == code && w.Experimenter == experimenter {
					name = w.Name
				}
			}
		}
		if header>>8&1 != 0 {
			list = append(list, fmt.Sprintf("%s_W(%x/%x)", name, body[:len(body)/2], body[len(body)/2:]))
		} else {
			list = append(list, fmt.Sprintf("%s(%x)", name, body))
		}
	}
	return strings.Join(list, ", ")
}
