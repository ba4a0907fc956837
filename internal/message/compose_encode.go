package message

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

const (
	lineBytes = 57 // bytes in one base64 line of 76 columns (RFC 2045 §6.8)
	lines64   = 256
)

// size64 is how much writeBase64 writes for n bytes.
func size64(n int64) int64 {
	if n == 0 {
		return 0
	}
	return (n+2)/3*4 + 2*((n+lineBytes-1)/lineBytes-1)
}

// writeBase64 streams r in lines of 76 columns, the last one not ended. It reads
// exactly size bytes: the length of the letter was announced from it.
func writeBase64(w io.Writer, r io.Reader, size int64) error {
	in := make([]byte, lineBytes*lines64)
	out := make([]byte, 0, (76+2)*lines64)
	for left := size; left > 0; {
		chunk := in[:min(left, int64(len(in)))]
		if _, err := io.ReadFull(r, chunk); err != nil {
			return fmt.Errorf("file shorter than announced: %w", err)
		}
		left -= int64(len(chunk))
		out = out[:0]
		for len(chunk) > 0 {
			n := min(len(chunk), lineBytes)
			out = base64.StdEncoding.AppendEncode(out, chunk[:n])
			if chunk = chunk[n:]; len(chunk) > 0 || left > 0 {
				out = append(out, '\r', '\n')
			}
		}
		if _, err := w.Write(out); err != nil {
			return err
		}
	}
	if n, err := io.ReadFull(r, in[:1]); n > 0 {
		return fmt.Errorf("file longer than announced")
	} else if err != io.EOF {
		return err
	}
	return nil
}

// writeQP writes text as quoted-printable (RFC 2045 §6.7), ended by a line end.
// Any line end in it is a line end; controls that no letter shows are dropped. A
// dot or "From " that would begin a line is encoded too, so that no server on the
// way has a reason to alter the text.
func writeQP(w *bufio.Writer, s string) {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	for l := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		writeQPLine(w, l)
	}
}

func writeQPLine(w *bufio.Writer, l string) {
	col := 0
	for i := range len(l) {
		c := l[i]
		if c < ' ' && c != '\t' || c == 0x7F {
			continue
		}
		// The room for one escaped byte is always kept: 76 with the soft break.
		if col+3 > 75 {
			_, _ = w.WriteString("=\r\n")
			col = 0
		}
		plain := c > ' ' && c < 0x7F && c != '=' || (c == ' ' || c == '\t') && i < len(l)-1
		if col == 0 && (c == '.' || c == 'F' && strings.HasPrefix(l[i:], "From ")) {
			plain = false
		}
		if plain {
			_ = w.WriteByte(c)
			col++
			continue
		}
		_, _ = w.Write([]byte{'=', hexDigits[c>>4], hexDigits[c&15]})
		col += 3
	}
	_, _ = w.WriteString("\r\n")
}
