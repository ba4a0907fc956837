package mailserver

import (
	"bufio"
	"bytes"
	"fmt"
)

// blockWriter writes to the server, each block under its own timer.
type blockWriter struct{ c *smtpConn }

func (b *blockWriter) Write(p []byte) (n int, err error) {
	limit := min(blockTimeout, b.c.s.o.DataTimeout)
	err = b.c.within(limit, func() error {
		if n, err = b.c.conn.Write(p); err != nil {
			return fmt.Errorf("%w: %w", errLost, err)
		}
		return nil
	})
	return n, err
}

// dotWriter makes a letter safe to send (RFC 5321 §4.5.2): dots doubled, and
// every line end a CRLF, because servers disagree on what a bare LF or CR ends,
// and a letter could smuggle a second one through that. A NUL is refused, and so
// is more than was announced.
type dotWriter struct {
	out  *bufio.Writer
	bol  bool // at the beginning of a line
	cr   bool // a CR was seen and not written yet
	left int64
	err  error
}

func (w *dotWriter) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.left -= int64(len(p)); w.left < 0 {
		w.err = fmt.Errorf("%w: the letter is longer than announced", errSize)
		return 0, w.err
	}
	for from := 0; from < len(p); {
		n := w.run(p[from:])
		if w.err != nil {
			return from, w.err
		}
		from += n
	}
	return len(p), nil
}

// run takes one special octet, or all plain ones up to the next.
func (w *dotWriter) run(p []byte) int {
	c := p[0]
	if w.cr {
		w.cr = false
		w.put("\r\n")
		w.bol = true
		if c == '\n' {
			return 1
		}
	}
	switch c {
	case '\r':
		w.cr = true
		return 1
	case '\n':
		w.put("\r\n")
		w.bol = true
		return 1
	case 0:
		w.err = fmt.Errorf("%w: NUL in a letter", errValue)
		return 0
	case '.':
		if w.bol {
			w.put(".")
		}
	}
	n := 1 + plainOctets(p[1:])
	w.bol = false
	if _, err := w.out.Write(p[:n]); err != nil {
		w.err = err
	}
	return n
}

// plainOctets tells how many octets there are before one that run looks at; it looks
// no further than a line of text goes, so that octets which are all CR cost no more
// than their number.
func plainOctets(p []byte) int {
	p = p[:min(len(p), 1024)]
	for _, special := range []byte{'\n', '\r', 0} {
		if i := bytes.IndexByte(p, special); i >= 0 {
			p = p[:i]
		}
	}
	return len(p)
}

func (w *dotWriter) put(s string) {
	if _, err := w.out.WriteString(s); err != nil {
		w.err = err
	}
}

// end finishes the last line and sends what is buffered. The final dot is not its
// business.
func (w *dotWriter) end() {
	if w.cr || !w.bol {
		w.cr, w.bol = false, true
		w.put("\r\n")
	}
	if w.err == nil {
		w.err = w.out.Flush()
	}
}
