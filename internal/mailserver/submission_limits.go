package mailserver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"pli.example/pli/internal/problem"
)

// SubmissionLimits is what the server announces.
type SubmissionLimits struct {
	Size     int64 // of one encoded letter, bytes; 0 when it does not say (RFC 1870)
	DSN      bool  // delivery receipts can be asked for (RFC 3461)
	SMTPUTF8 bool  // addresses beyond ASCII (RFC 6531)
}

const (
	limitsAge      = 5 * time.Minute // an answer is taken for true that long
	limitsRetry    = time.Minute     // after a server that could not say
	limitsPatience = 3 * time.Second // how long a question is waited for, by all its askers together
)

// announced is what is known of the limits, and the one question under way.
type announced struct {
	limits SubmissionLimits
	at     time.Time // of the answer; zero: never
	failed time.Time // of the last question without one
	err    error     // why
	asking *question
}

type question struct {
	done   chan struct{}
	cancel context.CancelFunc
	began  time.Time
}

// Known tells what the server last announced, however long ago, and whether it ever
// did. It never waits: a page must not be late because that server is. What is old is
// asked again behind.
func (s *Submission) Known() (SubmissionLimits, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ask()
	return s.said.limits, !s.said.at.IsZero()
}

// Limits is Known that waits some seconds for a server not heard yet, unless it failed
// to say within the last minute. It says them before anybody signs in.
func (s *Submission) Limits(ctx context.Context) (SubmissionLimits, error) {
	s.mu.Lock()
	s.ask()
	said := s.said
	s.mu.Unlock()
	if said.at.IsZero() && said.asking != nil {
		patience := time.NewTimer(limitsPatience - time.Since(said.asking.began))
		defer patience.Stop()
		select {
		case <-said.asking.done:
		case <-patience.C:
		case <-ctx.Done():
		}
		s.mu.Lock()
		said = s.said
		s.mu.Unlock()
	}
	switch {
	case !said.at.IsZero():
		return said.limits, nil
	case said.asking != nil:
		said.err = fmt.Errorf("%w: the server has not said its limits", context.DeadlineExceeded)
	case said.err == nil:
		said.err = errClosing
	}
	return SubmissionLimits{}, submissionDoor(ctx, said.err, "asking the limits")
}

// ask puts the question, unless the answer is fresh, or somebody asks already, or the
// server could not say a moment ago. s.mu is held.
func (s *Submission) ask() {
	a, now := &s.said, s.o.Now()
	fresh := !a.at.IsZero() && now.Sub(a.at) < limitsAge
	if fresh || s.closed || a.asking != nil || a.err != nil && now.Sub(a.failed) < limitsRetry {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), min(dialTimeout, s.o.CommandTimeout))
	q := &question{done: make(chan struct{}), cancel: cancel, began: time.Now()}
	a.asking = q
	go func() {
		err := errors.New("mailserver: panic asking the limits")
		defer func() {
			if v := recover(); v != nil {
				s.o.Log.Error("asking the submission server its limits panicked", "kind", problem.PanicWords(v))
			}
			cancel()
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.said.asking = nil; err != nil {
				s.said.failed, s.said.err = s.o.Now(), err
			}
			close(q.done)
		}()
		err = s.askNow(ctx)
	}()
}

func (s *Submission) askNow(ctx context.Context) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	c, err := s.connect(ctx, nil)
	if err == nil {
		c.quit()
	}
	return err
}

func (s *Submission) remember(l SubmissionLimits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said.limits, s.said.at, s.said.err = l, s.o.Now(), nil
}
