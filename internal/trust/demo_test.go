package trust

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"pli.example/pli/internal/demo/annuaire"
)

// The demo's list goes through the same code as the real one.
func TestDemoList(t *testing.T) {
	t.Parallel()
	a, err := annuaire.New(annuaire.Options{Entries: annuaire.Colleagues(20), Now: func() time.Time { return born }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(a.Handler())
	defer server.Close()
	var answers []int
	w := newWorld(t, func(o *Options) {
		o.URL, o.Anchors, o.SignerNames = server.URL+annuaire.PathWhiteList, a.Anchors(), []string{annuaire.SignerName}
		o.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err == nil {
				answers = append(answers, resp.StatusCode)
			}
			return resp, err
		})}
	})
	w.mustRefresh()
	w.mustRefresh()
	if len(answers) != 2 || answers[0] != http.StatusOK || answers[1] != http.StatusNotModified {
		t.Errorf("answers %v", answers)
	}
	for domain, want := range map[string]Verdict{"medecin.mssante.fr": Inside, "patient.mssante.fr": Inside, "mssante.apicrypt-demo.example": Inside, "mssante.fr": Outside, "gmail.com": Outside} {
		if got := w.verdict(domain); got != want {
			t.Errorf("%s: %v", domain, got)
		}
	}
	st := w.list.State()
	if st.Signer != annuaire.SignerName || st.Stale || st.Entries <= st.Domains {
		t.Errorf("%+v", st)
	}
	a.Stop()
	if err := w.refresh(); err == nil || w.verdict("medecin.mssante.fr") != Inside {
		t.Errorf("stopped: %v", err)
	}
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
