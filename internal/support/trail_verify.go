package support

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

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
