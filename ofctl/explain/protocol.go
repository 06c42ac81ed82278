package explain

import (
	"errors"
	"strings"

	"vswitch/openflow"
	"vswitch/openflow/text"
)

// Protocol is a version of OpenFlow together with how flows travel in it, as
// ovs-ofctl counts them.
type Protocol struct {
	Name     string
	Version  openflow.Version
	Nicira   bool // flows in Nicira's form
	TableIDs bool // flow-mods name tables
}

// Protocols are all there are, the one to prefer first.
func Protocols() []Protocol {
	return []Protocol{
		{"OpenFlow10-table_id", openflow.V10, false, false},
		{"OpenFlow10+table_id", openflow.V10, false, true},
		{"NXM-table_id", openflow.V10, true, false},
		{"NXM+table_id", openflow.V10, true, true},
		{"OpenFlow11", openflow.V11, false, true},
		{"OXM-OpenFlow12", openflow.V12, false, true},
		{"OXM-OpenFlow13", openflow.V13, false, true},
		{"OXM-OpenFlow14", openflow.V14, false, true},
		{"OXM-OpenFlow15", openflow.V15, false, true},
	}
}

// ProtocolSet has bit i for Protocols()[i].
type ProtocolSet uint

// String names the protocols, several together where there is a word for them.
func (s ProtocolSet) String() string {
	if s == 0 {
		return "none"
	}
	var names []string
	for _, group := range []struct {
		set  ProtocolSet
		name string
	}{{0x1ff, "any"}, {0x003, "OpenFlow10"}, {0x00c, "NXM"}, {0x1e0, "OXM"}} {
		if s&group.set == group.set {
			names = append(names, group.name)
			s &^= group.set
		}
	}
	for i, p := range Protocols() {
		if s>>i&1 != 0 {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ",")
}

// Encode writes a flow-mod as the protocol has it. The error is that it cannot.
func (p Protocol) Encode(xid uint32, m openflow.Message) ([]byte, error) {
	dialect := openflow.Dialect{NoTableID: !p.TableIDs}
	mod, isMod := m.(*openflow.FlowMod)
	if isMod && p.Version == openflow.V10 {
		form := *mod
		form.Nicira = p.Nicira
		m = &form
	}
	data, err := dialect.Append(nil, p.Version, xid, m)
	if err == nil && isMod && p.Version == openflow.V10 && !p.Nicira && openflow.PeekHeader(data).Type != typeFlowMod {
		err = &openflow.UnencodableError{Version: p.Version, What: "the match in the standard form"}
	}
	return data, err
}

// typeFlowMod is OFPT_FLOW_MOD, in the standard form.
const typeFlowMod = 14

// Usable says which protocols can carry what parse reads.
func Usable(parse func(o text.Options) (openflow.Message, error)) (set ProtocolSet) {
	for i, p := range Protocols() {
		m, err := parse(text.Options{Version: p.Version})
		if err != nil {
			continue
		}
		if _, err := p.Encode(1, m); err == nil {
			set |= 1 << i
		}
	}
	return set
}

// isUnencodable reports whether err is that a version cannot carry something, and
// what that is.
func isUnencodable(err error) (what string, is bool) {
	var e *openflow.UnencodableError
	if !errors.As(err, &e) {
		return "", false
	}
	return e.What, true
}
