package app

import (
	"context"
	"io"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"pli.example/pli/internal/ledger"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/metrics"
	"pli.example/pli/web"
)

// figures are what this process counts, and how to read the rest from the rooms. No
// label can hold anything of a person or a letter: each has a closed list of values.
type figures struct {
	set         metrics.Set
	requests    metrics.Counter
	durations   metrics.Histogram
	imap        metrics.Counter
	imapTime    metrics.Histogram
	submissions metrics.Counter
	restarts    metrics.Counter // of loops
	panics      atomic.Int64    // of loops
	started     time.Time
}

// Upper bounds in seconds: what a click may take, and a long download.
var (
	pageTimes = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60}
	imapTimes = []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30}
)

// readLimit bounds one reading: the database may be busy.
const readLimit = 5 * time.Second

func newFigures(now time.Time) *figures {
	f := &figures{started: now}
	var routes []string
	for _, e := range web.SiteMap() {
		if !slices.Contains(routes, e.Pattern) {
			routes = append(routes, e.Pattern)
		}
	}
	route := metrics.Label{Name: "route", Values: append(routes, "none")}
	method := metrics.Label{Name: "method", Values: []string{http.MethodGet, http.MethodHead, http.MethodPost}}
	class := metrics.Label{Name: "class", Values: []string{"1xx", "2xx", "3xx", "4xx", "5xx"}}
	verb := metrics.Label{Name: "verb", Values: mailserver.Verbs()}
	f.requests = f.set.Counter("pli_http_requests_total", "Requests answered, by route pattern, method and class of status.", route, method, class)
	f.durations = f.set.Histogram("pli_http_request_seconds", "Time from a request to the end of its answer.", pageTimes, route)
	f.imap = f.set.Counter("pli_imap_commands_total", "IMAP exchanges, by what they are for and how they ended.", verb, metrics.Label{Name: "outcome", Values: mailserver.Outcomes()})
	f.imapTime = f.set.Histogram("pli_imap_command_seconds", "Time of an IMAP exchange.", imapTimes, verb)
	f.submissions = f.set.Counter("pli_smtp_submissions_total", "Letters handed to the submission server, by how it ended.", metrics.Label{Name: "stage", Values: mailserver.Stages()})
	f.restarts = f.set.Counter("pli_loop_restarts_total", "Background loops that failed and were started again.", metrics.Label{Name: "loop", Values: loopNames()})
	return f
}

func (f *figures) request(route, method string, status int, took time.Duration) {
	f.requests.Add(1, route, method, strconv.Itoa(status/100)+"xx")
	f.durations.Observe(took.Seconds(), route)
}

func (f *figures) command(verb, outcome string, took time.Duration) {
	f.imap.Add(1, verb, outcome)
	f.imapTime.Observe(took.Seconds(), verb)
}

func (f *figures) submission(stage string, _ time.Duration) { f.submissions.Add(1, stage) }

// gather declares what is read from the rooms when somebody asks.
func (a *App) gather() {
	s := &a.figures.set
	one := func(name, help string, read func(context.Context) (float64, bool)) {
		s.Gauge(name, help, func(ctx context.Context, emit metrics.Emit) {
			if v, ok := read(ctx); ok {
				emit(v)
			}
		})
	}
	number := func(name, help string, read func() float64) {
		one(name, help, func(context.Context) (float64, bool) { return read(), true })
	}
	number("pli_panics_total", "Panics caught in pages and loops; a healthy process says 0.", func() float64 { return float64(a.Web.Panics() + a.figures.panics.Load()) })
	number("pli_imap_connections", "IMAP connections open.", func() float64 { return float64(a.Servers.Connections()) })
	number("pli_imap_connections_limit", "IMAP connections this node may open.", func() float64 { return float64(a.Servers.Limit()) })
	number("pli_imap_watching", "IMAP connections that wait for news (IDLE), among those open.", func() float64 { return float64(a.Servers.Watching()) })
	number("pli_imap_watching_limit", "IMAP connections that may wait for news; mailboxes watched beyond are asked every PLI_IMAP_POLL.", func() float64 { return float64(a.Servers.WatchingLimit()) })
	number("pli_live_streams", "Pages told of their mailbox's news.", func() float64 { return float64(a.Web.Streams()) })
	number("pli_index_letters", "Letters known by the indexes of open mailboxes.", func() float64 { return float64(a.House.IndexLetters()) })
	number("pli_index_bytes", "Memory of the indexes of open mailboxes.", func() float64 { return float64(a.House.IndexBytes()) })
	number("pli_index_build_seconds", "How long the last index built took.", func() float64 { return a.House.IndexBuilt().Seconds() })
	number("pli_audit_queue", "Callers waiting for their rows of the trail to be durable.", func() float64 { return float64(a.Audit.Waiting()) })
	s.Gauge("pli_cache_bytes", "Memory of what is kept of letters.", func(_ context.Context, emit metrics.Emit) {
		emit(float64(a.Servers.CachedBytes()), "letters")
		emit(float64(a.Web.Documents()), "documents")
		emit(float64(a.House.IndexBytes()), "indexes")
	}, metrics.Label{Name: "cache", Values: []string{"letters", "documents", "indexes"}})
	a.gatherSessions(s)
	a.gatherSending(s, one)
	a.gatherSpace(s, one)
	a.gatherLoops(s)
	number("pli_start_time_seconds", "When this process started, since 1970.", func() float64 { return float64(a.figures.started.Unix()) })
	number("go_goroutines", "Goroutines.", func() float64 { return float64(runtime.NumGoroutine()) })
	s.Gauge("go_memory_bytes", "Memory of the Go runtime.", func(_ context.Context, emit metrics.Emit) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		emit(float64(m.HeapAlloc), "heap")
		emit(float64(m.Sys), "sys")
	}, metrics.Label{Name: "of", Values: []string{"heap", "sys"}})
	version := build()
	s.Gauge("pli_build_info", "1, with the version.", func(_ context.Context, emit metrics.Emit) { emit(1, version) }, metrics.Label{Name: "version", Values: []string{version}})
}

func (a *App) gatherSessions(s *metrics.Set) {
	s.Gauge("pli_sessions", "Sessions that have not ended; mail: those that may still reach letters.", func(ctx context.Context, emit metrics.Emit) {
		if all, mail, err := a.Sessions.Live(ctx); err == nil {
			emit(float64(all), "all")
			emit(float64(mail), "mail")
		}
	}, metrics.Label{Name: "which", Values: []string{"all", "mail"}})
	s.Gauge("pli_token_refreshes_total", "Refreshes asked of the sign-in provider.", func(_ context.Context, emit metrics.Emit) {
		ok, refused, failed := a.Sessions.Refreshes()
		emit(float64(ok), "ok")
		emit(float64(refused), "refused")
		emit(float64(failed), "failed")
	}, metrics.Label{Name: "outcome", Values: []string{"ok", "refused", "failed"}})
}

func (a *App) gatherSending(s *metrics.Set, one func(string, string, func(context.Context) (float64, bool))) {
	var states []string
	for _, k := range ledger.Kinds() {
		states = append(states, k.Code())
	}
	s.Gauge("pli_ledger_recipients", "Recipients of the letters of the last 24 hours, by what became of them.", func(ctx context.Context, emit metrics.Emit) {
		c, err := a.Ledger.Counts(ctx, a.now().Add(-24*time.Hour))
		if err != nil {
			return
		}
		for _, k := range ledger.Kinds() {
			if k != ledger.Copied { // says nothing of a recipient
				emit(float64(c.Recipients[k]), k.Code())
			}
		}
	}, metrics.Label{Name: "state", Values: states})
	if a.Outbox == nil {
		return
	}
	s.Gauge("pli_outbox_letters", "Letters whose business is not finished.", func(ctx context.Context, emit metrics.Emit) {
		if d, err := a.Outbox.Depth(ctx); err == nil {
			emit(float64(d.Submitting), "submitting")
			emit(float64(d.Unknown), "unknown")
			emit(float64(d.Unfinished), "unfinished")
		}
	}, metrics.Label{Name: "state", Values: []string{"submitting", "unknown", "unfinished"}})
	one("pli_outbox_oldest_seconds", "Age of the oldest of them; 0 when there is none.", func(ctx context.Context) (float64, bool) {
		d, err := a.Outbox.Depth(ctx)
		if err != nil {
			return 0, false
		}
		return a.age(d.Oldest), true
	})
	one("pli_smtp_connections", "Submissions under way.", func(context.Context) (float64, bool) { return float64(a.submission.Connections()), true })
}

// gatherSpace: the white list and the directory, how old and how large.
func (a *App) gatherSpace(s *metrics.Set, one func(string, string, func(context.Context) (float64, bool))) {
	one("pli_trust_list_age_seconds", "Age of the white list in force; absent when there is none.", func(context.Context) (float64, bool) {
		st := a.Trust.State()
		return st.Age.Seconds(), st.Loaded
	})
	one("pli_trust_list_domains", "Domains of the white list in force.", func(context.Context) (float64, bool) { return float64(a.Trust.State().Domains), true })
	one("pli_directory_age_seconds", "Age of the directory's import; absent when there is none.", func(context.Context) (float64, bool) {
		st := a.Directory.State()
		return a.age(st.ImportedAt), st.Ready
	})
	one("pli_directory_mailboxes", "Mailboxes of the directory.", func(context.Context) (float64, bool) { return float64(a.Directory.State().Mailboxes), true })
}

// gatherLoops: when each loop last did its work, and how often it failed.
func (a *App) gatherLoops(s *metrics.Set) {
	loop := metrics.Label{Name: "loop", Values: loopNames()}
	s.Gauge("pli_loop_last_success_seconds", "When a background loop last did its work, since 1970; 0: not yet.", func(_ context.Context, emit metrics.Emit) {
		passes := a.passes()
		for _, name := range loopNames() {
			p, ok := passes[name]
			if !ok { // not run here
				continue
			}
			v := 0.0
			if !p.last.IsZero() {
				v = float64(p.last.Unix())
			}
			emit(v, name)
		}
	}, loop)
	s.Gauge("pli_loop_failures_total", "Passes of a background loop that failed.", func(_ context.Context, emit metrics.Emit) {
		passes := a.passes()
		for _, name := range loopNames() {
			if p, ok := passes[name]; ok {
				emit(float64(p.failures), name)
			}
		}
	}, loop)
}

type pass struct {
	last     time.Time
	failures int64
	failing  bool
}

// passes are the loops' own words, by the names of loops.
func (a *App) passes() map[string]pass {
	of := func(p *metrics.Pulse) pass { return pass{p.Last(), p.Failures(), p.Failing()} }
	t, d := a.Trust.State(), a.Directory.State()
	out := map[string]pass{loopSessions: of(a.Sessions.Sweeps()), loopDesks: of(a.Web.Sweeps()), loopReminders: of(a.House.Reminding()), loopLedger: of(a.Ledger.Purges()),
		loopTrust: {t.LastSuccess, int64(t.Errors), t.LastError != ""}, loopDirectory: {d.CheckedAt, d.Failures, d.LastError != ""}}
	if a.Outbox != nil {
		out[loopOutbox] = of(a.Outbox.Rounds())
	}
	if a.Staff != nil {
		out[loopStaff] = of(a.Staff.Sweeps())
	}
	if a.Config.AuditHeadsFile != "" {
		out[loopHeads] = of(&a.heads)
	}
	return out
}

// age in seconds, 0 for what never was.
func (a *App) age(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(a.now().Sub(t).Seconds(), 0)
}

func build() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// Metrics serves /metrics, on a listener of its own: whoever reaches it needs no
// session.
func (a *App) Metrics() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readLimit)
		defer cancel()
		var b strings.Builder // whole or not at all
		if err := a.figures.set.Write(ctx, &b); err != nil {
			http.Error(w, "not read", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		_, _ = io.WriteString(w, b.String()) // the reader is gone: nobody to tell
	})
	return mux
}
