package mailhost

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// pipeBuffer is what one direction holds before a writer waits. net.Pipe holds
// nothing: two ends that both write first (a TLS session ticket against a first
// command) would wait for each other for ever.
const pipeBuffer = 256 << 10

// pipe gives two connected ends, like a TCP connection inside the process.
func pipe(name string) (client, server net.Conn) {
	up, down := newStream(), newStream()
	return &end{r: down, w: up, local: "client", remote: name}, &end{r: up, w: down, local: name, remote: "client"}
}

// stream is one direction.
type stream struct {
	mu                sync.Mutex
	cond              *sync.Cond
	buf               []byte
	writeOver         bool // no more bytes will come
	readOver          bool // nobody reads any more
	readBy, writeBy   time.Time
	readTimer, wTimer *time.Timer
}

func newStream() *stream {
	s := &stream{}
	s.cond = sync.NewCond(&s.mu)
	return s
}

func passed(t time.Time) bool { return !t.IsZero() && !time.Now().Before(t) }

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readOver:
			return 0, net.ErrClosed
		case passed(s.readBy):
			return 0, os.ErrDeadlineExceeded
		case len(s.buf) > 0:
			n := copy(p, s.buf)
			if s.buf = s.buf[n:]; len(s.buf) == 0 {
				s.buf = nil
			}
			s.cond.Broadcast()
			return n, nil
		case s.writeOver:
			return 0, io.EOF
		case len(p) == 0:
			return 0, nil
		}
		s.cond.Wait()
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := 0
	for {
		switch {
		case s.writeOver:
			return done, net.ErrClosed
		case s.readOver:
			return done, io.ErrClosedPipe
		case passed(s.writeBy):
			return done, os.ErrDeadlineExceeded
		case done == len(p):
			return done, nil
		}
		if room := pipeBuffer - len(s.buf); room > 0 {
			n := min(room, len(p)-done)
			s.buf = append(s.buf, p[done:done+n]...)
			done += n
			s.cond.Broadcast()
			continue
		}
		s.cond.Wait()
	}
}

func (s *stream) set(field *time.Time, timer **time.Timer, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*field = t
	if *timer != nil {
		(*timer).Stop()
		*timer = nil
	}
	if !t.IsZero() {
		*timer = time.AfterFunc(time.Until(t), func() {
			s.mu.Lock()
			s.cond.Broadcast()
			s.mu.Unlock()
		})
	}
	s.cond.Broadcast()
}

func (s *stream) close(reader bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reader {
		s.readOver, s.buf = true, nil
	} else {
		s.writeOver = true
	}
	for _, t := range []*time.Timer{s.readTimer, s.wTimer} {
		if t != nil {
			t.Stop()
		}
	}
	s.cond.Broadcast()
}

// end is one side of a pipe.
type end struct {
	r, w          *stream
	local, remote string
}

type pipeAddr string

func (a pipeAddr) Network() string { return "pipe" }
func (a pipeAddr) String() string  { return string(a) }

func (e *end) Read(p []byte) (int, error)  { return e.r.read(p) }
func (e *end) Write(p []byte) (int, error) { return e.w.write(p) }
func (e *end) LocalAddr() net.Addr         { return pipeAddr(e.local) }
func (e *end) RemoteAddr() net.Addr        { return pipeAddr(e.remote) }

func (e *end) Close() error {
	e.r.close(true)
	e.w.close(false)
	return nil
}

func (e *end) SetDeadline(t time.Time) error {
	_ = e.SetReadDeadline(t)
	return e.SetWriteDeadline(t)
}

func (e *end) SetReadDeadline(t time.Time) error {
	e.r.set(&e.r.readBy, &e.r.readTimer, t)
	return nil
}

func (e *end) SetWriteDeadline(t time.Time) error {
	e.w.set(&e.w.writeBy, &e.w.wTimer, t)
	return nil
}
