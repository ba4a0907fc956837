package web_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/testkit"
)

// A letter from its first word to its recipient: saved, resumed in another browser,
// sent once, said on the list.
func TestDraftLife(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values("kind", "blank"))
	d := doc(t, ok(t, c.Get(at)))
	if got := d.Find("title").Text(); got != "Écrire · Pli" {
		t.Errorf("title %q", got)
	}
	if !strings.Contains(d.Find("#html").Text(), "Dr Claire Martin") {
		t.Error("no signature")
	}
	one := ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "to": to("hugo.petit@chu-touraine.mssante.fr"), "subject": "Avis du canari",
		"html": `<p>Cher <b>confrère</b><script>alert(1)</script><img src="https://x.example/p.png" onerror=alert(1)></p>`})
	if one.Status != 200 || one.Version != 2 || !strings.HasPrefix(one.Saved, "Brouillon enregistré à ") {
		t.Fatalf("%+v", one)
	}
	if again := ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "subject": "tard"}); again.Version != 2 || again.Copy {
		t.Errorf("a save that comes twice: %+v", again)
	}
	other := k.SignIn("martin")
	page := ok(t, other.Get(at))
	if s := page.Text(); !strings.Contains(s, "confrère") || strings.Contains(s, "alert(1)") || strings.Contains(s, "x.example") {
		t.Error("the draft resumed elsewhere is not what was written, cleaned")
	}
	if rows := doc(t, ok(t, other.Get(at[:strings.LastIndexByte(at, '/')]))).Find("[data-testid=draft-row]"); rows.Length() != 1 || !strings.Contains(rows.Text(), "Avis du canari") {
		t.Errorf("drafts: %q", rows.Text())
	}
	two := ask(t, other, at+"/save", fields{"version": 1, "writer": "autre", "seq": 1, "subject": "De l’autre poste", "text": "autre"})
	if !two.Copy || two.Href == at || two.Other != at || two.Say == "" {
		t.Errorf("two windows: %+v", two)
	}
	sent := ask(t, c, at+"/send", fields{"version": one.Version, "files": []string{}})
	if sent.Came != "sent" || sent.To == "" {
		t.Fatalf("%+v", sent)
	}
	if twice := ask(t, c, at+"/send", fields{"version": one.Version, "files": []string{}}); twice.Came != "sent" {
		t.Errorf("a second click: %+v", twice)
	}
	if f := doc(t, ok(t, c.Follow(sent.To))).Find("[data-testid=flash]").Text(); !strings.Contains(f, "Lettre envoyée à Dr Hugo Petit") {
		t.Errorf("said %q", f)
	}
	if a := ok(t, c.Get(at)); !strings.Contains(a.Text(), "Lettre envoyée") || strings.Contains(a.Text(), "id=\"compose\"") {
		t.Error("a letter that left is still a sheet to write on")
	}
	petit := k.SignIn("petit")
	href := received(t, petit, "Avis du canari")
	if b := ok(t, petit.Get(strings.SplitN(href, "?", 2)[0]+"/body", testkit.For("iframe"))).Text(); !strings.Contains(b, "<b>confrère</b>") || strings.Contains(b, "script") {
		t.Errorf("body %q", firstBytes(b, 400))
	}
	if strings.Contains(k.Logs.String(), "canari") {
		t.Error("the log tells what the letter is about")
	}
}

// Files come piece by piece, go on after a lost line, and arrive whole.
func TestUploadInPieces(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values())
	file := bytes.Repeat([]byte("0123456789abcdef"), 40_000) // 640 kB
	copy(file, "\x89PNG\r\n\x1a\n")
	f := ask(t, c, at+"/files", values("name", "../../<b>radio.png", "size", fmt.Sprint(len(file))))
	if f.Status != 200 || f.ID == "" || f.Received != 0 {
		t.Fatalf("%+v", f)
	}
	piece := at + "/files/" + f.ID + "?at="
	if x := ask(t, c, piece+"0", file[:250_000]); x.Received != 250_000 {
		t.Fatalf("%+v", x)
	}
	if x := ask(t, c, piece+"400000", file[400_000:]); x.Status != 409 || x.Received != 250_000 {
		t.Errorf("a hole: %+v", x)
	}
	if x := ask(t, c, piece+"200000", file[200_000:]); x.Received != int64(len(file)) {
		t.Errorf("the rest: %+v", x)
	}
	if a := c.Get(at + "/files/" + f.ID); a.Status != 200 || sha256.Sum256(a.Body) != sha256.Sum256(file) || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") ||
		a.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("given back: %d, %d octets, %q", a.Status, len(a.Body), a.Header)
	}
	if a := c.Get(at+"/files/"+f.ID+"/picture", testkit.For("image")); a.Status == 200 {
		t.Error("what only begins like a picture is shown as one")
	}
	d := doc(t, ok(t, c.Get(at)))
	if n := d.Find("[data-testid=compose-file] .file-name").Text(); strings.ContainsAny(n, "/<>") {
		t.Errorf("name %q", n)
	}
	if x := ask(t, c, at+"/files", values("name", "gros.bin", "size", "60000000")); x.Status != 413 || !strings.Contains(x.Say, "Mo") {
		t.Errorf("too big: %+v", x)
	}
	part := ask(t, c, at+"/files", values("name", "scan.bin", "size", "1000"))
	ask(t, c, at+"/files/"+part.ID+"?at=0", file[:600])
	resume := func(sum string) asked {
		return ask(t, c, at+"/files", values("name", "scan.bin", "size", "1000", "resume", part.ID, "digest", sum))
	}
	if x := resume(fmt.Sprintf("%x", sha256.Sum256(file[:600]))); x.ID != part.ID || x.Received != 600 {
		t.Errorf("the same file does not go on: %+v", x)
	}
	another := resume(fmt.Sprintf("%x", sha256.Sum256(file[1:601])))
	if another.ID == part.ID || another.Received != 0 {
		t.Errorf("another file of that name and size is spliced to the first: %+v", another)
	}
	if again := resume(""); again.Status != 200 || again.ID == part.ID {
		t.Errorf("asked twice: %+v", again)
	} else {
		ask(t, c, at+"/files/"+again.ID+"/remove", values())
	}
	ask(t, c, at+"/files/"+another.ID+"/remove", values())
	if x := ask(t, c, at+"/files/"+f.ID+"/remove", values()); x.Status != 200 {
		t.Errorf("%+v", x)
	}
	if n := doc(t, ok(t, c.Get(at))).Find("[data-testid=compose-file]").Length(); n != 0 {
		t.Errorf("%d files after the last was taken out", n)
	}
}

// Answering a letter and passing it on with its files.
func TestReplyAndForward(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	evil := `"><script>alert(2)</script>`
	letter := "From: \"Dr Petit " + strings.ReplaceAll(evil, `"`, `\"`) + "\" <hugo.petit@chu-touraine.mssante.fr>\nTo: claire.martin@medecin.mssante.fr\nCc: paul.mercier@masseur-kinesitherapeute.mssante.fr\nMessage-ID: <orig@chu-touraine.mssante.fr>\nSubject: la question " + evil + "\nMIME-Version: 1.0\n" + mixed +
		"--B\nContent-Type: text/html\n\n<p>Bonjour <img src=x onerror=alert(3)></p><form action=//evil.example><input name=a></form><svg onload=alert(4)>\n" + part("application/pdf", "a.pdf", []byte("%PDF-1.4 contenu")) + "--B--\n"
	if !k.World.Mail().Put(people.MartinBox, "INBOX", nil, k.Clock.Now(), []byte(strings.ReplaceAll(letter, "\n", "\r\n"))) {
		t.Fatal("not delivered")
	}
	c := k.SignIn("martin")
	href, _, _ := strings.Cut(hrefOf(t, c, "/", "la question"), "?")
	parts := strings.Split(href, "/")
	ref := strings.Join(parts[3:], "/")
	for _, id := range []string{"act-reply", "act-reply_all", "act-forward"} {
		if doc(t, ok(t, c.Get(href))).Find("[data-testid="+id+"]").Length() != 1 {
			t.Errorf("no %s on the letter's page", id)
		}
	}
	all := begin(t, c, values("kind", "reply_all", "ref", ref))
	a := ok(t, c.Get(all))
	d := doc(t, a)
	if got := d.Find("#to").AttrOr("value", ""); !strings.Contains(got, "hugo.petit@chu-touraine.mssante.fr") || strings.Contains(got, "claire.martin") {
		t.Errorf("to %q", got)
	}
	if got := d.Find("#cc").AttrOr("value", ""); !strings.Contains(got, "paul.mercier") {
		t.Errorf("cc %q", got)
	}
	if got := d.Find("#subject").AttrOr("value", ""); !strings.HasPrefix(got, "Re") || !strings.Contains(got, ": la question") {
		t.Errorf("subject %q", got)
	}
	if got := d.Find("#html").Text(); !strings.Contains(got, "a écrit") || !strings.Contains(got, "<blockquote") || strings.Contains(got, "onerror") || strings.Contains(got, "<form") || strings.Contains(got, "<svg") {
		t.Errorf("quoted %q", got)
	}
	if n := d.Find("script").FilterFunction(func(_ int, s *selection) bool { return strings.Contains(s.Text(), "alert") }).Length(); n > 0 {
		t.Error("a script was made of a letter's words")
	}
	fw := begin(t, c, values("kind", "forward", "ref", ref))
	d = doc(t, ok(t, c.Get(fw)))
	if got := d.Find("[data-testid=compose-file] .file-name").Text(); got != "a.pdf" {
		t.Errorf("files %q", got)
	}
	if got := doc(t, ok(t, c.Get(begin(t, c, values("kind", "forward", "ref", ref, "files", "0"))))).Find("[data-testid=compose-file]").Length(); got != 0 {
		t.Errorf("%d files where none was wanted", got)
	}
	if got := doc(t, ok(t, c.Get(begin(t, c, values("kind", "reply", "ref", ref, "plain", "1"))))); strings.TrimSpace(got.Find("#html").Text()) != "" || !strings.Contains(got.Find("#text").Text(), "> Bonjour") {
		t.Errorf("a plain answer: %q", got.Find("#text").Text())
	}
}

// Refused before anything leaves, at the place where it can be mended; the draft stays.
func TestRefusedRecipient(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values())
	s := ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "to": to("jean@gmail.com", "pas une adresse", "nouveau@chu-touraine.mssante.fr"), "text": "Voir la pièce jointe."})
	sent := ask(t, c, at+"/send", fields{"version": s.Version, "files": []string{}})
	got := map[string]string{}
	for _, r := range sent.Remarks {
		got[r.Key] = r.Level + " " + r.Place
	}
	for key, want := range map[string]string{"outside:jean@gmail.com": "block to", "bad_address:pas une adresse": "block to", "not_in_directory:nouveau@chu-touraine.mssante.fr": "tell to",
		"no_subject": "ask subject", "no_file": "ask files"} {
		if got[key] != want {
			t.Errorf("%s: %q, want %q", key, got[key], want)
		}
	}
	if got["not_in_directory:jean@gmail.com"] != "" {
		t.Error("the same recipient is spoken of twice")
	}
	if sent.Came != "asked" || sent.To != "" {
		t.Errorf("%+v", sent)
	}
	d := doc(t, ok(t, c.Get(at+"?check=1")))
	if n := d.Find("[data-remarks=to] [data-level=block]").Length(); n != 2 {
		t.Errorf("%d remarks that block beside the recipients, without a script", n)
	}
	s = ask(t, c, at+"/save", fields{"version": s.Version, "writer": "w", "seq": 2, "to": to("hugo.petit@chu-touraine.mssante.fr"), "text": "Voir la pièce jointe."})
	if x := ask(t, c, at+"/send", fields{"version": s.Version, "files": []string{}, "confirmed": []string{"no_subject"}}); x.Came != "asked" {
		t.Errorf("one yes for two questions: %+v", x)
	}
	if x := ask(t, c, at+"/send", fields{"version": s.Version, "files": []string{}, "confirmed": []string{"no_subject", "no_file"}}); x.Came != "sent" {
		t.Errorf("%+v", x)
	}
}

// The completion and the chips: by POST, known and unknown, patients without their
// number.
func TestSuggest(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	box := strings.Split(c.Get("/").Location(), "/")[2]
	x := ask(t, c, "/mail/"+box+"/suggest", values("words", "petit cardio"))
	if len(x.Entries) == 0 || !strings.Contains(x.Entries[0].Name, "Petit") {
		t.Errorf("%+v", x)
	}
	x = ask(t, c, "/mail/"+box+"/suggest", values("typed", "hugo.petit@chu-touraine.mssante.fr, jean@medecin.fr; 185057800608436@patient.mssante.fr, dupont"))
	if len(x.Chips) != 4 || x.Chips[0].Name != "Dr Hugo Petit" || x.Chips[1].Kind != "error" || x.Chips[1].Suggest != "jean@medecin.mssante.fr" ||
		x.Chips[2].Kind != "patient" || strings.Contains(x.Chips[2].Name+x.Chips[2].Say, "1850578006") || x.Chips[3].Kind != "error" {
		t.Errorf("%+v", x.Chips)
	}
	many := strings.Repeat("jean@medecin.fr, ", 100)
	if x = ask(t, c, "/mail/"+box+"/suggest", values("typed", many+"un@de.trop")); x.Status != 413 || len(x.Chips) != 0 {
		t.Errorf("more than a letter carries: %d, %d chips", x.Status, len(x.Chips))
	}
	x = ask(t, c, "/mail/"+box+"/suggest", values("typed", many))
	mended := 0
	for _, chip := range x.Chips {
		if chip.Suggest != "" {
			mended++
		}
		if chip.Kind != "error" {
			t.Errorf("%+v", chip)
		}
	}
	if len(x.Chips) != 100 || mended != 20 {
		t.Errorf("%d chips, %d compared with the whole list", len(x.Chips), mended)
	}
	if a := c.Get("/mail/" + box + "/suggest?words=petit"); a.Status == 200 {
		t.Error("completed by GET")
	}
	if strings.Contains(k.Logs.String(), "185057800608436") {
		t.Error("a patient's number is in the log")
	}
}

// A session that ended: every question of the page's script is told so with 401, and
// what was typed is taken after a new sign-in.
func TestExpiredWhileWriting(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values())
	f := ask(t, c, at+"/files", values("name", "a.txt", "size", "6"))
	k.Clock.Advance(3 * time.Hour)
	for path, body := range map[string]any{"/save": fields{"version": 1}, "/send": fields{"version": 1}, "/files": values("name", "b", "size", "1"), "/files/" + f.ID + "?at=0": []byte("abc"), "/pause": values()} {
		if x := ask(t, c, at+path, body); x.Status != 401 || x.Say == "" {
			t.Errorf("%s: %+v", path, x)
		}
	}
	if a := c.Get(at + "/back"); a.Status != 303 || !strings.HasPrefix(a.Location(), "/sign-in?next=") {
		t.Errorf("%d %s", a.Status, a.Location())
	}
	again, a := k.TrySignIn("martin", at+"/back")
	if a.Location() != at+"/back" {
		t.Errorf("after signing in: %s", a.Location())
	}
	ok(t, again.Get(at+"/back"))
	if x := ask(t, again, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "text": "toujours là"}); x.Status != 200 || x.Copy {
		t.Errorf("%+v", x)
	}
	if x := ask(t, again, at+"/files/"+f.ID+"?at=0", []byte("abcdef")); x.Received != 6 {
		t.Errorf("%+v", x)
	}
}
