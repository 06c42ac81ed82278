#!/usr/bin/env bash
# usage: check.sh
#
# What a change must satisfy before its tests are worth running: format, vet,
# staticcheck (the version that go.mod pins), shell syntax, and the floors.
# All checks run even when an early one fails.
set -uo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
failed=()

# check NAME COMMAND...: the command must succeed.
check() {
	local name=$1
	shift
	if "$@"; then echo "check: $name: ok"; else failed+=("$name"); fi
}

formatted() {
	local files
	files=$(gofmt -l .) || return 1
	[ -z "$files" ] && return
	printf 'not formatted by gofmt:\n%s\n' "$files"
	return 1
}

shells() {
	local file bad=0
	for file in scripts/*.sh .ci/run; do bash -n "$file" || bad=1; done
	return $bad
}

check gofmt formatted
check "go vet" "$go" vet ./...
check staticcheck "$go" tool staticcheck ./...
check "shell syntax" shells
check floors "$go" test -count=1 ./tests -run '^Test(Arch|Docs)'

if [ ${#failed[@]} -gt 0 ]; then
	echo "check: failed: ${failed[*]}" >&2
	exit 1
fi
