#!/usr/bin/env bash
# usage: netns-pair.sh up NAME ADDRESS/LENGTH [MTU]
#        netns-pair.sh down NAME
#
# A host to try the switch's ports of type "system" with: a namespace NAME with a
# device eth0 that has the address, and its other end, a device NAME, where the
# switch runs. "up" prints the line for switch.yaml. (A port of type "tap" with
# "netns" and "address" needs none of this: the switch makes it all.)
set -euo pipefail

usage() {
	sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
	exit 2
}

up() {
	local name=$1 address=$2 mtu=${3:-1500}
	ip netns add "$name"
	# What follows is all or nothing.
	trap 'ip netns del "$name"' ERR
	ip link add "$name" mtu "$mtu" type veth peer name eth0 mtu "$mtu" netns "$name"
	ip -n "$name" link set lo up
	case $address in
		# Nobody else has the address, so it need not be asked for first.
		*:*) ip -n "$name" address add "$address" dev eth0 nodad ;;
		*) ip -n "$name" address add "$address" dev eth0 ;;
	esac
	ip -n "$name" link set eth0 up
	ip link set "$name" up
	trap - ERR
	echo "      - {name: $name, type: system}"
}

command=${1:-}
[ -n "$command" ] && shift
case $command in
	up) [ $# -ge 2 ] && [ $# -le 3 ] || usage ;;
	down) [ $# = 1 ] || usage ;;
	*) usage ;;
esac
[ "$(id -u)" = 0 ] || { echo "netns-pair: needs root, because it makes namespaces and devices" >&2; exit 1; }
case $command in
	up) up "$@" ;;
	# The kernel removes both ends of the cable with the namespace.
	down) ip netns del "$1" ;;
esac
