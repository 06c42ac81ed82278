package color

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestAsOvsOfctl colours flows, and wants each letter to have the colour that it has
// in ovs-ofctl's output. Not so where that is an accident:
//
//   - a comma that ends up behind exec(…), because ovs-ofctl does not find it at the
//     end of the coloured text;
//   - a comma that belongs to the word behind it (learn);
//   - the parentheses of nsh(…), which alone among encap's arguments are coloured.
func TestAsOvsOfctl(t *testing.T) {
	data, err := os.ReadFile("testdata/flows.txt")
	if err != nil {
		t.Fatal(err)
	}
	accidents := strings.NewReplacer("^[35m^[K),^[m^[K", "^[35m^[K)^[m^[K", "^[36m^[K,fin_", ",^[36m^[Kfin_", "^[33m^[K,priority", ",^[33m^[Kpriority",
		"nsh^[35m^[K(^[m^[K", "nsh(")
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")[1:]
	p := Default()
	for i := 0; i+1 < len(lines); i += 2 {
		got := strings.ReplaceAll(string(p.AppendFlow(nil, []byte(lines[i]))), "\x1b", "^")
		want := accidents.Replace(lines[i+1])
		if strings.Contains(want, "nsh(") {
			want = strings.Replace(want, "^[35m^[K)^[m^[K^[35m^[K)", ")^[35m^[K)", 1)
		}
		if !slices.Equal(letters(got), letters(want)) {
			t.Errorf("%s\n got %s\nwant %s", lines[i], got, want)
		}
	}
}

// letters are those of a coloured flow, each behind its colour.
func letters(s string) (list []string) {
	color := ""
	for len(s) > 0 {
		if rest, found := strings.CutPrefix(s, "^["); found {
			color, s, _ = strings.Cut(rest, "m^[K")
			continue
		}
		list = append(list, color+s[:1])
		s = s[1:]
	}
	return list
}

func TestParse(t *testing.T) {
	p, err := Parse("ac=01;31:vl=:dr=4")
	if err != nil || p[Actions] != "01;31" || p[Value] != "" || p[Drop] != "4" || p[Param] != "36" {
		t.Errorf("%v, %v", p, err)
	}
	for _, wrong := range []string{"xx=1", "ac", "ac=red", "=1"} {
		if _, err := Parse(wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

// FuzzAppendFlow wants only colours to be added, whatever the text is.
func FuzzAppendFlow(f *testing.F) {
	for _, s := range []string{"priority=5,ip actions=drop", `in_port="a,b" actions=ct(commit),output:"c d"`, "))(", "a->b", "=", "actions=(:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "\x1b") {
			return
		}
		p := Default()
		got := string(p.AppendFlow(nil, []byte(s)))
		for _, code := range p {
			if code != "" {
				got = strings.ReplaceAll(got, "\x1b["+code+"m\x1b[K", "")
			}
		}
		if got = strings.ReplaceAll(got, "\x1b[m\x1b[K", ""); got != s {
			t.Errorf("%q became %q", s, got)
		}
	})
}
