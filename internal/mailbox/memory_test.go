package mailbox

import (
	"io"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
)

const letterPictures = `From: a@lab.test.mssante.fr
Subject: images
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=OUT

--OUT
Content-Type: text/html

<p>Voici <img src="cid:shown@x"></p>
--OUT
Content-Type: image/png
Content-ID: <shown@x>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--OUT
Content-Type: image/png; name=cachee.png
Content-ID: <unmentioned@x>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--OUT
Content-Type: image/png
Content-Disposition: attachment; filename=scanner.png
Content-ID: <file@x>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--OUT
Content-Type: application/pdf
Content-Disposition: inline; filename=resultat.pdf
Content-ID: <pdf@x>
Content-Transfer-Encoding: base64

JVBERi0xLjQ=
--OUT--
`

// TestPicturesLeaveTrace: of a letter just opened, only the pictures its frame
// shows by itself are part of that act. A Content-ID alone hides nothing.
func TestPicturesLeaveTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", letterPictures)
	b := w.open(anne, annes)
	in := w.inbox(b)
	ref := Ref{in.ID, in.UIDValidity, uid}
	see := func(path string, as audit.Action) (rows int) {
		t.Helper()
		before := len(w.acts())
		s, err := b.Part(w.ctx, ref, path, as)
		w.must(err)
		_, err = io.Copy(io.Discard, s)
		w.must(err)
		s.Close()
		all := w.acts()
		if n := len(all); n > before && (all[n-1].Action != audit.PartPreview || all[n-1].Target != ref.target()+"/part/"+path) {
			t.Errorf("trail %+v", all[n-1])
		}
		return len(all) - before
	}
	if see("2", ToFrame) != 1 {
		t.Error("a picture of a letter never opened left no trace")
	}
	_, err := b.Letter(w.ctx, ref, LetterOptions{})
	w.must(err)
	if see("2", ToFrame) != 0 {
		t.Error("the frame's picture is an act of its own")
	}
	for what, path := range map[string]string{"a picture the text does not show": "3", "a picture attached": "4", "a file with a Content-ID": "5"} {
		if see(path, ToFrame) != 1 {
			t.Errorf("%s left no trace", what)
		}
	}
	for _, path := range []string{"2", "5"} {
		if see(path, audit.PartPreview) != 1 {
			t.Errorf("part %s looked at left no trace", path)
		}
	}
	w.clock.Add(16 * 60)
	if see("2", ToFrame) != 1 {
		t.Error("long after, no trace")
	}
}

// TestDropForgets: folder names may name a patient; they go with the last session
// that used them, and an act still under way does not bring them back.
func TestDropForgets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "Patients", letterMixed)
	w.give(annes, zoe, delegation.Delegate, delegation.All, "")
	a, z := w.open(anne, annes), w.open(zoe, annes)
	f := w.folderNamed(a, "Patients")
	w.folderNamed(z, "Patients")
	_, err := a.Letter(w.ctx, Ref{f.ID, f.UIDValidity, uid}, LetterOptions{})
	w.must(err)
	w.house.Drop(anne.SessionID)
	if len(w.house.names) != 1 || len(w.house.opened) != 0 {
		t.Errorf("%d mailboxes, %d letters remembered", len(w.house.names), len(w.house.opened))
	}
	w.house.Drop(zoe.SessionID)
	if len(w.house.names) != 0 {
		t.Error("folder names outlive every session")
	}
	a.learn([]mailserver.Folder{{Name: "DUPONT Jean", Selectable: true}})
	if len(w.house.names) != 0 {
		t.Error("an ended session brought its folder names back")
	}
	if _, ok := a.known(a.folderID("DUPONT Jean")); !ok {
		t.Error("the act under way lost its own listing")
	}
}

// TestCountPanic: a counter that panics is a failing counter, not the end of the
// process.
func TestCountPanic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	grants, err := w.grant.ForPerson(w.ctx, anne.NationalID)
	w.must(err)
	h := New(Options{Now: w.house.now}) // no servers: asking one panics
	if c := h.Counts(w.ctx, anne, grants); len(c) != 1 || !c[0].Failing || c[0].Unread != -1 {
		t.Errorf("%+v", c)
	}
}
