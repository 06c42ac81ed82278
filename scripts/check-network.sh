#!/usr/bin/env bash
# usage: check-network.sh [-4|-6] [-s SIZE] [-t] NAMESPACE...
#
# Has every namespace ping the addresses of all others and prints who reaches
# whom. -s SIZE sends packets of so many bytes, IP header included, that may not
# be fragmented. -t sends TCP from the first namespace to the second as well,
# both ways (iperf3). Ends with 1 when somebody was not reached. Needs root.
set -euo pipefail

usage() {
	sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
	exit 2
}

die() {
	echo "check-network: $*" >&2
	exit 1
}

family=-4
size=84
tcp=
while getopts 46s:t option; do
	case $option in
		4 | 6) family=-$option ;;
		s) size=$OPTARG ;;
		t) tcp=yes ;;
		*) usage ;;
	esac
done
shift $((OPTIND - 1))
[ $# -ge 2 ] || usage
[ "$(id -u)" = 0 ] || die "needs root, because it enters namespaces"
header=28 # IPv4 and ICMP
[ $family = -4 ] || header=48
[ "$size" -gt $header ] 2>/dev/null || die "-s $size: a number of bytes above $header is needed"
for name in "$@"; do
	[ -e "/run/netns/$name" ] || die "no namespace $name: ip netns list shows those that there are"
done

# address NAMESPACE: its first address that is not only of its link.
address() {
	ip -n "$1" -o "$family" address show scope global | awk '{sub("/.*", "", $4); print $4; exit}'
}

declare -A addresses
for name in "$@"; do
	addresses[$name]=$(address "$name")
	[ -n "${addresses[$name]}" ] || die "$name has no address for ping $family"
done

lost=0
for from in "$@"; do
	for to in "$@"; do
		[ "$from" != "$to" ] || continue
		if out=$(ip netns exec "$from" ping "$family" -n -q -c 3 -i 0.2 -W 1 -M "do" -s $((size - header)) "${addresses[$to]}" 2>&1); then
			answer=$(sed -n 's|^rtt [^=]*= [^/]*/\([^/]*\)/.*|\1 ms|p' <<<"$out")
		else
			answer="NO ANSWER"
			lost=$((lost + 1))
		fi
		printf '%-15s -> %-15s %-25s %s\n' "$from" "$to" "${addresses[$to]}" "$answer"
	done
done

# rate WORD...: what iperf3 in the first namespace reports.
rate() {
	ip netns exec "$1" iperf3 -c "${addresses[$2]}" -t 2 -f m "${@:3}" | awk '/receiver/ {print $7, $8}'
}

if [ -n "$tcp" ] && [ $lost = 0 ]; then
	command -v iperf3 >/dev/null || die "-t needs iperf3"
	ready=$(mktemp)
	ip netns exec "$2" iperf3 -s -B "${addresses[$2]}" --forceflush >"$ready" 2>/dev/null &
	server=$!
	trap 'kill $server 2>/dev/null; rm -f "$ready"' EXIT
	for ((i = 0; i < 100; i++)); do
		! grep -q "Server listening" "$ready" || break
		sleep 0.05
	done
	grep -q "Server listening" "$ready" || die "iperf3 does not start in $2"
	printf '%-15s -> %-15s TCP %s\n' "$1" "$2" "$(rate "$1" "$2")"
	printf '%-15s <- %-15s TCP %s\n' "$1" "$2" "$(rate "$1" "$2" -R)"
fi
[ $lost -eq 0 ] || die "$lost of the paths above carry nothing"
