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
)

var update = flag.Bool("update", false, "rewrite the parts of documents that are made from code")

const (
	floorsBegin = "<!-- floors: made by tests/docs_test.go -->\n"
	floorsEnd   = "<!-- end of floors -->\n"
)

// TestDocsFloors wants the table in the architecture page to be the one that is
// enforced.
func TestDocsFloors(t *testing.T) {
	file := filepath.Join("..", architecturePage)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, foundBegin := strings.Cut(string(text), floorsBegin)
	old, after, foundEnd := strings.Cut(rest, floorsEnd)
	if !foundBegin || !foundEnd {
		t.Fatalf("%s: the marks of the table of floors are missing", architecturePage)
	}
	table := floorsTable()
	switch {
	case old == table:
	case *update:
		if err := os.WriteFile(file, []byte(before+floorsBegin+table+floorsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s: the table of floors is not the enforced one; run: go test ./tests -run Docs -update", architecturePage)
	}
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
