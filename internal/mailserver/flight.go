package mailserver

import (
	"fmt"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"pli.example/pli/internal/problem"
)

// fetched is what a FETCH told of one letter.
type fetched struct {
	seq       uint32
	uid       uint32
	flags     []string
	marked    bool // flags were told
	modseq    uint64
	received  time.Time
	size      int64
	structure imap.BodyStructure
	sections  []section
}

type section struct {
	section *imap.FetchItemBodySection
	bytes   []byte
}

// gather reads the whole answer to a FETCH into memory, which the command's byte
// budget bounds. Once a literal failed nothing more is read: the library's own
// Collect would read it again, against its read loop.
func gather(cmd *imapclient.FetchCommand) ([]fetched, error) {
	var out []fetched
	for m := cmd.Next(); m != nil; m = cmd.Next() {
		f := fetched{seq: m.SeqNum}
		for item := m.Next(); item != nil; item = m.Next() {
			if err := f.take(item); err != nil {
				return append(out, f), err
			}
		}
		out = append(out, f)
	}
	return out, cmd.Close()
}

func (f *fetched) take(item imapclient.FetchItemData) error {
	switch item := item.(type) {
	case imapclient.FetchItemDataUID:
		f.uid = uint32(item.UID)
	case imapclient.FetchItemDataModSeq:
		f.modseq = item.ModSeq
	case imapclient.FetchItemDataFlags:
		f.marked = true
		for _, flag := range item.Flags {
			f.flags = append(f.flags, string(flag))
		}
	case imapclient.FetchItemDataInternalDate:
		f.received = item.Time
	case imapclient.FetchItemDataRFC822Size:
		f.size = item.Size
	case imapclient.FetchItemDataBodyStructure:
		f.structure = item.BodyStructure
	case imapclient.FetchItemDataBodySection:
		if item.Literal == nil {
			break
		}
		b, err := io.ReadAll(item.Literal)
		if err == nil && int64(len(b)) < item.Literal.Size() {
			err = io.ErrUnexpectedEOF // go-imap takes a closed line for the end of the literal
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
		f.sections = append(f.sections, section{item.Section, b})
	}
	return nil
}

// collect runs a library call that waits for its answer on a goroutine of its
// own. Every command of a flight has its reader from the start: whatever order a
// server answers in, go-imap's read loop never waits on a channel nobody reads.
func collect[T any](wait func() (T, error)) func() (T, error) {
	type answer struct {
		v   T
		err error
	}
	ch := make(chan answer, 1)
	go func() {
		var a answer
		defer func() {
			if v := recover(); v != nil {
				a.err = fmt.Errorf("mailserver: panic reading an answer: %s", problem.PanicWords(v))
			}
			ch <- a
		}()
		a.v, a.err = wait()
	}()
	return func() (T, error) {
		a := <-ch
		return a.v, a.err
	}
}
