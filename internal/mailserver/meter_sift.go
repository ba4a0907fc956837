package mailserver

// sifter holds what was read off the line and not given to go-imap yet, while a catcher
// looks at it. It is the reading goroutine's alone.
type sifter struct {
	store []byte // nil: nobody looks
	buf   []byte // of it: read and not looked at
	pass  []byte // of it: to be given on
	err   error  // of the line, once pass is given
}

const siftSize = 64 << 10 // of which an unfinished answer takes maxCaught at most

// catching lets a catcher see the answers to the next command before the library does.
func (m *meter) catching() *catcher {
	c := &catcher{some: make(chan struct{}, 1)}
	m.catcher.Store(c)
	return c
}

// begin hands over what was being read when the catcher came.
func (s *sifter) begin(first []byte) {
	s.store = make([]byte, siftSize)
	s.buf = s.store[:copy(s.store, first)]
}

// sift is Read while a catcher looks on.
func (m *meter) sift(p []byte) (int, error) {
	s := &m.sifted
	for {
		if n := copy(p, s.pass); n > 0 {
			s.pass = s.pass[n:]
			return n, nil
		}
		if s.err != nil {
			return 0, s.err
		}
		c := m.catcher.Load()
		if c == nil { // all that is held is the library's
			if len(s.buf) == 0 {
				s.store, s.buf = nil, nil
				return m.Read(p)
			}
			if !m.feed(s.buf) {
				return 0, m.flooded()
			}
			s.pass, s.buf = s.buf, nil
			continue
		}
		if len(s.buf) > 0 {
			moved, err := m.advance(c)
			if err != nil {
				return 0, err
			}
			if moved {
				continue
			}
		}
		m.more()
	}
}

// advance looks at the beginning of what is held; false when more must be read first.
func (m *meter) advance(c *catcher) (bool, error) {
	s := &m.sifted
	if m.frames.fresh() {
		if n, v := c.look(s.buf); v == ours {
			s.buf = s.buf[n:]
			return true, nil
		} else if v == unsure {
			return false, nil
		}
		if tagged(s.buf) {
			m.catcher.CompareAndSwap(c, nil)
		}
	}
	n, ok := m.frames.feedAnswer(s.buf)
	m.told()
	if !ok {
		return false, m.flooded()
	}
	s.pass, s.buf = s.buf[:n:n], s.buf[n:]
	return true, nil
}

// tagged: neither news nor a question, but the end of a command.
func tagged(b []byte) bool { return b[0] != '*' && b[0] != '+' && b[0] != '\r' && b[0] != '\n' }

// more reads on.
func (m *meter) more() {
	s := &m.sifted
	if len(s.buf) == 0 || cap(s.buf)-len(s.buf) < siftSize/4 {
		s.buf = s.store[:copy(s.store, s.buf)]
	}
	n, err := m.receive(s.buf[len(s.buf):cap(s.buf)])
	if s.buf = s.buf[:len(s.buf)+n]; err == nil {
		return
	}
	if s.err = err; m.feed(s.buf) {
		s.pass = s.buf
	}
	s.buf = nil
}
