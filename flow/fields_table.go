package flow

import (
	"strconv"
	"unsafe"
)

// Experimenter numbers and classes of wire forms.
const (
	classNXM0         = 0x0000
	classNXM1         = 0x0001
	classEricsson     = 0x1000
	classOpenFlow     = 0x8000
	classPacketRegs   = 0x8001
	classExperimenter = 0xffff

	experimenterNicira = 0x00002320
	experimenterNSH    = 0x005ad650
	experimenterONF    = 0x4f4e4600
)

func nxmOF(name string, code uint8) Wire {
	return Wire{Name: "NXM_OF_" + name, Class: classNXM0, Code: code}
}

func nxmNX(name string, code uint8) Wire {
	return Wire{Name: "NXM_NX_" + name, Class: classNXM1, Code: code}
}

func oxmOF(name string, code, since uint8) Wire {
	return Wire{Name: "OXM_OF_" + name, Class: classOpenFlow, Code: code, Since: since}
}

func ericOXM(name string, code uint8) Wire {
	return Wire{Name: "ERICOXM_OF_" + name, Class: classEricsson, Code: code}
}

func onfOXM(name string, code, since uint8) Wire {
	return Wire{Name: "ONFOXM_ET_" + name, Class: classExperimenter, Code: code, Experimenter: experimenterONF, Since: since}
}

func nxoxm(name string, code uint8) Wire {
	return Wire{Name: "NXOXM_ET_" + name, Class: classExperimenter, Code: code, Experimenter: experimenterNicira}
}

func nshOXM(name string, code uint8) Wire {
	return Wire{Name: "NXOXM_NSH_" + name, Class: classExperimenter, Code: code, Experimenter: experimenterNSH}
}

// off makes an offset in Pipeline the type that a row has it in.
func off(n uintptr) uint16 { return uint16(n) }

// tunMetadataFields are tun_metadata0 to tun_metadata63.
func tunMetadataFields() []Field {
	fields := make([]Field, NumTunMetadata)
	for i := range fields {
		fields[i] = Field{
			ID: FieldTunMetadata0 + FieldID(i), Name: "tun_metadata" + strconv.Itoa(i),
			Bits: 8 * MaxTLVLen, Bytes: MaxTLVLen, layout: layoutWide,
			Maskable: true, Writable: true, Format: Hexadecimal,
			Wires: []Wire{nxmNX("TUN_METADATA"+strconv.Itoa(i), uint8(40+i))},
		}
	}
	return fields
}

// registerFields are reg0 to reg31, xreg0 to xreg15 and xxreg0 to xxreg7, which
// lie over one another.
func registerFields() []Field {
	var p Pipeline
	var fields []Field
	add := func(first FieldID, name string, i, regs int, wire Wire) {
		fields = append(fields, Field{
			ID: first + FieldID(i), Name: name + strconv.Itoa(i), Bits: 32 * regs, Bytes: 4 * regs,
			Offset: off(unsafe.Offsetof(p.Regs)) + uint16(4*regs*i), Size: uint8(4 * regs), layout: layoutRegs,
			Maskable: true, Writable: true, Format: Hexadecimal, Wires: []Wire{wire},
		})
	}
	for i := range NumRegs {
		n := "REG" + strconv.Itoa(i)
		if i < 16 {
			add(FieldReg0, "reg", i, 1, nxmNX(n, uint8(i)))
		} else {
			add(FieldReg0, "reg", i, 1, nxoxm(n, uint8(i+1)))
		}
	}
	for i := range NumXRegs {
		wire := oxmOF("PKT_REG"+strconv.Itoa(i), uint8(i), 4)
		wire.Class = classPacketRegs
		add(FieldXReg0, "xreg", i, 2, wire)
	}
	for i := range NumXXRegs {
		n := "XXREG" + strconv.Itoa(i)
		if i < 4 {
			add(FieldXXReg0, "xxreg", i, 4, nxmNX(n, uint8(111+i)))
		} else {
			add(FieldXXReg0, "xxreg", i, 4, nxoxm(n, uint8(29+i)))
		}
	}
	return fields
}

// buildFields puts the table together and fills in what rows leave out.
func buildFields() []Field {
	var rows []Field
	for _, group := range [][]Field{
		tunnelFields(), tunMetadataFields(), metadataFields(), registerFields(),
		linkFields(), networkFields(), transportFields(), nshFields(),
	} {
		rows = append(rows, group...)
	}
	for i := range rows {
		f := &rows[i]
		if f.MatchName == "" {
			f.MatchName = f.Name
		}
		if f.full.IsZero() {
			f.full = Ones(f.Bits)
		}
	}
	return rows
}
