package outgoing

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/problem"
)

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// An upload cut anywhere resumes where it was; what is sent twice counts once.
func TestUploadResumes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	content := noise(3*ChunkSize + 1234)
	f, err := w.StartUpload(w.ctx, box, d.ID, "radio.dcm", int64(len(content)))
	w.must(err)
	broken := errors.New("the line broke")
	for _, c := range []struct {
		name     string
		offset   int64
		r        io.Reader
		received int64
		ok       bool
	}{
		{"a first piece", 0, bytes.NewReader(content[:1000]), 1000, true},
		{"the same again", 0, bytes.NewReader(content[:1000]), 1000, true},
		{"overlapping, across a chunk", 500, bytes.NewReader(content[500 : ChunkSize+7]), ChunkSize + 7, true},
		{"a hole", ChunkSize + 8, bytes.NewReader(content[ChunkSize+8:]), ChunkSize + 7, false},
		{"before the beginning", -1, bytes.NewReader(content), ChunkSize + 7, false},
		{"cut off", ChunkSize + 7, io.MultiReader(bytes.NewReader(content[ChunkSize+7:2*ChunkSize+99]), iotest.ErrReader(broken)), 2*ChunkSize + 99, false},
		{"the rest, byte by byte", 2*ChunkSize + 99, iotest.HalfReader(bytes.NewReader(content[2*ChunkSize+99:])), int64(len(content)), true},
		{"all of it once more", 0, bytes.NewReader(content), int64(len(content)), true},
	} {
		got, err := w.Chunk(w.ctx, box, d.ID, f.ID, c.offset, c.r)
		if got.Received != c.received || (err == nil) != c.ok {
			t.Fatalf("%s: %d octets received, want %d (%v)", c.name, got.Received, c.received, err)
		}
	}
	if w.content(box, d.ID, f.ID) != string(content) {
		t.Error("the content changed")
	}
	d, err = w.Get(w.ctx, box, d.ID)
	w.must(err)
	if len(d.Files) != 1 || !d.Files[0].Complete() || d.Files[0].Type != "application/octet-stream" {
		t.Errorf("%+v", d.Files)
	}
}

func TestUploadRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	if _, err := w.StartUpload(w.ctx, box, d.ID, "vide.pdf", 0); problem.SayOf(err) != sayEmptyFile {
		t.Errorf("empty: %v", err)
	}
	if _, err := w.StartUpload(w.ctx, box, d.ID, "gros.pdf", 19_000_000); !problem.Is(err, problem.TooLarge) || !strings.Contains(problem.SayOf(err), "18\u00a0Mo de fichiers au plus") {
		t.Errorf("too large: %q", problem.SayOf(err))
	}
	f, err := w.StartUpload(w.ctx, box, d.ID, "../../e\u202egpj.exe\r\n", 10)
	w.must(err)
	if strings.ContainsAny(f.Name, "/\r\n\u202e") || f.Name == "" {
		t.Errorf("name %q", f.Name)
	}
	got, err := w.Chunk(w.ctx, box, d.ID, f.ID, 0, strings.NewReader("beaucoup trop long"))
	if problem.SayOf(err) != sayMore || got.Received > 10 {
		t.Errorf("longer than announced: %d, %v", got.Received, err)
	}
	other := w.letter(box, hugoBox)
	if _, err := w.Chunk(w.ctx, box, other.ID, f.ID, 0, strings.NewReader("0123456789")); !problem.Is(err, problem.NotFound) {
		t.Errorf("a file of another draft: %v", err)
	}
	if _, _, err := w.OpenFile(w.ctx, box, d.ID, f.ID); !problem.Is(err, problem.NotFound) {
		t.Errorf("half a file can be opened: %v", err)
	}
}

// Two requests with the same octets at once leave one copy of them.
func TestChunksAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	content := noise(2*ChunkSize + 5)
	f, err := w.StartUpload(w.ctx, box, d.ID, "a", int64(len(content)))
	w.must(err)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { _, _ = w.Chunk(w.ctx, w.box(anne), d.ID, f.ID, 0, bytes.NewReader(content)) })
	}
	all.Wait()
	if w.content(box, d.ID, f.ID) != string(content) {
		t.Error("the content changed")
	}
	// One that began before the other and ends after it brings nothing.
	f, err = w.StartUpload(w.ctx, box, d.ID, "b", 5)
	w.must(err)
	slow, quick := f, f
	late, err := w.chunkWriter(w.ctx, d.ID, &slow)
	w.must(err)
	early, err := w.chunkWriter(w.ctx, d.ID, &quick)
	w.must(err)
	_, _ = late.Write([]byte("abc"))
	_, _ = early.Write([]byte("01234"))
	w.must(early.flush())
	if err := late.flush(); !problem.Is(err, problem.Conflict) || w.content(box, d.ID, f.ID) != "01234" {
		t.Errorf("%v: %q", err, w.content(box, d.ID, f.ID))
	}
}

// A chunk that was altered, swapped or moved to another file is an error, never a
// document that looks whole.
func TestChunksAreBound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	a, b := w.attach(box, d, "a.bin", noise(2*ChunkSize)), w.attach(box, d, "b.bin", noise(2*ChunkSize))
	for _, change := range []string{
		`UPDATE draft_chunks SET n = CASE n WHEN 0 THEN 1 ELSE 0 END + 10 WHERE file_id = ?1`, // swapped, in two steps
		`UPDATE draft_chunks SET blob = (SELECT blob FROM draft_chunks c WHERE c.file_id = ?2 AND c.n = draft_chunks.n) WHERE file_id = ?1`,
		`UPDATE draft_chunks SET blob = zeroblob(length(blob)) WHERE file_id = ?1 AND n = 1`,
		`DELETE FROM draft_chunks WHERE file_id = ?1 AND n = 1`,
		`UPDATE draft_files SET size = 100, received = 100 WHERE id = ?1`,
	} {
		undone := errors.New("undone")
		err := w.db.Write(w.ctx, func(tx *sql.Tx) error {
			if _, err := tx.Exec(change, a.ID, b.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(`UPDATE draft_chunks SET n = n - 10 WHERE n >= 10`); err != nil {
				t.Fatal(err)
			}
			h := sha256.New()
			if _, err := io.Copy(h, &chunkReader{ctx: w.ctx, o: w.Outbox, q: tx, file: a.ID}); err == nil {
				t.Errorf("read without a word after %s", change)
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
	}
}

// A file never stands in memory whole, coming or going.
func TestStreams(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's own memory is in the way")
	}
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	const size = 17_000_000
	f, err := w.StartUpload(w.ctx, box, d.ID, "a.bin", size)
	w.must(err)
	m := meter{r: rand.NewChaCha8([32]byte{2})}
	m.start()
	f, err = w.Chunk(w.ctx, box, d.ID, f.ID, 0, io.LimitReader(&m, size))
	w.must(err)
	up := m.peak
	m.start()
	r := w.openFile(w.ctx, f.ID)
	n, err := io.Copy(&m, r)
	w.must(err)
	if n != size {
		t.Fatalf("%d octets came back", n)
	}
	down := m.peak
	d, err = w.Get(w.ctx, box, d.ID)
	w.must(err)
	letter, err := w.compose(w.ctx, box, d, w.now())
	w.must(err)
	m.start()
	_, err = letter.Write(&m, message.WriteOptions{})
	w.must(err)
	t.Logf("peak above the start: %d kB up, %d kB down, %d kB written", up>>10, down>>10, m.peak>>10)
	if max(up, down, m.peak) > 8<<20 {
		t.Error("a file stands in memory whole")
	}
}

// meter looks at the heap in use as octets pass.
type meter struct {
	r     io.Reader
	n     int
	first uint64
	peak  uint64
}

func (m *meter) start() {
	runtime.GC()
	runtime.GC()
	m.n, m.peak = 0, 0
	m.first = live()
}

func live() uint64 {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

func (m *meter) look(n int) {
	if m.n += n; m.n >= 1<<20 {
		m.n = 0
		runtime.GC() // what is held, not what waits to be collected
		if now := live(); now > m.first {
			m.peak = max(m.peak, now-m.first)
		}
	}
}

func (m *meter) Read(p []byte) (int, error)  { m.look(len(p)); return m.r.Read(p) }
func (m *meter) Write(p []byte) (int, error) { m.look(len(p)); return len(p), nil }

func TestSniff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, head, want string }{
		{"a.pdf", "%PDF-1.7", "application/pdf"},
		{"a.pdf", "<html><script>", "text/html"},
		{"photo.jpg", "\xff\xd8\xff\xe0", "image/jpeg"},
		{"a.png", "MZ\x90\x00\x03\x00\x00\x00", "application/octet-stream"},
		{"scan.tif", "II*\x00\x08", "image/tiff"},
		{"i.dcm", strings.Repeat("\x00", 128) + "DICM", "application/dicom"},
		{"cr.docx", "PK\x03\x04", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{"x.zip", "PK\x03\x04", "application/zip"},
		{"bio.csv", "nom;valeur", "text/csv"},
		{"note.txt", "Été à l’hôpital", "text/plain"},
		{"note.txt", "\xc9t\xe9", "application/octet-stream"},
		{"coupé.txt", strings.Repeat("a", 511) + "é", "text/plain"},
		{"bio.hpr", "H|~^\\&|", "application/octet-stream"},
		{"l.rtf", `{\rtf1`, "application/rtf"},
		{"", "", "application/octet-stream"},
	} {
		if got := Sniff(c.name, []byte(c.head)); got != c.want {
			t.Errorf("%s %.10q: %s, want %s", c.name, c.head, got, c.want)
		}
	}
}
