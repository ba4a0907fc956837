package outgoing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/problem"
)

// A page left open by somebody else neither saves, discards nor sends in the name of
// whoever is signed in now.
func TestPageOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	e := edit(d.Version, "w", 9, "de Zoé")
	e.Account = "acc-zoe"
	_, save := w.Save(w.ctx, box, d.ID, e)
	_, discard := w.DiscardWith(w.ctx, box, d.ID, e)
	_, send := w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version, Account: "acc-zoe"})
	for what, err := range map[string]error{"save": save, "discard": discard, "send": send} {
		if !problem.Is(err, problem.Conflict) || !strings.Contains(problem.SayOf(err), "appartient à une autre personne") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if got, err := w.Get(w.ctx, box, d.ID); err != nil || got.Version != d.Version || got.State != Open || w.count(`SELECT count(*) FROM drafts`) != 1 || w.arrived(hugoBox) != 0 {
		t.Fatalf("something happened all the same: %+v %v", got, err)
	}
	e = edit(d.Version, "w", 9, "d’Anne")
	e.Fields.To, e.Account = d.Fields.To, box.Actor().AccountID
	s, err := w.Save(w.ctx, box, d.ID, e)
	w.must(err)
	if r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: s.Version, Account: e.Account}); err != nil || r.Came != CameSent {
		t.Errorf("their own page: %+v %v", r, err)
	}
}

// Attack: who knows a draft's id joins its flight from another mailbox.
func TestFlightOfAnotherMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.give(hugoBox, zoe.NationalID, delegation.Owner, delegation.All)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	there, err := w.house.Open(w.ctx, zoe, address(t, hugoBox))
	w.must(err)
	inside, goOn := make(chan struct{}), make(chan struct{})
	w.crash = func(point string) {
		if point == "recorded" {
			close(inside)
			<-goOn
		}
	}
	sent := make(chan Result, 1)
	go func() {
		r, _ := w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version})
		sent <- r
	}()
	<-inside
	ctx, cancel := context.WithTimeout(w.ctx, 2*time.Second)
	defer cancel()
	_, send := w.Send(ctx, there, d.ID, SendOptions{Version: d.Version})
	_, settle := w.Settle(ctx, there, d.ID, ItLeft)
	close(goOn)
	if !problem.Is(send, problem.NotFound) || !problem.Is(settle, problem.NotFound) {
		t.Errorf("send: %v, settle: %v", send, settle)
	}
	if r := <-sent; r.Came != CameSent {
		t.Errorf("%+v", r)
	}
}

// What panics may carry a patient's words: the log says its type only.
func TestPanicsAreLoggedWithoutContent(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	o := New(Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, v := range []any{"SECRET un", errors.New("SECRET deux")} {
		o.launch(func() { panic(v) })
		o.flying.Wait()
	}
	if s := log.String(); strings.Contains(s, "SECRET") || !strings.Contains(s, "kind=string") || !strings.Contains(s, "kind=*errors.errorString") {
		t.Error(s)
	}
}

// What is here of a file can be compared before the rest is sent.
func TestPrefix(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	content := noise(2*ChunkSize + 100)
	f, err := w.StartUpload(w.ctx, box, d.ID, "a.bin", int64(len(content)))
	w.must(err)
	for _, n := range []int{0, 1, ChunkSize - 1, ChunkSize, ChunkSize + 5, 2 * ChunkSize, len(content)} {
		_, err := w.Chunk(w.ctx, box, d.ID, f.ID, 0, bytes.NewReader(content[:n]))
		w.must(err)
		got, sum, err := w.Prefix(w.ctx, box, d.ID, f.ID)
		want := sha256.Sum256(content[:n])
		if err != nil || got != int64(n) || sum != hex.EncodeToString(want[:]) {
			t.Errorf("%d octets: %d %s %v", n, got, sum, err)
		}
	}
	// A chunk that grew since the row was read counts as far as it went.
	want := sha256.Sum256(content[:2*ChunkSize+7])
	if sum, err := w.prefix(w.ctx, File{ID: f.ID, Received: 2*ChunkSize + 7}); err != nil || sum != hex.EncodeToString(want[:]) {
		t.Errorf("%s %v", sum, err)
	}
	w.exec(`DELETE FROM draft_chunks WHERE n = 1`)
	if _, _, err := w.Prefix(w.ctx, box, d.ID, f.ID); err == nil {
		t.Error("digested without its middle")
	}
	if _, _, err := w.Prefix(w.ctx, box, w.letter(box, hugoBox).ID, f.ID); !problem.Is(err, problem.NotFound) {
		t.Errorf("a file of another draft: %v", err)
	}
	w.give(anneBox, zoe.NationalID, delegation.Delegate, delegation.Read)
	if _, _, err := w.Prefix(w.ctx, w.box(zoe), d.ID, f.ID); !problem.Is(err, problem.Denied) {
		t.Errorf("without the right to write: %v", err)
	}
}
