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
