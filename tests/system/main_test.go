package system

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binaries is where TestMain has built vswitchd, ofctl and bench; "" without root.
var binaries string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

// buildAndRun builds the programs under test once, for all tests.
func buildAndRun(m *testing.M) int {
	if os.Geteuid() != 0 {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "vs-system-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "system:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	// The test of a start without root runs vswitchd from here as somebody else.
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, "system:", err)
		return 1
	}
	for _, program := range []string{"vswitchd", "ofctl", "tests/bench"} {
		build := exec.Command("go", "build", "-o", filepath.Join(dir, filepath.Base(program)), "vswitch/"+program)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "system: build %s: %v\n%s", program, err, out)
			return 1
		}
	}
	binaries = dir
	return m.Run()
}
