package openflow

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
	if m.Buckets, m.Props, err = decodeBuckets15(c, r.b, n, m.Type); err != nil {
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
	case m.Command == GroupDelete && len(m.Buckets) > 0:
		return NewError(ErrGroupModInvalidGroup, "deletion that brings buckets")
	case m.Command == GroupDelete:
		return nil
	case m.Props.Method != "" && m.Type != GroupTypeSelect:
		return NewError(ErrPropertyBadValue, "selection method in a group that does not select")
	case m.Command == GroupRemoveBucket && len(m.Buckets) > 0:
		return NewError(ErrGroupModBadBucket, "removal that brings buckets")
	case m.Command.ofBucket():
		return nil // what the group's own type allows, only the switch can tell
	case m.Type == GroupTypeIndirect && len(m.Buckets) != 1:
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
	if b.WatchPort == 0 && b.WatchGroup == 0 && typ != GroupTypeFF {
		watches = false // a client that left both out: port 0 does not exist
	}
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
	return appendBuckets15(c, dst, at, &GroupDesc{Type: m.Type, Buckets: m.Buckets, Props: m.Props})
}
