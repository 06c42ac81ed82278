package text

import (
	"math"
	"slices"
	"strings"

	"vswitch/openflow"
)

// ParseGroup reads a group as add-group, mod-group, del-groups, insert-buckets
// and remove-buckets take it: "group_id=1,type=select,bucket=weight:5,output:1".
// With o.CommandWord the text may begin with another command: add, modify,
// add_or_mod, delete, insert_bucket, remove_bucket. The error is an *Error.
func ParseGroup(text string, command openflow.GroupModCommand, o Options) (*openflow.GroupMod, error) {
	r := groupReader{parser: parser{in: text, o: &o, actions: actionKeywords}}
	r.m = &openflow.GroupMod{Command: command, CommandBucket: openflow.BucketAll}
	rest := span{text: text}
	if o.CommandWord {
		rest = r.commandWord(rest)
	}
	if err := r.read(rest); err != nil {
		return nil, err
	}
	return r.m, r.check(span{at: len(text)})
}

var groupWords = map[string]openflow.GroupModCommand{
	"add":           openflow.GroupAdd,
	"modify":        openflow.GroupModify,
	"add_or_mod":    openflow.GroupAddOrModify,
	"delete":        openflow.GroupDelete,
	"insert_bucket": openflow.GroupInsertBucket,
	"remove_bucket": openflow.GroupRemoveBucket,
}

// groupReader reads one group into m.
type groupReader struct {
	parser
	m                               *openflow.GroupMod
	hasID, hasType, hasCommandWhere bool
	typeKey, where                  span // of those
	buckets                         []span
	props                           span // the first of the keys that say how to select
	weights, ids                    []span
}

func (r *groupReader) commandWord(v span) span {
	v = v.trim()
	n := strings.IndexAny(v.text, separators)
	if n < 0 {
		n = len(v.text)
	}
	if c, found := groupWords[v.text[:n]]; found {
		r.m.Command = c
		return v.from(n)
	}
	return v
}

// read reads the keys, and then the buckets, which need the group's type.
func (r *groupReader) read(v span) error {
	var a pair
	s := r.scan(v)
	r.takeBuckets(&s)
	for s.next(&a) {
		if err := r.key(&a); err != nil {
			return err
		}
		r.takeBuckets(&s)
	}
	if s.err != nil {
		return s.err
	}
	r.weights = make([]span, len(r.buckets))
	r.ids = make([]span, len(r.buckets))
	for i, v := range r.buckets {
		b, err := r.bucket(i, v)
		if err != nil {
			return err
		}
		r.m.Buckets = append(r.m.Buckets, b)
	}
	return r.numberBuckets()
}

// takeBuckets cuts off the buckets that the rest begins with, each being all up to
// the next one.
func (r *groupReader) takeBuckets(s *scanner) {
	for {
		if s.skip(); !strings.HasPrefix(s.rest.text, "bucket=") && !strings.HasPrefix(s.rest.text, "bucket:") {
			return
		}
		s.rest = s.rest.from(len("bucket="))
		end := len(s.rest.text)
		for _, next := range [...]string{",bucket=", " bucket=", ",bucket:", " bucket:"} {
			if i := strings.Index(s.rest.text, next); i >= 0 && i < end {
				end = i
			}
		}
		r.buckets = append(r.buckets, s.rest.slice(0, end))
		s.rest = s.rest.from(end)
	}
}

// groupKeys are the keys of a group.
var groupKeys = []string{"group_id", "type", "command_bucket_id", "selection_method", "selection_method_param", "fields", "bucket"}

func (r *groupReader) key(a *pair) (err error) {
	switch a.key.text {
	case "group_id":
		r.hasID = true
		if a.value.text == "all" {
			r.m.Group = openflow.GroupAll
			return nil
		}
		r.m.Group, err = r.groupID(a.value)
	case "type":
		r.hasType, r.typeKey = true, a.key
		r.m.Type, err = r.groupType(a.value)
	case "command_bucket_id":
		r.hasCommandWhere, r.where = true, a.value
		r.m.CommandBucket, err = r.bucketID(a.value, true)
	case "selection_method":
		if r.m.Props.Method = a.value.text; len(a.value.text) > maxSelectionMethod {
			err = r.fail(a.value, "selection_method: at most %d letters fit", maxSelectionMethod)
		}
	case "selection_method_param":
		r.m.Props.Param, err = r.uint64("selection_method_param", a.value)
	case "fields":
		err = r.fields(a.value)
	default:
		return r.unknownKey(a.key, "a group", groupKeys...)
	}
	if r.props.text == "" && (a.key.text == "fields" || strings.HasPrefix(a.key.text, "selection_method")) {
		r.props = a.key
	}
	return err
}

// maxSelectionMethod is the longest name of a selection method, in bytes.
const maxSelectionMethod = 15

func (r *groupReader) groupType(v span) (openflow.GroupType, error) {
	if v.text == "fast_failover" {
		return openflow.GroupTypeFF, nil
	}
	t, err := r.oneOf("group type", v, groupTypes[:])
	return openflow.GroupType(t), err
}

// bucketID reads a bucket's number; named also takes first, last and all.
func (r *groupReader) bucketID(v span, named bool) (uint32, error) {
	for id, name := range bucketNames {
		if named && name == v.text {
			return id, nil
		}
	}
	n, err := r.uint("bucket_id", v, math.MaxUint32)
	if err == nil && n > openflow.BucketMax {
		err = r.fail(v, "bucket_id: the numbers are 0 to %d", uint32(openflow.BucketMax))
	}
	return uint32(n), err
}

// fields reads the fields that a select group hashes: "ip_src,tcp_dst=0xff".
func (r *groupReader) fields(v span) error {
	var a pair
	s := r.scan(v)
	for s.next(&a) {
		f, err := r.field(a.key)
		if err != nil {
			return err
		}
		if len(f.Wires) == 0 {
			return r.fail(a.key, "a group cannot hash %s", f.Name).suggest(withWire(f))
		}
		m := openflow.FieldMask{Field: f.ID, Mask: f.Full()}
		if a.delim != 0 {
			if m.Mask, _, err = f.ParseValue(a.value.text, nil); err != nil {
				return r.valueError(f.Name, a.value, err)
			}
		}
		at, found := slices.BinarySearchFunc(r.m.Props.Fields, m, func(a, b openflow.FieldMask) int { return int(a.Field) - int(b.Field) })
		if found {
			return r.fail(a.key, "%s stands twice", f.Name)
		}
		r.m.Props.Fields = slices.Insert(r.m.Props.Fields, at, m)
	}
	return s.err
}

// bucket reads one bucket: its keys, and actions behind "actions=" or by
// themselves.
func (r *groupReader) bucket(i int, v span) (openflow.Bucket, error) {
	b := openflow.Bucket{WatchPort: openflow.PortAny, WatchGroup: openflow.GroupAny}
	if r.m.Type == openflow.GroupTypeSelect {
		b.Weight = 1
	}
	hasActions := false
	var a pair
	s := r.scan(v)
	for s.next(&a) {
		isAction, err := r.bucketKey(i, &b, &a)
		if err != nil {
			return b, err
		}
		hasActions = hasActions || isAction
	}
	if s.err != nil {
		return b, s.err
	}
	if !hasActions {
		return b, r.fail(v, "a bucket has actions").remedy("write bucket=actions=..., or bucket=actions=drop")
	}
	return b, nil
}

// bucketKey reads one key or action of a bucket.
func (r *groupReader) bucketKey(i int, b *openflow.Bucket, a *pair) (isAction bool, err error) {
	switch a.key.text {
	case "weight":
		r.weights[i] = a.key
		b.Weight, err = r.uint16("weight", a.value)
	case "bucket_id":
		r.ids[i] = a.value
		b.ID, err = r.bucketID(a.value, false)
	case "watch_port":
		b.WatchPort, err = r.port(a.value)
	case "watch_group":
		b.WatchGroup, err = r.anyGroup(a.value)
	case "actions", "action":
		var list []openflow.Action
		list, err = r.actionList(a.value, contextList)
		b.Actions = append(b.Actions, list...)
		return true, err
	default:
		if isDrop(a) {
			return true, nil
		}
		action, err := r.action(a, contextList)
		b.Actions = append(b.Actions, action)
		return true, err
	}
	return false, err
}

// anyGroup reads a group's number, or any.
func (p *parser) anyGroup(v span) (uint32, error) {
	switch strings.ToLower(v.text) {
	case "any":
		return openflow.GroupAny, nil
	case "all":
		return openflow.GroupAll, nil
	}
	n, err := p.uint("group", v, math.MaxUint32)
	return uint32(n), err
}

// numberBuckets gives buckets without a number the first free ones.
func (r *groupReader) numberBuckets() error {
	for i, id := range r.ids {
		if id.text == "" {
			continue
		}
		for j := range i {
			if r.ids[j].text != "" && r.m.Buckets[j].ID == r.m.Buckets[i].ID {
				return r.fail(id, "two buckets have the number %d", r.m.Buckets[i].ID)
			}
		}
	}
	next := uint32(0)
	for i := range r.ids {
		if r.ids[i].text != "" {
			continue
		}
		for r.hasNumber(next) {
			next++
		}
		r.m.Buckets[i].ID = next
		next++
	}
	return nil
}

// hasNumber reports whether a bucket was given the number.
func (r *groupReader) hasNumber(id uint32) bool {
	for i := range r.ids {
		if r.ids[i].text != "" && r.m.Buckets[i].ID == id {
			return true
		}
	}
	return false
}

// check checks what the command needs.
func (r *groupReader) check(end span) error {
	changes := r.m.Command == openflow.GroupAdd || r.m.Command == openflow.GroupModify || r.m.Command == openflow.GroupAddOrModify
	ofBuckets := r.m.Command == openflow.GroupInsertBucket || r.m.Command == openflow.GroupRemoveBucket
	switch {
	case !r.hasID && r.m.Command == openflow.GroupDelete:
		r.m.Group = openflow.GroupAll
	case !r.hasID:
		return r.fail(end, "a group has a number").remedy("write group_id=NUMBER,...")
	case r.m.Group == openflow.GroupAll && (changes || ofBuckets):
		return r.fail(end, "group_id=all goes with deleting only")
	case changes && !r.hasType:
		return r.fail(end, "a group has a type").remedy("write type=all, select, indirect or ff")
	case !changes && r.hasType:
		return r.fail(r.typeKey, "the group has its type already: it cannot be given here")
	case r.m.Command == openflow.GroupInsertBucket && !r.hasCommandWhere:
		return r.fail(end, "command_bucket_id says before or behind which bucket").remedy("write command_bucket_id=first, last or a number")
	case r.m.Command == openflow.GroupInsertBucket && r.m.CommandBucket == openflow.BucketAll:
		return r.fail(r.where, "command_bucket_id=all goes with removing buckets only")
	case !changes && r.props.text != "":
		return r.fail(r.props, "%s goes with adding and modifying groups", r.props.text)
	case !ofBuckets && r.hasCommandWhere:
		return r.fail(end, "command_bucket_id goes with inserting and removing buckets only")
	case len(r.buckets) > 0 && !changes && r.m.Command != openflow.GroupInsertBucket:
		return r.fail(r.buckets[0], "this command takes no buckets")
	}
	if err := r.checkProps(); err != nil || !changes {
		return err
	}
	return r.checkBuckets(end)
}

func (r *groupReader) checkProps() error {
	p := &r.m.Props
	switch {
	case r.props.text == "":
		return nil
	case r.m.Type != openflow.GroupTypeSelect:
		return r.fail(r.props, "%s goes with select groups only", r.props.text)
	case p.Method == "":
		return r.fail(r.props, "%s needs a selection method", r.props.text).remedy("write selection_method=hash or dp_hash")
	case p.Method != "hash" && p.Method != "dp_hash":
		return r.fail(r.props, "unknown selection method %q", p.Method).remedy("write selection_method=hash or dp_hash")
	case len(p.Fields) > 0 && p.Method != "hash":
		return r.fail(r.props, "fields go with selection_method=hash only")
	}
	return nil
}

func (r *groupReader) checkBuckets(end span) error {
	if r.m.Type == openflow.GroupTypeIndirect && len(r.buckets) != 1 {
		return r.fail(end, "an indirect group has one bucket, not %d", len(r.buckets))
	}
	for i := range r.m.Buckets {
		b := &r.m.Buckets[i]
		switch {
		case r.weights[i].text != "" && b.Weight != 0 && r.m.Type != openflow.GroupTypeSelect:
			return r.fail(r.weights[i], "weights go with select groups only")
		case r.m.Type == openflow.GroupTypeFF && b.WatchPort == openflow.PortAny && b.WatchGroup == openflow.GroupAny:
			return r.fail(r.buckets[i], "a bucket of a fast failover group watches a port or a group").
				remedy("write bucket=watch_port:PORT,...")
		}
	}
	return nil
}
