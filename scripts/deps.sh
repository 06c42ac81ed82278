#!/usr/bin/env bash
# usage: deps.sh test|demo
#
# Makes sure that the tools which the tests or the demo call are there. As root
# on a system with apt it installs what is missing and says so; otherwise it
# only names what is missing. It never leaves a daemon running: Debian starts
# Open vSwitch when the package is installed, and tests that want one start
# their own in a private directory.
set -euo pipefail

# Lines of "command package": a package is wanted when its command is missing.
# python3-os-ken has no command of its own name; it is probed by an import into
# Debian's own Python, which is where the package installs it.
tools_demo="ip iproute2
ping iputils-ping
iperf3 iperf3
tcpdump tcpdump
ethtool ethtool"
tools_test="$tools_demo
ovs-ofctl openvswitch-common
ovs-vswitchd openvswitch-switch
curl curl
ovs-testcontroller openvswitch-testcontroller
tshark tshark"

case "${1:-}" in
	test) tools=$tools_test ;;
	demo) tools=$tools_demo ;;
	*) echo "usage: $0 test|demo" >&2; exit 2 ;;
esac

# Root's tools live where a plain user's PATH may not look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

missing=()
while read -r tool package; do
	command -v "$tool" >/dev/null || missing+=("$package")
done <<<"$tools"
if [ "$1" = test ] && ! /usr/bin/python3 -c 'import os_ken' 2>/dev/null; then
	missing+=(python3-os-ken)
fi
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
	echo "deps: missing packages, to be installed as root: ${missing[*]}"
	exit 0
fi

# policy-rc.d answers 101, "not allowed", to every package that would start its
# service. One that the administrator has made stays as it is.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi

echo "deps: installing with apt: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null

# What was installed just now must not start at the next boot either.
case " ${missing[*]} " in
	*" openvswitch-switch "*)
		if [ -d /run/systemd/system ]; then
			systemctl disable --now openvswitch-switch.service >/dev/null 2>&1 || true
		elif [ -e /var/run/openvswitch/ovs-vswitchd.pid ]; then
			/etc/init.d/openvswitch-switch stop >/dev/null 2>&1 || true
		fi
		;;
esac
