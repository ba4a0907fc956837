package mailserver

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

const (
	headBytes    = 2048     // of a letter's text, for its snippet
	maxRowHeader = 32 << 10 // kept of a row's header fields
	maxSalvaged  = 1 << 20  // a letter the server cannot describe is read whole up to this
	rowsAtOnce   = 100
	maxRestarts  = 4 // connections given for one page of crafted letters
)

// rowFields are the header fields a row needs, plus those that tell how to read
// the head of the text.
func rowFields() []string {
	return []string{"FROM", "SENDER", "REPLY-TO", "TO", "CC", "BCC", "SUBJECT", "DATE", "MESSAGE-ID", "IN-REPLY-TO", "REFERENCES",
		"MIME-VERSION", "CONTENT-TYPE", "CONTENT-TRANSFER-ENCODING",
		"X-MSS-NIL", "X-MSS-CODECDA", "X-MSS-INS", "X-MSS-MES", "DISPOSITION-NOTIFICATION-TO"}
}

// keptFields are those a row keeps as they were written, beside its envelope.
var keptFields = []string{"Subject", mssante.HeaderMES}

// fetchRows asks for what never changes and caches it, some letters at a time.
// When the answer cannot be read it names the letter it stopped at: the
// connection is lost, what came before is kept.
func (a *Account) fetchRows(ctx context.Context, c *conn, folder string, validity uint32, uids []uint32, structure bool) (culprit uint32, err error) {
	for some := range slices.Chunk(uids, rowsAtOnce) {
		if culprit, err = a.fetchSome(ctx, c, folder, validity, some, structure); err != nil {
			break
		}
	}
	return culprit, err
}

func (a *Account) fetchSome(ctx context.Context, c *conn, folder string, validity uint32, uids []uint32, structure bool) (culprit uint32, err error) {
	err = c.do(ctx, verbFetch, a.s.o.CommandTimeout, budgetList, func() error {
		if err := c.selectFolder(folder, false); err != nil {
			return err
		}
		if c.validity != validity {
			return errGone
		}
		o := &imap.FetchOptions{UID: true, InternalDate: true, RFC822Size: true, BodySection: []*imap.FetchItemBodySection{
			{Specifier: imap.PartSpecifierHeader, HeaderFields: rowFields(), Peek: true},
			{Specifier: imap.PartSpecifierText, Partial: &imap.SectionPartial{Size: headBytes}, Peek: true},
		}}
		if structure {
			o.BodyStructure = &imap.FetchItemBodyStructure{Extended: true}
		}
		stop := c.nudge()
		got, err := gather(c.client.Fetch(uidSet(uids), o))
		stop()
		err = ignoreExpunged(err)
		for _, f := range got {
			whole := f.uid != 0 && (f.structure != nil || !structure) && f.size > 0
			if whole && len(f.sections) == 2 && c.madeUp(f.sections[0].bytes) {
				continue // it is no more; the next look at the list will not name it
			}
			if whole && (err == nil || len(f.sections) == 2) {
				key := letterKey{folder, validity, f.uid}
				// A description of too many parts is known bad, and read another way (salvage).
				if r := a.rowOf(f, key); !structure || !r.Unreadable {
					a.cache.putRow(key, r)
				}
			} else if err != nil && f.uid != 0 {
				culprit = f.uid
			}
		}
		return err
	})
	return culprit, err
}

// rowOf makes a row of what was fetched. Unreadable until a structure is known.
func (a *Account) rowOf(f fetched, key letterKey) *Row {
	r := &Row{UID: f.uid, Received: f.received, Size: f.size}
	var header, head []byte
	for _, s := range f.sections {
		switch s.section.Specifier {
		case imap.PartSpecifierHeader:
			header = s.bytes[:min(len(s.bytes), maxRowHeader)]
		case imap.PartSpecifierText:
			head = s.bytes[:min(len(s.bytes), headBytes)]
		}
	}
	var all message.Header
	all, r.Envelope = message.ParseHeader(header)
	r.Header = all.Only(keptFields...)
	if f.structure != nil {
		if tree, err := partTree(f.structure); err == nil {
			r.Structure, r.Files = tree, len(tree.Body().Attachments)
			if r.Size <= maxSmall {
				r.Structure = a.s.shapes.of(tree)
			}
		} else {
			a.cache.putBad(key)
		}
	}
	r.Unreadable = r.Structure == nil
	r.Snippet = strings.Clone(snippetOf(header, head)) // of a text many times as long
	return r
}

// salvage completes a page that holds letters whose structure kills the parser:
// a new connection for each, then their rows from raw headers, and their tree
// from the raw letter, read here. Every one of them is remembered.
func (a *Account) salvage(ctx context.Context, folder string, validity uint32, missing []uint32) error {
	for restarts := 0; ; restarts++ {
		var asked []uint32
		for _, uid := range missing {
			if !a.cache.isBad(letterKey{folder, validity, uid}) {
				asked = append(asked, uid)
			}
		}
		if len(asked) == 0 {
			break
		}
		if restarts == maxRestarts { // enough: the rest of this page without structures
			for _, uid := range asked {
				a.cache.putBad(letterKey{folder, validity, uid})
			}
			break
		}
		var culprit uint32
		err := a.read(ctx, a.commands, func(c *conn) (err error) {
			culprit, err = a.fetchRows(ctx, c, folder, validity, asked, true)
			return err
		})
		switch {
		case err == nil:
			missing = a.unknown(folder, validity, missing)
			asked = nil
		case !crafted(err):
			return err
		default:
			missing = a.unknown(folder, validity, missing)
			if culprit == 0 {
				culprit = lowest(a.unknown(folder, validity, asked)) // servers answer in ascending order
			}
			if culprit != 0 {
				a.cache.putBad(letterKey{folder, validity, culprit})
				a.s.o.Log.WarnContext(ctx, "letter with a structure that cannot be read", "mailbox", a.addr, "uid", culprit)
			}
		}
		if asked == nil {
			break
		}
	}
	return a.salvageBad(ctx, folder, validity, a.unknown(folder, validity, missing))
}

// salvageBad makes the rows of letters no structure can be asked of.
func (a *Account) salvageBad(ctx context.Context, folder string, validity uint32, bad []uint32) error {
	if len(bad) == 0 {
		return nil
	}
	err := a.read(ctx, a.commands, func(c *conn) error {
		_, err := a.fetchRows(ctx, c, folder, validity, bad, false)
		return err
	})
	if err != nil && !crafted(err) {
		return err
	}
	for _, uid := range bad {
		key := letterKey{folder, validity, uid}
		row, ok := a.cache.row(key)
		if !ok || row.Size > maxSalvaged || row.Structure != nil {
			continue
		}
		raw, err := a.wholeLetter(ctx, key, row.Size)
		if err == nil {
			a.cache.putLetter(key, raw)
		}
		if err != nil {
			if crafted(err) || errors.Is(err, errGone) || said(err) {
				continue
			}
			return err
		}
		if l, err := message.Parse(raw, message.Limits{}); err == nil {
			read := *row
			read.Structure, read.Unreadable = stripped(l.Root), false
			read.Files = len(read.Structure.Body().Attachments)
			a.cache.putRow(key, &read)
		}
	}
	return nil
}

// stripped copies a locally read tree without the letter's bytes, for the cache.
func stripped(p *message.Part) *message.Part {
	if p == nil {
		return nil
	}
	out := &message.Part{Path: p.Path, Type: p.Type, Params: p.Params, Charset: p.Charset, Encoding: p.Encoding,
		Disposition: p.Disposition, FileName: p.FileName, ContentID: p.ContentID, Size: p.Size}
	for _, c := range p.Children {
		out.Children = append(out.Children, stripped(c))
	}
	if p.Embedded != nil {
		out.Embedded = &message.Letter{Envelope: p.Embedded.Envelope, Root: stripped(p.Embedded.Root)}
	}
	return out
}

// wholeLetter reads a letter of known size into memory.
func (a *Account) wholeLetter(ctx context.Context, key letterKey, size int64) ([]byte, error) {
	var raw []byte
	err := a.read(ctx, a.commands, func(c *conn) error {
		return c.do(ctx, verbFetch, a.s.o.CommandTimeout, 2*size+budgetSmall, func() error {
			if err := c.selectFolder(key.folder, false); err != nil {
				return err
			}
			if c.validity != key.validity {
				return errGone
			}
			got, err := gather(c.client.Fetch(imap.UIDSetNum(imap.UID(key.uid)), &imap.FetchOptions{UID: true,
				BodySection: []*imap.FetchItemBodySection{{Peek: true}}}))
			if err != nil {
				return err
			}
			for _, f := range got {
				if f.uid == key.uid && len(f.sections) == 1 && !c.madeUp(f.sections[0].bytes) {
					raw = f.sections[0].bytes
					return nil
				}
			}
			return errGone
		})
	})
	return raw, err
}

func (a *Account) unknown(folder string, validity uint32, uids []uint32) (out []uint32) {
	for _, uid := range uids {
		if _, ok := a.cache.row(letterKey{folder, validity, uid}); !ok {
			out = append(out, uid)
		}
	}
	return out
}

func lowest(uids []uint32) (low uint32) {
	for _, uid := range uids {
		if low == 0 || uid < low {
			low = uid
		}
	}
	return low
}
