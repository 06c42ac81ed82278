package yaml

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"vswitch/config"
)

// FuzzLoad wants every input to give either a configuration that validates and
// reads the same again, or Errors that name the source.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(whole))
	example, err := os.ReadFile("../../examples/switch.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	for _, s := range []string{"bridges: &b [*b]", "log: {level: loud}", "a: [", "---\n---\n", "{? [a] : b}", "bridges: [{name: br0, ports: [{name: !!binary aGk=}]}]", "&a {*a : b}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s := Source{Name: "s.yaml", Text: text, ReadFile: func(string) ([]byte, error) { return nil, errors.ErrUnsupported }}
		c, err := s.Load(nil)
		if err != nil {
			var list Errors
			if !errors.As(err, &list) || len(list) == 0 || !strings.HasPrefix(err.Error(), "s.yaml") {
				t.Errorf("%q: error %T: %v", text, err, err)
			}
			return
		}
		if err := config.Validate(c); err != nil {
			t.Errorf("%q: an invalid configuration: %v", text, err)
		}
		if again, err := s.Load(nil); err != nil || !reflect.DeepEqual(c, again) {
			t.Errorf("%q: not the same again: %v", text, err)
		}
	})
}

func TestNearest(t *testing.T) {
	for _, c := range []struct {
		word string
		from string
		want string
	}{
		{"tagg", "tag trunks", "tag"},
		{"brigdes", "bridges ports", "bridges"},
		{"x", "a mtu", "a"},
		{"frob", "tag mtu", ""},
		{"", "tag", ""},
		{"mtu", "mut mtu", "mtu"},
		{"adress", "address mac", "address"},
	} {
		if got := nearest(c.word, strings.Fields(c.from)); got != c.want {
			t.Errorf("nearest(%q, %q) = %q, want %q", c.word, c.from, got, c.want)
		}
	}
}
