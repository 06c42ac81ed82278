package jsontext

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"vswitch/flow"
	"vswitch/openflow"
)

func TestSnake(t *testing.T) {
	for name, want := range map[string]string{
		"Table": "table", "RxPackets": "rx_packets", "RxCRCErr": "rx_crc_err", "Rx65To127": "rx_65_to_127", "RFC2819": "rfc2819",
		"DatapathID": "datapath_id", "No": "no", "XID": "xid", "MissSendLen": "miss_send_len", "InvalidTTL": "invalid_ttl",
		"TxBroadcast": "tx_broadcast", "IPv4Packets": "ipv4_packets", "IPv6ErrorPackets": "ipv6_error_packets", "HasICMPID": "has_icmpid",
	} {
		if got := snake(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestSplitTop(t *testing.T) {
	for text, want := range map[string][]string{
		"":                             nil,
		"drop":                         {"drop"},
		"output:1,ct(commit,zone=1),2": {"output:1", "ct(commit,zone=1)", "2"},
		`in_port="a,b",ip`:             {`in_port="a,b"`, "ip"},
		`in_port="a\",b",ip`:           {`in_port="a\",b"`, "ip"},
		"clone(ct(nat(src=1),x),y),z":  {"clone(ct(nat(src=1),x),y)", "z"},
	} {
		if got := SplitTop(text); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

// TestJSONOfReplies writes a value of every kind of message, all of its lists filled
// in, and wants JSON without anything that Go made up.
func TestJSONOfReplies(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	messages := []openflow.Message{
		&openflow.DescReply{}, &openflow.FlowStatsReply{}, &openflow.AggregateReply{}, &openflow.TableStatsReply{}, &openflow.PortStatsReply{},
		&openflow.QueueStatsReply{}, &openflow.GroupStatsReply{}, &openflow.GroupDescReply{}, &openflow.GroupFeaturesReply{},
		&openflow.MeterStatsReply{}, &openflow.MeterConfigReply{}, &openflow.MeterFeaturesReply{}, &openflow.TableFeaturesReply{},
		&openflow.TableDescReply{}, &openflow.PortDescReply{}, &openflow.QueueDescReply{}, &openflow.FlowMonitorReply{},
		&openflow.ControllerStatusReply{}, &openflow.IPFIXBridgeReply{}, &openflow.IPFIXFlowReply{}, &openflow.PacketIn{},
		&openflow.FlowRemoved{}, &openflow.PortStatus{}, &openflow.RoleStatus{}, &openflow.TableStatus{}, &openflow.RequestForward{},
		&openflow.TLVTableReply{}, &openflow.GetConfigReply{}, &openflow.FeaturesReply{}, &openflow.QueueConfigReply{}, &openflow.Hello{},
		&openflow.Error{}, &openflow.RoleRequest{}, &openflow.FlowMod{}, &openflow.GroupMod{}, &openflow.MeterMod{}, &openflow.PacketOut{},
		&openflow.SetAsync{}, &openflow.BundleControl{}, &openflow.BundleAdd{}, &openflow.PortMod{}, &openflow.TableMod{}, &openflow.CTFlush{},
		&openflow.Experimenter{}, &openflow.EchoRequest{}, &openflow.SetPacketInFormat{},
	}
	for _, m := range messages {
		fill(r, reflect.ValueOf(m).Elem(), 3)
		w := Writer{}
		w.Document(m)
		var v map[string]any
		if err := json.Unmarshal(w.dst, &v); err != nil {
			t.Errorf("%T: %v\n%s", m, err, w.dst)
		}
		w = Writer{}
		w.Event(Event{Header: openflow.Header{Version: openflow.V13, Name: "N"}, Body: m})
		if err := json.Unmarshal(w.dst, &v); err != nil {
			t.Errorf("%T as event: %v\n%s", m, err, w.dst)
		}
	}
}

// fill puts something into every member of v that is plain data.
func fill(r *rand.Rand, v reflect.Value, depth int) {
	switch v.Interface().(type) {
	case openflow.Match, []openflow.Action, flow.FieldID, openflow.Header:
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64() >> r.IntN(64))
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.IntN(100) - 1))
	case reflect.String:
		v.SetString([]string{"", "name", "a \"quoted\"\n\\ one", "\xff\x00é"}[r.IntN(4)])
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(r, v.Field(i), depth)
			}
		}
	case reflect.Slice:
		if depth == 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(r, v.Index(i), depth-1)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(r, v.Index(i), depth)
		}
	case reflect.Pointer:
		if depth > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			fill(r, v.Elem(), depth-1)
		}
	}
}
