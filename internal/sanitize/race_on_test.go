//go:build race

package sanitize

// The race detector makes a pass over octets ten times dearer: a quadratic walk still
// shows at this size, and e2e/test runs the tests of these sizes without it too.
const (
	raceEnabled = true
	hostileSize = 32 << 10
)
