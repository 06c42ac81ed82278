package flow

// How many fields there are of each numbered kind.
const (
	NumTunMetadata = 64
	NumRegs        = 32
	NumXRegs       = NumRegs / 2
	NumXXRegs      = NumRegs / 4
)

// FieldNone is no field.
const FieldNone FieldID = 0

// Fields of the outer header and of the datapath.
const (
	FieldDPHash FieldID = iota + 1
	FieldRecircID
	FieldPacketType
	FieldConjID
	FieldTunID
	FieldTunSrc
	FieldTunDst
	FieldTunIPv6Src
	FieldTunIPv6Dst
	FieldTunFlags
	FieldTunTTL
	FieldTunTOS
	FieldTunGBPID
	FieldTunGBPFlags
	FieldTunERSPANIdx
	FieldTunERSPANVer
	FieldTunERSPANDir
	FieldTunERSPANHWID
	FieldTunGTPUFlags
	FieldTunGTPUMsgType
	FieldTunMetadata0 // the first of NumTunMetadata
)

// Metadata, connection tracking and registers.
const (
	FieldMetadata  FieldID = FieldTunMetadata0 + NumTunMetadata + iota
	FieldInPort            // 16 bits, as OpenFlow 1.0 numbers ports
	FieldInPortOXM         // 32 bits
	FieldActsetOutput
	FieldSKBPriority
	FieldPktMark
	FieldCTState
	FieldCTZone
	FieldCTMark
	FieldCTLabel
	FieldCTNWProto
	FieldCTNWSrc
	FieldCTNWDst
	FieldCTIPv6Src
	FieldCTIPv6Dst
	FieldCTTPSrc
	FieldCTTPDst
	FieldReg0 // the first of NumRegs
)

// Wide registers: xreg<n> is reg<2n> (high bits) and reg<2n+1>, xxreg<n> is
// reg<4n> (high bits) to reg<4n+3>.
const (
	FieldXReg0  = FieldReg0 + NumRegs   // the first of NumXRegs
	FieldXXReg0 = FieldXReg0 + NumXRegs // the first of NumXXRegs
	afterRegs   = FieldXXReg0 + NumXXRegs
)

// Fields of the packet's headers, in an order in which a field comes after
// those that it needs as prerequisites.
const (
	FieldEthSrc FieldID = afterRegs + iota
	FieldEthDst
	FieldEthType
	FieldVLANTCI
	FieldDLVLAN
	FieldVLANVID
	FieldDLVLANPCP
	FieldVLANPCP
	FieldPBBISID
	FieldPBBUCA
	FieldMPLSLabel
	FieldMPLSTC
	FieldMPLSBOS
	FieldMPLSTTL
	FieldIPSrc
	FieldIPDst
	FieldIPv6Src
	FieldIPv6Dst
	FieldIPv6Label
	FieldIPProto
	FieldIPTOS  // DSCP in place, ECN bits zero
	FieldIPDSCP // DSCP as a number
	FieldIPECN
	FieldIPTTL
	FieldIPFrag
	FieldIPv6ExtHdr
	FieldARPOp
	FieldARPSPA
	FieldARPTPA
	FieldARPSHA
	FieldARPTHA
	FieldTCPSrc
	FieldTCPDst
	FieldTCPFlags
	FieldUDPSrc
	FieldUDPDst
	FieldSCTPSrc
	FieldSCTPDst
	FieldICMPType
	FieldICMPCode
	FieldICMPv6Type
	FieldICMPv6Code
	FieldNDTarget
	FieldNDSLL
	FieldNDTLL
	FieldNDReserved
	FieldNDOptionsType
	FieldNSHFlags
	FieldNSHMDType
	FieldNSHNP
	FieldNSHSPI
	FieldNSHSI
	FieldNSHTTL
	FieldNSHC1
	FieldNSHC2
	FieldNSHC3
	FieldNSHC4

	fieldEnd // one more than the last
)

// NumFields is the number of fields.
const NumFields = int(fieldEnd) - 1
