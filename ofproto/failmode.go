package ofproto

import (
	"time"

	"vswitch/openflow"
)

// standaloneOwner owns the flow that makes a bridge a learning switch.
const standaloneOwner = "standalone"

// failOpen is how long a standalone bridge whose controllers are all gone waits
// for one before it forwards by itself: three probes.
const failOpen = 3 * DefaultProbe

// standAlone installs, in a bridge that has to forward by itself, a flow that any
// tool can see and delete: priority=0,actions=NORMAL. It is removed when the
// bridge is no longer on its own. A flow that was deleted does not come back
// before that.
func (b *Bridge) standAlone(now int64) {
	alone := b.alone(now)
	if alone == b.standing {
		return
	}
	b.standing = alone
	c := b.change(standaloneOwner, now)
	c.drop(standaloneOwner)
	if alone {
		normal := &openflow.FlowMod{Command: openflow.FlowAdd, Actions: []openflow.Action{openflow.Output{Port: openflow.PortNormal}},
			OutPort: openflow.PortAny, OutGroup: openflow.GroupAny, Buffer: openflow.NoBuffer}
		s := normal.Match.Sparse()
		if b.table(0).find(s, 0, c.version) == nil {
			// Adding one flow without CheckOverlap to a table with room fails
			// only when it is full, and then nothing is lost.
			_ = c.add(normal, s)
		}
	}
	c.commit()
}

// alone reports whether the bridge has to forward by itself.
func (b *Bridge) alone(now int64) bool {
	config := b.config.Load()
	if config.FailMode != FailStandalone {
		return false
	}
	if !config.Controllers {
		return true
	}
	for _, s := range *b.sessions.Load() {
		if s.options.Kind == Controller && s.helloed {
			b.orphaned = now
			return false
		}
	}
	return now-b.orphaned >= int64(failOpen/time.Nanosecond)
}
