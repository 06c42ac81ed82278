package metrics

import "github.com/prometheus/client_golang/prometheus"

// Family describes metrics of one name.
type Family struct {
	Name   string
	Kind   prometheus.ValueType
	Labels []string
	Help   string // a phrase
}

// Labels that many have.
const (
	lBridge    = "bridge"
	lPort      = "port"
	lWorker    = "worker"
	lDirection = "direction"
)

const (
	counter = prometheus.CounterValue
	gauge   = prometheus.GaugeValue
)

// family is the place of a family in the table.
type family int

// Families, in the order of the table.
const (
	fBuild family = iota
	fReady
	fTroubles
	fCertificate

	fPortInfo
	fPortUp
	fRxPackets
	fRxBytes
	fRxSegments
	fRxMulticast
	fRxBroadcast
	fRxErrors
	fRxMissed
	fTxPackets
	fTxBytes
	fTxSegments
	fTxMulticast
	fTxBroadcast
	fTxErrors
	fDrops
	fQueuePackets
	fQueueBytes

	fLookups
	fMasksProbed
	fMegaflows
	fMasks
	fNotKept
	fNarrowed

	fBreaths
	fUpcalls
	fBusy
	fRecirculations
	fPanics
	fBuffers
	fBuffersInUse

	fFrames
	fHeld
	fImbalance

	fTableFlows
	fTableLookups
	fTableMatches
	fCookieFlows
	fCookiePackets
	fCookieBytes

	fMACs
	fMACLimit
	fMACEvents

	fMessages
	fMessagesDropped
	fPacketInsWaiting
	fPacketInsDropped
	fSessions
	fControllerConnected
	fControllerConnections
	fControllerSince
	fControllerRole
	fControllerMessages

	numFamilies
)

// families is the table. Units and endings of names are Prometheus's: _total for
// what only grows.
var families = [numFamilies]Family{
	fBuild:       {"vswitch_build_info", gauge, []string{"version"}, "1; the version of the switch"},
	fReady:       {"vswitch_ready", gauge, nil, "1 once every object of the configuration was tried"},
	fCertificate: {"vswitch_tls_certificate_end_timestamp_seconds", gauge, nil, "when the switch's certificate ends; without `tls` there is none"},
	fTroubles:    {"vswitch_troubles", gauge, nil, "objects that are not as configured; `ofctl status` names them"},

	fPortInfo:    {"vswitch_port_info", gauge, []string{lBridge, lPort, "ofport"}, "1; the OpenFlow number of a port"},
	fPortUp:      {"vswitch_port_up", gauge, []string{lBridge, lPort}, "1 if the port is set up and has carrier"},
	fRxPackets:   {"vswitch_port_receive_packets_total", counter, []string{lBridge, lPort}, "frames received; a super-frame is one"},
	fRxBytes:     {"vswitch_port_receive_bytes_total", counter, []string{lBridge, lPort}, "bytes received"},
	fRxSegments:  {"vswitch_port_receive_segments_total", counter, []string{lBridge, lPort}, "frames on the wire that those received stand for"},
	fRxMulticast: {"vswitch_port_receive_multicast_total", counter, []string{lBridge, lPort}, "frames received for a multicast address, broadcast apart"},
	fRxBroadcast: {"vswitch_port_receive_broadcast_total", counter, []string{lBridge, lPort}, "frames received for the broadcast address"},
	fRxErrors:    {"vswitch_port_receive_errors_total", counter, []string{lBridge, lPort}, "errors that the device has reported at receive"},
	fRxMissed:    {"vswitch_port_receive_missed_total", counter, []string{lBridge, lPort}, "frames that the kernel lost before the switch saw them"},
	fTxPackets:   {"vswitch_port_transmit_packets_total", counter, []string{lBridge, lPort}, "frames sent; a super-frame is one"},
	fTxBytes:     {"vswitch_port_transmit_bytes_total", counter, []string{lBridge, lPort}, "bytes sent"},
	fTxSegments:  {"vswitch_port_transmit_segments_total", counter, []string{lBridge, lPort}, "frames on the wire that those sent stand for"},
	fTxMulticast: {"vswitch_port_transmit_multicast_total", counter, []string{lBridge, lPort}, "frames sent to a multicast address, broadcast apart"},
	fTxBroadcast: {"vswitch_port_transmit_broadcast_total", counter, []string{lBridge, lPort}, "frames sent to the broadcast address"},
	fTxErrors:    {"vswitch_port_transmit_errors_total", counter, []string{lBridge, lPort}, "errors that the device has reported at transmit"},
	fDrops: {"vswitch_port_drops_total", counter, []string{lBridge, lPort, lDirection, "reason"},
		"frames dropped, by the reasons that `ofctl drops` explains; a reason that never was has no series; bridge and port are empty for what no port can be charged with"},
	fQueuePackets: {"vswitch_port_queue_packets_total", counter, []string{lBridge, lPort, "queue", lWorker}, "frames of a receive queue, and the worker that takes them"},
	fQueueBytes:   {"vswitch_port_queue_bytes_total", counter, []string{lBridge, lPort, "queue", lWorker}, "bytes of a receive queue"},

	fLookups:     {"vswitch_cache_lookups_total", counter, []string{lWorker, "result"}, "lookups of frames: result is `exact` (the first cache knew), `megaflow`, or `miss`"},
	fMasksProbed: {"vswitch_cache_masks_probed_total", counter, []string{lWorker}, "masks that lookups among megaflows went through"},
	fMegaflows:   {"vswitch_cache_megaflows", gauge, []string{lWorker}, "decisions that are cached"},
	fMasks:       {"vswitch_cache_masks", gauge, []string{lWorker}, "different masks of these"},
	fNotKept:     {"vswitch_cache_flow_limit_hits_total", counter, []string{lWorker}, "decisions that were not kept because of datapath.flow_limit"},

	fNarrowed: {"vswitch_cache_mask_limit_hits_total", counter, []string{lWorker}, "decisions that were kept for fewer packets because of datapath.mask_limit"},

	fBreaths:        {"vswitch_worker_breaths_total", counter, []string{lWorker}, "turns of a worker's loop"},
	fBusy:           {"vswitch_worker_busy_seconds_total", counter, []string{lWorker}, "time in which a worker had frames to work on"},
	fUpcalls:        {"vswitch_worker_upcalls_total", counter, []string{lWorker}, "frames that went through the OpenFlow tables"},
	fRecirculations: {"vswitch_worker_recirculations_total", counter, []string{lWorker}, "frames that were looked up again"},
	fPanics:         {"vswitch_worker_panics_total", counter, []string{lWorker}, "bugs of the switch that frames have found; the log has them"},
	fBuffers:        {"vswitch_worker_buffers", gauge, []string{lWorker, "pool"}, "buffers for frames: pool is `frame`, or `spill` for what does not fit into one"},
	fBuffersInUse:   {"vswitch_worker_buffers_in_use", gauge, []string{lWorker, "pool"}, "buffers with a frame in them"},

	fFrames: {"vswitch_frames_total", counter, []string{"account"},
		"the account of all frames: `received`, `cloned`, `originated`, `split` came to be; `sent`, `dropped`, `consumed`, `merged` are gone"},
	fHeld:      {"vswitch_frames_held", gauge, nil, "frames that a device still reads from the switch's memory"},
	fImbalance: {"vswitch_frames_imbalance", gauge, nil, "what the account is out of balance by; not 0 for more than a moment is a bug"},

	fTableFlows:    {"vswitch_table_flows", gauge, []string{lBridge, "table"}, "flows in a table; tables without flows or lookups have no series, but for table 0"},
	fTableLookups:  {"vswitch_table_lookups_total", counter, []string{lBridge, "table"}, "packets looked up in a table, those that caches knew included"},
	fTableMatches:  {"vswitch_table_matches_total", counter, []string{lBridge, "table"}, "packets that a flow of the table matched"},
	fCookieFlows:   {"vswitch_cookie_flows", gauge, []string{lBridge, "cookie"}, "flows with a cookie of metrics.cookies, as it stands there"},
	fCookiePackets: {"vswitch_cookie_packets", gauge, []string{lBridge, "cookie"}, "packets of the flows with it that are there now: it falls when one goes"},
	fCookieBytes:   {"vswitch_cookie_bytes", gauge, []string{lBridge, "cookie"}, "bytes of these"},

	fMACs:      {"vswitch_mac_entries", gauge, []string{lBridge, "kind"}, "entries of the MAC table: kind is `learned` or `static`"},
	fMACLimit:  {"vswitch_mac_limit", gauge, []string{lBridge}, "learned entries that it can have"},
	fMACEvents: {"vswitch_mac_events_total", counter, []string{lBridge, "event"}, "what became of entries: `learned`, `moved`, `expired`, `evicted`"},

	fMessages: {"vswitch_openflow_messages_total", counter, []string{lBridge, lDirection, "type"},
		"OpenFlow messages of all connections, `in` and `out`; a type that never was has no series"},
	fMessagesDropped: {"vswitch_openflow_dropped_total", counter, []string{lBridge}, "messages of the switch's own accord that found no room with a slow peer"},
	fPacketInsWaiting: {"vswitch_packet_ins_waiting", gauge, []string{lBridge, lPort, "reason"},
		"packet-ins that wait for a slow controller or its `rate_limit`, by the port that the packet came in by (empty: none that there is) and the reason (`other`: one without a name)"},
	fPacketInsDropped: {"vswitch_packet_ins_dropped_total", counter, []string{lBridge, lPort, "reason"},
		"packet-ins that went for others, since more than `queue_size` waited; a port and reason that never lost one nor waits has no series"},
	fSessions:              {"vswitch_openflow_sessions", gauge, []string{lBridge, "kind"}, "OpenFlow connections: kind is `controller`, `service` (of those who came to a listener), `snoop`"},
	fControllerConnected:   {"vswitch_controller_connected", gauge, []string{lBridge, "target"}, "1 if the configured controller is connected and has said hello"},
	fControllerConnections: {"vswitch_controller_connections_total", counter, []string{lBridge, "target"}, "connections that were made to it"},
	fControllerSince:       {"vswitch_controller_state_seconds", gauge, []string{lBridge, "target"}, "time since the connection came or went"},
	fControllerRole:        {"vswitch_controller_role", gauge, []string{lBridge, "target", "role"}, "1; the role of a controller that is connected: `equal`, `primary`, `secondary`"},
	fControllerMessages:    {"vswitch_controller_messages_total", counter, []string{lBridge, "target", lDirection}, "OpenFlow messages of all its connections, `in` and `out`"},
}

// Families returns the table.
func Families() []Family { return families[:] }
