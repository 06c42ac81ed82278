// Package pcapfilter reads the filter expressions of tcpdump (pcap-filter) for Ethernet
// frames, and says which frames they let through.
//
// What: Parse gives a Filter, whose Match looks at a frame as it is on the wire. The answers
// are libpcap's, with what surprises in them: tcp[...] is IPv4's only, vlan moves all that
// stands to its right by a tag, and and or bind alike from the left, and a frame too short for
// what is looked at does not match, whatever not stands before it.
//
// Not here: names of hosts, networks and services; protocols other than those of IP, ARP and
// VLANs. They are errors that point at the word.
//
// Concurrency: a Filter does not change, and Match allocates nothing.
package pcapfilter
