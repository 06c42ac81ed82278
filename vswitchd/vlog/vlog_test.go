package vlog

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestSet(t *testing.T) {
	for _, c := range []struct {
		specs string // between semicolons
		want  string // levels of a and b, or what the error says
	}{
		{"a:dbg", "dbg info"},
		{"a", "dbg info"},
		{"warn", "warn warn"},
		{"any:warn", "warn warn"},
		{"ANY:console:ERR", "err err"},
		{"any:any:off", "off off"},
		{"console", "dbg dbg"},
		{"a,console,emer", "emer info"},
		{"b warn;a:err", "err warn"},
		{"a:dbg;nobody:dbg", `no destination, level, or module "nobody": modules are a, b, levels off, emer, err, warn, info, dbg`},
		{"a:file:dbg", `the switch has no file to log to, only console`},
		{"a:b", "two modules"},
		{"a:dbg:info", "two levels"},
		{"console:syslog", "two destinations"},
		{"PATTERN:console:%m", "not a pattern"},
		{"", "no module, destination or level"},
		{" : ", "no module, destination or level"},
	} {
		l := New(&bytes.Buffer{}, []string{"b", "a"})
		err := l.Set(strings.Split(c.specs, ";"))
		var got string
		for _, v := range l.Levels() {
			got = strings.TrimSpace(got + " " + v.Level)
		}
		if err != nil {
			if got != "info info" {
				t.Errorf("%q: refused, and the levels are %s", c.specs, got)
			}
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%q: %s, want %s", c.specs, got, c.want)
		}
	}
}

// TestLoggers wants loggers that were given out to follow changes.
func TestLoggers(t *testing.T) {
	var out bytes.Buffer
	l := New(&out, []string{"a", "b"})
	a, b := l.Logger("a").With("k", 1), l.Logger("b").WithGroup("g")
	says := func(what, want string) {
		t.Helper()
		out.Reset()
		a.Debug("d")
		b.Debug("d", "x", 2)
		b.Error("e", "x", 2)
		var got []string
		for line := range strings.Lines(out.String()) {
			_, line, _ = strings.Cut(line, "level")
			got = append(got, strings.TrimSpace(line))
		}
		if s := strings.Join(got, "; "); s != want {
			t.Errorf("%s: %s, want %s", what, s, want)
		}
	}
	says("at first", "=ERROR msg=e module=b g.x=2")
	l.SetLevel("a", slog.LevelDebug)
	says("debugging a", "=DEBUG msg=d module=a k=1; =ERROR msg=e module=b g.x=2")
	l.SetFormat(true)
	l.SetLevel("", off)
	says("off", "")
	l.SetLevel("b", slog.LevelWarn)
	says("JSON", `":"ERROR","msg":"e","module":"b","g":{"x":2}}`)
}

// FuzzSet wants every specification to be taken or refused whole.
func FuzzSet(f *testing.F) {
	for _, s := range []string{"a:dbg", "any console off", "PATTERN:x", ",,a", "a:b:c:d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		l := New(&bytes.Buffer{}, []string{"a", "b"})
		if err := l.Set([]string{"a:err", spec}); err != nil && l.Levels()[0].Level != "info" {
			t.Errorf("%q was refused and has changed %v", spec, l.Levels())
		}
		for _, v := range l.Levels() {
			if v.Level == "" {
				t.Errorf("%q: a level without a name: %v", spec, l.Levels())
			}
		}
	})
}
