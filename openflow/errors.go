package openflow

import "fmt"

// Vendors whose extensions this package speaks.
const (
	VendorNicira   = 0x00002320
	VendorONF      = 0x4f4e4600
	VendorEricsson = 0x00000d5c // not an assigned identifier, but the one in use for neighbour discovery fields
)

// errTypeExperimenter is OFPET_EXPERIMENTER of OpenFlow 1.2 and later,
// errTypeNicira the type under which 1.0 and 1.1 carry struct nx_vendor_error.
const (
	errTypeExperimenter = 0xffff
	errTypeNicira       = 0xb0c2
)

// String is the error's name on the wire: "OFPBMC_BAD_PREREQ".
func (c ErrorCode) String() string {
	if int(c) >= numErrorCodes {
		return fmt.Sprintf("error code %d", uint16(c))
	}
	return errorTable[c].name
}

// Error is String.
func (c ErrorCode) Error() string { return c.String() }

// ParseErrorCode finds an error by its name.
func ParseErrorCode(name string) (ErrorCode, bool) {
	for c := range errorTable {
		if errorTable[c].name == name {
			return ErrorCode(c), true
		}
	}
	return 0, false
}

// Error is an OpenFlow error as a Go error, and the error message itself.
// errors.Is finds its Code.
type Error struct {
	Code ErrorCode
	// Vendor, Type and Number are the wire's numbers of an error message that
	// was received. They are the only identity of one with Code ErrUnknown.
	Vendor       uint32
	Type, Number uint16
	// Data is the offending message or its beginning, as much as the message
	// carries (at least 64 bytes of a longer one); text for ErrHelloIncompatible
	// and ErrHelloPermission.
	Data []byte
	// Detail says for logs what exactly was wrong. It does not travel.
	Detail string
}

// NewError makes an error with a detail for logs.
func NewError(code ErrorCode, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Error is the name and the detail.
func (e *Error) Error() string {
	switch {
	case e.Code == ErrUnknown && e.Vendor != 0:
		return fmt.Sprintf("unknown error: vendor %#x type %d code %d", e.Vendor, e.Type, e.Number)
	case e.Code == ErrUnknown:
		return fmt.Sprintf("unknown error: type %d code %d", e.Type, e.Number)
	case e.Detail != "":
		return e.Code.String() + ": " + e.Detail
	}
	return e.Code.String()
}

// Unwrap is the code, so that errors.Is and errors.As find it.
func (e *Error) Unwrap() error { return e.Code }
