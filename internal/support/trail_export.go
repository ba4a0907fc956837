package support

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Format of an export.
type Format string

// The formats.
const (
	CSV    Format = "csv"
	NDJSON Format = "ndjson"
)

// Export notes an export of the trail and gives the function that writes it, newest
// first, page after page: a long export holds no lock and little memory.
func (d *Desk) Export(ctx context.Context, by mssante.Actor, q TrailQuery, f Format) (func(io.Writer) error, error) {
	if f != CSV && f != NDJSON {
		return nil, problem.New(problem.NotFound, "Ce format d’export n’existe pas.")
	}
	if err := q.check(); err != nil {
		return nil, err
	}
	asked := audit.Event{Action: audit.TrailExport, Outcome: audit.OutcomeAsked, Mailbox: q.Mailbox, Request: string(f), Detail: q.Person}
	if err := d.note(ctx, by, asked); err != nil {
		return nil, err
	}
	return func(w io.Writer) error {
		written, cut, err := d.export(ctx, q, f, w)
		done := asked
		done.Outcome, done.Count = audit.OutcomeOK, written
		if err != nil {
			done.Outcome = problem.KindOf(err).String()
		}
		if cut {
			done.Request += ", cut"
		}
		return errors.Join(err, d.note(context.WithoutCancel(ctx), by, done))
	}, nil
}

// export writes the rows of q; cut: there were more than one file holds, and its last
// line says so.
func (d *Desk) export(ctx context.Context, q TrailQuery, f Format, w io.Writer) (written int, cut bool, err error) {
	out := ndjsonWriter(w)
	if f == CSV {
		out = csvWriter(w, d.o.Zone)
	}
	filter, err := d.filter(ctx, q, exportBatch)
	if err != nil {
		return 0, false, err
	}
	var last time.Time
	names := map[string]string{}
	for {
		rows, err := d.o.Audit.Recent(ctx, filter)
		if err != nil {
			return written, false, err
		}
		for _, row := range rows {
			if written == d.o.MaxExport {
				if err := out.cut(written, last); err != nil {
					return written, true, err
				}
				return written, true, out.flush()
			}
			l := lineOf(row)
			if l.About, err = d.about(ctx, row, names); err == nil {
				err = out.write(l)
			}
			if err != nil {
				return written, false, err
			}
			written++
			filter.Before, last = row.Seq, row.At
		}
		if len(rows) < exportBatch {
			return written, false, out.flush()
		}
	}
}

// line is one row as exported: no sealed detail.
type line struct {
	At         string `json:"at"` // RFC 3339, UTC
	Node       string `json:"node"`
	Day        string `json:"day"`
	N          int64  `json:"row"`
	Action     string `json:"action"`
	Outcome    string `json:"outcome"`
	Name       string `json:"name"`
	Work       string `json:"work"`
	NationalID string `json:"national_id"`
	Account    string `json:"account"`
	Session    string `json:"session"`
	ACR        string `json:"acr"`
	Mailbox    string `json:"mailbox"`
	Target     string `json:"target"`
	Request    string `json:"request"`
	About      string `json:"about,omitempty"` // whom it is about: a name
	Items      int    `json:"items"`

	at time.Time
}

func lineOf(r audit.Row) line {
	e := r.Event
	return line{at: r.At, At: instant(r.At), Node: r.Node, Day: r.Day, N: r.N, Action: string(e.Action), Outcome: e.Outcome,
		Name: e.Actor.Name, Work: e.Actor.Work, NationalID: string(e.Actor.NationalID), Account: e.Actor.AccountID, Session: e.Actor.SessionID,
		ACR: e.Actor.ACR, Mailbox: MailboxWord(e.Mailbox), Target: targetWord(e), Request: e.Request, Items: e.Count}
}

// MailboxWord is a mailbox of the trail as support sees it: a patient's is "patient",
// without even the key that would tell one patient from another.
func MailboxWord(s string) string {
	if kind, _, opaque := strings.Cut(s, ":"); opaque && !strings.Contains(s, "@") {
		if kind == "patient" {
			return "patient"
		}
		return "autre"
	}
	if a, err := mssante.ParseAddress(s); err == nil && a.IsPatient() {
		return "patient" // the trail keeps none: should a row from elsewhere hold one
	}
	return s
}

// targetWord is what an act was about, for an export: of an exchange with a patient,
// the opaque id would tell one patient from another.
func targetWord(e audit.Event) string {
	switch e.Action {
	case audit.ExchangeList, audit.ExchangeOpen, audit.ExchangeClose, audit.ExchangeTold, audit.PatientINS, audit.PatientIdentify:
		if e.Target != "" {
			return "patient"
		}
	}
	return e.Target
}

// lines writes one kind of file; cut is its last line when it could not hold all.
type lines struct {
	write func(line) error
	cut   func(written int, oldest time.Time) error
	flush func() error
}

func ndjsonWriter(w io.Writer) lines {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return lines{
		write: func(l line) error { return enc.Encode(l) },
		cut: func(written int, oldest time.Time) error {
			return enc.Encode(struct {
				Cut    bool   `json:"cut"` // older rows are missing
				Rows   int    `json:"rows"`
				Oldest string `json:"oldest"` // the instant of the last row above
			}{true, written, instant(oldest)})
		},
		flush: func() error { return nil },
	}
}

// csvWriter writes what French spreadsheets open by themselves: semicolons, a byte
// order mark, CRLF, words for what the other format gives as codes, the hour of the
// clock on the wall beside the instant.
func csvWriter(w io.Writer, zone *time.Location) lines {
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	begun := false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		return out.Write([]string{"\ufeffdate_heure", "instant_utc", "noeud", "jour", "ligne", "acte", "code", "issue", "nom", "metier", "identifiant_national", "compte", "session", "niveau",
			"boite", "cible", "personne_concernee", "demande", "elements"})
	}
	row := func(cells ...string) error {
		if err := begin(); err != nil {
			return err
		}
		for i := range cells {
			cells[i] = inert(cells[i])
		}
		return out.Write(cells)
	}
	return lines{
		write: func(l line) error {
			return row(onTheWall(l.at, zone), l.At, l.Node, l.Day, strconv.FormatInt(l.N, 10), audit.Action(l.Action).Label(), l.Action, audit.OutcomeLabel(l.Outcome), l.Name, l.Work, l.NationalID,
				l.Account, l.Session, l.ACR, l.Mailbox, l.Target, l.About, RequestWords(audit.Action(l.Action), l.Request), strconv.Itoa(l.Items))
		},
		cut: func(written int, oldest time.Time) error {
			return row(onTheWall(oldest, zone), instant(oldest), "", "", "", fmt.Sprintf("EXPORT INCOMPLET\u00a0: %d lignes, les plus récentes. Les plus anciennes manquent\u00a0: cherchez par dates pour les avoir.", written),
				"cut", "", "", "", "", "", "", "", "", "", "", "", "")
		},
		flush: func() error {
			if err := begin(); err != nil {
				return err
			}
			out.Flush()
			return out.Error()
		},
	}
}

// onTheWall is a date that spreadsheets take for one.
func onTheWall(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("2006-01-02 15:04:05")
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
