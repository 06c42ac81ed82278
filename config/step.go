package config

import (
	"context"
	"fmt"
	"slices"
)

// Step is one thing to do on the way from one state to another. The types below
// are all there are.
type Step interface {
	// Object is what the step is about, for messages and Status.
	Object() Object
	// String says what the step does, for a log.
	String() string
	// apply does it.
	apply(ctx context.Context, t Target) error
	// applied is the state after it, given the state before. It shares nothing
	// that it changes with have.
	applied(have Config) Config
}

// Object names a part of the configuration.
type Object struct {
	Kind   ObjectKind `json:"kind"`
	Bridge string     `json:"bridge,omitempty"` // the bridge's name; "" for a setting
	Name   string     `json:"name,omitempty"`   // of the port or setting; "" for the bridge itself
}

// ObjectKind is the kind of an Object.
type ObjectKind string

// Kinds of objects.
const (
	ObjectSetting     ObjectKind = "setting"
	ObjectBridge      ObjectKind = "bridge"
	ObjectFlows       ObjectKind = "flows"       // those of the file
	ObjectControllers ObjectKind = "controllers" // of a bridge
	ObjectListeners   ObjectKind = "listeners"   // of a bridge
	ObjectPort        ObjectKind = "port"
)

// String names the object as messages do: "port h1", "flows of bridge br0".
func (o Object) String() string {
	switch o.Kind {
	case ObjectSetting, ObjectPort:
		return string(o.Kind) + " " + o.Name
	case ObjectBridge:
		return "bridge " + o.Bridge
	}
	return fmt.Sprintf("%s of bridge %s", o.Kind, o.Bridge)
}

// RemovePort closes a port and removes what the switch made for it.
type RemovePort struct{ Bridge, Port string }

// RemoveBridge removes a bridge whose ports are gone.
type RemoveBridge struct{ Bridge string }

// ChangeSetting changes one setting to what it is in Want.
type ChangeSetting struct {
	Setting Setting
	Want    Settings
}

// ChangeBridge changes fields of a bridge to what they are in Want.
type ChangeBridge struct {
	Want   Bridge
	Fields BridgeFields
}

// ReplaceFileFlows replaces the flows that the configuration installed by those of
// Want. Flows that somebody else installed stay. Want also names the ports that
// the flows may refer to, some of which are added later.
type ReplaceFileFlows struct{ Want Bridge }

// SetControllers makes a bridge connect to these controllers and no others.
// Connections to those that stay are kept.
type SetControllers struct {
	Bridge      string
	Controllers []Controller
}

// SetListeners makes a bridge listen on these addresses and no others.
type SetListeners struct {
	Bridge string
	Listen []Endpoint
}

// ChangePort changes fields of a port to what they are in Want, while it forwards.
type ChangePort struct {
	Bridge string
	Want   Port
	Fields PortFields
}

// AddBridge makes a bridge with all that Bridge says but for its ports, listeners
// and controllers, which are steps of their own. The ports' numbers are given out
// here, so that the flows, which are installed here too, can name them.
type AddBridge struct{ Bridge Bridge }

// AddPort opens a port.
type AddPort struct {
	Bridge string
	Port   Port
}

// Object is the port.
func (s RemovePort) Object() Object { return Object{ObjectPort, s.Bridge, s.Port} }

// Object is the bridge.
func (s RemoveBridge) Object() Object { return Object{ObjectBridge, s.Bridge, ""} }

// Object is the setting.
func (s ChangeSetting) Object() Object { return Object{ObjectSetting, "", string(s.Setting)} }

// Object is the bridge.
func (s ChangeBridge) Object() Object { return Object{ObjectBridge, s.Want.Name, ""} }

// Object is the bridge's flows.
func (s ReplaceFileFlows) Object() Object { return Object{ObjectFlows, s.Want.Name, ""} }

// Object is the bridge's controllers.
func (s SetControllers) Object() Object { return Object{ObjectControllers, s.Bridge, ""} }

// Object is the bridge's listeners.
func (s SetListeners) Object() Object { return Object{ObjectListeners, s.Bridge, ""} }

// Object is the port.
func (s ChangePort) Object() Object { return Object{ObjectPort, s.Bridge, s.Want.Name} }

// Object is the bridge.
func (s AddBridge) Object() Object { return Object{ObjectBridge, s.Bridge.Name, ""} }

// Object is the port.
func (s AddPort) Object() Object { return Object{ObjectPort, s.Bridge, s.Port.Name} }

func (s RemovePort) String() string       { return "remove " + s.Object().String() }
func (s RemoveBridge) String() string     { return "remove " + s.Object().String() }
func (s ChangeSetting) String() string    { return "change " + s.Object().String() }
func (s ReplaceFileFlows) String() string { return "replace " + s.Object().String() }
func (s SetControllers) String() string   { return "set " + s.Object().String() }
func (s SetListeners) String() string     { return "set " + s.Object().String() }
func (s AddBridge) String() string        { return "add " + s.Object().String() }
func (s AddPort) String() string          { return "add " + s.Object().String() }

func (s ChangeBridge) String() string {
	return fmt.Sprintf("change %s of %s", s.Fields, s.Object())
}

func (s ChangePort) String() string {
	return fmt.Sprintf("change %s of %s", s.Fields, s.Object())
}

func (s RemovePort) apply(ctx context.Context, t Target) error {
	return t.RemovePort(ctx, s.Bridge, s.Port)
}

func (s RemoveBridge) apply(ctx context.Context, t Target) error {
	return t.RemoveBridge(ctx, s.Bridge)
}

func (s ChangeSetting) apply(ctx context.Context, t Target) error {
	return t.ChangeSetting(ctx, s.Setting, s.Want)
}

func (s ChangeBridge) apply(ctx context.Context, t Target) error {
	return t.ChangeBridge(ctx, s.Want, s.Fields)
}

func (s ReplaceFileFlows) apply(ctx context.Context, t Target) error {
	return t.ReplaceFileFlows(ctx, s.Want)
}

func (s SetControllers) apply(ctx context.Context, t Target) error {
	return t.SetControllers(ctx, s.Bridge, s.Controllers)
}

func (s SetListeners) apply(ctx context.Context, t Target) error {
	return t.SetListeners(ctx, s.Bridge, s.Listen)
}

func (s ChangePort) apply(ctx context.Context, t Target) error {
	return t.ChangePort(ctx, s.Bridge, s.Want, s.Fields)
}

func (s AddBridge) apply(ctx context.Context, t Target) error {
	return t.AddBridge(ctx, s.Bridge)
}

func (s AddPort) apply(ctx context.Context, t Target) error {
	return t.AddPort(ctx, s.Bridge, s.Port)
}

func (s RemovePort) applied(have Config) Config {
	return have.withBridge(s.Bridge, func(b *Bridge) { b.removePort(s.Port) })
}

func (s RemoveBridge) applied(have Config) Config {
	have.Bridges = slices.DeleteFunc(slices.Clone(have.Bridges), func(b Bridge) bool { return b.Name == s.Bridge })
	return have
}

func (s ChangeSetting) applied(have Config) Config {
	s.Setting.assign(&have.Settings, &s.Want)
	return have
}

func (s ChangeBridge) applied(have Config) Config {
	return have.withBridge(s.Want.Name, func(b *Bridge) { s.Fields.assign(b, &s.Want) })
}

func (s ReplaceFileFlows) applied(have Config) Config {
	return have.withBridge(s.Want.Name, func(b *Bridge) { FieldFlows.assign(b, &s.Want) })
}

func (s SetControllers) applied(have Config) Config {
	return have.withBridge(s.Bridge, func(b *Bridge) { b.Controllers = s.Controllers })
}

func (s SetListeners) applied(have Config) Config {
	return have.withBridge(s.Bridge, func(b *Bridge) { b.Listen = s.Listen })
}

func (s ChangePort) applied(have Config) Config {
	return have.withBridge(s.Bridge, func(b *Bridge) { b.setPort(s.Want) })
}

func (s AddBridge) applied(have Config) Config {
	b := s.Bridge
	b.Ports, b.Controllers, b.Listen = nil, nil, nil
	b.dropLocal()
	have.Bridges = append(slices.Clip(have.Bridges), b)
	return have
}

func (s AddPort) applied(have Config) Config {
	return have.withBridge(s.Bridge, func(b *Bridge) { b.setPort(s.Port) })
}

// withBridge returns c with one bridge changed by edit, which gets a copy that it
// may write to, its list of ports included.
func (c Config) withBridge(name string, edit func(*Bridge)) Config {
	c.Bridges = slices.Clone(c.Bridges)
	if b := c.Bridge(name); b != nil {
		b.Ports = slices.Clone(b.Ports)
		edit(b)
	}
	return c
}
