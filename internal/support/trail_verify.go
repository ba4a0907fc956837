package support

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	// Behind are those whose newest exported head is older than rows that the export would
	// have told of since: it stopped, or the end of its file was cut.
	Behind []string
	// Newest is when the newest exported head was signed, of the node where that is longest
	// ago; zero for none. Of what came after it nothing is compared, and a file cut together
	// with the rows ends there too: only a copy kept elsewhere tells.
	Newest time.Time
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
	var covered audit.Coverage
	if d.o.HeadsFile != "" {
		if covered, err = d.o.Audit.Coverage(ctx, heads, begin.Add(-audit.ExportedBy)); err != nil {
			return Verdict{}, err
		}
	}
	untold, behind := covered.Untold, covered.Behind
	v := Verdict{Report: report, Heads: len(heads), Unread: unread, Untold: untold, Behind: behind, Newest: covered.Reach, Took: d.o.Now().Sub(begin)}
	request := fmt.Sprintf("support, rows=%d heads=%d", report.Rows, len(heads))
	outcome := audit.OutcomeOK
	if len(untold) > 0 {
		request += fmt.Sprintf(" untold=%d", len(untold))
	}
	if len(behind) > 0 {
		request += fmt.Sprintf(" behind=%d", len(behind))
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
