// Package authority makes certificates for tests.
package authority
