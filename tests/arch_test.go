package tests

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestArch holds the source tree against the table of floors and the budgets.
func TestArch(t *testing.T) {
	packages, violations := inspect(os.DirFS(".."), "vswitch", floors)
	for _, v := range violations {
		t.Error(v)
	}
	// A walk that found nothing would find nothing wrong either.
	for _, known := range []string{"packet", "flow", "ports", "tests/report"} {
		if !slices.Contains(packages, known) {
			t.Errorf("package %s not found among %q", known, packages)
		}
	}
}

// TestArchTable holds the table against itself: a package may import only what is
// on a lower floor or shares its folder.
func TestArchTable(t *testing.T) {
	for _, r := range floors {
		for _, m := range r.may {
			if m == "*" {
				continue
			}
			target, found := find(floors, m)
			if !found {
				t.Errorf("%s may import %s, which has no row", r.path, m)
			} else if target.floor >= r.floor && top(m) != top(r.path) {
				t.Errorf("%s on floor %d may import %s on floor %d", r.path, r.floor, m, target.floor)
			}
		}
	}
}

// inspection is one walk over a source tree.
type inspection struct {
	module     string
	rows       []row
	files      *token.FileSet
	violations []string
}

// source is one parsed file.
type source struct {
	name string // path in the tree
	pkg  string // its folder
	test bool
	row  row
	ast  *ast.File
}

// inspect parses all Go files of a tree and returns the packages found and every
// violation, one line each.
func inspect(tree fs.FS, module string, rows []row) (packages, violations []string) {
	in := &inspection{module: module, rows: rows, files: token.NewFileSet()}
	sources := map[string][]source{}
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := path.Base(name); name != "." && (base == "testdata" || base == "bin" || strings.HasPrefix(base, ".")) {
				return fs.SkipDir
			}
			return nil
		}
		if path.Ext(name) == ".go" {
			pkg := path.Dir(name)
			sources[pkg] = append(sources[pkg], in.parse(tree, name))
		}
		return nil
	})
	if err != nil {
		in.report("%v", err)
	}
	for pkg, list := range sources {
		packages = append(packages, pkg)
		in.checkPackage(tree, pkg, list)
	}
	slices.Sort(packages)
	slices.Sort(in.violations)
	return packages, in.violations
}

func (in *inspection) report(format string, args ...any) {
	in.violations = append(in.violations, fmt.Sprintf(format, args...))
}

// reportAt reports at a node's file and line.
func (in *inspection) reportAt(pos token.Pos, format string, args ...any) {
	at := in.files.Position(pos)
	in.report("%s:%d: %s", at.Filename, at.Line, fmt.Sprintf(format, args...))
}

func (in *inspection) parse(tree fs.FS, name string) source {
	s := source{name: name, pkg: path.Dir(name), test: strings.HasSuffix(name, "_test.go")}
	text, err := fs.ReadFile(tree, name)
	if err != nil {
		in.report("%v", err)
		return s
	}
	if n := strings.Count(string(text), "\n"); n > maxFileLines {
		in.report("%s: %d lines, more than %d", name, n, maxFileLines)
	}
	s.ast, err = parser.ParseFile(in.files, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		in.report("%v", err)
		s.ast = nil
	}
	return s
}

// checkPackage checks one folder and its files.
func (in *inspection) checkPackage(tree fs.FS, pkg string, list []source) {
	if slices.Contains(noPackageNames, path.Base(pkg)) {
		in.report("%s: a package name that says nothing", pkg)
	}
	r, found := find(in.rows, pkg)
	if !found {
		in.report("%s: no row in the table of floors", pkg)
		return
	}
	in.checkDoc(pkg, list)
	code := 0
	for _, s := range list {
		if s.ast == nil {
			continue
		}
		s.row = r
		in.checkImports(s)
		if !s.test {
			code++
			in.checkDecls(s)
			in.checkCalls(s)
		}
	}
	if most := max(maxPackageFiles, r.files); code > most {
		in.report("%s: %d files, more than %d", pkg, code, most)
	}
	in.checkState(r, list)
}

// checkDoc wants a doc.go whose package comment starts as go doc expects. A command
// may say what it is in any of its files.
func (in *inspection) checkDoc(pkg string, list []source) {
	wanted := "no doc.go"
	for _, s := range list {
		if s.ast == nil || s.test {
			continue
		}
		isMain := s.ast.Name.Name == "main"
		prefix := "Package " + s.ast.Name.Name + " "
		if isMain {
			prefix = "Command " + path.Base(pkg) + " "
		}
		switch {
		case strings.HasPrefix(s.ast.Doc.Text(), prefix) && (isMain || path.Base(s.name) == "doc.go"):
			return
		case path.Base(s.name) == "doc.go":
			wanted = "the package comment of doc.go does not name the package"
		}
	}
	in.report("%s: %s", pkg, wanted)
}

// checkImports holds one file's imports against its package's row. Tests may also
// use other modules, the doubles, and all that is on lower floors.
func (in *inspection) checkImports(s source) {
	for _, spec := range s.ast.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			in.reportAt(spec.Pos(), "import %s: %v", spec.Path.Value, err)
			continue
		}
		local, isLocal := strings.CutPrefix(target, in.module+"/")
		switch {
		case isLocal:
			if local != s.pkg && !in.mayImport(s, local) {
				in.reportAt(spec.Pos(), "%s must not import %s", s.pkg, local)
			}
		case s.test:
		case strings.Contains(strings.Split(target, "/")[0], "."):
			if !slices.ContainsFunc(s.row.modules, func(m string) bool { return m == "*" || strings.HasPrefix(target, m) }) {
				in.reportAt(spec.Pos(), "%s must not import %s", s.pkg, target)
			}
		case slices.ContainsFunc(s.row.refuse, func(p string) bool { return target == p || strings.HasPrefix(target, p+"/") }):
			if target != "net/netip" {
				in.reportAt(spec.Pos(), "%s must not import %s", s.pkg, target)
			}
		}
	}
}

func (in *inspection) mayImport(s source, local string) bool {
	target, found := find(in.rows, local)
	if !found {
		return false
	}
	if s.test && (slices.Contains(doubles, local) || target.floor < s.row.floor) {
		return true
	}
	return slices.ContainsFunc(s.row.may, func(m string) bool {
		if m == "*" {
			return target.floor <= s.row.floor
		}
		return m == local || m == target.path
	})
}

// find returns the row of a package: its own, or that of the folder it is in.
// Asked for a pattern it returns the pattern's row.
func find(rows []row, pkg string) (row, bool) {
	for _, want := range []string{pkg, path.Dir(pkg) + "/*", path.Dir(path.Dir(pkg)) + "/*"} {
		if i := slices.IndexFunc(rows, func(r row) bool { return r.path == want }); i >= 0 {
			return rows[i], true
		}
	}
	return row{}, false
}

// top is a path's first folder.
func top(pkg string) string {
	first, _, _ := strings.Cut(pkg, "/")
	return first
}
