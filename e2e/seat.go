//go:build e2e

package e2e

import (
	"context"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// seat is a page in a profile of its own, where one test sits after another: a
// process of the browser costs more than most rows. Who stands up takes the cookies
// and what scripts stored along, as on a shared computer that is kept well.
type seat struct {
	parent context.Context
	js     bool
	ctx    context.Context
	end    func()
	user   atomic.Pointer[tab]

	mu  sync.Mutex
	met map[string]bool // origins of the documents shown
}

// seats are those nobody sits on.
var seats struct {
	sync.Mutex
	free []*seat
}

// sit gives a seat that looks as a new one does.
func sit(t testing.TB, parent context.Context, js bool) *seat {
	t.Helper()
	s := freeSeat(parent, js)
	if s == nil {
		s = &seat{parent: parent, js: js, met: map[string]bool{}}
		s.ctx, s.end = chromedp.NewContext(parent, chromedp.WithNewBrowserContext(), chromedp.WithListener(s.heard))
		if err := s.prepare(); err != nil {
			s.end()
			t.Fatalf("open a tab: %v", err)
		}
	}
	return s
}

func freeSeat(parent context.Context, js bool) *seat {
	seats.Lock()
	defer seats.Unlock()
	for i, s := range seats.free {
		if s.parent == parent && s.js == js {
			seats.free = append(seats.free[:i], seats.free[i+1:]...)
			return s
		}
	}
	return nil
}

func (s *seat) prepare() error {
	if err := chromedp.Do(s.ctx); err != nil {
		return err
	}
	if err := chromedp.Do(s.ctx, chromedp.EmulateViewport(1400, 900)); err != nil {
		return err
	}
	if _, err := chromedp.Call(s.ctx, network.Enable, network.EnableParams{}); err != nil {
		return err
	}
	if s.js {
		return nil
	}
	_, err := chromedp.Call(s.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return err
}

// heard hands what the browser says to whoever sits here.
func (s *seat) heard(ev any) {
	if ev, ok := ev.(*network.EventRequestWillBeSent); ok {
		if at, err := url.Parse(ev.DocumentURL); err == nil && at.Scheme == "http" {
			s.mu.Lock()
			s.met[at.Scheme+"://"+at.Host] = true
			s.mu.Unlock()
		}
	}
	if b := s.user.Load(); b != nil {
		b.heard(ev)
	}
}

// stand leaves the seat as it was found; where that fails, or the test did, nobody
// sits on it again.
func (s *seat) stand(failed bool) {
	if failed || s.clear() != nil {
		s.user.Store(nil)
		s.end()
		return
	}
	s.user.Store(nil)
	seats.Lock()
	seats.free = append(seats.free, s)
	seats.Unlock()
}

// clear forgets what scripts kept under every origin met, the page and the cookies. Its
// user still answers a page that asks whether one means to leave it. What stays is the
// sessionStorage of origins shown before the last one (Pli is one origin, where its tests
// end) and the browser's cache: of Pli only what never changes under its name may be kept
// there (TestPages, web's cache tests), and fetching it again takes a third of the run.
func (s *seat) clear() error {
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`location.protocol !== "http:" || (sessionStorage.clear(), localStorage.clear(), true)`)); err != nil {
		return err
	}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		return err
	}
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1400, 900)); err != nil {
		return err
	}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{}); err != nil {
		return err
	}
	if _, err := chromedp.Call(ctx, page.ResetNavigationHistory, cdp.Empty{}); err != nil {
		return err
	}
	s.mu.Lock()
	met := s.met
	s.met = map[string]bool{}
	s.mu.Unlock()
	for origin := range met {
		if _, err := chromedp.Call(ctx, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: origin, StorageTypes: "all"}); err != nil {
			return err
		}
	}
	_, err := chromedp.Call(ctx, network.ClearBrowserCookies, cdp.Empty{})
	return err
}
