package directory

import (
	"context"
	"errors"
	"fmt"
	"io"

	"pli.example/pli/internal/problem"
)

// reading is one file on its way into a builder.
type reading struct {
	d      *Directory
	b      *builder
	sum    *Summary
	lines  *lines
	seen   digests // of the rows so far
	size   int64
	at     int64
	report func(Progress)
}

// reportEvery so many lines.
const reportEvery = 2_000

func (r *reading) all(ctx context.Context, text io.Reader) error {
	r.lines = newLines(text)
	first, long, err := r.lines.next()
	if err != nil || long {
		return problem.Wrap(errors.Join(err, errors.New("no header")), problem.Invalid, sayBadFile)
	}
	heading, _ := toUTF8(first)
	l, err := parseHeader(heading)
	if err != nil {
		return problem.Wrap(err, problem.Invalid, sayBadFile)
	}
	for {
		raw, long, err := r.lines.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return problem.Wrap(fmt.Errorf("line %d: %w", r.lines.number+1, err), problem.Invalid, sayCut)
		}
		r.sum.Lines++
		if err := r.line(ctx, l, raw, long); err != nil {
			return writeFailed(ctx, err)
		}
		if r.sum.Lines%reportEvery == 0 {
			r.report(Progress{Stage: stageRead, Lines: r.sum.Lines, Bytes: r.lines.read, Total: r.size})
		}
		if r.sum.Lines%64 == 0 {
			if err := r.b.pace.breathe(ctx); err != nil {
				return problem.Wrap(err, problem.Timeout, sayStopped)
			}
		}
	}
}

func (r *reading) line(ctx context.Context, l layout, raw []byte, long bool) error {
	if long {
		r.reject(reasonLong)
		return nil
	}
	text, recoded := toUTF8(raw)
	rec, unknown, bad := l.parseLine(text)
	if bad != "" {
		r.reject(bad)
		return nil
	}
	if recoded {
		r.sum.Recoded++
	}
	if unknown {
		r.sum.Unknown++
	}
	rec.updatedAt = r.at
	if r.seen.add(rec.digest()) {
		r.sum.Duplicates++
		r.sample(reasonTwice)
		return nil
	}
	r.sum.Mailboxes++
	return r.b.add(ctx, rec)
}

func (r *reading) reject(why reason) {
	r.sum.Rejected[string(why)]++
	r.sample(why)
}

func (r *reading) sample(why reason) {
	if len(r.sum.Samples) < maxRejected {
		r.sum.Samples = append(r.sum.Samples, Rejected{r.lines.number, string(why)})
	}
}
