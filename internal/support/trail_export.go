package support

import (
	"context"
	"encoding/csv"
	"encoding/json"
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
	if err := d.note(ctx, by, audit.Event{Action: audit.TrailExport, Mailbox: q.Mailbox, Request: string(f), Detail: q.Person}); err != nil {
		return nil, err
	}
	return func(w io.Writer) error {
		write, flush := ndjsonWriter(w)
		if f == CSV {
			write, flush = csvWriter(w)
		}
		for written := 0; written < maxExport; {
			rows, err := d.o.Audit.Recent(ctx, q.filter(exportBatch))
			if err != nil {
				return err
			}
			for _, row := range rows {
				if err := write(lineOf(row)); err != nil {
					return err
				}
				q.Before = row.Seq
			}
			if written += len(rows); len(rows) < exportBatch {
				break
			}
		}
		return flush()
	}, nil
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
	Items      int    `json:"items"`
}

func lineOf(r audit.Row) line {
	e := r.Event
	return line{At: r.At.UTC().Format(time.RFC3339Nano), Node: r.Node, Day: r.Day, N: r.N, Action: string(e.Action), Outcome: e.Outcome,
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
	return s
}

// targetWord is what an act was about, for an export: of an exchange with a patient,
// the opaque id would tell one patient from another.
func targetWord(e audit.Event) string {
	switch e.Action {
	case audit.ExchangeList, audit.ExchangeOpen, audit.ExchangeClose, audit.PatientINS, audit.PatientIdentify:
		if e.Target != "" {
			return "patient"
		}
	}
	return e.Target
}

func ndjsonWriter(w io.Writer) (write func(line) error, flush func() error) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return func(l line) error { return enc.Encode(l) }, func() error { return nil }
}

// csvWriter writes what French spreadsheets open by themselves: semicolons, a byte
// order mark, CRLF.
func csvWriter(w io.Writer) (write func(line) error, flush func() error) {
	out := csv.NewWriter(w)
	out.Comma, out.UseCRLF = ';', true
	head := []string{"\ufeffinstant", "noeud", "jour", "ligne", "acte", "issue", "nom", "metier", "identifiant_national", "compte", "session", "niveau", "boite", "cible", "demande", "elements"}
	begun := false
	begin := func() error {
		if begun {
			return nil
		}
		begun = true
		return out.Write(head)
	}
	write = func(l line) error {
		if err := begin(); err != nil {
			return err
		}
		row := []string{l.At, l.Node, l.Day, strconv.FormatInt(l.N, 10), l.Action, l.Outcome, l.Name, l.Work, l.NationalID, l.Account, l.Session,
			l.ACR, l.Mailbox, l.Target, l.Request, strconv.Itoa(l.Items)}
		for i := range row {
			row[i] = inert(row[i])
		}
		return out.Write(row)
	}
	return write, func() error {
		if err := begin(); err != nil {
			return err
		}
		out.Flush()
		return out.Error()
	}
}

// inert keeps a spreadsheet from running a cell (a name that begins with "=").
func inert(s string) string {
	if s != "" && strings.IndexByte("=+-@\t\r\n", s[0]) >= 0 {
		return "'" + s
	}
	return s
}
