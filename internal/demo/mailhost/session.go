package mailhost

import (
	"io"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"
)

// session is one IMAP connection.
type session struct {
	host *Host
	conn *imapserver.Conn
	box  *box  // nil until authenticated
	view *view // nil until a folder is selected
}

var (
	_ imapserver.SessionIMAP4rev2   = (*session)(nil)
	_ imapserver.SessionSASL        = (*session)(nil)
	_ imapserver.SessionAppendLimit = (*session)(nil)
)

// Close leaves s.view alone: an IDLE that is being cut may still look at it.
func (s *session) Close() error {
	s.leave(s.view)
	return nil
}

// Login is refused: no password opens a mailbox here.
func (s *session) Login(_, _ string) error { return imapserver.ErrAuthFailed }

func (s *session) AuthenticateMechanisms() []string { return []string{mechXOAUTH2, sasl.Plain} }

func (s *session) Authenticate(mech string) (sasl.Server, error) {
	accept := func(address string) error {
		b, err := s.host.boxOf(address)
		if err != nil {
			return imapserver.ErrAuthFailed
		}
		s.box = b
		return nil
	}
	server := s.host.saslServer(mech, imapserver.ErrAuthFailed, accept, func() { _ = s.conn.NetConn().Close() })
	if server == nil {
		return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Text: "SASL mechanism not supported"}
	}
	return server, nil
}

// AppendLimit is the operator's size limit, in bytes of message.
func (s *session) AppendLimit() uint32 { return uint32(s.host.o.MaxSize) }

func (s *session) Namespace() (*imap.NamespaceData, error) {
	return &imap.NamespaceData{Personal: []imap.NamespaceDescriptor{{Delim: delim}}}, nil
}

func (s *session) Select(name string, o *imap.SelectOptions) (*imap.SelectData, error) {
	_ = s.Unselect()
	b := s.box
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := b.find(name)
	if err != nil {
		return nil, err
	}
	s.view = b.open(f, o.ReadOnly)
	flags := []imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagSeen, imap.FlagDraft}
	known := map[string]bool{}
	for _, l := range f.letters {
		for key, fl := range l.flags {
			if _, system := systemFlags[key]; !system && !known[key] {
				known[key] = true
				flags = append(flags, fl)
			}
		}
	}
	data := &imap.SelectData{Flags: flags, NumMessages: uint32(len(f.letters)), UIDNext: f.uidNext, UIDValidity: f.validity,
		PermanentFlags: append(append([]imap.Flag(nil), flags...), imap.FlagWildcard)}
	for i, l := range f.letters {
		if !l.has(imap.FlagSeen) {
			data.FirstUnseenSeqNum = uint32(i + 1)
			break
		}
	}
	return data, nil
}

func (s *session) Unselect() error {
	s.leave(s.view)
	s.view = nil
	return nil
}

func (s *session) leave(v *view) {
	if v == nil {
		return
	}
	v.box.mu.Lock()
	delete(v.folder.views, v)
	v.box.mu.Unlock()
}

func (s *session) Create(name string, o *imap.CreateOptions) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	name = strings.TrimRight(name, string(delim))
	if name == "" || len(name) > 200 || strings.ContainsAny(name, "\x00\r\n%*") || len(s.box.folders) >= 500 {
		return errFolder
	}
	if f, _ := s.box.find(name); f != nil {
		return errExists
	}
	var special imap.MailboxAttr
	if o != nil && len(o.SpecialUse) > 0 {
		special = o.SpecialUse[0]
	}
	s.box.create(name, special)
	return nil
}

func (s *session) Delete(name string) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	f, err := s.box.find(name)
	if err != nil {
		return err
	}
	if f.name == "INBOX" {
		return errFolder
	}
	f.gone = true
	f.wake()
	delete(s.box.folders, f.name)
	return nil
}

func (s *session) Rename(from, to string, _ *imap.RenameOptions) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	f, err := s.box.find(from)
	if err != nil {
		return err
	}
	to = strings.TrimRight(to, string(delim))
	if f.name == "INBOX" || to == "" {
		return errFolder
	}
	if other, _ := s.box.find(to); other != nil {
		return errExists
	}
	// Folders beneath move along (RFC 9051 §6.3.6).
	prefix := f.name + string(delim)
	for name, child := range s.box.folders {
		if strings.HasPrefix(name, prefix) {
			delete(s.box.folders, name)
			child.name = to + name[len(prefix)-1:]
			s.box.folders[child.name] = child
		}
	}
	delete(s.box.folders, f.name)
	f.name = to
	s.box.folders[to] = f
	return nil
}

func (s *session) Subscribe(name string) error   { return s.subscribe(name, true) }
func (s *session) Unsubscribe(name string) error { return s.subscribe(name, false) }

func (s *session) subscribe(name string, on bool) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	f, err := s.box.find(name)
	if err != nil {
		return err
	}
	f.subscribed = on
	return nil
}

func (s *session) Status(name string, o *imap.StatusOptions) (*imap.StatusData, error) {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	f, err := s.box.find(name)
	if err != nil {
		return nil, err
	}
	return f.status(o), nil
}

func (s *session) Append(name string, r imap.LiteralReader, o *imap.AppendOptions) (*imap.AppendData, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	at := o.Time
	if at.IsZero() {
		at = s.host.o.Now()
	}
	l := newLetter(raw, o.Flags, at)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	f, err := s.box.find(name)
	if err != nil {
		return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeTryCreate, Text: "No such mailbox"}
	}
	return &imap.AppendData{UIDValidity: f.validity, UID: f.append(l)}, nil
}

func (s *session) List(w *imapserver.ListWriter, ref string, patterns []string, o *imap.ListOptions) error {
	if len(patterns) == 0 {
		return w.WriteList(&imap.ListData{Attrs: []imap.MailboxAttr{imap.MailboxAttrNoSelect}, Delim: delim})
	}
	for _, d := range s.box.list(ref, patterns, o) {
		if err := w.WriteList(&d); err != nil {
			return err
		}
	}
	return nil
}
