package mailserver

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Byte budgets: what one command may receive. go-imap buffers strings and
// literals of any announced size; the socket is where that is bounded.
const (
	budgetHello = 64 << 10 // greeting to end of authentication
	budgetIdle  = 256 << 10
	budgetSmall = 1 << 20 // a status, a flag change
	budgetList  = 16 << 20
	budgetUIDs  = 32 << 20 // a UID list of a very large folder
)

const writeGrace = 20 * time.Millisecond

// meter counts what is read against the budget of the running command, and
// remembers whether the socket failed, which tells a dead line from an answer
// that could not be read. Read deadlines are ours (the command's timer), not
// go-imap's: its five minutes per literal would cut a slow download.
type meter struct {
	net.Conn
	raw    net.Conn // the socket below TLS
	r      io.Reader
	left   atomic.Int64
	frames framing // touched by the reading goroutine only
	failed atomic.Bool
	flood  atomic.Bool
	loop   atomic.Pointer[readLoop]

	// Answers read so far that moved positions, and that told of one letter: those that
	// nobody asked for among them (framing.count).
	moved, fetched atomic.Uint64

	holds   sync.Mutex
	holding bool
	held    []byte

	catcher atomic.Pointer[catcher] // nil: every answer is the library's
	sifted  sifter
}

// readLoop is go-imap's: when it has ended, and a command whose failure makes the
// library end whatever it still holds.
type readLoop struct {
	ended <-chan struct{}
	sweep func()
}

func newMeter(c, raw net.Conn, r io.Reader) *meter {
	m := &meter{Conn: c, raw: raw, r: r, frames: newFraming()}
	m.allow(budgetHello)
	return m
}

// allow begins a new allowance.
func (m *meter) allow(bytes int64) { m.left.Store(bytes) }

func (m *meter) Read(p []byte) (int, error) {
	if m.sifted.store != nil {
		return m.sift(p)
	}
	n, err := m.receive(p)
	if err == nil && m.catcher.Load() != nil { // it came while the line was silent
		m.sifted.begin(p[:n])
		return m.sift(p)
	}
	if !m.feed(p[:n]) {
		return 0, m.flooded()
	}
	return n, err
}

// feed follows what the library is given.
func (m *meter) feed(p []byte) bool {
	ok := m.frames.feed(p)
	m.told()
	return ok
}

func (m *meter) told() {
	m.moved.Store(m.frames.moved)
	m.fetched.Store(m.frames.fetched)
}

// receive reads within the allowance.
func (m *meter) receive(p []byte) (int, error) {
	left := m.left.Load()
	if left <= 0 {
		return 0, m.flooded()
	}
	if int64(len(p)) > left {
		p = p[:left]
	}
	n, err := m.r.Read(p)
	m.left.Add(-int64(n))
	if err != nil {
		m.failed.Store(true)
	}
	return n, err
}

func (m *meter) flooded() error {
	m.flood.Store(true)
	return errFlood
}

// together has the commands that begin sends leave in one packet: the server reads
// them at once, and answers in as few.
func (m *meter) together(begin func()) {
	m.holds.Lock()
	m.holding = true
	m.holds.Unlock()
	defer m.release()
	begin()
}

func (m *meter) release() {
	m.holds.Lock()
	defer m.holds.Unlock()
	m.holding = false
	held := m.held
	m.held = m.held[:0]
	if len(held) == 0 {
		return
	}
	if _, err := m.send(held); err == nil {
		return
	}
	// The library was told that they left.
	if loop := m.loop.Load(); loop != nil {
		loop.sweepOnceEnded()
	}
}

func (m *meter) Write(p []byte) (int, error) {
	m.holds.Lock()
	defer m.holds.Unlock()
	if m.holding {
		m.held = append(m.held, p...)
		return len(p), nil
	}
	return m.send(p)
}

// send tells of a failure only once go-imap's read loop has ended: told earlier,
// the library would end the running commands from the writer's side, under the
// read loop's feet. If the loop is still busy, perhaps waiting for the reader of
// the very command being written, the write is said to have gone well: the socket
// is closed, so the loop ends and ends the commands; sweep then ends one that was
// begun too late for it to see.
func (m *meter) send(p []byte) (int, error) {
	n, err := m.Conn.Write(p)
	if err == nil {
		return n, nil
	}
	m.failed.Store(true)
	m.raw.Close()
	loop := m.loop.Load()
	if loop == nil {
		return n, err
	}
	select {
	case <-loop.ended:
		return n, err
	case <-time.After(writeGrace):
	}
	loop.sweepOnceEnded()
	return len(p), nil
}

func (l *readLoop) sweepOnceEnded() {
	go func() {
		<-l.ended
		l.sweep()
	}()
}

// Close closes the socket itself: a TLS goodbye to a peer who stopped reading
// takes five seconds.
func (m *meter) Close() error { return m.raw.Close() }

func (m *meter) SetReadDeadline(time.Time) error { return nil }
func (m *meter) SetDeadline(time.Time) error     { return nil }
