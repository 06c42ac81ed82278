package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// model is a naive switch: it believes nothing of the plan and complains about
// every step that does not fit what it has.
type model struct {
	config Config
	broken map[string]bool // names of objects about which every step fails
	rigid  PortFields      // that no port can change while it forwards
	log    []string

	failed   map[Object]bool // objects about which a step failed
	surprise string          // what a reconciliation must not have asked for
}

var errBroken = errors.New("broken on purpose")

// begin notes a step about an object, and fails when the object is broken.
func (m *model) begin(o Object, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	m.log = append(m.log, text)
	if m.failed[o] {
		m.surprise = text + ": an earlier step failed"
	}
	name := o.Name
	if o.Kind != ObjectPort && o.Kind != ObjectSetting {
		name = o.Bridge
	}
	if m.broken[name] {
		m.failed[o] = true
		return errBroken
	}
	return nil
}

// bridge returns a bridge that must be there.
func (m *model) bridge(name string) (*Bridge, error) {
	if b := m.config.Bridge(name); b != nil {
		return b, nil
	}
	m.surprise = "no bridge " + name
	return nil, errors.New(m.surprise)
}

func (m *model) AddBridge(_ context.Context, b Bridge) error {
	if err := m.begin(AddBridge{b}.Object(), "add bridge %s", b.Name); err != nil {
		return err
	}
	if m.config.Bridge(b.Name) != nil {
		return fmt.Errorf("model: bridge %s twice", b.Name)
	}
	b.Ports, b.Controllers, b.Listen = nil, nil, nil
	b.Local, b.Address, b.MAC, b.MTU = false, nil, MAC{}, 0
	m.config.Bridges = append(m.config.Bridges, b)
	return nil
}

func (m *model) RemoveBridge(_ context.Context, name string) error {
	if err := m.begin(RemoveBridge{name}.Object(), "remove bridge %s", name); err != nil {
		return err
	}
	b, err := m.bridge(name)
	if err != nil {
		return err
	}
	if len(b.devices()) > 0 {
		return fmt.Errorf("model: bridge %s removed with %d ports", name, len(b.devices()))
	}
	m.config.Bridges = slices.DeleteFunc(m.config.Bridges, func(b Bridge) bool { return b.Name == name })
	return nil
}

func (m *model) ChangeBridge(_ context.Context, want Bridge, fields BridgeFields) error {
	if err := m.begin(ChangeBridge{Want: want}.Object(), "change bridge %s: %s", want.Name, fields); err != nil {
		return err
	}
	b, err := m.bridge(want.Name)
	if err != nil {
		return err
	}
	if fields&FieldDatapathID != 0 {
		b.DatapathID = want.DatapathID
	}
	if fields&FieldFailMode != 0 {
		b.FailMode = want.FailMode
	}
	if fields&FieldProtocols != 0 {
		b.Protocols = want.Protocols
	}
	if fields&FieldMACAging != 0 {
		b.MACAging = want.MACAging
	}
	if fields&FieldMACTableSize != 0 {
		b.MACTableSize = want.MACTableSize
	}
	if fields&FieldStaticMACs != 0 {
		b.StaticMACs = want.StaticMACs
	}
	if fields&FieldTables != 0 {
		b.Tables = want.Tables
	}
	return nil
}

func (m *model) ReplaceFileFlows(_ context.Context, want Bridge) error {
	if err := m.begin(ReplaceFileFlows{want}.Object(), "replace flows of %s", want.Name); err != nil {
		return err
	}
	b, err := m.bridge(want.Name)
	if err != nil {
		return err
	}
	b.Flows, b.FlowsFile = want.Flows, want.FlowsFile
	return nil
}

func (m *model) SetControllers(_ context.Context, bridge string, list []Controller) error {
	if err := m.begin(SetControllers{bridge, list}.Object(), "controllers of %s", bridge); err != nil {
		return err
	}
	b, err := m.bridge(bridge)
	if err != nil {
		return err
	}
	b.Controllers = list
	return nil
}

func (m *model) SetListeners(_ context.Context, bridge string, list []Endpoint) error {
	if err := m.begin(SetListeners{bridge, list}.Object(), "listeners of %s", bridge); err != nil {
		return err
	}
	b, err := m.bridge(bridge)
	if err != nil {
		return err
	}
	b.Listen = list
	return nil
}

// AddPort wants the port's name, number and device to be free in the whole switch.
func (m *model) AddPort(_ context.Context, bridge string, p Port) error {
	if err := m.begin(AddPort{bridge, p}.Object(), "add port %s to %s", p.Name, bridge); err != nil {
		return err
	}
	b, err := m.bridge(bridge)
	if err != nil {
		return err
	}
	for _, other := range m.config.Bridges {
		for _, q := range other.devices() {
			if q.Name == p.Name {
				return fmt.Errorf("model: port %s twice", p.Name)
			}
			if other.Name == bridge && q.OFPort != 0 && q.OFPort == p.OFPort {
				return fmt.Errorf("model: number %d twice", p.OFPort)
			}
			if q.IfName != "" && q.IfName == p.IfName && q.Netns == p.Netns {
				return fmt.Errorf("model: device %s twice", p.IfName)
			}
		}
	}
	if p.Name == bridge {
		b.Local, b.Address, b.MAC, b.MTU = true, p.Address, p.MAC, p.MTU
		return nil
	}
	b.Ports = append(b.Ports, p)
	return nil
}

func (m *model) RemovePort(_ context.Context, bridge, port string) error {
	if err := m.begin(RemovePort{bridge, port}.Object(), "remove port %s from %s", port, bridge); err != nil {
		return err
	}
	b, err := m.bridge(bridge)
	if err != nil {
		return err
	}
	if port == bridge {
		b.Local, b.Address, b.MAC, b.MTU = false, nil, MAC{}, 0
		return nil
	}
	n := len(b.Ports)
	b.Ports = slices.DeleteFunc(slices.Clone(b.Ports), func(p Port) bool { return p.Name == port })
	if len(b.Ports) != n-1 {
		return fmt.Errorf("model: no port %s", port)
	}
	return nil
}

// ChangePort changes only what fields name, so a plan that names too little does
// not lead to what is wanted.
func (m *model) ChangePort(_ context.Context, bridge string, want Port, fields PortFields) error {
	if err := m.begin(ChangePort{Bridge: bridge, Want: want}.Object(), "change port %s: %s", want.Name, fields); err != nil {
		return err
	}
	b, err := m.bridge(bridge)
	if err != nil {
		return err
	}
	if fields&m.rigid != 0 {
		return fmt.Errorf("model: %w", ErrAnew)
	}
	if want.Name == bridge {
		b.Address, b.MAC, b.MTU = want.Address, want.MAC, want.MTU
		return nil
	}
	p := b.Port(want.Name)
	if p == nil {
		return fmt.Errorf("model: no port %s", want.Name)
	}
	old := *p
	if fields&FieldVLAN != 0 {
		p.VLAN = want.VLAN
	}
	if fields&FieldMAC != 0 {
		p.MAC = want.MAC
	}
	if fields&FieldMTU != 0 {
		p.MTU = want.MTU
	}
	if fields&FieldAffinity != 0 {
		p.Affinity = want.Affinity
	}
	if fields&FieldCoalesce != 0 {
		p.Coalesce = want.Coalesce
	}
	if fields&FieldAddress != 0 {
		p.Address = want.Address
	}
	if fields&FieldShareWithHost != 0 {
		p.ShareWithHost = want.ShareWithHost
	}
	if reflect.DeepEqual(old, *p) {
		return fmt.Errorf("model: nothing to change on port %s", want.Name)
	}
	return nil
}

func (m *model) ChangeSetting(_ context.Context, s Setting, want Settings) error {
	if err := m.begin(ChangeSetting{Setting: s}.Object(), "change %s", s); err != nil {
		return err
	}
	switch s {
	case SettingRunDir, SettingStateDir:
		return ErrRestart
	case SettingLog:
		m.config.Log = want.Log
	case SettingMetrics:
		m.config.Metrics = want.Metrics
	case SettingTLS:
		m.config.TLS = want.TLS
	case SettingDatapath:
		m.config.Datapath = want.Datapath
	case SettingReload:
		m.config.Reload = want.Reload
	}
	return nil
}

// sorted brings lists without order into one, and empty lists to nil, so that
// configurations can be compared.
func sorted(c Config) Config {
	c.Bridges = slices.Clone(c.Bridges)
	slices.SortFunc(c.Bridges, func(a, b Bridge) int { return cmp.Compare(a.Name, b.Name) })
	for i := range c.Bridges {
		b := &c.Bridges[i]
		b.Ports = slices.Clone(b.Ports)
		slices.SortFunc(b.Ports, func(a, b Port) int { return cmp.Compare(a.Name, b.Name) })
		if len(b.Ports) == 0 {
			b.Ports = nil
		}
	}
	if len(c.Bridges) == 0 {
		c.Bridges = nil
	}
	return c
}

// sameDirs undoes the changes that only a restart can make.
func sameDirs(want, have Config) Config {
	want.RunDir, want.StateDir = have.RunDir, have.StateDir
	return want
}

// TestReconcileReachesWant leads a model through a chain of random configurations:
// it always has what is wanted, no step surprises it, and doing it again does
// nothing.
func TestReconcileReachesWant(t *testing.T) {
	r := seeded(t)
	m := &model{config: Default().Complete()}
	have := m.config
	for i := range 2000 {
		want := randomConfig(r)
		if err := Validate(want); err != nil {
			t.Fatalf("round %d: the generator made an invalid configuration: %v", i, err)
		}
		before := fmt.Sprintf("%+v", have)
		was := have
		m.rigid = pick(r, 0, FieldMTU, FieldAddress|FieldMAC)
		reached, status := Reconcile(t.Context(), have, want, m)
		if after := fmt.Sprintf("%+v", was); after != before {
			t.Fatalf("round %d: have was changed:\n%s\n%s", i, before, after)
		}
		for _, o := range status.Troubles() {
			if o.State != StateRestart {
				t.Fatalf("round %d: %s: %s", i, o.Object, o.Reason)
			}
		}
		expect := sorted(sameDirs(want, was))
		if !reflect.DeepEqual(sorted(m.config), expect) {
			t.Fatalf("round %d: the model has\n%+v\nwanted\n%+v", i, sorted(m.config), expect)
		}
		if !reflect.DeepEqual(sorted(reached), expect) {
			t.Fatalf("round %d: reached\n%+v\nwanted\n%+v", i, sorted(reached), expect)
		}
		if steps := Plan(want, want); len(steps) > 0 {
			t.Fatalf("round %d: a plan from a state to itself: %v", i, steps)
		}
		have = reached
	}
}

// TestReconcileGoesOn breaks some objects: all others become what is wanted, and
// once they are mended the next round brings the rest.
func TestReconcileGoesOn(t *testing.T) {
	r := seeded(t)
	for i := range 500 {
		m := &model{config: Default().Complete(), broken: map[string]bool{}, failed: map[Object]bool{}}
		first, want := randomConfig(r), randomConfig(r)
		have, _ := Reconcile(t.Context(), m.config, first, m)
		m.broken[fmt.Sprintf("h%d", r.IntN(6))] = true
		m.broken[fmt.Sprintf("br%d", r.IntN(4))] = true
		reached, status := Reconcile(t.Context(), have, want, m)
		if !reflect.DeepEqual(sorted(reached), sorted(m.config)) {
			t.Fatalf("round %d: reached\n%+v\nthe model has\n%+v", i, sorted(reached), sorted(m.config))
		}
		if m.surprise != "" {
			t.Fatalf("round %d: the model was surprised: %s; it was asked: %q", i, m.surprise, m.log)
		}
		checkStatus(t, status, want, m)
		m.broken, m.failed = nil, nil
		reached, _ = Reconcile(t.Context(), reached, want, m)
		if !reflect.DeepEqual(sorted(reached), sorted(sameDirs(want, have))) {
			t.Fatalf("round %d: after mending\n%+v\nwanted\n%+v", i, sorted(reached), sorted(want))
		}
	}
}

// checkStatus wants each bridge and port to be listed once, as ok exactly when the
// model has it as wanted.
func checkStatus(t *testing.T, status Status, want Config, m *model) {
	t.Helper()
	listed := map[Object]State{}
	for _, o := range status {
		if _, twice := listed[o.Object]; twice {
			t.Fatalf("%s is listed twice", o.Object)
		}
		if (o.State == StateOK) != (o.Reason == "") {
			t.Fatalf("%s is %s with reason %q", o.Object, o.State, o.Reason)
		}
		listed[o.Object] = o.State
	}
	for _, b := range want.Bridges {
		for _, p := range b.devices() {
			state, found := listed[Object{ObjectPort, b.Name, p.Name}]
			if !found {
				t.Fatalf("port %s is not listed", p.Name)
			}
			is := false
			if have := m.config.Bridge(b.Name); have != nil {
				q, there := have.device(p.Name)
				is = there && reflect.DeepEqual(p, q)
			}
			if is != (state == StateOK) {
				t.Fatalf("port %s is %s, but it being as wanted is %t", p.Name, state, is)
			}
		}
		if _, found := listed[Object{ObjectBridge, b.Name, ""}]; !found {
			t.Fatalf("bridge %s is not listed", b.Name)
		}
	}
}

// TestReconcileStops leaves the rest of a plan undone when its context ends.
func TestReconcileStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := &model{config: Default().Complete()}
	want := randomConfig(rand.New(rand.NewPCG(1, 1)))
	reached, status := Reconcile(ctx, m.config, want, m)
	if len(m.log) > 0 || !reflect.DeepEqual(reached, Default().Complete()) || len(status.Troubles()) == 0 {
		t.Errorf("after the context ended: %q, %+v", m.log, status)
	}
}
