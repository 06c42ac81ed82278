#!/usr/bin/env bash
# usage: bridge-host.sh up NAME ADDRESS/LENGTH
#        bridge-host.sh up NAME LINUX-BRIDGE
#        bridge-host.sh down NAME
#
# A cable between the switch and this machine: a device NAME for the switch, as a
# port of type "system", and a device NAME-host for the machine, with an address
# of its own or as a port of a bridge of the kernel (docker0, virbr0 …). "up"
# prints the line for switch.yaml. NAME has at most 10 letters. For the address
# alone, "address" on a bridge in switch.yaml does without this script.
set -euo pipefail

usage() {
	sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "$0" >&2
	exit 2
}

die() {
	echo "bridge-host: $*" >&2
	exit 1
}

up() {
	local name=$1 to=$2
	[ ${#name} -le 10 ] || die "$name: a name has at most 10 letters"
	case $to in
		*/*) ;;
		*) ip link show dev "$to" type bridge 2>/dev/null | grep -q . || die "$to: neither ADDRESS/LENGTH nor a bridge of the kernel (ip link show type bridge)" ;;
	esac
	ip link add "$name" type veth peer name "$name-host"
	# What follows is all or nothing.
	trap 'ip link del "$name"' ERR
	case $to in
		*/*) ip address add "$to" dev "$name-host" ;;
		*) ip link set "$name-host" master "$to" ;;
	esac
	ip link set "$name-host" up
	ip link set "$name" up
	trap - ERR
	echo "      - {name: $name, type: system}"
}

command=${1:-}
[ -n "$command" ] && shift
case $command in
	up) [ $# = 2 ] || usage ;;
	down) [ $# = 1 ] || usage ;;
	*) usage ;;
esac
[ "$(id -u)" = 0 ] || die "needs root, because it makes devices"
case $command in
	up) up "$@" ;;
	# The kernel removes the other end with this one.
	down) ip link del "$1" ;;
esac
