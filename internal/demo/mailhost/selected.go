package mailhost

import (
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// Poll tells the client what changed since it was last told.
func (s *session) Poll(w *imapserver.UpdateWriter, allowExpunge bool) error {
	if s.view == nil {
		return nil
	}
	return s.view.tell(w, allowExpunge)
}

func (v *view) tell(w *imapserver.UpdateWriter, allowExpunge bool) error {
	type change struct {
		seq   uint32
		uid   imap.UID
		flags []imap.Flag
	}
	var expunged []uint32
	var changes []change
	v.box.mu.Lock()
	if v.folder.gone {
		v.box.mu.Unlock()
		return errGone
	}
	if allowExpunge {
		kept := make([]*letter, 0, len(v.seen))
		for i, l := range v.seen {
			if l.expunged {
				expunged = append(expunged, uint32(i+1))
			} else {
				kept = append(kept, l)
			}
		}
		v.seen = kept
	}
	for i, l := range v.seen {
		if l.mod > v.mod && l.by != v && !l.expunged {
			changes = append(changes, change{uint32(i + 1), l.uid, l.flagList()})
		}
	}
	v.mod = v.folder.mod
	var grown bool
	for _, l := range v.folder.letters {
		if l.uid >= v.next {
			v.seen = append(v.seen, l)
			grown = true
		}
	}
	v.next = v.folder.uidNext
	total := uint32(len(v.seen))
	v.box.mu.Unlock()

	for i := len(expunged) - 1; i >= 0; i-- { // from the end, so that numbers stay right
		if err := w.WriteExpunge(expunged[i]); err != nil {
			return err
		}
	}
	for _, c := range changes {
		if err := w.WriteMessageFlags(c.seq, c.uid, c.flags); err != nil {
			return err
		}
	}
	if grown {
		return w.WriteNumMessages(total)
	}
	return nil
}

// Idle waits for changes. A line that was cut ends it through stop.
func (s *session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	v := s.view
	if v == nil {
		<-stop
		return nil
	}
	for {
		if err := v.tell(w, true); err != nil {
			return err
		}
		select {
		case <-v.changed:
		case <-stop:
			return nil
		}
	}
}

// Expunge drops what is marked \Deleted, only among uids when given (UIDPLUS).
func (s *session) Expunge(_ *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	v := s.view
	if v.readOnly {
		return nil // CLOSE after EXAMINE removes nothing
	}
	v.box.mu.Lock()
	defer v.box.mu.Unlock()
	in := map[*letter]bool{}
	if uids != nil {
		for _, it := range v.items(*uids) {
			in[it.l] = true
		}
	}
	drop := map[*letter]bool{}
	for _, l := range v.folder.letters {
		if l.has(imap.FlagDeleted) && (uids == nil || in[l]) {
			drop[l] = true
		}
	}
	v.folder.expunge(drop)
	return nil // the poll that follows announces it
}

func (s *session) Store(w *imapserver.FetchWriter, set imap.NumSet, flags *imap.StoreFlags, _ *imap.StoreOptions) error {
	v := s.view
	if v.readOnly {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeCannot, Text: "Mailbox is read-only"}
	}
	v.box.mu.Lock()
	items := v.items(set)
	for _, it := range items {
		if flags.Op == imap.StoreFlagsSet {
			it.l.flags = map[string]imap.Flag{}
		}
		for _, fl := range flags.Flags {
			if flags.Op == imap.StoreFlagsDel {
				delete(it.l.flags, flagKey(fl))
			} else {
				it.l.set(fl)
			}
		}
		v.folder.touched(it.l, v)
	}
	v.box.mu.Unlock()
	if flags.Silent {
		return nil
	}
	return s.Fetch(w, set, &imap.FetchOptions{Flags: true})
}

// transfer copies letters to dest, and says which became which.
func (s *session) transfer(set imap.NumSet, dest string, move bool) (*imap.CopyData, error) {
	v := s.view
	v.box.mu.Lock()
	defer v.box.mu.Unlock()
	to, err := v.box.find(dest)
	if err != nil {
		return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeTryCreate, Text: "No such mailbox"}
	}
	if move && (to == v.folder || v.readOnly) {
		return nil, errFolder
	}
	data := &imap.CopyData{UIDValidity: to.validity}
	drop := map[*letter]bool{}
	for _, it := range v.items(set) {
		if it.l.expunged {
			continue
		}
		data.SourceUIDs.AddNum(it.l.uid)
		data.DestUIDs.AddNum(to.append(it.l.copy()))
		drop[it.l] = true
	}
	if len(drop) == 0 {
		return nil, nil // nothing matched: OK without COPYUID
	}
	if move {
		v.folder.expunge(drop)
	}
	return data, nil
}

func (s *session) Copy(set imap.NumSet, dest string) (*imap.CopyData, error) {
	return s.transfer(set, dest, false)
}

func (s *session) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	data, err := s.transfer(set, dest, true)
	if err != nil || data == nil {
		return err
	}
	return w.WriteCopyData(data) // the poll that follows writes the EXPUNGEs
}
