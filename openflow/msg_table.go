package openflow

import "vswitch/flow"

// TableMiss is what a table does with packets that match no flow, as OpenFlow
// 1.1 and 1.2 configure it (OFPTC_TABLE_MISS_*).
type TableMiss uint8

// Table miss behaviours.
const (
	MissDefault    TableMiss = iota // as the version says; nothing is configured
	MissController                  // wire 0
	MissContinue                    // wire 1: next table
	MissDrop                        // wire 2
)

// Tristate is a setting that a message may leave alone.
type Tristate uint8

// Values of a Tristate.
const (
	Unset Tristate = iota
	Off
	On
)

// VacancyEvents are the thresholds of a table's vacancy events, in percent of
// free space, and the present one.
type VacancyEvents struct {
	Down, Up, Current uint8
}

// TableMod configures a table.
type TableMod struct {
	Table         uint8
	Miss          TableMiss // 1.1, 1.2
	Eviction      Tristate  // 1.4+
	EvictionFlags uint32    // 1.4+: OFPTMPEF_*; all ones: not given
	Vacancy       Tristate  // 1.4+
	VacancyDown   uint8     // percent
	VacancyUp     uint8     // percent
}

// TableDescRequest asks for the configuration of all tables (1.4+).
type TableDescRequest struct{}

// TableDescReply is the configuration of tables.
type TableDescReply struct{ Tables []TableDesc }

// TableDesc is one table's configuration.
type TableDesc struct {
	Table         uint8
	Eviction      Tristate
	EvictionFlags uint32
	Vacancy       Tristate
	VacancyEvents
	Props []Property // others, as they came
}

// TableStatus tells that a table crossed a vacancy threshold (1.4+).
type TableStatus struct {
	Reason uint8 // OFPTR_VACANCY_DOWN 3, OFPTR_VACANCY_UP 4
	Desc   TableDesc
}

// TableStatsRequest asks for the counters of all tables.
type TableStatsRequest struct{}

// TableStatsReply has tables' counters, and in OpenFlow 1.0 to 1.2 what a table
// can do too: then Features has an entry for each of Tables.
type TableStatsReply struct {
	Tables   []TableStats
	Features []TableFeatures
}

// TableStats are one table's counters.
type TableStats struct {
	Table   uint8
	Active  uint32
	Lookups uint64
	Matched uint64
}

// FieldSet is a set of fields, in the order of the wire and without duplicates.
type FieldSet []flow.FieldID

// ActionSet is a set of action kinds: bit k is kind k.
type ActionSet [2]uint64

// InstructionSet is a set of instructions: bit i is instruction type i of OpenFlow
// 1.1 and later (OFPIT_*).
type InstructionSet uint32

// TableSet is a set of tables: bit t%64 of word t/64 is table t.
type TableSet [4]uint64

// TableCommand says what a TableFeaturesRequest does (1.5: OFPTFC_*).
type TableCommand uint8

// Commands of table features.
const (
	TablesReplace TableCommand = iota // tables that the request leaves out go
	TablesModify
	TablesEnable
	TablesDisable
)

// TableInstructions are what flows of a table may do, for table-miss flows and
// for others apart.
type TableInstructions struct {
	Instructions InstructionSet
	Next         TableSet
	Write, Apply TableActions
}

// TableActions are the actions that an instruction may have, and the fields that
// they may set.
type TableActions struct {
	Actions  ActionSet
	SetField FieldSet
}

// TableMatchField is a field that a table can match.
type TableMatchField struct {
	Field    flow.FieldID
	Maskable bool
	Wildcard bool // may be left out
}

// Bits of a table's configuration on the wire (OFPTC_*).
const (
	TableConfigMissMask uint32 = 3 // 1.1, 1.2: TableMiss, less 1
	TableConfigEviction uint32 = 1 << 2
	TableConfigVacancy  uint32 = 1 << 3
)

// PropertiesCame says that TableFeatures.Properties tells what came.
const PropertiesCame uint32 = 1 << 31

// TableFeatures is what a table can do.
type TableFeatures struct {
	Table         uint8
	Command       TableCommand // 1.5
	Features      uint32       // 1.5: OFPTFF_*
	Name          string       // at most 31 bytes
	MetadataMatch uint64
	MetadataWrite uint64
	Config        uint32 // TableConfig bits: the configuration up to 1.3, what can be configured later
	MaxEntries    uint32
	Match         []TableMatchField
	Flows, Misses TableInstructions // of flows in general, and of the table-miss flow
	// Properties are the types of properties that came: bit t is type t, and
	// PropertiesCame is set. 0 in a message to send: all.
	Properties uint32
	// Unknown are properties that are kept as they came: experimenters', and those
	// of OpenFlow 1.4 and 1.5 that Open vSwitch does not know.
	Unknown []Property
}

// Property is a property of an unknown type, as it came: type, then the bytes
// behind type and length.
type Property struct {
	Type uint16
	Data []byte
}

// TableFeaturesRequest asks for what all tables can do, or with Tables given
// configures them.
type TableFeaturesRequest struct{ Tables []TableFeatures }

// TableFeaturesReply is what tables can do.
type TableFeaturesReply struct{ Tables []TableFeatures }
