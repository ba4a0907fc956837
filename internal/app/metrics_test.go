package app_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/testkit"
)

// A house at work shows what it did and what it holds, loops included, in lines that
// Prometheus reads.
func TestFigures(t *testing.T) {
	k, err := testkit.Open()
	if err != nil {
		t.Fatal(err)
	}
	k = k.For(t)
	k.Stock()
	c := k.SignIn("martin")
	c.Follow("/")
	c.Get("/support")
	c.Get("/support/sign-in")
	c.Follow("/directory")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- k.App.Run(ctx, l, k.App.Handler()) }()
	text := ""
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if text = testkit.Figures(k); !strings.Contains(text, `pli_loop_last_success_seconds{loop="outbox"} 0`) && !strings.Contains(text, `pli_loop_last_success_seconds{loop="ledger"} 0`) {
			break
		}
	}
	for _, want := range []string{
		`pli_http_requests_total{route="/support/sign-in",method="GET",class="2xx"} 1`, `pli_http_requests_total{route="/",method="GET",class="3xx"} 1`, `pli_http_request_seconds_count{route="/mail/{box}/{folder}"} `,
		`pli_imap_commands_total{verb="authenticate",outcome="ok"} `, `pli_imap_commands_total{verb="page",outcome="ok"} `, `pli_imap_command_seconds_bucket{verb="page",le="+Inf"} `,
		`pli_imap_connections `, `pli_imap_connections_limit 400`, `pli_sessions{which="all"} 1`, `pli_sessions{which="mail"} 1`,
		`pli_token_refreshes_total{outcome="failed"} 0`, `pli_outbox_letters{state="unknown"} 0`, `pli_outbox_oldest_seconds 0`, `pli_ledger_recipients{state="delivered"} 0`,
		`pli_panics_total 0`, `pli_audit_queue 0`, `pli_cache_bytes{cache="letters"} `, `pli_trust_list_age_seconds `, `pli_directory_age_seconds `, `pli_directory_mailboxes `,
		`pli_loop_last_success_seconds{loop="white list"} 1`, `pli_loop_last_success_seconds{loop="sessions"} `, `pli_loop_failures_total{loop="outbox"} 0`,
		`go_goroutines `, `pli_start_time_seconds 1`, `pli_build_info{version="`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	line := regexp.MustCompile(`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{[a-z_]+="[^"\\]*"(,[a-z_]+="[^"\\]*")*\})? [-+0-9.e]+)$`)
	for l := range strings.Lines(text) {
		if !line.MatchString(strings.TrimSuffix(l, "\n")) || strings.Contains(l, `"other"`) {
			t.Errorf("line %q", l)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	k.World.Close()
}

// Nothing but /metrics is served there, and nothing of it on the pages' listener.
func TestMetricsStandApart(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	for path, want := range map[string]int{"/": 404, "/metrics/x": 404, "/sign-in": 404, "/metrics": 200} {
		w := httptest.NewRecorder()
		k.App.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
	if a := k.Browser().Get("/metrics"); a.Status != 404 {
		t.Errorf("/metrics among the pages answers %d", a.Status)
	}
}
