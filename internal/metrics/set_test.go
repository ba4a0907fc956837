package metrics_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"pli.example/pli/internal/metrics"
)

func text(t *testing.T, s *metrics.Set) string {
	t.Helper()
	var b strings.Builder
	if err := s.Write(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextFormat(t *testing.T) {
	t.Parallel()
	var s metrics.Set
	verb := metrics.Label{Name: "verb", Values: []string{"fetch", "list"}}
	c := s.Counter("pli_imap_total", "Commands.", verb)
	s.Counter("pli_none_total", "Nothing yet.")
	s.Gauge("pli_open", "Open.", func(_ context.Context, emit metrics.Emit) { emit(2.5) })
	h := s.Histogram("pli_seconds", "Time.", []float64{0.1, 1}, verb)
	c.Add(2, "list")
	c.Add(1, "fetch")
	h.Observe(0.05, "list")
	h.Observe(5, "list")
	const want = `# HELP pli_imap_total Commands.
# TYPE pli_imap_total counter
pli_imap_total{verb="fetch"} 1
pli_imap_total{verb="list"} 2
# HELP pli_none_total Nothing yet.
# TYPE pli_none_total counter
pli_none_total 0
# HELP pli_open Open.
# TYPE pli_open gauge
pli_open 2.5
# HELP pli_seconds Time.
# TYPE pli_seconds histogram
pli_seconds_bucket{verb="list",le="0.1"} 1
pli_seconds_bucket{verb="list",le="1"} 1
pli_seconds_bucket{verb="list",le="+Inf"} 2
pli_seconds_sum{verb="list"} 5.05
pli_seconds_count{verb="list"} 2
`
	if got := text(t, &s); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestLabelsAreClosed: what was not declared never shows, nor makes series grow.
func TestLabelsAreClosed(t *testing.T) {
	t.Parallel()
	var s metrics.Set
	c := s.Counter("pli_x_total", "X.", metrics.Label{Name: "a", Values: []string{"known"}}, metrics.Label{Name: "b", Values: []string{"known"}})
	s.Gauge("pli_y", "Y.", func(_ context.Context, emit metrics.Emit) { emit(1, "jeanne.leroy") }, metrics.Label{Name: "who", Values: []string{"known"}})
	for range 100 {
		c.Add(1, time.Now().String(), "\"}\nforged 1")
	}
	c.Add(1, "known")
	got := text(t, &s)
	if !strings.Contains(got, `pli_x_total{a="other",b="other"} 100`) || !strings.Contains(got, `pli_x_total{a="known",b="other"} 1`) ||
		!strings.Contains(got, `pli_y{who="other"} 1`) || strings.Contains(got, "forged") || strings.Contains(got, "jeanne") || strings.Count(got, "\n") != 7 {
		t.Error(got)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	var s metrics.Set
	c := s.Counter("pli_x_total", "X.")
	var work sync.WaitGroup
	for range 8 {
		work.Go(func() {
			for range 500 {
				c.Add(1)
				_ = s.Write(t.Context(), &strings.Builder{})
			}
		})
	}
	work.Wait()
	if got := text(t, &s); !strings.Contains(got, "pli_x_total 4000\n") {
		t.Error(got)
	}
}

func TestPulse(t *testing.T) {
	t.Parallel()
	var p metrics.Pulse
	at := time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)
	if !p.Last().IsZero() {
		t.Error("beat before it began")
	}
	p.Beat(at, nil)
	p.Beat(at.Add(time.Hour), errors.New("no"))
	if !p.Last().Equal(at) || p.Failures() != 1 {
		t.Error(p.Last(), p.Failures())
	}
}
