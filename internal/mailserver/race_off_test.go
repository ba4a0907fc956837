//go:build !race

package mailserver

const (
	raceEnabled   = false
	endlessQuotes = budgetList + 1<<20 // more than a row may cost
	someChanges   = 300
	streamSize    = 25_000_000
)
