package datapath

import (
	"vswitch/flow"
	"vswitch/packet"
)

// Rehearse does to copies of b what actions say, without a worker: nothing is
// sent, dropped or counted. step is told of outputs, of frames for the slow path,
// of recirculations (with the number of the port or of the recirculation) and of
// drops; it borrows the frame, as it is then. Meters let everything pass. pool
// has the copies.
func Rehearse(b *packet.Buf, k *flow.Key, actions []Action, pool *packet.Pool, step func(a *Action, id uint32, b *packet.Buf) error) error {
	c := b.Clone(pool, pool)
	if c == nil {
		return nil // told of no further
	}
	defer c.Free(pool)
	limit := 0
	for i := range actions {
		a := &actions[i]
		var err error
		switch a.Op {
		case OpOutput:
			err = rehearseOutput(c, a, limit, pool, step)
			limit = 0
		case OpClone:
			err = Rehearse(c, k, a.X.Sub, pool, step)
		case OpTrunc:
			limit = int(a.Arg)
		case OpHash:
			c.Hash = k.HashFlow(uint64(a.Arg))
		case OpCheckLen:
			id := a.X.Else
			if untaggedSize(c) > int(a.Short) {
				id = a.Arg
			}
			return step(a, id, c)
		case OpRecirc:
			return step(a, a.Arg, c)
		case OpUserspace:
			err = step(a, 0, c)
		case OpDrop:
			return step(a, 0, c)
		case OpMeter:
		default:
			if !edit(c, a) {
				return step(&Action{Op: OpDrop, Reason: impossible(a.Op)}, 0, c)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func rehearseOutput(b *packet.Buf, a *Action, limit int, pool *packet.Pool, step func(a *Action, id uint32, b *packet.Buf) error) error {
	if limit == 0 || b.Size() <= limit {
		return step(a, a.Arg, b)
	}
	c := b.Clone(pool, pool)
	if c == nil {
		return nil
	}
	defer c.Free(pool)
	c.Trim(limit, pool)
	c.Offload = packet.Offload{}
	return step(a, a.Arg, c)
}
