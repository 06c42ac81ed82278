package config

import (
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// VLAN is how a port of a bridge takes part in VLANs. It concerns only what the
// NORMAL action does.
type VLAN struct {
	Mode   VLANMode // "" until Complete
	Tag    uint16   // the access or native VLAN; valid iff HasTag
	HasTag bool
	Trunks VLANSet // empty: all
}

// VLANMode is a port's mode, named as Open vSwitch names it.
type VLANMode string

// VLAN modes.
const (
	// VLANAccess ports carry one VLAN, without tags.
	VLANAccess VLANMode = "access"
	// VLANTrunk ports carry tagged frames of Trunks, and untagged ones as VLAN 0.
	VLANTrunk VLANMode = "trunk"
	// VLANNativeTagged ports are trunks on which frames without a tag belong to Tag,
	// and frames of Tag leave with it.
	VLANNativeTagged VLANMode = "native-tagged"
	// VLANNativeUntagged ports differ in that frames of Tag leave without a tag.
	VLANNativeUntagged VLANMode = "native-untagged"
)

var vlanModes = []VLANMode{VLANAccess, VLANTrunk, VLANNativeTagged, VLANNativeUntagged}

// MaxVLAN is the highest VLAN identifier that fits a tag.
const MaxVLAN = 4095

// complete chooses the mode: a port with a tag is an access port, another a trunk.
func (v VLAN) complete() VLAN {
	switch {
	case v.Mode != "":
	case v.HasTag:
		v.Mode = VLANAccess
	default:
		v.Mode = VLANTrunk
	}
	return v
}

// VLANSet is a set of VLAN identifiers. The zero value is empty. Sets can be
// compared with ==.
type VLANSet [(MaxVLAN + 1) / 64]uint64

// Add puts vlan, at most MaxVLAN, into the set.
func (s *VLANSet) Add(vlan uint16) { s[vlan/64] |= 1 << (vlan % 64) }

// Has reports whether vlan is in the set.
func (s *VLANSet) Has(vlan uint16) bool {
	return vlan <= MaxVLAN && s[vlan/64]&(1<<(vlan%64)) != 0
}

// Empty reports whether nothing is in the set.
func (s *VLANSet) Empty() bool { return *s == VLANSet{} }

// Len counts the identifiers in the set.
func (s *VLANSet) Len() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// String writes identifiers and ranges in ascending order: "10,20-29".
func (s VLANSet) String() string {
	var b strings.Builder
	for vlan := uint16(0); vlan <= MaxVLAN; vlan++ {
		if !s.Has(vlan) {
			continue
		}
		first := vlan
		for s.Has(vlan + 1) {
			vlan++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%d", first)
		if vlan > first {
			fmt.Fprintf(&b, "-%d", vlan)
		}
	}
	return b.String()
}

// AddText puts one identifier ("10") or one range ("20-29") into the set.
func (s *VLANSet) AddText(text string) error {
	low, high, isRange := strings.Cut(text, "-")
	first, err := parseVLAN(low)
	if err != nil {
		return err
	}
	last := first
	if isRange {
		if last, err = parseVLAN(high); err != nil {
			return err
		}
	}
	if last < first {
		return fmt.Errorf("VLAN range %s: its end is below its start", text)
	}
	for vlan := first; vlan <= last; vlan++ {
		s.Add(vlan)
	}
	return nil
}

func parseVLAN(text string) (uint16, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n > MaxVLAN {
		return 0, fmt.Errorf("%q is not a VLAN: use 0 to %d, or a range such as 20-29", text, MaxVLAN)
	}
	return uint16(n), nil
}
