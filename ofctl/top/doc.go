// Package top shows what a switch is doing: rates of ports, flows, drops and
// workers, made of two looks at its counters.
//
// # Not here
//
// Asking the switch, waiting between two looks, and the terminal: a View is a
// function of two Samples, and its text one of the View and a size.
//
// # Invariants
//
//   - A counter that is lower than before belongs to something that was made anew;
//     it began at 0.
//   - Text fits the width and the height that it is given, if there is room for its
//     headings.
package top
