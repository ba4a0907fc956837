package web

import (
	"mime"
	"strings"
	"testing"
)

func TestAttachmentHeader(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"radio.pdf":           `attachment; filename="radio.pdf"; filename*=UTF-8''radio.pdf`,
		"résumé d’examen.pdf": `attachment; filename="r_sum_ d_examen.pdf"; filename*=UTF-8''r%C3%A9sum%C3%A9%20d%E2%80%99examen.pdf`,
		"":                    `attachment; filename="piece-jointe"; filename*=UTF-8''piece-jointe`,
	} {
		if got := attachmentHeader(in); got != want {
			t.Errorf("attachmentHeader(%q)\n got %s\nwant %s", in, got, want)
		}
	}
}

// Attack 24: whatever the sender wrote, one header line, one name, no path.
func FuzzAttachmentHeader(f *testing.F) {
	for _, s := range []string{"a\r\nSet-Cookie: x=1", "../../etc/passwd", `C:\windows\x.exe`, "facture\u202efdp.exe", `a"; filename="b.exe`, "a%00.pdf", strings.Repeat("é", 4000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		h := attachmentHeader(name)
		for i := range len(h) {
			if h[i] < ' ' || h[i] > 0x7e {
				t.Fatalf("byte %#x in header of %q", h[i], name)
			}
		}
		kind, params, err := mime.ParseMediaType(h)
		if err != nil || kind != "attachment" {
			t.Fatalf("%q does not parse: %v", h, err)
		}
		if got := params["filename"]; strings.ContainsAny(got, "/\\\r\n\x00") || got == "" || got == ".." {
			t.Fatalf("unsafe name %q from %q", got, name)
		}
	})
}

func TestUniqueNames(t *testing.T) {
	t.Parallel()
	var u uniqueNames
	got := []string{}
	for _, n := range []string{"a.pdf", "A.PDF", "a.pdf", "", "", "con.txt", "../x", "a (2).pdf"} {
		got = append(got, u.pick(n, "piece"))
	}
	seen := map[string]bool{}
	for _, g := range got {
		if k := strings.ToLower(g); seen[k] || strings.ContainsAny(g, `/\`) || strings.HasPrefix(k, "con.") {
			t.Errorf("bad or repeated name %q in %q", g, got)
		} else {
			seen[k] = true
		}
	}
	if got[0] != "a.pdf" || got[1] != "A (2).PDF" && got[1] != "A\u00a0(2).PDF" {
		t.Errorf("names changed more than needed: %q", got)
	}
}
