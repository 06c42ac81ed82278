package jsontext

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"vswitch/flow"
	"vswitch/openflow"
	"vswitch/openflow/text"
)

// Writer appends JSON to a buffer. It has one user.
type Writer struct {
	dst   []byte
	print text.PrintOptions
	texts []byte // scratch
	plans map[reflect.Type][]member
}

// member is a field of a struct that is written.
type member struct {
	name     string // in lower_snake
	index    []int
	hideZero bool // it is left out where it says nothing
}

// NewWriter makes a writer that shows ports and tables as o says.
func NewWriter(o text.PrintOptions) *Writer { return &Writer{print: o} }

// Bytes is what was written since Reset. Borrowed until the next call.
func (w *Writer) Bytes() []byte { return w.dst }

// Reset empties the writer.
func (w *Writer) Reset() { w.dst = w.dst[:0] }

// Raw writes s as it is.
func (w *Writer) Raw(s string) { w.dst = append(w.dst, s...) }

// Document writes the members of v, a struct, each on a line of its own, and a
// list's elements too.
func (w *Writer) Document(v any) {
	w.dst = append(w.dst, '{')
	first := true
	w.eachMember(reflect.ValueOf(v), func(name string, v reflect.Value) {
		if !first {
			w.dst = append(w.dst, ',')
		}
		first = false
		w.key("\n  ", name)
		if v.Kind() == reflect.Slice && v.Len() > 0 && isRecord(v.Type().Elem()) {
			w.lines(v)
			return
		}
		w.value(name, v)
	})
	w.dst = append(w.dst, "\n}\n"...)
}

// isRecord reports whether a list of t is worth a line for each element.
func isRecord(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !t.Implements(actionType)
}

func (w *Writer) lines(v reflect.Value) {
	w.dst = append(w.dst, '[')
	for i := range v.Len() {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		w.dst = append(w.dst, "\n    "...)
		w.value("", v.Index(i))
	}
	w.dst = append(w.dst, "\n  ]"...)
}

func (w *Writer) key(before, name string) {
	w.dst = append(w.dst, before...)
	w.string(name)
	w.dst = append(w.dst, ": "...)
}

func (w *Writer) string(s string) {
	const digits = "0123456789abcdef"
	w.dst = append(w.dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.dst = append(w.dst, '\\', byte(r))
		case r < ' ':
			w.dst = append(w.dst, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
		default:
			// What is no UTF-8 comes out of range as the replacement character.
			w.dst = utf8.AppendRune(w.dst, r)
		}
	}
	w.dst = append(w.dst, '"')
}

// eachMember calls use with the members of a struct, those of embedded structs among
// them.
func (w *Writer) eachMember(v reflect.Value, use func(name string, v reflect.Value)) {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	for _, m := range w.plan(v.Type()) {
		if f := v.FieldByIndex(m.index); !m.hideZero || !f.IsZero() {
			use(m.name, f)
		}
	}
}

// plan lists the members of a type of structs.
func (w *Writer) plan(t reflect.Type) []member {
	if list, found := w.plans[t]; found {
		return list
	}
	list := []member{}
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Anonymous && f.Type.Kind() == reflect.Struct && f.Type != matchType:
			for _, m := range w.plan(f.Type) {
				m.index = append([]int{i}, m.index...)
				list = append(list, m)
			}
		case f.IsExported() && !isHidden(t, f.Name):
			list = append(list, member{snake(f.Name), []int{i}, f.Name == "MAC64" || f.Name == "Props"})
		}
	}
	if w.plans == nil {
		w.plans = map[reflect.Type][]member{}
	}
	w.plans[t] = list
	return list
}

var (
	actionType = reflect.TypeFor[openflow.Action]()
	matchType  = reflect.TypeFor[openflow.Match]()
)

// isHidden reports whether a member says nothing in what it is part of: it belongs
// to another form of the same message.
func isHidden(t reflect.Type, name string) bool {
	return name == "Nicira" || name == "StatsOnly" || name == "Reason" && t == reflect.TypeFor[openflow.FlowStats]()
}

// Value writes v.
func (w *Writer) Value(v any) { w.value("", reflect.ValueOf(v)) }

// value writes v, which is the member name of what is around it.
func (w *Writer) value(name string, v reflect.Value) {
	if w.special(name, v) {
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		w.dst = strconv.AppendBool(w.dst, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		w.dst = strconv.AppendInt(w.dst, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		w.dst = strconv.AppendUint(w.dst, v.Uint(), 10)
	case reflect.String:
		w.string(v.String())
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			w.dst = append(w.dst, "null"...)
			return
		}
		w.value(name, v.Elem())
	case reflect.Slice, reflect.Array:
		w.dst = append(w.dst, '[')
		for i := range v.Len() {
			if i > 0 {
				w.dst = append(w.dst, ", "...)
			}
			w.value("", v.Index(i))
		}
		w.dst = append(w.dst, ']')
	case reflect.Struct:
		w.object(v)
	default:
		panic(fmt.Sprintf("jsontext: no JSON for %v", v.Type()))
	}
}

func (w *Writer) object(v reflect.Value) {
	w.dst = append(w.dst, '{')
	first := true
	w.eachMember(v, func(name string, v reflect.Value) {
		before := ", "
		if first {
			before = ""
		}
		first = false
		w.key(before, name)
		w.value(name, v)
	})
	w.dst = append(w.dst, '}')
}

// special writes values that have a form of their own.
func (w *Writer) special(name string, v reflect.Value) bool {
	if !v.CanAddr() {
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		v = c
	}
	// Behind a pointer a value is looked at without being copied.
	switch x := v.Addr().Interface().(type) {
	case *openflow.Match:
		w.texts = text.AppendMatch(w.texts[:0], x, w.print)
		w.match(string(w.texts))
	case *Match:
		w.match(string(*x))
	case *[]openflow.Action:
		w.texts = text.AppendActions(w.texts[:0], *x, w.print)
		w.list(SplitTop(string(w.texts)))
	case *time.Duration:
		if *x < 0 {
			w.dst = append(w.dst, "null"...)
			break
		}
		w.dst = strconv.AppendFloat(w.dst, x.Seconds(), 'f', -1, 64)
	case *[]byte:
		w.string(hex.EncodeToString(*x))
	case *flow.MAC:
		w.string(fmt.Sprintf("%x:%x:%x:%x:%x:%x", x[0:1], x[1:2], x[2:3], x[3:4], x[4:5], x[5:6]))
	case *flow.IPv6:
		w.string(netip.AddrFrom16(*x).Unmap().String())
	case *flow.Value:
		w.string("0x" + strings.TrimLeft(hex.EncodeToString(x.AppendBytes(nil, 16)), "0"))
	case *flow.FieldID:
		w.fieldName(*x)
	case *openflow.VersionSet:
		w.list(versionNames(*x))
	case *openflow.ActionSet:
		w.list(actionNames(*x))
	case *openflow.PortState:
		names := bitNames(uint64(*x&^openflow.PortSTPMask), flagNames[v.Type()])
		if stp := stpState(*x); stp != "" {
			names = append(names, stp)
		}
		w.list(names)
	case fmt.Stringer:
		if _, isPort := x.(*openflow.PortNo); isPort {
			return false
		}
		w.string(x.String())
	default:
		return w.named(name, v)
	}
	return true
}

// named writes flags and enumerations by their names, numbers that are words of
// bits in hexadecimal, and nothing known as null.
func (w *Writer) named(name string, v reflect.Value) bool {
	if names, isFlags := flagNames[v.Type()]; isFlags {
		w.list(bitNames(v.Uint(), names))
		return true
	}
	if names, isEnum := enumNames[v.Type()]; isEnum {
		w.string(enumName(v.Uint(), names))
		return true
	}
	switch {
	case name == "datapath_id":
		w.string(fmt.Sprintf("%016x", v.Uint()))
	case v.Kind() == reflect.Uint64 && isBits(name):
		w.string("0x" + strconv.FormatUint(v.Uint(), 16))
	case v.Kind() == reflect.Uint64 && v.Uint() == openflow.NoCount:
		w.dst = append(w.dst, "null"...)
	case v.Kind() == reflect.Int32 && v.Int() == openflow.AgeUnknown:
		w.dst = append(w.dst, "null"...)
	default:
		return false
	}
	return true
}

// isBits reports whether a member is a word of bits rather than a number.
func isBits(name string) bool {
	switch name {
	case "cookie", "cookie_mask", "new_cookie", "metadata_match", "metadata_write":
		return true
	}
	return false
}

func (w *Writer) fieldName(id flow.FieldID) {
	if f := flow.FieldByID(id); f != nil {
		w.string(f.Name)
		return
	}
	w.dst = append(w.dst, "null"...)
}

func (w *Writer) list(words []string) {
	w.dst = append(w.dst, '[')
	for i, s := range words {
		if i > 0 {
			w.dst = append(w.dst, ", "...)
		}
		w.string(s)
	}
	w.dst = append(w.dst, ']')
}

// match writes a match's text as an object: "tcp,tp_dst=80" is {"tcp": true,
// "tp_dst": "80"}.
func (w *Writer) match(s string) {
	w.dst = append(w.dst, '{')
	for i, term := range SplitTop(s) {
		if i > 0 {
			w.dst = append(w.dst, ", "...)
		}
		name, value, hasValue := strings.Cut(term, "=")
		w.key("", name)
		if hasValue {
			w.string(unquote(value))
		} else {
			w.dst = append(w.dst, "true"...)
		}
	}
	w.dst = append(w.dst, '}')
}

// unquote takes the quotes off a name that text puts some around.
func unquote(s string) string {
	if strings.HasPrefix(s, `"`) {
		if name, err := strconv.Unquote(s); err == nil {
			return name
		}
	}
	return s
}

// SplitTop splits at commas outside parentheses and quotes.
func SplitTop(s string) []string {
	var list []string
	depth, from, quoted := 0, 0, false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' && (i == 0 || s[i-1] != '\\'):
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			list = append(list, s[from:i])
			from = i + 1
		}
	}
	if from < len(s) {
		list = append(list, s[from:])
	}
	return list
}

// snake is a Go name in lower_snake: RxCRCErr is rx_crc_err, Rx65To127 is
// rx_65_to_127, RFC2819 is rfc2819.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(strings.NewReplacer("IPv4", "IPV4", "IPv6", "IPV6").Replace(name))
	for i, r := range runes {
		if i > 0 {
			before := runes[i-1]
			lowerNext := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			switch {
			case unicode.IsUpper(r) && (!unicode.IsUpper(before) || lowerNext),
				unicode.IsDigit(r) && unicode.IsLower(before) && i < len(runes)-1:
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Match is the text of a match that is written as an openflow.Match is.
type Match string

// Event is a message that came, by itself.
type Event struct {
	Time   string // when; "" where that is not told
	Sent   bool   // it was sent, not received
	Header openflow.Header
	Body   openflow.Message // nil iff Err is not
	Err    error            // why it cannot be decoded
	Bytes  []byte           // the message as it came
}

// Event writes a message on a line of its own.
func (w *Writer) Event(e Event) {
	w.dst = append(w.dst, '{')
	if e.Time != "" {
		w.key("", "time")
		w.string(e.Time)
		w.dst = append(w.dst, ", "...)
	}
	if e.Sent {
		w.key("", "sent")
		w.Raw("true, ")
	}
	w.key("", "message")
	w.string(e.Header.Name)
	w.key(", ", "version")
	w.string(e.Header.Version.String())
	w.key(", ", "xid")
	w.dst = strconv.AppendUint(w.dst, uint64(e.Header.XID), 10)
	if e.Err != nil {
		w.key(", ", "error")
		w.string(e.Err.Error())
		w.key(", ", "bytes")
		w.string(hex.EncodeToString(e.Bytes))
	} else {
		w.key(", ", "body")
		w.value("", reflect.ValueOf(e.Body))
	}
	w.dst = append(w.dst, "}\n"...)
}
