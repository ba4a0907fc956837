package mailbox

import (
	"encoding/base64"
	"io"
	"slices"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

const letterMixed = `From: =?utf-8?q?H=C3=A9l=C3=A8ne?= Roux <helene.roux@lab.test.mssante.fr>
To: anne.martin@medecin.test.mssante.fr
Subject: XDM/1.0/DDM+Compte rendu
Message-ID: <1@x>
Date: Sun, 1 Mar 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=OUT

--OUT
Content-Type: multipart/alternative; boundary=ALT

--ALT
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Bonjour, le résultat.
--ALT
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<p>Bonjour, le r=E9sultat.</p>
--ALT--
--OUT
Content-Type: application/pdf
Content-Disposition: attachment; filename="../DUPONT Jean.pdf"
Content-Transfer-Encoding: base64

JVBERi0xLjQ=
--OUT
Content-Type: message/rfc822

From: c@d.test
Subject: dedans
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=IN

--IN
Content-Type: text/plain

interne
--IN
Content-Type: application/octet-stream
Content-Disposition: attachment; filename=notes.bin
Content-Transfer-Encoding: base64

AAEC
--IN--
--OUT--
`

func wantKind(t *testing.T, err error, kind problem.Kind) {
	t.Helper()
	if !problem.Is(err, kind) {
		t.Errorf("got %v, want %s", err, kind)
	}
}

func (w *world) inbox(b *Box) FolderView {
	w.Helper()
	return w.role(b, mailserver.RoleInbox)
}

func (w *world) role(b *Box, r mailserver.Role) FolderView {
	w.Helper()
	folders, err := b.Folders(w.ctx)
	w.must(err)
	i := slices.IndexFunc(folders, func(f FolderView) bool { return f.Role == r })
	if i < 0 {
		w.Fatalf("no %s", r)
	}
	return folders[i]
}

func (w *world) list(b *Box, folder string) List {
	w.Helper()
	l, err := b.List(w.ctx, ListQuery{Folder: folder})
	w.must(err)
	return l
}

// TestOpen: permission first; what is not yours looks like what does not exist,
// and both are written down.
func TestOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(anne, annes)
	for name, try := range map[string]struct {
		actor mssante.Actor
		box   string
	}{"somebody else's": {zoe, annes}, "nobody's": {anne, "personne@medecin.test.mssante.fr"}} {
		b, err := w.house.Open(w.ctx, try.actor, address(t, try.box))
		if err == nil || b != nil {
			t.Errorf("%s opened", name)
		}
		if e := w.last(); e.Action != audit.MailboxRefused || e.Actor.NationalID != try.actor.NationalID || e.Outcome == audit.OutcomeOK {
			t.Errorf("%s: trail %+v", name, e)
		}
	}
	_, err := w.house.Open(w.ctx, zoe, address(t, annes))
	_, none := w.house.Open(w.ctx, zoe, address(t, "personne@medecin.test.mssante.fr"))
	if problem.SayOf(err) != problem.SayOf(none) || problem.KindOf(err) != problem.KindOf(none) {
		t.Error("a mailbox that exists can be told from one that does not")
	}
	g := w.give(annes, zoe, delegation.Delegate, delegation.Read, "")
	w.open(zoe, annes)
	w.must(w.grant.Revoke(w.ctx, mssante.Actor{AccountID: "operator"}, g.ID))
	if _, err := w.house.Open(w.ctx, zoe, address(t, annes)); err == nil {
		t.Error("a revoked grant opened")
	}
	_, err = w.house.Open(w.ctx, mssante.Actor{}, address(t, annes))
	wantKind(t, err, problem.SignInNeeded)
}

func TestFoldersAndList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", letterMixed)
	w.put(annes, "INBOX", strings.Replace(letterMixed, "helene.roux@lab.test.mssante.fr", "279035121518989@patient.mssante.fr", 1), `\Seen`, `\Flagged`)
	b := w.open(anne, annes)
	folders, l, err := b.Desk(w.ctx, ListQuery{Folder: w.inbox(b).ID})
	w.must(err)
	if folders[0].Label != "Réception" || folders[0].Unseen != 1 || folders[0].Messages != 2 || len(folders) != 2 {
		t.Errorf("folders %+v", folders)
	}
	for _, f := range folders {
		if strings.Contains(strings.ToLower(f.ID), "patient") || len(f.ID) < 16 {
			t.Errorf("id %q", f.ID)
		}
	}
	if len(l.Items) != 2 || l.Total != 2 || l.First != 1 || l.Last != 2 || l.PrevAfter != 0 || l.NextBefore != 0 {
		t.Fatalf("list %+v", l)
	}
	old, patient := l.Items[1], l.Items[0]
	if old.UID != uid || !old.Unread || old.Attachments != 2 || old.Snippet != "Bonjour, le résultat." || old.From[0].Name != "Hélène Roux" {
		t.Errorf("item %+v", old)
	}
	if patient.Unread || !patient.Flagged || !patient.Patient || old.Patient {
		t.Errorf("patient item %+v", patient)
	}
	if e := w.last(); e.Action != audit.LetterList || e.Count != 2 || e.Mailbox != annes || e.Actor.Name != anne.Name {
		t.Errorf("trail %+v", e)
	}
	first, err := b.List(w.ctx, ListQuery{Folder: l.Folder.ID, Size: 1})
	w.must(err)
	if first.NextBefore != patient.UID || first.PrevAfter != 0 {
		t.Errorf("anchors %+v", first)
	}
	second, err := b.List(w.ctx, ListQuery{Folder: l.Folder.ID, Size: 1, Before: first.NextBefore})
	w.must(err)
	if second.PrevAfter != uid || second.NextBefore != 0 || second.First != 2 {
		t.Errorf("second page %+v", second)
	}
	// An id of another mailbox does not open here, whoever holds both.
	w.give(team, anne, delegation.Delegate, delegation.All, "Cabinet")
	other := w.open(anne, team)
	_, err = b.List(w.ctx, ListQuery{Folder: w.inbox(other).ID})
	wantKind(t, err, problem.Gone)
	if e := w.last(); e.Outcome != "gone" {
		t.Errorf("a failure left %+v", e)
	}
}

func TestLetter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	older := w.put(annes, "INBOX", letterMixed)
	uid := w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	in := w.inbox(b)
	ref := Ref{in.ID, in.UIDValidity, uid}
	l, err := b.Letter(w.ctx, ref, LetterOptions{})
	w.must(err)
	if l.MarkedRead || !l.Unread || len(l.Shown) != 1 || strings.TrimSpace(l.Shown[0].Text) != "<p>Bonjour, le résultat.</p>" ||
		strings.TrimSpace(l.Plains[0].Text) != "Bonjour, le résultat." || l.Shown[0].Truncated {
		t.Errorf("texts %+v %+v", l.Shown, l.Plains)
	}
	if len(l.Body.Attachments) != 2 || l.Body.Attachments[0].FileName != "DUPONT Jean.pdf" {
		t.Errorf("files %v", l.Body.Attachments)
	}
	if len(l.Nested) != 1 || l.Nested[0].Envelope.Subject != "dedans" || strings.TrimSpace(l.Nested[0].Shown[0].Text) != "interne" {
		t.Errorf("nested %+v", l.Nested)
	}
	if l.Next == nil || l.Next.UID != older || l.Prev != nil {
		t.Errorf("neighbours %v %v", l.Prev, l.Next)
	}
	if e := w.last(); e.Action != audit.LetterOpen || e.Target != ref.target() {
		t.Errorf("trail %+v", e)
	}
	n := len(w.acts())
	_, err = b.Letter(w.ctx, ref, LetterOptions{Frame: true})
	w.must(err)
	if len(w.acts()) != n {
		t.Error("the frame of an opened letter was recorded as another opening")
	}
	if _, err = b.Letter(w.ctx, Ref{in.ID, in.UIDValidity, older}, LetterOptions{Frame: true}); err != nil || len(w.acts()) != n+1 {
		t.Errorf("a frame asked for alone left no trace: %v", err)
	}
	if l, err = b.Letter(w.ctx, ref, LetterOptions{MarkRead: true}); err != nil || !l.MarkedRead || l.Unread {
		t.Errorf("%v %+v", err, l)
	}
	if w.inbox(b).Unseen != 1 {
		t.Error("not marked on the server")
	}
	for _, stale := range []Ref{{in.ID, in.UIDValidity + 1, uid}, {in.ID, in.UIDValidity, 999}, {"abcdefghijklmnopqrst", in.UIDValidity, uid}} {
		_, err := b.Letter(w.ctx, stale, LetterOptions{})
		wantKind(t, err, problem.Gone)
		if e := w.last(); e.Outcome != "gone" || e.Action != audit.LetterOpen {
			t.Errorf("a failure left %+v", e)
		}
	}
	// A reader without the right to triage marks nothing.
	w.give(annes, zoe, delegation.Delegate, delegation.Read, "")
	if l, err = w.open(zoe, annes).Letter(w.ctx, Ref{in.ID, in.UIDValidity, older}, LetterOptions{MarkRead: true}); err != nil || l.MarkedRead {
		t.Errorf("%v %+v", err, l)
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	big := strings.Replace(letterMixed, "JVBERi0xLjQ=", wrapped(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("%PDF", 300_000)))), 1)
	for name, raw := range map[string]string{"small": letterMixed, "large": big} {
		uid := w.put(annes, "INBOX", raw)
		b := w.open(anne, annes)
		in := w.inbox(b)
		ref := Ref{in.ID, in.UIDValidity, uid}
		l, err := b.Letter(w.ctx, ref, LetterOptions{})
		w.must(err)
		if len(l.Nested) != 1 || l.Nested[0].Envelope.Subject != "dedans" || strings.TrimSpace(l.Plains[0].Text) != "Bonjour, le résultat." {
			t.Errorf("%s: letter %+v", name, l.Nested)
		}
		for path, want := range map[string]string{"2": "%PDF", "3.2": "\x00\x01\x02", "3.1": "interne", "3": "From: c@d.test"} {
			s, err := b.Part(w.ctx, ref, path)
			w.must(err)
			got, err := io.ReadAll(s)
			w.must(err)
			s.Close()
			if !strings.HasPrefix(string(got), want) {
				t.Errorf("%s part %s: %.40q", name, path, got)
			}
			if name == "large" && path == "2" && len(got) != 1_200_000 {
				t.Errorf("%d octets", len(got))
			}
			if e := w.last(); e.Action != audit.PartDownload || !strings.HasSuffix(e.Target, "/part/"+path) || strings.Contains(e.Target+e.Request, "DUPONT") {
				t.Errorf("trail %+v", e)
			}
		}
		for _, path := range []string{"", "1", "9", "2.1.1", "x", "3.9", "HEADER"} {
			_, err := b.Part(w.ctx, ref, path)
			wantKind(t, err, problem.NotFound)
		}
		src, size, err := b.Source(w.ctx, ref)
		w.must(err)
		got, err := io.ReadAll(src)
		w.must(err)
		if want := strings.ReplaceAll(raw, "\n", "\r\n"); string(got) != want || size != int64(len(want)) {
			t.Errorf("%s: source %d of %d octets", name, len(got), len(want))
		}
		if w.inbox(b).Unseen == 0 {
			t.Error("reading marked a letter")
		}
	}
}

func wrapped(s string) string {
	var b strings.Builder
	for ; len(s) > 76; s = s[76:] {
		b.WriteString(s[:76] + "\n")
	}
	return b.String() + s
}

func TestFlagsAndUndo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	read := w.put(annes, "INBOX", letterMixed, `\Seen`)
	unread := w.put(annes, "INBOX", letterMixed)
	b := w.open(anne, annes)
	in := w.inbox(b)
	refs := []Ref{{in.ID, in.UIDValidity, read}, {in.ID, in.UIDValidity, unread}}
	out, err := b.SetFlags(w.ctx, refs, []Flag{Seen}, nil)
	w.must(err)
	undo := out.Undo
	if out.Done != 2 || out.Missed != 0 || out.Say != "" {
		t.Errorf("outcome %+v", out)
	}
	if e := w.last(); e.Action != audit.FlagSet || e.Count != 2 || e.Request != `STORE \Seen` {
		t.Errorf("trail %+v", e)
	}
	if w.inbox(b).Unseen != 0 {
		t.Fatal("not marked")
	}
	// Somebody else's undo, another mailbox's, a broken and a late one do nothing.
	w.give(annes, zoe, delegation.Delegate, delegation.All, "")
	wantKind(t, undoing(w.open(zoe, annes).Undo(w.ctx, undo)), problem.Invalid)
	w.give(team, anne, delegation.Delegate, delegation.All, "")
	wantKind(t, undoing(w.open(anne, team).Undo(w.ctx, undo)), problem.Invalid)
	for _, bad := range []Undo{"", "xx", undo[:len(undo)-4], "\x00", Undo(strings.Repeat("A", 100_000))} {
		wantKind(t, undoing(b.Undo(w.ctx, bad)), problem.Invalid)
	}
	if w.inbox(b).Unseen != 0 {
		t.Fatal("a wrong undo did something")
	}
	w.must(undoing(b.Undo(w.ctx, undo)))
	l := w.list(b, in.ID)
	if !l.Items[0].Unread || l.Items[1].Unread {
		t.Error("the undo changed what the act had not")
	}
	out, err = b.SetFlags(w.ctx, refs, nil, []Flag{Seen})
	w.must(err)
	undo = out.Undo
	w.clock.Add(11 * 60)
	wantKind(t, undoing(b.Undo(w.ctx, undo)), problem.Gone)
	if w.inbox(b).Unseen != 2 {
		t.Error("a late undo did something")
	}
	_, err = b.SetFlags(w.ctx, refs, []Flag{`\Deleted`}, nil)
	wantKind(t, err, problem.Invalid)
	_, err = b.SetFlags(w.ctx, nil, []Flag{Seen}, nil)
	wantKind(t, err, problem.Invalid)
}

func TestMoves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var refs []Ref
	b := w.open(anne, annes)
	in := w.inbox(b)
	for range 4 {
		refs = append(refs, Ref{in.ID, in.UIDValidity, w.put(annes, "INBOX", letterMixed)})
	}
	out, err := b.Archive(w.ctx, refs[:2])
	w.must(err)
	undo := out.Undo
	if e := w.last(); e.Action != audit.LetterArchive || e.Count != 2 || e.Outcome != audit.OutcomeOK {
		t.Errorf("trail %+v", e)
	}
	if l := w.list(b, w.role(b, mailserver.RoleArchive).ID); l.Total != 2 || l.Folder.Label != "Archives" {
		t.Errorf("archive %+v", l)
	}
	if w.list(b, in.ID).Total != 2 {
		t.Error("still in the inbox")
	}
	w.must(undoing(b.Undo(w.ctx, undo)))
	if n := w.list(b, in.ID).Total; n != 4 {
		t.Errorf("after undo: %d", n)
	}
	out, err = b.Bin(w.ctx, refs[2:3])
	w.must(err)
	undo = out.Undo
	if w.role(b, mailserver.RoleTrash).Messages != 1 || undo == "" {
		t.Error("not in the bin")
	}
	// From two folders at once, as from search results.
	bin := w.role(b, mailserver.RoleTrash)
	patients := slices.IndexFunc(must(b.Folders(w.ctx)), func(f FolderView) bool { return f.Name == "Patients" })
	to := must(b.Folders(w.ctx))[patients]
	binned := w.list(b, bin.ID).Items[0].Ref
	out, err = b.Move(w.ctx, []Ref{refs[3], binned}, to.ID)
	w.must(err)
	undo = out.Undo
	if n := w.list(b, to.ID).Total; n != 2 {
		t.Errorf("%d moved", n)
	}
	w.must(undoing(b.Undo(w.ctx, undo)))
	if w.role(b, mailserver.RoleTrash).Messages != 1 || w.list(b, to.ID).Total != 0 {
		t.Error("not back where each came from")
	}
	_, err = b.Move(w.ctx, []Ref{refs[3]}, in.ID)
	if err == nil {
		t.Error("a letter that moved away moved again")
	}
	_, err = b.Move(w.ctx, refs[:1], "abcdefghijklmnopqrst")
	wantKind(t, err, problem.Gone)
}

func undoing(_ Outcome, err error) error { return err }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestReadOnly: a grant to read changes nothing, and the tries are written down.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	uid := w.put(annes, "INBOX", letterMixed)
	w.give(annes, zoe, delegation.Delegate, delegation.Read, "")
	b := w.open(zoe, annes)
	in := w.inbox(b)
	ref := []Ref{{in.ID, in.UIDValidity, uid}}
	for name, try := range map[string]func() error{
		"flags":   func() error { _, err := b.SetFlags(w.ctx, ref, []Flag{Seen}, nil); return err },
		"archive": func() error { _, err := b.Archive(w.ctx, ref); return err },
		"bin":     func() error { _, err := b.Bin(w.ctx, ref); return err },
		"move":    func() error { _, err := b.Move(w.ctx, ref, in.ID); return err },
		"undo":    func() error { return undoing(b.Undo(w.ctx, "x")) },
	} {
		err := try()
		if !problem.Is(err, problem.Denied) {
			t.Errorf("%s: %v", name, err)
		}
		if e := w.last(); e.Outcome != "denied" || e.Actor.NationalID != zoe.NationalID {
			t.Errorf("%s: trail %+v", name, e)
		}
	}
	if l := w.list(b, in.ID); len(l.Items) != 1 || !l.Items[0].Unread {
		t.Error("something changed")
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one := w.put(annes, "INBOX", letterMixed)
	two := w.put(annes, "Patients", letterMixed)
	b := w.open(anne, annes)
	res, err := b.Search(w.ctx, SearchQuery{Words: `Hélène "Compte rendu"`})
	w.must(err)
	if len(res.Items) != 2 || !res.Complete || res.Say != "" || res.More {
		t.Fatalf("result %+v", res)
	}
	for _, it := range res.Items {
		if it.UID != one && it.UID != two || it.Subject == "" {
			t.Errorf("item %+v", it)
		}
	}
	rows, err := w.trail.Recent(w.ctx, audit.Filter{Action: audit.Search})
	w.must(err)
	if e := rows[0].Event; e.Count != 2 || strings.Contains(e.Request+e.Target, "Hélène") || !rows[0].HasDetail {
		t.Errorf("trail %+v", rows[0])
	}
	if res, err = b.Search(w.ctx, SearchQuery{Words: "résultat", Everywhere: true, Folder: w.inbox(b).ID, Limit: 5}); err != nil || len(res.Items) != 1 {
		t.Errorf("one folder: %+v %v", res, err)
	}
	for _, bad := range []string{"", "  ", `""`, "a\r\nb LOGOUT", "x\x00", "a b c d e f g h i"} {
		if _, err := b.Search(w.ctx, SearchQuery{Words: bad}); !problem.Is(err, problem.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	_, err = b.Search(w.ctx, SearchQuery{Words: "x", Folder: "abcdefghijklmnopqrst"})
	wantKind(t, err, problem.Gone)
}

func TestFields(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		`a  b`: {"a", "b"}, `"a b" c`: {"a b", "c"}, `«a b» c`: {"a b", "c"}, `"a b`: {"a b"}, `x"y z"`: {"x", "y z"}, "«\u00a0a\u00a0»": {"a"}, ``: nil, `"`: nil, `"" a`: {"a"},
	} {
		if got := fields(in); !slices.Equal(got, want) {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func FuzzFields(f *testing.F) {
	f.Add(`a "b c" « d`)
	f.Fuzz(func(t *testing.T, s string) {
		for _, w := range fields(s) {
			if w == "" {
				t.Errorf("an empty word in %q", s)
			}
		}
	})
}

// TestCounts: a mailbox whose server dawdles is marked and holds up nothing; a
// grant that is not the person's is not looked at.
func TestCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(annes, "INBOX", letterMixed)
	w.mute.Store(team, true)
	w.give(team, anne, delegation.Delegate, delegation.Read, "Cabinet")
	foreign := w.give("autre@medecin.test.mssante.fr", zoe, delegation.Owner, 0, "")
	grants, err := w.grant.ForPerson(w.ctx, anne.NationalID)
	w.must(err)
	counts := w.house.Counts(w.ctx, anne, append(grants, foreign))
	if len(counts) != 3 {
		t.Fatalf("%d counts", len(counts))
	}
	for _, c := range counts {
		switch c.Grant.Mailbox.Address.String() {
		case annes:
			if c.Unread != 1 || c.Failing {
				t.Errorf("own %+v", c)
			}
		case team:
			if c.Unread != -1 || !c.Failing {
				t.Errorf("mute %+v", c)
			}
		default:
			if c.Unread != -1 {
				t.Errorf("foreign %+v", c)
			}
		}
	}
}
