package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample is a report of three rounds. In the second the machine was half as fast.
func sample() *report {
	return &report{
		Date: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Kernel: "6.18", CPU: "a <fast> one", CPUs: 2, Load: "0.1 0.2 0.3",
		Seconds: 2, Ref: "copier",
		Subjects: []string{"copier", "vswitchd", "bridge"}, Metrics: []string{"tcp", "rtt", "pipeline", "cpu"},
		Rounds: []map[string]map[string]float64{
			{"copier": {"tcp": 10, "rtt": 40}, "vswitchd": {"tcp": 12, "rtt": 20, "pipeline": 0.9}, "bridge": {"tcp": 13}},
			{"copier": {"tcp": 5, "rtt": 80}, "vswitchd": {"tcp": 6, "rtt": 40, "pipeline": 1}, "bridge": {}},
			{"copier": {"tcp": 9, "rtt": 40}, "vswitchd": {"tcp": 9.9, "rtt": 60, "pipeline": 1.1}, "bridge": {"tcp": 14}},
		},
		Notes: map[string]map[string]string{"bridge": {"pipeline": "speaks no OpenFlow"}},
	}
}

func TestSpread(t *testing.T) {
	r := sample()
	for _, c := range []struct {
		name      string
		got, want spread
	}{
		{"none", spreadOf(nil), spread{}},
		{"odd", spreadOf([]float64{3, 1, 2}), spread{3, 2, 1, 3}},
		{"even", spreadOf([]float64{4, 1, 2, 3}), spread{4, 2.5, 1, 4}},
		{"values", r.values("vswitchd", "tcp"), spread{3, 9.9, 6, 12}},
		{"a slow round leaves ratios alone", r.ratios("vswitchd", "copier", "tcp"), spread{3, 1.2, 1.1, 1.2}},
		{"rounds without both sides", r.ratios("bridge", "copier", "tcp"), spread{2, (1.3 + 14.0/9) / 2, 1.3, 14.0 / 9}},
	} {
		if d := c.got.median - c.want.median; d > 1e-9 || d < -1e-9 || c.got.n != c.want.n {
			t.Errorf("%s: %v, not %v", c.name, c.got, c.want)
		}
	}
}

func TestGoals(t *testing.T) {
	verdicts := map[string]string{}
	for _, g := range sample().goals() {
		verdicts[g.metric+" "+g.pair()] = g.verdict()
	}
	for pair, want := range map[string]string{
		"tcp vswitchd over copier": "better than wanted", // 1.2
		"rtt vswitchd over copier": "better than wanted", // 0.5
		"pipeline vswitchd":        "better than wanted", // 1.0
		"tcp vswitchd over ovs":    "",
	} {
		if verdicts[pair] != want {
			t.Errorf("%s: %q, not %q", pair, verdicts[pair], want)
		}
	}
	slow := goal{metric: "rtt", floor: 1.3, target: 0.7, spread: spread{median: 1.31}}
	if got := slow.verdict(); got != "missed" {
		t.Errorf("a ping that takes longer than it may: %q", got)
	}
}

func TestTableAndSection(t *testing.T) {
	r := sample()
	for what, text := range map[string]string{"table": r.table(), "section": r.section()} {
		for _, word := range []string{"1.20 (1.10, 1.20)", "speaks no OpenFlow", "better than wanted", "1.00 (0.90, 1.10)"} {
			if !strings.Contains(text, word) {
				t.Errorf("%s: no %q in it:\n%s", what, word, text)
			}
		}
		if strings.Contains(text, metricOf("cpu").what) {
			t.Errorf("%s: it shows a metric without any value", what)
		}
	}
}

// TestPlot wants XML, and a bar for every value that is shown.
func TestPlot(t *testing.T) {
	bars := 0
	for d := xml.NewDecoder(strings.NewReader(sample().plot())); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "rect" {
			bars++
		}
	}
	if bars != 6 {
		t.Errorf("%d bars, not 6", bars)
	}
}

// TestPage reads a report back and writes its section into a page, twice.
func TestPage(t *testing.T) {
	t.Chdir(t.TempDir())
	text, err := json.Marshal(sample())
	if err == nil {
		err = os.WriteFile("all.json", text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"-from", "all.json", "-write"}, &out, &errs); code != exitUsage {
		t.Errorf("without a page: exit code %d", code)
	}
	if err := os.MkdirAll(filepath.Dir(page), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, []byte("before\n"+sectionBegin+"old\n"+sectionEnd+"behind\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if code := run(context.Background(), []string{"-from", "all.json", "-write"}, &out, &errs); code != 0 {
			t.Fatalf("exit code %d: %s", code, errs.String())
		}
		got, err := os.ReadFile(page)
		if want := "before\n" + sectionBegin + sample().section() + sectionEnd + "behind\n"; err != nil || string(got) != want {
			t.Fatalf("%v\n%s\nnot\n%s", err, got, want)
		}
	}
	if _, err := os.Stat(picture); err != nil {
		t.Error(err)
	}
}

func TestComplaints(t *testing.T) {
	for args, want := range map[string]string{
		"-subjects vswichd":                  "-subjects vswichd: there is none of that name, but bridge, copier",
		"-subjects copier,copier":            "given twice",
		"-metrics ,":                         "-metrics: none given",
		"-metrics speed":                     "tcp, iperf3, pps1",
		"-ref me":                            "-ref me",
		"-rounds 0":                          "at least 1",
		"-seconds 0":                         "0.05 to 3600",
		"-seconds NaN":                       "0.05 to 3600",
		"copier":                             "-subjects copier",
		"-from /nowhere":                     "/nowhere",
		"-from report_test.go":               "report_test.go",
		"-subjects vswitchd -bin /nonsense/": "make build",
	} {
		var out, errs bytes.Buffer
		code := run(context.Background(), strings.Fields(args), &out, &errs)
		if isRoot := os.Geteuid() == 0; !isRoot && strings.Contains(args, "-bin") {
			want = "needs root"
		}
		if code == 0 || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit code %d, %q, not %q", args, code, errs.String(), want)
		}
	}
}

func TestModelOf(t *testing.T) {
	if got := modelOf([]byte("processor\t: 0\nmodel name\t: Some CPU: 3 GHz\n")); got != "Some CPU: 3 GHz" {
		t.Errorf("%q", got)
	}
}

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{0: "0.00", 9.99: "9.99", 10: "10.0", 99.9: "99.9", 101.4: "101", 12345: "12345"} {
		if got := figure(v); got != want {
			t.Errorf("%v: %s, not %s", v, got, want)
		}
	}
}
