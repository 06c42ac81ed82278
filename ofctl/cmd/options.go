package cmd

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"vswitch/ofctl/color"
	"vswitch/openflow"
)

// options are the flags of all commands. Any of them may stand anywhere on the
// command line, as with ovs-ofctl.
type options struct {
	rundir    string
	control   string
	versions  openflow.VersionSet // 0: all
	timeout   time.Duration       // 0: none
	json      bool
	more      int
	names     bool
	noNames   bool
	stats     bool
	noStats   bool
	strict    bool
	bundle    bool
	readd     bool
	mayCreate bool
	readOnly  bool
	count     int
	timestamp bool
	sort      []criterion
	flows     flowForm
	packetIn  openflow.PacketInFormat
	setIn     bool // packetIn was given
	unixctl   string
	color     colorWhen
	bare      bool
	tls       tlsOptions
	capture   captureOptions
	top       topOptions
	last      string
}

// newFlags makes the flags that fill o.
func newFlags(o *options) *pflag.FlagSet {
	f := pflag.NewFlagSet("ofctl", pflag.ContinueOnError)
	f.SortFlags = false
	f.StringVar(&o.rundir, "rundir", "", "`DIR` with the sockets of bridges (default $VSWITCH_RUNDIR, $OVS_RUNDIR, "+defaultRundir+")")
	f.StringVar(&o.control, "control", "", "`SOCKET` of vswitchd's control commands (default RUNDIR/vswitchd.PID.ctl)")
	f.VarP((*versionsFlag)(&o.versions), "protocols", "O", "OpenFlow `VERSIONS` that may be spoken (default all)")
	f.VarP((*secondsFlag)(&o.timeout), "timeout", "t", "give up after `SECONDS`")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.CountVarP(&o.more, "more", "m", "print more: -m the payload of echoes, -mm the bytes of packets too")
	f.BoolVar(&o.names, "names", false, "print names of ports and tables (default on a terminal)")
	f.BoolVar(&o.noNames, "no-names", false, "print and read only numbers of ports and tables")
	f.BoolVar(&o.stats, "stats", false, "print counters and ages (default)")
	f.BoolVar(&o.noStats, "no-stats", false, "leave out counters and ages")
	f.Var(&sortFlag{list: &o.sort}, "sort", "sort by priority, or by `FIELD`, ascending")
	f.Lookup("sort").NoOptDefVal = defaultCriterion
	f.Var(&sortFlag{list: &o.sort, descending: true}, "rsort", "sort by priority, or by `FIELD`, descending")
	f.Lookup("rsort").NoOptDefVal = defaultCriterion
	f.BoolVar(&o.strict, "strict", false, "only the flow with exactly this match and priority")
	f.BoolVar(&o.bundle, "bundle", false, "all changes at once or none")
	f.BoolVar(&o.readd, "readd", false, "send flows anew that have not changed")
	f.BoolVar(&o.mayCreate, "may-create", false, "make the group if there is none")
	f.BoolVar(&o.readOnly, "read-only", false, "refuse commands that change something")
	f.BoolVar(&o.timestamp, "timestamp", false, "print the time before each message")
	f.VarP(&flowFormFlag{&o.flows, &o.versions}, "flow-format", "F", "how flows travel: `FORMAT` is any, OpenFlow10, NXM, OXM or OXM-OpenFlow12 to 15")
	f.StringVar(&o.unixctl, "unixctl", "", "`SOCKET` on which monitor and snoop take control commands")
	f.Var(&o.color, "color", "colour flows `WHEN`: always, never, or auto, which is on a terminal")
	f.Lookup("color").NoOptDefVal = "auto"
	f.BoolVar(&o.bare, "bare", false, "print packets as hexadecimal digits alone")
	f.StringVarP(&o.tls.key, "private-key", "p", "", "`FILE` with ofctl's private key, for ssl:")
	f.StringVarP(&o.tls.certificate, "certificate", "c", "", "`FILE` with the certificate of that key")
	f.StringVarP(&o.tls.ca, "ca-cert", "C", "", "`FILE` with the certificates that switches' must be signed by, or none")
	f.StringVar(&o.tls.bootstrapCA, "bootstrap-ca-cert", "", "the same; a `FILE` that is not there is made of what the switch sends")
	f.StringVar(&o.tls.peerCA, "peer-ca-cert", "", "`FILE` with a certificate to send along")
	f.StringVar(&o.tls.serverName, "ssl-server-name", "", "`NAME` that the switch's certificate must have")
	f.Var(&o.tls.versions, "ssl-protocols", "`VERSIONS` of TLS that may be spoken: TLSv1.2,TLSv1.3")
	f.StringVarP(&o.capture.write, "write", "w", "", "write a pcapng `FILE`, - for the standard output, instead of text")
	f.StringVar(&o.capture.filter, "filter", "", "only frames with the headers of `FLOW`, or decisions about such; capture takes tcpdump's expressions too")
	f.StringVar(&o.capture.points, "points", "", "capture at `POINTS`: rx, tx, drop (default all)")
	f.IntVar(&o.capture.snaplen, "snaplen", 0, "only the first `BYTES` of each frame")
	f.IntVarP(&o.count, "count", "n", 0, "end after `N` frames, or views")
	f.StringVar(&o.last, "last", "", "trace the frame that `PORT` received last")
	f.Var((*secondsFlag)(&o.top.interval), "interval", "`SECONDS` between two views (default 2)")
	f.Var(&o.top.order, "order", "what comes first `BY`: packets, bits, drops, name (default packets)")
	f.StringP("verbose", "v", "", "`LEVELS` of ovs-ofctl's log, taken for scripts that give them: ofctl keeps none")
	f.Lookup("verbose").NoOptDefVal = "dbg"
	f.BoolP("version", "V", false, "print the version")
	f.VarP(&packetInFlag{o}, "packet-in-format", "P", "how packets come: `FORMAT` is standard, nxt_packet_in or nxt_packet_in2")
	return f
}

// showNames says whether output has names of ports and tables.
func (a *app) showNames() bool {
	return a.option.names || !a.option.noNames && a.stdio.Terminal && !a.option.json
}

// versionsFlag reads a list of versions: OpenFlow13, OpenFlow10,OpenFlow13, 1.3.
type versionsFlag openflow.VersionSet

func (v *versionsFlag) Set(s string) error {
	var set openflow.VersionSet
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		version, found := openflow.ParseVersion(word)
		if !found {
			version, found = openflow.ParseVersion("OpenFlow" + word)
		}
		if !found {
			return fmt.Errorf("no OpenFlow version %q: there are %s", word, versionNames(openflow.AllVersions))
		}
		set |= openflow.Versions(version)
	}
	if set == 0 {
		return fmt.Errorf("no version: there are %s", versionNames(openflow.AllVersions))
	}
	*v = versionsFlag(set)
	return nil
}

func (v *versionsFlag) String() string { return versionNames(openflow.VersionSet(*v)) }

// Type names the value in help texts.
func (v *versionsFlag) Type() string { return "versions" }

func versionNames(set openflow.VersionSet) string {
	var names []string
	for _, v := range set.List() {
		names = append(names, v.String())
	}
	return strings.Join(names, ",")
}

// secondsFlag reads a time: seconds, or with a unit ("1.5s", "300ms").
type secondsFlag time.Duration

func (d *secondsFlag) Set(s string) error {
	t, err := time.ParseDuration(s)
	if n, failed := strconv.ParseFloat(s, 64); failed == nil && n >= 0 && n < 1<<31 {
		t, err = time.Duration(n*float64(time.Second)), nil
	}
	if err != nil || t < 0 {
		return fmt.Errorf("%q is no number of seconds", s)
	}
	*d = secondsFlag(t)
	return nil
}

func (d *secondsFlag) String() string {
	if *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

// Type names the value in help texts.
func (d *secondsFlag) Type() string { return "seconds" }

// flowForm restricts how flows travel in OpenFlow 1.0.
type flowForm uint8

const (
	formAny      flowForm = iota // the standard form where it can carry the flow
	formStandard                 // the standard form
	formNXM                      // Nicira's extended match
)

// flowFormFlag reads ovs-ofctl's --flow-format. Forms of later versions are chosen
// by the version.
type flowFormFlag struct {
	form     *flowForm
	versions *openflow.VersionSet
}

// flowForms are the words of --flow-format. Suffixes "+table_id" and "-table_id"
// are taken off before.
func flowForms() map[string]struct {
	form     flowForm
	versions openflow.VersionSet
} {
	type row = struct {
		form     flowForm
		versions openflow.VersionSet
	}
	v := openflow.Versions
	return map[string]row{
		"any":            {formAny, openflow.AllVersions},
		"openflow10":     {formStandard, v(openflow.V10)},
		"openflow11":     {formAny, v(openflow.V11)},
		"nxm":            {formNXM, v(openflow.V10)},
		"oxm":            {formAny, v(openflow.V12, openflow.V13, openflow.V14, openflow.V15)},
		"oxm-openflow12": {formAny, v(openflow.V12)},
		"oxm-openflow13": {formAny, v(openflow.V13)},
		"oxm-openflow14": {formAny, v(openflow.V14)},
		"oxm-openflow15": {formAny, v(openflow.V15)},
	}
}

func (f *flowFormFlag) Set(s string) error {
	forms := flowForms()
	var versions openflow.VersionSet
	form := formAny
	for word := range strings.SplitSeq(s, ",") {
		name := strings.ToLower(word)
		name = strings.TrimSuffix(strings.TrimSuffix(name, "+table_id"), "-table_id")
		row, found := forms[name]
		if !found {
			return fmt.Errorf("no flow format %q: there are any, OpenFlow10, NXM, OXM, OXM-OpenFlow12 to OXM-OpenFlow15", word)
		}
		if versions != 0 && row.form != form {
			form = formAny
		} else {
			form = row.form
		}
		versions |= row.versions
	}
	if *f.versions != 0 {
		if versions &= *f.versions; versions == 0 {
			return fmt.Errorf("flow format %s is not one of %s", s, versionNames(*f.versions))
		}
	}
	*f.form = form
	// "any" leaves the choice to -O, and to the name that ofctl was called as.
	if versions != openflow.AllVersions {
		*f.versions = versions
	}
	return nil
}

func (f *flowFormFlag) String() string { return "" }

// Type names the value in help texts.
func (f *flowFormFlag) Type() string { return "format" }

// packetInFlag reads ovs-ofctl's --packet-in-format.
type packetInFlag struct{ o *options }

func (f *packetInFlag) Set(s string) error {
	// The names that ovs-ofctl had before Open vSwitch 2.6.
	switch strings.ToLower(s) {
	case "openflow10":
		s = "standard"
	case "nxm":
		s = "nxt_packet_in"
	}
	for format, name := range packetInFormats() {
		if strings.EqualFold(s, name) {
			f.o.packetIn, f.o.setIn = openflow.PacketInFormat(format), true
			return nil
		}
	}
	return fmt.Errorf("no packet-in format %q: there are %s", s, strings.Join(packetInFormats(), ", "))
}

func packetInFormats() []string { return []string{"standard", "nxt_packet_in", "nxt_packet_in2"} }

func (f *packetInFlag) String() string { return "" }

// Type names the value in help texts.
func (f *packetInFlag) Type() string { return "format" }

// colorWhen is when flows are coloured: never unless the flag is given.
type colorWhen uint8

const (
	colorNever colorWhen = iota
	colorAlways
	colorAuto
)

func (w *colorWhen) Set(s string) error {
	switch strings.ToLower(s) {
	case "never", "no", "none":
		*w = colorNever
	case "always", "yes", "force":
		*w = colorAlways
	case "auto", "tty", "if-tty":
		*w = colorAuto
	default:
		return fmt.Errorf("no time %q: there are always, never, auto", s)
	}
	return nil
}

func (w *colorWhen) String() string { return "" }

// Type names the value in help texts.
func (w *colorWhen) Type() string { return "when" }

// palette are the colours of flows, which $OVS_COLORS may change; nil where there are
// to be none.
func (a *app) palette() (*color.Palette, error) {
	on := a.option.color == colorAlways || a.option.color == colorAuto && a.stdio.Terminal && a.stdio.Getenv("TERM") != "dumb"
	if !on {
		return nil, nil
	}
	p, err := color.Parse(a.stdio.Getenv("OVS_COLORS"))
	if err != nil {
		return nil, usagef("$OVS_COLORS: %w", err)
	}
	return &p, nil
}

// wholeName has flags found by the beginning of their names, as ovs-ofctl's are:
// --no-name is --no-names. The beginning of several is no flag.
func wholeName(names []string) func(*pflag.FlagSet, string) pflag.NormalizedName {
	return func(_ *pflag.FlagSet, start string) pflag.NormalizedName {
		whole, n := start, 0
		for _, name := range names {
			if name == start {
				return pflag.NormalizedName(start)
			}
			if strings.HasPrefix(name, start) {
				whole = name
				n++
			}
		}
		if n != 1 {
			whole = start
		}
		return pflag.NormalizedName(whole)
	}
}
