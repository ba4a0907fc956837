package web_test

import "testing"

// ofSize is for long walks of one goroutine through everything: the race detector sees
// the same code at work in the tests beside them, and makes the walk ten times dearer.
// e2e/test runs them without it.
func ofSize(t *testing.T) {
	t.Helper()
	if raceEnabled {
		t.Skip("of size: without the race detector (tests of size)")
	}
}
