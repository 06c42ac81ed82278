package ofproto

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"vswitch/datapath"
	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
	"vswitch/packet"
)

// The laws of docs/architecture.md, over random tables and random packets.

// randomFlows makes flows for tables 0 to 3 that match and act on a few fields
// with few values, so that packets hit, miss and overlap.
func randomFlows(rng *rand.Rand, n int) string {
	matches := []string{"", "in_port=1", "in_port=2", "dl_src=02:00:00:00:00:01", "dl_dst=02:00:00:00:00:02/ff:ff:ff:ff:ff:0e",
		"dl_vlan=5", "vlan_tci=0", "vlan_tci=0x1000/0x1000", "ip", "ip,nw_src=10.0.0.0/30", "ip,nw_dst=10.0.0.2", "ip,nw_tos=8",
		"ip,nw_ttl=1", "udp", "udp,tp_src=1000/0xfff8", "udp,tp_dst=2000", "tcp", "tcp,tcp_flags=+syn", "ip,ip_frag=no", "ip,ip_frag=later",
		"reg0=1", "reg0=0/1", "metadata=0x10/0xf0", "mpls,mpls_label=9",
		"conj_id=1", "conj_id=2,ip"}
	always := []string{"output:1", "output:2", "output:3", "in_port", "NORMAL", "FLOOD", "mod_dl_src:02:00:00:00:00:09",
		"mod_vlan_vid:7", "strip_vlan", "push_vlan:0x8100", "push_vlan:0x88a8", "load:1->NXM_NX_REG0[]", "load:2->NXM_NX_REG0[0..3]",
		"move:NXM_OF_ETH_SRC[0..7]->NXM_NX_REG0[0..7]", "clone(mod_dl_dst:02:00:00:00:00:08,output:3)", "controller",
		"push:NXM_OF_ETH_DST[]", "pop:NXM_OF_ETH_SRC[]", "output:NXM_NX_REG0[0..3]", "exit",
		"group:1", "group:2", "group:3", "group:4", "group:5", "write_actions(group:5)"}
	ip := []string{"mod_nw_src:10.0.0.9", "mod_nw_tos:16", "dec_ttl", "push_mpls:0x8847", "clone(dec_ttl,mod_nw_dst:10.0.0.7,output:2)"}
	udp := []string{"mod_tp_dst:3000", "move:NXM_OF_UDP_SRC[]->NXM_OF_UDP_DST[]", "mod_tp_src:1"}
	var b strings.Builder
	for range n {
		table := rng.IntN(4)
		m := matches[rng.IntN(len(matches))]
		choice := always
		if strings.HasPrefix(m, "ip") || strings.HasPrefix(m, "udp") || strings.HasPrefix(m, "tcp") {
			choice = append(slices.Clone(choice), ip...)
		}
		if strings.HasPrefix(m, "udp") {
			choice = append(choice, udp...)
		}
		if strings.HasPrefix(m, "mpls") {
			choice = append(slices.Clone(choice), "dec_mpls_ttl", "pop_mpls:0x0800", "set_mpls_label:12")
		}
		var actions []string
		for range rng.IntN(4) {
			actions = append(actions, choice[rng.IntN(len(choice))])
		}
		if rng.IntN(4) == 0 && table < 3 {
			actions = append(actions, fmt.Sprintf("resubmit(,%d)", table+1))
		}
		if rng.IntN(4) == 0 {
			actions = append(actions, "write_actions(output:3,strip_vlan)")
		}
		if rng.IntN(3) == 0 {
			actions = append(actions, "write_metadata:0x10/0x30")
		}
		if rng.IntN(2) == 0 && table < 3 {
			actions = append(actions, fmt.Sprintf("goto_table:%d", table+1+rng.IntN(3-table)))
		}
		if rng.IntN(4) == 0 {
			actions = []string{fmt.Sprintf("conjunction(%d,%d/2)", 1+rng.IntN(2), 1+rng.IntN(2))}
		}
		if len(actions) == 0 {
			actions = []string{"drop"}
		}
		if m != "" {
			m += ","
		}
		fmt.Fprintf(&b, "table=%d,priority=%d,%sactions=%s\n", table, rng.IntN(5), m, strings.Join(actions, ","))
	}
	return b.String()
}

// lawGroups adds the groups that randomFlows uses.
func (j *jar) lawGroups(b *Bridge) {
	j.t.Helper()
	defer b.sw.lock(j.now)()
	for i, line := range []string{
		"type=all,bucket=output:2,bucket=mod_dl_src:02:00:00:00:00:05,output:3,bucket=controller",
		"type=indirect,bucket=strip_vlan,output:in_port",
		"type=ff,bucket=watch_port:7,output:1,bucket=watch_port:2,push_vlan:0x8100,output:2",
		"type=select,bucket=weight:1,output:1,bucket=weight:2,mod_vlan_vid:3,output:2,bucket=weight:1,group:1",
		"type=select,selection_method=hash,fields(eth_src=00:00:00:00:00:01,ip_dst),bucket=weight:1,output:3,bucket=weight:1,group:4,bucket=weight:0,output:2",
	} {
		m, err := text.ParseGroup(fmt.Sprintf("group_id=%d,%s", i+1, line), openflow.GroupAdd, text.Options{})
		if err == nil {
			err = b.groupMod(m, openflow.V15)
		}
		if err != nil {
			j.t.Fatalf("%s: %v", line, err)
		}
	}
}

// randomKey makes the key of a packet that randomFlows knows of.
func randomKey(rng *rand.Rand) flow.Key {
	k := flow.Key{}
	k.InPort = uint32(1 + rng.IntN(3))
	k.EthSrc, k.EthDst = flow.MAC{2, 0, 0, 0, 0, byte(rng.IntN(4))}, flow.MAC{2, 0, 0, 0, 0, byte(rng.IntN(4))}
	if rng.IntN(3) == 0 {
		k.VLAN[0] = flow.VLANTag{TPID: 0x8100, TCI: uint16(5+rng.IntN(3)) | uint16(rng.IntN(8))<<13 | flow.VLANPresent}
		if rng.IntN(3) == 0 {
			k.VLAN[0].TPID = 0x88a8
			k.VLAN[1] = flow.VLANTag{TPID: 0x8100, TCI: uint16(rng.IntN(8)) | flow.VLANPresent}
		}
	}
	switch rng.IntN(6) {
	case 0:
		k.EthType = 0x1234
		return k
	case 1:
		k.EthType = packet.EthTypeARP
		k.ARPOp, k.IPSrc, k.IPDst = 1, 0x0a000001, 0x0a000002
		return k
	}
	k.EthType = packet.EthTypeIPv4
	k.IPSrc, k.IPDst = 0x0a000000+uint32(rng.IntN(8)), 0x0a000000+uint32(rng.IntN(8))
	k.IPTTL, k.IPTOS = uint8(1+rng.IntN(3)), uint8(rng.IntN(4)*4)
	k.IPProto = packet.ProtoUDP
	k.TPSrc, k.TPDst = uint16(996+rng.IntN(16)), uint16(1999+rng.IntN(3))
	switch rng.IntN(5) {
	case 0:
		k.IPProto, k.TCPFlags = packet.ProtoTCP, uint16(rng.IntN(32))
	case 1:
		k.IPFrag = flow.FragAny
	case 2:
		k.IPFrag, k.TPSrc, k.TPDst = flow.FragAny|flow.FragLater, 0, 0
	}
	return k
}

// translated is a Result in a form that can be compared.
func translated(t *testing.T, x *xlate, sw *Switch, k flow.Key) string {
	t.Helper()
	if err := x.run(sw, &k); err != nil {
		t.Fatal(err)
	}
	var s []string
	for i := range x.result.Actions {
		a := &x.result.Actions[i]
		s = append(s, fmt.Sprintf("%v%v", a, extra(a.X)))
	}
	return fmt.Sprint(strings.Join(s, " "), x.result.Credits, x.result.Tags, " mask ", keyText(&x.result.Mask))
}

// keyText shows the words of a key that are not zero.
func keyText(k *flow.Key) (s string) {
	for i, w := range k.Words() {
		if w != 0 {
			s += fmt.Sprintf("[%d]%x", i, w)
		}
	}
	return s
}

func extra(x *datapath.Extra) string {
	switch {
	case x == nil:
		return ""
	case x.Set != nil:
		s := fmt.Sprint(x.Set.Headers)
		for i, m := range x.Set.Mask.Words() {
			if m != 0 {
				s += fmt.Sprintf("[%d]%x/%x", i, x.Set.Value.Words()[i], m)
			}
		}
		return s
	case x.Handle != nil:
		h := *x.Handle.(*packetInHandle)
		return fmt.Sprintf("{%v %v %v %v %v}", h.reason, h.table, h.cookie, h.maxLen, h.metadata.Sparse())
	}
	var s string
	for i := range x.Sub {
		s += extra(x.Sub[i].X)
	}
	return s
}

// TestLawSoundnessAndPurity: packets that are equal under a verdict's mask get
// the same verdict, mask included; and translating changes nothing.
func TestLawSoundnessAndPurity(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 40 {
		j := newJar(t, true)
		b := j.bridge("br0", 3, FailSecure)
		j.lawGroups(b)
		flows := randomFlows(rng, 25)
		j.tryFlows(b, flows)
		x := newXlate()
		for range 200 {
			k := randomKey(rng)
			first := translated(t, x, j.sw, k)
			mask := x.result.Mask
			if again := translated(t, x, j.sw, k); again != first {
				t.Fatalf("translated twice:\n%s\n%s", first, again)
			}
			for range 5 {
				other := randomKey(rng)
				mix(&other, &k, &mask)
				if got := translated(t, x, j.sw, other); got != first {
					t.Fatalf("seed %d: equal under the mask, other verdict\nflows\n%s\npacket %s\nother  %s\n%s\n%s",
						seed, flows, keyText(&k), keyText(&other), first, got)
				}
			}
		}
	}
}

// mix gives other the bits of k that mask has.
func mix(other, k, mask *flow.Key) {
	o, w, m := other.Words(), k.Words(), mask.Words()
	for i := range o {
		o[i] = o[i]&^m[i] | w[i]&m[i]
	}
	other.InPort, other.Present, other.PacketType = k.InPort, k.Present, k.PacketType
}

// TestLawTransparency: with the cache and without it the same frames come out and
// the same is counted; and megaflows never overlap.
func TestLawTransparency(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for round := range 20 {
		rng := rand.New(rand.NewPCG(seed, uint64(round)))
		flows := randomFlows(rng, 25)
		var outs [2][]string
		for i, noCache := range []bool{true, false} {
			rng := rand.New(rand.NewPCG(seed, uint64(1000+round)))
			j := newJar(t, noCache)
			b := j.bridge("br0", 3, FailSecure)
			j.lawGroups(b)
			j.tryFlows(b, flows)
			for range 150 {
				k := randomKey(rng)
				port := fmt.Sprintf("br0p%d", k.InPort)
				frame, err := flow.Compose(&k, make([]byte, 30))
				if err != nil {
					t.Fatalf("%+v: %v", k.Base, err)
				}
				outs[i] = append(outs[i], j.send(port, frame))
			}
			outs[i] = append(outs[i], counts(j, b))
			noOverlap(t, j)
		}
		if !slices.Equal(outs[0], outs[1]) {
			for p := range outs[0] {
				if outs[0][p] != outs[1][p] {
					t.Fatalf("seed %d round %d, packet %d:\nflows\n%s\nwithout cache\n%s\nwith cache\n%s", seed, round, p, flows, outs[0][p], outs[1][p])
				}
			}
		}
	}
}

// counts are all counters of flows, tables and ports.
func counts(j *jar, b *Bridge) string {
	j.dp.Fold()
	var s strings.Builder
	b.eachTable(0xff, func(t *Table) {
		fmt.Fprintf(&s, "table %d: %d lookups, %d matched\n", t.number, t.lookups.Load(), t.matched.Load())
		var lines []string
		t.all(b.sw.version.Load(), func(r *Rule) {
			lines = append(lines, fmt.Sprintf("%d %v: %d packets, %d bytes\n", r.priority, r.match(), r.packets(), r.bytes()))
		})
		slices.Sort(lines)
		s.WriteString(strings.Join(lines, ""))
	})
	for _, g := range b.groups.all() {
		fmt.Fprintf(&s, "group %d: %d packets, %d bytes;", g.id, g.counts.packets.Load(), g.counts.bytes.Load())
		for _, k := range g.buckets {
			fmt.Fprintf(&s, " %d", k.counts.packets.Load())
		}
		s.WriteString("\n")
	}
	for _, p := range b.Ports() {
		c := p.Counters()
		fmt.Fprintf(&s, "%s rx %d tx %d drops %v\n", p.Name, c.RxPackets, c.TxPackets, c.Drops)
	}
	return s.String()
}

// noOverlap checks that no key can match two megaflows.
func noOverlap(t *testing.T, j *jar) {
	t.Helper()
	flows := j.dp.Megaflows()
	for i, a := range flows {
		for _, b := range flows[i+1:] {
			ka, ma, kb, mb := a.Key(), a.Mask(), b.Key(), b.Mask()
			wa, wb, m1, m2 := ka.Words(), kb.Words(), ma.Words(), mb.Words()
			disjoint := false
			for w := range wa {
				disjoint = disjoint || (wa[w]^wb[w])&m1[w]&m2[w] != 0
			}
			if !disjoint {
				t.Fatalf("megaflows overlap:\n%s mask %s\n%s mask %s", keyText(&ka), keyText(&ma), keyText(&kb), keyText(&mb))
			}
		}
	}
}
