package web

import (
	"fmt"
	"net/http"
	"time"

	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/support"
	"pli.example/pli/internal/trust"
	"pli.example/pli/templates"
)

// supportHome is the state of the service and the search.
func (s *Server) supportHome(w http.ResponseWriter, r *http.Request) error {
	h, err := s.staff.Desk.Health(r.Context(), scopeOf(r).staff.Actor, s.clock.loc)
	if err != nil {
		return err
	}
	v := templates.SupportHomeView{SupportFrame: s.supportFrame(r, "Support", "home"), Chart: s.chart(h.Days),
		Cards: []templates.SupportCard{s.trustCard(h.Trust), s.directoryCard(h.Directory)}}
	for _, l := range h.Loops {
		v.Loops = append(v.Loops, s.loopView(l))
	}
	return s.render(w, r, http.StatusOK, templates.SupportHomePage(v))
}

func (s *Server) trustCard(st trust.State) templates.SupportCard {
	c := templates.SupportCard{Title: "Liste blanche MSSanté", TestID: "support-trust", Kind: "warn", Say: st.LastError}
	switch {
	case !st.Loaded:
		c.State = "Aucune liste n’est en vigueur"
	case st.Stale:
		c.State = "En vigueur, mais trop ancienne"
	case st.LastError != "":
		c.State = "En vigueur\u00a0; la dernière actualisation a échoué"
	default:
		c.State, c.Kind = "En vigueur", "ok"
	}
	if st.Loaded {
		c.Facts = []templates.SupportFact{{Name: "Générée", Value: s.clock.full(st.DateGenerated)}, {Name: "Âge", Value: ageWords(st.Age)}, {Name: "Reçue", Value: s.clock.full(st.FetchedAt)},
			{Name: "Domaines", Value: count(st.Domains)}, {Name: "Signée par", Value: st.Signer}, {Name: "Certificat", Value: "jusqu’au " + s.clock.exact(st.SignerExpires)}}
	}
	c.Facts = append(c.Facts, templates.SupportFact{Name: "Dernier essai", Value: s.orNever(st.LastTry)}, templates.SupportFact{Name: "Dernier succès", Value: s.orNever(st.LastSuccess)})
	if st.Errors > 0 {
		c.Facts = append(c.Facts, templates.SupportFact{Name: "Échecs", Value: fmt.Sprintf("%s depuis le démarrage, %d de suite", count(int(st.Errors)), st.Failures)})
	}
	return c
}

func (s *Server) directoryCard(st directory.State) templates.SupportCard {
	c := templates.SupportCard{Title: "Annuaire Santé", TestID: "support-directory", Kind: "warn", Say: st.LastError}
	at := st.FileDate
	if at.IsZero() {
		at = st.ImportedAt
	}
	switch {
	case st.Importing != nil:
		c.State = "Import en cours"
	case !st.Ready:
		c.State = "Pas encore chargé"
	case s.clock.daysAgo(at.In(s.clock.loc)) > directoryOld:
		c.State = "Chargé, mais ancien"
	case st.LastError != "":
		c.State = "Chargé\u00a0; la dernière actualisation a échoué"
	default:
		c.State, c.Kind = "Chargé", "ok"
	}
	if st.Ready {
		c.Facts = []templates.SupportFact{{Name: "Données du", Value: s.clock.full(at)}, {Name: "Âge", Value: ageWords(s.clock.now().Sub(at))},
			{Name: "Importées", Value: s.clock.full(st.ImportedAt)}, {Name: "Boîtes", Value: count(int(st.Mailboxes))}}
	}
	c.Facts = append(c.Facts, templates.SupportFact{Name: "Dernière réponse", Value: s.orNever(st.CheckedAt)})
	if !st.LastTry.IsZero() {
		c.Facts = append(c.Facts, templates.SupportFact{Name: "Dernier essai", Value: s.clock.full(st.LastTry)})
	}
	return c
}

func (s *Server) orNever(t time.Time) string {
	if t.IsZero() {
		return "aucun depuis le démarrage"
	}
	return s.clock.full(t)
}

// ageWords tells an age by its greatest unit.
func ageWords(d time.Duration) string {
	d = max(d, 0)
	for _, u := range []struct {
		of        time.Duration
		one, many string
	}{{24 * time.Hour, "jour", "jours"}, {time.Hour, "heure", "heures"}, {time.Minute, "minute", "minutes"}} {
		if n := int(d / u.of); n == 1 {
			return "1\u00a0" + u.one
		} else if n > 1 {
			return count(n) + "\u00a0" + u.many
		}
	}
	return "moins d’une minute"
}

func (s *Server) loopView(l support.Loop) templates.SupportLoop {
	v := templates.SupportLoop{Name: l.Name, State: "tourne depuis " + ageWords(s.clock.now().Sub(l.Since)), Last: "ne le dit pas", Failures: count(int(l.Failures)), Failing: l.Failing}
	switch {
	case l.Since.IsZero():
		v.State = "ne tourne pas"
	case l.Failing:
		v.State = "dernier passage en échec"
	}
	if !l.LastSuccess.IsZero() {
		v.Last = s.clock.full(l.LastSuccess)
	}
	return v
}

// outcomes gathers the states of recipients in three.
func outcomes(states map[ledger.Kind]int) (sent, waiting, failed int) {
	for k, n := range states {
		switch k {
		case ledger.Submitted, ledger.Delivered, ledger.Read:
			sent += n
		case ledger.Refused, ledger.Bounced:
			failed += n
		default:
			waiting += n
		}
	}
	return sent, waiting, failed
}

// Geometry of the picture of deliveries, in units of its drawing.
const (
	chartFloor = 112
	chartRoom  = 100
	chartLeft  = 34
	chartStep  = 24
)

// chart draws days: heights are rounded up, so that one failure among thousands shows.
func (s *Server) chart(days []ledger.Day) templates.SupportChart {
	top, total, failures := 0, 0, 0
	for _, d := range days {
		sent, waiting, failed := outcomes(d.States)
		top, total, failures = max(top, sent+waiting+failed), total+sent+waiting+failed, failures+failed
	}
	if total == 0 {
		return templates.SupportChart{Empty: true}
	}
	height := func(n int) int { return (n*chartRoom + top - 1) / top }
	c := templates.SupportChart{Top: count(top), Says: fmt.Sprintf("Envois par jour sur %d jours\u00a0: %s en tout, dont %s refusés ou non remis\u00a0; au plus %s en un jour.",
		len(days), count(total), count(failures), count(top))}
	for i, d := range days {
		b := templates.SupportBar{Day: longDays[d.Date.Weekday()] + " " + s.clock.day(d.Date), X: chartLeft + i*chartStep}
		b.Sent, b.Waiting, b.Failed = outcomes(d.States)
		b.SentH, b.WaitH, b.FailH = height(b.Sent), height(b.Waiting), height(b.Failed)
		b.SentY = chartFloor - b.SentH
		b.WaitY = b.SentY - b.WaitH
		b.FailY = b.WaitY - b.FailH
		if (len(days)-1-i)%2 == 0 {
			b.Label = d.Date.Format("02/01")
		}
		c.Bars = append(c.Bars, b)
	}
	return c
}
