package mailbox

import (
	"context"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

// MaySort refuses, and writes down, an act on the mailbox's rules that the grant does
// not carry: a rule sorts letters.
func (b *Box) MaySort(ctx context.Context, action audit.Action) error {
	return b.may(ctx, delegation.Triage, action)
}

// MayAnswer does the same for what answers by itself in the mailbox's name: it takes
// the right to send.
func (b *Box) MayAnswer(ctx context.Context, action audit.Action) error {
	return b.may(ctx, delegation.Send, action)
}

// Change does for another room what every act here does: what is asked is in the trail
// before it is done, and what came of it after. say is what must be told when the act
// was done and its outcome could not be noted.
func (b *Box) Change(ctx context.Context, e audit.Event, do func() error) (say string, err error) {
	out, err := b.act(ctx, e, e.Count, func() (Outcome, error) { return Outcome{Done: e.Count}, do() })
	return out.Say, err
}

// FolderPath gives the name on the server of a folder of this mailbox, for what runs
// there.
func (b *Box) FolderPath(ctx context.Context, id string) (string, error) {
	if _, err := b.Folders(ctx); err != nil {
		return "", err
	}
	if k, ok := b.known(id); ok {
		return k.name, nil
	}
	return "", problem.New(problem.Gone, sayNoFolder)
}

// FolderID is the opaque id of the folder of that name on the server.
func (b *Box) FolderID(path string) string { return b.folderID(path) }

// Heading is the header of a letter of the inbox.
type Heading struct {
	Ref
	At       time.Time
	Header   message.Header
	Envelope message.Envelope
}

// Lately are the letters the inbox received in some days and still holds.
type Lately struct {
	Letters  []Heading // newest first
	Of       int       // all of them
	Complete bool      // Letters holds them all
}

// Lately reads the headers of the inbox's letters since an instant, for another room,
// which writes in the trail what it did with them.
func (b *Box) Lately(ctx context.Context, since time.Time, fields []string) (Lately, error) {
	got, err := b.mail.Headings(ctx, mailserver.Recent{Folder: "INBOX", Since: since.AddDate(0, 0, -1), Fields: fields}) // servers tell days, each in its zone
	if err != nil {
		return Lately{}, err
	}
	out := Lately{Of: got.Of, Complete: got.Complete}
	for _, h := range got.Letters {
		if h.Received.Before(since) {
			out.Of--
			continue
		}
		out.Letters = append(out.Letters, Heading{Ref: Ref{b.folderID("INBOX"), got.Validity, h.UID}, At: h.Received, Header: h.Header, Envelope: h.Envelope})
	}
	return out, nil
}
