package openflow

import (
	"slices"

	"vswitch/flow"
)

//size:table
func groupMessages() []messageRow {
	stats := listOf(func(m *GroupStatsReply) []GroupStats { return m.Groups }, appendGroupStats)
	desc := listOf(func(m *GroupDescReply) []GroupDesc { return m.Groups },
		func(c context, dst []byte, _ *GroupDescReply, e *GroupDesc) ([]byte, error) {
			return appendGroupDesc(c, dst, e)
		})
	return []messageRow{
		{kind: KindGroupMod, form: formNicira, name: "NXT_GROUP_MOD", class: classNicira, from: V10, to: V10, code: 31, size: 16, extra: 8,
			decode: to(decodeGroupMod), encode: from(appendGroupMod)},
		{kind: KindGroupMod, name: "OFPT_GROUP_MOD", from: V11, to: V14, code: 15, size: 8, extra: 8,
			decode: to(decodeGroupMod), encode: from(appendGroupMod)},
		{kind: KindGroupMod, name: "OFPT_GROUP_MOD", from: V15, to: V15, code: 15, size: 16, extra: 8,
			decode: to(decodeGroupMod), encode: from(appendGroupMod)},
		{kind: KindGroupStatsRequest, name: "NXST_GROUP request", class: classNiciraRequest, from: V10, to: V10, code: 7, size: 8,
			decode: to(decodeGroupStatsRequest), encode: from(appendGroupStatsRequest)},
		{kind: KindGroupStatsRequest, name: "OFPST_GROUP request", class: classRequest, from: V11, to: V15, code: 6, size: 8,
			decode: to(decodeGroupStatsRequest), encode: from(appendGroupStatsRequest)},
		{kind: KindGroupStatsReply, name: "NXST_GROUP reply", class: classNiciraReply, from: V10, to: V10, code: 7, extra: 8,
			decode: to(decodeGroupStats), list: stats},
		{kind: KindGroupStatsReply, name: "OFPST_GROUP reply", class: classReply, from: V11, to: V15, code: 6, extra: 8,
			decode: to(decodeGroupStats), list: stats},
		{kind: KindGroupDescRequest, name: "NXST_GROUP_DESC request", class: classNiciraRequest, from: V10, to: V10, code: 8, size: 8,
			decode: to(decodeGroupDescRequest), encode: from(appendGroupDescRequest)},
		{kind: KindGroupDescRequest, name: "OFPST_GROUP_DESC request", class: classRequest, from: V11, to: V14, code: 7,
			decode: to(func(_ context, _ []byte, m *GroupDescRequest) error { m.Group = GroupAll; return nil }), encode: from(appendGroupDescRequest)},
		{kind: KindGroupDescRequest, name: "OFPST_GROUP_DESC request", class: classRequest, from: V15, to: V15, code: 7, size: 8,
			decode: to(decodeGroupDescRequest), encode: from(appendGroupDescRequest)},
		{kind: KindGroupDescReply, name: "NXST_GROUP_DESC reply", class: classNiciraReply, from: V10, to: V10, code: 8, extra: 8,
			decode: to(decodeGroupDescReply), list: desc},
		{kind: KindGroupDescReply, name: "OFPST_GROUP_DESC reply", class: classReply, from: V11, to: V15, code: 7, extra: 8,
			decode: to(decodeGroupDescReply), list: desc},
		{kind: KindGroupFeaturesRequest, name: "NXST_GROUP_FEATURES request", class: classNiciraRequest, from: V10, to: V11, code: 9,
			decode: toEmpty[GroupFeaturesRequest], encode: fromEmpty},
		{kind: KindGroupFeaturesRequest, name: "OFPST_GROUP_FEATURES request", class: classRequest, from: V12, to: V15, code: 8,
			decode: toEmpty[GroupFeaturesRequest], encode: fromEmpty},
		{kind: KindGroupFeaturesReply, name: "NXST_GROUP_FEATURES reply", class: classNiciraReply, from: V10, to: V11, code: 9, size: 40,
			decode: to(decodeGroupFeatures), encode: from(appendGroupFeatures)},
		{kind: KindGroupFeaturesReply, name: "OFPST_GROUP_FEATURES reply", class: classReply, from: V12, to: V15, code: 8, size: 40,
			decode: to(decodeGroupFeatures), encode: from(appendGroupFeatures)},
	}
}

// groups15 reports whether a version's groups have the layout of OpenFlow 1.5,
// which is also that of the Nicira forms in 1.0.
func groups15(v Version) bool { return v == V10 || v >= V15 }

func decodeGroupMod(c context, b []byte, m *GroupMod) (err error) {
	r := reader{b: b}
	m.Command, m.Type = GroupModCommand(r.u16()), GroupType(r.u8())
	r.skip(1)
	m.Group, m.CommandBucket = r.u32(), BucketAll
	if !groups15(c.v) {
		if m.Buckets, err = decodeBuckets11(c, r.b); err != nil {
			return err
		}
		return m.check(c.v)
	}
	n := int(r.u16())
	r.skip(2)
	m.CommandBucket = r.u32()
	if err := m.checkCommandBucket(); err != nil {
		return err
	}
	if m.Buckets, m.Props, err = decodeBuckets15(c, r.b, n); err != nil {
		return err
	}
	return m.check(c.v)
}

// ofBucket reports whether the command is about buckets of a group.
func (c GroupModCommand) ofBucket() bool { return c == GroupInsertBucket || c == GroupRemoveBucket }

func (m *GroupMod) checkCommandBucket() error {
	id := m.CommandBucket
	if id != BucketAll && (!m.Command.ofBucket() || id > BucketMax && id < BucketFirst) {
		return NewError(ErrGroupModBadBucket, "command bucket %#x", id)
	}
	return nil
}

// check refuses what no switch may accept (OpenFlow 1.3.5 §6.7).
func (m *GroupMod) check(v Version) error {
	switch m.Command {
	case GroupAdd, GroupModify, GroupDelete, GroupAddOrModify:
	case GroupInsertBucket, GroupRemoveBucket:
		if !groups15(v) {
			return NewError(ErrGroupModBadCommand, "command %d in %s", m.Command, v)
		}
	default:
		return NewError(ErrGroupModBadCommand, "command %d", m.Command)
	}
	switch {
	case m.Group > GroupMax && !(m.Command == GroupDelete && m.Group == GroupAll):
		return NewError(ErrGroupModInvalidGroup, "group %#x", m.Group)
	case m.Type > GroupTypeFF:
		return NewError(ErrGroupModBadType, "group type %d", m.Type)
	case m.Command == GroupDelete:
		return nil
	case m.Props.Method != "" && m.Type != GroupTypeSelect:
		return NewError(ErrPropertyBadValue, "selection method in a group that does not select")
	case m.Command == GroupRemoveBucket && len(m.Buckets) > 0:
		return NewError(ErrGroupModBadBucket, "removal that brings buckets")
	case m.Type == GroupTypeIndirect && len(m.Buckets) != 1 && m.Command != GroupRemoveBucket:
		return NewError(ErrGroupModInvalidGroup, "indirect group of %d buckets", len(m.Buckets))
	}
	for i := range m.Buckets {
		if err := m.Buckets[i].check(m.Type); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bucket) check(typ GroupType) error {
	watches := b.WatchPort != PortAny || b.WatchGroup != GroupAny
	switch {
	case b.Weight != 0 && typ != GroupTypeSelect:
		return NewError(ErrGroupModInvalidGroup, "weight in a group that does not select")
	case watches && (typ == GroupTypeAll || typ == GroupTypeIndirect):
		return NewError(ErrGroupModWatchUnsupported, "bucket that watches, in a group that needs all")
	case !watches && typ == GroupTypeFF:
		return NewError(ErrGroupModInvalidGroup, "fast failover bucket that watches nothing")
	}
	return nil
}

func appendGroupMod(c context, dst []byte, m *GroupMod) ([]byte, error) {
	dst = append(be.AppendUint16(dst, uint16(m.Command)), byte(m.Type), 0)
	dst = be.AppendUint32(dst, m.Group)
	if !groups15(c.v) {
		if m.Command.ofBucket() {
			return dst, unencodable(c.v, "insertion and removal of buckets")
		}
		return appendBuckets11(c, dst, m.Buckets, &m.Props)
	}
	at := len(dst)
	bucket := m.CommandBucket
	if !m.Command.ofBucket() {
		bucket = BucketAll
	}
	dst = be.AppendUint32(zeros(dst, 4), bucket)
	return appendBuckets15(c, dst, at, m.Type, m.Buckets, &m.Props)
}

const (
	bucketSize11 = 16
	bucketSize15 = 8
)

// decodeBuckets11 reads buckets of OpenFlow 1.1 to 1.4, which are numbered by
// their places.
func decodeBuckets11(c context, b []byte) (buckets []Bucket, err error) {
	for len(b) > 0 {
		if len(b) < bucketSize11 {
			return nil, NewError(ErrGroupModBadBucket, "%d bytes left", len(b))
		}
		n := int(be.Uint16(b))
		if n < bucketSize11 || n%8 != 0 || n > len(b) {
			return nil, NewError(ErrGroupModBadBucket, "bucket of %d bytes in %d", n, len(b))
		}
		bucket := Bucket{ID: uint32(len(buckets)), Weight: be.Uint16(b[2:]), WatchPort: PortNo(be.Uint32(b[4:])), WatchGroup: be.Uint32(b[8:])}
		if bucket.Actions, err = decodeBucketActions(c, b[bucketSize11:n]); err != nil {
			return nil, err
		}
		buckets = append(buckets, bucket)
		b = b[n:]
	}
	return buckets, nil
}

func decodeBucketActions(c context, b []byte) ([]Action, error) {
	list, err := decodeActions(c, b, nil)
	if err != nil {
		return nil, err
	}
	return list, checkNoInstructions(c.v, list)
}

func appendBuckets11(c context, dst []byte, buckets []Bucket, props *GroupProps) (_ []byte, err error) {
	if props.Method != "" {
		return dst, unencodable(c.v, "the selection method of a group")
	}
	for i := range buckets {
		b := &buckets[i]
		start := len(dst)
		dst = be.AppendUint16(zeros(dst, 2), b.Weight)
		dst = zeros(be.AppendUint32(be.AppendUint32(dst, uint32(b.WatchPort)), b.WatchGroup), 4)
		if dst, err = appendActions(c, dst, b.Actions); err != nil {
			return dst, err
		}
		setLen16(dst, start, start)
	}
	return dst, nil
}

// Types of bucket properties (OFPGBPT_*).
const (
	bucketWeight     = 0
	bucketWatchPort  = 1
	bucketWatchGroup = 2
)

// decodeBuckets15 reads n bytes of buckets and the properties behind them.
func decodeBuckets15(c context, b []byte, n int) (buckets []Bucket, props GroupProps, err error) {
	if n > len(b) {
		return nil, props, NewError(ErrGroupModBadBucket, "%d bytes of buckets in %d", n, len(b))
	}
	seen := make(map[uint32]bool)
	for list := b[:n]; len(list) > 0; {
		if len(list) < bucketSize15 {
			return nil, props, NewError(ErrGroupModBadBucket, "%d bytes left", len(list))
		}
		size := int(be.Uint16(list))
		if size < bucketSize15 || size%8 != 0 || size > len(list) {
			return nil, props, NewError(ErrGroupModBadBucket, "bucket of %d bytes in %d", size, len(list))
		}
		bucket, err := decodeBucket15(c, list[:size])
		if err != nil {
			return nil, props, err
		}
		if seen[bucket.ID] {
			return nil, props, NewError(ErrGroupModBucketExists, "bucket %d twice", bucket.ID)
		}
		seen[bucket.ID] = true
		buckets = append(buckets, bucket)
		list = list[size:]
	}
	err = props.decode(b[n:])
	return buckets, props, err
}

func decodeBucket15(c context, b []byte) (bucket Bucket, err error) {
	n := int(be.Uint16(b[2:]))
	bucket = Bucket{ID: be.Uint32(b[4:]), WatchPort: PortAny, WatchGroup: GroupAny}
	b = b[bucketSize15:]
	if n > len(b) {
		return bucket, NewError(ErrGroupModBadBucket, "%d bytes of actions in %d", n, len(b))
	}
	if bucket.ID > BucketMax {
		return bucket, NewError(ErrGroupModBadBucket, "bucket %#x", bucket.ID)
	}
	if bucket.Actions, err = decodeBucketActions(c, b[:n]); err != nil {
		return bucket, err
	}
	props := properties{b: b[n:]}
	for props.next() {
		r := reader{b: props.body}
		switch props.typ {
		case bucketWeight:
			bucket.Weight = r.u16()
		case bucketWatchPort:
			bucket.WatchPort = PortNo(r.u32())
		case bucketWatchGroup:
			bucket.WatchGroup = r.u32()
		default:
			return bucket, props.unknown()
		}
		if r.short {
			return bucket, ErrPropertyBadLen
		}
	}
	return bucket, props.err
}

// appendBuckets15 appends buckets and properties, and writes the buckets' length
// at at.
func appendBuckets15(c context, dst []byte, at int, typ GroupType, buckets []Bucket, props *GroupProps) (_ []byte, err error) {
	list := len(dst)
	for i := range buckets {
		b := &buckets[i]
		start := len(dst)
		dst = be.AppendUint32(zeros(dst, 4), b.ID)
		if dst, err = appendActions(c, dst, b.Actions); err != nil {
			return dst, err
		}
		setLen16(dst, start+2, start+bucketSize15)
		if typ == GroupTypeSelect || b.Weight != 0 {
			dst = zeros(be.AppendUint16(appendPropertyHead(dst, bucketWeight, 8), b.Weight), 2)
		}
		if b.WatchPort != PortAny {
			dst = be.AppendUint32(appendPropertyHead(dst, bucketWatchPort, 8), uint32(b.WatchPort))
		}
		if b.WatchGroup != GroupAny {
			dst = be.AppendUint32(appendPropertyHead(dst, bucketWatchGroup, 8), b.WatchGroup)
		}
		setLen16(dst, start, start)
	}
	if len(dst)-list > MaxLen {
		return dst, unencodable(c.v, "%d bytes of buckets", len(dst)-list)
	}
	setLen16(dst, at, list)
	return props.append(c.v, dst), nil
}

// The selection method of groups, an extension of Netronome's.
const (
	vendorNetronome  = 0x0000154d
	ntrMethod        = 1
	ntrMethodSize    = 16
	ntrMethodMinSize = 28 // pad, method, parameter
)

func (p *GroupProps) decode(b []byte) error {
	props := properties{b: b}
	for props.next() {
		vendor, typ, data, found := props.experimenter()
		if !found || vendor != vendorNetronome || typ != ntrMethod {
			return props.unknown()
		}
		if len(data) < ntrMethodMinSize {
			return ErrPropertyBadLen
		}
		r := reader{b: data[4:]}
		p.Method, p.Param = r.text(ntrMethodSize), r.u64()
		if p.Method != "hash" && p.Method != "dp_hash" {
			return NewError(ErrPropertyBadValue, "selection method %q", p.Method)
		}
		if err := p.decodeFields(r.b); err != nil {
			return err
		}
	}
	return props.err
}

// decodeFields reads the fields to hash, whose values are masks.
func (p *GroupProps) decodeFields(b []byte) error {
	for len(b) > 0 {
		e, rest, err := parseOXM(b)
		switch {
		case err != nil:
			return err
		case e.f == nil || e.f.Wide() || e.hasMask:
			return NewError(ErrMatchBadField, "%s", e.oxmHeader)
		}
		mask := number(e.value)
		if mask == flow.Ones(8*e.f.Bytes) {
			mask = e.f.Full()
		}
		if !mask.AndNot(e.f.Full()).IsZero() {
			return NewError(ErrMatchBadMask, "%s", e.f.Name)
		}
		for _, other := range p.Fields {
			if other.Field == e.f.ID {
				return NewError(ErrMatchDupField, "%s", e.f.Name)
			}
		}
		p.Fields = append(p.Fields, FieldMask{Field: e.f.ID, Mask: mask})
		b = rest
	}
	return nil
}

func (p *GroupProps) append(v Version, dst []byte) []byte {
	if p.Method == "" {
		return dst
	}
	start := len(dst)
	dst = zeros(beginExperimenter(dst, vendorNetronome, ntrMethod), 4)
	dst = be.AppendUint64(appendText(dst, p.Method, ntrMethodSize), p.Param)
	for _, fm := range p.Fields {
		f := flow.FieldByID(fm.Field)
		mask := fm.Mask
		if mask == f.Full() {
			mask = flow.Ones(8 * f.Bytes)
		}
		dst = mask.AppendBytes(appendOXMHeader(v, dst, f, false), f.Bytes)
	}
	return endProperty(dst, start)
}

func decodeGroupStatsRequest(_ context, b []byte, m *GroupStatsRequest) error {
	m.Group = be.Uint32(b)
	return nil
}

func appendGroupStatsRequest(_ context, dst []byte, m *GroupStatsRequest) ([]byte, error) {
	return zeros(be.AppendUint32(dst, m.Group), 4), nil
}

// groupStatsSize is the size of an entry without its buckets.
func groupStatsSize(v Version) int {
	if v == V11 || v == V12 {
		return 32
	}
	return 40
}

func decodeGroupStats(c context, b []byte, m *GroupStatsReply) error {
	for len(b) > 0 {
		size := groupStatsSize(c.v)
		n, err := entryLen(b, 0, size)
		if err != nil {
			return err
		}
		if (n-size)%16 != 0 {
			return ErrRequestBadLen
		}
		r := reader{b: b[4:n]}
		g := GroupStats{Group: r.u32(), RefCount: r.u32(), Duration: DurationUnknown}
		r.skip(4)
		g.Packets, g.Bytes = r.u64(), r.u64()
		if size == 40 {
			g.Duration = r.duration()
		}
		g.Buckets = slices.Grow(g.Buckets, len(r.b)/16)
		for len(r.b) > 0 {
			g.Buckets = append(g.Buckets, BucketStats{Packets: r.u64(), Bytes: r.u64()})
		}
		m.Groups = append(m.Groups, g)
		b = b[n:]
	}
	return nil
}

func appendGroupStats(c context, dst []byte, _ *GroupStatsReply, g *GroupStats) ([]byte, error) {
	start := len(dst)
	dst = zeros(be.AppendUint32(be.AppendUint32(zeros(dst, 4), g.Group), g.RefCount), 4)
	dst = be.AppendUint64(be.AppendUint64(dst, g.Packets), g.Bytes)
	if groupStatsSize(c.v) == 40 {
		dst = appendDuration(dst, g.Duration)
	}
	for _, b := range g.Buckets {
		dst = be.AppendUint64(be.AppendUint64(dst, b.Packets), b.Bytes)
	}
	setLen16(dst, start, start)
	return dst, nil
}

func decodeGroupDescRequest(_ context, b []byte, m *GroupDescRequest) error {
	m.Group = be.Uint32(b)
	return nil
}

func appendGroupDescRequest(c context, dst []byte, m *GroupDescRequest) ([]byte, error) {
	if groups15(c.v) {
		return zeros(be.AppendUint32(dst, m.Group), 4), nil
	}
	if m.Group != GroupAll {
		return dst, unencodable(c.v, "a request for the description of one group")
	}
	return dst, nil
}

func decodeGroupDescReply(c context, b []byte, m *GroupDescReply) error {
	for len(b) > 0 {
		size := 8
		if groups15(c.v) {
			size = 16
		}
		n, err := entryLen(b, 0, size)
		if err != nil {
			return err
		}
		g := GroupDesc{Type: GroupType(b[2]), Group: be.Uint32(b[4:])}
		if groups15(c.v) {
			g.Buckets, g.Props, err = decodeBuckets15(c, b[size:n], int(be.Uint16(b[8:])))
		} else {
			g.Buckets, err = decodeBuckets11(c, b[size:n])
		}
		if err != nil {
			return err
		}
		if g.Props.Method != "" && g.Type != GroupTypeSelect {
			return NewError(ErrPropertyBadValue, "selection method in a group that does not select")
		}
		m.Groups = append(m.Groups, g)
		b = b[n:]
	}
	return nil
}

func appendGroupDesc(c context, dst []byte, g *GroupDesc) (_ []byte, err error) {
	start := len(dst)
	dst = be.AppendUint32(append(dst, 0, 0, byte(g.Type), 0), g.Group)
	if groups15(c.v) {
		at := len(dst)
		dst, err = appendBuckets15(c, zeros(dst, 8), at, g.Type, g.Buckets, &g.Props)
	} else {
		dst, err = appendBuckets11(c, dst, g.Buckets, &g.Props)
	}
	if err != nil {
		return dst, err
	}
	if len(dst)-start > MaxLen {
		return dst, unencodable(c.v, "a group of %d bytes", len(dst)-start)
	}
	setLen16(dst, start, start)
	return dst, nil
}

func decodeGroupFeatures(c context, b []byte, m *GroupFeaturesReply) error {
	r := reader{b: b}
	m.Types, m.Capabilities = r.u32(), r.u32()
	for i := range m.MaxGroups {
		m.MaxGroups[i] = r.u32()
	}
	for i := range m.Actions {
		m.Actions[i] = c.t.actions.fromBits(c.v, r.u32())
	}
	return nil
}

func appendGroupFeatures(c context, dst []byte, m *GroupFeaturesReply) ([]byte, error) {
	dst = be.AppendUint32(be.AppendUint32(dst, m.Types), m.Capabilities)
	for _, n := range m.MaxGroups {
		dst = be.AppendUint32(dst, n)
	}
	for _, set := range m.Actions {
		dst = be.AppendUint32(dst, c.t.actions.toBits(c.v, set))
	}
	return dst, nil
}
