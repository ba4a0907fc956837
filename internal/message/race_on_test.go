//go:build race

package message

// The race detector makes a pass over octets ten times dearer: a quadratic cost
// still shows at this size.
const hostileSize = 512 << 10

// scanned is the width and height of what a scanner makes, in hundredths.
const scanned = 25
