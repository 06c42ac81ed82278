// Package tests holds the tests that look at the project as a whole: which
// package may import which, the size of files and functions, and whether the
// documentation still says what the code does.
//
// # Not here
//
// Tests of one package stand beside its code. The switch in a jar, which scripts
// and laws run on, is package tests/harness; the reader of `go test -json` behind
// `make test` is tests/report.
package tests
