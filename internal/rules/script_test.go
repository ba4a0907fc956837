package rules

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

var anne = mssante.Address{Local: "anne.martin", Domain: "medecin.test.mssante.fr"}

func ours() author { return author{of: anne, zone: time.FixedZone("Paris", 3600)} }

func tidied(t testing.TB, r Rule) Rule {
	t.Helper()
	out, err := r.copied().tidy()
	if err != nil {
		t.Fatal(err)
	}
	out.ID = newID()
	return out
}

// strings of a Sieve script, by a reader that shares nothing with the writer: what a
// server would see as strings, and what is left of the text around them (RFC 5228 §2.4.2,
// §2.3).
func dissect(t testing.TB, script string) (values []string, rest string) {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(script); {
		switch {
		case script[i] == '#':
			for i < len(script) && script[i] != '\n' {
				i++
			}
			i++
		case script[i] == '"':
			var v strings.Builder
			for i++; ; i++ {
				if i >= len(script) {
					t.Fatalf("a string never closes: %q", script)
				}
				if script[i] == '"' {
					i++
					break
				}
				if script[i] == '\\' {
					i++
				}
				v.WriteByte(script[i])
			}
			values = append(values, v.String())
			b.WriteString("S")
		default:
			b.WriteByte(script[i])
			i++
		}
	}
	return values, b.String()
}

// TestScriptWords: a rule as the server gets it.
func TestScriptWords(t *testing.T) {
	t.Parallel()
	r := tidied(t, Rule{Name: "Labo", From: []string{"labo@bio.mssante.fr", "@chu.mssante.fr"}, Subject: []string{"résultat"}, Types: []string{"11502-2"}, Patient: true,
		To: []string{"Anne@x.mssante.fr"}, Folder: "Labo/Résultats", Seen: true, Flagged: true, Stop: true})
	got := ours().body(Set{Rules: []Rule{r}}, []string{extFileInto, extFlags, extMailbox})
	want := `require ["fileinto", "imap4flags", "mailbox"];
if allof (anyof (address :is ["from"] ["labo@bio.mssante.fr"], address :domain :is ["from"] ["chu.mssante.fr"]), header :contains ["subject"] ["résultat"], address :is ["to", "cc"] ["anne@x.mssante.fr"], header :matches ["x-mss-codecda"] ["11502-2", "11502-2,*", "11502-2 ,*", "*,11502-2", "*, 11502-2", "*,11502-2,*", "*, 11502-2,*", "*,11502-2 ,*", "*, 11502-2 ,*"], address :domain :is ["from"] ["patient.mssante.fr"]) {
  addflag "\\Seen";
  addflag "\\Flagged";
  if mailboxexists "Labo/Résultats" { fileinto "Labo/Résultats"; stop; }
}
`
	if strings.ReplaceAll(got, "\r\n", "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if r.Stop {
		t.Error("moving is stopping: said twice")
	}
	a := Absence{On: true, From: "2026-12-24", Until: "2027-01-02", Text: "Je suis\nabsente.", Days: 3}
	a, err := a.tidy(ours().zone)
	if err != nil {
		t.Fatal(err)
	}
	got = ours().body(Set{Absence: a}, Extensions())
	want = `require ["date", "envelope", "relational", "vacation"];
if allof (currentdate :zone "+0000" :value "ge" "iso8601" "2026-12-23T23:00:00", currentdate :zone "+0000" :value "lt" "iso8601" "2027-01-02T23:00:00", not envelope :domain :matches "from" ["patient.mssante.fr", "*.patient.mssante.fr"], not address :domain :matches ["from", "sender", "reply-to"] ["patient.mssante.fr", "*.patient.mssante.fr"]) {
  vacation :days 3 :handle "` + a.handle() + `" :addresses ["anne.martin@medecin.test.mssante.fr"] :subject "Absence" "Je suis
absente.";
}
`
	if strings.ReplaceAll(got, "\r\n", "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if strings.Contains(got+want, "redirect") {
		t.Error("something forwards")
	}
}

// hostileNames are names that end a string, a comment, a line or a script elsewhere.
var hostileNames = []string{`a"b`, `\`, `\"`, `"; redirect "evil@example.org"; #`, "x\r\nredirect \"evil@example.org\";", "*/ discard; /*", "text:\r\n.\r\ndiscard;\r\n",
	"#.\r\ndiscard;", "#= e30=", "\x00", "${evil}", "\u2028discard;", "é\xff", "[\"a\"]", strings.Repeat(`"`, 200)}

// TestSieveInjection: what a rule is named, asks or moves to stays a string (attack 36).
func TestSieveInjection(t *testing.T) {
	t.Parallel()
	plain := func(word string) string {
		r := Rule{ID: newID(), Name: word, Subject: []string{word}, Folder: word, Seen: true}
		s := Set{Rules: []Rule{r}, Absence: Absence{On: true, Text: word, Subject: word, Days: 7}}
		script, err := ours().script(s, Extensions())
		if err != nil {
			t.Fatal(err)
		}
		values, rest := dissect(t, script)
		n := 0
		for _, v := range values {
			if v == strings.NewReplacer("\r\n", "\r\n", "\r", "\r\n", "\n", "\r\n", "\x00", "").Replace(strings.ToValidUTF8(word, "")) {
				n++
			}
		}
		if n != 5 { // subject, mailboxexists, fileinto, :subject, text
			t.Errorf("%q stands %d times among the strings: %q", word, n, values)
		}
		return rest
	}
	want := plain("mot")
	for _, name := range hostileNames {
		if got := plain(name); got != want {
			t.Errorf("%q changes the script around it:\n%s\nwant\n%s", name, got, want)
		}
	}
}

// FuzzRule: whatever is typed, a rule that is kept is read back as it was, and its
// script has the same shape as that of a harmless one.
func FuzzRule(f *testing.F) {
	for _, n := range hostileNames {
		f.Add(n, n, n, n, true, "2026-12-24")
	}
	f.Add("Labo", "labo@bio.mssante.fr\nchu.mssante.fr", "résultat", "Labo", false, "")
	f.Fuzz(func(t *testing.T, name, from, subject, folder string, on bool, day string) {
		r, err := Rule{Name: name, From: strings.Split(from, "\n"), Subject: strings.Split(subject, "\n"), Folder: folder, Flagged: true}.tidy()
		if err != nil {
			if problem.SayOf(err) == "" {
				t.Errorf("refused without a word: %v", err)
			}
			return
		}
		r.ID = newID()
		s := Set{Rules: []Rule{r}}
		if a, err := (Absence{On: on, Text: subject, Subject: name, From: Day(day)}).tidy(time.UTC); err == nil {
			s.Absence = a
		}
		script, err := ours().script(s, Extensions())
		if err != nil {
			t.Fatal(err)
		}
		back, err := ours().read(script)
		if err != nil || !reflect.DeepEqual(back, s) {
			t.Fatalf("%+v came back as %+v, %v", s, back, err)
		}
		same := r.copied()
		for i := range same.Subject {
			same.Subject[i] = "x"
		}
		if same.Folder != "" {
			same.Folder = "x"
		}
		harmless := Set{Rules: []Rule{same}, Absence: s.Absence}
		if harmless.Absence.On {
			harmless.Absence.Text, harmless.Absence.Subject = "x", "x"
		}
		_, got := dissect(t, ours().body(s, Extensions()))
		_, want := dissect(t, ours().body(harmless, Extensions()))
		if got != want {
			t.Errorf("the script's shape changes: %q, want %q", got, want)
		}
	})
}

// FuzzRead: a script that anybody may have written is believed only when it is the one
// its rules make.
func FuzzRead(f *testing.F) {
	s, err := ours().script(Set{Rules: []Rule{{ID: "r000000000000000000", Patient: true, Seen: true}}}, Extensions())
	if err != nil {
		f.Fatal(err)
	}
	for _, x := range []string{s, "", "keep;", format, format + "\r\n#= e30=\r\n#.\r\n", strings.Replace(s, "addflag", "discard; addflag", 1)} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, script string) {
		set, err := ours().read(script)
		if err != nil {
			return
		}
		var has []string
		for _, l := range strings.Split(script, "\r\n") {
			if rest, ok := strings.CutPrefix(l, format); ok {
				has = strings.Fields(rest)
				break
			}
		}
		if again, err := ours().script(set, has); err != nil || again != script {
			t.Errorf("believed %q, which its rules do not make", script)
		}
	})
}

// TestAltered: a script changed elsewhere is found out, whatever was changed.
func TestAltered(t *testing.T) {
	t.Parallel()
	s := Set{Rules: []Rule{tidied(t, Rule{Patient: true, Seen: true}), tidied(t, Rule{Subject: []string{"x"}, Folder: "Labo"})}}
	script, err := ours().script(s, Extensions())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := ours().read(script); err != nil || !reflect.DeepEqual(got, s) {
		t.Fatalf("%+v %v", got, err)
	}
	other, err := ours().script(Set{Rules: s.Rules[:1]}, Extensions())
	if err != nil {
		t.Fatal(err)
	}
	before := func(x string) string { return x[:strings.Index(x, "#.")] }
	forged := before(other) + script[len(before(script)):]
	for name, changed := range map[string]string{
		"an action more":    script + "redirect \"evil@example.org\";\r\n",
		"a condition less":  strings.Replace(script, "address :domain", "address :all", 1),
		"a comment more":    strings.Replace(script, "#.", "# x\r\n#.", 1),
		"the rules changed": forged,
		"an extension less": strings.Replace(script, " mailbox", "", 1),
		"no rules":          script[strings.Index(script, "#.")+4:],
		"cut":               script[:len(script)-5],
		"empty":             "",
		"line ends":         strings.ReplaceAll(script, "\r\n", "\n"),
		"another mailbox's": strings.Replace(script, "x", "y", 1),
	} {
		if changed == script {
			t.Fatalf("%s: nothing changed", name)
		}
		if _, err := ours().read(changed); !errors.Is(err, errAltered) {
			t.Errorf("%s: believed (%v)", name, err)
		}
	}
}

// TestTidy: what is typed is made a rule, or refused in French.
func TestTidy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r    Rule
		says string // "" when it is kept
	}{
		{r: Rule{Seen: true}, says: sayNothingAsked},
		{r: Rule{Patient: true}, says: sayNothingDone},
		{r: Rule{From: []string{"  ", ""}, Seen: true}, says: sayNothingAsked},
		{r: Rule{From: []string{"Dr Petit"}, Seen: true}, says: "ni une adresse ni un domaine"},
		{r: Rule{From: []string{"a@b@c.fr"}, Seen: true}, says: "ni une adresse ni un domaine"},
		{r: Rule{To: []string{"chu.fr"}, Seen: true}, says: "n’est pas une adresse"},
		{r: Rule{Types: []string{"*"}, Seen: true}, says: sayBadType},
		{r: Rule{Types: []string{"a?"}, Seen: true}, says: sayBadType},
		{r: Rule{Patient: true, Folder: "a\r\nb"}, says: sayBadFolder},
		{r: Rule{Patient: true, Name: strings.Repeat("é", 81), Seen: true}, says: sayTooLong},
		{r: Rule{Subject: []string{strings.Repeat("x", 121)}, Seen: true}, says: sayTooLong},
		{r: Rule{Subject: slices.Repeat([]string{"x"}, 1), Seen: true}},
		{r: Rule{From: []string{" @CHU.mssante.fr "}, Name: "a\u202eb\r\nc", Stop: true}},
	} {
		got, err := c.r.tidy()
		if say := problem.SayOf(err); (err == nil) != (c.says == "") || c.says != "" && !strings.Contains(say, c.says) {
			t.Errorf("%+v: %v %q", c.r, err, say)
		}
		if err == nil && strings.ContainsAny(got.Name+strings.Join(got.From, ""), "\r\n\u202e@ ") && got.Name != "ab c" {
			t.Errorf("kept %+v", got)
		}
	}
	many := make([]string, MaxValues+1)
	for i := range many {
		many[i] = fmt.Sprintf("mot%d", i)
	}
	if _, err := (Rule{Subject: many, Seen: true}).tidy(); problem.SayOf(err) != sayTooLong {
		t.Errorf("%v", err)
	}
	for _, a := range []Absence{{On: true}, {On: true, Text: "x", From: "2026-02-30"}, {On: true, Text: "x", From: "2026-03-02", Until: "2026-03-01"}, {On: true, Text: "x", Days: 31}, {Text: strings.Repeat("x", 2001)}} {
		if _, err := a.tidy(time.UTC); problem.SayOf(err) == "" {
			t.Errorf("%+v is kept", a)
		}
	}
}

// TestMatches: our own look at a letter has Sieve's semantics.
func TestMatches(t *testing.T) {
	t.Parallel()
	h, e := message.ParseHeader([]byte("From: Labo <Labo@Bio.mssante.fr>\r\nTo: anne@x.mssante.fr\r\nCc: Bob <bob@x.mssante.fr>\r\nSubject: =?utf-8?q?R=C3=A9sultat_VIAL?=\r\nX-MSS-CODECDA: 34112-3, 11502-2\r\n\r\n"))
	l := Letter{Header: h, Envelope: e}
	for _, c := range []struct {
		r    Rule
		want bool
	}{
		{Rule{From: []string{"labo@bio.mssante.fr"}}, true},
		{Rule{From: []string{"bio.mssante.fr"}}, true},
		{Rule{From: []string{"mssante.fr"}}, false},
		{Rule{From: []string{"x@bio.mssante.fr"}}, false},
		{Rule{Subject: []string{"résultat"}}, true}, // R folds, é is the same letter
		{Rule{Subject: []string{"Résultat v"}}, true},
		{Rule{Subject: []string{"absent", "VIAL"}}, true},
		{Rule{To: []string{"bob@x.mssante.fr"}}, true},
		{Rule{Types: []string{"11502-2"}}, true},
		{Rule{Types: []string{"34112-3"}}, true},
		{Rule{Types: []string{"1502-2"}}, false},
		{Rule{Types: []string{"4112-3"}}, false},
		{Rule{Patient: true}, false},
		{Rule{Patient: true, Subject: []string{"vial"}}, false},
		{Rule{Patient: true, Subject: []string{"vial"}, Any: true}, true},
		{Rule{}, false},
	} {
		if got := c.r.Matches(l); got != c.want {
			t.Errorf("%+v: %v", c.r, got)
		}
	}
	if (Rule{Subject: []string{"RÉSULTAT"}}).Matches(l) {
		t.Error("an accented capital is folded: i;ascii-casemap does not")
	}
	for _, c := range []struct {
		s, p string
		want bool
	}{{"A", "A", true}, {"A", "B", false}, {"A,B", "A,*", true}, {"A", "A,*", false}, {"B,A", "*,A", true}, {"B,A,C", "*,A,*", true}, {"B,AA,C", "*,A,*", false}, {"A", "A*A", false}, {"AA", "A*A", true}} {
		if like(c.s, c.p) != c.want {
			t.Errorf("%q like %q", c.s, c.p)
		}
	}
}

// TestForwards: another program's script that may send letters on is told apart.
func TestForwards(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]bool{
		`redirect "a@b.fr";`:                            true,
		"if true { ReDirect :copy \"x\"; }":             true,
		`require "include"; include "other";`:           true,
		`fileinto "redirect";`:                          false,
		"# redirect\r\nkeep;":                           false,
		"/* redirect */ keep;":                          false,
		"vacation text:\r\nredirect\r\n.\r\n;":          false,
		"vacation text:\r\nx\r\n.\r\n; redirect \"x\";": true,
		"/* \" */ redirect \"x\";":                      true,
		`keep; # "` + "\nredirect \"x\";":               true,
		`fileinto "a\"; redirect"; keep;`:               false,
		`if body :text:contains "a" { redirect "x"; }`:  true,
		`report "abuse" "m" "x@example.org";`:           true,
		"":                                              false,
	} {
		if forwards(script) != want {
			t.Errorf("%q", script)
		}
	}
}
