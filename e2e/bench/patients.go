package main

import (
	"fmt"
	"time"

	"pli.example/pli/e2e/visitor"
)

// patients notes what the exchanges of the mailbox cost: the first look of a session,
// which asks about the headers of the newest letters, and those that follow, which ask
// whether anything came.
func (m *measures) patients() error {
	page, err := m.v.Get(m.inURL)
	if err != nil {
		return err
	}
	at := m.site.base + (&visitor.Page{Body: page.Body}).Attr("rail-patients", "href")
	took := func() (time.Duration, error) {
		began := time.Now()
		_, err := m.get(at)
		return time.Since(began), err
	}
	first, err := took()
	if err != nil {
		return err
	}
	var all time.Duration
	const times = 20
	for range times {
		d, err := took()
		if err != nil {
			return err
		}
		all += d
	}
	m.notes = append(m.notes, fmt.Sprintf("patients of %d letters: first look %s, then %s on average", m.letters, first.Round(time.Millisecond), (all/times).Round(100*time.Microsecond)))
	return nil
}
