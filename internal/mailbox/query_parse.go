package mailbox

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pli.example/pli/internal/index"
	"pli.example/pli/internal/problem"
)

// ParseQuery reads a line as a person types it: words, "words kept together", and
// conditions: de: à: objet: texte: patient: dans: depuis: après: avant: jusqu’au:
// avec: est:, and non-lue, suivie, sans-réponse, pièce-jointe by themselves. A word with
// a colon that is none of these is a word. Days are those of zone.
func ParseQuery(line string, zone *time.Location) (Query, error) {
	var q Query
	if len(line) > MaxQuery {
		return q, problem.New(problem.TooLarge, "Ces mots sont trop longs pour une recherche. Cherchez avec un ou deux mots.")
	}
	all := tokens(line)
	for i := 0; i < len(all); i++ {
		t := all[i]
		if t.quoted {
			q.Words = append(q.Words, t.text)
			continue
		}
		if alone(&q, t.text) {
			continue
		}
		key, value, ok := strings.Cut(t.text, ":")
		if set := conditions[foldKey(key)]; ok && set != nil {
			if value == "" { // de: petit, de:"le docteur"
				if i++; i == len(all) {
					break
				}
				value = all[i].text
			}
			if err := set(&q, value, zone); err != nil {
				return Query{}, err
			}
			continue
		}
		q.Words = append(q.Words, t.text)
	}
	return q, nil
}

// Words cuts what a person typed in one field; "…" and "..." keep spaces.
func Words(s string) []string {
	if len(s) > MaxQuery {
		s = strings.ToValidUTF8(s[:MaxQuery], "")
	}
	var out []string
	for _, t := range tokens(s) {
		out = append(out, t.text)
	}
	return out
}

type token struct {
	text   string
	quoted bool
}

// quotes are what word processors make of ".
var quotes = strings.NewReplacer("«\u00a0", `"`, "\u00a0»", `"`, "«", `"`, "»", `"`, "“", `"`, "”", `"`, "„", `"`)

// tokens cuts a line at spaces and quotes. Nothing that a line of IMAP ends at is left.
func tokens(s string) (out []token) {
	s = quotes.Replace(strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.IsControl(r) && !unicode.IsSpace(r):
			return -1
		case unicode.IsSpace(r) && r != '\u00a0':
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "")))
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		if rest, ok := strings.CutPrefix(s, `"`); ok {
			phrase, after, _ := strings.Cut(rest, `"`)
			if p := strings.TrimSpace(phrase); p != "" {
				out = append(out, token{p, true})
			}
			s = after
			continue
		}
		i := strings.IndexAny(s, " \u00a0\"")
		if i < 0 {
			i = len(s)
		}
		out = append(out, token{s[:i], false})
		s = s[i:]
	}
	return out
}

func foldKey(s string) string { return strings.ReplaceAll(index.Fold(s), "'", "") }

// alone takes a condition that needs no value.
func alone(q *Query, word string) bool {
	switch foldKey(word) {
	case "non-lue", "non-lues", "non-lu", "non-lus":
		q.Unread = true
	case "sans-reponse", "non-repondue", "non-repondues":
		q.NotAnswered = true
	case "est:suivie", "est:suivies":
		q.Flagged = true
	case "piece-jointe", "pieces-jointes", "avec:piece", "avec:pieces":
		q.Files = true
	case "avec:document", "avec:documents":
		q.Documents = true
	default:
		if rest, ok := strings.CutPrefix(foldKey(word), "est:"); ok {
			return alone(q, rest)
		}
		if rest, ok := strings.CutPrefix(foldKey(word), "avec:"); ok && strings.HasPrefix(rest, "piece") {
			return alone(q, rest)
		}
		return false
	}
	return true
}

// conditions are those with a value, by their folded names.
var conditions = map[string]func(q *Query, value string, zone *time.Location) error{
	"de":      func(q *Query, v string, _ *time.Location) error { q.From = append(q.From, v); return nil },
	"a":       func(q *Query, v string, _ *time.Location) error { q.To = append(q.To, v); return nil },
	"pour":    func(q *Query, v string, _ *time.Location) error { q.To = append(q.To, v); return nil },
	"objet":   func(q *Query, v string, _ *time.Location) error { q.Subject = append(q.Subject, v); return nil },
	"texte":   func(q *Query, v string, _ *time.Location) error { q.Body = append(q.Body, v); return nil },
	"patient": func(q *Query, v string, _ *time.Location) error { q.Patient = append(q.Patient, v); return nil },
	"dans":    func(q *Query, v string, _ *time.Location) error { q.In = v; return nil },
	"depuis": func(q *Query, v string, z *time.Location) error {
		return day(v, z, func(first, _ time.Time) { q.Since = first })
	},
	"apres": func(q *Query, v string, z *time.Location) error {
		return day(v, z, func(_, after time.Time) { q.Since = after })
	},
	"avant": func(q *Query, v string, z *time.Location) error {
		return day(v, z, func(first, _ time.Time) { q.Before = first })
	},
	"jusquau": func(q *Query, v string, z *time.Location) error {
		return day(v, z, func(_, after time.Time) { q.Before = after })
	},
	"le": func(q *Query, v string, z *time.Location) error {
		return day(v, z, func(first, after time.Time) { q.Since, q.Before = first, after })
	},
}

// day reads 2026-10-01, 01/10/2026, 10/2026, 2026-10 or 2026: the instant it begins
// and the one after its end.
func day(v string, zone *time.Location, set func(first, after time.Time)) error {
	for _, f := range []struct {
		layout              string
		years, months, days int
	}{{"2006-01-02", 0, 0, 1}, {"2/1/2006", 0, 0, 1}, {"2006-01", 0, 1, 0}, {"1/2006", 0, 1, 0}, {"2006", 1, 0, 0}} {
		t, err := time.ParseInLocation(f.layout, v, zone)
		if err == nil && t.Year() >= 1970 && t.Year() < 2100 {
			set(t, t.AddDate(f.years, f.months, f.days))
			return nil
		}
	}
	return problem.New(problem.Invalid, "Cette date ne se lit pas. Écrivez par exemple avant:2026-10-01, depuis:01/10/2026 ou depuis:2026. Rien d’autre n’a été changé.")
}

// Day reads the date of a form field, "" for none: the instant it begins and the
// one after its end.
func Day(v string, zone *time.Location) (first, after time.Time, err error) {
	if v = strings.TrimSpace(v); v != "" {
		err = day(v, zone, func(a, b time.Time) { first, after = a, b })
	}
	return first, after, err
}

// Line writes a query as ParseQuery reads it. Folder, Everywhere and Sort have no words.
func (q Query) Line(zone *time.Location) string {
	out := []string{WordsLine(q.Words)}
	add := func(key string, list ...string) {
		for _, v := range list {
			out = append(out, key+`:"`+v+`"`)
		}
	}
	add("de", q.From...)
	add("à", q.To...)
	add("objet", q.Subject...)
	add("texte", q.Body...)
	add("patient", q.Patient...)
	if q.In != "" {
		add("dans", q.In)
	}
	for _, mark := range []struct {
		word string
		set  bool
	}{{"non-lue", q.Unread}, {"sans-réponse", q.NotAnswered}, {"est:suivie", q.Flagged}, {"pièce-jointe", q.Files}, {"avec:document", q.Documents}} {
		if mark.set {
			out = append(out, mark.word)
		}
	}
	if !q.Since.IsZero() {
		out = append(out, "depuis:"+q.Since.In(zone).Format(time.DateOnly))
	}
	if !q.Before.IsZero() {
		out = append(out, "avant:"+q.Before.In(zone).Format(time.DateOnly))
	}
	return strings.TrimSpace(strings.Join(out, " "))
}

// traced is the line as the trail keeps it: its days are those of whoever asked.
func (q Query) traced() string {
	zone := q.Before.Location()
	if !q.Since.IsZero() {
		zone = q.Since.Location()
	}
	return q.Line(zone)
}

// WordsLine writes words so that Words and ParseQuery read the same ones.
func WordsLine(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = w
		if strings.ContainsAny(w, " \u00a0:-") || strings.TrimSpace(w) != w {
			out[i] = `"` + w + `"`
		}
	}
	return strings.Join(out, " ")
}
