// Package porttest helps to test port drivers: engines, queues and namespaces
// that end with the test, and waiting for frames and states with a deadline.
//
// # Not here
//
// Anything that the switch itself uses.
package porttest
