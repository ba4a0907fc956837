package trust

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

func TestAllowsExactDomainsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if v := w.verdict("medecin.mssante.fr"); v != Unknown {
		t.Errorf("before any list: %v", v)
	}
	w.publish(sign(t, list(born, "medecin.mssante.fr", "MEDECIN.mssante.fr", " chu-tours.mssante.fr\n", "mssante.apicrypt.org", "santé.mssante.fr", "pas un nom"), nil), "")
	w.mustRefresh()
	for domain, want := range map[string]Verdict{
		"medecin.mssante.fr":         Inside,
		"Medecin.MSSante.FR":         Inside,
		"chu-tours.mssante.fr":       Inside,
		"mssante.apicrypt.org":       Inside,
		"xn--sant-epa.mssante.fr":    Inside,
		"mssante.fr":                 Outside,
		"sub.medecin.mssante.fr":     Outside,
		"xmedecin.mssante.fr":        Outside,
		"medecin.mssante.fr.example": Outside,
		"medecin.mssante.fr.":        Outside,
		"apicrypt.org":               Outside,
		"":                           Outside,
	} {
		if got := w.verdict(domain); got != want {
			t.Errorf("%q: %v, want %v", domain, got, want)
		}
	}
	st := w.list.State()
	if !st.Loaded || st.Domains != 4 || st.Entries != 6 || st.Skipped != 1 || st.Signer != DefaultSigner || st.Stale || !st.DateGenerated.Equal(born) || !st.LastSuccess.Equal(born) || st.LastError != "" {
		t.Errorf("%+v", st)
	}
	if got := w.actions(); len(got) != 1 || got[0] != "trust.refresh generated=2026-11-23T09:00:00Z" {
		t.Errorf("trail: %q", got)
	}
}

// Each refused document leaves the last good list in force, with its reason on the
// page, in the error's kind and once in the trail.
func TestRefusedListsLeaveTheLastGoodOne(t *testing.T) {
	t.Parallel()
	later := born.Add(time.Hour)
	fresh := list(later, "forge.example")
	good := string(sign(t, fresh, nil))
	named := func(name string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: name} }
	}
	dated := func(from, to time.Time) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = from, to }
	}
	// One database for all rows: opening one costs more than the rest.
	w := newWorld(t, func(o *Options) { o.MaxBytes = 64 << 10 })
	inForce := sign(t, list(born, "medecin.mssante.fr"), nil)
	w.publish(inForce, "")
	w.mustRefresh()
	w.advance(2 * time.Hour)
	for _, tc := range []struct {
		name   string
		doc    []byte
		reason reason
		kind   problem.Kind
		say    string
	}{
		{"tampered", []byte(strings.Replace(good, "forge.example", "forgf.example", 1)), tampered, problem.Invalid, "modifiée"},
		{"another signer", sign(t, fresh, named("autre.mssante.fr")), wrongSigner, problem.Invalid, "autorité attendue"},
		{"usage", sign(t, fresh, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), wrongSigner, problem.Invalid, "autorité attendue"},
		{"certificate expired since the list", sign(t, list(born.Add(10*time.Minute), "forge.example"), dated(born.AddDate(-1, 0, 0), born.Add(30*time.Minute))), expiredSigner, problem.Invalid, "du 23/11/2025 au 23/11/2026"},
		{"certificate later than the list", sign(t, list(born, "forge.example"), dated(later, born.AddDate(1, 0, 0))), expiredSigner, problem.Invalid, "23/11/2026"},
		{"not signed", []byte(fresh), malformed, problem.Invalid, "forme"},
		{"truncated", []byte(good[:len(good)/2]), malformed, problem.Invalid, "forme"},
		{"entities", []byte(strings.Replace(good, "<ListeBlanche", `<!DOCTYPE L [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><ListeBlanche`, 1)), malformed, problem.Invalid, "forme"},
		{"no domain", sign(t, list(later), nil), malformed, problem.Invalid, "forme"},
		{"signature over another root", sign(t, "<a><Domaine/></a>", nil), malformed, problem.Invalid, "forme"},
		{"rolled back", sign(t, list(born.Add(-time.Second), "forge.example"), nil), rolledBack, problem.Invalid, "plus ancienne"},
		{"from the future", sign(t, list(born.Add(72*time.Hour), "forge.example"), nil), fromFuture, problem.Invalid, "à venir"},
		{"too large", make([]byte, 100<<10), tooLarge, problem.TooLarge, "dépasse"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w.t = t
			w.publish(inForce, "")
			w.mustRefresh() // our own bytes again: a success
			before := len(w.actions())
			w.advance(time.Second)
			w.publish(tc.doc, "")
			err := w.refresh()
			if problem.KindOf(err) != tc.kind || !strings.Contains(problem.SayOf(err), tc.say) {
				t.Errorf("%v / %s", err, problem.SayOf(err))
			}
			if w.verdict("forge.example") == Inside || w.verdict("medecin.mssante.fr") != Inside {
				t.Error("the last good list is not in force")
			}
			st := w.list.State()
			if !strings.HasSuffix(st.LastError, " Celle du 23/11/2026 reste utilisée.") || st.Failures != 1 || !st.LastTry.After(st.LastSuccess) {
				t.Errorf("%+v", st)
			}
			if err := w.refresh(); err == nil {
				t.Error("accepted the second time")
			}
			if got := w.actions()[before:]; len(got) != 1 || got[0] != "trust.refused reason="+string(tc.reason) {
				t.Errorf("trail: %q", got)
			}
			if again := w.open(nil); again.Load(t.Context()) != nil || again.Allows(mssante.Address{Local: "x", Domain: "medecin.mssante.fr"}) != Inside {
				t.Error("the saved copy is not the last good one")
			}
		})
	}
}

// A list alone is refused when too old: replayed to a new installation, it would
// bring back domains that were taken out.
func TestOldListIsNotANewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.MaxAge = 48 * time.Hour })
	old := sign(t, list(born.Add(-49*time.Hour), "medecin.mssante.fr"), nil)
	w.publish(old, "")
	if err := w.refresh(); !strings.Contains(problem.SayOf(err), "trop ancienne. Aucune liste n’est en vigueur") || w.list.State().Loaded {
		t.Errorf("%v", err)
	}
	w.publish(sign(t, list(born, "medecin.mssante.fr"), nil), "")
	w.mustRefresh()
	w.advance(49 * time.Hour)
	if st := w.list.State(); !st.Stale || st.Age != 49*time.Hour || w.verdict("medecin.mssante.fr") != Inside {
		t.Errorf("%+v", st)
	}
	w.mustRefresh() // the same bytes: no news, no error
	if st := w.list.State(); !st.Stale || !st.LastSuccess.Equal(w.clock()) {
		t.Errorf("%+v", st)
	}
}

func TestSignerExpiresKeepsTheListInForce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.MaxAge = 365 * 24 * time.Hour })
	w.publish(sign(t, list(born, "medecin.mssante.fr"), nil), "")
	w.mustRefresh()
	w.advance(40 * 24 * time.Hour)
	w.publish(sign(t, list(w.clock(), "nouveau.mssante.fr"), nil), "")
	if err := w.refresh(); !strings.Contains(problem.SayOf(err), "certificat qui n’est valable que du 23/11/2025 au 23/12/2026.") {
		t.Errorf("%v / %s", err, problem.SayOf(err))
	}
	again := w.open(nil)
	if err := again.Load(t.Context()); err != nil || again.Allows(mssante.Address{Local: "x", Domain: "medecin.mssante.fr"}) != Inside {
		t.Errorf("a restart lost the list: %v", err)
	}
	if st := again.State(); !st.SignerExpires.Before(w.clock()) {
		t.Errorf("%+v", st)
	}
}

// Nothing in the database is believed by itself.
func TestChangedDatabaseGivesNoTrust(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	good := sign(t, list(born, "medecin.mssante.fr"), nil)
	for name, spoil := range map[string]func(*world){
		"document": func(w *world) { w.exec(`UPDATE trust_list SET document = ?`, []byte("x")) },
		"forged list": func(w *world) {
			forged := strings.Replace(string(sign(w.t, list(born, "medecin.mssante.fr"), nil)), "medecin.", "forge.", 1)
			if err := w.list.save(w.t.Context(), []byte(forged), &snapshot{generated: born}); err != nil {
				w.t.Fatal(err)
			}
		},
		"date":    func(w *world) { w.exec(`UPDATE trust_list SET generated_at = generated_at - 1000000`) },
		"no date": func(w *world) { w.exec(`UPDATE trust_list SET generated_at = 0`) },
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.list = w.open(nil)
			w.publish(good, `"1"`)
			w.mustRefresh()
			spoil(w)
			w.list = w.open(nil)
			if err := w.list.Load(t.Context()); !problem.Is(err, problem.Invalid) {
				t.Errorf("%v", err)
			}
			if v := w.verdict("medecin.mssante.fr"); v != Unknown {
				t.Errorf("%v", v)
			}
			if got := w.actions(); got[len(got)-1] != "trust.refused reason=saved_copy" {
				t.Errorf("trail: %q", got)
			}
			// The next refresh heals it.
			w.mustRefresh()
			if again := w.open(nil); again.Load(t.Context()) != nil || !again.State().Loaded {
				t.Error("not healed")
			}
			// And so does one whose own list is still in memory.
			spoil(w)
			w.mustRefresh()
			if again := w.open(nil); again.Load(t.Context()) != nil || !again.State().Loaded {
				t.Error("not healed from memory")
			}
		})
	}
	// Another authority, or another signer's name: the copy is worth nothing.
	w.t = t
	for name, change := range map[string]func(*Options){
		"authority":    func(o *Options) { o.Anchors = x509.NewCertPool() },
		"no authority": func(o *Options) { o.Anchors = nil },
		"signer":       func(o *Options) { o.SignerNames = []string{"alb.example"} },
	} {
		if l := w.open(change); l.Load(t.Context()) == nil || l.State().Loaded {
			t.Errorf("another %s: believed", name)
		}
	}
}

func TestConditionalRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.publish(sign(t, list(born, "medecin.mssante.fr"), nil), `"1"`)
	w.mustRefresh()
	w.mustRefresh()
	if got := w.asked[1].Header.Get("If-None-Match"); got != `"1"` {
		t.Errorf("If-None-Match %q", got)
	}
	if st := w.list.State(); st.Failures != 0 || !st.Loaded {
		t.Errorf("%+v", st)
	}
	// A refused document brings no validator in: the next request still names ours.
	w.publish([]byte("<x/>"), `"bad"`)
	_ = w.refresh()
	_ = w.refresh()
	if got := w.asked[3].Header.Get("If-None-Match"); got != `"1"` {
		t.Errorf("If-None-Match %q", got)
	}
	// "Not modified" to somebody who has nothing is an error.
	w.exec(`DELETE FROM trust_list`)
	w.list = w.open(nil)
	w.serve(func(*http.Request) *http.Response { return response(http.StatusNotModified, nil, "") })
	if err := w.refresh(); !problem.Is(err, problem.UpstreamRefused) {
		t.Errorf("%v", err)
	}
	for _, odd := range []string{"\"a\x7f\"", "é", strings.Repeat("a", 300)} {
		if short(odd) != "" {
			t.Errorf("%q would be sent back", odd)
		}
	}
}

func TestServerFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	endless := func(r *http.Request) *http.Response {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, ContentLength: -1, Body: io.NopCloser(zeros{})}
	}
	for name, tc := range map[string]struct {
		answer func(*http.Request) *http.Response
		kind   problem.Kind
	}{
		"nobody":     {nil, problem.UpstreamDown},
		"error":      {func(*http.Request) *http.Response { return response(500, nil, "") }, problem.UpstreamRefused},
		"redirect":   {redirect, problem.UpstreamRefused},
		"endless":    {endless, problem.TooLarge},
		"500 MB":     {announced, problem.TooLarge},
		"cut":        {func(*http.Request) *http.Response { return cut() }, problem.UpstreamDown},
		"empty body": {func(*http.Request) *http.Response { return response(200, nil, "") }, problem.Invalid},
	} {
		w.asked = nil
		w.serve(tc.answer)
		if err := w.refresh(); problem.KindOf(err) != tc.kind || !strings.Contains(problem.SayOf(err), "Aucune liste") {
			t.Errorf("%s: %v", name, err)
		}
		if len(w.asked) != 1 {
			t.Errorf("%s: %d requests", name, len(w.asked))
		}
	}
	// A stop is nobody's failure.
	w.list = w.open(nil)
	if err := w.list.Refresh(canceled(t)); err == nil || w.list.State().Failures != 0 {
		t.Errorf("%v, %+v", err, w.list.State())
	}
}

func redirect(*http.Request) *http.Response {
	r := response(http.StatusFound, nil, "")
	r.Header.Set("Location", "https://ailleurs.example/")
	return r
}

// announced must be refused unread: reading would fail the test by its kind.
func announced(*http.Request) *http.Response {
	r := cut()
	r.ContentLength = 500 << 20
	return r
}

func cut() *http.Response {
	r := response(http.StatusOK, nil, "")
	r.ContentLength, r.Body = 1000, io.NopCloser(io.MultiReader(strings.NewReader("<a>"), broken{}))
	return r
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// Two processes on one database: the newer list of one is the floor of the other.
func TestTwoNodesShareTheFloor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.publish(sign(t, list(born.Add(-time.Hour), "ancien.mssante.fr"), nil), "")
	w.mustRefresh()
	other := w.open(nil)
	newer := sign(t, list(born, "nouveau.mssante.fr"), nil)
	older := sign(t, list(born.Add(-time.Minute), "forge.example"), nil)
	w.publish(newer, "")
	if err := other.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.publish(older, "")
	if err := w.refresh(); !strings.Contains(problem.SayOf(err), "plus ancienne") {
		t.Errorf("%v", err)
	}
	if w.verdict("nouveau.mssante.fr") != Inside || w.verdict("forge.example") != Outside {
		t.Error("the newer list of the other node is not in force")
	}
	if slices.Contains(w.actions(), "") {
		t.Error("an empty row")
	}
}
