package people

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"image/jpeg"
	"image/png"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/image/tiff"

	"pli.example/pli/internal/mssante"
)

var monday = time.Date(2026, time.November, 23, 9, 12, 0, 0, time.FixedZone("CET", 3600))

// seeded is made once: under the race detector drawing takes a while.
var seeded = sync.OnceValue(func() []SeedLetter { return Letters(monday) })

func TestLettersAreManyAndPurposeful(t *testing.T) {
	t.Parallel()
	letters := seeded()
	distinct := map[string][]byte{}
	for _, l := range letters {
		if l.Purpose == "" {
			t.Errorf("%s has no purpose", l.ID)
		}
		if l.Received.After(monday) {
			t.Errorf("%s is received in the future: %v", l.ID, l.Received)
		}
		if raw, ok := distinct[l.ID]; ok && !bytes.Equal(raw, l.Raw) {
			t.Errorf("%s has two different copies", l.ID)
		}
		distinct[l.ID] = l.Raw
	}
	if len(distinct) < 80 {
		t.Errorf("%d distinct letters, want at least 80", len(distinct))
	}
	t.Logf("%d letters, %d copies", len(distinct), len(letters))
}

func TestMessageIDsAreUnique(t *testing.T) {
	t.Parallel()
	id := regexp.MustCompile(`(?mi)^Message-ID: (<[^>]+>)\r$`)
	owner := map[string]string{}
	perBox := map[string]bool{}
	for _, l := range seeded() {
		head, _, _ := bytes.Cut(l.Raw, []byte("\r\n\r\n"))
		m := id.FindSubmatch(append(bytes.Clone(head), '\r', '\n')) // the letters are shared
		if m == nil {
			if l.ID != "sans-date" {
				t.Errorf("%s has no Message-ID", l.ID)
			}
			continue
		}
		if o, ok := owner[string(m[1])]; ok && o != l.ID {
			t.Errorf("%s and %s share %s", o, l.ID, m[1])
		}
		owner[string(m[1])] = l.ID
		if key := l.Mailbox.Key() + string(m[1]); perBox[key] {
			t.Errorf("%s lies twice in %s", l.ID, l.Mailbox)
		} else {
			perBox[key] = true
		}
	}
}

func TestLettersAreDeterministic(t *testing.T) {
	t.Parallel()
	a, b := seeded(), Letters(monday)
	if len(a) != len(b) {
		t.Fatalf("%d and %d letters", len(a), len(b))
	}
	for i := range a {
		if a[i].ID != b[i].ID || sha256.Sum256(a[i].Raw) != sha256.Sum256(b[i].Raw) || !slices.Equal(a[i].Flags, b[i].Flags) {
			t.Errorf("%s differs from one run to the next", a[i].ID)
		}
	}
}

func TestInboxOfTheGP(t *testing.T) {
	t.Parallel()
	var total, unread, flagged, answered int
	for _, l := range seeded() {
		if !l.Mailbox.Equal(MartinBox) || l.Folder != "INBOX" {
			continue
		}
		total++
		if !slices.Contains(l.Flags, `\Seen`) {
			unread++
		}
		if slices.Contains(l.Flags, `\Flagged`) {
			flagged++
		}
		if slices.Contains(l.Flags, `\Answered`) {
			answered++
		}
	}
	t.Logf("total %d, unread %d, flagged %d, answered %d", total, unread, flagged, answered)
	if total < 30 || total > 50 || unread < 7 || unread > 9 || flagged < 3 || answered < 5 {
		t.Errorf("inbox of Dr Martin is not as told")
	}
}

func TestWellFormedLettersRead(t *testing.T) {
	t.Parallel()
	for _, l := range seeded() {
		if l.ID == "entete-casse" || l.ID == "octets-bruts" || l.ID == "sans-date" {
			continue
		}
		m, err := mail.ReadMessage(bytes.NewReader(l.Raw))
		if err != nil {
			t.Errorf("%s: %v", l.ID, err)
			continue
		}
		if _, err := m.Header.Date(); err != nil {
			t.Errorf("%s: date: %v", l.ID, err)
		}
		for _, line := range strings.Split(string(l.Raw[:bytes.Index(l.Raw, []byte("\r\n\r\n"))]), "\r\n") {
			if len(line) > 998 {
				t.Errorf("%s: header line of %d bytes", l.ID, len(line))
			}
		}
		if bytes.Contains(bytes.ReplaceAll(l.Raw, []byte("\r\n"), nil), []byte("\n")) && l.ID != "photo-lourde" {
			t.Errorf("%s: bare line feed", l.ID)
		}
	}
}

func TestThreadsHold(t *testing.T) {
	t.Parallel()
	raw := map[string]string{}
	for _, l := range seeded() {
		raw[l.ID] = string(l.Raw)
	}
	parent := regexp.MustCompile(`Message-ID: (<\S+>)`).FindStringSubmatch(raw["besancon-re2"])[1]
	child := raw["besancon-reponse"]
	if !strings.Contains(child, "In-Reply-To: "+parent) || strings.Count(child[strings.Index(child, "References:"):strings.Index(child, "Subject:")], "<") != 3 {
		t.Errorf("the answer does not refer to its thread")
	}
}

func TestPatientsHaveValidINS(t *testing.T) {
	t.Parallel()
	seen := map[mssante.INS]bool{}
	for _, p := range Patients() {
		if !p.INS.KeyOK() || seen[p.INS] {
			t.Errorf("%s: INS %s", p.Key, p.INS)
		}
		seen[p.INS] = true
		if got := string(p.INS[1:3]); got != p.Birth[8:] {
			t.Errorf("%s: year %s in the INS, born %s", p.Key, got, p.Birth)
		}
		if got := string(p.INS[3:5]); got != p.Birth[3:5] {
			t.Errorf("%s: month %s in the INS, born %s", p.Key, got, p.Birth)
		}
	}
	// No other patient address wanders in the letters.
	for _, l := range seeded() {
		rest, at := l.Raw, []byte("@"+mssante.PatientDomain)
		for {
			before, after, ok := bytes.Cut(rest, at)
			if !ok {
				break
			}
			if i, err := mssante.ParseINS(string(before[max(0, len(before)-15):])); err == nil && !seen[i] {
				t.Errorf("%s speaks of an unknown INS", l.ID)
			}
			rest = after
		}
	}
}

func TestCast(t *testing.T) {
	t.Parallel()
	keys := map[string]bool{}
	for _, p := range Cast() {
		if keys[p.Key] || p.Name == "" || p.About == "" || p.Try == "" || p.Label == "" {
			t.Errorf("%s: incomplete or repeated", p.Key)
		}
		keys[p.Key] = true
		if _, err := json.Marshal(p.Userinfo); err != nil {
			t.Errorf("%s: %v", p.Key, err)
		}
		if r, ok := p.NationalID.RPPS(); ok && !r.CheckDigitOK() {
			t.Errorf("%s: RPPS %s", p.Key, r)
		}
		if !p.Support && p.Userinfo["SubjectNameID"] != string(p.NationalID) {
			t.Errorf("%s: national id differs from its claim", p.Key)
		}
		for _, g := range p.Mailboxes {
			if g.Address.IsZero() || g.Label == "" || g.Rights == "" {
				t.Errorf("%s: incomplete grant", p.Key)
			}
		}
	}
	for _, want := range []string{"martin", "petit", "mercier", "garnier", "haddad", "benali", "fournier", "renard", "lefort", "aubert", "delmas"} {
		if !keys[want] {
			t.Errorf("no %s in the cast", want)
		}
	}
}

func TestPicturesOpen(t *testing.T) {
	t.Parallel()
	if _, err := png.Decode(bytes.NewReader(ecgTrace(true))); err != nil {
		t.Errorf("ECG: %v", err)
	}
	if _, err := jpeg.Decode(bytes.NewReader(woundPhoto(320, 240, 0.5, 80))); err != nil {
		t.Errorf("photo: %v", err)
	}
	big := bigPhoto(6_000_000)
	if _, err := jpeg.Decode(bytes.NewReader(big)); err != nil || len(big) < 5_900_000 {
		t.Errorf("big photo of %d bytes: %v", len(big), err)
	}
	img, err := tiff.Decode(bytes.NewReader(sheetTIFF(200, 300, []string{"Été"})))
	if err != nil || img.Bounds().Dx() != 200 || img.Bounds().Dy() != 300 {
		t.Errorf("TIFF: %v", err)
	}
}

func TestArchiveHoldsItsDocument(t *testing.T) {
	t.Parallel()
	d := labDocument("vial", monday, paper{head: "x", pages: [][]string{{"# Titre"}}})
	z, err := zip.NewReader(bytes.NewReader(d.archive()), int64(len(d.archive())))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	want := []string{"README.TXT", "INDEX.HTM", "IHE_XDM/SUBSET01/METADATA.XML", "IHE_XDM/SUBSET01/DOC0001.XML"}
	if !slices.Equal(names, want) {
		t.Errorf("archive holds %v", names)
	}
	if s := d.xdmSubject(); s != "XDM/1.0/DDM+CR d'examens biologiques VIAL Paul 26/11/1978" {
		t.Errorf("subject %q", s)
	}
}

func TestLongSubject(t *testing.T) {
	t.Parallel()
	for _, l := range seeded() {
		if l.ID != "sujet-long" {
			continue
		}
		m, err := mail.ReadMessage(bytes.NewReader(l.Raw))
		if err != nil {
			t.Fatal(err)
		}
		s, err := decodeHeader(m.Header.Get("Subject"))
		if err != nil || utf8.RuneCountInString(s) != 200 {
			t.Errorf("subject of %d characters: %v", utf8.RuneCountInString(s), err)
		}
		return
	}
	t.Error("no letter with a long subject")
}

// A word of French keeps its accents in a PDF: bytes of WinAnsi, not of UTF-8.
func TestPDFWinAnsi(t *testing.T) {
	t.Parallel()
	pdf := paper{head: "Été", pages: [][]string{{"# Œuvre (1)"}, {"page deux"}}}.pdf()
	if !bytes.Contains(pdf, []byte("\xc9t\xe9")) || !bytes.Contains(pdf, []byte("\x8cuvre \\(1\\)")) || !bytes.Contains(pdf, []byte("/Count 2")) {
		t.Error("PDF text is not encoded as said")
	}
}

func BenchmarkLetters(b *testing.B) {
	for b.Loop() {
		Letters(monday)
	}
}
