package web

import "time"

// at tells the hour of a moment, and its day when it is not today: 'à 10:51', 'hier
// à 18:04', 'le 3 mars à 09:12'.
func (c clock) at(t time.Time) string {
	local := t.In(c.loc)
	hour := local.Format("15:04")
	switch c.daysAgo(local) {
	case 0:
		return "à " + hour
	case 1:
		return "hier à " + hour
	}
	return "le " + c.day(t) + " à " + hour
}
