package tests

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"vswitch/tests/harness"
)

// TestScripts runs every script of tests/scripts in the three modes of the
// harness, which must all print what the script wants.
func TestScripts(t *testing.T) {
	var files []string
	err := filepath.WalkDir("scripts", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".txtar") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(file, "scripts/"), ".txtar"), func(t *testing.T) { runScript(t, file) })
	}
}

func runScript(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := -1
	for i, f := range archive.Files {
		if f.Name == "want" {
			want = i
		}
	}
	for _, mode := range []harness.Mode{harness.CacheOff, harness.CacheOn, harness.Revalidate} {
		out, err := harness.Run(archive, mode)
		if err != nil {
			t.Errorf("%v: %v\nafter\n%s", mode, err, out)
			continue
		}
		if *update && mode == harness.CacheOff {
			if want < 0 {
				archive.Files = append(archive.Files, txtar.File{Name: "want"})
				want = len(archive.Files) - 1
			}
			archive.Files[want].Data = []byte(out)
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want < 0 || out != string(archive.Files[want].Data) {
			t.Errorf("%v: printed\n%s", mode, out)
		}
	}
}
