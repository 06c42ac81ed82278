package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// events writes go test's JSON for a terse script: one event a line, "action
// package test output"; "-" is an empty test.
func events(script string) string {
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
		f := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if f[2] == "-" {
			f[2] = ""
		}
		b.WriteString(`{"Action":"` + f[0] + `","Package":"` + f[1] + `","Test":"` + f[2] + `"`)
		if len(f) == 4 {
			b.WriteString(`,"Output":"` + f[3] + `\n"`)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

const passing = `
start p -
run p TestA
run p TestA/x/y
pass p TestA/x/y
run p TestA/z
pass p TestA/z
pass p TestA
run p TestB
output p TestB === RUN   TestB
pass p TestB
output p - PASS
output p - ok  \tp\t0.1s
pass p -`

const skipping = `
start p -
run p TestA
output p TestA === RUN   TestA
output p TestA     a_test.go:3: some log
output p TestA     a_test.go:4: needs root:
output p TestA         run as root
output p TestA --- SKIP: TestA (0.00s)
skip p TestA
run p TestB
skip p TestB
run p TestC
pass p TestC
pass p -`

const failing = `
start p -
run p TestA
output p TestA     a_test.go:3: boo
fail p TestA
output p - FAIL\tp\t0.1s
fail p -`

const panicking = `
start p -
run p TestA
output p TestA panic: at the disco
output p - FAIL\tp\t0.1s
fail p -`

const unbuilt = `
start p -
output p - FAIL\tp [build failed]
fail p -`

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name, in string
		args     []string
		code     int
		want     []string // in the output, in this order
		complain string
	}{
		{"passing", passing, nil, 0, []string{"ok  \tp\t0.1s\n", "tests: 3 passed, 0 failed, 0 skipped\n"}, ""},
		{"skips are named", skipping, nil, 0, []string{
			"skipped tests (2):\n", "  p TestA: needs root: run as root\n", "  p TestB: no reason given\n",
			"tests: 1 passed, 0 failed, 2 skipped\n"}, ""},
		{"skips are refused", skipping, []string{"-no-skips"}, 1, nil, "2 tests skipped where none may be"},
		{"no skips to refuse", passing, []string{"-no-skips"}, 0, nil, ""},
		{"failing", failing, nil, 1, []string{"a_test.go:3: boo", "FAIL\tp\t0.1s\n", "tests: 0 passed, 1 failed, 0 skipped\n"}, "1 failures"},
		{"panicking", panicking, nil, 1, []string{"panic: at the disco", "tests: 0 passed, 1 failed, 0 skipped\n"}, "1 failures"},
		{"unbuilt", unbuilt, nil, 1, []string{"[build failed]", "failed outside its tests: p\n", "tests: 0 passed, 1 failed, 0 skipped\n"}, "1 failures"},
		{"unfinished", "start p -", nil, 1, nil, "input ends before its result"},
		{"too few", passing, []string{"-min", "4"}, 1, nil, "3 tests ran, at least 4 expected"},
		{"bad flag", passing, []string{"-no-such"}, 2, nil, "not defined"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := run(c.args, strings.NewReader(events(c.in)), &out, &errs)
			if code != c.code {
				t.Errorf("exit code %d, want %d; %s", code, c.code, errs.String())
			}
			rest := out.String()
			for _, want := range c.want {
				_, after, ok := strings.Cut(rest, want)
				if !ok {
					t.Fatalf("output lacks %q after what came before:\n%s", want, out.String())
				}
				rest = after
			}
			if !strings.Contains(errs.String(), c.complain) || (c.complain == "") != (errs.Len() == 0) {
				t.Errorf("complaint %q, want %q", errs.String(), c.complain)
			}
		})
	}
}

func TestRunRefusesOtherInput(t *testing.T) {
	for _, in := range []string{"", "{\"Action\":", "ok p 0.1s\n"} {
		var out, errs bytes.Buffer
		if code := run(nil, strings.NewReader(in), &out, &errs); code != 1 {
			t.Errorf("input %q: exit code %d, want 1", in, code)
		}
	}
}

// TestRealOutput reads what the installed go command writes, for a module with
// every kind of end a test can have.
func TestRealOutput(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":         "module m\n\ngo 1.26\n",
		"good/a_test.go": "package good\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) {}\nfunc TestS(t *testing.T) { t.Skip(\"no root here\") }\n",
		"bad/a_test.go":  "package bad\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Error(\"boo\") }\nfunc TestP(t *testing.T) { panic(\"disco\") }\n",
		"unbuilt/a.go":   "package unbuilt\n\nvar x int = \"s\"\n",
		"none/a.go":      "package none\n",
		"good/b_test.go": "package good\n\nimport \"testing\"\n\nfunc TestSub(t *testing.T) { t.Run(\"x\", func(t *testing.T) {}) }\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "test", "-json", "./...")
	cmd.Dir = dir
	input, err := cmd.Output()
	if err == nil {
		t.Fatal("go test passed a failing module")
	}
	var out, errs bytes.Buffer
	if code := run(nil, bytes.NewReader(input), &out, &errs); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	for _, want := range []string{"ok  \tm/good", "FAIL\tm/bad", "boo", "panic: disco", "cannot use \"s\"",
		"  m/good TestS: no root here\n", "failed outside its tests: m/unbuilt\n", "tests: 2 passed, 3 failed, 1 skipped\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("output lacks %q:\n%s", want, out.String())
		}
	}
}
