#!/usr/bin/env bash
# usage: fuzz.sh TIME PACKAGE...
#
# Runs every fuzz target of the packages for TIME, one after the other: go test
# fuzzes one target at a time. Fails when a target fails or when there is none.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -ge 2 ] || { echo "usage: $0 TIME PACKAGE..." >&2; exit 2; }
time=$1
shift
go=${GO:-go}

targets=0
for package in $("$go" list "$@"); do
	for target in $("$go" test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "fuzz: $package $target $time"
		"$go" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
		targets=$((targets + 1))
	done
done
[ $targets -gt 0 ] || { echo "fuzz: no fuzz target in: $*" >&2; exit 1; }
echo "fuzz: $targets targets passed"
