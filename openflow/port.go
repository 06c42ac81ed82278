package openflow

import (
	"strconv"
	"strings"
)

// PortNo is an OpenFlow port number as OpenFlow 1.1 and later have it, also
// where the wire is OpenFlow 1.0 with its 16 bits: 0xfff8..0xffff there are
// 0xfffffff8..0xffffffff here.
type PortNo uint32

// Reserved ports (OpenFlow 1.3.5 §7.2.1). PortUnset is Open vSwitch's name for
// the value of actset_output while the action set outputs nowhere.
const (
	PortMax        PortNo = 0xffffff00 // least number that no switch port has
	PortUnset      PortNo = 0xfffffff7
	PortInPort     PortNo = 0xfffffff8
	PortTable      PortNo = 0xfffffff9
	PortNormal     PortNo = 0xfffffffa
	PortFlood      PortNo = 0xfffffffb
	PortAll        PortNo = 0xfffffffc
	PortController PortNo = 0xfffffffd
	PortLocal      PortNo = 0xfffffffe
	PortAny        PortNo = 0xffffffff // OFPP_NONE in OpenFlow 1.0
)

// portMax10 is OFPP_MAX of OpenFlow 1.0: the least number that no switch port
// has there.
const portMax10 = 0xff00

// portOffset is between OpenFlow 1.0's numbers from portMax10 on and ours.
const portOffset = 0xffff0000

var portNames = [...]struct {
	port PortNo
	name string
}{
	{PortInPort, "IN_PORT"},
	{PortTable, "TABLE"},
	{PortNormal, "NORMAL"},
	{PortFlood, "FLOOD"},
	{PortAll, "ALL"},
	{PortController, "CONTROLLER"},
	{PortLocal, "LOCAL"},
	{PortAny, "ANY"},
	{PortUnset, "UNSET"},
}

// Reserved reports whether p is one of the named ports.
func (p PortNo) Reserved() bool { return p >= PortUnset }

// Name is a reserved port's name, or "".
func (p PortNo) Name() string {
	for i := range portNames {
		if portNames[i].port == p {
			return portNames[i].name
		}
	}
	return ""
}

// String is the port's name or decimal number.
func (p PortNo) String() string {
	if s := p.Name(); s != "" {
		return s
	}
	return strconv.FormatUint(uint64(p), 10)
}

// ParsePortNo reads a reserved port's name in any case (NONE is ANY), or a
// number. Numbers 0xff00 to 0xffff are taken as those of OpenFlow 1.0, as
// ovs-ofctl does.
func ParsePortNo(s string) (PortNo, bool) {
	if n, err := strconv.ParseUint(s, 0, 32); err == nil {
		if n <= 0xffff {
			return PortFrom16(uint16(n)), true
		}
		return PortNo(n), true
	}
	if strings.EqualFold(s, "NONE") {
		return PortAny, true
	}
	for i := range portNames {
		if strings.EqualFold(s, portNames[i].name) {
			return portNames[i].port, true
		}
	}
	return 0, false
}

// PortFrom16 widens an OpenFlow 1.0 port number: those from OFPP_MAX on to the
// same place at the end of the 32 bits.
func PortFrom16(n uint16) PortNo {
	if n >= portMax10 {
		return PortNo(n) + portOffset
	}
	return PortNo(n)
}

// To16 narrows p to OpenFlow 1.0. It is false for ports that OpenFlow 1.0
// cannot name.
func (p PortNo) To16() (uint16, bool) {
	return uint16(p), p < portMax10 || p >= PortMax
}

// PortConfig are administrative settings of a port (OFPPC_*); the bits are those
// of OpenFlow 1.0, of which later versions kept a part in the same places.
type PortConfig uint32

// Port settings.
const (
	PortDown       PortConfig = 1 << iota // administratively down
	PortNoSTP                             // 1.0: no 802.1D spanning tree here
	PortNoRecv                            // drop what is received
	PortNoRecvSTP                         // 1.0: drop received 802.1D frames
	PortNoFlood                           // 1.0: not part of FLOOD
	PortNoFwd                             // drop what is sent
	PortNoPacketIn                        // received packets send no packet-in
)

// PortState is what the switch sees of a port (OFPPS_*); the bits are those of
// OpenFlow 1.1 and later, and OpenFlow 1.0's spanning tree state in its place.
type PortState uint32

// Port states.
const (
	PortLinkDown PortState = 1 << 0 // no carrier
	PortBlocked  PortState = 1 << 1 // 1.1+: a protocol outside OpenFlow blocks it
	PortLive     PortState = 1 << 2 // 1.1+: live for fast failover

	PortSTPMask    PortState = 3 << 8 // 1.0 only: spanning tree state
	PortSTPListen  PortState = 0 << 8
	PortSTPLearn   PortState = 1 << 8
	PortSTPForward PortState = 2 << 8
	PortSTPBlock   PortState = 3 << 8
)

// PortFeatures are link modes (OFPPF_*) with the bits of OpenFlow 1.1 and later;
// those of OpenFlow 1.0 are mapped.
type PortFeatures uint32

// Link modes.
const (
	Feature10MbHD PortFeatures = 1 << iota
	Feature10MbFD
	Feature100MbHD
	Feature100MbFD
	Feature1GbHD
	Feature1GbFD
	Feature10GbFD
	Feature40GbFD
	Feature100GbFD
	Feature1TbFD
	FeatureOther
	FeatureCopper
	FeatureFiber
	FeatureAutoneg
	FeaturePause
	FeaturePauseAsym
)
