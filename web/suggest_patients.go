package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/templates"
)

// metLife is how long the patients of a mailbox are kept in a session's memory: one
// who writes meanwhile is answered by 'Répondre'. What was cut short is asked again
// sooner.
const (
	metLife     = 5 * time.Minute
	metCutLife  = 30 * time.Second
	maxMetBoxes = 30
	minMetWord  = 2 // letters before patients are offered
)

// metPatients are the patients of one mailbox, as a session last asked for them. In
// memory only, and gone with the session: a name and a number tell who is cared for.
type metPatients struct {
	mu    sync.Mutex // held while the server is asked: one question for all the keys typed
	until time.Time
	all   []message.Mailbox
	told  map[string]bool // whose number was handed out, and is in the trail, since
}

func (k *desk) metIn(boxID string) *metPatients {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.met == nil {
		k.met = map[string]*metPatients{}
	}
	m := k.met[boxID]
	if m == nil {
		if len(k.met) >= maxMetBoxes {
			clear(k.met)
		}
		m = &metPatients{}
		k.met[boxID] = m
	}
	return m
}

func (m *metPatients) get(ctx context.Context, b *mailbox.Box, now time.Time) ([]message.Mailbox, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now.Before(m.until) {
		return m.all, nil
	}
	all, complete, err := b.PatientsMet(ctx)
	if err != nil {
		return m.all, err
	}
	m.all, m.told, m.until = all, map[string]bool{}, now.Add(metLife)
	if !complete {
		m.until = now.Add(metCutLife)
	}
	return m.all, nil
}

// hand writes down that these patients' numbers are given to a page: once for each until
// the list is asked for anew, not for every key typed.
func (m *metPatients) hand(ctx context.Context, b *mailbox.Box, out []mssante.Address) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var fresh []string
	for _, a := range out {
		if !m.told[a.Key()] {
			fresh = append(fresh, a.String())
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	e := audit.Event{Action: audit.PatientINS, Target: "suggestions", Request: "in suggestions", Detail: strings.Join(fresh, " "), Count: len(fresh)}
	if err := b.Note(ctx, e, nil); err != nil {
		return err
	}
	for _, a := range out {
		m.told[a.Key()] = true
	}
	return nil
}

// suggestPatients offers the patients this mailbox already exchanged letters with, by
// the label of their letters: no directory knows them. Whoever may not write to
// patients is offered none. A server that does not answer leaves the colleagues.
func (s *Server) suggestPatients(r *http.Request, b *mailbox.Box, words string) []suggestedData {
	if !b.Grant().Rights.Has(delegation.Patients) || len(words) < minMetWord {
		return nil
	}
	met := scopeOf(r).desk.metIn(b.Grant().Mailbox.ID)
	all, err := met.get(r.Context(), b, s.clock.now())
	if err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelWarn, "patients to suggest", slog.String("request", scopeOf(r).id), slog.String("error", cause(err)))
	}
	var out []suggestedData
	var handed []mssante.Address
	for _, m := range all {
		if len(out) == maxSuggested {
			break
		}
		if !directory.Named(m.Name, words) {
			continue
		}
		d := suggestedData{Name: tidyName(m.Name), Work: "patient", Place: "Mon espace santé", Address: m.Address.String()}
		if ins, ok := m.Address.INS(); ok {
			d.Place += " · INS " + ins.Masked()
		}
		d.Chip = s.judge(outgoing.Recipient{Name: m.Name, Address: d.Address}, m.Address, true, templates.Card{}, false)
		if d.Chip.Say != "" {
			d.Warn = d.Chip.Say
		}
		out, handed = append(out, d), append(handed, m.Address)
	}
	if err := met.hand(r.Context(), b, handed); err != nil { // nothing is handed out untraced
		s.log.LogAttrs(r.Context(), slog.LevelWarn, "patients to suggest", slog.String("request", scopeOf(r).id), slog.String("error", cause(err)))
		return nil
	}
	return out
}
