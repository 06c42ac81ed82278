// Package netdev is the switch's hold on the kernel's network devices, for the
// drivers that use them: namespaces, and the state of devices in them, followed
// by netlink.
//
// # Not here
//
// Frames (packages tap and afpacket). What a device should look like: drivers
// set it up over a netlink handle from Namespace.Handle.
//
// # Invariants
//
//   - A Control holds one netlink socket, in the switch's own namespace, that
//     hears all namespaces with a number there; Control.Namespace gives one a
//     number. Nothing of the switch lies inside a namespace, so that nothing
//     keeps it alive when its user deletes it.
//   - A namespace that Control made is deleted with its last Release, one that
//     it found never. Those that a Control made which was killed count as made
//     by the next one that remembers them (Remember).
//   - After a device or its namespace is gone, or the namespace's name, its
//     followers hear so once, and nothing after it.
//
// # Concurrency
//
// Every method may be called by any goroutine, but not from within a function
// given to Follow: those run one at a time, on the Control's goroutine or on
// that of Follow, under the Control's lock.
package netdev
