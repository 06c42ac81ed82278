package ofproto

import (
	"fmt"
	"strings"
	"testing"

	"vswitch/flow"
	"vswitch/packet"
)

// BenchmarkTranslate takes packets through ten tables as a virtual network has
// them: admission, two ACLs of 1,000 flows, a conjunctive one, classification
// into registers, 1,000 routes, rewriting, 1,000 stations, egress rules, output.
func BenchmarkTranslate(b *testing.B) {
	j := newJar(b, true)
	bridge := j.bridge("br0", 4, FailSecure)
	j.flows(bridge, tenTables())
	x := newXlate()
	keys := make([]flow.Key, 256)
	for i := range keys {
		k := &keys[i]
		k.InPort = uint32(1 + i%2)
		k.EthSrc, k.EthDst = flow.MAC{2, 0, 0, 0, 0, byte(i)}, flow.MAC{2, 0, 0, 0, 1, 0}
		k.EthType, k.IPProto, k.IPTTL = packet.EthTypeIPv4, packet.ProtoTCP, 64
		k.IPSrc, k.IPDst = 0x0a000000+uint32(i), 0x0a010000+uint32(i*3)
		k.TPSrc, k.TPDst = uint16(30000+i), 80
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if err := x.run(j.sw, &keys[i%len(keys)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	if got := fmt.Sprint(x.result.Actions); !strings.Contains(got, "output") || x.resubmits != 10 {
		b.Fatalf("%d tables, actions %s", x.resubmits, got)
	}
}

func tenTables() string {
	var s strings.Builder
	flow := func(format string, args ...any) { fmt.Fprintf(&s, format+"\n", args...) }
	for port := 1; port <= 4; port++ {
		flow("table=0,priority=100,in_port=%d,vlan_tci=0,actions=load:%d->NXM_NX_REG0[],resubmit(,1)", port, port)
	}
	for i := range 1000 {
		flow("table=1,priority=200,ip,reg0=%d,nw_src=192.168.%d.%d,actions=drop", 1+i%4, i/256, i%256)
		flow("table=2,priority=200,tcp,nw_dst=10.1.%d.%d,tp_dst=%d,actions=drop", i/256, i%256, 1000+i)
		flow("table=5,priority=%d,ip,nw_dst=10.1.%d.%d/%d,actions=load:%d->NXM_NX_REG1[],dec_ttl,resubmit(,6)", 24+i%9, i/256, i%256, 24+i%9, i%4)
		flow("table=7,priority=100,ip,nw_dst=10.1.%d.%d,actions=load:%d->NXM_NX_REG2[],resubmit(,8)", i/256, i%256, 1+i%4)
	}
	flow("table=1,priority=1,actions=resubmit(,2)")
	flow("table=2,priority=1,actions=resubmit(,3)")
	for i := range 64 {
		flow("table=3,priority=100,ip,nw_src=172.16.0.%d,actions=conjunction(1,1/2)", i)
		flow("table=3,priority=100,tcp,tp_dst=%d,actions=conjunction(1,2/2)", 8000+i)
	}
	flow("table=3,priority=50,conj_id=1,ip,actions=drop")
	flow("table=3,priority=1,actions=resubmit(,4)")
	flow("table=4,priority=100,ip,actions=load:7->NXM_NX_REG3[],move:NXM_NX_REG0[0..15]->NXM_NX_REG3[16..31],resubmit(,5)")
	flow("table=5,priority=1,ip,actions=resubmit(,6)")
	flow("table=6,priority=100,ip,actions=mod_dl_src:02:00:00:00:09:01,mod_dl_dst:02:00:00:00:09:02,resubmit(,7)")
	for port := 1; port <= 4; port++ {
		flow("table=8,priority=100,reg2=%d,actions=resubmit(,9)", port)
		flow("table=9,priority=100,reg2=%d,actions=output:%d", port, 1+port%4)
	}
	flow("table=9,priority=200,tcp,tcp_flags=+syn,actions=drop")
	return s.String()
}
