package directory

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"time"

	"pli.example/pli/internal/finding"
)

var checks = []string{"directory.fetch", "directory.form", "directory.size", "directory.age"}

// oldExtraction: the file is made every day; one this old says that it no longer is.
const oldExtraction = 8 * 24 * time.Hour

// smallExtraction: the real one has 20 MB packed.
const smallExtraction = 1 << 20

// Extraction is where the open extraction is served.
type Extraction struct {
	URL  string
	HTTP *http.Client
	Now  func() time.Time
}

// Check asks for the extraction and reads its beginning only: is it there, does it
// look like one, how large and how old is it. Nothing is imported.
func (e Extraction) Check(ctx context.Context) finding.List {
	var l finding.List
	if e.URL == "" {
		l.Warn("directory.fetch", "Donnez l’adresse par PLI_DIRECTORY_URL\u00a0; sans elle personne ne se trouve par son nom.", "Aucune adresse n’est configurée pour l’Annuaire Santé.")
		return l
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	e.check(ctx, &l)
	l.Complete(checks...)
	return l
}

func (e Extraction) check(ctx context.Context, l *finding.List) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.URL, nil)
	if err != nil {
		l.Fault("directory.fetch", "Vérifiez PLI_DIRECTORY_URL.", "L’adresse de l’extraction n’est pas valable.")
		return
	}
	res, err := e.HTTP.Do(req)
	if err != nil {
		say, do := finding.Because(withoutURL(err), host(e.URL))
		if finding.OfCertificate(err) {
			say, do = "Le certificat de "+host(e.URL)+" est refusé ("+withoutURL(err).Error()+").", "Donnez son autorité par PLI_DIRECTORY_CA_FILE."
		}
		l.Fault("directory.fetch", do, "L’extraction de l’annuaire n’a pas pu être lue. %s", say)
		return
	}
	defer res.Body.Close() // the rest is not read
	if res.StatusCode != http.StatusOK {
		l.Fault("directory.fetch", "Vérifiez PLI_DIRECTORY_URL.", "Le service de l’annuaire a répondu par l’erreur %d.", res.StatusCode)
		return
	}
	l.OK("directory.fetch", "Le service de l’annuaire répond.")
	checkForm(l, res)
	checkSize(l, res.ContentLength)
	e.checkAge(l, res.Header.Get("Last-Modified"))
}

// checkForm reads the first octets: a zip that holds a text, or a text with our
// columns.
func checkForm(l *finding.List, res *http.Response) {
	head := bufio.NewReaderSize(res.Body, maxLine)
	start, _ := head.Peek(1024)
	const do = "Vérifiez PLI_DIRECTORY_URL\u00a0: elle doit mener à l’extraction en libre accès."
	if bytes.HasPrefix(start, []byte("PK\x03\x04")) {
		name := zipName(start)
		if strings.HasSuffix(name, ".txt") || strings.HasSuffix(name, ".csv") {
			l.OK("directory.form", "Le fichier est un zip qui contient un texte.")
			return
		}
		l.Warn("directory.form", do, "Le fichier est un zip qui ne commence pas par un texte.")
		return
	}
	line, err := head.ReadSlice('\n')
	if err == nil {
		text, _ := toUTF8(bytes.TrimRight(line, "\r\n"))
		_, err = parseHeader(text)
	}
	if err != nil {
		l.Fault("directory.form", do, "Ce qui est servi n’est pas une extraction de l’annuaire.")
		return
	}
	l.OK("directory.form", "Le fichier a les colonnes attendues.")
}

// zipName is the name in the first local header (APPNOTE 4.3.7), lower case.
func zipName(start []byte) string {
	const fixed = 30
	if len(start) < fixed {
		return ""
	}
	n := int(binary.LittleEndian.Uint16(start[26:28]))
	return strings.ToLower(string(start[fixed:min(fixed+n, len(start))]))
}

func checkSize(l *finding.List, size int64) {
	switch {
	case size < 0:
		l.Untried("directory.size", "Le service ne dit pas la taille du fichier.")
	case size > maxPlain:
		l.Fault("directory.size", "Vérifiez PLI_DIRECTORY_URL.", "Le fichier est trop grand (%s)\u00a0: il serait refusé.", finding.Size(size))
	case size < smallExtraction:
		l.Warn("directory.size", "Vérifiez que c’est l’extraction entière.", "Le fichier est petit (%s).", finding.Size(size))
	default:
		l.OK("directory.size", "Le fichier pèse %s.", finding.Size(size))
	}
}

func (e Extraction) checkAge(l *finding.List, modified string) {
	at, err := http.ParseTime(modified)
	if err != nil {
		l.Untried("directory.age", "Le service ne dit pas la date du fichier.")
		return
	}
	switch age := e.Now().Sub(at); {
	case age > oldExtraction:
		l.Warn("directory.age", "Prévenez le service de l’Annuaire Santé\u00a0: l’extraction est faite chaque jour.", "L’extraction date d’il y a %s.", finding.Age(age))
	default:
		l.OK("directory.age", "L’extraction date d’il y a %s.", finding.Age(max(age, 0)))
	}
}

func host(at string) string {
	if u, err := url.Parse(at); err == nil && u.Host != "" {
		return u.Host
	}
	return "l’annuaire"
}
