package web_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/PuerkitoBio/goquery"

	"pli.example/pli/internal/demo/people"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/testkit"
)

// leaf is one thing a letter holds, as the tree beside it in a corpus says: text to
// be read on the page, or bytes to be found behind a download.
type leaf struct {
	at    string
	text  string // decoded, "" when the corpus gives bytes only
	html  bool
	bytes []byte
	name  string // file name, as decoded by the corpus
}

// TestCorpusPages lays the letters that have an expected tree in a mailbox and
// opens each through its page: every text of the tree is read in the letter's
// frames, or its bytes stand behind a download; every file name is on the page.
// What differs is in testdata/corpus_pages.txt, by file, with the reason.
func TestCorpusPages(t *testing.T) {
	ofSize(t)
	t.Parallel()
	root := os.Getenv("PLI_CORPORA")
	if root == "" {
		t.Skip("PLI_CORPORA not set: collections of letters not read")
	}
	known := pageDeviations(t)
	k := testkit.New(t)
	c := k.SignIn("martin")
	trees := map[string]func(*testing.T, string) []leaf{"mail-mime4j": mime4jLeaves, "mail-stalwart": stalwartLeaves}
	letters, shown, downloaded := 0, 0, 0
	for dir, read := range trees {
		_ = filepath.WalkDir(filepath.Join(root, dir), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !slices.Contains([]string{".msg", ".eml"}, filepath.Ext(path)) {
				return err
			}
			leaves := read(t, path)
			if leaves == nil {
				return nil
			}
			letters++
			rel, _ := filepath.Rel(root, path)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p := openRaw(t, k, c, raw)
			s, b, missing := p.holds(leaves)
			shown, downloaded = shown+s, downloaded+b
			judgePage(t, known, filepath.ToSlash(rel), missing)
			return nil
		})
	}
	if letters < 130 {
		t.Errorf("only %d letters have a tree", letters)
	}
	t.Logf("%d letters: %d texts read on their page, %d leaves behind a download", letters, shown, downloaded)
}

func pageDeviations(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("testdata/corpus_pages.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan(); {
		if line := strings.TrimSpace(s.Text()); line != "" && line[0] != '#' {
			file, why, ok := strings.Cut(line, "\t")
			if !ok || len(why) < 10 {
				t.Fatalf("a deviation without a reason: %q", line)
			}
			out[file] = why
		}
	}
	return out
}

func judgePage(t *testing.T, known map[string]string, file string, missing []string) {
	t.Helper()
	why, listed := known[file]
	switch {
	case len(missing) > 0 && !listed:
		t.Errorf("%s: its page lacks\n  %s", file, strings.Join(missing[:min(4, len(missing))], "\n  "))
	case len(missing) == 0 && listed:
		t.Errorf("%s: no longer deviates (%s): take it off the table", file, why)
	}
}

// opened is what a reader gets of one letter.
type opened struct {
	page  string   // the page's words
	words string   // those of its frames, in every form, without spaces
	files [][]byte // behind its downloads
	// inFrame are the pictures its frames show by themselves: no name, no download.
	inFrame [][]byte
}

// openRaw lays raw in the inbox, opens it from the list as a person does, and takes
// it away again.
func openRaw(t *testing.T, k *testkit.Kit, c *testkit.Client, raw []byte) opened {
	t.Helper()
	if !k.World.Mail().Put(people.MartinBox, "INBOX", nil, time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC), raw) {
		t.Fatal("the mailbox is not there")
	}
	inbox := doc(t, ok(t, c.Follow("/")))
	href := inbox.Find("[data-testid=letter-row] a.row-link").First().AttrOr("href", "")
	d := doc(t, ok(t, c.Get(href)))
	out := opened{page: squeeze(d.Text())}
	frames := map[string]bool{}
	d.Find("iframe").Each(func(_ int, s *goquery.Selection) { frames[s.AttrOr("src", "")] = true })
	for src := range frames {
		u, q, _ := strings.Cut(src, "?")
		for _, form := range []string{src, u + "?" + strings.TrimPrefix(q+"&form=plain", "&")} {
			body := doc(t, ok(t, c.Get(form, testkit.For("iframe"))))
			body.Find("head, style, .pli-host").Remove() // ours, not the sender's
			out.words += squeeze(body.Text()) + "\n"
			body.Find("a[href], img[alt]").Each(func(_ int, s *goquery.Selection) {
				out.words += squeeze(s.AttrOr("href", "")+s.AttrOr("alt", "")) + "\n"
			})
			body.Find("img[src^='/mail/']").Each(func(_ int, s *goquery.Selection) {
				out.inFrame = append(out.inFrame, plainEnds(ok(t, c.Get(s.AttrOr("src", ""), testkit.For("image"))).Body))
			})
		}
	}
	d.Find("[data-testid=attachment-download]").Each(func(_ int, s *goquery.Selection) {
		out.files = append(out.files, plainEnds(ok(t, c.Get(s.AttrOr("href", ""))).Body))
	})
	ref := d.Find("input[name=ref]").First().AttrOr("value", "")
	act := d.Find("[data-testid=act-bin]").First()
	form := act.Closest("form").AttrOr("action", "")
	if to := act.AttrOr("formaction", ""); to != "" {
		form = to
	}
	if a := c.Post(form, values("ref", ref)); a.Status >= 400 {
		t.Fatalf("binning answered %d", a.Status)
	}
	return out
}

// holds looks for each leaf, and gives how many were read, how many downloaded, and
// what is missing.
func (o opened) holds(leaves []leaf) (shown, downloaded int, missing []string) {
	for _, l := range leaves {
		same := func(f []byte) bool { return l.bytes != nil && bytes.Equal(f, plainEnds(l.bytes)) }
		if slices.ContainsFunc(o.inFrame, same) {
			shown++
			continue
		}
		if l.name != "" && !strings.Contains(o.page, squeeze(message.SafeFileName(l.name))) {
			missing = append(missing, fmt.Sprintf("%s: file name %q", l.at, l.name))
		}
		if len(bytes.TrimSpace(l.bytes)) == 0 && strings.TrimSpace(l.text) == "" {
			continue
		}
		lost := l.lacksFrom(o.words)
		switch {
		case slices.ContainsFunc(o.files, same), l.text != "" && slices.ContainsFunc(o.files, l.isIn):
			downloaded++
		case lost == "" && (l.text != "" || isText(l.bytes)):
			shown++
		case lost == "":
			missing = append(missing, fmt.Sprintf("%s: %d bytes behind no download", l.at, len(l.bytes)))
		default:
			missing = append(missing, fmt.Sprintf("%s: the word %q", l.at, lost))
		}
	}
	return shown, downloaded, missing
}

// isIn reports a downloaded text that reads as the leaf does, in the charset its
// bytes fit.
func (l leaf) isIn(file []byte) bool {
	return l.lacksFrom(squeeze(message.DecodeText("", file))) == ""
}

// lacksFrom gives the first word of a text that the words shown lack.
func (l leaf) lacksFrom(words string) string {
	text := l.text
	if text == "" {
		text = string(l.bytes)
	}
	if l.html || strings.HasPrefix(strings.TrimSpace(text), "<") || strings.HasSuffix(strings.TrimSpace(text), ">") {
		d, err := goquery.NewDocumentFromReader(strings.NewReader(text))
		if err != nil {
			return err.Error()
		}
		d.Find("script, style, title, head, noscript").Remove()
		text = d.Text()
	}
	for _, w := range strings.Fields(text) {
		if l.text == "" && strings.IndexFunc(w, func(r rune) bool { return r >= 0x80 }) >= 0 {
			continue // bytes in a charset of their own
		}
		if w = squeeze(strings.Trim(w, ">|")); w != "" && !strings.Contains(words, w) {
			return w
		}
	}
	return ""
}

func isText(b []byte) bool { return bytes.IndexByte(b, 0) < 0 }

// squeeze leaves out what is not in question: spaces, and characters nobody sees.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

func plainEnds(b []byte) []byte {
	return bytes.TrimRight(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), "\n")
}

// --- mime4j: a tree in XML, decoded bodies in files beside it

type mimeNode struct {
	XMLName  xml.Name
	Name     string     `xml:"name,attr"`
	Text     string     `xml:",chardata"`
	Children []mimeNode `xml:",any"`
}

func mime4jLeaves(t *testing.T, path string) []leaf {
	t.Helper()
	b, err := os.ReadFile(strings.TrimSuffix(path, ".msg") + "_decoded.xml")
	if err != nil {
		return nil
	}
	var tree mimeNode
	dec := xml.NewDecoder(bytes.NewReader(b))
	dec.Strict = false
	if dec.Decode(&tree) != nil {
		return nil
	}
	out := []leaf{}
	var walk func(n mimeNode, html bool)
	walk = func(n mimeNode, html bool) {
		for _, c := range n.Children {
			if c.XMLName.Local == "header" {
				for _, f := range c.Children {
					html = html || strings.HasPrefix(strings.ToLower(f.Text), "content-type: text/html")
				}
			}
		}
		if n.XMLName.Local == "text-body" || n.XMLName.Local == "binary-body" {
			if b, err := os.ReadFile(filepath.Join(filepath.Dir(path), n.Name)); err == nil {
				out = append(out, leaf{at: n.Name, bytes: b, html: html})
			}
		}
		for _, c := range n.Children {
			walk(c, html && (c.XMLName.Local == "text-body" || c.XMLName.Local == "binary-body"))
		}
	}
	walk(tree, false)
	return out
}

// --- stalwart: an opinion in JSON

type stalwartLetter struct {
	Parts []struct {
		Headers []struct{ Name, Value json.RawMessage }
		Body    map[string]json.RawMessage
	}
}

func stalwartLeaves(t *testing.T, path string) []leaf {
	t.Helper()
	b, err := os.ReadFile(strings.TrimSuffix(path, ".eml") + ".json")
	var o stalwartLetter
	if err != nil || json.Unmarshal(b, &o) != nil {
		return nil
	}
	return o.leaves("")
}

func (o stalwartLetter) leaves(at string) []leaf {
	out := []leaf{}
	for i, p := range o.Parts {
		l := leaf{at: fmt.Sprintf("%s%d", at, i)}
		for _, h := range p.Headers {
			var v struct {
				ContentType struct {
					Attributes []struct{ Name, Value string }
				}
			}
			_ = json.Unmarshal(h.Value, &v)
			for _, a := range v.ContentType.Attributes {
				if a.Name == "filename" || a.Name == "name" && l.name == "" {
					l.name = a.Value
				}
			}
		}
		for kind, body := range p.Body {
			switch kind {
			case "Text", "Html":
				_ = json.Unmarshal(body, &l.text)
				l.html = kind == "Html"
				out = append(out, l)
			case "Binary", "InlineBinary":
				var list []int
				_ = json.Unmarshal(body, &list)
				for _, v := range list {
					l.bytes = append(l.bytes, byte(v))
				}
				out = append(out, l)
			case "Message":
				var inner stalwartLetter
				_ = json.Unmarshal(body, &inner)
				out = append(out, inner.leaves(l.at+"/")...)
			}
		}
	}
	return out
}
