package audit

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func (w *world) exporter(file string) *HeadExport { return &HeadExport{Trail: w.Trail, File: file} }

func (w *world) export(x *HeadExport, want int) {
	w.t.Helper()
	if n, err := x.Export(w.t.Context()); err != nil || n != want {
		w.t.Fatalf("exported %d, %v; want %d", n, err, want)
	}
}

// shipped reads the file as the operator's other machine would have it.
func (w *world) shipped(file string) []Head {
	w.t.Helper()
	f, err := os.Open(file)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	heads, unread, err := ReadHeads(f)
	if err != nil || len(unread) > 0 {
		w.t.Fatalf("%v, unread %v", err, unread)
	}
	return heads
}

// TestTailRemovedShowsBackToTheLastExport: an intruder cuts the tail and puts back the
// head of that time; rows and heads agree, the exported head does not.
func TestTailRemovedShowsBackToTheLastExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	file := filepath.Join(t.TempDir(), "heads")
	x := w.exporter(file)
	w.put(3)
	w.export(x, 1)
	w.tamper(`CREATE TABLE old_heads AS SELECT * FROM audit_heads`)
	w.put(2)
	w.export(x, 1)
	w.export(x, 0) // nothing new: the file does not grow
	w.put(4)       // after the last export: nobody can know of these
	w.tamper(`DELETE FROM audit_rows WHERE n > 3`, `DELETE FROM audit_heads`, `INSERT INTO audit_heads SELECT * FROM old_heads`)
	if r := w.verify(); !r.OK() {
		t.Fatalf("the roll-back is not consistent, so the test proves nothing: %v", r.Broken)
	}
	heads := w.shipped(file)
	r, err := w.Verify(t.Context(), heads...)
	if err != nil || r.OK() || r.Broken.Flaw != FlawRolledBack || r.Broken.N != 5 {
		t.Fatalf("%+v, %v", r.Broken, err)
	}
	if _, err := x.Export(t.Context()); !errors.Is(err, ErrBroken) {
		t.Errorf("the export goes on over a roll-back: %v", err)
	}
	// A process started afterwards learns it from the file.
	if _, err := w.exporter(file).Export(t.Context()); !errors.Is(err, ErrBroken) {
		t.Errorf("a fresh process exports over a roll-back: %v", err)
	}
	if now := w.shipped(file); !slices.EqualFunc(now, heads, func(a, b Head) bool { return bytes.Equal(a.MAC, b.MAC) }) {
		t.Error("the file changed")
	}
}

// Rows written again over a cut tail do not hide it: the exported head names the row.
func TestTailRewrittenShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	file := filepath.Join(t.TempDir(), "heads")
	w.put(3)
	w.tamper(`CREATE TABLE old_heads AS SELECT * FROM audit_heads`)
	w.put(2)
	w.export(w.exporter(file), 1)
	w.tamper(`DELETE FROM audit_rows WHERE n > 3`, `DELETE FROM audit_heads`, `INSERT INTO audit_heads SELECT * FROM old_heads`)
	w.put(5) // the house itself goes on from the old head
	if r := w.verify(); !r.OK() {
		t.Fatalf("broken: %v", r.Broken)
	}
	if r, err := w.Verify(t.Context(), w.shipped(file)...); err != nil || r.OK() || r.Broken.N != 5 {
		t.Errorf("%+v, %v", r.Broken, err)
	}
}

// An altered head is not exported, and a crash in the middle of a line costs that
// line only.
func TestExportKeepsTheTruth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	file := filepath.Join(t.TempDir(), "heads")
	w.put(3)
	w.export(w.exporter(file), 1)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(file, append(whole, whole[:40]...), 0o600); err != nil {
		t.Fatal(err)
	}
	w.put(1)
	w.export(w.exporter(file), 1)
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	heads, unread, err := ReadHeads(f)
	if err != nil || len(heads) != 2 || heads[1].N != 4 || !slices.Equal(unread, []int{2}) {
		t.Errorf("%d heads, unread %v, %v", len(heads), unread, err)
	}
	w.tamper(`UPDATE audit_heads SET n = 9`)
	if _, err := w.exporter(file).Export(t.Context()); !errors.Is(err, ErrBroken) {
		t.Errorf("an altered head was exported: %v", err)
	}
	// The file cannot keep a head from being exported: only our signature counts.
	forged := strings.Replace(string(whole), `"rows":3`, `"rows":999`, 1)
	if forged == string(whole) || os.WriteFile(file, []byte(forged), 0o600) != nil {
		t.Fatal("not forged")
	}
	w.tamper(`UPDATE audit_heads SET n = 4`)
	w.export(w.exporter(file), 1)
}

func TestHeadsThereAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.put(2)
	w.pass(24 * time.Hour)
	w.put(3)
	heads, err := w.Heads(t.Context())
	if err != nil || len(heads) != 2 {
		t.Fatal(len(heads), err)
	}
	var b bytes.Buffer
	if err := WriteHeads(&b, heads); err != nil {
		t.Fatal(err)
	}
	back, unread, err := ReadHeads(&b)
	if err != nil || len(unread) > 0 || len(back) != 2 {
		t.Fatal(len(back), unread, err)
	}
	if r, err := w.Verify(t.Context(), back...); err != nil || !r.OK() {
		t.Errorf("%+v, %v", r.Broken, err)
	}
	if last := LastHeads(back); len(last) != 1 || last[0].N != 3 || last[0].Day != heads[1].Day {
		t.Errorf("%+v", last)
	}
}

func FuzzReadHeads(f *testing.F) {
	f.Add([]byte(`{"node":"n","day":"2026-11-22","rows":1,"row_mac":"AA==","signed_at":"2026-11-22T09:00:00Z","key":"k","mac":"AA=="}` + "\n"))
	f.Add([]byte("{}\n\n{\"node\":\n"))
	f.Add(bytes.Repeat([]byte("x"), 3*maxHeadLine))
	f.Fuzz(func(t *testing.T, b []byte) {
		heads, unread, err := ReadHeads(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		var lines int
		for _, l := range bytes.Split(b, []byte("\n")) {
			if len(bytes.TrimSpace(l)) > 0 {
				lines++
			}
		}
		if len(heads)+len(unread) > lines+1 {
			t.Fatalf("%d heads and %d unread of %d lines", len(heads), len(unread), lines)
		}
		for _, h := range heads {
			if h.Node == "" || h.N < 1 || len(h.MAC) == 0 {
				t.Fatalf("%+v", h)
			}
		}
	})
}

// TestExportOfNothingTouchesTheFile: a file that cannot be made fails at the first
// round, although there is no head yet.
func TestExportOfNothingTouchesTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	file := filepath.Join(t.TempDir(), "heads")
	w.export(w.exporter(file), 0)
	if info, err := os.Stat(file); err != nil || info.Size() != 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := w.exporter(filepath.Join(t.TempDir(), "no", "heads")).Export(t.Context()); err == nil {
		t.Error("an export to a folder that is not there is a success")
	}
}
