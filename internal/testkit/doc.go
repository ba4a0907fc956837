// Package testkit is the whole app on the demo world for tests of pages: a
// database of its own, a clock that stands still until it is moved, and browsers
// that sign in through the real code. No port, no file outside the test's own
// directory, nothing shared between kits, so tests run in parallel.
//
// It only helps tests; nothing that ships imports it. It speaks HTTP and the
// world's own words: what a room holds is asked of App by the test itself.
package testkit
