package text

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"vswitch/flow"
	"vswitch/openflow"
)

// newRand is a random source whose seed the test prints. Comparisons with the real
// tool take the same cases every time, unless $VSWITCH_SEED says others: what a
// fresh seed finds may be a bug of theirs, which must not stop a build of ours.
func newRand(t testing.TB) *rand.Rand {
	seed, err := strconv.ParseUint(os.Getenv("VSWITCH_SEED"), 10, 64)
	if err != nil {
		seed = 1
	}
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// bases are beginnings of matches that make fields possible.
var bases = [...]string{"", "", "ip", "ipv6", "tcp", "udp", "sctp", "tcp6", "udp6", "sctp6", "icmp", "icmp6,icmp_type=135,icmp_code=0",
	"icmp6,icmp_type=136,icmp_code=0", "icmp6", "arp", "rarp", "mpls", "mplsm", "dl_type=0x894f", "dl_type=0x88cc", "dl_vlan=7", "dl_vlan_pcp=3,tcp",
	"ip,ct_state=+est", "ipv6,ct_state=+trk-inv,ct_nw_proto=6", "ip,nw_proto=99"}

// unlike are fields in which Open vSwitch's print, or its prerequisites, are not
// ours, and those that it has not.
func unlike(f *flow.Field) bool {
	switch {
	case len(f.Wires) == 0, f.Wide(), f.ID == flow.FieldInPort, f.ID == flow.FieldRecircID, f.ID == flow.FieldPacketType, f.ID == flow.FieldVLANTCI:
		return true
	case f.ID >= flow.FieldReg0+16 && f.ID < flow.FieldEthSrc:
		return true
	case f.ID >= flow.FieldTunGBPFlags && f.ID < flow.FieldTunMetadata0, f.ID == flow.FieldPBBISID, f.ID == flow.FieldNSHMDType, f.ID >= flow.FieldNSHTTL, f.ID == flow.FieldPBBUCA, f.ID == flow.FieldIPv6ExtHdr:
		return true
	}
	return false
}

// randomMatch is a match on some fields that go with one of the bases.
func randomMatch(r *rand.Rand) openflow.Match {
	m := sampleMatch(bases[r.IntN(len(bases))])
	for range r.IntN(6) {
		f := &flow.Fields()[r.IntN(flow.NumFields)]
		if unlike(f) || m.CheckPrereqs(f.ID) != nil {
			continue
		}
		if _, _, kind := m.Field(f); kind != flow.MatchNone {
			continue
		}
		value, mask := flow.Value{Hi: r.Uint64(), Lo: r.Uint64()}.And(f.Full()), f.Full()
		if f.Maskable && r.IntN(3) == 0 {
			mask = flow.PrefixMask(1+r.IntN(f.Bits), f.Bits)
			if r.IntN(2) == 0 {
				mask = flow.Value{Hi: r.Uint64(), Lo: r.Uint64()}.And(f.Full())
			}
		}
		switch f.ID {
		case flow.FieldIPFrag:
			value.Lo, mask = uint64(r.IntN(2)), f.Full()
		case flow.FieldInPortOXM, flow.FieldActsetOutput:
			value.Lo = uint64(r.IntN(0xff00))
		case flow.FieldARPOp:
			value.Lo &= 0xff
		case flow.FieldVLANVID:
			value.Lo, mask = value.Lo|flow.VLANPresent, f.Full()
		case flow.FieldCTState:
			value.Lo, mask.Lo = value.Lo&0xff|flow.CTTracked|flow.CTEstablished, mask.Lo&0xff|flow.CTTracked|flow.CTEstablished
		case flow.FieldTCPFlags:
			value.Lo, mask.Lo = value.Lo&0x1ff, mask.Lo&0x1ff
		}
		if !mask.IsZero() && !value.And(mask).IsZero() {
			m.SetField(f, value.And(mask), mask)
		}
	}
	if r.IntN(20) == 0 {
		m.Wide = []openflow.WideField{{Field: flow.FieldTunMetadata0 + flow.FieldID(r.IntN(flow.NumTunMetadata)), Value: []byte{1, byte(r.Uint32()), 3, 4}}}
	}
	return m
}

// randomActions is a list of golden actions that go with the match in a version.
func randomActions(r *rand.Rand, golden [][2]string, match string, v openflow.Version) []openflow.Action {
	var list []string
	for range r.IntN(4) {
		text := golden[r.IntN(len(golden))][0]
		// What lies behind a header that comes or goes, and what becomes of goto_table in
		// OpenFlow 1.0, Open vSwitch sees otherwise.
		if !strings.Contains(text, "cap(") && !strings.HasPrefix(text, "decap") && (v > openflow.V10 || !strings.Contains(text, "goto_table")) {
			list = append(list, text)
		}
	}
	fm, err := ParseFlow("table=1,"+match+",actions="+strings.Join(list, ","), Options{Version: v})
	if err != nil {
		return nil
	}
	return fm.Actions
}

// TestRandomFlows prints random matches and lists of actions, reads them again,
// and compares with what ovs-ofctl prints of them: so many flows as cases says,
// from files of many messages.
func TestRandomFlows(t *testing.T) {
	const cases = 10000
	r := newRand(t)
	golden := goldens(t, "actions.txt")
	var names []string
	var messages [][]byte
	tries := 0
	for len(messages) < cases {
		if tries++; tries > 2*cases {
			t.Fatalf("only %d of %d flows can be encoded", len(messages), tries)
		}
		v := openflow.V10 + openflow.Version(r.IntN(6))
		fm := openflow.FlowMod{Table: 1, Priority: uint16(r.Uint32()), Buffer: openflow.NoBuffer, OutPort: openflow.PortAny, OutGroup: openflow.GroupAny,
			IdleTimeout: uint16(r.IntN(3)), Cookie: uint64(r.IntN(3)), Match: randomMatch(r)}
		text := string(AppendMatch(nil, &fm.Match, PrintOptions{}))
		again, err := ParseMatch(text, Options{})
		if err != nil || !reflect.DeepEqual(again, fm.Match) {
			t.Fatalf("%s reads as another match: error %v", text, err)
		}
		fm.Actions = randomActions(r, golden, text, v)
		checkIdentity(t, fm.Actions)
		if b, err := openflow.Append(nil, v, 1, &fm); err == nil {
			names, messages = append(names, fmt.Sprintf("%s in %s", text, v)), append(messages, b)
		}
	}
	checkPrints(t, names, messages)
}

// checkIdentity prints a list of actions and reads it again.
func checkIdentity(t *testing.T, list []openflow.Action) {
	t.Helper()
	text := string(AppendActions(nil, list, PrintOptions{}))
	again, err := ParseActions(text, Options{})
	if err != nil || !reflect.DeepEqual(again, list) {
		t.Fatalf("%s reads as %#v, not as %#v: error %v", text, again, list, err)
	}
}

// randomGroup is the text of a group.
func randomGroup(r *rand.Rand, golden [][2]string, v openflow.Version) string {
	kind := [...]string{"all", "select", "indirect", "ff"}[r.IntN(4)]
	text := fmt.Sprintf("group_id=%d,type=%s", r.IntN(1<<20), kind)
	if kind == "select" && r.IntN(2) == 0 {
		fields := [...]string{"", ",fields(ip_src,tcp_dst=0xff)", ",fields=eth_dst", ",fields(ipv6_src=ffff::,nw_proto)"}
		text += fmt.Sprintf(",selection_method=hash,selection_method_param=%d%s", r.Uint64(), fields[r.IntN(len(fields))])
	}
	buckets := r.IntN(5)
	if kind == "indirect" {
		buckets = 1
	}
	for id := range buckets {
		text += fmt.Sprintf(",bucket=bucket_id:%d", id)
		switch kind {
		case "select":
			text += fmt.Sprintf(",weight:%d", r.IntN(1<<16))
		case "ff":
			text += [...]string{",watch_port:5", ",watch_group:7", ",watch_port:1,watch_group:3"}[r.IntN(3)]
		}
		text += ",actions=" + string(AppendActions(nil, randomActions(r, golden, "", v), PrintOptions{}))
	}
	return text
}

// randomMeter is the text of a meter.
func randomMeter(r *rand.Rand) string {
	text := fmt.Sprintf("meter=%d %s", 1+r.IntN(1<<16), [...]string{"kbps", "pktps"}[r.IntN(2)])
	burst := r.IntN(2) == 0
	if burst {
		text += " burst"
	}
	if r.IntN(2) == 0 {
		text += " stats"
	}
	text += " bands="
	for range 1 + r.IntN(4) {
		precedence := r.IntN(256)
		text += [...]string{"\ntype=drop", "\ntype=dscp_remark"}[precedence&1]
		text += fmt.Sprintf(" rate=%d", r.Uint32())
		if burst {
			text += fmt.Sprintf(" burst_size=%d", r.Uint32())
		}
		if precedence&1 != 0 {
			text += fmt.Sprintf(" prec_level=%d", precedence)
		}
	}
	return text + "\n"
}

// TestRandomGroupsAndMeters is TestRandomFlows for groups and meters.
func TestRandomGroupsAndMeters(t *testing.T) {
	const cases = 5000
	r := newRand(t)
	golden := goldens(t, "actions.txt")
	var names []string
	var messages [][]byte
	groups := 0
	for range cases {
		v := openflow.V10 + openflow.Version(r.IntN(6))
		if b := checkGroup(t, randomGroup(r, golden, v), v); b != nil {
			names, messages, groups = append(names, fmt.Sprintf("group in %s", v)), append(messages, b), groups+1
		}
		text := randomMeter(r)
		m, err := ParseMeter(text, openflow.MeterAdd, Options{})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if printed := string(AppendMeter(nil, &m.MeterConfig, PrintOptions{})); printed != text {
			t.Fatalf("%s prints %s", text, printed)
		}
		if b, err := openflow.Append(nil, v, 1, m); err == nil {
			names, messages = append(names, fmt.Sprintf("%s in %s", text, v)), append(messages, b)
		}
	}
	if groups < cases/3 {
		t.Errorf("only %d of %d groups can be encoded", groups, cases)
	}
	checkPrints(t, names, messages)
}

// checkGroup reads a group, prints it, and reads it again. It gives the group-mod,
// nil where an instruction stands in a bucket or the version has no such group.
func checkGroup(t *testing.T, text string, v openflow.Version) []byte {
	t.Helper()
	m, err := ParseGroup(text, openflow.GroupAdd, Options{Version: v})
	if err != nil && strings.Contains(err.Error(), " is an instruction:") {
		return nil
	}
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	desc := openflow.GroupDesc{Group: m.Group, Type: m.Type, Props: m.Props, Buckets: m.Buckets}
	printed := string(AppendGroup(nil, &desc, true, PrintOptions{}))
	again, err := ParseGroup(printed, openflow.GroupAdd, Options{Version: v})
	if err != nil || !reflect.DeepEqual(again, m) {
		t.Fatalf("%s reads as another group than %s: error %v", printed, text, err)
	}
	b, err := openflow.Append(nil, v, 1, m)
	if err != nil {
		return nil
	}
	return b
}
