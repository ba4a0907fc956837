package directory

import (
	"strings"
	"testing"

	"pli.example/pli/internal/problem"
)

// Attack row 37: nothing typed is syntax, neither of the index of words nor of SQL.
// What is searched for is what its letters and digits say, no more of it is found.
func TestRowFilterSyntax(t *testing.T) {
	t.Parallel()
	d := newDirectory(t, func(o *Options) { o.Limits = Limits{1 << 30, 1 << 30, 1 << 30} })
	load1(t, d, text(country()))
	count := func(q Query) int {
		t.Helper()
		res, err := d.Search(t.Context(), someone, q)
		if err != nil && !problem.Is(err, problem.Invalid) {
			t.Errorf("%+v: %v", q, err)
		}
		return res.Total
	}
	some := count(Query{Text: "dupont", Profession: "10"})
	if some == 0 {
		t.Fatal("nobody to find")
	}
	for _, evil := range []string{`"`, `*`, `)(`, `(`, `")`, `" OR "a" *`, `:`, `^`, `{a b}:`, `'; DROP TABLE mailboxes --`, `' OR 1=1 --`, `\`, "\x00", `%`, `_`, `|(uid=*)`} {
		if n := count(Query{Text: "zzqxw" + evil}); n != 0 {
			t.Errorf("%q: %d found", "zzqxw"+evil, n)
		}
		if n := count(Query{Text: evil + evil + "@" + evil}); n != 0 {
			t.Errorf("an address of %q: %d found", evil, n)
		}
		count(Query{Text: "dupont" + evil})
		count(Query{Text: evil + "dupont lyon" + evil})
		for name, q := range map[string]Query{
			"profession": {Text: "dupont", Profession: "qq" + evil}, "speciality": {Text: "dupont", Profession: "10", Speciality: "qq" + evil},
			"department": {Text: "dupont", Department: "qq" + evil}, "kind": {Text: "dupont", Kind: "qq" + evil},
		} {
			if n := count(q); n != 0 {
				t.Errorf("%s %q: %d found", name, evil, n)
			}
		}
		for _, id := range []string{evil, strings.Repeat(evil, 20)} {
			if _, err := d.Person(t.Context(), someone, id); !problem.Is(err, problem.NotFound) {
				t.Errorf("a person of id %q: %v", id, err)
			}
		}
		if _, err := d.Suggest(t.Context(), someone, "dup"+evil, 8); err != nil {
			t.Errorf("suggest %q: %v", evil, err)
		}
	}
	if n := count(Query{Text: "dupont", Profession: "10"}); n != some {
		t.Errorf("%d found afterwards, %d before", n, some)
	}
}
