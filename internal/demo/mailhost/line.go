package mailhost

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// line is where connections to one service come in: pipes dialled in the
// process, and loopback TCP when asked. Stopped, it refuses new connections and
// has cut the old ones, as a dead server would.
type line struct {
	name  string
	queue chan net.Conn
	over  chan struct{}

	mu    sync.Mutex
	up    bool
	ended bool
	conns map[*tracked]struct{}
	tcp   []net.Listener
}

func newLine(name string) *line {
	return &line{name: name, up: true, queue: make(chan net.Conn), over: make(chan struct{}), conns: map[*tracked]struct{}{}}
}

// tracked is the server's side of a connection, known to its line.
type tracked struct {
	net.Conn
	line *line
	once sync.Once
}

func (t *tracked) Close() error {
	t.once.Do(func() {
		t.line.mu.Lock()
		delete(t.line.conns, t)
		t.line.mu.Unlock()
	})
	return t.Conn.Close()
}

func (l *line) refused() error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: pipeAddr(l.name), Err: syscall.ECONNREFUSED}
}

// admit registers a connection, or says the service is down.
func (l *line) admit(c net.Conn) (*tracked, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.up || l.ended {
		return nil, false
	}
	t := &tracked{Conn: c, line: l}
	l.conns[t] = struct{}{}
	return t, true
}

// dial connects a client over a pipe.
func (l *line) dial(ctx context.Context) (net.Conn, error) {
	client, server := pipe(l.name)
	t, ok := l.admit(server)
	if !ok {
		return nil, l.refused()
	}
	select {
	case l.queue <- t:
		return client, nil
	case <-l.over:
		_ = t.Close()
		return nil, l.refused()
	case <-ctx.Done():
		_ = t.Close()
		return nil, ctx.Err()
	}
}

// listen opens a loopback TCP port as a second way in.
func (l *line) listen() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	l.mu.Lock()
	l.tcp = append(l.tcp, ln)
	l.mu.Unlock()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			t, ok := l.admit(c)
			if !ok {
				_ = c.Close()
				continue
			}
			select {
			case l.queue <- t:
			case <-l.over:
				_ = t.Close()
				return
			}
		}
	}()
	return ln.Addr().String(), nil
}

func (l *line) stop()  { l.set(false) }
func (l *line) start() { l.set(true) }

func (l *line) set(up bool) {
	l.mu.Lock()
	l.up = up
	var cut []*tracked
	if !up {
		for t := range l.conns {
			cut = append(cut, t)
		}
	}
	l.mu.Unlock()
	for _, t := range cut {
		_ = t.Close()
	}
}

func (l *line) running() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.up && !l.ended
}

// Accept implements net.Listener for the protocol servers.
func (l *line) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.over:
		return nil, net.ErrClosed
	}
}

// Close ends the line for good.
func (l *line) Close() error {
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		return nil
	}
	l.ended = true
	close(l.over)
	for _, ln := range l.tcp {
		_ = ln.Close()
	}
	l.mu.Unlock()
	l.stop()
	return nil
}

// Addr implements net.Listener.
func (l *line) Addr() net.Addr { return pipeAddr(l.name) }
