package config

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"
)

// pair is a small switch that the cases below change.
func pair() Config {
	c := Default()
	b := NewBridge("br0")
	b.Ports = []Port{{Name: "h1", Type: Tap, Netns: "h1"}, {Name: "h2", Type: Tap, Netns: "h2"}}
	other := NewBridge("br1")
	c.Bridges = []Bridge{b, other}
	return c
}

func TestPlan(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(c *Config)
		want []string
	}{
		{"nothing", func(c *Config) {}, nil},
		{"address, MTU and VLAN in place", func(c *Config) {
			p := &c.Bridges[0].Ports[0]
			p.Address = []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")}
			p.MTU = 9000
			p.VLAN.Tag, p.VLAN.HasTag = 10, true
		}, []string{"change tag, trunks, vlan_mode, mtu, address of port h1"}},
		{"type anew", func(c *Config) { c.Bridges[0].Ports[1] = Port{Name: "h2", Type: System} },
			[]string{"remove port h2", "add port h2"}},
		{"I/O anew", func(c *Config) { c.Bridges[0].Ports[0].IO = IOUring },
			[]string{"remove port h1", "add port h1"}},
		{"GRO in place", func(c *Config) { c.Bridges[0].Ports[0].GRO = GROAll },
			[]string{"change gro of port h1"}},
		{"coalescing in place", func(c *Config) { c.Bridges[0].Ports[0].Coalesce = Coalesce{true, 50, 0} },
			[]string{"change coalesce of port h1"}},
		{"affinity in place", func(c *Config) { c.Bridges[0].Ports[0].Affinity = []int{0} },
			[]string{"change affinity of port h1"}},
		{"queues anew", func(c *Config) { c.Bridges[0].Ports[0].Queues = 2 },
			[]string{"remove port h1", "add port h1"}},
		{"device and MTU anew", func(c *Config) {
			c.Bridges[0].Ports[0].MTU = 9000
			c.Bridges[0].Ports[0].IfName = "eth0"
		}, []string{"remove port h1", "add port h1"}},
		{"port to another bridge", func(c *Config) {
			c.Bridges[1].Ports = c.Bridges[0].Ports[1:]
			c.Bridges[0].Ports = c.Bridges[0].Ports[:1]
		}, []string{"remove port h2", "add port h2"}},
		{"two ports change their numbers", func(c *Config) {
			c.Bridges[0].Ports[0].OFPort = 2
			c.Bridges[0].Ports[1].OFPort = 1
		}, []string{"remove port h1", "remove port h2", "add port h1", "add port h2"}},
		{"bridge goes", func(c *Config) { c.Bridges = c.Bridges[1:] },
			[]string{"remove port h1", "remove port h2", "remove bridge br0"}},
		{"bridge comes", func(c *Config) {
			b := NewBridge("br2")
			b.Ports = []Port{{Name: "x", Type: Dummy}}
			b.Local = true
			b.Listen = []Endpoint{{Scheme: PassiveTCP, Port: 6654}}
			b.Controllers = []Controller{NewController(Endpoint{Scheme: Unix, Path: "/c"})}
			c.Bridges = append(c.Bridges, b)
		}, []string{"add bridge br2", "add port br2", "add port x", "set listeners of bridge br2", "set controllers of bridge br2"}},
		{"deletions first, additions last", func(c *Config) {
			c.Bridges[1].FailMode = FailSecure
			c.Bridges[0].Ports[0].Name = "h3"
		}, []string{"remove port h1", "change fail_mode of bridge br1", "add port h3"}},
		{"device of LOCAL comes", func(c *Config) { c.Bridges[0].Local = true }, []string{"add port br0"}},
		{"flows", func(c *Config) { c.Bridges[0].Flows = "actions=drop" }, []string{"replace flows of bridge br0"}},
		{"controllers", func(c *Config) {
			c.Bridges[0].Controllers = []Controller{NewController(Endpoint{Scheme: Unix, Path: "/c"})}
		}, []string{"set controllers of bridge br0"}},
		{"settings", func(c *Config) { c.Log.Level = LogDebug; c.RunDir = "/r" },
			[]string{"change setting rundir", "change setting statedir", "change setting log"}},
		{"order means nothing", func(c *Config) {
			slices.Reverse(c.Bridges[0].Ports)
			slices.Reverse(c.Bridges)
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := pair()
			c.edit(&want)
			var got []string
			for _, step := range Plan(pair().Complete(), want.Complete()) {
				got = append(got, step.String())
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("steps %q, want %q", got, c.want)
			}
		})
	}
}

// TestFieldsAreCovered changes each field of the model by itself and wants Plan to
// see it, so that a new field cannot be forgotten in the tables.
func TestFieldsAreCovered(t *testing.T) {
	base := pair().Complete()
	check := func(path string, changedConfig Config) {
		if len(Plan(base, changedConfig)) == 0 {
			t.Errorf("Plan does not see a change of %s", path)
		}
	}
	port := reflect.TypeFor[Port]()
	for i := range port.NumField() {
		c := base.withBridge("br0", func(b *Bridge) { alter(reflect.ValueOf(&b.Ports[0]).Elem().Field(i)) })
		check("Port."+port.Field(i).Name, c)
	}
	bridge := reflect.TypeFor[Bridge]()
	for i := range bridge.NumField() {
		c := base.withBridge("br0", func(b *Bridge) {
			// MAC, MTU and Address are of a device that must be there.
			b.Local = true
		})
		was := c
		c = c.withBridge("br0", func(b *Bridge) { alter(reflect.ValueOf(b).Elem().Field(i)) })
		if len(Plan(was, c)) == 0 {
			t.Errorf("Plan does not see a change of Bridge.%s", bridge.Field(i).Name)
		}
	}
	settings := reflect.TypeFor[Settings]()
	for i := range settings.NumField() {
		c := base
		alter(reflect.ValueOf(&c.Settings).Elem().Field(i))
		check("Settings."+settings.Field(i).Name, c)
	}
}

// alter makes a value another one.
func alter(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(v.Uint() + 1)
	case reflect.Slice:
		v.Set(reflect.Append(v, reflect.New(v.Type().Elem()).Elem()))
	case reflect.Struct:
		alter(v.Field(0))
	case reflect.Array:
		alter(v.Index(0))
	default:
		panic("config: no way to alter a " + v.Kind().String())
	}
}

// TestFieldTables wants every constant to have exactly one row.
func TestFieldTables(t *testing.T) {
	var ports PortFields
	for _, row := range portFields {
		if ports&row.field != 0 {
			t.Errorf("%s has two rows", row.key)
		}
		ports |= row.field
	}
	if ports != FieldRecord<<1-1 {
		t.Errorf("fields of ports without a row: %#x", FieldRecord<<1-1&^ports)
	}
	var bridges BridgeFields
	for _, row := range bridgeFields {
		bridges |= row.field
	}
	if bridges != FieldFlows<<1-1 {
		t.Errorf("fields of bridges without a row: %#x", FieldFlows<<1-1&^bridges)
	}
}

func TestComplete(t *testing.T) {
	c := pair()
	c.RunDir = "/tmp/r"
	c.Bridges[1].Address = []netip.Prefix{netip.MustParsePrefix("10.0.0.9/24")}
	c.Bridges[0].Ports[1].VLAN = VLAN{Tag: 5, HasTag: true}
	before := pair()
	done := c.Complete()
	if done.StateDir != "/tmp/r" {
		t.Errorf("statedir %q, want the rundir", done.StateDir)
	}
	if d := Default().Complete().StateDir; d != DefaultStateDir {
		t.Errorf("statedir %q, want %q", d, DefaultStateDir)
	}
	h1, h2 := done.Bridges[0].Ports[0], done.Bridges[0].Ports[1]
	if h1.IfName != "h1" || h1.Queues != 1 || h1.VLAN.Mode != VLANTrunk || h2.VLAN.Mode != VLANAccess {
		t.Errorf("ports %+v %+v", h1, h2)
	}
	if done.Bridges[0].Protocols != AllProtocols || done.Bridges[0].Local || !done.Bridges[1].Local {
		t.Errorf("bridges %+v", done.Bridges)
	}
	if !reflect.DeepEqual(done.Complete(), done) {
		t.Error("completing twice is not completing once")
	}
	if !reflect.DeepEqual(c.Bridges[0].Ports[0], before.Bridges[0].Ports[0]) {
		t.Error("Complete changed what it was given")
	}
}

func TestWithoutPort(t *testing.T) {
	c := pair()
	c.Bridges[1].Local = true
	c = c.Complete()
	was := pair().Complete()
	less := c.WithoutPort("h2").WithoutPort("br1").WithoutPort("nobody")
	if len(less.Bridges[0].Ports) != 1 || less.Bridges[0].Ports[0].Name != "h1" || less.Bridges[1].Local {
		t.Errorf("left: %+v", less.Bridges)
	}
	if !reflect.DeepEqual(c.Bridges[0], was.Bridges[0]) || !c.Bridges[1].Local {
		t.Error("WithoutPort changed what it was given")
	}
	var steps []string
	for _, s := range Plan(less, c) {
		steps = append(steps, s.String())
	}
	if want := []string{"add port h2", "add port br1"}; !slices.Equal(steps, want) {
		t.Errorf("steps %q, want %q", steps, want)
	}
}
