package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"path"
	"time"

	"pli.example/pli/internal/problem"
)

const (
	look       = 5 * time.Second // typing is traced, a newer file noticed
	lookFiles  = time.Minute
	firstRetry = time.Minute
	lastRetry  = 2 * time.Hour
	fetchLimit = 30 * time.Minute
)

// Run keeps the directory fresh until ctx ends: it fetches the extraction when a
// URL is configured and it is due, opens a generation that another process built,
// and writes the searches that were typed to the trail. A service that is down
// changes nothing: what is there serves on, and the next try waits longer.
func (d *Directory) Run(ctx context.Context) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	retry := firstRetry
	due := d.due()
	files := time.Time{}
	for {
		if d.o.ExtractionURL != "" && !d.o.Now().Before(due) {
			if _, err := d.Fetch(ctx); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				d.o.Log.Warn("directory: fetch the extraction", "err", err)
				due = d.o.Now().Add(jitter(retry))
				retry = min(2*retry, lastRetry)
			} else {
				retry, due = firstRetry, d.o.Now().Add(jitter(d.o.Every))
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		d.flushTyping(ctx, typingPause)
		if now := d.o.Now(); now.Sub(files) >= lookFiles {
			files = now
			d.Look(ctx)
		}
	}
}

// Look opens a newer generation that another process left beside ours.
func (d *Directory) Look(ctx context.Context) {
	if !d.building.TryLock() {
		return
	}
	defer d.building.Unlock()
	before := d.currentNumber()
	if err := d.openNewest(ctx); err != nil && ctx.Err() == nil {
		d.o.Log.Error("directory: open a newer file", "err", err)
	}
	if d.currentNumber() != before {
		d.loaded()
	}
}

func (d *Directory) currentNumber() int64 {
	g, release := d.hold()
	defer release()
	if g == nil {
		return 0
	}
	return g.number
}

func jitter(d time.Duration) time.Duration {
	return d - time.Duration(rand.Int64N(int64(d)/10+1))
}

// due is when the next fetch is: at once when there is nothing, or when the ids of
// what is there were made under a key that is gone.
func (d *Directory) due() time.Time {
	g, release := d.hold()
	defer release()
	if g == nil || g.about[aboutKeys] != d.keyCheck() {
		return time.Time{}
	}
	return parseTime(g.about[aboutImported]).Add(d.o.Every)
}

// ErrUnchanged: the service has nothing newer.
var ErrUnchanged = errors.New("the extraction has not changed")

// Fetch brings the extraction and imports it. When the service has nothing newer,
// it returns a zero Summary and no error.
func (d *Directory) Fetch(ctx context.Context) (Summary, error) {
	if d.o.ExtractionURL == "" {
		return Summary{}, problem.New(problem.Invalid, "Aucune adresse d’extraction n’est configurée.")
	}
	ctx, cancel := context.WithTimeout(ctx, fetchLimit)
	defer cancel()
	f, err := d.request(ctx)
	if errors.Is(err, ErrUnchanged) {
		d.setState(func(s *State) { s.LastTry, s.CheckedAt, s.LastError = d.o.Now(), d.o.Now(), "" })
		return Summary{}, nil
	}
	if err != nil {
		d.failed(err)
		return Summary{}, err
	}
	defer f.body.Close()
	used := false
	source := Source{Name: f.name, Open: func() (io.ReadCloser, error) {
		if used {
			return nil, errors.New("a download is read once")
		}
		used = true
		return f.body, nil
	}}
	return d.importFile(ctx, source, map[string]string{aboutETag: f.etag, aboutFileDate: f.date}, nil)
}

type fetched struct {
	body             io.ReadCloser
	name, etag, date string
}

func (d *Directory) request(ctx context.Context) (fetched, error) {
	const sayDown = "Le service de l’Annuaire Santé ne répond pas. L’annuaire en place reste en service\u00a0; un nouvel essai aura lieu."
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, d.o.ExtractionURL, nil)
	if err != nil {
		return fetched{}, problem.Wrap(withoutURL(err), problem.Internal, "L’adresse de l’extraction n’est pas valable.")
	}
	if g, release := d.hold(); g != nil {
		if g.about[aboutKeys] == d.keyCheck() {
			setIf(r, "If-None-Match", g.about[aboutETag])
			if t := parseTime(g.about[aboutFileDate]); !t.IsZero() {
				r.Header.Set("If-Modified-Since", t.UTC().Format(http.TimeFormat))
			}
		}
		release()
	}
	res, err := d.o.HTTP.Do(r)
	if err != nil {
		return fetched{}, problem.Wrap(withoutURL(err), kindOfDown(err), sayDown)
	}
	switch res.StatusCode {
	case http.StatusOK:
	case http.StatusNotModified:
		res.Body.Close()
		return fetched{}, ErrUnchanged
	default:
		res.Body.Close()
		return fetched{}, problem.Wrap(fmt.Errorf("the service answered %d", res.StatusCode), problem.UpstreamDown, sayDown)
	}
	f := fetched{body: res.Body, name: path.Base(r.URL.Path), etag: header(res, "ETag")}
	if _, params, err := mime.ParseMediaType(res.Header.Get("Content-Disposition")); err == nil && params["filename"] != "" {
		f.name = clean(path.Base(params["filename"]))
	}
	if t, err := http.ParseTime(res.Header.Get("Last-Modified")); err == nil {
		f.date = formatTime(t)
	}
	return f, nil
}

func setIf(r *http.Request, name, value string) {
	if value != "" {
		r.Header.Set(name, value)
	}
}

// header is a value kept for later, of a sensible length.
func header(res *http.Response, name string) string {
	if v := res.Header.Get(name); len(v) <= 200 {
		return v
	}
	return ""
}

// withoutURL keeps what may stand in an address (a key) out of the log.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func kindOfDown(err error) problem.Kind {
	if errors.Is(err, context.DeadlineExceeded) {
		return problem.Timeout
	}
	return problem.UpstreamDown
}
