//go:build race

package mailserver

// The race detector makes a pass over octets ten times dearer; e2e/test runs the tests
// of these sizes without it too.
const (
	raceEnabled   = true
	endlessQuotes = 1 << 20
	someChanges   = 150
	streamSize    = 5_000_000
)
