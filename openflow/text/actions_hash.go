package text

import (
	"math"
	"strings"

	"vswitch/openflow"
)

// hashFields, bundleAlgorithms and multipathAlgorithms are the names of their
// types' values.
var (
	hashFields = [...]string{
		openflow.HashEthSrc:           "eth_src",
		openflow.HashSymmetricL4:      "symmetric_l4",
		openflow.HashSymmetricL3L4:    "symmetric_l3l4",
		openflow.HashSymmetricL3L4UDP: "symmetric_l3l4+udp",
		openflow.HashNWSrc:            "nw_src",
		openflow.HashNWDst:            "nw_dst",
		openflow.HashSymmetricL3:      "symmetric_l3",
	}
	bundleAlgorithms = [...]string{
		openflow.BundleActiveBackup: "active_backup",
		openflow.BundleHRW:          "hrw",
	}
	multipathAlgorithms = [...]string{
		openflow.MultipathModuloN:       "modulo_n",
		openflow.MultipathHashThreshold: "hash_threshold",
		openflow.MultipathHRW:           "hrw",
		openflow.MultipathIterHash:      "iter_hash",
	}
)

// nameOf writes the name of a value, "<unknown>" where it has none.
func (w *printer) nameOf(names []string, value int) *printer {
	if value < len(names) && names[value] != "" {
		return w.str(names[value])
	}
	return w.str("<unknown>")
}

// oneOf reads one of some names, and is its place among them.
func (p *parser) oneOf(what string, v span, names []string) (int, error) {
	for i, name := range names {
		if name == v.text {
			return i, nil
		}
	}
	return 0, p.fail(v, "unknown %s %q", what, v.text).remedy("one of %s", strings.Join(names, ", "))
}

// hashArguments reads what multipath and bundle begin with: fields, basis,
// algorithm.
func (p *parser) hashArguments(args []span, algorithms []string) (fields openflow.HashFields, basis uint16, algorithm int, err error) {
	f, err := p.oneOf("hash", args[0], hashFields[:])
	if err != nil {
		return 0, 0, 0, err
	}
	if basis, err = p.uint16("basis", args[1]); err != nil {
		return 0, 0, 0, err
	}
	algorithm, err = p.oneOf("algorithm", args[2], algorithms)
	return openflow.HashFields(f), basis, algorithm, err
}

func readMultipath(p *parser, a *pair) (openflow.Action, error) {
	args, err := p.list(a.value)
	if err != nil {
		return nil, err
	}
	if len(args) != 6 {
		return nil, p.fail(a.value, "multipath has 6 arguments, not %d", len(args)).
			remedy("write multipath(FIELDS,BASIS,ALGORITHM,LINKS,ARG,FIELD)")
	}
	var m openflow.Multipath
	var algorithm int
	if m.Fields, m.Basis, algorithm, err = p.hashArguments(args, multipathAlgorithms[:]); err != nil {
		return nil, err
	}
	m.Algorithm = openflow.MultipathAlgorithm(algorithm)
	links, err := p.uint("number of links", args[3], math.MaxUint16+1)
	if err != nil {
		return nil, err
	}
	if links == 0 {
		return nil, p.fail(args[3], "number of links: at least one is needed")
	}
	m.MaxLink = uint16(links - 1)
	if m.Arg, err = p.uint32("arg", args[4]); err != nil {
		return nil, err
	}
	if m.Dst, err = p.target(args[5]); err != nil {
		return nil, err
	}
	if m.Dst.Bits < 16 && links > 1<<m.Dst.Bits {
		return nil, p.fail(args[5], "%d bits cannot number %d links", m.Dst.Bits, links)
	}
	return m, nil
}

func writeMultipath(w *printer, a openflow.Multipath) {
	w.str("multipath(").nameOf(hashFields[:], int(a.Fields)).byte(',').uint(uint64(a.Basis)).byte(',')
	w.nameOf(multipathAlgorithms[:], int(a.Algorithm)).byte(',').uint(uint64(a.MaxLink) + 1).byte(',')
	w.uint(uint64(a.Arg)).byte(',').subfield(a.Dst)
	w.byte(')')
}

// minBundleBits is the least size of the field that bundle_load writes a port to.
const minBundleBits = 16

func readBundle(p *parser, a *pair) (openflow.Action, error) {
	args, err := p.list(a.value)
	if err != nil {
		return nil, err
	}
	b := openflow.Bundle{Load: a.key.text == "bundle_load"}
	head, form := 4, "write bundle(FIELDS,BASIS,ALGORITHM,ofport,members:PORT,...)"
	if b.Load {
		head, form = 5, "write bundle_load(FIELDS,BASIS,ALGORITHM,ofport,FIELD,members:PORT,...)"
	}
	if len(args) <= head {
		return nil, p.fail(a.value, "%s has at least %d arguments, not %d", a.key.text, head+1, len(args)).remedy("%s", form)
	}
	var algorithm int
	if b.Fields, b.Basis, algorithm, err = p.hashArguments(args, bundleAlgorithms[:]); err != nil {
		return nil, err
	}
	b.Algorithm = openflow.BundleAlgorithm(algorithm)
	if args[3].text != "ofport" {
		return nil, p.fail(args[3], "unknown kind of member %q", args[3].text).remedy("the only kind is ofport")
	}
	if b.Load {
		if b.Dst, err = p.target(args[4]); err != nil {
			return nil, err
		}
		if b.Dst.Bits < minBundleBits {
			return nil, p.fail(args[4], "a port takes at least %d bits", minBundleBits)
		}
	}
	b.Members, err = p.members(args[head:])
	return b, err
}

// members reads "members:1", "2", …, also in brackets.
func (p *parser) members(args []span) ([]openflow.PortNo, error) {
	word, first, _ := args[0].cut(":")
	if word.text != "members" && word.text != "slaves" {
		return nil, p.fail(args[0], "members:PORT,... must come here, not %q", args[0].text)
	}
	args[0] = first
	if last := &args[len(args)-1]; strings.HasPrefix(first.text, "[") && strings.HasSuffix(last.text, "]") {
		args[0] = args[0].from(1)
		*last = last.slice(0, len(last.text)-1)
	}
	var members []openflow.PortNo
	for i, arg := range args {
		if i == 0 && len(args) == 1 && arg.text == "" {
			break
		}
		port, err := p.port(arg)
		if err != nil {
			return nil, err
		}
		members = append(members, port)
	}
	return members, nil
}

func writeBundle(w *printer, a openflow.Bundle) {
	w.str("bundle")
	if a.Load {
		w.str("_load")
	}
	w.byte('(').nameOf(hashFields[:], int(a.Fields)).byte(',').uint(uint64(a.Basis)).byte(',')
	w.nameOf(bundleAlgorithms[:], int(a.Algorithm)).str(",ofport")
	if a.Load {
		w.byte(',').subfield(a.Dst)
	}
	w.str(",members:")
	for i, port := range a.Members {
		if i > 0 {
			w.byte(',')
		}
		w.port(port)
	}
	w.byte(')')
}
