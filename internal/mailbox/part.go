package mailbox

import (
	"bytes"
	"context"
	"io"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
)

// PartStream is a part's content with the transfer encoding undone and nothing
// else: the bytes the sender attached. Close it.
type PartStream struct {
	io.ReadCloser
	Part *message.Part
	Size int64 // decoded octets, -1 when only the end will tell
}

// ToFrame is the use of a picture that the frame of an open letter shows by itself:
// part of that opening, not an act of its own. It never stands in the trail; asked
// for any other part, or long after, it is a PartPreview.
const ToFrame audit.Action = "frame"

// Part streams one part, also one inside a message/rfc822. as is what the trail
// says it is for; PartDownload when absent, ToFrame for what a frame shows.
func (b *Box) Part(ctx context.Context, ref Ref, path string, as ...audit.Action) (*PartStream, error) {
	action := audit.PartDownload
	if len(as) > 0 {
		action = as[0]
	}
	s, err := b.part(ctx, ref, path)
	if action == ToFrame {
		action = audit.PartPreview
		if err == nil && b.h.inFrame(openedKey{b.actor.SessionID, b.grant.Mailbox.ID, ref}, s.Part.Path) {
			return s, nil
		}
	}
	e := audit.Event{Action: action, Target: ref.target() + "/part/" + path, Request: "FETCH BODY.PEEK", Count: 1}
	if s != nil {
		e.Detail = s.Part.FileName
	}
	if err = b.record(ctx, e, err); err != nil {
		if s != nil {
			s.Close()
		}
		return nil, err
	}
	return s, nil
}

func (b *Box) part(ctx context.Context, ref Ref, path string) (*PartStream, error) {
	name, err := b.folderName(ctx, ref.Folder)
	if err != nil {
		return nil, err
	}
	o, err := b.mail.Content(ctx, name, ref.UIDValidity, ref.UID)
	if err != nil {
		return nil, err
	}
	if o.Whole != nil {
		return localPart(o, path)
	}
	p := find(o.Structure, path)
	if p == nil {
		return nil, errNoPart()
	}
	raw, err := b.mail.Body(ctx, name, ref.UIDValidity, ref.UID, path, p.Size)
	if err != nil {
		return nil, err
	}
	return &PartStream{ReadCloser: decoded{message.DecodeTransfer(p.Encoding, raw), raw}, Part: p, Size: -1}, nil
}

func localPart(o *mailserver.Opened, path string) (*PartStream, error) {
	l, err := message.Parse(o.Whole, message.Limits{})
	if err != nil {
		return nil, err
	}
	p := find(l.Root, path)
	if p == nil {
		return nil, errNoPart()
	}
	var buf bytes.Buffer
	if err := p.Decode(&buf); err != nil {
		return nil, err
	}
	return &PartStream{ReadCloser: io.NopCloser(&buf), Part: p, Size: int64(buf.Len())}, nil
}

// find gives a part that has content of its own.
func find(root *message.Part, path string) *message.Part {
	if root == nil || path == "" {
		return nil
	}
	p := root.Find(path)
	if p == nil || p.Multipart() {
		return nil
	}
	return p
}

type decoded struct {
	io.Reader
	io.Closer
}

// Source streams the raw letter and tells its size in octets.
func (b *Box) Source(ctx context.Context, ref Ref) (io.ReadCloser, int64, error) {
	raw, size, err := b.source(ctx, ref)
	err = b.record(ctx, audit.Event{Action: audit.LetterSource, Target: ref.target(), Request: "FETCH BODY.PEEK[]", Count: 1}, err)
	if err != nil {
		if raw != nil {
			raw.Close()
		}
		return nil, 0, err
	}
	return raw, size, nil
}

func (b *Box) source(ctx context.Context, ref Ref) (io.ReadCloser, int64, error) {
	name, err := b.folderName(ctx, ref.Folder)
	if err != nil {
		return nil, 0, err
	}
	o, err := b.mail.Content(ctx, name, ref.UIDValidity, ref.UID)
	if err != nil {
		return nil, 0, err
	}
	if o.Whole != nil {
		return io.NopCloser(bytes.NewReader(o.Whole)), int64(len(o.Whole)), nil
	}
	raw, err := b.mail.Body(ctx, name, ref.UIDValidity, ref.UID, "", o.Size)
	return raw, o.Size, err
}
