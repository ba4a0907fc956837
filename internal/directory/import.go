package directory

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/store"
)

// Progress of an import.
type Progress struct {
	Stage string // French: what is being done
	Lines int    // read so far
	Bytes int64  // read so far, of the uncompressed text
	Total int64  // bytes; 0 unknown
}

// Stages.
const (
	stageRead    = "Lecture du fichier"
	stageIndex   = "Préparation de la recherche"
	stageCompare = "Comparaison avec l’annuaire précédent"
)

// Rejected is a line that could not be read. It says where and why, never what.
type Rejected struct {
	Line   int // 1 is the header
	Reason string
}

// maxRejected lines are listed one by one; the others are counted by reason.
const maxRejected = 200

// Summary is what an import did.
type Summary struct {
	Source     string
	Lines      int            // read, header apart
	Mailboxes  int            // rows kept, carried ones apart
	Duplicates int            // lines that say the same as an earlier one
	Shared     int            // rows whose address another row has too
	Recoded    int            // lines that were not UTF-8
	Unknown    int            // rows of a kind the lists do not know
	Carried    int            // rows from the FHIR service that the file does not have
	Rejected   map[string]int // lines refused, by reason
	Samples    []Rejected     // the first of them, and of the duplicates
	New, Gone  int            // addresses, against the generation before
	Changed    int
	First      bool // there was none before: New is everything
	Took       time.Duration
}

// RejectedTotal counts the lines refused.
func (s Summary) RejectedTotal() int {
	n := 0
	for _, c := range s.Rejected {
		n += c
	}
	return n
}

// Names of what a generation knows of itself.
const (
	aboutWhole    = "whole" // written last: the file is complete
	aboutSource   = "source"
	aboutImported = "imported_at"
	aboutFileDate = "file_date"
	aboutETag     = "etag"
	aboutRows     = "extraction_rows"
	aboutKeys     = "keys" // an opaque id of nothing: tells whether the ids are still ours
)

// Import builds a new generation from the open extraction, beside the current one,
// and swaps: searches go on all the while. Nothing changes unless it returns nil.
// The lines refused are in the summary, also when the import is refused as a whole.
func (d *Directory) Import(ctx context.Context, s Source, progress func(Progress)) (Summary, error) {
	return d.importFile(ctx, s, nil, progress)
}

func (d *Directory) importFile(ctx context.Context, s Source, about map[string]string, progress func(Progress)) (Summary, error) {
	d.building.Lock()
	defer d.building.Unlock()
	start := d.o.Now()
	report := func(p Progress) {
		d.setState(func(st *State) { st.Importing = &p })
		if progress != nil {
			progress(p)
		}
	}
	sum, err := d.build(ctx, s, about, report)
	sum.Took = d.o.Now().Sub(start)
	d.setState(func(st *State) {
		st.Importing, st.LastTry, st.LastError = nil, d.o.Now(), problem.SayOf(err)
		if err == nil {
			st.Last = &sum
		}
	})
	event := audit.Event{Action: audit.DirectoryImport, Target: "extraction", Outcome: outcome(err), Request: "import", Detail: s.Name, Count: sum.Mailboxes}
	if trailErr := d.trace(context.WithoutCancel(ctx), event); trailErr != nil {
		d.o.Log.Error("directory: trace an import", "err", trailErr)
	}
	if err == nil {
		d.loaded()
	}
	return sum, err
}

const (
	sayBadFile = "Ce fichier n’est pas l’extraction des boîtes MSSanté attendue. L’annuaire en place reste en service."
	sayCut     = "Le fichier n’a pas pu être lu jusqu’au bout. L’annuaire en place reste en service."
	sayStopped = "L’import a été interrompu. L’annuaire en place reste en service."
	sayWrite   = "L’annuaire n’a pas pu être enregistré (disque plein\u00a0?). Celui en place reste en service."
)

func (d *Directory) build(ctx context.Context, s Source, about map[string]string, report func(Progress)) (sum Summary, err error) {
	sum = Summary{Source: s.Name, Rejected: map[string]int{}}
	report(Progress{Stage: stageRead, Total: s.Size})
	text, size, done, err := openText(s, d.folder())
	if err != nil {
		return sum, problem.Wrap(err, problem.Invalid, sayCut)
	}
	defer done()
	part := d.partPath()
	db, err := openStore(ctx, part, d.o.Now)
	if err != nil {
		return sum, problem.Wrap(err, problem.Internal, sayWrite)
	}
	published := false
	defer func() {
		if !published {
			err = errors.Join(err, db.Close())
			removeDatabase(part)
		}
	}()
	share := d.o.Share
	if s.Eager {
		share = 1
	}
	b, err := newBuilder(ctx, db, d.ids, newPace(share))
	if err != nil {
		return sum, problem.Wrap(err, problem.Internal, sayWrite)
	}
	r := &reading{d: d, b: b, sum: &sum, size: size, report: report, at: store.Micros(d.o.Now())}
	if err := r.all(ctx, text); err != nil {
		return sum, err
	}
	current, release := d.hold()
	defer release()
	if err := d.plausible(current, sum, s.Force); err != nil {
		return sum, err
	}
	if err := d.complete(ctx, current, r, about); err != nil {
		return sum, writeFailed(ctx, err)
	}
	return sum, writeFailed(ctx, d.put(ctx, db, part, &published))
}

// complete makes a whole generation of the rows that were read.
func (d *Directory) complete(ctx context.Context, current *generation, r *reading, about map[string]string) (err error) {
	r.seen = digests{}
	at := func(stage string) {
		r.report(Progress{Stage: stage, Lines: r.sum.Lines, Bytes: r.lines.read, Total: r.size})
	}
	at(stageIndex)
	notes := map[string]string{aboutSource: r.sum.Source, aboutImported: formatTime(d.o.Now()), aboutRows: fmt.Sprint(r.sum.Mailboxes), aboutKeys: d.keyCheck()}
	for k, v := range about {
		notes[k] = v
	}
	if err := r.b.indexAddresses(ctx); err != nil {
		return err
	}
	if r.sum.Carried, err = d.carry(ctx, current, r.b); err != nil {
		return err
	}
	if err := r.b.finish(ctx, notes); err != nil {
		return err
	}
	r.b.terms = nil
	at(stageCompare)
	if err := d.compare(ctx, current, r.b, r.sum); err != nil {
		return err
	}
	return r.b.exec(ctx, `INSERT INTO about (name, value) VALUES ('`+aboutWhole+`', '1')`)
}

// writeFailed tells a full disk from an import that was stopped.
func writeFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return problem.Wrap(err, problem.Timeout, sayStopped)
	}
	return problem.Wrap(err, problem.Internal, sayWrite)
}

// put makes the built file the current generation.
func (d *Directory) put(ctx context.Context, db *store.DB, part string, published *bool) error {
	if part == "" {
		g, err := load(ctx, db, 0)
		if err != nil {
			return err
		}
		*published = true
		d.swap(g)
		return nil
	}
	if err := db.Close(); err != nil { // the last connection folds the WAL into the file
		return err
	}
	number, err := d.publish(part)
	if err != nil {
		return err
	}
	*published = true
	g, err := d.openGeneration(ctx, number)
	if err != nil {
		return err
	}
	d.swap(g)
	d.tidy(number)
	return nil
}

func (d *Directory) folder() string {
	if d.o.Path == "" {
		return ""
	}
	return filepath.Dir(d.o.Path)
}

func (d *Directory) keyCheck() string { return d.o.Keys.Opaque("directory.check") }

// plausible refuses a file that lost too much, or that is mostly unreadable.
func (d *Directory) plausible(current *generation, sum Summary, force bool) error {
	if sum.Mailboxes == 0 {
		return problem.Wrap(errors.New("no mailbox in the file"), problem.Invalid, sayBadFile)
	}
	if bad := sum.RejectedTotal(); bad > sum.Lines/2 {
		return problem.Wrap(fmt.Errorf("%d of %d lines are unreadable", bad, sum.Lines), problem.Invalid, sayBadFile)
	}
	if current == nil || force {
		return nil
	}
	before := parseCount(current.about[aboutRows])
	lost := float64(before-sum.Mailboxes) / math.Max(float64(before), 1)
	if lost > d.o.MaxShrink {
		say := fmt.Sprintf("Le fichier a perdu %.0f\u00a0%% de ses boîtes (%d au lieu de %d)\u00a0: il a été refusé et l’annuaire en place reste en service. Vérifiez le fichier, ou forcez l’import.",
			math.Round(lost*100), sum.Mailboxes, before)
		return problem.Wrap(fmt.Errorf("the file shrank from %d to %d mailboxes", before, sum.Mailboxes), problem.Conflict, say)
	}
	return nil
}

func parseCount(s string) int {
	n := 0
	for i := 0; i < len(s) && s[i] >= '0' && s[i] <= '9' && n < 1e9; i++ {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func parseTime(s string) time.Time {
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(s))
	if err != nil {
		return time.Time{}
	}
	return t
}
