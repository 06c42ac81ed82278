package ofproto

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

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

// BenchmarkUpcall is a frame that no cache knows, from its receipt to its departure: it
// is looked up in vain, decided about, and the decision is kept. upcalls/cpu-s is by the
// time that all threads have had a processor, the garbage collector's too, so that what
// else the machine does hardly matters.
func BenchmarkUpcall(b *testing.B) {
	const round = 20_000 // frames, each of a flow of its own
	frames := make([][]byte, round)
	for i := range frames {
		frames[i] = udp(1, 2, func(k *flow.Key) { k.EthSrc[3], k.EthSrc[4] = byte(i>>8), byte(i) })
	}
	for _, c := range []struct{ name, flows string }{
		{"flows", "priority=9,dl_src=02:ff:ff:ff:ff:ff,actions=drop\npriority=1,actions=output:2"},
		{"two tables", "actions=load:1->NXM_NX_REG0[],resubmit(,1)\ntable=1,priority=9,dl_src=02:ff:ff:ff:ff:ff,actions=drop\ntable=1,priority=1,actions=dec_ttl,output:2"},
		{"NORMAL", "actions=NORMAL"},
	} {
		b.Run(c.name, func(b *testing.B) {
			j := newJar(b, false)
			j.flows(j.bridge("br0", 2, FailSecure), c.flows)
			b.ReportAllocs()
			b.ResetTimer()
			used := time.Duration(0)
			for done := 0; done < b.N; done += round {
				b.StopTimer()
				j.dp.Purge()
				j.ports["br0p2"].Sent()
				j.ports["br0p1"].Repeat(0, 1, frames[:min(round, b.N-done)]...)
				b.StartTimer()
				begin := processorTime(b)
				for j.dp.Step(j.now) {
					j.now++
				}
				used += processorTime(b) - begin
			}
			b.StopTimer()
			w := j.dp.WorkerCounters()[0]
			if w.Upcalls < uint64(b.N) {
				b.Errorf("%d upcalls for %d frames", w.Upcalls, b.N)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "upcalls/s")
			b.ReportMetric(float64(b.N)/used.Seconds(), "upcalls/cpu-s")
		})
	}
}

// processorTime is how long the process has had processors.
func processorTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
