package mailserver

import (
	"strings"
	"testing"
)

// lying tells one state of the inbox and has no letter to show.
func lying(t *testing.T, more, status string) *Account {
	_, a, _ := scripted(t, func(w *wire) {
		if !w.loginWith(more) {
			return
		}
		for tag, rest := w.tagged(); tag != ""; tag, rest = w.tagged() {
			switch {
			case strings.HasPrefix(rest, "EXAMINE"), strings.HasPrefix(rest, "SELECT"):
				w.send("* 5000 EXISTS")
				w.send("* OK [UIDVALIDITY 7] x")
				w.send("* OK [UIDNEXT 9000] x")
			case strings.HasPrefix(rest, "STATUS"):
				w.send("* STATUS INBOX (MESSAGES 5000 UNSEEN 0 UIDNEXT 9000 UIDVALIDITY 7%s)", status)
			case strings.Contains(rest, "SEARCH"):
				w.send("* ESEARCH (TAG %q) UID COUNT 0", tag)
			}
			w.send("%s OK done", tag)
		}
	})
	return a
}

// TestChangesThatNeverCome: letters announced and not given are not asked for again and
// again.
func TestChangesThatNeverCome(t *testing.T) {
	t.Parallel()
	a := lying(t, "", "")
	at := Folder{UIDValidity: 7, UIDNext: 5}
	for asked := 1; ; asked++ {
		c, err := a.Changes(t.Context(), Known{Folder: "INBOX", At: at})
		if err != nil {
			t.Fatal(err)
		}
		if at = c.At; !c.More {
			break
		}
		if asked > 5 {
			t.Fatal("asked for ever")
		}
	}
	if at.UIDNext != 9000 {
		t.Errorf("%+v", at)
	}
}

// TestModSeqBackwards: a folder that counts its changes anew tells nothing of those since.
func TestModSeqBackwards(t *testing.T) {
	t.Parallel()
	a := lying(t, " CONDSTORE", " HIGHESTMODSEQ 12")
	for since, blind := range map[uint64]bool{900: true, 12: false, 0: true} {
		c, err := a.Changes(t.Context(), Known{Folder: "INBOX", At: Folder{UIDValidity: 7, UIDNext: 9000, HighestModSeq: since}})
		if err != nil || c.Blind != blind || c.At.HighestModSeq != 12 {
			t.Errorf("since %d: %+v %v", since, c, err)
		}
	}
}
