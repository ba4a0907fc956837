//go:build !race

package message

const (
	raceEnabled = false
	hostileSize = 10 << 20
	scanned     = 100
)
