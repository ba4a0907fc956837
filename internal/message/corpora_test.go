package message

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

func corpora(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("PLI_CORPORA")
	if dir == "" {
		t.Skip("PLI_CORPORA not set: collections of letters not read")
	}
	return dir
}

// letters lists every file of the mail folders that holds a letter.
func letters(t *testing.T) (root string, files []string) {
	t.Helper()
	root = corpora(t)
	for _, dir := range []string{"mail-direct-health", "mail-enmime", "mail-mime4j", "mail-python-email", "mail-ruby-mail", "mail-stalwart", "mss-mail-format"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				rel, _ := filepath.Rel(root, p)
				files = append(files, rel)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	sort.Strings(files)
	return root, files
}

// TestCorpusParses reads every file, letters or not: nothing may panic, and each
// must show something.
func TestCorpusParses(t *testing.T) {
	t.Parallel()
	root, files := letters(t)
	if len(files) < 900 {
		t.Fatalf("%d files", len(files))
	}
	for _, f := range files {
		raw := read(t, filepath.Join(root, f))
		l, err := Parse(raw, Limits{})
		if err != nil || l.Root == nil {
			t.Errorf("%s: %v", f, err)
			continue
		}
		checkLetter(t, f, raw, l)
	}
}

// deviations reads the table of what differs from an expected tree, and why.
func deviations(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	s := bufio.NewScanner(bytes.NewReader(read(t, "testdata/corpus_deviations.txt")))
	for s.Scan() {
		line := strings.TrimSpace(s.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		file, reason, ok := strings.Cut(line, "\t")
		if !ok || len(strings.TrimSpace(reason)) < 10 {
			t.Fatalf("deviation without reason: %q", line)
		}
		out[file] = reason
	}
	return out
}

// judge compares what differs with the table: a new deviation fails, and so does
// one that is gone.
func judge(t *testing.T, known map[string]string, file string, diffs []string) {
	t.Helper()
	reason, listed := known[file]
	switch {
	case len(diffs) > 0 && !listed:
		t.Errorf("%s: new deviation\n  %s", file, strings.Join(diffs, "\n  "))
	case len(diffs) == 0 && listed:
		t.Errorf("%s: no longer deviates (%s): take it off the table", file, reason)
	}
}

// --- mime4j: a tree in XML, decoded bodies in files beside it

type xmlNode struct {
	XMLName  xml.Name
	Name     string    `xml:"name,attr"`
	Children []xmlNode `xml:",any"`
}

func (n xmlNode) body() *xmlNode {
	for i, c := range n.Children {
		switch c.XMLName.Local {
		case "text-body", "binary-body", "multipart", "message":
			return &n.Children[i]
		}
	}
	return nil
}

func TestCorpusMime4j(t *testing.T) {
	t.Parallel()
	root, files := letters(t)
	known := deviations(t)
	n := 0
	for _, f := range files {
		expected := strings.TrimSuffix(f, ".msg") + "_decoded.xml"
		if !strings.HasSuffix(f, ".msg") {
			continue
		}
		b, err := os.ReadFile(filepath.Join(root, expected))
		if err != nil {
			continue
		}
		var tree xmlNode
		dec := xml.NewDecoder(bytes.NewReader(b))
		dec.Strict = false
		if err := dec.Decode(&tree); err != nil {
			t.Logf("%s: %v", expected, err)
			continue
		}
		n++
		l, err := Parse(read(t, filepath.Join(root, f)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		c := xmlCompare{dir: filepath.Dir(filepath.Join(root, f))}
		c.node("1", tree.body(), l.Root)
		judge(t, known, f, c.diffs)
	}
	if n < 75 {
		t.Errorf("only %d trees compared", n)
	}
}

type xmlCompare struct {
	dir   string
	diffs []string
}

func (c *xmlCompare) add(format string, args ...any) {
	if len(c.diffs) < 6 {
		c.diffs = append(c.diffs, fmt.Sprintf(format, args...))
	}
}

func (c *xmlCompare) node(at string, want *xmlNode, got *Part) {
	if want == nil || got == nil {
		c.add("%s: no body", at)
		return
	}
	switch want.XMLName.Local {
	case "multipart":
		var parts []xmlNode
		for _, n := range want.Children {
			if n.XMLName.Local == "body-part" {
				parts = append(parts, n)
			}
		}
		if !got.Multipart() || len(got.Children) != len(parts) {
			c.add("%s: want %d parts, got %s with %d", at, len(parts), got.Type, len(got.Children))
			return
		}
		for i := range parts {
			c.node(fmt.Sprintf("%s.%d", at, i+1), parts[i].body(), got.Children[i])
		}
	case "message":
		if got.Embedded == nil {
			c.add("%s: want a letter, got %s", at, got.Type)
			return
		}
		c.node(at+"m", want.body(), got.Embedded.Root)
	default:
		if got.Multipart() || got.Embedded != nil {
			c.add("%s: want a leaf, got %s", at, got.Type)
			return
		}
		b, err := os.ReadFile(filepath.Join(c.dir, want.Name))
		if err != nil {
			c.add("%s: %v", at, err)
			return
		}
		have, _ := io.ReadAll(got.Reader())
		if !bytes.Equal(normal(b), normal(have)) && !strings.EqualFold(got.Encoding, "uuencode") {
			c.add("%s: %d bytes, want %d: %.60q, want %.60q", at, len(have), len(b), tail(have, b), tail(b, have))
		}
	}
}

func normal(b []byte) []byte {
	return bytes.TrimRight(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), "\n")
}

// tail gives a from where it first differs from b.
func tail(a, b []byte) []byte {
	a, b = normal(a), normal(b)
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return a[i:]
}

// --- stalwart: a second opinion in JSON

type opinion struct {
	Parts []struct {
		Headers []struct {
			Name  json.RawMessage // a word, or an object for names it does not know
			Value json.RawMessage
		}
		Body map[string]json.RawMessage
	}
}

func TestCorpusStalwart(t *testing.T) {
	t.Parallel()
	root, files := letters(t)
	known := deviations(t)
	n := 0
	for _, f := range files {
		if !strings.HasPrefix(f, "mail-stalwart") || !strings.HasSuffix(f, ".eml") {
			continue
		}
		var o opinion
		b, err := os.ReadFile(filepath.Join(root, strings.TrimSuffix(f, ".eml")+".json"))
		if err != nil || json.Unmarshal(b, &o) != nil {
			t.Logf("%s: no opinion: %v", f, err)
			continue
		}
		n++
		l, err := Parse(read(t, filepath.Join(root, f)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		var c opinionCompare
		c.letter("", o, l)
		judge(t, known, f, c.diffs)
	}
	if n < 60 {
		t.Errorf("only %d opinions compared", n)
	}
}

type opinionCompare struct{ diffs []string }

func (c *opinionCompare) add(format string, args ...any) {
	if len(c.diffs) < 8 {
		c.diffs = append(c.diffs, fmt.Sprintf(format, args...))
	}
}

func (c *opinionCompare) letter(at string, o opinion, l *Letter) {
	if len(o.Parts) == 0 {
		return
	}
	for _, h := range o.Parts[0].Headers {
		c.header(at, strings.Trim(string(h.Name), `"`), h.Value, l)
	}
	c.part(at, o, 0, l.Root)
}

type opinionAddress struct{ Name, Address string }

func (c *opinionCompare) header(at, name string, v json.RawMessage, l *Letter) {
	switch name {
	case "subject":
		var s struct{ Text string }
		if json.Unmarshal(v, &s) == nil && fold(s.Text) != fold(l.Envelope.Subject) && l.Header.count("Subject") == 1 {
			c.add("%ssubject %q, want %q", at, l.Envelope.Subject, s.Text)
		}
	case "from", "to", "cc":
		var s struct {
			Address struct {
				List  []opinionAddress
				Group []struct{ Addresses []opinionAddress }
			}
		}
		if json.Unmarshal(v, &s) != nil {
			return
		}
		want := s.Address.List
		for _, g := range s.Address.Group {
			want = append(want, g.Addresses...)
		}
		got := map[string][]Mailbox{"from": l.Envelope.From, "to": l.Envelope.To, "cc": l.Envelope.Cc}[name]
		if len(want) != len(got) {
			c.add("%s%s: %d mailboxes %v, want %d %v", at, name, len(got), got, len(want), want)
			return
		}
		for i, w := range want {
			if fold(w.Address) != fold(got[i].String()) || fold(w.Name) != fold(got[i].Name) {
				c.add("%s%s: %q <%s>, want %q <%s>", at, name, got[i].Name, got[i], w.Name, w.Address)
			}
		}
	}
}

// fold leaves out what is not in question: spaces, case, invisible characters.
func fold(s string) string {
	return strings.ToLower(strings.Join(strings.Fields(cleanLine(s)), ""))
}

func (c *opinionCompare) part(at string, o opinion, id int, got *Part) {
	at += fmt.Sprintf("[%d] ", id)
	p := o.Parts[id]
	for _, h := range p.Headers {
		c.fileName(at, strings.Trim(string(h.Name), `"`), h.Value, got)
	}
	for kind, body := range p.Body {
		switch kind {
		case "Multipart":
			var ids []int
			_ = json.Unmarshal(body, &ids)
			if !got.Multipart() || len(got.Children) != len(ids) {
				c.add("%swant %d parts, got %s with %d", at, len(ids), got.Type, len(got.Children))
				return
			}
			for i, id := range ids {
				c.part(at, o, id, got.Children[i])
			}
		case "Message":
			var inner opinion
			_ = json.Unmarshal(body, &inner)
			if got.Embedded == nil {
				c.add("%swant a letter, got %s", at, got.Type)
				return
			}
			c.letter(at+"m ", inner, got.Embedded)
		case "Text", "Html":
			var want string
			_ = json.Unmarshal(body, &want)
			if got.Multipart() || got.Embedded != nil {
				c.add("%swant a text, got %s", at, got.Type)
				return
			}
			b, _ := io.ReadAll(got.Reader())
			if have := got.decodeText(b); fold(have) != fold(want) {
				c.add("%stext %.80q, want %.80q", at, tail([]byte(fold(have)), []byte(fold(want))), tail([]byte(fold(want)), []byte(fold(have))))
			}
		case "Binary", "InlineBinary":
			var want []byte
			var list []int
			if json.Unmarshal(body, &list) == nil {
				for _, v := range list {
					want = append(want, byte(v))
				}
			}
			have, _ := io.ReadAll(got.Reader())
			if !bytes.Equal(normal(want), normal(have)) {
				c.add("%s%d bytes, want %d: %.60q want %.60q", at, len(have), len(want), tail(have, want), tail(want, have))
			}
		}
	}
}

func (c *opinionCompare) fileName(at, name string, v json.RawMessage, got *Part) {
	if name != "content_disposition" && name != "content_type" {
		return
	}
	var s struct {
		ContentType struct {
			Attributes []struct{ Name, Value string }
		}
	}
	if json.Unmarshal(v, &s) != nil {
		return
	}
	for _, a := range s.ContentType.Attributes {
		if (a.Name == "filename" || name == "content_type" && a.Name == "name") && fold(SafeFileName(a.Value)) != fold(got.FileName) {
			c.add("%sfile %q, want %q", at, got.FileName, a.Value)
		}
	}
}
