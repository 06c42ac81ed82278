package config

import (
	"slices"
	"strings"
)

// PortFields is a set of a port's fields.
type PortFields uint32

// Fields of a port.
const (
	FieldType PortFields = 1 << iota
	FieldOFPort
	FieldVLAN
	FieldIfName
	FieldNetns
	FieldMAC
	FieldMTU
	FieldQueues
	FieldAddress
	FieldIO
	FieldGRO
	FieldCoalesce
	FieldAffinity
	FieldXDPMode
	FieldPeer
	FieldShareWithHost
	FieldFile
	FieldRecord
)

// portField is what is known of one field.
type portField struct {
	field   PortFields
	key     string     // in switch.yaml
	types   []PortType // that know it; nil: all
	inPlace bool       // a port can change it while it forwards
	set     func(p *Port) bool
	differs func(a, b *Port) bool
}

// portFields is the table behind validation and Plan. A new field of Port is a row
// here; a test finds fields that have none.
var portFields = []portField{
	{FieldType, "type", nil, false,
		func(p *Port) bool { return p.Type != "" },
		func(a, b *Port) bool { return a.Type != b.Type }},
	{FieldOFPort, "ofport", nil, false,
		func(p *Port) bool { return p.OFPort != 0 },
		func(a, b *Port) bool { return a.OFPort != b.OFPort }},
	{FieldVLAN, "tag, trunks, vlan_mode", nil, true,
		func(p *Port) bool { return p.VLAN != VLAN{} },
		func(a, b *Port) bool { return a.VLAN != b.VLAN }},
	{FieldIfName, "ifname", []PortType{Tap, System, AFXDP, Internal}, false,
		func(p *Port) bool { return p.IfName != "" },
		func(a, b *Port) bool { return a.IfName != b.IfName }},
	{FieldNetns, "netns", []PortType{Tap, System, AFXDP}, false,
		func(p *Port) bool { return p.Netns != "" },
		func(a, b *Port) bool { return a.Netns != b.Netns }},
	{FieldMAC, "mac", []PortType{Tap, Internal, Dummy}, true,
		func(p *Port) bool { return p.MAC != MAC{} },
		func(a, b *Port) bool { return a.MAC != b.MAC }},
	{FieldMTU, "mtu", []PortType{Tap, System, AFXDP, Internal, Dummy}, true,
		func(p *Port) bool { return p.MTU != 0 },
		func(a, b *Port) bool { return a.MTU != b.MTU }},
	{FieldQueues, "queues", []PortType{Tap, System, AFXDP, Internal, Dummy}, false,
		func(p *Port) bool { return p.Queues != 0 },
		func(a, b *Port) bool { return a.Queues != b.Queues }},
	{FieldAddress, "address", []PortType{Tap, Internal}, true,
		func(p *Port) bool { return len(p.Address) > 0 },
		func(a, b *Port) bool { return !slices.Equal(a.Address, b.Address) }},
	{FieldIO, "io", []PortType{Tap, Internal}, false,
		func(p *Port) bool { return p.IO != "" },
		func(a, b *Port) bool { return a.IO != b.IO }},
	{FieldGRO, "gro", []PortType{Tap, System, AFXDP, Internal, Dummy, Pcap}, true,
		func(p *Port) bool { return p.GRO != "" },
		func(a, b *Port) bool { return a.GRO != b.GRO }},
	{FieldCoalesce, "coalesce", []PortType{Tap, System, AFXDP, Internal, Dummy, Pcap}, true,
		func(p *Port) bool { return p.Coalesce.Given },
		func(a, b *Port) bool { return a.Coalesce != b.Coalesce }},
	{FieldAffinity, "affinity", []PortType{Tap, System, AFXDP, Internal, Dummy, Pcap}, true,
		func(p *Port) bool { return p.Affinity != nil },
		func(a, b *Port) bool { return !slices.Equal(a.Affinity, b.Affinity) }},
	{FieldXDPMode, "xdp_mode", []PortType{AFXDP}, false,
		func(p *Port) bool { return p.XDPMode != "" },
		func(a, b *Port) bool { return a.XDPMode != b.XDPMode }},
	{FieldPeer, "peer", []PortType{Patch}, false,
		func(p *Port) bool { return p.Peer != "" },
		func(a, b *Port) bool { return a.Peer != b.Peer }},
	{FieldShareWithHost, "share_with_host", []PortType{System}, true,
		func(p *Port) bool { return p.ShareWithHost },
		func(a, b *Port) bool { return a.ShareWithHost != b.ShareWithHost }},
	{FieldFile, "file", []PortType{Pcap}, false,
		func(p *Port) bool { return p.File != "" },
		func(a, b *Port) bool { return a.File != b.File }},
	{FieldRecord, "record", []PortType{Pcap}, false,
		func(p *Port) bool { return p.Record != "" },
		func(a, b *Port) bool { return a.Record != b.Record }},
}

// has reports whether ports of type t know a field.
func (t PortType) has(f PortFields) bool {
	return slices.ContainsFunc(portFields, func(row portField) bool {
		return row.field == f && (row.types == nil || slices.Contains(row.types, t))
	})
}

// changed compares two ports of the same name: the fields that differ, and whether
// the port can take all of them while it forwards.
func changed(have, want *Port) (fields PortFields, inPlace bool) {
	inPlace = true
	for _, row := range portFields {
		if row.differs(have, want) {
			fields |= row.field
			inPlace = inPlace && row.inPlace
		}
	}
	return fields, inPlace
}

// Has reports whether all of f are in the set.
func (s PortFields) Has(f PortFields) bool { return s&f == f }

// String lists the fields by their keys in switch.yaml.
func (s PortFields) String() string {
	var keys []string
	for _, row := range portFields {
		if s.Has(row.field) {
			keys = append(keys, row.key)
		}
	}
	return strings.Join(keys, ", ")
}

// BridgeFields is a set of a bridge's fields. The ports, and the device of LOCAL,
// have steps of their own.
type BridgeFields uint32

// Fields of a bridge.
const (
	FieldDatapathID BridgeFields = 1 << iota
	FieldFailMode
	FieldProtocols
	FieldMACAging
	FieldMACTableSize
	FieldStaticMACs
	FieldTables

	// The ones below have steps of their own.
	FieldControllers
	FieldListen
	FieldFlows
)

// bridgeField is what is known of one field of a bridge.
type bridgeField struct {
	field   BridgeFields
	key     string
	differs func(a, b *Bridge) bool
	assign  func(to, from *Bridge)
}

// bridgeFields is the table behind Plan. A bridge can change all of them while it
// forwards.
var bridgeFields = []bridgeField{
	{FieldDatapathID, "datapath_id",
		func(a, b *Bridge) bool { return a.DatapathID != b.DatapathID },
		func(to, from *Bridge) { to.DatapathID = from.DatapathID }},
	{FieldFailMode, "fail_mode",
		func(a, b *Bridge) bool { return a.FailMode != b.FailMode },
		func(to, from *Bridge) { to.FailMode = from.FailMode }},
	{FieldProtocols, "protocols",
		func(a, b *Bridge) bool { return a.Protocols != b.Protocols },
		func(to, from *Bridge) { to.Protocols = from.Protocols }},
	{FieldMACAging, "mac_aging",
		func(a, b *Bridge) bool { return a.MACAging != b.MACAging },
		func(to, from *Bridge) { to.MACAging = from.MACAging }},
	{FieldMACTableSize, "mac_table_size",
		func(a, b *Bridge) bool { return a.MACTableSize != b.MACTableSize },
		func(to, from *Bridge) { to.MACTableSize = from.MACTableSize }},
	{FieldStaticMACs, "static_macs",
		func(a, b *Bridge) bool { return !slices.Equal(a.StaticMACs, b.StaticMACs) },
		func(to, from *Bridge) { to.StaticMACs = from.StaticMACs }},
	{FieldTables, "tables",
		func(a, b *Bridge) bool { return !slices.Equal(a.Tables, b.Tables) },
		func(to, from *Bridge) { to.Tables = from.Tables }},
	{FieldControllers, "controllers",
		func(a, b *Bridge) bool { return !slices.Equal(a.Controllers, b.Controllers) },
		func(to, from *Bridge) { to.Controllers = from.Controllers }},
	{FieldListen, "listen",
		func(a, b *Bridge) bool { return !slices.Equal(a.Listen, b.Listen) },
		func(to, from *Bridge) { to.Listen = from.Listen }},
	{FieldFlows, "flows, flows_file",
		func(a, b *Bridge) bool { return a.Flows != b.Flows || a.FlowsFile != b.FlowsFile },
		func(to, from *Bridge) { to.Flows, to.FlowsFile = from.Flows, from.FlowsFile }},
}

// ownSteps are the fields whose change is not a ChangeBridge step.
const ownSteps = FieldControllers | FieldListen | FieldFlows

// Has reports whether all of f are in the set.
func (s BridgeFields) Has(f BridgeFields) bool { return s&f == f }

// String lists the fields by their keys in switch.yaml.
func (s BridgeFields) String() string {
	var keys []string
	for _, row := range bridgeFields {
		if s.Has(row.field) {
			keys = append(keys, row.key)
		}
	}
	return strings.Join(keys, ", ")
}

// changedBridge returns the fields in which two bridges of the same name differ.
func changedBridge(have, want *Bridge) (fields BridgeFields) {
	for _, row := range bridgeFields {
		if row.differs(have, want) {
			fields |= row.field
		}
	}
	return fields
}

// assign copies fields from one bridge to another.
func (s BridgeFields) assign(to, from *Bridge) {
	for _, row := range bridgeFields {
		if s.Has(row.field) {
			row.assign(to, from)
		}
	}
}

// Setting is one of the settings that a Plan can change.
type Setting string

// Settings, by their keys in switch.yaml.
const (
	SettingRunDir   Setting = "rundir"
	SettingStateDir Setting = "statedir"
	SettingLog      Setting = "log"
	SettingMetrics  Setting = "metrics"
	SettingTLS      Setting = "tls"
	SettingDatapath Setting = "datapath"
	SettingReload   Setting = "reload"
)

// settingRow compares and copies one setting.
type settingRow struct {
	setting Setting
	differs func(a, b *Settings) bool
	assign  func(to, from *Settings)
}

var settingRows = []settingRow{
	{SettingRunDir,
		func(a, b *Settings) bool { return a.RunDir != b.RunDir },
		func(to, from *Settings) { to.RunDir = from.RunDir }},
	{SettingStateDir,
		func(a, b *Settings) bool { return a.StateDir != b.StateDir },
		func(to, from *Settings) { to.StateDir = from.StateDir }},
	{SettingLog,
		func(a, b *Settings) bool { return a.Log.differs(&b.Log) },
		func(to, from *Settings) { to.Log = from.Log }},
	{SettingMetrics,
		func(a, b *Settings) bool { return a.Metrics.differs(&b.Metrics) },
		func(to, from *Settings) { to.Metrics = from.Metrics }},
	{SettingTLS,
		func(a, b *Settings) bool { return a.TLS != b.TLS },
		func(to, from *Settings) { to.TLS = from.TLS }},
	{SettingDatapath,
		func(a, b *Settings) bool { return a.Datapath != b.Datapath },
		func(to, from *Settings) { to.Datapath = from.Datapath }},
	{SettingReload,
		func(a, b *Settings) bool { return a.Reload != b.Reload },
		func(to, from *Settings) { to.Reload = from.Reload }},
}

// assign copies the setting from one value to another.
func (s Setting) assign(to, from *Settings) {
	for _, row := range settingRows {
		if row.setting == s {
			row.assign(to, from)
		}
	}
}
