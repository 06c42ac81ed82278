package flow

import "testing"

func TestHashFlow(t *testing.T) {
	base := Key{}
	base.EthSrc, base.EthDst, base.EthType = MAC{2, 0, 0, 0, 0, 1}, MAC{2, 0, 0, 0, 0, 2}, EthTypeIPv4
	base.IPSrc, base.IPDst, base.IPProto, base.TPSrc, base.TPDst = 1, 2, ProtoUDP, 3, 4
	h := base.HashFlow(0)
	for name, edit := range map[string]func(*Key){
		"eth_src": func(k *Key) { k.EthSrc[5]++ }, "eth_dst": func(k *Key) { k.EthDst[0]++ }, "type": func(k *Key) { k.EthType++ },
		"vlan": func(k *Key) { k.VLAN[0].TCI = 5 | VLANPresent }, "ip_src": func(k *Key) { k.IPSrc++ }, "ip_dst": func(k *Key) { k.IPDst++ },
		"proto": func(k *Key) { k.IPProto++ }, "tp_src": func(k *Key) { k.TPSrc++ }, "tp_dst": func(k *Key) { k.TPDst++ },
	} {
		k := base
		if edit(&k); k.HashFlow(0) == h {
			t.Errorf("%s does not count", name)
		}
	}
	same := base
	same.IPTTL, same.InPort, same.VLAN[0].TPID = 9, 7, 0x8100
	if same.HashFlow(0) != h {
		t.Error("TTL, port or TPID counts")
	}
	first, later := base, base
	first.IPFrag = FragAny
	later.IPFrag, later.TPSrc, later.TPDst = FragAny|FragLater, 0, 0
	if first.HashFlow(0) != later.HashFlow(0) {
		t.Error("fragments of one packet have different hashes")
	}
	if base.HashFlow(1) == h || h == 0 {
		t.Error("the basis does not count, or the hash is 0")
	}
	if n := testing.AllocsPerRun(100, func() { base.HashFlow(3) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
