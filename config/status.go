package config

import (
	"cmp"
	"errors"
	"slices"
)

// Status is what became of each object of a configuration: bridges with their
// ports in the order of the configuration, and behind them what else is not as it
// was wanted (settings, flows, connections, things that could not be removed).
type Status []ObjectStatus

// ObjectStatus is what became of one object.
type ObjectStatus struct {
	Object
	State  State  `json:"state"`
	Reason string `json:"reason,omitempty"` // valid iff State is not StateOK
}

// State says whether an object is as it was wanted.
type State string

// States.
const (
	StateOK      State = "ok"
	StateFailed  State = "failed"
	StateRestart State = "restart" // will be as soon as the switch is started again
)

func newStatus(want *Config, results map[Object]error) Status {
	var s Status
	listed := map[Object]bool{}
	list := func(o Object) {
		listed[o] = true
		s = append(s, newObjectStatus(o, results[o]))
	}
	for i := range want.Bridges {
		b := &want.Bridges[i]
		list(Object{ObjectBridge, b.Name, ""})
		for _, p := range b.devices() {
			list(Object{ObjectPort, b.Name, p.Name})
		}
	}
	var rest Status
	for o, err := range results {
		if err != nil && !listed[o] {
			rest = append(rest, newObjectStatus(o, err))
		}
	}
	slices.SortFunc(rest, func(a, b ObjectStatus) int {
		return cmp.Or(cmp.Compare(a.Bridge, b.Bridge), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return append(s, rest...)
}

func newObjectStatus(o Object, err error) ObjectStatus {
	switch {
	case err == nil:
		return ObjectStatus{o, StateOK, ""}
	case errors.Is(err, ErrRestart):
		return ObjectStatus{o, StateRestart, err.Error()}
	}
	return ObjectStatus{o, StateFailed, err.Error()}
}

// Troubles returns the objects that are not as they were wanted.
func (s Status) Troubles() Status {
	return slices.DeleteFunc(slices.Clone(s), func(o ObjectStatus) bool { return o.State == StateOK })
}
