package packet

// Append makes seg, and what follows it, the last segments of b's frame. Takes
// seg.
func (b *Buf) Append(seg *Buf) {
	b.rest += seg.Size()
	last := b
	for last.next != nil {
		last = last.next
	}
	last.next = seg
}

// Trim cuts the frame to its first size bytes and frees the segments behind
// them into local; a frame that is not longer stays as it is. Offloads that can
// no longer come true end: a partial checksum is finished over the whole frame
// first, as if the network card had done it, and a super-frame becomes an
// ordinary (and broken) frame, so split it before.
func (b *Buf) Trim(size int, local *Pool) {
	if size >= b.Size() {
		return
	}
	if b.Offload.NeedsCsum {
		FinishChecksum(b)
	}
	b.Offload.GSO = GSONone
	left, seg := size, b
	for n := seg.end - seg.off; left > n; n = seg.end - seg.off {
		left -= n
		seg = seg.next
	}
	seg.end = seg.off + left
	if seg.next != nil {
		seg.next.Free(local)
		seg.next = nil
	}
	b.rest = size - (b.end - b.off)
}

// PullUp moves bytes from the following segments until the frame's first n
// bytes lie in the first one, and frees the emptied segments into local. It
// reports whether that could be had: the frame has n bytes and the first
// segment's memory takes them.
func (b *Buf) PullUp(n int, local *Pool) bool {
	have := b.end - b.off
	if n <= have {
		return true
	}
	if n > b.Size() || n > len(b.mem) {
		return false
	}
	if n > len(b.mem)-b.off {
		off := len(b.mem) - n
		copy(b.mem[off:], b.Bytes())
		b.off, b.end = off, off+have
	}
	for want := n - have; want > 0; {
		seg := b.next
		moved := copy(b.mem[b.end:b.end+want], seg.Bytes())
		b.end += moved
		b.rest -= moved
		want -= moved
		seg.off += moved
		if seg.off == seg.end {
			b.next, seg.next = seg.next, nil
			seg.Free(local)
		}
	}
	return true
}

// FromBytes makes a frame of data: its beginning in a Buf of small, what does
// not fit there in Bufs of spill, or in further ones of small where spill is
// nil. The result is nil when a pool is exhausted.
func FromBytes(data []byte, small, spill *Pool) *Buf {
	b := small.Get()
	if b == nil {
		return nil
	}
	if !b.Extend(data, small, spill) {
		b.Free(small)
		return nil
	}
	return b
}

// Clone makes a deep copy of the frame, metadata included, laid out as
// FromBytes does. Borrows b. The result is nil when a pool is exhausted.
func (b *Buf) Clone(small, spill *Pool) *Buf {
	c := small.Get()
	if c == nil {
		return nil
	}
	c.Meta, c.Layers = b.Meta, b.Layers
	if !c.extendFrom(b, 0, b.Size(), small, spill) {
		c.Free(small)
		return nil
	}
	return c
}

// extendFrom is Extend with the bytes of frame src from offset off to end.
func (b *Buf) extendFrom(src *Buf, off, end int, small, spill *Pool) bool {
	for seg := src; seg != nil && end > 0; seg = seg.next {
		s := seg.Bytes()
		if off < len(s) && !b.Extend(s[max(off, 0):min(end, len(s))], small, spill) {
			return false
		}
		off -= len(s)
		end -= len(s)
	}
	return true
}

// Extend copies data behind the frame's last byte: into its last segment's
// tailroom, then into Bufs of spill, or of small where spill is nil. It reports
// false when a pool is exhausted; the frame then has a part of data.
func (b *Buf) Extend(data []byte, small, spill *Pool) bool {
	last := b
	for last.next != nil {
		last = last.next
	}
	n := copy(last.mem[last.end:], data)
	last.end += n
	if last != b {
		b.rest += n
	}
	if spill == nil {
		spill = small
	}
	for data = data[n:]; len(data) > 0; data = data[n:] {
		seg := spill.Get()
		if seg == nil {
			return false
		}
		n = copy(seg.mem[seg.off:], data)
		seg.end += n
		last.next = seg
		last = seg
		b.rest += n
	}
	return true
}

// CopyTo copies the frame's bytes into dst, as many as fit, and returns how
// many that are.
func (b *Buf) CopyTo(dst []byte) int { return b.CopyAt(0, dst) }

// CopyAt copies the frame's bytes from offset off on into dst, as many as there
// are and as fit, and returns how many that are.
func (b *Buf) CopyAt(off int, dst []byte) int {
	n := 0
	for seg := b; seg != nil && n < len(dst); seg = seg.next {
		s := seg.Bytes()
		if off >= len(s) {
			off -= len(s)
			continue
		}
		n += copy(dst[n:], s[off:])
		off = 0
	}
	return n
}

// WriteAt overwrites the frame's bytes from offset off on with src, as many as
// there are, and returns how many that are. Layers and checksums stay as they
// are.
func (b *Buf) WriteAt(off int, src []byte) int {
	n := 0
	for seg := b; seg != nil && n < len(src); seg = seg.next {
		s := seg.Bytes()
		if off >= len(s) {
			off -= len(s)
			continue
		}
		n += copy(s[off:], src[n:])
		off = 0
	}
	return n
}
