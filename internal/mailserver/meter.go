package mailserver

import (
	"io"
	"net"
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

const writeGrace = 5 * time.Second

// meter counts what is read against the budget of the running command, and
// remembers whether the socket failed, which tells a dead line from an answer
// that could not be read. Read deadlines are ours (the command's timer), not
// go-imap's: its five minutes per literal would cut a slow download.
type meter struct {
	net.Conn
	r      io.Reader
	left   atomic.Int64
	failed atomic.Bool
	flood  atomic.Bool
	ended  atomic.Pointer[<-chan struct{}] // closed when go-imap's read loop has ended
}

func newMeter(c net.Conn, r io.Reader) *meter {
	m := &meter{Conn: c, r: r}
	m.left.Store(budgetHello)
	return m
}

func (m *meter) setEnded(ch <-chan struct{}) { m.ended.Store(&ch) }

func (m *meter) Read(p []byte) (int, error) {
	left := m.left.Load()
	if left <= 0 {
		m.flood.Store(true)
		return 0, errFlood
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

// Write tells of a failure only once go-imap's read loop has ended: told earlier,
// the library would end the running commands from the writer's side, under the
// read loop's feet. Every command has a reader of its own, so the loop does end.
func (m *meter) Write(p []byte) (int, error) {
	n, err := m.Conn.Write(p)
	if err != nil {
		m.failed.Store(true)
		m.Conn.Close()
		if ended := m.ended.Load(); ended != nil {
			select {
			case <-*ended:
			case <-time.After(writeGrace):
			}
		}
	}
	return n, err
}

func (m *meter) SetReadDeadline(time.Time) error { return nil }
func (m *meter) SetDeadline(time.Time) error     { return nil }
