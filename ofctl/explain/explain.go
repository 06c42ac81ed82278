package explain

import (
	"errors"
	"fmt"
	"strings"

	"vswitch/flow"
	"vswitch/ofctl/jsontext"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// Flow is an explanation of a flow.
type Flow struct {
	Command  string
	Table    string
	Priority uint16
	Match    []Term
	Actions  []Action
	Versions []Carrier
}

// Term is one term of the match.
type Term struct {
	Term, Words string
	Needs       string // what the match must have beside it, or ""
}

// Action is one action or instruction.
type Action struct{ Action, Words string }

// Carrier says whether a protocol can carry the flow.
type Carrier struct {
	Protocol string
	Carries  bool
	Why      string // it does not
}

// Explain describes a flow that was read from s.
func Explain(mod *openflow.FlowMod, s string) *Flow {
	e := &Flow{
		Command:  [...]string{"add", "modify", "modify_strict", "delete", "delete_strict"}[mod.Command],
		Table:    fmt.Sprint(mod.Table),
		Priority: mod.Priority,
	}
	switch {
	case mod.Table == openflow.TableAll && mod.Command >= openflow.FlowDelete:
		e.Table = "all"
	case mod.Table == openflow.TableAll:
		e.Table = "0"
	}
	for _, term := range jsontext.SplitTop(string(text.AppendMatch(nil, &mod.Match, text.PrintOptions{}))) {
		e.Match = append(e.Match, explainTerm(term))
	}
	for _, action := range mod.Actions {
		written := string(text.AppendActions(nil, []openflow.Action{action}, text.PrintOptions{}))
		e.Actions = append(e.Actions, Action{written, actionWords(action)})
	}
	for _, p := range Protocols() {
		e.Versions = append(e.Versions, explainProtocol(p, s))
	}
	return e
}

// String is the explanation for people.
func (e *Flow) String() string {
	var b strings.Builder
	switch e.Command {
	case "add":
		fmt.Fprintf(&b, "Adds a flow to table %s, with priority %d.\n", e.Table, e.Priority)
	case "modify", "modify_strict":
		fmt.Fprintf(&b, "Changes the actions of flows in table %s.\n", e.Table)
	default:
		fmt.Fprintf(&b, "Deletes flows of table %s.\n", e.Table)
	}
	if len(e.Match) == 0 {
		b.WriteString("\nIt matches every packet.\n")
	} else {
		b.WriteString("\nIt matches packets of which all of this is true:\n")
	}
	for _, t := range e.Match {
		fmt.Fprintf(&b, "  %-24s %s", t.Term, t.Words)
		if t.Needs != "" {
			fmt.Fprintf(&b, " (needs %s)", t.Needs)
		}
		b.WriteByte('\n')
	}
	if !strings.HasPrefix(e.Command, "delete") {
		b.WriteString("\nWhat it does with them, in this order:\n")
		if len(e.Actions) == 0 {
			b.WriteString("  drop                     drops them\n")
		}
		for _, a := range e.Actions {
			fmt.Fprintf(&b, "  %-24s %s\n", a.Action, a.Words)
		}
	}
	b.WriteString("\nWhat can carry it:\n")
	for _, p := range e.Versions {
		carries := "yes"
		if !p.Carries {
			carries = "no: " + p.Why
		}
		fmt.Fprintf(&b, "  %-24s %s\n", p.Protocol, carries)
	}
	return b.String()
}

// explainProtocol finds out whether a protocol can carry the flow that s says.
func explainProtocol(p Protocol, s string) Carrier {
	e := Carrier{Protocol: p.Name}
	mod, err := text.ParseFlow(s, text.Options{CommandWord: true, Version: p.Version})
	if err == nil {
		_, err = p.Encode(1, mod)
	}
	var wrong *text.Error
	what, unencodable := isUnencodable(err)
	switch {
	case err == nil:
		e.Carries = true
	case unencodable:
		e.Why = "it has no " + what
		if strings.HasPrefix(what, "the ") || strings.HasPrefix(what, "a ") || strings.HasPrefix(what, "table ") {
			e.Why = "it cannot carry " + what
		}
	case errors.As(err, &wrong):
		e.Why = wrong.Msg
	default:
		e.Why = err.Error()
	}
	return e
}

// protocolWords are the terms of matches that have no value.
func protocolWords(word string) string {
	words := map[string]string{
		"ip": "IPv4", "ipv6": "IPv6", "icmp": "ICMP", "icmp6": "ICMPv6", "tcp": "TCP over IPv4", "tcp6": "TCP over IPv6", "udp": "UDP over IPv4",
		"udp6": "UDP over IPv6", "sctp": "SCTP over IPv4", "sctp6": "SCTP over IPv6", "arp": "ARP", "rarp": "RARP", "mpls": "MPLS", "mplsm": "MPLS multicast",
	}
	if w := words[word]; w != "" {
		return "it is " + w
	}
	return ""
}

// explainTerm describes one term of a match as it is printed.
func explainTerm(term string) Term {
	name, value, hasValue := strings.Cut(term, "=")
	e := Term{Term: term}
	if !hasValue {
		e.Words = protocolWords(name)
		return e
	}
	f := flow.FieldByName(name)
	subject := name
	if f != nil {
		subject = fieldWords(f)
		var missing *flow.PrereqError
		if errors.As(new(flow.Match).CheckPrereqs(f.ID), &missing) && missing.Keyword != "" {
			e.Needs = missing.Keyword
		}
	}
	number, mask, isMasked := strings.Cut(value, "/")
	switch {
	case f != nil && f.Format == flow.IPv4 && isMasked && !strings.Contains(mask, "."),
		f != nil && f.Format == flow.IPv6Addr && isMasked && !strings.Contains(mask, ":"):
		e.Words = fmt.Sprintf("%s is in the network %s", subject, value)
	case isMasked:
		e.Words = fmt.Sprintf("%s, of which the bits %s count, is %s", subject, mask, number)
	default:
		e.Words = fmt.Sprintf("%s is %s", subject, value)
	}
	return e
}

// fieldWords is what a field is called in a sentence.
//
//size:table
func fieldWords(f *flow.Field) string {
	words := map[flow.FieldID]string{
		flow.FieldInPort: "the port that it came in by", flow.FieldInPortOXM: "the port that it came in by",
		flow.FieldEthSrc: "the Ethernet address that it comes from", flow.FieldEthDst: "the Ethernet address that it goes to",
		flow.FieldEthType: "the Ethernet type", flow.FieldDLVLAN: "the VLAN", flow.FieldVLANVID: "the VLAN, with 0x1000 for a tag that is there,",
		flow.FieldDLVLANPCP: "the VLAN priority", flow.FieldVLANPCP: "the VLAN priority", flow.FieldVLANTCI: "the VLAN tag, with 0x1000 for one that is there,",
		flow.FieldIPSrc: "the IPv4 address that it comes from", flow.FieldIPDst: "the IPv4 address that it goes to",
		flow.FieldIPv6Src: "the IPv6 address that it comes from", flow.FieldIPv6Dst: "the IPv6 address that it goes to",
		flow.FieldIPv6Label: "the IPv6 flow label", flow.FieldIPProto: "the IP protocol", flow.FieldIPTTL: "the TTL or hop limit",
		flow.FieldIPFrag: "whether it is a fragment", flow.FieldIPECN: "the ECN bits",
		flow.FieldTCPSrc: "the port that it comes from", flow.FieldTCPDst: "the port that it goes to", flow.FieldTCPFlags: "the set of its TCP flags",
		flow.FieldARPOp: "the ARP operation", flow.FieldARPSPA: "the protocol address of the ARP sender", flow.FieldARPTPA: "the protocol address that ARP asks for",
		flow.FieldARPSHA: "the hardware address of the ARP sender", flow.FieldARPTHA: "the hardware address of the ARP target",
		flow.FieldTunID: "the tunnel's key", flow.FieldTunSrc: "the tunnel's address at the other end", flow.FieldTunDst: "the tunnel's address at this end",
		flow.FieldMetadata: "the metadata", flow.FieldCTState: "the state of its connection", flow.FieldCTZone: "the connection tracking zone",
		flow.FieldCTMark: "the mark of its connection", flow.FieldCTLabel: "the label of its connection",
		flow.FieldMPLSLabel: "the MPLS label", flow.FieldPktMark: "the mark of the packet", flow.FieldConjID: "the conjunction that has been found true",
		flow.FieldNDTarget: "the address that neighbour discovery asks for",
	}
	if w := words[f.ID]; w != "" {
		return w
	}
	return f.Name
}

// actionWords says what an action does.
//
//size:table
func actionWords(a openflow.Action) string {
	switch a := a.(type) {
	case openflow.Output:
		return outputWords(a.Port)
	case openflow.Controller:
		return "sends it to the controllers" + pausedWords(a.Pause)
	case openflow.OutputReg:
		return "sends it, as it is then, to the port that a field names"
	case openflow.OutputTrunc:
		return fmt.Sprintf("sends its first %d bytes to port %v", a.MaxLen, a.Port)
	case openflow.Enqueue:
		return fmt.Sprintf("sends it through queue %d of port %v", a.Queue, a.Port)
	case openflow.Bundle, openflow.Multipath:
		return "chooses a port or link by a hash of the packet"
	case openflow.Group:
		return fmt.Sprintf("sends it through group %d", a.ID)
	case openflow.PushVLAN, openflow.PushMPLS, openflow.PushPBB, openflow.Encap:
		return "puts a header around it"
	case openflow.PopVLAN:
		return "takes the outer VLAN tag away"
	case openflow.PopMPLS, openflow.PopPBB, openflow.Decap:
		return "takes the outer header away"
	case openflow.SetField, openflow.SetVLANVID, openflow.SetVLANPCP, openflow.SetEthSrc, openflow.SetEthDst, openflow.SetIPSrc, openflow.SetIPDst,
		openflow.SetIPDSCP, openflow.SetIPECN, openflow.SetIPTTL, openflow.SetTPSrc, openflow.SetTPDst, openflow.SetTunnel,
		openflow.SetMPLSLabel, openflow.SetMPLSTC, openflow.SetMPLSTTL, openflow.WriteMetadata:
		return "changes the field; checksums follow"
	case openflow.Move:
		return "copies bits from one field to another"
	case openflow.DecTTL, openflow.DecMPLSTTL, openflow.DecNSHTTL:
		return "takes 1 off the TTL; a packet whose TTL ends goes no further"
	case openflow.CopyTTLOut, openflow.CopyTTLIn:
		return "copies the TTL between the outer header and the next"
	case openflow.CheckPktLarger:
		return fmt.Sprintf("notes in a bit whether it is longer than %d bytes", a.Len)
	case openflow.DeleteField:
		return "takes the tunnel option away"
	case openflow.SetQueue:
		return fmt.Sprintf("has later outputs use queue %d", a.Queue)
	case openflow.PopQueue:
		return "has later outputs use the default queue again"
	case openflow.CT:
		return ctWords(a)
	case openflow.CTClear:
		return "forgets what is known of its connection"
	case openflow.Learn:
		return fmt.Sprintf("adds a flow made from the packet to table %d", a.Table)
	case openflow.FinTimeout:
		return "shortens the flow's timeouts when a connection ends"
	case openflow.Resubmit:
		if a.Table == openflow.TableAll {
			return "looks it up again in this table, and comes back"
		}
		return fmt.Sprintf("looks it up in table %d, and comes back", a.Table)
	case openflow.Clone:
		return "does with a copy: " + string(text.AppendActions(nil, a.Actions, text.PrintOptions{}))
	case openflow.StackPush:
		return "puts bits onto the stack"
	case openflow.StackPop:
		return "takes bits from the stack"
	case openflow.Exit:
		return "ends here: what would follow is not done"
	case openflow.Conjunction:
		return fmt.Sprintf("makes clause %d of %d of conjunction %d true", a.Clause+1, a.Of, a.ID)
	case openflow.Note:
		return "does nothing"
	case openflow.Sample:
		return "reports a share of such packets to collectors"
	case openflow.Meter:
		return fmt.Sprintf("measures it with meter %d, which may drop it", a.ID)
	case openflow.ClearActions:
		return "empties the action set"
	case openflow.WriteActions:
		return "puts these into the action set, which is done when the tables end"
	case openflow.GotoTable:
		return fmt.Sprintf("goes on in table %d", a.Table)
	}
	return "is for tests of the switch"
}

func outputWords(p openflow.PortNo) string {
	switch p {
	case openflow.PortNormal:
		return "forwards it as a learning switch does"
	case openflow.PortFlood:
		return "sends it to all ports that are flooded, but not back"
	case openflow.PortAll:
		return "sends it to all ports, but not back"
	case openflow.PortInPort:
		return "sends it back where it came from"
	case openflow.PortController:
		return "sends it to the controllers"
	case openflow.PortLocal:
		return "gives it to the host itself"
	case openflow.PortTable:
		return "looks it up in the tables"
	}
	return fmt.Sprintf("sends it, as it is then, to port %v", p)
}

func pausedWords(pause bool) string {
	if pause {
		return ", and waits until one gives it back"
	}
	return ""
}

func ctWords(a openflow.CT) string {
	words := "finds its connection"
	if a.Flags&openflow.CTCommit != 0 {
		words += ", and remembers it"
	}
	for _, inner := range a.Actions {
		if inner.ActionKind() == openflow.ActNAT {
			words += ", and translates addresses"
		}
	}
	if a.Table != openflow.CTNoTable {
		words += fmt.Sprintf(", and goes on in table %d", a.Table)
	}
	return words
}
