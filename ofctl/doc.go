// Command ofctl operates OpenFlow switches: it shows and changes their flows,
// ports, groups and meters, watches their messages, and asks a running vswitchd
// for what OpenFlow has no words for.
package main
