package outgoing

import (
	"context"
	"fmt"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

// PatientLimit is the most octets of an encoded letter to Mon espace santé: its 25 Mo
// (ENS, §6).
const PatientLimit = 25_000_000

// Limit is how large a letter may be, encoded as it travels.
type Limit struct {
	Letter  int64 // octets of the encoded letter
	Patient bool  // because a patient is among the recipients
	Known   bool  // the operator announced it (SMTP SIZE, MSS/va1.13)
}

// Files is about how many octets of files fit in: encoding takes 37 % more, and the
// text needs some room.
func (l Limit) Files() int64 { return max((l.Letter-64<<10)*57/78, 0) }

// Say tells the limit on the page, before anything is refused.
func (l Limit) Say() string {
	s := fmt.Sprintf("%d\u00a0Mo de fichiers au plus", l.Files()/1_000_000)
	if l.Patient {
		s += " (limite de Mon espace santé)"
	}
	return s
}

// For narrows the limit for these recipients.
func (l Limit) For(f Fields) Limit {
	for _, r := range f.Everybody() {
		if a, ok := r.Parse(); ok && a.IsPatient() && PatientLimit < l.Letter {
			return Limit{Letter: PatientLimit, Patient: true, Known: true}
		}
	}
	return l
}

// Limit tells how large this draft's letter may be. It never waits: a page or a save
// is not late because the operator is.
func (o *Outbox) Limit(f Fields) Limit {
	return o.limit().For(f)
}

// limit is what the operator announced, or the usual one until it does.
func (o *Outbox) limit() Limit {
	if o.o.Submission != nil {
		if s, ok := o.o.Submission.Known(); ok {
			return o.limitOf(s)
		}
	}
	return Limit{Letter: min(PatientLimit, o.o.MaxLetter)}
}

// limitAt is limit for a letter of size octets: one that the usual limit would refuse
// waits some seconds for an operator not heard yet. The submission itself still says
// no to the others.
func (o *Outbox) limitAt(ctx context.Context, size int64) Limit {
	l := o.limit()
	if l.Known || size <= l.Letter || o.o.Submission == nil {
		return l
	}
	if s, err := o.o.Submission.Limits(ctx); err == nil {
		return o.limitOf(s)
	}
	return l
}

func (o *Outbox) limitOf(s mailserver.SubmissionLimits) Limit {
	if s.Size > 0 {
		return Limit{Letter: min(s.Size, o.o.MaxLetter), Known: true}
	}
	return Limit{Letter: min(PatientLimit, o.o.MaxLetter)}
}

// encoded is what a file takes in a letter: base64 lines, and its part's header.
func encoded(size int64) int64 { return (size+56)/57*78 + 1000 }

// letterWith is about what the draft's letter takes with one more file.
func letterWith(d Draft, f File) int64 {
	total := encoded(f.Size) + textRoom(d.Fields)
	for _, x := range d.Files {
		total += encoded(x.Size)
	}
	return total
}

// room refuses a file that would make the letter too large.
func (l Limit) room(d Draft, f File) error {
	if letterWith(d, f) <= l.Letter {
		return nil
	}
	return problem.New(problem.TooLarge, fmt.Sprintf("«\u00a0%s\u00a0» (%s) ne tient pas dans cette lettre\u00a0: %s en tout. Le reste du brouillon est gardé. Envoyez-le à part ou réduisez-le.",
		message.SafeFileName(f.Name), megabytes(f.Size), l.Say()))
}

// textRoom is about what texts and header take, accents encoded.
func textRoom(f Fields) int64 {
	return int64(len(f.HTML)+len(f.Text))*5/4 + int64(len(f.Everybody()))*200 + 4096
}

func megabytes(n int64) string {
	if n < 1_000_000 {
		return fmt.Sprintf("%d\u00a0ko", (n+999)/1000)
	}
	return fmt.Sprintf("%d,%d\u00a0Mo", n/1_000_000, n%1_000_000/100_000)
}
