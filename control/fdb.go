package control

import (
	"fmt"
	"strings"
)

// FDBReply is the reply to fdb/show: the MAC tables of the bridges asked for.
type FDBReply []FDB

// FDB is the MAC table of one bridge.
type FDB struct {
	Bridge  string         `json:"bridge"`
	Entries List[FDBEntry] `json:"entries"`
}

// FDBEntry is one address.
type FDBEntry struct {
	Port   uint32  `json:"port"` // OpenFlow number
	Name   string  `json:"name"` // of the port
	VLAN   uint16  `json:"vlan"`
	MAC    string  `json:"mac"`
	Age    float64 `json:"age"`    // seconds since a frame came from it; valid iff not Static
	Static bool    `json:"static"` // it neither ages nor moves
}

// Text is the table of ovs-appctl fdb/show, with a line before each where several
// bridges were asked for.
func (r FDBReply) Text() string {
	var b strings.Builder
	for _, f := range r {
		if len(r) > 1 {
			fmt.Fprintf(&b, "bridge %s\n", f.Bridge)
		}
		b.WriteString(" port  VLAN  MAC                Age\n")
		for _, e := range f.Entries {
			age := "static"
			if !e.Static {
				age = fmt.Sprintf("%3d", int(e.Age))
			}
			fmt.Fprintf(&b, "%5s  %4d  %s  %s\n", portNumber(e.Port), e.VLAN, e.MAC, age)
		}
	}
	return b.String()
}

// FDBStatsReply is the reply to fdb/stats-show.
type FDBStatsReply struct {
	Bridge  string `json:"bridge"`
	Entries int    `json:"entries"` // learned and static, now
	Most    int    `json:"most"`    // entries that there may be
	Static  int    `json:"static"`
	Learned uint64 `json:"learned"` // since the bridge was made, as the ones below
	Expired uint64 `json:"expired"`
	Evicted uint64 `json:"evicted"`
	Moved   uint64 `json:"moved"`
}

// Text is that of ovs-appctl fdb/stats-show.
func (s FDBStatsReply) Text() string {
	return fmt.Sprintf(`Statistics for bridge "%s":
  Current/maximum MAC entries in the table: %d/%d
  Current static MAC entries in the table : %d
  Total number of learned MAC entries     : %d
  Total number of expired MAC entries     : %d
  Total number of evicted MAC entries     : %d
  Total number of port moved MAC entries  : %d
`, s.Bridge, s.Entries, s.Most, s.Static, s.Learned, s.Expired, s.Evicted, s.Moved)
}
