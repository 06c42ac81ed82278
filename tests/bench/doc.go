// Command bench measures the switch beside other ways to move frames between two
// hosts, on the machine of whoever wants to know, and says how they compare.
//
//	go run ./tests/bench [-rounds 9] [-seconds 2] [-subjects copier,vswitchd] [-metrics tcp,rtt]
//	                     [-ref copier] [-bin bin] [-json FILE] [-from FILE] [-write]
//
// Two namespaces are the hosts, a third one is where the subject runs. A subject is
// vswitchd in one of its modes, a process that copies frames and does nothing else, the
// kernel's bridge, or Open vSwitch where it is installed. Each round measures
// every subject once, one after the other, so that a machine that is slower for a
// while is so for all; what counts is the median over the rounds of the ratios
// within a round.
//
// The tables subjects and metrics say what there is. Traffic is made and counted by
// this program: no other is needed, except ovs-vswitchd, ovsdb-server, ovsdb-tool and
// ovs-vsctl for Open vSwitch, and iperf3 for the metric of that name, which is taken
// only if asked for. What a subject cannot do is left out, with a word.
//
// # Not here
//
// Go micro benchmarks (`make microbench`, `make benchcmp`): they are beside the code
// that they measure.
//
// # Invariants
//
//   - The host's own network is not touched, nor an Open vSwitch that runs there.
//   - Whatever ends the program, unless it is killed: processes, namespaces and files
//     that it made are gone.
//   - Who measures does not decide: frames are counted by the receiving device,
//     processor time by the kernel.
//
// # Concurrency
//
// One goroutine does one thing after the other; those that it starts for the ends of
// a stream end before it goes on.
package main
