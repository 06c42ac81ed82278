// Package yaml reads switch.yaml into a config.Config, and lays over its flat
// settings what flags and environment variables say.
//
// It decodes the parsed YAML nodes itself instead of letting the library fill
// structs: so every complaint has a line and a column, an unknown key is an error
// that names the nearest known one, and nothing is converted silently.
//
// # Not here
//
// What a right configuration is (package config, whose problems get their line
// and column here), and the syntax of flows.
//
// # Invariants
//
//   - Load returns a complete and valid Config or an error, which is Errors when
//     the file's content is to blame. All that is wrong is reported together,
//     as far as one mistake does not hide another.
//   - A key given twice, an unknown key, a key without a value, a value of another
//     type, a merge key and a second document are errors.
//   - Work and memory are bounded by the size of the input and by maxValues: an
//     alias counts each time it is used.
//
// # Concurrency
//
// Functions of their arguments, but for the files and the environment they read.
package yaml
