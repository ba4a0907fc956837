package rules

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
)

// A script of ours is comments that hold the Set, encoded, then the Sieve made of it:
//
//	# …
//	#pli 1 fileinto imap4flags      the extensions it was made for
//	#= base64 of the Set, as JSON
//	#.
//	require …
//
// What is read back is believed only when it gives the same script again: whoever
// changes the Sieve, or the comments, elsewhere is found out.
const (
	scriptName = "pli"
	format     = "#pli 1"
	head       = "# R\u00e8gles de tri \u00e9crites par Pli, qui les relit ici. Modifiez-les dans Pli.\r\n"
	maxScript  = 256 << 10
	codeLine   = 72
)

var errAltered = errors.New("rules: the script is not the one its rules make")

// author makes scripts for one mailbox.
type author struct {
	of   mssante.Address
	zone *time.Location
}

// script writes a Set for a server that has these extensions.
func (a author) script(s Set, has []string) (string, error) {
	used := slices.DeleteFunc(Extensions(), func(e string) bool { return !slices.Contains(has, e) })
	plain, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("encode rules: %w", err)
	}
	var b strings.Builder
	b.WriteString(head + format)
	for _, e := range used {
		b.WriteString(" " + e)
	}
	b.WriteString("\r\n")
	code := base64.StdEncoding.EncodeToString(plain)
	for line := range slices.Chunk([]byte(code), codeLine) {
		b.WriteString("#= " + string(line) + "\r\n")
	}
	b.WriteString("#.\r\n")
	b.WriteString(a.body(s, used))
	return b.String(), nil
}

func (a author) body(s Set, used []string) string {
	var w writer
	s.Absence.write(&w, a.of, a.zone)
	for _, r := range s.Rules {
		if !r.Off {
			r.write(&w, func(e string) bool { return slices.Contains(used, e) })
		}
	}
	return w.script()
}

// read gives the Set a script holds. errAltered with a Set: these rules were here,
// but the script does not do just that.
func (a author) read(script string) (Set, error) {
	if len(script) > maxScript {
		return Set{}, errAltered
	}
	var used []string
	var code strings.Builder
	seen := false
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case !seen && (line == format || strings.HasPrefix(line, format+" ")):
			seen, used = true, strings.Fields(line[len(format):])
		case seen && strings.HasPrefix(line, "#= "):
			code.WriteString(line[3:])
		case seen && line == "#.":
			return a.believe(script, used, code.String())
		case !strings.HasPrefix(line, "#") || seen:
			return Set{}, errAltered
		}
	}
	return Set{}, errAltered
}

func (a author) believe(script string, used []string, code string) (Set, error) {
	plain, err := base64.StdEncoding.DecodeString(code)
	if err != nil {
		return Set{}, errAltered
	}
	var s Set
	d := json.NewDecoder(bytes.NewReader(plain))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil || s.check() != nil {
		return Set{}, errAltered
	}
	again, err := a.script(s, used)
	if err != nil || again != script {
		return s, errAltered
	}
	return s, nil
}
