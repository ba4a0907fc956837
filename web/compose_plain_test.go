package web_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"mime/multipart"
	"strings"
	"testing"

	"pli.example/pli/internal/testkit"
)

// multi is the page's form as a browser without scripts sends it.
func multi(t *testing.T, pairs [][2]string, name string, file []byte) testkit.Change {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range pairs {
		if err := w.WriteField(p[0], p[1]); err != nil {
			t.Fatal(err)
		}
	}
	p, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return func(r *testkit.Request) {
		r.Body, r.ContentLength = io.NopCloser(&b), int64(b.Len())
		r.Header.Set("Content-Type", w.FormDataContentType())
		r.Header.Set("Origin", testkit.Base)
	}
}

// Without a script: text, file and sending by plain forms.
func TestPlainForm(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values("plain", "1"))
	file := bytes.Repeat([]byte("contenu de la radio "), 60_000) // 1.2 MB
	text := [][2]string{{"plain", "1"}, {"version", "1"}, {"to", "Hugo Petit <hugo.petit@chu-touraine.mssante.fr>, dupont"}, {"cc", ""}, {"bcc", ""}, {"subject", "Sans script"}, {"text", "Ligne 1\r\nLigne 2, voir le fichier joint."}}
	a := c.Post(at, nil, multi(t, text, "radio.txt", file))
	if a.Status != 303 || !strings.HasPrefix(a.Location(), at+"?note=") {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	d := doc(t, ok(t, c.Get(a.Location())))
	if f := d.Find("[data-testid=flash]").Text(); !strings.Contains(f, "Fichier joint") {
		t.Errorf("said %q", f)
	}
	if v := d.Find("#to").AttrOr("value", ""); v != `"Hugo Petit" <hugo.petit@chu-touraine.mssante.fr>, dupont` {
		t.Errorf("addresses typed are not kept as typed: %q", v)
	}
	if v := d.Find("#text").Text(); v != "Ligne 1\nLigne 2, voir le fichier joint." {
		t.Errorf("text %q", v)
	}
	li := d.Find("[data-testid=compose-file]")
	if li.Length() != 1 || li.AttrOr("data-received", "") != fmt.Sprint(len(file)) {
		t.Errorf("file %q", li.Text())
	}
	if last := d.Find("#compose").Find("input, button, textarea, select").FilterFunction(func(_ int, s *selection) bool {
		_, named := s.Attr("name")
		return named
	}).Last(); last.AttrOr("name", "") != "file" {
		t.Error("the file is not the form's last control: its size would not be known")
	}
	id, version := li.AttrOr("data-id", ""), d.Find("input[name=version]").AttrOr("value", "")
	text[1][1], text[2][1] = version, "hugo.petit@chu-touraine.mssante.fr"
	a = c.Post(at, nil, multi(t, append(append([][2]string{}, text...), [2]string{"shown", id}, [2]string{"do", "send"}), "", nil))
	if !strings.Contains(doc(t, ok(t, c.Follow(a.Location()))).Find("[data-testid=flash]").Text(), "Lettre envoyée à ") {
		t.Fatalf("%d %s", a.Status, a.Location())
	}
	petit := k.SignIn("petit")
	href, _, _ := strings.Cut(received(t, petit, "Sans script"), "?")
	got := petit.Get(href + "/part/2")
	if sha256.Sum256(got.Body) != sha256.Sum256(file) {
		t.Errorf("the file arrived as %d octets, %d", len(got.Body), got.Status)
	}
}

// Attack row 47: a colleague joins a file to the draft meanwhile. A click that joins one
// and sends authorises what the page showed and that one, nothing else.
func TestPlainFormSendsWhatItShowed(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values("plain", "1"))
	text := [][2]string{{"plain", "1"}, {"version", "1"}, {"to", "hugo.petit@chu-touraine.mssante.fr"}, {"cc", ""}, {"bcc", ""}, {"subject", "Sans script"}, {"text", "Ci-joint."}}
	page := func(a *testkit.Answer) (ids []string) {
		t.Helper()
		d := doc(t, ok(t, c.Get(a.Location())))
		text[1][1] = d.Find("input[name=version]").AttrOr("value", "")
		d.Find("[data-testid=compose-file]").Each(func(_ int, s *selection) { ids = append(ids, s.AttrOr("data-id", "")) })
		return ids
	}
	first := page(c.Post(at, nil, multi(t, text, "vu.txt", []byte("vu"))))
	if len(first) != 1 {
		t.Fatalf("%d files", len(first))
	}
	// In another window.
	colleague := append([][2]string{}, text...)
	if a := c.Post(at, nil, multi(t, colleague, "autre-patient.txt", []byte("autre patient"))); a.Status != 303 {
		t.Fatalf("%d", a.Status)
	}
	send := func(name string, shown ...string) *testkit.Answer {
		t.Helper()
		form := append([][2]string{}, text...)
		for _, id := range shown {
			form = append(form, [2]string{"shown", id})
		}
		return c.Post(at, nil, multi(t, append(form, [2]string{"do", "send"}), name, []byte("le mien")))
	}
	a := send("mien.txt", first...)
	if !strings.HasPrefix(a.Location(), at) {
		t.Fatalf("it left with a file nobody saw: %d %s", a.Status, a.Location())
	}
	if said := doc(t, ok(t, c.Get(a.Location()))).Find("[data-testid=flash]").Text(); !strings.Contains(said, "Les fichiers de ce brouillon ont changé") {
		t.Errorf("said %q", said)
	}
	all := page(a)
	if len(all) != 3 {
		t.Fatalf("%d files are kept", len(all))
	}
	a = send("encore.txt", all...)
	if !strings.Contains(doc(t, ok(t, c.Follow(a.Location()))).Find("[data-testid=flash]").Text(), "Lettre envoyée à ") {
		t.Errorf("seen and joined, it does not leave: %d %s", a.Status, a.Location())
	}
}

// A line of recipients that is too long is refused whole: nobody is left out without a
// word.
func TestPlainFormTooManyRecipients(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	at := begin(t, c, values("plain", "1"))
	form := func(to string) [][2]string {
		return [][2]string{{"plain", "1"}, {"version", "1"}, {"to", "hugo.petit@chu-touraine.mssante.fr"}, {"cc", to}, {"bcc", ""}, {"subject", "Nouvel objet"}, {"text", "Nouveau texte"}}
	}
	long := strings.Repeat("\"Service de "+strings.Repeat("cardiologie ", 15)+"\" <cardiologie@chu-touraine.mssante.fr>, ", 320) + "derniere@chu-touraine.mssante.fr"
	for _, do := range []string{"", "send", "discard"} {
		a := c.Post(at, nil, multi(t, append(form(long), [2]string{"do", do}), "", nil))
		if a.Status != 413 || !strings.Contains(a.Text(), "Rien n’a été enregistré ni envoyé") {
			t.Errorf("%q: %d %s", do, a.Status, a.Location())
		}
	}
	d := doc(t, ok(t, c.Get(at)))
	if d.Find("input[name=version]").AttrOr("value", "") != "1" || d.Find("#subject").AttrOr("value", "") == "Nouvel objet" || d.Find("#to").AttrOr("value", "") != "" {
		t.Error("something of it was kept")
	}
}
