package web

import (
	"bufio"
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

// form makes what a browser sends: text controls in order, the file last.
func formBody(t *testing.T, file []byte, after bool) (*bytes.Buffer, string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, kv := range [][2]string{{"version", "1"}, {"to", "a@b.mssante.fr"}, {"text", "é\r\nligne"}, {"do", ""}} {
		if err := w.WriteField(kv[0], kv[1]); err != nil {
			t.Fatal(err)
		}
	}
	p, err := w.CreateFormFile("file", "radio.png")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Write(file); err != nil {
		t.Fatal(err)
	}
	if after {
		if err := w.WriteField("late", "x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b, w.FormDataContentType()
}

// The size of the file is that of what is left of the request, to the octet, however
// the octets arrive.
func TestFormFileSize(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 511, 4096, 70_001, 3 << 20} {
		for name, slow := range map[string]func(io.Reader) io.Reader{"whole": func(r io.Reader) io.Reader { return r }, "halves": iotest.HalfReader, "octets": iotest.OneByteReader} {
			if name == "octets" && n > 70_001 {
				continue
			}
			file := bytes.Repeat([]byte("\r\n--x"), n/5+1)[:n]
			b, kind := formBody(t, file, false)
			r := httptest.NewRequest(http.MethodPost, "/", slow(bytes.NewReader(b.Bytes())))
			r.ContentLength = int64(b.Len())
			r.Header.Set("Content-Type", kind)
			f, err := readDraftForm(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(f.file.body)
			if err != nil || f.file.size != int64(n) || !bytes.Equal(got, file) || f.get("text") != "é\r\nligne" || f.file.name != "radio.png" {
				t.Errorf("%s, %d octets: announced %d, read %d, %v, text %q", name, n, f.file.size, len(got), err, f.get("text"))
			}
		}
	}
}

// A form with something after its file, or of unknown length, gives a size that the
// content does not have: the file is refused, never cut.
func TestFormFileSizeLies(t *testing.T) {
	t.Parallel()
	b, kind := formBody(t, []byte("contenu"), true)
	r := httptest.NewRequest(http.MethodPost, "/", b)
	r.ContentLength = int64(b.Len())
	r.Header.Set("Content-Type", kind)
	f, err := readDraftForm(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(f.file.body)
	if err != nil || int64(len(got)) == f.file.size {
		t.Errorf("announced %d, read %d, %v", f.file.size, len(got), err)
	}
	b, kind = formBody(t, []byte("contenu"), false)
	r = httptest.NewRequest(http.MethodPost, "/", b)
	r.ContentLength = -1
	r.Header.Set("Content-Type", kind)
	if f, err = readDraftForm(r); err != nil || f.file.size >= 0 {
		t.Errorf("a size was invented: %d, %v", f.file.size, err)
	}
}

func TestFormHostile(t *testing.T) {
	t.Parallel()
	huge := bytes.Repeat([]byte("a"), maxFieldBytes+10)
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	_ = w.WriteField("text", string(huge))
	_ = w.Close()
	for name, x := range map[string]struct{ kind, body string }{
		"a text beyond the cap": {w.FormDataContentType(), b.String()},
		"no boundary":           {"multipart/form-data", "x"},
		"cut":                   {"multipart/form-data; boundary=B", "--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nabc"},
		"json":                  {"application/json", "{}"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader([]byte(x.body)))
		r.Header.Set("Content-Type", x.kind)
		if _, err := readDraftForm(r); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// What stands before the file is bounded whatever it is: a file part without a name,
// a preamble, heads. No more of it is read than the fields may have.
func TestFormBoundsWhatItSkips(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("a\r\n", 4<<20)
	for name, body := range map[string]string{
		"a file without a name": "--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n" + filler + "\r\n--B--\r\n",
		"a preamble":            filler + "\r\n--B--\r\n",
		"a head":                "--B\r\nX: " + strings.Repeat(" \r\n", 4<<20) + "\r\n\r\n--B--\r\n",
	} {
		read := &countingReader{r: strings.NewReader(body)}
		r := httptest.NewRequest(http.MethodPost, "/", read)
		r.Header.Set("Content-Type", "multipart/form-data; boundary=B")
		if _, err := readDraftForm(r); err == nil || read.n > maxFieldBytes+64<<10 {
			t.Errorf("%s: %v after %d octets", name, err, read.n)
		}
	}
}

// It is not read octet by octet either: only a head's end stops it.
func TestFormReadInStrides(t *testing.T) {
	t.Parallel()
	const head, text = "X: y\r\n\r\n", "contenu d’une ligne\r\n"
	for name, slow := range map[string]func(io.Reader) io.Reader{"whole": func(r io.Reader) io.Reader { return r }, "octets": iotest.OneByteReader} {
		s := &stepped{r: bufio.NewReaderSize(slow(strings.NewReader(head+strings.Repeat(text, 1000))), 32<<10)}
		var got []byte
		reads := 0
		for buf := make([]byte, 4096); ; reads++ {
			n, err := s.Read(buf)
			if at := len(head); len(got) < at && len(got)+n > at {
				t.Fatalf("%s: read past the head's end", name)
			}
			got = append(got, buf[:n]...)
			if err != nil {
				break
			}
		}
		if string(got) != head+strings.Repeat(text, 1000) || int64(len(got)) != s.n || name == "whole" && reads > 50 {
			t.Errorf("%s: %d octets in %d reads", name, len(got), reads)
		}
	}
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

func FuzzDraftForm(f *testing.F) {
	f.Add("--B\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nabc\r\n--B--\r\n")
	f.Add("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../x\"\r\n\r\nabc\r\n--B--\r\n")
	f.Add("--B--")
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader([]byte(body)))
		r.ContentLength = int64(len(body))
		r.Header.Set("Content-Type", "multipart/form-data; boundary=B")
		form, err := readDraftForm(r)
		if err == nil && form.file != nil {
			if _, err := io.Copy(io.Discard, form.file.body); err != nil {
				return
			}
		}
	})
}
