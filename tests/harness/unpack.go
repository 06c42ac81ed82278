package harness

import (
	"os"
	"path/filepath"

	"golang.org/x/tools/txtar"
)

// unpack writes the files of the archive where ofctl can open them, once a jar.
func (j *Jar) unpack(archive *txtar.Archive) (string, error) {
	if j.dir != "" {
		return j.dir, nil
	}
	dir, err := os.MkdirTemp("", "jar")
	if err != nil {
		return "", err
	}
	j.dir = dir
	for _, f := range archive.Files {
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(f.Name)), f.Data, 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}
