package cmd

import (
	"strings"
	"testing"
)

func TestParseEntries(t *testing.T) {
	run := func(in string, args ...string) result {
		return newFakeSwitch().runWith(t, Stdio{In: strings.NewReader(in + "\n")}, args...)
	}
	for _, c := range []struct{ in, command, out string }{
		{"<any>", "parse-nxm", "<any>\n"},
		{"NXM_OF_ETH_TYPE(0800),NXM_OF_IP_SRC(0a000001)", "parse-nxm", "NXM_OF_ETH_TYPE(0800), NXM_OF_IP_SRC(0a000001)\n"},
		{"00000602(0800)", "parse-nxm", "NXM_OF_ETH_TYPE(0800)\n"},
		{"OXM_OF_ETH_TYPE(86dd)", "parse-oxm OpenFlow13", "OXM_OF_ETH_TYPE(86dd)\n"},
		{"OXM_OF_ETH_TYPE(86dd)", "parse-oxm OpenFlow13 --json", `{"entries": "OXM_OF_ETH_TYPE(86dd)", "match": {"ipv6": true}}` + "\n"},
		{strings.Repeat("0", 80), "parse-ofp10-match --json", ""},
	} {
		r := run(c.in, strings.Fields(c.command)...)
		if wantExit(t, r, exitOK); c.out != "" && r.out != c.out {
			t.Errorf("%s: %v", c.in, r)
		}
	}
	for _, c := range []struct {
		in, command string
		code        int
		part        string
	}{
		{"NXM_OF_ETH_TYPE", "parse-nxm", exitUsage, "NAME_W(VALUE/MASK)"},
		{"NXM_OF_ETH_TYP(0800)", "parse-nxm", exitUsage, "no field NXM_OF_ETH_TYP"},
		{"NXM_OF_ETH_TYPE(08)", "parse-nxm", exitUsage, "expected to read 2 bytes"},
		{"NXM_OF_ETH_TYPE_W(0800)", "parse-nxm", exitUsage, "iff there is a mask"},
		{"NXM_OF_IN_PORT(zz)", "parse-nxm", exitUsage, "hexadecimal"},
		{"<any>", "parse-oxm OpenFlow11", exitUsage, "has no OXM"},
		{"00", "parse-ofp11-match", exitUsage, "88 bytes, not 1"},
	} {
		wantExit(t, run(c.in, strings.Fields(c.command)...), c.code, c.part)
	}
	if r := run("NXM_OF_IN_PORT(0001), NXM_OF_IN_PORT(0002)", "parse-nxm"); r.code != exitRefused || !strings.Contains(r.out, "OFPBMC_DUP_FIELD") {
		t.Errorf("%v", r)
	}
}
