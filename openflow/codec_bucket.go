package openflow

import "vswitch/flow"

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
		if bucket.Actions, err = decodeApplied(c, b[bucketSize11:n], nil); err != nil {
			return nil, err
		}
		buckets = append(buckets, bucket)
		b = b[n:]
	}
	return buckets, nil
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

// decodeBuckets15 reads n bytes of buckets of a group of a type, and the properties
// behind them. A bucket of a select group that says no weight has the weight 1, as
// in Open vSwitch.
func decodeBuckets15(c context, b []byte, n int, typ GroupType) (buckets []Bucket, props GroupProps, err error) {
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
		weight := uint16(0)
		if typ == GroupTypeSelect {
			weight = 1
		}
		bucket, err := decodeBucket15(c, list[:size], weight)
		if err != nil {
			return nil, props, err
		}
		if seen[bucket.ID] {
			return nil, props, NewError(ErrGroupModBadBucket, "bucket %d twice", bucket.ID)
		}
		seen[bucket.ID] = true
		buckets = append(buckets, bucket)
		list = list[size:]
	}
	err = props.decode(b[n:])
	return buckets, props, err
}

func decodeBucket15(c context, b []byte, weight uint16) (bucket Bucket, err error) {
	n := int(be.Uint16(b[2:]))
	bucket = Bucket{ID: be.Uint32(b[4:]), Weight: weight, WatchPort: PortAny, WatchGroup: GroupAny}
	b = b[bucketSize15:]
	if n > len(b) {
		return bucket, NewError(ErrGroupModBadBucket, "%d bytes of actions in %d", n, len(b))
	}
	if bucket.ID > BucketMax {
		return bucket, NewError(ErrGroupModBadBucket, "bucket %#x", bucket.ID)
	}
	if bucket.Actions, err = decodeApplied(c, b[:n], nil); err != nil {
		return bucket, err
	}
	props := properties{b: b[n:]}
	for props.next() {
		if props.typ > bucketWatchGroup {
			return bucket, props.unknown()
		}
		if err := props.onceOf32(); err != nil {
			return bucket, err
		}
		switch props.typ {
		case bucketWeight:
			bucket.Weight = be.Uint16(props.body)
		case bucketWatchPort:
			bucket.WatchPort = PortNo(be.Uint32(props.body))
		case bucketWatchGroup:
			bucket.WatchGroup = be.Uint32(props.body)
		}
	}
	return bucket, props.err
}

// appendBuckets15 appends buckets and properties, and writes the buckets' length
// at at.
func appendBuckets15(c context, dst []byte, at int, g *GroupDesc) (_ []byte, err error) {
	list := len(dst)
	for i := range g.Buckets {
		b := &g.Buckets[i]
		start := len(dst)
		dst = be.AppendUint32(zeros(dst, 4), b.ID)
		if dst, err = appendActions(c, dst, b.Actions); err != nil {
			return dst, err
		}
		setLen16(dst, start+2, start+bucketSize15)
		if g.Type == GroupTypeSelect || b.Weight != 0 {
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
	setLen16(dst, at, list)
	return g.Props.append(c.v, dst), nil
}

// The selection method of groups, an extension of Netronome's.
const (
	vendorNetronome  = 0x0000154d
	vendorNetronome1 = 0x00001540 // as Open vSwitch 2.4 had it, by mistake
	ntrMethod        = 1
	ntrMethodSize    = 16
	ntrMethodMinSize = 28 // pad, method, parameter
)

func (p *GroupProps) decode(b []byte) error {
	props := properties{b: b}
	for props.next() {
		vendor, typ, data, found := props.experimenter()
		if !found || vendor != vendorNetronome && vendor != vendorNetronome1 || typ != ntrMethod {
			return props.unknown()
		}
		switch {
		case len(data) < ntrMethodMinSize:
			return ErrPropertyBadLen
		case p.Method != "":
			return NewError(ErrPropertyDupType, "selection method %q and another", p.Method)
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
		var e oxmEntry
		rest, err := e.parse(b)
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
