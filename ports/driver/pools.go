package driver

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"vswitch/packet"
)

// PoolOptions size an engine's pools. Zero means the default.
type PoolOptions struct {
	SmallBufs int // number of small buffers
	SmallSize int // bytes of each, packet.Headroom included; at least packet.Headroom + packet.MinHead
	SpillBufs int // number of spill buffers
	SpillSize int // bytes of each; at least 64 KiB
}

// Defaults of PoolOptions. Memory that is never used costs address space only.
const (
	DefaultSmallBufs = 8192
	DefaultSmallSize = 2048
	DefaultSpillBufs = 1024
	// DefaultSpillSize takes the largest super-frame, with slack for its headers
	// so that a read which fills all buffers is a frame that did not fit.
	DefaultSpillSize = 64<<10 + 1<<10

	minSmallSize = packet.Headroom + packet.MinHead
	minSpillSize = 64 << 10
)

// Pools are the two pools of an engine.
type Pools struct {
	Small *packet.Pool // with packet.Headroom
	Spill *packet.Pool // without
}

// NewPools makes both pools. Their owner is the worker that the engine is for.
func NewPools(o PoolOptions) (Pools, error) {
	for _, d := range []struct {
		option *int
		value  int
	}{
		{&o.SmallBufs, DefaultSmallBufs},
		{&o.SmallSize, DefaultSmallSize},
		{&o.SpillBufs, DefaultSpillBufs},
		{&o.SpillSize, DefaultSpillSize},
	} {
		if *d.option == 0 {
			*d.option = d.value
		}
	}
	if o.SmallSize < minSmallSize || o.SpillSize < minSpillSize {
		return Pools{}, fmt.Errorf("buffers of %d and %d bytes: need at least %d and %d: %w",
			o.SmallSize, o.SpillSize, minSmallSize, minSpillSize, unix.EINVAL)
	}
	small, err := packet.NewPool(o.SmallBufs, o.SmallSize, packet.Headroom)
	if err != nil {
		return Pools{}, err
	}
	spill, err := packet.NewPool(o.SpillBufs, o.SpillSize, 0)
	if err != nil {
		return Pools{}, errors.Join(err, small.Close())
	}
	return Pools{Small: small, Spill: spill}, nil
}

// Close frees both; a pool with buffers in use is an error and stays.
func (p *Pools) Close() error {
	var errs []error
	for _, pool := range []**packet.Pool{&p.Small, &p.Spill} {
		if *pool == nil {
			continue
		}
		err := (*pool).Close()
		if err == nil {
			*pool = nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
