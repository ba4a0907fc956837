package rules

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// What a user may read about a rule that cannot be kept.
const (
	sayNothingAsked = "Une règle demande au moins une condition\u00a0: sans elle, toutes les lettres seraient touchées. Rien n’a été enregistré."
	sayNothingDone  = "Une règle fait au moins une chose\u00a0: déplacer, marquer, ou arrêter les suivantes. Rien n’a été enregistré."
	sayTooMany      = "Cette boîte a déjà 50\u00a0règles, le plus que Pli en garde. Rien n’a été enregistré\u00a0: retirez-en une d’abord."
	sayTooLong      = "Un de ces textes est trop long. Rien n’a été enregistré\u00a0: 80\u00a0caractères pour le nom, 120\u00a0pour une condition, 20\u00a0lignes par condition."
	sayBadType      = "Ce type de document n’est pas connu. Rien n’a été enregistré."
	sayBadFolder    = "Ce dossier ne peut pas recevoir de lettres. Rien n’a été enregistré\u00a0: choisissez-en un autre."
	sayNoText       = "Une réponse d’absence a un texte. Rien n’a été enregistré\u00a0: écrivez-le."
	sayLongText     = "Cette réponse est trop longue. Rien n’a été enregistré\u00a0: 2\u00a0000\u00a0caractères au plus, 150\u00a0pour l’objet."
	sayBadDay       = "Ces dates ne vont pas\u00a0: la fin vient avant le début, ou l’une n’est pas une date. Rien n’a été enregistré."
	sayBadDays      = "L’intervalle est de 1 à 30\u00a0jours. Rien n’a été enregistré."
)

func invalid(say string) error { return problem.New(problem.Invalid, say) }

// tidy makes what was typed a rule that can be kept, or says why it cannot.
func (r Rule) tidy() (Rule, error) {
	r.Name, r.By = oneLine(r.Name), oneLine(r.By)
	r.Subject, r.From, r.To = values(r.Subject), values(r.From), values(r.To)
	for i, v := range r.From {
		who, err := senderOf(v)
		if err != nil {
			return r, invalid("«\u00a0" + shown(v) + "\u00a0» n’est ni une adresse ni un domaine. Rien n’a été enregistré\u00a0: corrigez l’expéditeur.")
		}
		r.From[i] = who
	}
	for i, v := range r.To {
		a, err := mssante.ParseAddress(v)
		if err != nil {
			return r, invalid("«\u00a0" + shown(v) + "\u00a0» n’est pas une adresse. Rien n’a été enregistré\u00a0: corrigez le destinataire.")
		}
		r.To[i] = a.Key()
	}
	r.From, r.To, r.Types = unique(r.From), unique(r.To), unique(r.Types)
	for _, t := range r.Types {
		if !validCode(t) {
			return r, invalid(sayBadType)
		}
	}
	switch {
	case r.test() == nil:
		return r, invalid(sayNothingAsked)
	case r.Folder == "" && !r.Seen && !r.Flagged && !r.Stop:
		return r, invalid(sayNothingDone)
	case !validFolder(r.Folder):
		return r, invalid(sayBadFolder)
	case utf8.RuneCountInString(r.Name) > MaxName || utf8.RuneCountInString(r.By) > 200:
		return r, invalid(sayTooLong)
	}
	for _, all := range [][]string{r.From, r.Subject, r.To, r.Types} {
		if len(all) > MaxValues || slices.ContainsFunc(all, func(v string) bool { return utf8.RuneCountInString(v) > MaxWords }) {
			return r, invalid(sayTooLong)
		}
	}
	r.Stop = r.Stop && r.Folder == "" // moving is stopping
	return r, nil
}

// senderOf reads an address, or a domain with or without its @.
func senderOf(v string) (string, error) {
	if bare, ok := strings.CutPrefix(v, "@"); ok || !strings.Contains(v, "@") {
		d, err := mssante.ParseDomain(bare)
		return string(d), err
	}
	a, err := mssante.ParseAddress(v)
	return a.Key(), err
}

// tidy does the same for an absence. One that is switched off may be unfinished.
func (a Absence) tidy(zone *time.Location) (Absence, error) {
	a.Subject, a.By, a.Label, a.Text = oneLine(a.Subject), oneLine(a.By), oneLine(a.Label), paragraphs(a.Text)
	if a.Days == 0 {
		a.Days = DefaultDays
	}
	from, okFrom := a.From.Time(zone)
	until, okUntil := a.Until.Time(zone)
	switch {
	case utf8.RuneCountInString(a.Text) > MaxAbsenceText || utf8.RuneCountInString(a.Subject) > MaxAbsenceSubject || utf8.RuneCountInString(a.By) > 200 || utf8.RuneCountInString(a.Label) > 400:
		return a, invalid(sayLongText)
	case a.Days < 1 || a.Days > MaxDays:
		return a, invalid(sayBadDays)
	case !okFrom && a.From != "" || !okUntil && a.Until != "" || okFrom && okUntil && until.Before(from):
		return a, invalid(sayBadDay)
	case a.On && a.Text == "":
		return a, invalid(sayNoText)
	}
	if a.Subject == "" {
		a.Subject = "Absence"
	}
	return a, nil
}

var errNotOurs = errors.New("rules: not a set that was ever kept")

// check holds a Set that was read back to what could have been written.
func (s Set) check() error {
	if len(s.Rules) > MaxRules {
		return errNotOurs
	}
	ids := map[string]bool{}
	for _, r := range s.Rules {
		tidied, err := r.copied().tidy()
		if err != nil || ids[r.ID] || !validID(r.ID) || !reflect.DeepEqual(tidied, r) {
			return errNotOurs
		}
		ids[r.ID] = true
	}
	if s.Absence == (Absence{}) {
		return nil
	}
	tidied, err := s.Absence.tidy(time.UTC)
	if err != nil || tidied != s.Absence {
		return errNotOurs
	}
	return nil
}

// copied shares nothing with r: tidy writes into its lists.
func (r Rule) copied() Rule {
	r.From, r.Subject, r.To, r.Types = slices.Clone(r.From), slices.Clone(r.Subject), slices.Clone(r.To), slices.Clone(r.Types)
	return r
}

// values are the lines somebody typed: none empty, none twice; nil for none.
func values(typed []string) []string {
	var out []string
	for _, t := range typed {
		if t = oneLine(t); t != "" {
			out = append(out, t)
		}
	}
	return unique(out)
}

func unique(all []string) []string {
	var out []string
	for _, v := range all {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// oneLine keeps what a person can see, with single spaces.
func oneLine(s string) string {
	return strings.Join(strings.Fields(visible(s, ' ')), " ")
}

// paragraphs keeps lines.
func paragraphs(s string) string {
	all := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.ToValidUTF8(s, "")), "\n")
	for i, l := range all {
		all[i] = strings.TrimRightFunc(visible(l, ' '), unicode.IsSpace)
	}
	return strings.Trim(strings.Join(all, "\n"), "\n")
}

// visible drops what cannot be seen; controls, line ends among them, become instead.
func visible(s string, instead rune) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError, unicode.Is(unicode.Cf, r):
			return -1
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return instead
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

func shown(v string) string {
	if r := []rune(v); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return v
}

// validCode accepts the codes of documents: LOINC numbers and the ANS's own words.
func validCode(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte("-_.", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 32
}

// validFolder accepts a name as a server spells it; "" is no folder.
func validFolder(s string) bool {
	return len(s) <= MaxFolder && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
