package directory

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Source is a file to import.
type Source struct {
	Name string // for the state and the trail: a file's name, a host
	// Open gives the file: a zip holding one text, or the text. A zip that is an
	// io.ReaderAt (a file) is read in place when Size is its size, else spooled.
	Open func() (io.ReadCloser, error)
	Size int64 // bytes; 0 unknown
	// Force imports a file even when it shrank.
	Force bool
	// Eager takes no pauses: a command with nobody waiting beside it.
	Eager bool
}

const (
	maxLine  = 16 << 10 // the longest real one is some 400 bytes
	maxPlain = 1 << 30  // uncompressed; the real file is 93 MB
	maxZip   = 256 << 20
	// Without a file to spool to (in memory), a zip is held in memory.
	maxZipInMemory = 32 << 20
	maxZipEntries  = 64
)

var (
	errNotZip   = errors.New("the zip holds no text file")
	errTooLarge = errors.New("larger than an extraction may be")
)

// openText gives the text inside the source, whatever wraps it. done closes all.
func openText(s Source, folder string) (text io.Reader, size int64, done func(), err error) {
	f, err := s.Open()
	if err != nil {
		return nil, 0, nil, fmt.Errorf("open: %w", err)
	}
	closers := []func(){func() { f.Close() }}
	done = func() {
		for i := len(closers) - 1; i >= 0; i-- {
			closers[i]()
		}
	}
	head := bufio.NewReaderSize(f, 64<<10)
	magic, _ := head.Peek(4)
	if !bytes.Equal(magic, []byte("PK\x03\x04")) {
		return io.LimitReader(head, maxPlain+1), s.Size, done, nil
	}
	at, ok := f.(io.ReaderAt)
	zipped := s.Size
	if !ok || zipped <= 0 {
		spooled, n, remove, err := spool(head, folder)
		if err != nil {
			done()
			return nil, 0, nil, err
		}
		closers = append(closers, remove)
		at, zipped = spooled, n
	}
	z, err := zip.NewReader(at, zipped)
	if err != nil {
		done()
		return nil, 0, nil, fmt.Errorf("read the zip: %w", err)
	}
	for i, entry := range z.File {
		if i >= maxZipEntries {
			break
		}
		if ext := strings.ToLower(filepath.Ext(entry.Name)); ext != ".txt" && ext != ".csv" {
			continue
		}
		r, err := entry.Open()
		if err != nil {
			done()
			return nil, 0, nil, fmt.Errorf("open the text in the zip: %w", err)
		}
		closers = append(closers, func() { r.Close() })
		return io.LimitReader(r, maxPlain+1), int64(min(entry.UncompressedSize64, maxPlain)), done, nil
	}
	done()
	return nil, 0, nil, errNotZip
}

// spool keeps a stream where it can be read at any place.
func spool(r io.Reader, folder string) (io.ReaderAt, int64, func(), error) {
	if folder == "" {
		b, err := io.ReadAll(io.LimitReader(r, maxZipInMemory+1))
		if err == nil && len(b) > maxZipInMemory {
			err = errTooLarge
		}
		return bytes.NewReader(b), int64(len(b)), func() {}, err
	}
	f, err := os.CreateTemp(folder, "directory-*.download")
	if err != nil {
		return nil, 0, nil, fmt.Errorf("spool: %w", err)
	}
	remove := func() { f.Close(); os.Remove(f.Name()) }
	n, err := io.Copy(f, io.LimitReader(r, maxZip+1))
	if err == nil && n > maxZip {
		err = errTooLarge
	}
	if err != nil {
		remove()
		return nil, 0, nil, fmt.Errorf("spool: %w", err)
	}
	return f, n, remove, nil
}

// lines reads a text line by line, in a memory that does not depend on it.
type lines struct {
	r      *bufio.Reader
	number int   // of the last line, 1 the header
	read   int64 // bytes
}

func newLines(r io.Reader) *lines { return &lines{r: bufio.NewReaderSize(r, maxLine)} }

// next gives a line without its end. long: it was longer than any line may be, and
// passed over. The slice lasts until the next call. io.EOF ends.
func (l *lines) next() (line []byte, long bool, err error) {
	line, err = l.r.ReadSlice('\n')
	l.read += int64(len(line))
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		line, err = l.r.ReadSlice('\n')
		l.read += int64(len(line))
	}
	if l.read > maxPlain {
		return nil, false, errTooLarge
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !long) {
		return nil, false, err
	}
	l.number++
	return bytes.TrimRight(line, "\r\n"), long, nil
}

// toUTF8 reads bytes that are not UTF-8 as ISO-8859-1 (its 1252 variant for
// quotes and œ): a stray one does not spoil the others. recoded reports it.
func toUTF8(line []byte) (text string, recoded bool) {
	if utf8.Valid(line) {
		return string(line), false
	}
	var b strings.Builder
	b.Grow(len(line) + 16)
	for len(line) > 0 {
		r, n := utf8.DecodeRune(line)
		if r == utf8.RuneError && n == 1 {
			r = windows1252(line[0])
		}
		b.WriteRune(r)
		line = line[n:]
	}
	return b.String(), true
}

func windows1252(c byte) rune {
	switch c {
	case 0x8c:
		return 'Œ'
	case 0x9c:
		return 'œ'
	case 0x91, 0x92:
		return '’'
	case 0x80:
		return '€'
	case 0x96, 0x97:
		return '–'
	case 0x9f:
		return 'Ÿ'
	}
	return rune(c)
}
