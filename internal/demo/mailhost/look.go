package mailhost

import (
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/mssante"
)

// Put lays a letter in a folder of a hosted mailbox, as it was at received. It
// reports whether the mailbox exists.
func (h *Host) Put(a mssante.Address, folder string, flags []string, received time.Time, raw []byte) bool {
	b := h.boxes[a.Key()]
	if b == nil {
		return false
	}
	l := make([]imap.Flag, 0, len(flags))
	for _, f := range flags {
		l = append(l, imap.Flag(f))
	}
	b.put(folder, raw, l, received)
	return true
}

// Count tells how many letters lie in a folder: for tests that wait.
func (h *Host) Count(a mssante.Address, folder string) int {
	b := h.boxes[a.Key()]
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := b.find(folder)
	if err != nil {
		return 0
	}
	return len(f.letters)
}

// Newest gives the bytes of the last letter of a folder, nil when it is empty.
func (h *Host) Newest(a mssante.Address, folder string) []byte {
	b := h.boxes[a.Key()]
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := b.find(folder)
	if err != nil || len(f.letters) == 0 {
		return nil
	}
	return f.letters[len(f.letters)-1].raw
}

// Unread tells how many letters of a folder lack \Seen.
func (h *Host) Unread(a mssante.Address, folder string) int {
	b := h.boxes[a.Key()]
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	f, err := b.find(folder)
	if err != nil {
		return 0
	}
	n := 0
	for _, l := range f.letters {
		if !l.has(imap.FlagSeen) {
			n++
		}
	}
	return n
}

// Receive delivers a letter from elsewhere to a hosted mailbox, through its rules. It
// reports whether the mailbox exists.
func (h *Host) Receive(to mssante.Address, from string, raw []byte) bool {
	b := h.boxes[to.Key()]
	if b == nil {
		return false
	}
	h.arrive(b, append([]byte("Return-Path: <"+from+">\r\n"), raw...))
	return true
}
