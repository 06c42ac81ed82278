package config

import "slices"

// Plan compares two complete and valid states and returns the steps that lead from
// have to want: deletions, then changes, then additions. It is pure.
//
// Within the deletions ports go before their bridge. Within the additions a new
// bridge comes first, then its ports, then the addresses it listens on and its
// controllers, so that a controller finds the bridge whole. A bridge that vanishes
// takes its ports with it, one step each, because each may fail for itself.
func Plan(have, want Config) []Step {
	var p planner
	p.settings(&have.Settings, &want.Settings)
	for i := range have.Bridges {
		p.leaveBridge(&have.Bridges[i], &want)
	}
	for i := range want.Bridges {
		p.reachBridge(&have, &want.Bridges[i])
	}
	return slices.Concat(p.deletions, p.changes, p.additions)
}

// planner gathers steps by kind.
type planner struct {
	deletions, changes, additions []Step
}

func (p *planner) settings(have, want *Settings) {
	for _, row := range settingRows {
		if row.differs(have, want) {
			p.changes = append(p.changes, ChangeSetting{Setting: row.setting, Want: *want})
		}
	}
}

// leaveBridge removes what is not wanted any more, or not in this form.
func (p *planner) leaveBridge(have *Bridge, want *Config) {
	wanted := want.Bridge(have.Name)
	for _, old := range have.devices() {
		if wanted == nil || !keeps(wanted, &old) {
			p.deletions = append(p.deletions, RemovePort{Bridge: have.Name, Port: old.Name})
		}
	}
	if wanted == nil {
		p.deletions = append(p.deletions, RemoveBridge{Bridge: have.Name})
	}
}

// keeps reports whether a bridge wants a port that is there, if need be with
// changes that it can take.
func keeps(want *Bridge, old *Port) bool {
	wanted, found := want.device(old.Name)
	if !found {
		return false
	}
	_, inPlace := changed(old, &wanted)
	return inPlace
}

// reachBridge changes and adds what is wanted.
func (p *planner) reachBridge(have *Config, want *Bridge) {
	old := have.Bridge(want.Name)
	if old == nil {
		p.additions = append(p.additions, AddBridge{Bridge: *want})
		for _, port := range want.devices() {
			p.additions = append(p.additions, AddPort{Bridge: want.Name, Port: port})
		}
		if len(want.Listen) > 0 {
			p.additions = append(p.additions, SetListeners{Bridge: want.Name, Listen: want.Listen})
		}
		if len(want.Controllers) > 0 {
			p.additions = append(p.additions, SetControllers{Bridge: want.Name, Controllers: want.Controllers})
		}
		return
	}
	fields := changedBridge(old, want)
	if own := fields &^ ownSteps; own != 0 {
		p.changes = append(p.changes, ChangeBridge{Want: *want, Fields: own})
	}
	if fields.Has(FieldFlows) {
		p.changes = append(p.changes, ReplaceFileFlows{Want: *want})
	}
	if fields.Has(FieldListen) {
		p.changes = append(p.changes, SetListeners{Bridge: want.Name, Listen: want.Listen})
	}
	if fields.Has(FieldControllers) {
		p.changes = append(p.changes, SetControllers{Bridge: want.Name, Controllers: want.Controllers})
	}
	for _, port := range want.devices() {
		p.reachPort(old, want.Name, port)
	}
}

func (p *planner) reachPort(bridge *Bridge, name string, want Port) {
	old, found := bridge.device(want.Name)
	if !found {
		p.additions = append(p.additions, AddPort{Bridge: name, Port: want})
		return
	}
	switch fields, inPlace := changed(&old, &want); {
	case fields == 0:
	case inPlace:
		p.changes = append(p.changes, ChangePort{Bridge: name, Want: want, Fields: fields})
	default:
		p.additions = append(p.additions, AddPort{Bridge: name, Port: want})
	}
}
