//go:build race

package index

// raceOn: the detector runs, and memory is not what it is without it.
const raceOn = true
