//go:build race

package message

// The race detector makes a pass over octets ten times dearer: a quadratic cost
// still shows at this size. e2e/test runs what is smaller here, or skipped, without it.
const (
	raceEnabled = true
	hostileSize = 512 << 10
	scanned     = 25 // the width and height of what a scanner makes, in hundredths
)
