// Package compat holds what vswitch is measured by against others: ofctl beside
// ovs-ofctl on a live Open vSwitch, and clients written for ovs-ofctl that drive
// ofctl.
//
// Open vSwitch runs with the dummy datapath, in a directory of its own, and ends
// with the test. No test here sleeps: what takes time is waited for, up to a
// deadline.
package compat
