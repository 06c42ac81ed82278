package tests

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"vswitch/vswitchd/metrics"
)

var update = flag.Bool("update", false, "rewrite the parts of documents that are made from code")

// TestDocsTables wants the tables of documents that are made from code to be as
// the code says.
func TestDocsTables(t *testing.T) {
	for _, d := range []struct{ page, what, table string }{
		{architecturePage, "floors", floorsTable()},
		{metricsPage, "metrics", metricsTable()},
	} {
		begin, end := "<!-- "+d.what+": made by tests/docs_test.go -->\n", "<!-- end of "+d.what+" -->\n"
		file := filepath.Join("..", d.page)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, foundBegin := strings.Cut(string(text), begin)
		old, after, foundEnd := strings.Cut(rest, end)
		if !foundBegin || !foundEnd {
			t.Fatalf("%s: the marks of the table of %s are missing", d.page, d.what)
		}
		switch {
		case old == d.table:
		case *update:
			if err := os.WriteFile(file, []byte(before+begin+d.table+end+after), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s: the table of %s is not what the code says; run: go test ./tests -run Docs -update", d.page, d.what)
		}
	}
}

// metricsTable renders the families of metrics.
func metricsTable() string {
	var b strings.Builder
	b.WriteString("\n| name | type | labels | what it is |\n|---|---|---|---|\n")
	for _, f := range metrics.Families() {
		kind := "counter"
		if f.Kind == prometheus.GaugeValue {
			kind = "gauge"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.Name, kind, strings.Join(f.Labels, ", "), f.Help)
	}
	b.WriteString("\n")
	return b.String()
}

// floorsTable renders the packages of the switch itself, top floor first.
func floorsTable() string {
	var b strings.Builder
	b.WriteString("\n| floor | package | of this project it may import | of other modules |\n|---|---|---|---|\n")
	for floor := 5; floor >= 0; floor-- {
		for _, r := range floors {
			if r.floor == floor {
				fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", r.floor, r.path, names(r.may), names(r.modules))
			}
		}
	}
	b.WriteString("\n")
	return b.String()
}

func names(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	if list[0] == "*" {
		return "anything"
	}
	trimmed := make([]string, len(list))
	for i, s := range list {
		trimmed[i] = strings.TrimSuffix(s, "/")
	}
	return strings.Join(trimmed, ", ")
}

// links finds the targets of Markdown links.
var links = regexp.MustCompile(`\]\(([^)\s]+)\)`)

// TestDocsLinks wants every relative link of a Markdown file to lead somewhere.
func TestDocsLinks(t *testing.T) {
	tree := os.DirFS("..")
	pages := 0
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && name != "." {
			return fs.SkipDir
		}
		if path.Ext(name) != ".md" {
			return nil
		}
		pages++
		text, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		for _, m := range links.FindAllStringSubmatch(string(text), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			if _, err := fs.Stat(tree, path.Join(path.Dir(name), target)); err != nil {
				t.Errorf("%s: link to %s: %v", name, m[1], err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if pages < 3 {
		t.Errorf("only %d pages found", pages)
	}
}

// TestDocsHacking keeps the page for newcomers short.
func TestDocsHacking(t *testing.T) {
	text, err := os.ReadFile("../HACKING.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > maxHackingLines {
		t.Errorf("HACKING.md: %d lines, more than %d", n, maxHackingLines)
	}
}
