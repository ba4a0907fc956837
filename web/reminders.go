package web

import (
	"net/http"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// Hours of the day letters come back at.
const (
	morning = 8
	evening = 18
)

// remindChoices are the moments offered now: never one that is past, or next to now.
func (c clock) remindChoices() []templates.RemindChoice {
	var out []templates.RemindChoice
	if c.now().In(c.loc).Hour() < evening-1 {
		out = append(out, templates.RemindChoice{Value: "evening", Says: "ce soir, 18:00"})
	}
	return append(out, templates.RemindChoice{Value: "tomorrow", Says: "demain matin, 08:00"}, templates.RemindChoice{Value: "monday", Says: "lundi matin, 08:00"})
}

// remindAt is the moment a choice means, in the hours of the page. The zero time for
// what is none.
func (c clock) remindAt(when, date string) time.Time {
	now := c.now().In(c.loc)
	at := func(days, hour int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, hour, 0, 0, 0, c.loc)
	}
	switch when {
	case "evening":
		return at(0, evening)
	case "tomorrow":
		return at(1, morning)
	case "monday":
		days := (int(time.Monday) - int(now.Weekday()) + 7) % 7
		if days == 0 {
			days = 7
		}
		return at(days, morning)
	case "date":
		if d, err := time.ParseInLocation(time.DateOnly, date, c.loc); err == nil {
			return time.Date(d.Year(), d.Month(), d.Day(), morning, 0, 0, 0, c.loc)
		}
	}
	return time.Time{}
}

// dueWords says when a letter comes back.
func (c clock) dueWords(t time.Time) string {
	now := c.now().In(c.loc)
	t = t.In(c.loc)
	day := func(x time.Time) time.Time { return time.Date(x.Year(), x.Month(), x.Day(), 12, 0, 0, 0, time.UTC) }
	switch days := int(day(t).Sub(day(now)).Hours() / 24); {
	case days == 0:
		return "aujourd’hui à " + t.Format("15:04")
	case days == 1:
		return "demain à " + t.Format("15:04")
	case days > 1 && days < 7:
		return longDays[t.Weekday()] + " à " + t.Format("15:04")
	}
	return "le " + t.Format("02/01/2006 à 15:04")
}

// remind puts the letters a form names aside until a moment.
func (s *Server) remind(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	which, err := refs(r.PostForm["ref"])
	if err != nil {
		return err
	}
	to := localPath(r.Form.Get("next"), path("mail", scopeOf(r).box.ID, which[0].Folder))
	when, date := r.PostForm.Get("when"), r.PostForm.Get("date")
	if date != "" { // typed, whatever the list above it was left on
		when = "date"
	}
	due := s.clock.remindAt(when, date)
	about := letterNamed(r, b, which)
	out, err := b.Remind(r.Context(), which, due)
	switch {
	case missedAll(out, err):
		return s.comeBack(w, r, listOf(to), note{say: goneWords(out.Missed), kind: "warn"})
	case problem.Is(err, problem.Invalid), problem.Is(err, problem.TooMany):
		return s.comeBack(w, r, to, note{say: problem.SayOf(err), kind: "warn"})
	case err != nil:
		return err
	}
	until := s.clock.dueWords(due)
	words := saying{"mise de côté\u00a0: elle reviendra " + until, "mises de côté\u00a0: elles reviendront " + until}
	return s.comeBack(w, r, to, note{say: words.of(out, about), kind: noteKind(out), undo: string(out.Undo)})
}

// remindersPage lists the letters that wait.
func (s *Server) remindersPage(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	if !isPrefetch(r) {
		b.AttendReminders(r.Context())
	}
	all, err := b.Reminders(r.Context())
	if err != nil {
		return err
	}
	sc := scopeOf(r)
	g, _ := sc.grantOf(sc.box)
	v := templates.RemindersView{Page: s.page(r, "Rappels"), Box: boxLabel(g), BackHref: path("mail", sc.box.ID)}
	v.Page.Section = "reminders"
	for i := range v.Page.Folders {
		v.Page.Folders[i].Current = v.Page.Folders[i].Role == "reminders"
	}
	if g.Rights.Has(delegation.Triage) {
		v.Action = path("mail", sc.box.ID, "reminders")
	}
	for _, m := range all {
		row := s.row(sc.box.ID, m.Item, false, "")
		x := templates.ReminderRow{ID: m.ID, Href: row.Href, Who: row.Who, Subject: row.Subject, Home: m.Home}
		if !m.Due.IsZero() {
			x.Due, x.Late = s.clock.dueWords(m.Due), !m.Due.After(s.clock.now())
		}
		v.Rows = append(v.Rows, x)
	}
	return s.render(w, r, http.StatusOK, templates.RemindersPage(v))
}

// reminderCancel brings one back now.
func (s *Server) reminderCancel(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	if err := b.MaySort(r.Context(), audit.LetterMove); err != nil {
		return err
	}
	to := path("mail", scopeOf(r).box.ID, "reminders")
	id := r.PostForm.Get("id")
	if !opaqueHandle(id) {
		return problem.New(problem.Invalid, "")
	}
	out, err := b.CancelReminder(r.Context(), id)
	if problem.Is(err, problem.Gone) {
		return s.comeBack(w, r, to, note{say: problem.SayOf(err), kind: "warn"})
	}
	if err != nil {
		return err
	}
	say := "Le rappel est annulé\u00a0: la lettre est revenue dans son dossier."
	if out.ReturnedTo != "" {
		say = "Le rappel est annulé\u00a0: la lettre est revenue en tête de «\u00a0" + out.ReturnedTo + "\u00a0»."
	}
	return s.comeBack(w, r, to, note{say: say, kind: noteKind(out)})
}
