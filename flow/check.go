package flow

// ValueFault says why a field cannot be matched against, or set to, a value.
type ValueFault uint8

// Reasons to refuse a value.
const (
	FaultTooWide     ValueFault = iota + 1 // bits that the field does not have (OFPBMC_BAD_VALUE)
	FaultOutsideMask                       // value bits where the mask has none (OFPBMC_BAD_WILDCARDS)
	FaultMaskRefused                       // part of a field that is not maskable (OFPBMC_BAD_MASK)
)

// ValueError is a value or mask that a field cannot have.
type ValueError struct {
	Field       *Field
	Fault       ValueFault
	Value, Mask Value
}

func (e *ValueError) Error() string {
	show := func(v Value) string { return string(appendHex(nil, v, 0)) }
	switch e.Fault {
	case FaultTooWide:
		return e.Field.Name + ": value " + show(e.Value) + "/" + show(e.Mask) + " has bits outside " + show(e.Field.full)
	case FaultOutsideMask:
		return e.Field.Name + ": value " + show(e.Value) + " has bits outside its mask " + show(e.Mask)
	default:
		return e.Field.Name + ": mask " + show(e.Mask) + ": this field is matched in full or not at all"
	}
}

// Check says whether a match on the field may ask for value/mask. The error is
// a *ValueError. A mask bit beyond the field counts only where it is not part
// of a run of ones that covers the whole field, because controllers write an
// exact match as all ones of the field's bytes.
func (f *Field) Check(value, mask Value) error {
	fault := ValueFault(0)
	switch {
	case f.ID == FieldDLVLAN && value == U64(NoVLAN):
	case !value.AndNot(f.full).IsZero():
		fault = FaultTooWide
	case mask == Ones(8*f.Bytes):
	case !mask.AndNot(f.full).IsZero():
		fault = FaultTooWide
	case !value.AndNot(mask).IsZero():
		fault = FaultOutsideMask
	case !f.Maskable && !mask.IsZero() && mask != f.full:
		fault = FaultMaskRefused
	}
	if fault == 0 {
		return nil
	}
	return &ValueError{Field: f, Fault: fault, Value: value, Mask: mask}
}
