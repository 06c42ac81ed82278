// Package trust says which certificates are to be believed: the switch asks it
// about controllers, ofctl about switches.
//
// # Not here
//
// Files, connections, keys.
package trust
