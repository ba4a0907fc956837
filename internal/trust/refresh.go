package trust

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/xmlsig"
)

// clockSkew is how far ahead of our clock a list may be dated: a local time written
// as UTC, no more. A date far ahead would make every later list look older.
const clockSkew = 24 * time.Hour

// Refresh fetches the list once and puts it in force when it is good and not older
// than ours. On an error the last good list stays.
func (l *List) Refresh(ctx context.Context) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	err := l.refresh(ctx)
	if ctx.Err() != nil && err != nil {
		return l.door(err) // we are stopping: nobody's failure
	}
	l.settle(err, true)
	l.tell(ctx, err)
	return l.door(err)
}

func (l *List) refresh(ctx context.Context) error {
	// Another process on the same database may hold a newer one: it is the floor.
	heal := false
	if err := l.load(ctx); err != nil {
		l.o.Log.Warn("saved white list not used", "err", err)
		heal, l.validators = true, validators{} // ours is asked for in full, and saved again
	}
	raw, v, err := l.fetch(ctx)
	if err != nil {
		return err
	}
	if raw == nil {
		return nil
	}
	now := l.o.Now()
	s := l.current.Load()
	same := s != nil && sha256.Sum256(raw) == s.digest
	if same && !heal {
		l.validators = v
		return nil
	}
	if !same {
		if s, err = l.weigh(raw, now); err != nil {
			return err
		}
	}
	if err := l.save(ctx, raw, s); err != nil {
		return &refusal{reason: notStored, kind: problem.Internal, err: err, clause: "La nouvelle liste blanche n’a pas pu être enregistrée."}
	}
	l.current.Store(s)
	l.validators, l.refused = v, ""
	l.o.Log.Info("white list in force", "generated", s.generated, "domains", len(s.names), "entries", s.entries, "skipped", s.skipped)
	return nil
}

// weigh decides on a document that is not the one in force.
func (l *List) weigh(raw []byte, now time.Time) (*snapshot, error) {
	s, err := l.judge(raw, now)
	if err == nil {
		s.fetched = now
		err = l.acceptable(s, now)
	}
	var r *refusal
	if errors.As(err, &r) {
		digest := sha256.Sum256(raw)
		r.of = string(digest[:])
	}
	return s, err
}

// judge verifies the signature and reads what it covers, nothing else. The
// certificate must be valid at that instant and when the list was generated.
func (l *List) judge(raw []byte, at time.Time) (*snapshot, error) {
	trust := xmlsig.Options{Anchors: l.o.Anchors, At: at, Signers: l.o.SignerNames}
	verified, err := xmlsig.Verify(bytes.NewReader(raw), trust)
	if err != nil {
		return nil, ofSignature(err)
	}
	d, err := parse(verified.XML)
	if err != nil {
		return nil, ofSignature(err)
	}
	trust.At = d.generated
	if err := verified.SignerAt(trust); err != nil {
		return nil, ofSignature(err)
	}
	return &snapshot{names: d.names, byLength: d.lengths(), generated: d.generated, entries: d.entries, skipped: d.skipped,
		signer: verified.Signer.Subject.CommonName, signerExpires: verified.Signer.NotAfter, digest: sha256.Sum256(raw)}, nil
}

// acceptable judges the dates of a new list.
func (l *List) acceptable(s *snapshot, now time.Time) error {
	refuse := func(r reason, clause string, args ...any) error {
		return &refusal{reason: r, kind: problem.Invalid, clause: fmt.Sprintf(clause, args...),
			err: fmt.Errorf("generated %s, now %s", s.generated.Format(time.RFC3339), now.UTC().Format(time.RFC3339))}
	}
	if have := l.current.Load(); have != nil && s.generated.Before(have.generated) {
		return refuse(rolledBack, "La liste blanche reçue, du %s, est plus ancienne que la précédente.", day(s.generated))
	}
	if s.generated.After(now.Add(clockSkew)) {
		return refuse(fromFuture, "La liste blanche reçue porte une date à venir, le %s.", day(s.generated))
	}
	if now.Sub(s.generated) > l.o.MaxAge {
		return refuse(tooOld, "La liste blanche reçue, du %s, est trop ancienne.", day(s.generated))
	}
	return nil
}

// tell writes a refused document in the trail and the log, once per document and
// reason: a server that serves it for a week fills nothing.
func (l *List) tell(ctx context.Context, err error) {
	if err == nil {
		return
	}
	l.o.Log.Warn("white list not refreshed", slog.Any("err", err))
	var r *refusal
	if !errors.As(err, &r) || !r.ofContent() {
		return
	}
	once := string(r.reason) + " " + r.of
	if once == l.refused {
		return
	}
	event := audit.Event{Actor: actor(), Action: audit.TrustRefused, Outcome: r.kind.String(), Request: "reason=" + string(r.reason)}
	if err := l.o.Audit.Record(ctx, event); err != nil {
		l.o.Log.Error("refused white list not in the trail", "err", err)
		return
	}
	l.refused = once
}

// actor is Pli itself: nobody asked for a refresh.
func actor() mssante.Actor { return mssante.Actor{Name: "Pli", Work: "liste blanche"} }

// accepted is the trail's row of a list put in force.
func accepted(s *snapshot) audit.Event {
	return audit.Event{Actor: actor(), Action: audit.TrustRefresh, Target: hex.EncodeToString(s.digest[:8]),
		Request: "generated=" + s.generated.Format(time.RFC3339), Count: len(s.names)}
}
