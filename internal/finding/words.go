package finding

import (
	"fmt"
	"strings"
	"time"
)

// Count writes a number with its noun: "1 jour", "12 jours".
func Count(n int64, one, many string) string {
	if n < 2 && n > -2 {
		return fmt.Sprintf("%d\u00a0%s", n, one)
	}
	return thousands(n) + "\u00a0" + many
}

// Size writes octets as people read them, in decimal units.
func Size(n int64) string {
	switch {
	case n >= 10_000_000_000:
		return thousands(n/1_000_000_000) + "\u00a0Go"
	case n >= 1_000_000:
		return strings.Replace(fmt.Sprintf("%.1f\u00a0Mo", float64(n)/1e6), ".", ",", 1)
	}
	return thousands(n) + "\u00a0octets"
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// Age writes how long ago, in the unit that says enough.
func Age(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return Count(int64(d/time.Second), "seconde", "secondes")
	case d < 2*time.Hour:
		return Count(int64(d/time.Minute), "minute", "minutes")
	case d < 48*time.Hour:
		return Count(int64(d/time.Hour), "heure", "heures")
	}
	return days(d)
}
