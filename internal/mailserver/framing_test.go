package mailserver

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// Parentheses in a letter's words never count; those of a structure do.
func TestFramingTellsStructureFromContent(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("(", 100_000)
	lit := func(s string) string { return "{" + strconv.Itoa(len(s)) + "}\r\n" + s }
	cases := map[string]struct {
		in string
		ok bool
	}{
		"literal":                  {"* 1 FETCH (BODY[] " + lit(many) + ")\r\n", true},
		"literal8":                 {"* 1 FETCH (BINARY[1] ~" + lit(many) + ")\r\n", true},
		"non-sync literal":         {"* 1 FETCH (BODY[] {3+}\r\n((()\r\n", true},
		"quoted":                   {"* 1 FETCH (ENVELOPE (\"" + many + "\"))\r\n", true},
		"escaped quote":            {`* 1 FETCH (ENVELOPE ("a\"` + many + "\"))\r\n", true},
		"two literals":             {"* 1 FETCH (A " + lit(many) + " B " + lit(many) + ")\r\n", true},
		"many flat lists":          {"* 1 FETCH (" + strings.Repeat("(a)", 50_000) + ")\r\n", true},
		"status text with a brace": {"* OK see {9}\r\n" + "* 1 FETCH (FLAGS ())\r\n", true},
		"depth":                    {"* 1 FETCH (BODYSTRUCTURE " + many, false},
		"depth after a literal":    {"* 1 FETCH (BODY[] " + lit("x") + " BODYSTRUCTURE " + many, false},
		"depth hidden by a false literal in a status line": {"* OK {100000}\r\n* 1 FETCH " + many, false},
		"depth after an unclosed quote on the line before": {"* OK \"x\r\n* 1 FETCH " + many, false},
		"depth after a false brace":                        {"* 1 FETCH {9}x" + many, false},
		"depth in lower case status":                       {"T1 no {100000}\r\n* 1 FETCH " + many, false},
	}
	for name, c := range cases {
		if f := newFraming(); f.feed([]byte(c.in)) != c.ok {
			t.Errorf("%s: whole: want %v", name, c.ok)
		}
		// However the socket cuts the octets, the answer is the same.
		seed := rand.Uint64()
		r := rand.New(rand.NewPCG(seed, 1))
		f, ok := newFraming(), true
		for p := []byte(c.in); len(p) > 0 && ok; {
			n := min(len(p), 1+r.IntN(7))
			if r.IntN(50) == 0 {
				n = min(len(p), 5000)
			}
			ok = f.feed(p[:n])
			p = p[n:]
		}
		if ok != c.ok {
			t.Errorf("%s: cut (seed %d): want %v", name, seed, c.ok)
		}
	}
}

func FuzzFraming(f *testing.F) {
	f.Add([]byte("* 1 FETCH (BODY[] {3}\r\n((()\r\n"), 2)
	f.Add([]byte("* OK [X] \"{5}\r\n((("), 1)
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		whole, parts := newFraming(), newFraming()
		want := whole.feed(p)
		cut = max(1, cut&0xff)
		got := true
		for len(p) > 0 && got {
			n := min(cut, len(p))
			got = parts.feed(p[:n])
			p = p[n:]
		}
		if got != want {
			t.Fatalf("cut in %d: %v, whole: %v", cut, got, want)
		}
	})
}
