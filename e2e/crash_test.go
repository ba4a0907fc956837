//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/e2e/visitor"
	"pli.example/pli/internal/demo/people"
)

func needLong(t *testing.T) {
	t.Helper()
	if os.Getenv("PLI_E2E_LONG") == "" {
		t.Skip("a long run: e2e/test --long")
	}
}

// TestCrash kills the program in the middle of acts, again and again. After each
// restart: nobody has to sign in again, every letter lies in exactly one folder,
// and the trail's chain holds.
func TestCrash(t *testing.T) {
	needLong(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	w := newOperator(t, operatorOptions{noLetters: true})
	mark := unique("chute")
	const letters = 20
	// One mailbox each: two sessions that move one letter at the same moment may
	// double it in Dovecot itself.
	keys := []string{"martin", "petit", "mercier"}
	eyes := []*eye{w.eye(t, martinBox), w.eye(t, people.PetitBox.String()), w.eye(t, people.MercierBox.String())}
	visitors := make([]*visitor.Visitor, len(keys))
	for i, key := range keys {
		for n := range letters {
			eyes[i].deliver(plainLetter(fmt.Sprintf("%s %02d", mark, n), "texte"))
		}
		visitors[i] = visitor.New()
		if _, err := visitors[i].SignIn(w.base, key); err != nil {
			t.Fatal(err)
		}
	}
	acts := 0
	for round := range 12 {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var mu sync.Mutex
		for _, v := range visitors {
			wg.Go(func() {
				for ctx.Err() == nil {
					if shuffle(v, w.base) == nil {
						mu.Lock()
						acts++
						mu.Unlock()
					}
				}
			})
		}
		time.Sleep(time.Duration(150+r.IntN(1200)) * time.Millisecond)
		w.Pli.Kill()
		cancel()
		wg.Wait()
		if err := w.Pli.Start(); err != nil {
			t.Fatalf("round %d: does not start again: %v", round, err)
		}
		for i, v := range visitors {
			p, err := v.Get(w.base + "/")
			if err != nil || !p.Has("signout") {
				t.Fatalf("round %d: %s has to sign in again: %v", round, keys[i], err)
			}
			eyes[i].holds(mark, letters)
		}
		if out := run(t, w.env, "audit", "verify"); !strings.Contains(out, "Le journal tient.") {
			t.Fatalf("round %d: %s", round, out)
		}
	}
	if acts < 50 {
		t.Errorf("only %d acts were done: the run proves little", acts)
	}
	t.Logf("12 crashes, %d acts answered", acts)
}

// shuffle opens a letter of a random folder and moves it to another, as a person
// would by its buttons.
func shuffle(v *visitor.Visitor, base string) error {
	p, err := v.Get(base + "/")
	if err != nil {
		return err
	}
	folder := []string{"inbox", "archive", "trash"}[rand.IntN(3)]
	if p, err = v.Get(base + p.Attr("folder-"+folder, "href")); err != nil {
		return err
	}
	refs := p.Attrs("row-select", "value")
	if len(refs) == 0 {
		return fmt.Errorf("folder %s is empty", folder)
	}
	act := map[string]string{"inbox": "bulk-archive", "archive": "bulk-bin", "trash": "bulk-archive"}[folder]
	if p, err = v.Press(p, act, url.Values{"ref": {refs[rand.IntN(len(refs))]}}); err != nil {
		return err
	}
	if rand.IntN(3) == 0 && p.Has("undo") {
		_, err = v.Press(p, "undo", nil)
	}
	return err
}

// holds waits until a word's letters are so many: the mail server may still be
// ending a command of the program that died.
func (e *eye) holds(word string, want int) {
	e.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		total := 0
		counts := e.counts(word)
		for _, n := range counts {
			total += n
		}
		if total == want {
			return
		}
		if time.Now().After(deadline) {
			e.t.Fatalf("%d letters, %d were delivered: %v", total, want, counts)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// counts tells how many letters with this word each folder holds.
func (e *eye) counts(word string) map[string]int {
	e.t.Helper()
	folders, err := e.c.Folders()
	if err != nil {
		e.t.Fatal(err)
	}
	out := map[string]int{}
	for _, f := range folders {
		if slices.Contains(f.Attrs, `\Noselect`) || slices.Contains(f.Attrs, `\NonExistent`) {
			continue
		}
		if _, _, err := e.c.Select(f.Name); err != nil {
			e.t.Fatal(err)
		}
		found, err := e.c.Search("SUBJECT " + rawimap.Quote(word))
		if err != nil {
			e.t.Fatal(err)
		}
		if len(found) > 0 {
			out[f.Name] = len(found)
		}
	}
	return out
}
