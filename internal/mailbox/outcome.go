package mailbox

import (
	"context"
	"log/slog"
	"strconv"
	"strings"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/problem"
)

// Outcome tells what an act on several letters really did. The error beside it is
// nil as soon as one letter was dealt with.
type Outcome struct {
	Undo   Undo   // takes back what was done; "" when nothing can be
	Done   int    // letters dealt with
	Missed int    // letters asked for and not dealt with
	Say    string // French: what else must be said, such as why letters were missed; "" mostly
	// Returned counts the letters an undo moved back. Their dates are what they were,
	// but a server lists a letter by its arrival in the folder: they stand at the top.
	Returned int
	// ReturnedTo is the French name of the folder they went back to, "" when they went
	// to several or to one without a role.
	ReturnedTo string
	// Back is where the first letter an undo moved back stands now, the zero Ref when
	// there is none or the server does not tell.
	Back Ref
}

func (o *Outcome) tell(say string) {
	if strings.Contains(o.Say, say) {
		return
	}
	if o.Say != "" {
		o.Say += " "
	}
	o.Say += say
}

const (
	sayNotAsked = "Le journal ne répond pas et rien ne se fait sans trace\u00a0: rien n’a été changé. Réessayez dans un instant."
	sayNotNoted = "L’action est faite, mais son résultat n’a pas pu être noté au journal\u00a0; la demande, elle, y est inscrite."
)

// act writes to the trail that e is asked, does it, then writes what came of it.
// Nothing is done whose request is not durable.
func (b *Box) act(ctx context.Context, e audit.Event, asked int, do func() (Outcome, error)) (Outcome, error) {
	if err := b.ask(ctx, e, asked); err != nil {
		return Outcome{}, err
	}
	out, err := do()
	return b.tellTrail(ctx, e, out, err), err
}

// ask writes that an act is asked for: durable when it returns nil.
func (b *Box) ask(ctx context.Context, e audit.Event, asked int) error {
	e.Outcome, e.Count = audit.OutcomeAsked, asked
	if err := b.write(ctx, e); err != nil {
		return problem.Wrapf(err, problem.Internal, sayNotAsked, "recording what is asked")
	}
	return nil
}

// tellTrail writes what came of an act that was asked for. Done it is: when that
// cannot be written, the outcome says so.
func (b *Box) tellTrail(ctx context.Context, e audit.Event, out Outcome, err error) Outcome {
	e.Count = out.Done
	if err != nil {
		e.Outcome = problem.KindOf(err).String()
	}
	if lost := b.write(ctx, e); lost != nil {
		b.h.log.LogAttrs(ctx, slog.LevelError, "the outcome of an act is not in the trail", slog.String("action", string(e.Action)),
			slog.String("outcome", e.Outcome), slog.Int("done", out.Done), slog.Any("err", lost))
		if err == nil {
			out.tell(sayNotNoted)
		}
	}
	return out
}

// tally adds up an act over several folders.
type tally struct {
	Outcome
	first  error // why nothing was done, if nothing was
	missed []missed
}

// missed counts the letters left out for one reason.
type missed struct {
	kind    problem.Kind
	nowhere bool // there is no folder any more to put them in
	n       int
}

func (t *tally) miss(n int, err error) {
	kind, nowhere := problem.KindOf(err), mailserver.DestinationGone(err)
	for i := range t.missed {
		if t.missed[i].kind == kind && t.missed[i].nowhere == nowhere {
			t.missed[i].n += n
			return
		}
	}
	t.missed = append(t.missed, missed{kind, nowhere, n})
}

// group adds one folder's letters: n asked, done dealt with, err if the server
// failed. False when going on with other folders makes no sense.
func (t *tally) group(n, done int, err error) (goOn bool) {
	t.Done += done
	if err == nil && done < n {
		err = problem.New(problem.Gone, sayGone) // looked for, and no longer there
	}
	if err == nil {
		return true
	}
	if t.first == nil {
		t.first = err
	}
	if done < n {
		t.miss(n-done, err)
	} else if n > 0 {
		t.tell(sayPartly)
	}
	return problem.Is(err, problem.Gone) || problem.Is(err, problem.UpstreamRefused)
}

// result: an error only when nothing was done.
func (t *tally) result(asked int) (Outcome, error) {
	t.Missed = max(asked-t.Done, 0)
	if t.Done == 0 && t.first != nil {
		return Outcome{Missed: t.Missed}, t.first
	}
	for _, m := range t.missed {
		t.tell(m.say())
	}
	return t.Outcome, nil
}

const (
	sayGone   = "Cette lettre a été déplacée ou supprimée, sans doute depuis un autre poste. Revenez à la liste pour la retrouver."
	sayPartly = "La messagerie MSSanté n’a fait qu’une partie de ce changement\u00a0: vérifiez la liste."
)

// say tells why letters were left out of an act done for others.
func (m missed) say() string {
	n, who := m.n, lettersWord(m.n)
	if m.nowhere {
		return who + agree(n, " est restée à sa place", " sont restées à leur place") + "\u00a0: le dossier où " + agree(n, "la", "les") + " ranger n’existe plus."
	}
	switch m.kind {
	case problem.Gone:
		return who + agree(n, " n’est plus à sa place, déplacée ou supprimée", " ne sont plus à leur place, déplacées ou supprimées") +
			" entre-temps, sans doute depuis un autre poste."
	case problem.UpstreamRefused:
		return "La messagerie MSSanté a refusé l’action pour " + who + "."
	case problem.UpstreamDown, problem.Timeout:
		return "La messagerie MSSanté n’a pas confirmé l’action pour " + who + "\u00a0: vérifiez la liste avant de recommencer."
	}
	return "L’action n’a pas pu être faite pour " + who + "."
}

func lettersWord(n int) string {
	return strconv.Itoa(n) + agree(n, " lettre", " lettres")
}

func agree(n int, one, several string) string {
	if n > 1 {
		return several
	}
	return one
}
