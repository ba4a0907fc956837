package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/session"
	"pli.example/pli/templates"
)

// A stream of news (text/event-stream, HTML Living Standard §9.2) is no act of the
// person: it moves no clock, has no token refreshed, and ends with the session.
const (
	beatEvery    = 15 * time.Second // proxies close what is silent; a page notices what died
	sessionEvery = 5 * time.Second  // how soon the end of a session, on any node, ends its streams
	eventTime    = 10 * time.Second // what a reader may take to accept one event
	onceTime     = 5 * time.Second  // what a page that asks now and then waits for an answer
)

// liveNews is what a page is told: counters and marks, nothing of any letter.
type liveNews struct {
	State   string       `json:"state"` // told, asking, away, down, crowded, ""
	Say     string       `json:"say,omitempty"`
	Folders []liveFolder `json:"folders,omitempty"`
}

type liveFolder struct {
	ID      string `json:"id"`
	Mark    string `json:"mark"`
	Unseen  uint32 `json:"unseen"`
	Inbox   bool   `json:"inbox,omitempty"`
	Count   string `json:"count"` // as the rail shows it, "" for none
	Words   string `json:"words"`
	Arrived bool   `json:"arrived,omitempty"`
	Gone    bool   `json:"gone,omitempty"`
	Marked  bool   `json:"marked,omitempty"`
	Vague   bool   `json:"vague,omitempty"` // an equal mark proves nothing
}

// liveOver is the last event of a stream.
type liveOver struct {
	Why   string `json:"why"` // session, box, stop, fault
	Say   string `json:"say,omitempty"`
	Cover bool   `json:"cover,omitempty"` // the person left: the page shows no more of their letters
	Again int    `json:"again,omitempty"` // milliseconds until it makes sense to ask again, 0: never
}

// live tells a page of its mailbox's news for as long as it listens. ?folder is the
// folder on the page. Who does not accept a stream (a browser or a proxy that holds
// them back) is told once how it stands.
func (s *Server) live(w http.ResponseWriter, r *http.Request) error {
	folder := r.URL.Query().Get("folder")
	if folder != "" && !opaque.MatchString(folder) {
		return problem.New(problem.NotFound, "")
	}
	b, err := s.box(r)
	if err != nil {
		return err
	}
	sc := scopeOf(r)
	once := !strings.Contains(r.Header.Get("Accept"), "text/event-stream")
	take := s.streams.enter
	if once {
		take = s.streams.ask
	}
	stop, leave, err := take(sc.session.ID)
	if err != nil {
		return err
	}
	defer leave()
	e := &events{w: w, rc: http.NewResponseController(w)}
	_ = e.rc.SetReadDeadline(time.Time{}) // that of the request: nothing more is read; not every writer has one (tests)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no") // nginx would keep events until it has a buffer full
	w.WriteHeader(http.StatusOK)
	if e.send("hello", struct{}{}) != nil {
		return nil // the reader left
	}
	ctx, cancel := context.WithCancel(r.Context())
	news, over := make(chan mailbox.News), make(chan error, 1)
	go func() { over <- s.listen(ctx, b, folder, news) }()
	ended := s.stream(ctx, e, sc, stop, news, over, once)
	cancel()
	if !ended {
		<-over
	}
	return nil
}

// listen hands on what the mailbox tells. It runs on a goroutine of its own: nobody
// else would catch a panic.
func (s *Server) listen(ctx context.Context, b *mailbox.Box, folder string, news chan<- mailbox.News) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.panics.Add(1)
			s.log.ErrorContext(ctx, "panic while listening", slog.String("kind", problem.PanicWords(v)), slog.String("stack", string(debug.Stack())))
			err = problem.New(problem.Internal, "")
		}
	}()
	return b.Watch(ctx, folder, func(n mailbox.News) error {
		select {
		case news <- n:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// stream writes events until there is a reason to stop; true when the listener has
// ended by itself.
func (s *Server) stream(ctx context.Context, e *events, sc *scope, stop <-chan struct{}, news <-chan mailbox.News, over <-chan error, once bool) bool {
	beat, check := time.NewTicker(beatEvery), time.NewTicker(sessionEvery)
	defer beat.Stop()
	defer check.Stop()
	var patience <-chan time.Time
	if once {
		t := time.NewTimer(onceTime)
		defer t.Stop()
		patience = t.C
	}
	for {
		var err error
		select {
		case <-ctx.Done():
			return false
		case <-patience:
			return false
		case <-stop:
			_ = e.send("over", liveOver{Why: "stop", Again: 1000 + rand.IntN(4000)})
			return false
		case gone := <-over:
			if ended := s.sessions.Lives(ctx, sc.session.ID); problem.Is(ended, problem.SignInNeeded) {
				gone = ended // it knows why
			}
			_ = e.send("over", overOf(gone))
			return true
		case <-check.C:
			if ended := s.sessions.Lives(ctx, sc.session.ID); problem.Is(ended, problem.SignInNeeded) {
				_ = e.send("over", overOf(ended))
				return false
			}
		case <-beat.C:
			err = e.beat()
		case n := <-news:
			err = e.send("news", s.liveNews(sc, n))
			if once && len(n.Folders) > 0 {
				return false
			}
		}
		if err != nil {
			return false // the reader left, or takes too long: it will ask again
		}
	}
}

// overOf says why a stream ended.
func overOf(err error) liveOver {
	switch {
	case problem.Is(err, problem.SignInNeeded):
		say := problem.SayOf(err)
		if say == "" {
			say = failureOf(problem.SignInNeeded).say
		}
		return liveOver{Why: "session", Say: say, Cover: session.ReasonOf(err).Leaves()}
	case problem.Is(err, problem.NotFound), problem.Is(err, problem.Denied):
		return liveOver{Why: "box", Say: "Cette boîte ne vous est plus ouverte\u00a0: ce que la page montre peut dater. Voyez avec son titulaire."}
	}
	return liveOver{Why: "fault", Again: 5000 + rand.IntN(5000)}
}

func (s *Server) liveNews(sc *scope, n mailbox.News) liveNews {
	out := liveNews{State: n.Attention.String(), Say: n.Say}
	for _, f := range n.Folders {
		count, words := templates.FolderCount(string(f.Role), int(f.Unseen), int(f.Messages))
		out.Folders = append(out.Folders, liveFolder{ID: f.ID, Mark: f.Mark, Unseen: f.Unseen, Inbox: f.Role == "inbox", Count: count, Words: words,
			Arrived: f.Arrived, Gone: f.Gone, Marked: f.Marked, Vague: f.Vague})
		if f.Role == "inbox" && f.Mark != "" {
			sc.desk.count(sc.box.ID, int(f.Unseen), s.clock.now())
		}
	}
	return out
}

// events writes a stream.
type events struct {
	w  http.ResponseWriter
	rc *http.ResponseController
}

func (e *events) send(name string, data any) error {
	b, err := json.Marshal(data) // no line end in it, whatever the strings
	if err != nil {
		return err
	}
	return e.write(fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, b))
}

// beat is an event too: a page cannot see comments, and must tell silence from death.
func (e *events) beat() error { return e.write([]byte("event: beat\ndata: {}\n\n")) }

func (e *events) write(b []byte) error {
	_ = e.rc.SetWriteDeadline(time.Now().Add(eventTime)) // not every writer has one (tests)
	if _, err := e.w.Write(b); err != nil {
		return err
	}
	err := e.rc.Flush()
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// fresh is the list of a page asked for anew by its script, not by the person: the same
// rows, recorded likewise, under no clock.
func (s *Server) fresh(w http.ResponseWriter, r *http.Request) error {
	folder, err := param(r, "folder")
	if err != nil {
		return err
	}
	b, err := s.box(r)
	if err != nil {
		return err
	}
	if s.asConversations(r, b, folder) {
		q := conversationQuery(folder, r.URL.Query())
		folders, l, err := b.Conversations(mailbox.Unattended(r.Context()), q)
		if err != nil {
			return err
		}
		return s.render(w, r, http.StatusOK, templates.FreshList(s.conversationsView(r, b, q, folders, l)))
	}
	lq := listQuery(folder, r.URL.Query())
	var p *prepared
	_, _, err = b.Desk(mailbox.Unattended(r.Context()), lq, func(folders []mailbox.FolderView, l mailbox.List) {
		p = s.prepareHTML(w, r, templates.FreshList(s.listView(r, b, lq, folders, l)))
	})
	if err != nil {
		return err
	}
	return p.answer(w, http.StatusOK)
}
