package ofproto

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"vswitch/flow"
	"vswitch/openflow"
)

// FailMode says what a bridge does by itself.
type FailMode uint8

// Fail modes.
const (
	FailStandalone FailMode = iota // a learning switch until a controller says otherwise
	FailSecure                     // nothing but what flows say
)

// BridgeConfig is what configuration says of a bridge.
type BridgeConfig struct {
	DatapathID   uint64
	Description  string // of the datapath, in OFPST_DESC
	FailMode     FailMode
	Versions     openflow.VersionSet
	Controllers  bool // some are configured: without one, standalone forwards by itself
	MACAging     time.Duration
	MACTableSize int
	Tables       []TableConfig // tables that are not as all are at first
}

// DefaultMACAging and DefaultMACTableSize are those of IEEE 802.1D and Open
// vSwitch.
const (
	DefaultMACAging     = 300 * time.Second
	DefaultMACTableSize = 8192
)

// NumTables is the number of flow tables of a bridge: 0 to 254.
const NumTables = 255

// Bridge is one OpenFlow switch.
type Bridge struct {
	Name string

	sw      *Switch
	tagSeed uint64
	config  atomic.Pointer[BridgeConfig]
	ports   atomic.Pointer[portSet]
	tables  [NumTables]atomic.Pointer[Table]
	frag    atomic.Uint32 // openflow.FragHandling
	fdb     *fdb
	groups  shards[*Group]
	meters  shards[*meterEntry]
	users   users                         // of groups and meters
	chains  uint64                        // counts what changed chains of groups, from 1; guarded by Switch.mu
	tlvs    atomic.Pointer[flow.TLVTable] // which Geneve options are tun_metadata fields
	created int64

	sessions  atomic.Pointer[[]*Session]
	wantMiss  atomic.Int32 // sessions of controllers that want packets which no flow matches (OpenFlow before 1.3)
	snoops    atomic.Int32 // sessions that are Snoops
	messages  messageCounts
	dropped   atomic.Uint64      // asynchronous messages that found no room
	lost      packetInDrops      // those of them that had waited
	timed     map[*Rule]struct{} // rules with a timeout; guarded by Switch.tables
	learners  map[learnKey]int   // flows that learn with delete_learned; guarded by Switch.tables
	monitored int                // flow monitors of all sessions; guarded by Switch.tables
	acting    *Session           // whose message is being handled, with its number
	actingXID uint32
	bundle    *change // that is being applied; nil nearly always
	statics   []Static
	standing  bool  // forwards by itself
	orphaned  int64 // since when no controller is connected

	generation    uint64 // of the last primary election (OpenFlow 1.3.5 §6.3.6)
	hasGeneration bool
}

func newBridge(s *Switch, name string, c BridgeConfig) *Bridge {
	b := &Bridge{Name: name, sw: s, timed: map[*Rule]struct{}{}, learners: map[learnKey]int{}, chains: 1, created: s.now}
	for _, ch := range name {
		b.tagSeed = b.tagSeed*31 + uint64(ch)
	}
	c.fill()
	b.config.Store(&c)
	b.users.init()
	b.fdb = newFDB(c.MACTableSize, c.MACAging)
	// Its megaflows would not have it learned again while they are hit.
	b.fdb.evicts = func(k fdbKey) { s.touch(b.stationTag(k)) }
	b.ports.Store(newPortSet(nil))
	b.sessions.Store(&[]*Session{})
	b.tlvs.Store(&flow.TLVTable{})
	for n := range uint8(NumTables) {
		b.tables[n].Store(newTable(b, n))
	}
	b.configureTables(c.Tables)
	return b
}

func (c *BridgeConfig) fill() {
	if c.MACAging == 0 {
		c.MACAging = DefaultMACAging
	}
	if c.MACTableSize == 0 {
		c.MACTableSize = DefaultMACTableSize
	}
	if c.Versions == 0 {
		c.Versions = openflow.AllVersions
	}
}

// localMAC is the address that LOCAL shows while it has no device: the lower 48
// bits of the datapath identifier, which are the bridge's.
func (c *BridgeConfig) localMAC() (m flow.MAC) {
	for i := range m {
		m[i] = byte(c.DatapathID >> (40 - 8*i))
	}
	return m
}

// Configure changes the bridge's settings. Connections that speak a version
// which is no longer allowed are ended.
func (b *Bridge) Configure(c BridgeConfig, now int64) {
	defer b.sw.lock(now)()
	c.fill()
	if old := b.config.Swap(&c); !slices.Equal(old.Tables, c.Tables) {
		b.configureTables(c.Tables)
	}
	b.fdb.configure(c.MACTableSize, c.MACAging)
	for _, s := range *b.sessions.Load() {
		if s.version != 0 && !c.Versions.Has(s.version) {
			s.fail(fmt.Errorf("bridge %s no longer speaks %s", b.Name, s.version))
		}
	}
	b.sw.touch(settingsTag)
	b.sw.settle()
}

// Config is the bridge's configuration.
func (b *Bridge) Config() BridgeConfig { return *b.config.Load() }

// Port finds a port by name, or nil.
func (b *Bridge) Port(name string) *Port { return b.ports.Load().byName[name] }

// Ports lists the bridge's ports by number, LOCAL last.
func (b *Bridge) Ports() []*Port { return b.ports.Load().ordered }

// Flows is the number of flows in all tables.
func (b *Bridge) Flows() (n int) {
	b.sw.mu.Lock()
	defer b.sw.mu.Unlock()
	b.sw.tables.Lock()
	defer b.sw.tables.Unlock()
	b.eachTable(openflow.TableAll, func(t *Table) { n += t.n })
	return n
}

// table is table number n.
func (b *Bridge) table(n uint8) *Table { return b.tables[n].Load() }

// countSnoop counts a session, which has come or goes, if it is one that only listens.
// To look for one among all each time would make thousands of connections slow to end.
func (b *Bridge) countSnoop(s *Session, change int32) {
	if s.options.Kind == Snoop {
		b.snoops.Add(change)
	}
}

// setWantsMiss notes whether the session has packets sent to it that no flow matches,
// as those do that speak a version before 1.3.
func (s *Session) setWantsMiss(wants bool) {
	if wants == s.wantsMiss {
		return
	}
	s.wantsMiss = wants
	change := int32(-1)
	if wants {
		change = 1
	}
	// The first who wants them and the last one change what becomes of such packets.
	if n := s.bridge.wantMiss.Add(change); n == 0 || wants && n == 1 {
		s.bridge.sw.touch(settingsTag)
	}
}

// close ends the bridge's sessions.
func (b *Bridge) close() {
	for _, s := range *b.sessions.Load() {
		s.fail(fmt.Errorf("bridge %s was removed", b.Name))
	}
}

// Static is a station that is pinned to a port.
type Static struct {
	MAC  flow.MAC
	VLAN uint16
	Port string // one that is added later counts from then on
}

// SetStatics replaces the pinned stations.
func (b *Bridge) SetStatics(statics []Static, now int64) {
	defer b.sw.lock(now)()
	b.statics = statics
	b.fdb.flush(func(e *fdbEntry) bool { return e.static })
	b.pin()
	b.sw.touch(settingsTag)
	b.sw.settle()
}

// pin enters the pinned stations whose ports are there.
func (b *Bridge) pin() {
	for _, s := range b.statics {
		if p := b.Port(s.Port); p != nil {
			b.fdb.setStatic(fdbKey{s.MAC, s.VLAN}, p)
		}
	}
}

// FlushStations forgets all learned stations.
func (b *Bridge) FlushStations(now int64) {
	defer b.sw.lock(now)()
	b.fdb.flush(func(e *fdbEntry) bool { return !e.static })
	b.sw.touch(settingsTag)
	b.sw.settle()
}

// FDBStats counts what happened to the forwarding database.
func (b *Bridge) FDBStats() FDBStats { return b.fdb.stats() }

func compareNames(a, b string) int { return strings.Compare(a, b) }
