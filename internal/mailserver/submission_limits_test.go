package mailserver

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pli.example/pli/internal/problem"
)

// TestLimitsHang: a server that takes the call and says nothing costs one line and one
// wait, whoever asks and however often; what it said before stands meanwhile.
func TestLimitsHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dials atomic.Int32
		o := submissionOptions(func(ctx context.Context, _, _ string) (net.Conn, error) {
			dials.Add(1)
			<-ctx.Done()
			return nil, ctx.Err()
		}, nil)
		s := NewSubmission(o)
		began := time.Now()
		if l, ok := s.Known(); ok || l != (SubmissionLimits{}) || time.Since(began) != 0 {
			t.Errorf("known of a server that never spoke: %+v, %v, after %s", l, ok, time.Since(began))
		}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				_, err := s.Limits(t.Context())
				wantKind(t, err, problem.Timeout)
			})
		}
		all.Wait()
		if took := time.Since(began); took != limitsPatience || dials.Load() != 1 {
			t.Errorf("fifty at once: %s, %d lines", took, dials.Load())
		}
		for range 3 { // the question still hangs, then is remembered to have failed
			again := time.Now()
			if _, err := s.Limits(t.Context()); err == nil || time.Since(again) != 0 || s.Connections() > 1 {
				t.Errorf("again: %v after %s, %d permits", err, time.Since(again), s.Connections())
			}
			time.Sleep(dialTimeout)
			synctest.Wait()
		}
		if dials.Load() != 1 || s.Connections() != 0 {
			t.Errorf("%d lines, %d permits", dials.Load(), s.Connections())
		}
		time.Sleep(limitsRetry)
		s.Known()
		synctest.Wait()
		if dials.Load() != 2 {
			t.Errorf("%d lines: a failure is remembered too long", dials.Load())
		}
		s.remember(SubmissionLimits{Size: 7})
		time.Sleep(limitsAge)
		again := time.Now()
		if l, err := s.Limits(t.Context()); err != nil || l.Size != 7 || time.Since(again) != 0 {
			t.Errorf("an older answer: %+v, %v, after %s", l, err, time.Since(again))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Close(ctx); err != nil {
			t.Errorf("a question that hangs holds the closing up: %v", err)
		}
		if l, err := s.Limits(t.Context()); l.Size != 7 || err != nil {
			t.Errorf("closed: %+v, %v", l, err)
		}
	})
}
