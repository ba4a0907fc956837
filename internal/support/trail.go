package support

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// TrailQuery is what an agent looks for in the trail.
type TrailQuery struct {
	Person   string // a name or part of one, or a national identifier
	Mailbox  string // an address
	Action   audit.Action
	From, To time.Time
	Before   int64
}

func (q TrailQuery) filter(limit int) audit.Filter {
	return audit.Filter{Person: q.Person, Mailbox: q.Mailbox, Action: q.Action, From: q.From, To: q.To, Before: q.Before, Limit: limit}
}

// check refuses a patient's address: nobody looks for a patient here.
func (q TrailQuery) check() error {
	if q.Mailbox == "" {
		return nil
	}
	if a, err := mssante.ParseAddress(q.Mailbox); err != nil || a.IsPatient() {
		return problem.New(problem.Invalid, sayNotABox)
	}
	return nil
}

// TrailPage is a page of the trail.
type TrailPage struct {
	Rows []audit.Row
	Next int64 // where the page after begins, 0 at the end
}

const (
	trailLines  = 50
	exportBatch = 1000
	maxExport   = 500_000 // rows of one export
)

// Trail gives a page of the trail, newest first. Sealed details stay sealed.
func (d *Desk) Trail(ctx context.Context, by mssante.Actor, q TrailQuery) (TrailPage, error) {
	if err := q.check(); err != nil {
		return TrailPage{}, err
	}
	rows, err := d.o.Audit.Recent(ctx, q.filter(trailLines+1))
	if err != nil {
		return TrailPage{}, err
	}
	var out TrailPage
	if len(rows) > trailLines {
		rows = rows[:trailLines]
		out.Next = rows[trailLines-1].Seq
	}
	out.Rows = rows
	return out, d.note(ctx, by, audit.Event{Action: audit.SupportSearch, Mailbox: q.Mailbox, Request: "trail", Detail: q.Person, Count: len(rows)})
}

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

// Verdict is what Verify found.
type Verdict struct {
	audit.Report
	Heads  int // exported heads compared with
	Unread int // lines of their file that cannot be read
	// Untold are the nodes of which the file holds no head, when this node has one: rows
	// cut from the end of their chains would not show. All of them when the file is gone.
	Untold []string
	Took   time.Duration
}

// Verify walks the whole trail and compares it with the exported heads, when this node
// has their file.
func (d *Desk) Verify(ctx context.Context, by mssante.Actor) (Verdict, error) {
	// A trail that takes no more rows because it is altered is the one to be verified.
	asked := audit.Event{Action: audit.TrailVerify, Outcome: audit.OutcomeAsked, Request: "support"}
	if err := d.note(ctx, by, asked); err != nil && !errors.Is(err, audit.ErrBroken) {
		return Verdict{}, err
	}
	begin := d.o.Now()
	heads, unread, err := d.heads()
	if err != nil {
		return Verdict{}, problem.Wrap(err, problem.Internal, "Le fichier des têtes exportées n’a pas pu être lu. Le journal n’a pas été vérifié\u00a0; vérifiez les droits de ce fichier.")
	}
	report, err := d.o.Audit.Verify(ctx, heads...)
	if err != nil {
		return Verdict{}, err
	}
	untold, err := d.untold(ctx, heads)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Report: report, Heads: len(heads), Unread: unread, Untold: untold, Took: d.o.Now().Sub(begin)}
	request := fmt.Sprintf("support, rows=%d heads=%d", report.Rows, len(heads))
	outcome := audit.OutcomeOK
	if len(untold) > 0 {
		request += fmt.Sprintf(" untold=%d", len(untold))
	}
	if report.Broken != nil {
		outcome = string(report.Broken.Flaw)
	}
	err = d.note(ctx, by, audit.Event{Action: audit.TrailVerify, Outcome: outcome, Request: request, Count: int(report.Rows)})
	if errors.Is(err, audit.ErrBroken) {
		err = nil
	}
	return v, err
}

func (d *Desk) heads() ([]audit.Head, int, error) {
	if d.o.HeadsFile == "" {
		return nil, 0, nil
	}
	f, err := os.Open(d.o.HeadsFile)
	if errors.Is(err, os.ErrNotExist) { // nothing exported yet, or taken away: untold tells
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	heads, unread, err := audit.ReadHeads(f)
	return heads, len(unread), err
}

// untold are the nodes of the trail without a head among those exported. Whoever cuts
// the database may take the file beside it away too: that must not pass for a trail
// that was compared.
func (d *Desk) untold(ctx context.Context, exported []audit.Head) ([]string, error) {
	if d.o.HeadsFile == "" {
		return nil, nil
	}
	stored, err := d.o.Audit.Heads(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, h := range audit.LastHeads(stored) {
		if !slices.ContainsFunc(exported, func(x audit.Head) bool { return x.Node == h.Node }) {
			out = append(out, h.Node)
		}
	}
	return out, nil
}
