package daemon

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestPlaces says of files which names decide what they are.
func TestPlaces(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, d := range []string{"real/v1", "other"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile("real/v1/a.pem", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"real/data": "v1", "real/a.pem": "data/a.pem", "whole": dir + "/real", "other/up": "../real/./data/",
		"loop": "loop", "lost": "nowhere/at/all",
	} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string][]string{
		"real/v1/a.pem":         {"real/v1/a.pem"},
		dir + "/real//v1/a.pem": {"real/v1/a.pem"},
		"real/a.pem":            {"real/a.pem", "real/data", "real/v1/a.pem"},
		"whole/a.pem":           {"whole", "real/a.pem", "real/data", "real/v1/a.pem"},
		"other/up/a.pem":        {"other/up", "real/data", "real/v1/a.pem"},
		"real/data/b.pem":       {"real/data", "real/v1/b.pem"},
		"none/b.pem":            {"none"},
		"lost":                  {"lost", "nowhere"},
		"loop":                  slices.Repeat([]string{"loop"}, maxLinks),
		"real/v1/a.pem/b":       {"real/v1/a.pem/b"},
	} {
		for i := range want {
			want[i] = filepath.Join(dir, want[i])
		}
		if got := places(file); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
	}
}
