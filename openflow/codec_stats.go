package openflow

//size:table
func statsMessages() []messageRow {
	return []messageRow{
		{kind: KindDescRequest, name: "OFPST_DESC request", class: classRequest, from: V10, to: V15, code: 0,
			decode: toEmpty[DescRequest], encode: fromEmpty},
		{kind: KindDescReply, name: "OFPST_DESC reply", class: classReply, from: V10, to: V15, code: 0, size: 4*descTextSize + descSerialSize,
			decode: to(decodeDesc), encode: from(appendDesc)},
		{kind: KindIPFIXBridgeRequest, name: "NXST_IPFIX_BRIDGE request", class: classNiciraRequest, from: V10, to: V15, code: 3,
			decode: toEmpty[IPFIXBridgeRequest], encode: fromEmpty},
		{kind: KindIPFIXBridgeReply, name: "NXST_IPFIX_BRIDGE reply", class: classNiciraReply, from: V10, to: V15, code: 3, size: ipfixSize,
			decode: to(func(_ context, b []byte, m *IPFIXBridgeReply) error { decodeIPFIX(b, &m.IPFIXStats); return nil }),
			encode: from(func(_ context, dst []byte, m *IPFIXBridgeReply) ([]byte, error) {
				return appendIPFIX(dst, &m.IPFIXStats), nil
			})},
		{kind: KindIPFIXFlowRequest, name: "NXST_IPFIX_FLOW request", class: classNiciraRequest, from: V10, to: V15, code: 4,
			decode: toEmpty[IPFIXFlowRequest], encode: fromEmpty},
		{kind: KindIPFIXFlowReply, name: "NXST_IPFIX_FLOW reply", class: classNiciraReply, from: V10, to: V15, code: 4, extra: ipfixSize,
			decode: to(func(_ context, b []byte, m *IPFIXFlowReply) error {
				for ; len(b) > 0; b = b[ipfixSize:] {
					m.Exporters = append(m.Exporters, IPFIXStats{})
					decodeIPFIX(b, &m.Exporters[len(m.Exporters)-1])
				}
				return nil
			}),
			list: listOf(func(m *IPFIXFlowReply) []IPFIXStats { return m.Exporters },
				func(_ context, dst []byte, _ *IPFIXFlowReply, e *IPFIXStats) ([]byte, error) {
					return appendIPFIX(dst, e), nil
				})},
	}
}

// Sizes of the texts of a description.
const (
	descTextSize   = 256
	descSerialSize = 32
)

func decodeDesc(_ context, b []byte, m *DescReply) error {
	r := reader{b: b}
	m.Manufacturer, m.Hardware, m.Software = r.text(descTextSize), r.text(descTextSize), r.text(descTextSize)
	m.Serial, m.Datapath = r.text(descSerialSize), r.text(descTextSize)
	return nil
}

func appendDesc(_ context, dst []byte, m *DescReply) ([]byte, error) {
	for _, s := range [3]string{m.Manufacturer, m.Hardware, m.Software} {
		dst = appendText(dst, s, descTextSize)
	}
	dst = appendText(dst, m.Serial, descSerialSize)
	return appendText(dst, m.Datapath, descTextSize), nil
}

// ipfixSize is the size of struct nx_ipfix_stats_reply.
const ipfixSize = 88

func (m *IPFIXStats) counters() [10]*uint64 {
	return [10]*uint64{
		&m.TotalFlows, &m.CurrentFlows, &m.Packets, &m.IPv4Packets, &m.IPv6Packets,
		&m.ErrorPackets, &m.IPv4ErrorPackets, &m.IPv6ErrorPackets, &m.TxPackets, &m.TxErrors,
	}
}

func decodeIPFIX(b []byte, m *IPFIXStats) {
	r := reader{b: b}
	for _, p := range m.counters() {
		*p = r.u64()
	}
	m.CollectorSetID = r.u32()
}

func appendIPFIX(dst []byte, m *IPFIXStats) []byte {
	for _, p := range m.counters() {
		dst = be.AppendUint64(dst, *p)
	}
	return zeros(be.AppendUint32(dst, m.CollectorSetID), 4)
}
