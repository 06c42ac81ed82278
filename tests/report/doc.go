// Command report reads the output of `go test -json` and prints what a person
// wants of it: go test's line for each package, the output of what failed, and at
// the end every skipped test with its reason, so that a run which tested less than
// it seems to says so.
//
//	go test -json ./... | report [-no-skips] [-min N]
//
// The exit code is 1 when a test or a package failed, when -no-skips is given and
// a test was skipped, when fewer than N tests ran, or when the input ends early or
// is not what go test writes; otherwise 0.
//
// # Not here
//
// Running the tests: scripts/test.sh and the Makefile do.
package main
