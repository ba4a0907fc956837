//go:build race

package message

// The race detector makes a pass over octets ten times dearer: a quadratic cost
// still shows at this size.
const hostileSize = 2 << 20
