package openflow

// BundleControlType is a step in a bundle's life (OFPBCT_*).
type BundleControlType uint16

// Steps of a bundle's life.
const (
	BundleOpenRequest BundleControlType = iota
	BundleOpenReply
	BundleCloseRequest
	BundleCloseReply
	BundleCommitRequest
	BundleCommitReply
	BundleDiscardRequest
	BundleDiscardReply
)

// BundleFlags are a bundle's flags (OFPBF_*).
type BundleFlags uint16

// Bundle flags.
const (
	BundleAtomic  BundleFlags = 1 << 0
	BundleOrdered BundleFlags = 1 << 1
	BundleTime    BundleFlags = 1 << 2 // 1.5
)

// BundleControl opens, closes, commits or discards a bundle.
type BundleControl struct {
	ID    uint32
	Type  BundleControlType
	Flags BundleFlags
	Props []Property // 1.5: when to commit
}

// BundleAdd adds a message to a bundle.
type BundleAdd struct {
	ID    uint32
	Flags BundleFlags
	// Message is the message, whose transaction id is that of the BundleAdd. XID and
	// Header are what decoding it gave.
	Message Message
	XID     uint32
	Header  Header
}

// BundleFeaturesRequest asks for what bundles can do (1.5).
type BundleFeaturesRequest struct {
	Flags uint32
	Props []Property
}

// BundleFeaturesReply is what bundles can do (1.5).
type BundleFeaturesReply struct {
	Capabilities uint16
	Props        []Property
}
