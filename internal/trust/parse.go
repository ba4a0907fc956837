package trust

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
)

const namespace = "https://listeblanche.mssante.fr/schema"

// Caps on the signed document, beyond those of xmlsig.
const (
	maxDepth   = 16
	maxEntries = 100_000
	maxText    = 1024 // bytes of a name or date, white space included
)

var errForm = errors.New("not a white list")

// document is what is read of a list.
type document struct {
	generated time.Time
	names     map[mssante.Domain]struct{}
	entries   int
	skipped   int
}

// Paths that are read. Anything else in the list is signed too, and passed over;
// a name standing elsewhere is no entry.
const (
	pathDate   = "/ListeBlancheMSSante/DateDeGeneration"
	pathList   = "/ListeBlancheMSSante/ListeDomaines"
	pathDomain = pathList + "/Domaine"
	pathName   = pathDomain + "/Nom"
)

// parse reads the canonical XML a signature covers: give it nothing else.
func parse(signed []byte) (*document, error) { return parseWithin(signed, maxEntries) }

func parseWithin(signed []byte, most int) (*document, error) {
	p := parser{document: &document{names: map[mssante.Domain]struct{}{}}, most: most}
	d := xml.NewDecoder(bytes.NewReader(signed))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errForm, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			err = p.start(t)
		case xml.EndElement:
			err = p.end()
		case xml.CharData:
			err = p.chars(t)
		default: // canonical XML without comments has none
			err = fmt.Errorf("%w: a %T", errForm, token)
		}
		if err != nil {
			return nil, err
		}
	}
	return p.finish()
}

// parser follows where it stands and insists on one date, one list, one name an
// entry.
type parser struct {
	*document
	most  int // entries
	path  []string
	open  string // the path joined
	dates int
	lists int
	named int // names of the open entry
	text  []byte
}

func (p *parser) start(t xml.StartElement) error {
	if p.reading() {
		return fmt.Errorf("%w: an element inside %s", errForm, p.path[len(p.path)-1])
	}
	name := t.Name.Local
	if t.Name.Space != namespace {
		name = "\x00" // no path we read
	}
	if p.path = append(p.path, name); len(p.path) > maxDepth {
		return fmt.Errorf("%w: too deep", errForm)
	}
	p.open = "/" + strings.Join(p.path, "/")
	switch p.open {
	case pathDate:
		p.dates++
	case pathList:
		p.lists++
	case pathDomain:
		p.named = 0
		if p.entries++; p.entries > p.most {
			return fmt.Errorf("%w: too many entries", errForm)
		}
	case pathName:
		p.named++
	}
	return nil
}

func (p *parser) reading() bool { return p.open == pathDate || p.open == pathName }

func (p *parser) chars(t xml.CharData) error {
	if !p.reading() {
		return nil
	}
	if p.text = append(p.text, t...); len(p.text) > maxText {
		return fmt.Errorf("%w: a long %s", errForm, p.path[len(p.path)-1])
	}
	return nil
}

func (p *parser) end() error {
	var err error
	switch p.open {
	case pathDate:
		if p.generated, err = time.Parse(time.RFC3339, strings.TrimSpace(string(p.text))); err != nil {
			err = fmt.Errorf("%w: DateDeGeneration", errForm)
		}
		p.generated = p.generated.UTC().Truncate(time.Microsecond) // as the database keeps it
	case pathName:
		if d, ok := domain(string(p.text)); ok {
			p.names[d] = struct{}{}
		} else {
			p.skipped++
		}
	case pathDomain:
		if p.named != 1 {
			err = fmt.Errorf("%w: an entry with %d names", errForm, p.named)
		}
	}
	p.text = p.text[:0]
	p.path = p.path[:len(p.path)-1]
	p.open = "/" + strings.Join(p.path, "/")
	return err
}

func (p *parser) finish() (*document, error) {
	switch {
	case p.dates != 1 || p.lists != 1:
		return nil, fmt.Errorf("%w: %d dates, %d lists", errForm, p.dates, p.lists)
	case p.generated.IsZero():
		return nil, fmt.Errorf("%w: no date", errForm)
	case len(p.names) == 0:
		return nil, fmt.Errorf("%w: no domain", errForm)
	}
	return p.document, nil
}

// lengths sorts the names by length, then alphabet.
func (d *document) lengths() [][]mssante.Domain {
	longest := 0
	for n := range d.names {
		longest = max(longest, len(n))
	}
	out := make([][]mssante.Domain, longest+1)
	for n := range d.names {
		out[len(n)] = append(out[len(n)], n)
	}
	for _, same := range out {
		slices.Sort(same)
	}
	return out
}
