package openflow

import (
	"fmt"
	"strings"
)

// Version is an OpenFlow version as the wire has it. The zero value is no
// version.
type Version uint8

// Versions.
const (
	V10 Version = 1 + iota // OpenFlow 1.0
	V11                    // OpenFlow 1.1
	V12                    // OpenFlow 1.2
	V13                    // OpenFlow 1.3
	V14                    // OpenFlow 1.4
	V15                    // OpenFlow 1.5
)

const (
	minVersion  = V10
	maxVersion  = V15
	numVersions = int(maxVersion) + 1
)

// AllVersions are the versions that this package speaks.
const AllVersions = VersionSet(1<<V10 | 1<<V11 | 1<<V12 | 1<<V13 | 1<<V14 | 1<<V15)

// Valid reports whether v is a version that this package speaks.
func (v Version) Valid() bool { return v >= minVersion && v <= maxVersion }

// String is the name that configuration and ovs-ofctl use: "OpenFlow13".
func (v Version) String() string {
	if !v.Valid() {
		return fmt.Sprintf("OpenFlow version %#x", uint8(v))
	}
	return fmt.Sprintf("OpenFlow1%d", v-V10)
}

// Short is the version's number as ofp-print shows it: "1.3".
func (v Version) Short() string {
	if !v.Valid() {
		return fmt.Sprintf("%#x", uint8(v))
	}
	return fmt.Sprintf("1.%d", v-V10)
}

// ParseVersion reads a version's name in any case of letters: "OpenFlow13", or
// "OpenFlow1.3".
func ParseVersion(s string) (Version, bool) {
	for v := minVersion; v <= maxVersion; v++ {
		if strings.EqualFold(s, v.String()) || strings.EqualFold(s, "OpenFlow"+v.Short()) {
			return v, true
		}
	}
	return 0, false
}

// VersionSet is a set of versions: bit v is version v, as the first word of a
// hello's bitmap has it.
type VersionSet uint32

// Versions makes a set.
func Versions(vs ...Version) VersionSet {
	var s VersionSet
	for _, v := range vs {
		s |= 1 << v
	}
	return s
}

// Has reports whether v is in the set.
func (s VersionSet) Has(v Version) bool { return v < 32 && s>>v&1 != 0 }

// Max is the highest version of the set, 0 for an empty one.
func (s VersionSet) Max() Version {
	for v := Version(31); v > 0; v-- {
		if s.Has(v) {
			return v
		}
	}
	return 0
}

// List is the set in ascending order.
func (s VersionSet) List() []Version {
	var vs []Version
	for v := Version(1); v < 32; v++ {
		if s.Has(v) {
			vs = append(vs, v)
		}
	}
	return vs
}
