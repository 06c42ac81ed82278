package openflow

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"testing"
)

// newGenerator makes other things in each run, but for a seed in $VSWITCH_SEED. It
// prints its seed where a test fails.
func newGenerator(t *testing.T) *generator {
	seed, err := strconv.ParseUint(os.Getenv("VSWITCH_SEED"), 0, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	return &generator{Rand: rand.New(rand.NewPCG(seed, 0)), v: V13}
}

// TestActionTable encodes and decodes random actions of every row of the action
// table in every version that it has. A new row fails until actionMakers has a
// maker that reaches it.
func TestActionTable(t *testing.T) {
	g := newGenerator(t)
	for i := range codec.actions.rows {
		row := &codec.actions.rows[i]
		for v := row.from; v <= row.to; v++ {
			g.v = v
			if reached := tryAction(t, g, row); !reached {
				t.Errorf("%s code %d of vendor %#x in %s: no maker reaches it", row.kind, row.code, row.vendor, v)
			}
		}
	}
}

// tryAction makes actions until some have gone through a row.
func tryAction(t *testing.T, g *generator, row *actionRow) (reached bool) {
	c := context{v: g.v, dialect: plainDialect, t: codec}
	if row.kind == ActNAT {
		c.within = ActCT
	}
	for range 200 {
		want := actionMakers[row.kind](g)
		if row.form != formOfAction(want) && hasForms(row.kind) {
			continue
		}
		b, err := row.encode(c, row.appendHead(nil), want)
		if err != nil {
			continue
		}
		if len(b) < row.size {
			b = append(b, make([]byte, row.size-len(b))...)
		}
		b = pad8(b, 0)
		setLen16(b, 2, 0)
		got, err := decodeActions(c, b, nil)
		if err != nil || len(got) != 1 || !reflect.DeepEqual(normalAction(got[0]), normalAction(want)) {
			t.Errorf("%s: %+v encoded to %x, decoded to %+v, %v", g.v, want, b, got, err)
			return true
		}
		again, err := appendActions(c, nil, got)
		if err != nil || !row.obsolete && !bytes.Equal(again, b) {
			t.Errorf("%s: %+v encoded to %x, then to %x, %v", g.v, want, b, again, err)
			return true
		}
		reached = true
	}
	return reached
}

// hasForms reports whether an action has several forms.
func hasForms(k ActionKind) bool {
	for i := range codec.actions.rows {
		if row := &codec.actions.rows[i]; row.kind == k && row.form > 1 {
			return true
		}
	}
	return false
}

// normalAction makes equal what means the same.
func normalAction(a Action) Action {
	switch a := a.(type) {
	case SetVLANVID:
		a.PushIfAbsent = false
		return a
	case SetVLANPCP:
		a.PushIfAbsent = false
		return a
	case Move:
		a.CopyField = false
		return a
	case OutputReg:
		a.Wide = false
		return a
	}
	return a
}

// prototypes are empty messages of each kind.
var prototypes = []Message{
	new(Hello), new(Error), new(EchoRequest), new(EchoReply), new(FeaturesRequest), new(FeaturesReply),
	new(GetConfigRequest), new(GetConfigReply), new(SetConfig), new(PacketIn), new(FlowRemoved), new(PortStatus), new(PacketOut),
	new(FlowMod), new(GroupMod), new(PortMod), new(TableMod), new(BarrierRequest), new(BarrierReply), new(QueueConfigRequest),
	new(QueueConfigReply), new(RoleRequest), new(RoleReply), new(GetAsyncRequest), new(GetAsyncReply), new(SetAsync), new(MeterMod),
	new(RoleStatus), new(TableStatus), new(RequestForward), new(BundleControl), new(BundleAdd), new(ControllerStatus),
	new(FlowMonitorCancel), new(FlowMonitorPaused), new(FlowMonitorResumed), new(SetFlowFormat), new(FlowModTableID),
	new(SetPacketInFormat), new(FlowAge), new(SetControllerID), new(TLVTableMod), new(TLVTableRequest), new(TLVTableReply),
	new(Resume), new(CTFlushZone), new(CTFlush), new(DescRequest), new(DescReply), new(FlowStatsRequest), new(FlowStatsReply),
	new(AggregateRequest), new(AggregateReply), new(TableStatsRequest), new(TableStatsReply), new(PortStatsRequest), new(PortStatsReply),
	new(QueueStatsRequest), new(QueueStatsReply), new(GroupStatsRequest), new(GroupStatsReply), new(GroupDescRequest), new(GroupDescReply),
	new(GroupFeaturesRequest), new(GroupFeaturesReply), new(MeterStatsRequest), new(MeterStatsReply), new(MeterConfigRequest),
	new(MeterConfigReply), new(MeterFeaturesRequest), new(MeterFeaturesReply), new(TableFeaturesRequest), new(TableFeaturesReply),
	new(TableDescRequest), new(TableDescReply), new(PortDescRequest), new(PortDescReply), new(QueueDescRequest), new(QueueDescReply),
	new(FlowMonitorRequest), new(FlowMonitorReply), new(ControllerStatusRequest), new(ControllerStatusReply),
	new(BundleFeaturesRequest), new(BundleFeaturesReply), new(IPFIXBridgeRequest), new(IPFIXBridgeReply), new(IPFIXFlowRequest),
	new(IPFIXFlowReply),
}

// TestEveryKindHasARow holds kinds, prototypes and the message table together.
func TestEveryKindHasARow(t *testing.T) {
	for k := KindHello; int(k) < NumKinds; k++ {
		n := 0
		for _, p := range prototypes {
			if p.Kind() == k {
				n++
			}
		}
		switch rows := codec.kinds[k]; {
		case k == KindExperimenter:
		case n != 1:
			t.Errorf("%s: %d prototypes", k, n)
		case len(rows) == 0:
			t.Errorf("kind %d has no row", k)
		}
	}
}

// TestMessageTable encodes and decodes random messages of every row of the
// message table in every version that it has: the second encoding must equal the
// first. A new row fails until a random message reaches it.
func TestMessageTable(t *testing.T) {
	g := newGenerator(t)
	for i := range codec.messages {
		row := &codec.messages[i]
		for v := row.from; v <= row.to; v++ {
			g.v = v
			if reached := tryMessage(t, g, row); !reached {
				t.Errorf("%s in %s: no random message reaches it", row.name, v)
			}
		}
	}
}

// tryMessage makes messages until some have gone through a row.
func tryMessage(t *testing.T, g *generator, row *messageRow) (reached bool) {
	var prototype Message
	for _, p := range prototypes {
		if p.Kind() == row.kind {
			prototype = p
		}
	}
	for range 60 {
		m := reflect.New(reflect.TypeOf(prototype).Elem()).Interface().(Message)
		g.fill(reflect.ValueOf(m).Elem())
		repair(g, row, m)
		b, err := Append(nil, g.v, 7, m)
		if err != nil {
			if u := new(UnencodableError); !errors.As(err, &u) {
				t.Errorf("%s in %s: encode %+v: %v", row.name, g.v, m, err)
				return true
			}
			continue
		}
		if first, _, _ := Next(b); len(first) < len(b) {
			continue
		}
		h, got, err := Decode(b)
		if err != nil {
			t.Errorf("%s in %s: %+v\nencoded to %x, decoded: %v", row.name, g.v, m, b, err)
			return true
		}
		if h.Name != row.name {
			continue
		}
		again, err := Append(nil, g.v, 7, got)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("%s in %s: %+v\nencoded to %x\nthen to    %x, %v", row.name, g.v, m, b, again, err)
			return true
		}
		reached = true
	}
	return reached
}

// repair makes a random message one that is valid, and asks for the row's form.
//
//size:table
func repair(g *generator, row *messageRow, m Message) {
	nicira := row.form == formNicira
	switch m := m.(type) {
	case *Hello:
		m.Versions &= AllVersions
	case *Error:
		m.Vendor, m.Type, m.Number = 0, 0, 0
	case *FlowMod:
		m.Nicira = nicira
		if m.Command == FlowAdd {
			m.CookieMask = 0
		}
		if m.Command == FlowAdd || g.v > V11 {
			m.ModifyCookie = false
		}
		if g.v < V14 {
			m.Importance = 0
		}
		if m.Flags&FlowEmergency != 0 {
			m.IdleTimeout, m.HardTimeout = 0, 0
		}
		m.Actions = g.consistent(m.Actions, &m.Match)
		if g.v == V10 && !nicira {
			m.CookieMask, m.Match = 0, g.fixedMatch()
			m.Actions = nil
		}
	case *FlowRemoved:
		m.Nicira = nicira
	case *FlowStatsRequest:
		m.Nicira, m.StatsOnly = nicira, row.form == formStatsOnly
		if g.v == V10 && !nicira {
			m.CookieMask, m.Match = 0, g.fixedMatch()
		}
	case *AggregateRequest:
		m.Nicira, m.StatsOnly = nicira, false
		if g.v == V10 && !nicira {
			m.CookieMask, m.Match = 0, g.fixedMatch()
		}
	case *FlowStatsReply:
		m.Nicira, m.StatsOnly = nicira, row.form == formStatsOnly
	case *AggregateReply:
		m.Nicira = nicira
	case *RoleRequest:
		m.Nicira = nicira
	case *RoleReply:
		m.Nicira = nicira
	case *SetAsync:
		m.Nicira, m.Properties = row.form != formStandard, row.form == formNicira2
		repairAsync(g.v, &m.AsyncConfig)
		if row.form == formNicira || row.form == formStandard && g.v == V13 {
			m.Primary.Set, m.Secondary.Set = m.Primary.Set&(1<<asyncMasks-1), m.Secondary.Set&(1<<asyncMasks-1)
		}
	case *PortMod:
		m.Advertise &= featuresAll
	case *GetAsyncReply:
		m.AsyncConfig = m.AsyncConfig.In(g.v)
	case *PacketIn:
		m.Format = PacketInFormat(row.form)
		repairPacketIn(m)
	case *Resume:
		repairPacketIn(&m.PacketIn)
	case *PacketOut:
		m.Match = Match{}
		if m.InPort == PortInPort {
			m.InPort = PortController
		}
		if m.Buffer != NoBuffer {
			m.Data = nil
		}
	case *SetFlowFormat:
		m.Format = FlowFormatNXM
	case *SetPacketInFormat:
		m.Format = PacketInNXT2
	case *GroupMod:
		repairGroupMod(m)
	case *GroupDescReply:
		for i := range m.Groups {
			m.Groups[i].Type = GroupTypeSelect
			renumber(m.Groups[i].Buckets)
		}
	case *GroupDescRequest:
		if !groups15(g.v) {
			m.Group = GroupAll
		}
	case *PortDescRequest:
		if g.v < V15 {
			m.Port = PortAny
		}
	case *TableMod:
		repairTableMod(g, m)
	case *TableStatus:
		m.Reason = TableVacancyUp
	case *TableFeaturesRequest:
		for i := range m.Tables {
			m.Tables[i].Table, m.Tables[i].Unknown = uint8(i), nil
		}
	case *TableFeaturesReply:
		for i := range m.Tables {
			m.Tables[i].Table, m.Tables[i].Unknown = uint8(i), nil
		}
	case *RequestForward:
		m.Meter = &MeterMod{Command: MeterModify, MeterConfig: g.meter()}
		if g.v < V13 {
			m.Meter, m.Group = nil, &GroupMod{Command: GroupDelete, Group: GroupAll}
		}
	case *FlowMonitorRequest:
		for i := range m.Monitors {
			if g.v < V14 {
				m.Monitors[i].OutGroup, m.Monitors[i].Command = GroupAny, MonitorCmdAdd
			}
		}
	case *FlowMonitorReply:
		for i := range m.Updates {
			m.Updates[i].Event = []FlowEvent{FlowEventAdded, FlowEventRemoved, FlowEventModified, FlowEventAbbrev}[g.IntN(4)]
		}
	case *QueueConfigRequest:
		m.Port = 5
	case *TLVTableReply:
		m.MaxFields = 64
	case *MeterFeaturesReply:
		m.Features = 0
	case *PortStatsReply:
		for i := range m.Ports {
			if g.IntN(2) == 0 {
				m.Ports[i].RFC2819 = &PortStatsRFC2819{Rx1To64: 5, RxJabber: 6}
			}
		}
	}
}

func repairAsync(v Version, m *AsyncConfig) {
	for k := range m.Primary.Reasons {
		m.Primary.Reasons[k] &= AsyncMessage(k).reasons(v)
		m.Secondary.Reasons[k] &= AsyncMessage(k).reasons(v)
	}
	m.Primary.Set &= 1<<AsyncFlowStats - 1
	m.Secondary.Set &= 1<<AsyncFlowStats - 1
}

func repairPacketIn(m *PacketIn) {
	m.Data = append(m.Data, 1, 2, 3)
	m.Continuation = make([]byte, 4)
	m.TotalLen = max(m.TotalLen&0xffff, uint32(len(m.Data)))
	if m.Match.Mask.OFPort == 0 {
		m.SetInPort(3)
	}
}

func renumber(buckets []Bucket) {
	for i := range buckets {
		buckets[i].ID = uint32(i)
	}
}

func repairGroupMod(m *GroupMod) {
	m.Command, m.Group, m.Type = GroupAdd, m.Group%GroupMax, GroupTypeSelect
	renumber(m.Buckets)
}

func repairTableMod(g *generator, m *TableMod) {
	m.EvictionFlags &= 7
	m.VacancyDown, m.VacancyUp = m.VacancyDown%50, 50+m.VacancyUp%50
	switch {
	case g.v < V13:
		m.Miss, m.Eviction, m.Vacancy = MissContinue, Unset, Unset
	case g.v == V13:
		m.Miss, m.Eviction, m.Vacancy = MissDefault, Unset, Unset
	default:
		m.Miss = MissDefault
	}
}
