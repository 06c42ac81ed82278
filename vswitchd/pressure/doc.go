// Package pressure tells for how long the machine's threads have waited for a
// processor, as the kernel's pressure stall information has it
// (Documentation/accounting/psi.rst). Whoever would use a processor only because
// it might be idle asks here whether it is.
//
// # Not here
//
// What follows from it: that is the business of package datapath.
//
// # Concurrency
//
// Any goroutine may call any method. Waited allocates nothing.
package pressure
