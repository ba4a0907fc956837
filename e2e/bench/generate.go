package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"pli.example/pli/e2e/dovecot"
)

// generator is raised whenever a letter would come out different: the cache on
// disk is keyed by it.
const generator = 5

// Which letters are special, counted from the newest (1 is the newest).
const (
	htmlFrom  = 401  // from here to htmlTo every second one holds 30 kB of HTML and was
	htmlTo    = 1600 // read before
	bigLetter = 120  // holds a file of bigFile bytes
	bigFile   = 25_000_000 * 3 / 4
)

// newest is when the newest letter arrived; the others follow every seven minutes
// into the past.
var newest = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

// sentShare: a letter was sent for so many received; each answers one of them.
const sentShare = 5

// writer makes the letter of a UID, of n, and tells when it arrived.
type writer func(uid, n int) ([]byte, time.Time)

// generate writes n letters straight into a Maildir, with Dovecot's own list of
// UIDs (uid = position, 1 the oldest). Nothing depends on the clock or on the
// machine.
func generate(maildir string, n int, letter writer) error {
	cur := filepath.Join(maildir, "cur")
	for _, dir := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(maildir, dir), 0o700); err != nil {
			return err
		}
	}
	names := make([]string, n+1)
	var wg sync.WaitGroup
	errs := make(chan error, runtime.NumCPU())
	for w := range runtime.NumCPU() {
		wg.Go(func() {
			for uid := 1 + w; uid <= n; uid += runtime.NumCPU() {
				raw, at := letter(uid, n)
				base := fmt.Sprintf("%d.M%06dP1.pli-bench,S=%d,W=%d", at.Unix(), uid, len(raw), len(raw)+bytes.Count(raw, []byte("\n")))
				flags := ":2,S"
				if n-uid < 400 && uid%3 == 0 {
					flags = ":2,"
				}
				path := filepath.Join(cur, base+flags)
				if err := os.WriteFile(path, raw, 0o600); err != nil {
					errs <- err
					return
				}
				if err := dovecot.Own(path); err != nil {
					errs <- err
					return
				}
				if err := os.Chtimes(path, at, at); err != nil {
					errs <- err
					return
				}
				names[uid] = base
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
	}
	if err := uidList(filepath.Join(maildir, "dovecot-uidlist"), names); err != nil {
		return err
	}
	return filepath.Walk(maildir, func(path string, info os.FileInfo, err error) error {
		if err != nil || !info.IsDir() && filepath.Dir(path) == cur {
			return err
		}
		return dovecot.Own(path)
	})
}

// uidList is Dovecot's version 3 list: header, then "uid :file".
func uidList(path string, names []string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintf(w, "3 V1700000000 N%d G%032x\n", len(names), 0x706c69)
	for uid := 1; uid < len(names); uid++ {
		fmt.Fprintf(w, "%d :%s\n", uid, names[uid])
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

var (
	givens   = []string{"Claire", "Hugo", "Nadia", "Paul", "Sophie", "Karim", "Léa", "Julie", "Michel", "Emma", "Inès", "Loïc"}
	families = []string{"Martin", "Petit", "Benali", "Mercier", "Garnier", "Haddad", "Fournier", "Renard", "Aubert", "Lefort", "Moreau", "Imbert"}
	domains  = []string{"medecin.mssante.fr", "chu-touraine.mssante.fr", "infirmier.mssante.fr", "pharmacien.mssante.fr", "bioloire.mssante.fr"}
	topics   = []string{"Compte rendu de consultation", "Résultats de biologie", "Lettre de liaison", "Avis demandé", "Ordonnance", "Bilan de rééducation"}
	words    = []string{"patient", "suivi", "traitement", "tension", "bilan", "contrôle", "douleur", "consultation", "examen", "prescription",
		"évolution", "favorable", "matin", "soir", "semaine", "sans", "avec", "retour", "domicile", "cordialement", "merci", "avis", "prochain", "rendez-vous"}
)

// letter gives the bytes of one letter (LF line ends, as Dovecot stores them) and
// when it arrived.
func letter(uid, n int) ([]byte, time.Time) {
	age := n - uid + 1
	r := rand.New(rand.NewPCG(generator, uint64(uid)))
	at := newest.Add(-time.Duration(age) * 7 * time.Minute)
	var b bytes.Buffer
	who := r.IntN(len(givens))
	family := families[r.IntN(len(families))]
	fmt.Fprintf(&b, "Return-Path: <bench@example.test>\nReceived: from mx.example.test by imap.example.test; %s\n", at.Format(time.RFC1123Z))
	fmt.Fprintf(&b, "From: =?utf-8?q?%s?= %s <%s@%s>\n", qEncode(givens[who]), family, fmt.Sprintf("p%d", r.IntN(4000)), domains[r.IntN(len(domains))])
	fmt.Fprintf(&b, "To: Bench <bench@example.test>\nSubject: =?utf-8?q?%s?= %d\n", qEncode(topics[r.IntN(len(topics))]), uid)
	fmt.Fprintf(&b, "Date: %s\nMessage-ID: <%d.%d@example.test>\nMIME-Version: 1.0\n", at.Format(time.RFC1123Z), uid, generator)
	if uid%4 == 0 {
		fmt.Fprintf(&b, "In-Reply-To: <%d.%d@example.test>\nReferences: <%d.%d@example.test>\n", uid-3, generator, uid-3, generator)
	}
	switch kind := r.IntN(100); {
	case age == bigLetter:
		mixed(&b, r, bigFile, "imagerie.zip", "application/zip")
	case age >= htmlFrom && age <= htmlTo && age%2 == 0:
		alternative(&b, r, 30_000)
	case kind < 70:
		plain(&b, r, 500+r.IntN(2500))
	case kind < 92:
		alternative(&b, r, 3000+r.IntN(9000))
	default:
		mixed(&b, r, 4000+r.IntN(12000), "compte-rendu.pdf", "application/pdf")
	}
	return b.Bytes(), at
}

// answer gives one of the letters that were sent: the answer to every fifth received.
func answer(uid, n int) ([]byte, time.Time) {
	to := uid * sentShare
	_, at := letter(to, n*sentShare)
	at = at.Add(3 * time.Hour)
	r := rand.New(rand.NewPCG(generator, uint64(uid)<<32))
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: Bench <bench@example.test>\nTo: %s %s <p%d@%s>\n", givens[r.IntN(len(givens))], families[r.IntN(len(families))], r.IntN(4000), domains[r.IntN(len(domains))])
	fmt.Fprintf(&b, "Subject: =?utf-8?q?Re:_%s?= %d\nDate: %s\nMessage-ID: <s%d.%d@example.test>\nMIME-Version: 1.0\n", qEncode(topics[r.IntN(len(topics))]), to,
		at.Format(time.RFC1123Z), uid, generator)
	fmt.Fprintf(&b, "In-Reply-To: <%[1]d.%[2]d@example.test>\nReferences: <%[1]d.%[2]d@example.test>\n", to, generator)
	plain(&b, r, 300+r.IntN(1200))
	return b.Bytes(), at
}

func qEncode(s string) string {
	var b bytes.Buffer
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('_')
		case c > 126 || c == '=' || c == '?' || c == '_':
			fmt.Fprintf(&b, "=%02X", c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func prose(r *rand.Rand, size int) string {
	var b bytes.Buffer
	for col := 0; b.Len() < size; {
		w := words[r.IntN(len(words))]
		b.WriteString(w)
		if col += len(w) + 1; col > 70 {
			b.WriteByte('\n')
			col = 0
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

func plain(b *bytes.Buffer, r *rand.Rand, size int) {
	fmt.Fprintf(b, "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s\n", prose(r, size))
}

func alternative(b *bytes.Buffer, r *rand.Rand, size int) {
	fmt.Fprintf(b, "Content-Type: multipart/alternative; boundary=b1\n\n--b1\n")
	plain(b, r, min(size/4, 2000))
	fmt.Fprintf(b, "--b1\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s\n--b1--\n", markup(r, size))
}

// markup is a letter as practice software writes it: a table of values with
// inline styles between paragraphs.
func markup(r *rand.Rand, size int) string {
	var b bytes.Buffer
	b.WriteString("<html><body style=\"font-family:Arial;font-size:11pt\">\n")
	for b.Len() < size-400 {
		fmt.Fprintf(&b, "<p style=\"margin:6px 0\">%s</p>\n<table border=1 style=\"border-collapse:collapse\"><tr><td style=\"color:#333\">%s</td><td><b>%d,%d</b></td></tr></table>\n",
			prose(r, 300), words[r.IntN(len(words))], r.IntN(20), r.IntN(10))
	}
	b.WriteString("</body></html>")
	return b.String()
}

func mixed(b *bytes.Buffer, r *rand.Rand, size int, name, kind string) {
	fmt.Fprintf(b, "Content-Type: multipart/mixed; boundary=b2\n\n--b2\n")
	plain(b, r, 800)
	fmt.Fprintf(b, "--b2\nContent-Type: %s; name=\"%s\"\nContent-Disposition: attachment; filename=\"%s\"\nContent-Transfer-Encoding: base64\n\n", kind, name, name)
	raw := make([]byte, size)
	for i := 0; i+8 <= len(raw); i += 8 {
		v := r.Uint64()
		for j := range 8 {
			raw[i+j] = byte(v >> (8 * j))
		}
	}
	copy(raw, "%PDF-1.4\n")
	text := base64.StdEncoding.EncodeToString(raw)
	for len(text) > 76 {
		b.WriteString(text[:76])
		b.WriteByte('\n')
		text = text[76:]
	}
	fmt.Fprintf(b, "%s\n--b2--\n", text)
}
