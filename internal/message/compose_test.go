package message

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/mail"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

func box(t testing.TB, name, addr string) Mailbox {
	t.Helper()
	a, err := mssante.ParseAddress(addr)
	if err != nil {
		t.Fatal(err)
	}
	return Mailbox{Name: name, Address: a}
}

func bytesFile(name, typ string, b []byte) File {
	return File{Name: name, Type: typ, Size: int64(len(b)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

func simple(t testing.TB) *Compose {
	return &Compose{
		From: box(t, "Dr_Anne_MARTIN", "anne.martin@medecin.test.mssante.fr"), To: []Mailbox{box(t, "Hélène Roux", "helene.roux@lab.test.mssante.fr")},
		Subject: "Votre avis", Date: time.Date(2026, 3, 3, 14, 5, 0, 0, time.FixedZone("", 3600)), MessageID: "<abc@medecin.test.mssante.fr>",
		Text: "Bonjour,\nvoici la lettre.\n", NIL: "PLI-1.0",
	}
}

func written(t testing.TB, c *Compose, o WriteOptions) []byte {
	t.Helper()
	var b bytes.Buffer
	n, err := c.Write(&b, o)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := c.Size(o); err != nil || size != n || int64(b.Len()) != n {
		t.Fatalf("Size says %d (%v), Write says %d, %d bytes came", size, err, n, b.Len())
	}
	return b.Bytes()
}

// checkBytes asserts what holds for everything we write: ASCII, CRLF alone, no
// line over 998, folding at 78 wherever a line can be broken.
func checkBytes(t testing.TB, raw []byte) {
	t.Helper()
	if !bytes.HasSuffix(raw, []byte("\r\n")) {
		t.Fatal("the last line is not ended")
	}
	header := true
	for l := range strings.SplitSeq(strings.TrimSuffix(string(raw), "\r\n"), "\r\n") {
		header = header && l != ""
		if strings.ContainsFunc(l, func(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7F }) {
			t.Fatalf("octet that is no plain ASCII: %q", l)
		}
		if len(l) > 998 || !header && len(l) > foldAt && !strings.Contains(l, "name=") ||
			header && len(l) > foldAt && strings.Contains(strings.TrimSpace(l[strings.IndexByte(l, ':')+1:]), " ") {
			t.Fatalf("line of %d: %q", len(l), l)
		}
	}
}

func TestComposeShape(t *testing.T) {
	t.Parallel()
	c := simple(t)
	c.HTML = `<p>Voici <img src="cid:photo@x"></p>`
	c.Cc, c.Bcc = []Mailbox{box(t, "", "cc@a.test.mssante.fr")}, []Mailbox{box(t, "Caché", "bcc@a.test.mssante.fr")}
	c.Inline = []File{bytesFile("photo.png", "image/png", []byte("png"))}
	c.Inline[0].ContentID = "photo@x"
	c.Files = []File{bytesFile("Compte rendu d’été.pdf", "application/pdf", []byte("%PDF-1.7 x")), bytesFile("lettre.eml", "message/rfc822", []byte("Subject: y\r\n\r\nz"))}
	dnt := c.From
	c.DispositionTo, c.MES = &dnt, "FIN"
	c.Sender = &Mailbox{Name: "Léa Petit, secrétariat pour Dr Anne Martin", Address: c.From.Address}
	c.Extra = []Field{NewField(mssante.HeaderINS, "O"), NewField(FieldDraft, "d1")}
	c.InReplyTo, c.References = "root@x", []string{"<root@x>", "bad id", "<two@x>"}

	raw := written(t, c, WriteOptions{})
	checkBytes(t, raw)
	l := parse(t, string(raw))
	if len(l.Defects) > 0 {
		t.Errorf("defects: %v", l.Defects)
	}
	for name, want := range map[string]string{
		"Date": "Tue, 03 Mar 2026 14:05:00 +0100", "Message-ID": "<abc@medecin.test.mssante.fr>", "In-Reply-To": "<root@x>",
		"References": "<root@x> <two@x>", "X-MSS-NIL": "PLI-1.0", "X-MSS-MES": "FIN", "X-MSS-INS": "O", "MIME-Version": "1.0", "Bcc": "", FieldDraft: "",
		"Disposition-Notification-To": "Dr_Anne_MARTIN <anne.martin@medecin.test.mssante.fr>",
	} {
		if got := l.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if s := l.Envelope.Sender; len(s) != 1 || s[0].Name != c.Sender.Name || len(l.Envelope.Warnings) > 0 {
		t.Errorf("sender %+v, warnings %v", s, l.Envelope.Warnings)
	}
	var shape []string
	l.Root.Walk(func(p *Part) bool { shape = append(shape, p.Path+" "+p.Type); return true })
	want := []string{" multipart/mixed", "1 multipart/alternative", "1.1 text/plain", "1.2 multipart/related", "1.2.1 text/html", "1.2.2 image/png",
		"2 application/pdf", "3 application/octet-stream"}
	if !slices.Equal(shape, want) {
		t.Errorf("shape %q", shape)
	}
	if p := l.Root.Find("2"); p.FileName != "Compte rendu d’été.pdf" || p.Disposition != "attachment" {
		t.Errorf("file %+v", p)
	}
	if p := l.Root.Find("1.2.2"); p.ContentID != "photo@x" || p.Disposition != "inline" {
		t.Errorf("picture %+v", p)
	}
	for _, path := range []string{"1.1", "1.2.1"} {
		if p := l.Root.Find(path); p.Charset != "utf-8" {
			t.Errorf("%s: charset %q (ECO.2.2.3)", path, p.Charset)
		}
	}
	own := parse(t, string(written(t, c, WriteOptions{Bcc: true})))
	if len(own.Envelope.Bcc) != 1 || own.Header.Get(FieldDraft) != "d1" {
		t.Errorf("own copy: Bcc %v, draft %q", own.Envelope.Bcc, own.Header.Get(FieldDraft))
	}
	if bytes.Contains(raw, []byte("bcc@")) {
		t.Error("a Bcc recipient is named in what is sent")
	}
	if !bytes.Equal(raw, written(t, c, WriteOptions{})) {
		t.Error("the same letter gave other bytes")
	}
}

// TestComposeOthersRead: programs that are not ours read names and file names as
// they were given.
func TestComposeOthersRead(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"CR.pdf", "Compte rendu d’été.pdf", "a=?utf-8?q?x?=.pdf", strings.Repeat("éàü ", 20) + "fin.pdf", "日本語の紹介状とても長い名前です日本語の紹介状.pdf", "100 % l'un;l=autre.pdf"} {
		c := simple(t)
		c.Subject, c.From.Name = name, name
		c.Files = []File{bytesFile(name, "application/pdf", []byte("x"))}
		m, err := mail.ReadMessage(bytes.NewReader(written(t, c, WriteOptions{})))
		if err != nil {
			t.Fatal(err)
		}
		var dec mime.WordDecoder
		if got, err := dec.DecodeHeader(m.Header.Get("Subject")); err != nil || got != name {
			t.Errorf("subject %q, %v", got, err)
		}
		if from, err := mail.ParseAddress(m.Header.Get("From")); err != nil || from.Name != strings.TrimSpace(name) || from.Address != c.From.Address.String() {
			t.Errorf("from %v, %v", from, err)
		}
		body, _ := io.ReadAll(m.Body)
		part, err := mail.ReadMessage(bytes.NewReader(body[bytes.LastIndex(body, []byte("Content-Type:")):]))
		if err != nil {
			t.Fatal(err)
		}
		want := SafeFileName(name)
		if _, p, err := mime.ParseMediaType(part.Header.Get("Content-Disposition")); err != nil || p["filename"] != want {
			t.Errorf("filename %q, want %q, %v", p["filename"], want, err)
		}
		_, p, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if got, _ := dec.DecodeHeader(p["name"]); err != nil || got != want {
			t.Errorf("name %q, want %q, %v", got, want, err)
		}
	}
}

// TestComposeProperty: any letter reads back as it was meant.
func TestComposeProperty(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	alphabet := []rune("abcdefgh ABC éèàçœ ’«» 日本語 =?_.-\"'()<>,;:@\\/ 0123456789 \U0001F600")
	text := func(n int, with string) string {
		runes := append(slices.Clone(alphabet), []rune(with)...)
		var b strings.Builder
		for range r.IntN(n + 1) {
			b.WriteRune(runes[r.IntN(len(runes))])
		}
		return b.String()
	}
	for i := range 120 {
		c := simple(t)
		c.Subject, c.Text = text(200, ""), text(1500, "\n\n\r.F\t")+"\nFrom moi\n.\n"
		if r.IntN(2) == 0 {
			c.HTML = "<p>" + text(1500, "\n") + "</p>"
		}
		c.To = nil
		for j := range 1 + r.IntN(40) {
			c.To = append(c.To, box(t, text(60, ""), fmt.Sprintf("p%d.%d@lab.test.mssante.fr", i, j)))
		}
		sums := map[[32]byte]int{}
		for range r.IntN(4) {
			b := make([]byte, r.IntN(20_000))
			for k := range b {
				b[k] = byte(r.Uint32())
			}
			sums[sha256.Sum256(b)]++
			f := bytesFile(text(80, "")+".pdf", "application/pdf", b)
			if c.HTML != "" && r.IntN(2) == 0 {
				f.ContentID = fmt.Sprintf("p%d@x", r.IntN(1000))
				c.Inline = append(c.Inline, f)
			} else {
				c.Files = append(c.Files, f)
			}
		}
		if err := c.Check(); err != nil {
			t.Fatalf("letter %d: %v", i, err)
		}
		raw := written(t, c, WriteOptions{Bcc: r.IntN(2) == 0})
		checkBytes(t, raw)
		l := parse(t, string(raw))
		if got, want := l.Envelope.Subject, cleanLine(c.Subject); got != want || len(l.Defects) > 0 {
			t.Fatalf("letter %d: subject %q, want %q; %v", i, got, want, l.Defects)
		}
		if len(l.Envelope.To) != len(c.To) {
			t.Fatalf("letter %d: %d recipients of %d", i, len(l.Envelope.To), len(c.To))
		}
		for j, m := range l.Envelope.To {
			if m.Address != c.To[j].Address || !m.Valid {
				t.Fatalf("letter %d: recipient %+v, want %+v", i, m, c.To[j])
			}
		}
		got := map[[32]byte]int{}
		l.Root.Walk(func(p *Part) bool {
			if p.Type == "application/pdf" {
				b, err := io.ReadAll(p.Reader())
				if err != nil {
					t.Fatal(err)
				}
				got[sha256.Sum256(b)]++
			}
			return true
		})
		if fmt.Sprint(got) != fmt.Sprint(sums) {
			t.Fatalf("letter %d: files differ", i)
		}
		wantText := strings.ReplaceAll(strings.ReplaceAll(c.Text, "\r\n", "\n"), "\r", "\n")
		if s, _ := l.Root.Body().Plain.Text(); strings.TrimRight(s, "\n") != strings.TrimRight(wantText, "\n") {
			t.Fatalf("letter %d: text %q, want %q", i, s, wantText)
		}
		if strings.Contains(string(raw), "\n.") || strings.Contains(string(raw), "\nFrom moi") {
			t.Fatalf("letter %d: a line a server would alter", i)
		}
	}
}

// TestComposeMemory: 25 MB of files cost a few buffers.
func TestComposeMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("what is allocated, of size: without the race detector (tests of size)")
	}
	const size = 18_000_000
	c := simple(t)
	for i := range 3 {
		c.Files = append(c.Files, File{Name: fmt.Sprintf("f%d.bin", i), Size: size / 3, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.LimitReader(zeros{}, size/3)), nil
		}})
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := c.Write(io.Discard, WriteOptions{})
	runtime.ReadMemStats(&after)
	if err != nil || n < 24_000_000 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	if grew := after.TotalAlloc - before.TotalAlloc; grew > 300_000 {
		t.Errorf("%d bytes allocated for a letter of %d", grew, n)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestComposeFiles: a file that is not what it was said to be never makes a whole
// letter, and the reader's own failure is told as such.
func TestComposeFiles(t *testing.T) {
	t.Parallel()
	body := []byte(strings.Repeat("x", 100_000))
	for name, f := range map[string]File{
		"shorter": {Name: "a", Size: 100_001, Open: bytesFile("", "", body).Open},
		"longer":  {Name: "a", Size: 99_999, Open: bytesFile("", "", body).Open},
		"absent":  {Name: "a", Size: 1, Open: func() (io.ReadCloser, error) { return nil, errors.New("gone") }},
		"nothing": {Name: "a", Size: 1},
	} {
		c := simple(t)
		c.Files = []File{f}
		var b bytes.Buffer
		if _, err := c.Write(&b, WriteOptions{}); !problem.Is(err, problem.Internal) || !strings.Contains(problem.SayOf(err), "«\u00a0a\u00a0»") {
			t.Errorf("%s: %v", name, err)
		}
		if bytes.Contains(b.Bytes(), []byte("_1--")) {
			t.Errorf("%s: the letter was ended", name)
		}
	}
	c := simple(t)
	c.Files = []File{bytesFile("a", "", body)}
	down := errors.New("line down")
	if _, err := c.Write(&brokenAfter{n: 50_000, err: down}, WriteOptions{}); !errors.Is(err, down) || problem.Is(err, problem.Invalid) {
		t.Errorf("writer's failure: %v", err)
	}
}

type brokenAfter struct {
	n   int
	err error
}

func (b *brokenAfter) Write(p []byte) (int, error) {
	if b.n -= len(p); b.n < 0 {
		return 0, b.err
	}
	return len(p), nil
}
