package tests

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestArchRejects proves that each check fails where it must: every case adds one
// file to a tree that is clean without it, and names the only violation expected.
func TestArchRejects(t *testing.T) {
	long := func(lines int) string { return strings.Repeat("\n", lines) }
	for _, c := range []struct {
		name, file, text string
		want             string // "" for none
	}{
		{"clean", "flow/a.go", "package flow\n\nimport \"x/packet\"\n\n// A is documented.\nvar A = packet.X\n", ""},
		{"upward import", "packet/a.go", "package packet\n\nimport _ \"x/flow\"\n", "packet/a.go:3: packet must not import flow"},
		{"sideways import", "ports/a.go", "package ports\n\nimport _ \"x/flow\"\n", "ports/a.go:3: ports must not import flow"},
		{"lower but not named", "openflow/text/a.go", "package text\n\nimport _ \"x/packet\"\n", "openflow/text/a.go:3: openflow/text must not import packet"},
		{"driver of a driver", "ports/tap/a.go", "package tap\n\nimport _ \"x/ports/kernel\"\n", ""},
		{"driver into the datapath", "ports/tap/a.go", "package tap\n\nimport _ \"x/datapath\"\n", "ports/tap/a.go:3: ports/tap must not import datapath"},
		{"refused standard package", "flow/a.go", "package flow\n\nimport _ \"log/slog\"\n", "flow/a.go:3: flow must not import log/slog"},
		{"netip is fine", "flow/a.go", "package flow\n\nimport _ \"net/netip\"\n", ""},
		{"refused module", "flow/a.go", "package flow\n\nimport _ \"github.com/a/b\"\n", "flow/a.go:3: flow must not import github.com/a/b"},
		{"allowed module", "packet/a.go", "package packet\n\nimport _ \"golang.org/x/sys/unix\"\n", ""},
		{"module in a test", "flow/a_test.go", "package flow\n\nimport _ \"github.com/a/b\"\n", ""},
		{"upward import in a test", "flow/a_test.go", "package flow\n\nimport _ \"x/datapath\"\n", "flow/a_test.go:3: flow must not import datapath"},
		{"double in a test", "datapath/a_test.go", "package datapath\n\nimport _ \"x/ports/dummy\"\n", ""},
		{"double outside a test", "datapath/a.go", "package datapath\n\nimport _ \"x/ports/dummy\"\n", "datapath/a.go:3: datapath must not import ports/dummy"},
		{"no row", "new/doc.go", "// Package new is new.\npackage new\n", "new: no row in the table of floors"},
		{"empty name", "tests/util/doc.go", "// Package util is.\npackage util\n", "tests/util: a package name that says nothing"},
		{"no doc.go", "openflow/a.go", "package openflow\n", "openflow: no doc.go"},
		{"doc.go of another", "openflow/doc.go", "// Something else.\npackage openflow\n", "openflow: the package comment of doc.go does not name the package"},
		{"package comment elsewhere", "openflow/a.go", "// Package openflow is.\npackage openflow\n", "openflow: no doc.go"},
		{"command without a comment", "ofctl/main.go", "package main\n", "ofctl: no doc.go"},
		{"command with a comment", "ofctl/main.go", "// Command ofctl is.\npackage main\n", ""},
		{"long file", "flow/a.go", "package flow\n" + long(500), "flow/a.go: 501 lines, more than 500"},
		{"long function", "flow/a.go", "package flow\n\nfunc f() {" + long(60) + "}\n", "flow/a.go:3: function f has 61 lines, more than 60"},
		{"long table", "flow/a.go", "package flow\n\n//size:table\nfunc f() {" + long(119) + "}\n", ""},
		{"too long table", "flow/a.go", "package flow\n\n//size:table\nfunc f() {" + long(120) + "}\n", "flow/a.go:4: function f has 121 lines, more than 120"},
		{"long test function", "flow/a_test.go", "package flow\n\nfunc f() {" + long(200) + "}\n", ""},
		{"parameters", "flow/a.go", "package flow\n\nfunc f(a, b, c int, d, e, g string) {}\n", "flow/a.go:3: function f has 6 parameters, more than 5"},
		{"init", "flow/a.go", "package flow\n\nfunc init() {}\n", "flow/a.go:3: init function: registration belongs into a table"},
		{"undocumented function", "flow/a.go", "package flow\n\nfunc F() {}\n", "flow/a.go:3: exported F is not documented"},
		{"undocumented method", "flow/a.go", "package flow\n\n// T is.\ntype T[K any] struct{}\n\nfunc (*T[K]) F() {}\n", "flow/a.go:6: exported F is not documented"},
		{"self-evident method", "flow/a.go", "package flow\n\n// T is.\ntype T struct{}\n\nfunc (T) String() string { return \"\" }\n", ""},
		{"method of an unexported type", "flow/a.go", "package flow\n\ntype t struct{}\n\nfunc (t) F() {}\n", ""},
		{"undocumented type", "flow/a.go", "package flow\n\ntype T struct{}\n", "flow/a.go:3: exported T is not documented"},
		{"undocumented constant", "flow/a.go", "package flow\n\nconst C = 1\n", "flow/a.go:3: exported C is not documented"},
		{"documented group", "flow/a.go", "package flow\n\n// All of them.\nconst (\n\tC = 1\n\tD = 2\n)\n", ""},
		{"clock", "flow/a.go", "package flow\n\nimport \"time\"\n\nvar a = time.Now\n", "flow/a.go:5: flow must not call time.Now: time is an argument"},
		{"the worker's clock", "datapath/worker.go", "package datapath\n\nimport \"time\"\n\nvar a = time.Now\n", ""},
		{"another file's clock", "datapath/a.go", "package datapath\n\nimport \"time\"\n\nvar a = time.Now\n", "datapath/a.go:5: datapath must not call time.Now: time is an argument"},
		{"goroutine", "flow/a.go", "package flow\n\nfunc f() { go f() }\n", "flow/a.go:3: flow must not start goroutines here"},
		{"assigned variable", "flow/a.go", "package flow\n\nvar a []int\n\nfunc f() { a[0] = 1 }\n", "flow/a.go:5: package-level state: a is assigned to"},
		{"counted variable", "flow/a.go", "package flow\n\nvar a struct{ n int }\n\nfunc f() { a.n++ }\n", "flow/a.go:5: package-level state: a is assigned to"},
		{"own variable of that name", "flow/a.go", "package flow\n\nvar a []int\n\nfunc f(a []int) { a[0] = 1 }\n", ""},
		{"lock", "flow/a.go", "package flow\n\nimport \"sync\"\n\nvar a struct{ mu sync.Mutex }\n", "flow/a.go:5: package-level state: a is of package sync"},
		{"stateless", "vswitchd/daemon/a.go", "package daemon\n\nvar a = 1\n", "vswitchd/daemon/a.go:3: package-level variable a in a package without any"},
		{"stateless errors", "vswitchd/daemon/a.go", "package daemon\n\nimport \"errors\"\n\nvar a = errors.New(\"b\")\n", ""},
		{"not Go", "flow/a.go", "package flow\n\nfunc {", "flow/a.go:3:6: expected 'IDENT', found '{'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree := fstest.MapFS{c.file: {Data: []byte(c.text)}}
			for _, pkg := range []string{"packet", "flow", "ports", "datapath", "openflow/text", "ports/tap", "vswitchd/daemon"} {
				name := pkg[strings.LastIndexByte(pkg, '/')+1:]
				tree[pkg+"/doc.go"] = &fstest.MapFile{Data: []byte("// Package " + name + " is.\npackage " + name + "\n")}
			}
			_, got := inspect(tree, "x", floors)
			if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || got[0] != c.want) {
				t.Errorf("violations %q, want %q", got, c.want)
			}
		})
	}
}

// TestArchPackageSize is the one check that needs many files.
func TestArchPackageSize(t *testing.T) {
	tree := fstest.MapFS{"flow/doc.go": {Data: []byte("// Package flow is.\npackage flow\n")}}
	add := func(n int) {
		for i := range n {
			tree["flow/"+strings.Repeat("a", i+1)+".go"] = &fstest.MapFile{Data: []byte("package flow\n")}
		}
	}
	row, _ := find(floors, "flow")
	add(row.files - 1)
	if _, got := inspect(tree, "x", floors); len(got) > 0 {
		t.Errorf("%d files: %q", len(tree), got)
	}
	add(row.files)
	if _, got := inspect(tree, "x", floors); len(got) != 1 {
		t.Errorf("%d files: %q, want one violation", len(tree), got)
	}
}
