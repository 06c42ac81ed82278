package yaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"vswitch/config"
)

// Bounds of what is read.
const (
	maxFileSize  = 64 << 20
	maxFlowsSize = 256 << 20
	maxValues    = 1_000_000
	maxErrors    = 100
)

// Load reads a configuration file. flags, which may be nil, and the environment
// override its flat settings: see Overlay.
func Load(file string, flags *pflag.FlagSet) (config.Config, error) {
	// May be a pipe of the shell: whoever starts the switch so waits for what it has.
	text, err := readBounded(file, 0, maxFileSize)
	if err != nil {
		return config.Config{}, fmt.Errorf("configuration: %w", err)
	}
	s := Source{Name: file, Text: text, ReadFile: func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(file), name)
		}
		return readBounded(name, syscall.O_NONBLOCK, maxFlowsSize)
	}}
	return s.Load(flags)
}

// Source is a configuration file that was read already.
type Source struct {
	Name string // for messages
	Text []byte
	// ReadFile reads a file that the configuration names (flows_file), relative to
	// the configuration's own place.
	ReadFile func(name string) ([]byte, error)
}

// Load decodes, completes and validates the source, with the settings that flags
// and the environment override.
func (s Source) Load(flags *pflag.FlagSet) (config.Config, error) {
	d := decoder{source: s, at: map[string]*yaml.Node{}}
	c := config.Default()
	root, err := s.parse()
	if err != nil {
		return config.Config{}, err
	}
	if root != nil {
		d.mapping(root, "", "the configuration", topKeys(&d, &c))
	}
	if len(d.errors) > 0 {
		return config.Config{}, d.errors
	}
	origins, err := Overlay(&c.Settings, flags)
	if err != nil {
		return config.Config{}, err
	}
	c = c.Complete()
	if err := config.Validate(c); err != nil {
		return config.Config{}, d.locate(err, origins)
	}
	return c, nil
}

// parse returns the root value of the one document; nil for an empty file.
func (s Source) parse() (*yaml.Node, error) {
	var first, second yaml.Node
	documents := yaml.NewDecoder(bytes.NewReader(s.Text))
	err := documents.Decode(&first)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, s.syntaxError(err)
	}
	switch err := documents.Decode(&second); {
	case err == nil:
		return nil, Errors{{s.Name, second.Line, second.Column, "a second document: a configuration is one"}}
	case !errors.Is(err, io.EOF):
		return nil, s.syntaxError(err)
	}
	root := first.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	return root, nil
}

// syntaxLine is how the library begins its complaints.
var syntaxLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func (s Source) syntaxError(err error) error {
	text := err.Error()
	line := 0
	if m := syntaxLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	return Errors{{s.Name, line, 0, "not YAML: " + text}}
}

// readBounded reads a whole file of at most size bytes. With O_NONBLOCK it must be a
// regular one: opening a named pipe would wait for somebody to write to it, and a
// reload keeps everything else waiting, the end too.
func readBounded(file string, flag int, size int64) ([]byte, error) {
	f, err := os.OpenFile(file, os.O_RDONLY|flag, 0)
	if err != nil {
		var cause *fs.PathError
		if errors.As(err, &cause) {
			return nil, fmt.Errorf("%s: %w", file, cause.Err)
		}
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if flag&syscall.O_NONBLOCK != 0 && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: no regular file: use one", file)
	}
	text, err := io.ReadAll(io.LimitReader(f, size+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > size {
		return nil, fmt.Errorf("%s: more than %d bytes", file, size)
	}
	return text, nil
}

// Error is one thing that is wrong in a file.
type Error struct {
	File         string // or the flag or variable that is wrong
	Line, Column int    // from 1; 0: unknown
	Msg          string
}

func (e Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Line > 0 && e.Column > 0 {
		fmt.Fprintf(&b, ":%d", e.Column)
	}
	return b.String() + ": " + e.Msg
}

// Errors is everything that is wrong in a file. As an error it is one line each.
type Errors []Error

func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// locate gives the problems that validation found their places: the flag or
// variable that said so, or where it stands in the file. What is missing has the
// place of what it is missing from.
func (d *decoder) locate(err error, origins map[string]string) error {
	var problems config.Problems
	if !errors.As(err, &problems) {
		return err
	}
	var out Errors
	for _, p := range problems[:min(len(problems), maxErrors)] {
		if origin := origins[p.Path]; origin != "" {
			out = append(out, Error{File: origin, Msg: p.Error()})
			continue
		}
		e := Error{File: d.source.Name, Msg: p.Error()}
		for path := p.Path; path != ""; path = parent(path) {
			if n := d.at[path]; n != nil {
				e.Line, e.Column = n.Line, n.Column
				break
			}
		}
		out = append(out, e)
	}
	return out
}

// parent is the path without its last step: a[0].b, a[0], a, "".
func parent(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}
