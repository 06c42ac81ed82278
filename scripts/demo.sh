#!/usr/bin/env bash
# usage: demo.sh
#
# Shows the switch at work on real traffic: four hosts in namespaces of their
# own, on two bridges joined by a patch. Each command is printed before its
# output; what it must show is checked, and the demo fails if it does not.
# Whatever happens, nothing is left behind. Needs root, and bin/ (make build);
# $VSWITCH_BIN may name another directory with the two programs.
set -euo pipefail
cd "$(dirname "$0")/.."

die() {
	echo "demo: $*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || die "needs root, because it makes network namespaces: sudo make demo"
scripts/deps.sh demo
bin=${VSWITCH_BIN:-bin}
if ! [ -x "$bin/vswitchd" ] || ! [ -x "$bin/ofctl" ]; then die "$bin/vswitchd or $bin/ofctl is missing: make build"; fi
[ -c /dev/net/tun ] || die "there is no /dev/net/tun: modprobe tun, or give the container that device"

hosts="h1 h2 h3 h4"
for host in $hosts; do
	! [ -e "/run/netns/demo-$host" ] || die "a namespace demo-$host exists already: ip netns del demo-$host"
done

dir=$(mktemp -d /tmp/vswitch-demo.XXXXXX)
export VSWITCH_RUNDIR=$dir
started=()

# Ends what the demo has started, the last first: the switch removes its devices,
# namespaces and sockets itself. If it was killed, its namespaces go here.
cleanup() {
	local code=$? i host
	trap - EXIT INT TERM
	for ((i = ${#started[@]} - 1; i >= 0; i--)); do
		kill "${started[i]}" 2>/dev/null || continue
		wait "${started[i]}" 2>/dev/null || true
	done
	for host in $hosts; do
		if [ -e "/run/netns/demo-$host" ]; then
			ip netns del "demo-$host"
			[ $code -ne 0 ] || { echo "demo: the switch has left the namespace demo-$host behind" >&2; code=1; }
		fi
	done
	if [ $code -ne 0 ] && [ -s "$dir/log" ]; then
		echo "demo: failed; the switch said:" >&2
		cat "$dir/log" >&2
	fi
	rm -rf "$dir"
	exit $code
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# title TEXT: what comes now.
title() { printf '\n── %s\n' "$*"; }

# shown TEXT: prints a command.
shown() { printf '\n$ %s\n' "$*"; }

# run WORD...: prints a command as one would type it, and runs it.
run() {
	local word line=
	for word in "$@"; do
		case $word in
			*[[:space:]\'\;\&\|\<\>\*\$\(\)]*) line+=" '$word'" ;;
			*) line+=" $word" ;;
		esac
	done
	shown "${line# }"
	"$@"
}

# await SECONDS WORD...: runs a command until it succeeds.
await() {
	local deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $deadline ] || die "not within the time for it: $*"
		sleep 0.05
	done
}

# agrees: the switch and the kernel have counted the same at h1, what the host
# received being what the switch sent. They are not asked at one instant, so a
# frame may pass between.
agrees() {
	local switch kernel
	switch=$("$bin/ofctl" dump-ports left h1 | grep -o 'pkts=[0-9]*, bytes=[0-9]*' | tr -dc '0-9 \n')
	kernel=$(ip netns exec demo-h1 ip -s link show h1 | awk '/RX:|TX:/ {getline; print $2, $1}')
	[ "$(tac <<<"$switch")" = "$kernel" ]
}

# field NAME TEXT: the first number behind NAME= in TEXT.
field() { sed -n "s/.*\b$1=\([0-9][0-9]*\).*/\1/p" <<<"$2" | head -n 1; }

cat >"$dir/switch.yaml" <<'YAML'
bridges:
  - name: left
    ports:
      - {name: h1, type: tap, netns: demo-h1, address: [10.0.0.1/24, "fd00::1/64"], ofport: 1, tag: 10}
      - {name: h2, type: tap, netns: demo-h2, address: [10.0.0.2/24], ofport: 2, tag: 20}
      - {name: to-right, type: patch, peer: to-left, ofport: 10}
  - name: right
    ports:
      - {name: h3, type: tap, netns: demo-h3, address: [10.0.0.3/24, "fd00::3/64"], ofport: 3, tag: 10, mac: "02:00:00:00:00:03"}
      - {name: h4, type: tap, netns: demo-h4, address: [10.0.0.4/24], ofport: 4, tag: 20}
      - {name: to-left, type: patch, peer: to-right, ofport: 10}
YAML

title "two bridges joined by a patch, with two hosts in VLAN 10 and two in VLAN 20"
run cat "$dir/switch.yaml"
shown "$bin/vswitchd -c $dir/switch.yaml --rundir $dir &"
"$bin/vswitchd" -c "$dir/switch.yaml" --rundir "$dir" 2>"$dir/log" &
started+=($!)
await 10 grep -q msg=ready "$dir/log"
cat "$dir/log"
shown "export VSWITCH_RUNDIR=$dir"
run "$bin/ofctl" status

title "hosts of one VLAN reach each other over the patch, by IPv4 and IPv6"
run ip netns exec demo-h1 ping -n -c 3 -i 0.2 10.0.0.3
run ip netns exec demo-h1 ping -n -c 2 -i 0.2 fd00::3
run "$bin/ofctl" fdb right

title "hosts of different VLANs do not"
if run ip netns exec demo-h1 ping -n -c 3 -i 0.2 -W 0.5 10.0.0.2; then die "the VLANs are not isolated"; fi
run ip netns exec demo-h2 ping -n -c 1 10.0.0.4

title "TCP both ways: offloads are on, so what crosses is super-frames (many segments in one packet)"
ip netns exec demo-h3 iperf3 -s -B 10.0.0.3 --forceflush >"$dir/iperf" 2>&1 &
started+=($!)
await 10 grep -q "Server listening" "$dir/iperf"
run ip netns exec demo-h1 iperf3 -c 10.0.0.3 -t 2 -f g
run ip netns exec demo-h1 iperf3 -c 10.0.0.3 -t 2 -f g -R
run "$bin/ofctl" counters h1
counters=$("$bin/ofctl" counters h1)
[ "$(field segments "$counters")" -gt "$(field packets "$counters")" ] || die "no super-frame has crossed"

title "a flow that drops"
run "$bin/ofctl" add-flow left 'priority=100,icmp,in_port=h1,actions=drop'
if run ip netns exec demo-h1 ping -n -c 3 -i 0.2 -W 0.5 10.0.0.3; then die "the flow does not drop"; fi
run "$bin/ofctl" dump-flows left icmp
run "$bin/ofctl" drops h1
[ "$(field n_packets "$("$bin/ofctl" dump-flows left icmp)")" = 3 ] || die "the flow has not counted the three pings"
run "$bin/ofctl" del-flows left icmp

title "a flow that rewrites: who calls 10.0.0.99 gets h3, whose answers come from 10.0.0.99"
run "$bin/ofctl" add-flow right 'priority=100,ip,nw_dst=10.0.0.99,actions=set_field:10.0.0.3->nw_dst,NORMAL'
run "$bin/ofctl" add-flow right 'priority=100,icmp,icmp_type=0,in_port=h3,actions=set_field:10.0.0.99->nw_src,NORMAL'
run ip netns exec demo-h1 ip neigh add 10.0.0.99 lladdr 02:00:00:00:00:03 dev h1
shown "ip netns exec demo-h3 tcpdump -ln -i h3 icmp &"
ip netns exec demo-h3 tcpdump -ln --immediate-mode -i h3 icmp >"$dir/seen" 2>"$dir/tcpdump" &
started+=($!)
await 10 grep -q "listening on" "$dir/tcpdump"
run ip netns exec demo-h1 ping -n -c 2 -i 0.2 10.0.0.99
await 10 sh -c "[ \$(grep -c 'ICMP echo reply' $dir/seen) -ge 2 ]"
printf '\ntcpdump on h3:\n'
cat "$dir/seen"
grep -q '10.0.0.1 > 10.0.0.3: ICMP echo request' "$dir/seen" || die "h3 has not seen the rewritten request"
run "$bin/ofctl" del-flows right ip

title "counters that add up: 200 pings"
run "$bin/ofctl" add-flow left 'priority=100,icmp,actions=NORMAL'
run ip netns exec demo-h1 ping -n -q -c 200 -i 0.005 10.0.0.3
run "$bin/ofctl" dump-flows left icmp
[ "$(field n_packets "$("$bin/ofctl" dump-flows left icmp)")" = 400 ] || die "the flow has not counted 200 requests and 200 replies"
[ "$(field n_bytes "$("$bin/ofctl" dump-flows left icmp)")" = $((400 * 98)) ] || die "the flow has not counted 98 bytes a packet"
run "$bin/ofctl" dump-ports left h1
run ip netns exec demo-h1 ip -s link show h1
await 5 agrees
run "$bin/ofctl" ledger
grep -q '^imbalance: 0$' <<<"$("$bin/ofctl" ledger)" || die "the ledger does not balance"

title "the end: the switch removes what it made"
shown "kill ${started[0]}"
kill "${started[0]}"
wait "${started[0]}" || die "the switch has failed"
for host in $hosts; do
	! [ -e "/run/netns/demo-$host" ] || die "the switch has left the namespace demo-$host behind"
done
printf '\ndemo: all as it should be, in %d seconds\n' $SECONDS
