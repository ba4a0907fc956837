package web

import (
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a container without zoneinfo must still say French hours
)

// Paris is where every date is told. A failure is impossible with tzdata embedded.
func Paris() *time.Location {
	loc, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.UTC
	}
	return loc
}

// clock tells dates in words, in one place and one zone.
type clock struct {
	now func() time.Time
	loc *time.Location
}

var (
	shortDays = [...]string{"dim.", "lun.", "mar.", "mer.", "jeu.", "ven.", "sam."}
	longDays  = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}
	months    = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}
)

// short is for a row: 08:42 today, hier, lun. within the week, 19/11/2026 before
// and for any date in the future (a sender's clock, or a lie: said plainly).
func (c clock) short(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(c.loc)
	switch days := c.daysAgo(t); {
	case days == 0:
		return t.Format("15:04")
	case days == 1:
		return "hier"
	case days > 1 && days < 7:
		return shortDays[t.Weekday()]
	}
	return t.Format("02/01/2006")
}

// full is for a letter's head: aujourd’hui à 08:42, hier à 17:10, lundi 16
// novembre à 09:00, 19/11/2025 à 08:42.
func (c clock) full(t time.Time) string {
	if t.IsZero() {
		return "date inconnue"
	}
	t = t.In(c.loc)
	switch days := c.daysAgo(t); {
	case days == 0:
		return "aujourd’hui à " + t.Format("15:04")
	case days == 1:
		return "hier à " + t.Format("15:04")
	case days > 1 && days < 7:
		return fmt.Sprintf("%s %s %s à %s", longDays[t.Weekday()], dayNumber(t.Day()), months[t.Month()-1], t.Format("15:04"))
	}
	return t.Format("02/01/2006") + " à " + t.Format("15:04")
}

// exact is for paper and the journal: 19/11/2026 à 08:42.
func (c clock) exact(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(c.loc).Format("02/01/2006 à 15:04")
}

// stamp is exact to the second: what the operator's own journals are searched by.
func (c clock) stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(c.loc).Format("02/01/2006 à 15:04:05")
}

// between is exact for a span: one instant, two hours of one day, or two days.
func (c clock) between(first, last time.Time) string {
	from, to := first.In(c.loc), last.In(c.loc)
	switch {
	case c.exact(from) == c.exact(to):
		return c.exact(to)
	case from.Format(time.DateOnly) == to.Format(time.DateOnly):
		return to.Format("02/01/2006") + " de " + from.Format("15:04") + " à " + to.Format("15:04")
	}
	return "du " + c.exact(from) + " au " + c.exact(to)
}

// day names a day: 3 mars, or 3 mars 2025 when it is not of this year.
func (c clock) day(t time.Time) string {
	t = t.In(c.loc)
	out := dayNumber(t.Day()) + " " + months[t.Month()-1]
	if t.Year() != c.now().In(c.loc).Year() {
		out += " " + fmt.Sprint(t.Year())
	}
	return out
}

// iso is for <time datetime>.
func (c clock) iso(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(c.loc).Format(time.RFC3339)
}

// daysAgo counts calendar days in the zone, not spans of 24 hours: two days of
// the year have 23 and 25.
func (c clock) daysAgo(t time.Time) int {
	n := c.now().In(c.loc)
	a := time.Date(n.Year(), n.Month(), n.Day(), 0, 0, 0, 0, time.UTC)
	b := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	return int(a.Sub(b) / (24 * time.Hour))
}

func dayNumber(d int) string {
	if d == 1 {
		return "1er"
	}
	return fmt.Sprint(d)
}

// sizeWords says a size as people do: decimal units, a comma, a no-break space.
func sizeWords(n int64) string {
	const nbsp = "\u00a0"
	switch {
	case n < 0:
		return ""
	case n < 1000:
		return fmt.Sprint(n) + nbsp + "o"
	case n < 1_000_000:
		return fmt.Sprint((n+500)/1000) + nbsp + "ko"
	case n >= 1_000_000_000:
		s := strings.Replace(fmt.Sprintf("%.1f", float64(n)/1e9), ".", ",", 1)
		return strings.TrimSuffix(s, ",0") + nbsp + "Go"
	default:
		s := strings.Replace(fmt.Sprintf("%.1f", float64(n)/1e6), ".", ",", 1)
		return strings.TrimSuffix(s, ",0") + nbsp + "Mo"
	}
}

// count groups thousands: 100 000.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u00a0" + s[i:]
	}
	return s
}
