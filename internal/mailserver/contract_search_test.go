package mailserver

import (
	"encoding/base64"
	"slices"
	"strings"

	"pli.example/pli/internal/problem"
)

func (b *bench) find(everywhere bool, words ...string) []uint32 {
	b.Helper()
	h, err := b.a.Search(b.ctx, Search{Folder: "INBOX", Words: words, Everywhere: everywhere})
	b.must(err)
	if !h.Complete || h.Found != len(h.UIDs) || h.Approximate {
		b.Errorf("hits %+v", h)
	}
	return h.UIDs
}

func contractSearch(b *bench) {
	one := b.append("INBOX", letter("Compte rendu de scanner", "genou gauche"))
	two := b.append("INBOX", letter("=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte("Résultats d’hématologie"))+"?=", "leucocytes élevés"))
	three := b.append("INBOX", strings.Replace(letter("Autre", "rien"), "helene.roux@lab", "paul.petit@lab", 1))
	for _, c := range []struct {
		words []string
		want  []uint32
	}{
		{[]string{"scanner"}, []uint32{one}}, {[]string{"SCANNER", "compte"}, []uint32{one}}, {[]string{"Résultats"}, []uint32{two}},
		{[]string{"hématologie"}, []uint32{two}}, {[]string{"paul.petit"}, []uint32{three}}, {[]string{"Hélène"}, []uint32{three, two, one}},
		{[]string{"genou"}, nil}, {[]string{"scanner", "paul"}, nil}, {[]string{`gui"llemets\`}, nil}, {[]string{"rendu de"}, []uint32{one}},
	} {
		if got := b.find(false, c.words...); !slices.Equal(got, c.want) {
			b.Errorf("%q: %v, want %v", c.words, got, c.want)
		}
	}
	rows, err := b.a.RowsOf(b.ctx, "INBOX", b.rows(Query{Folder: "INBOX"}).Folder.UIDValidity, []uint32{three, one, 4242})
	b.must(err)
	if !slices.Equal(uidsOf(rows), []uint32{three, one}) {
		b.Errorf("rows of hits %v", uidsOf(rows))
	}
}

func contractSearchInjection(b *bench) {
	b.fill(2)
	for _, w := range []string{"x\r\nT1 DELETE INBOX", "x\nA LOGOUT", "nul\x00", "\r", "{5}\r\nabcde", "\xff\xfe", strings.Repeat("a", 500), "", "tab\t"} {
		if _, err := b.a.Search(b.ctx, Search{Folder: "INBOX", Words: []string{w}}); !problem.Is(err, problem.Invalid) {
			b.Errorf("%q: %v", w, err)
		}
	}
	for _, w := range []string{`" OR ALL`, `") ALL (`, "{3}", "{3+}", "é{2}", `\`, `"`, "*", "%", "日本語\u00a0é", "a) UID 1:* (b", "$", strings.Repeat("é", 90)} {
		if w == `"` && b.caps["quotes-found"] {
			continue // this server looks into From as it quotes it itself
		}
		for _, everywhere := range []bool{false, true} {
			if got := b.find(everywhere, w); len(got) != 0 {
				b.Errorf("%q found %v", w, got)
			}
		}
	}
	if n := b.rows(Query{Folder: "INBOX"}).Total; n != 2 {
		b.Fatalf("%d letters left", n)
	}
}

func contractSearchBodies(b *bench) {
	one := b.append("INBOX", letter("Un", "leucocytes élevés"))
	b.append("INBOX", letter("Deux", "plaquettes"))
	if got := b.find(true, "leucocytes"); !slices.Equal(got, []uint32{one}) {
		b.Errorf("body %v", got)
	}
	if got := b.find(true, "élevés", "Un"); !slices.Equal(got, []uint32{one}) {
		b.Errorf("accents in a body %v", got)
	}
	h, err := b.a.Search(b.ctx, Search{Folder: "INBOX", Words: []string{"helene"}, Everywhere: true, Limit: 1})
	b.must(err)
	if len(h.UIDs) != 1 || h.Found != 2 || h.Of != 2 {
		b.Errorf("limit %+v", h)
	}
}
