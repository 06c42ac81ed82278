#!/usr/bin/env bash
# usage: test.sh
#
# Runs `go test` over $PACKAGES (default ./...) and sums up. tests/report prints
# go test's own lines, the output of failing tests, and at the end each skipped
# test with its reason. TestSoak… tests belong to `make soak`. $TESTFLAGS goes to go test, $REPORTFLAGS to the report.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/deps.sh test
if [ "$(id -u)" != 0 ]; then
	echo "test: not root: the system tests, which make network namespaces, are skipped"
fi

go=${GO:-go}
report=$(mktemp -d)
trap 'rm -rf "$report"' EXIT
"$go" build -o "$report/report" ./tests/report

# The variables hold lists of arguments.
# shellcheck disable=SC2086
"$go" test -json -skip '^TestSoak' ${TESTFLAGS:-} ${PACKAGES:-./...} | "$report/report" ${REPORTFLAGS:-}
