package openflow

import "slices"

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
			g.Buckets, g.Props, err = decodeBuckets15(c, b[size:n], int(be.Uint16(b[8:])), g.Type)
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
		dst, err = appendBuckets15(c, zeros(dst, 8), at, g)
	} else {
		dst, err = appendBuckets11(c, dst, g.Buckets, &g.Props)
	}
	if err != nil {
		return dst, err
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
