package cmd

import "vswitch/openflow"

// span are transaction numbers of messages whose errors belong together.
type span struct{ first, n uint32 }

// batch are messages that are ready to be sent one behind the other: message i has
// the transaction number first+i. Nothing else may be sent between its making and its
// sending.
type batch struct {
	span
	conn    *conn
	chunks  [][]byte
	bundled bool
	last    openflow.Message // the one added last, for what is said of a batch of one

	failed      error // why a message cannot be sent in this version
	failedAt    int   // which one; valid iff failed
	needsTables bool  // it must be made again once tables can be named
}

// chunkSize is how much of a batch is in one piece of memory.
const chunkSize = 1 << 20

// newBatch makes an empty batch. With bundled its messages are added to a bundle,
// whose opening takes the first transaction number.
func (c *conn) newBatch(bundled bool) *batch {
	b := &batch{conn: c, bundled: bundled, span: span{first: c.xid + 1}}
	if bundled {
		b.first++
	}
	return b
}

// batchOf makes a batch of messages. What the version cannot carry is its failure.
func (c *conn) batchOf(messages []openflow.Message, bundled bool) (*batch, error) {
	for {
		b := c.newBatch(bundled)
		for _, m := range messages {
			b.add(m)
		}
		if !b.needsTables {
			return b, nil
		}
		if err := c.useTables(); err != nil {
			return nil, err
		}
	}
}

// add appends a message. It takes m.
func (b *batch) add(m openflow.Message) {
	c := b.conn
	xid := b.first + b.n
	b.n++
	b.last = m
	if mod, isMod := m.(*openflow.FlowMod); isMod && c.version <= openflow.V11 {
		mod.Nicira = mod.Nicira || c.version == openflow.V10 && c.app.option.flows == formNXM
		if c.dialect.NoTableID && namesTable(mod) {
			b.needsTables = true
			return
		}
	}
	if b.bundled {
		// A message in a bundle has the number of the message around it (OpenFlow
		// 1.4.1 §7.3.9.6).
		m = &openflow.BundleAdd{ID: bundleID, Flags: bundleFlags, Message: m, XID: xid}
	}
	end := len(b.chunks) - 1
	switch {
	case end < 0:
		b.chunks = append(b.chunks, nil)
		end++
	case len(b.chunks[end]) > chunkSize-openflow.MaxLen:
		b.chunks = append(b.chunks, make([]byte, 0, chunkSize))
		end++
	}
	data, err := c.append(b.chunks[end], xid, m)
	if err != nil && b.failed == nil {
		b.failed, b.failedAt = err, int(b.n)-1
	}
	b.chunks[end] = data
}

// namesTable reports whether a flow-mod says in which table the flow is.
func namesTable(mod *openflow.FlowMod) bool {
	return mod.Table != openflow.TableAll && (mod.Table != 0 || mod.Command != openflow.FlowAdd)
}
