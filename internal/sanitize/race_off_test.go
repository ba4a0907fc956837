//go:build !race

package sanitize

const (
	raceEnabled = false
	hostileSize = 256 << 10
)
