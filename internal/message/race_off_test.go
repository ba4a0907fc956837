//go:build !race

package message

const hostileSize = 10 << 20

const scanned = 100
