package openflow

import (
	"bytes"
	"reflect"
	"testing"
)

// continuationOVS is what ovs-vswitchd 3.1 sent in OpenFlow 1.0 for a packet that
// "push:reg0[],push:reg1[0..7],controller(pause),load:6->reg2,resubmit(,1),output:3"
// paused.
const continuationOVS = "0000000080000014510af9700b429ddda603dfac15ee241a00000000800100050000000080010008000000008006003000000000" +
	"ffff0018000023200007001f000104040000000000000006ffff001000002320000efff80100000080050010000000000000000000000077" +
	"800600100000000000000008000300008008000800000001"

func TestContinuationOfOVS(t *testing.T) {
	want := decodeHex(t, continuationOVS)
	m, err := DecodeContinuation(V10, want)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Stack) != 2 || len(m.Rest) != 2 || m.Rest[0].Cookie != 0 || m.Rest[1].Cookie != 0x77 || !m.HasODPPort || m.ODPPort != 1 {
		t.Errorf("decoded %+v", m)
	}
	if output := (Output{Port: 3}); !reflect.DeepEqual(m.Rest[1].Actions, []Action{output}) {
		t.Errorf("actions behind the resubmit: %v", m.Rest[1].Actions)
	}
	got, err := AppendContinuation(nil, V10, m)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("encoded\n%x, %v, want\n%x", got, err, want)
	}
}

func TestContinuationRoundTrip(t *testing.T) {
	want := &Continuation{
		Bridge: [16]byte{1, 2, 3}, Stack: [][]byte{{7}, {8, 9}}, Mirrors: 5, Conntracked: true,
		Rest: []ContinuedActions{
			{Table: 0, Actions: []Action{Output{Port: 1}}},
			{Table: 3, Cookie: 9, Actions: []Action{Group{ID: 4}, WriteMetadata{Metadata: 5, Mask: 7}}},
		},
		ActionSet: []Action{Output{Port: 2}}, ODPPort: 6, HasODPPort: true,
	}
	for v := V11; v <= V15; v++ {
		b, err := AppendContinuation(nil, v, want)
		if err != nil {
			t.Fatalf("%s: %v", v, err)
		}
		if got, err := DecodeContinuation(v, b); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", v, got, err)
		}
		for n := range b {
			if _, err := DecodeContinuation(v, b[:n]); err == nil && n%8 != 4 {
				t.Errorf("%s: cut to %d bytes, between no properties: decoded", v, n)
			}
		}
	}
}
