package cmd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	referenceBegin = "<!-- commands: made by ofctl/cmd/reference_test.go -->\n"
	referenceEnd   = "<!-- end of commands -->\n"
)

// TestReferencePage wants the commands of the reference page to be those of the
// table.
func TestReferencePage(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "reference", "ofctl.md")
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, foundBegin := strings.Cut(string(page), referenceBegin)
	old, after, foundEnd := strings.Cut(rest, referenceEnd)
	if !foundBegin || !foundEnd {
		t.Fatalf("%s: the marks of the commands are missing", file)
	}
	made := reference()
	switch {
	case old == made:
	case *update:
		if err := os.WriteFile(file, []byte(before+referenceBegin+made+referenceEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s: the commands are not those of the table; run: go test ./ofctl/cmd -run Reference -update", file)
	}
}

// reference describes flags and commands in Markdown.
func reference() string {
	var b strings.Builder
	b.WriteString("\n## Flags\n\n```\n" + newFlags(new(options)).FlagUsages() + "```\n")
	for _, g := range groups() {
		fmt.Fprintf(&b, "\n## %s\n", g.title)
		for _, row := range commands() {
			if row.group.id != g.id {
				continue
			}
			usage := strings.TrimSpace(row.name + " " + row.operands)
			fmt.Fprintf(&b, "\n### %s\n\n`ofctl %s`: %s.\n", row.name, usage, row.summary)
			if row.alias != "" {
				fmt.Fprintf(&b, "\nAlso: `ofctl %s`.\n", row.alias)
			}
			if row.more != "" {
				fmt.Fprintf(&b, "\n%s\n", row.more)
			}
			fmt.Fprintf(&b, "\n    %s\n", row.example)
			if flags := strings.Fields(row.flags); len(flags) > 0 {
				fmt.Fprintf(&b, "\nFlags: `--%s`\n", strings.Join(flags, "`, `--"))
			}
		}
	}
	b.WriteString("\n")
	return b.String()
}
