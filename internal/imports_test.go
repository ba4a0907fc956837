// The map of the house as a test: which room may import which, and which room
// owns each library. It reads files with go/parser rather than asking the go
// command, so that the test cache sees every file it depends on.
package internal

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "pli.example/pli"

// Groups of rooms. A name ending in "/..." is a tree.
var (
	values   = []string{"mssante", "problem", "finding", "metrics", "seal", "message", "sanitize", "healthdoc", "xmlsig", "conversation", "index"}
	features = []string{"audit", "trust", "directory", "account", "delegation", "ledger", "mailbox", "outgoing", "filing",
		"support", "rules", "transfer", "selfcheck"}
	asMailbox  = []string{"mssante", "message", "conversation", "index", "healthdoc", "problem", "audit", "account", "delegation", "mailserver", "metrics", "store", "seal"}
	asOutgoing = []string{"mssante", "message", "conversation", "healthdoc", "sanitize", "problem", "audit", "account", "delegation", "trust", "directory",
		"ledger", "mailbox", "mailserver", "metrics", "store", "seal"} // delegation: the words of rights, and in whose name a mailbox writes
	later = join(asMailbox, asOutgoing, []string{"outgoing", "delegation"})
	demo  = []string{"mssante", "message", "healthdoc", "xmlsig", "config", "outside", "demo/..."}
	lines = []string{"mailserver", "identity", "session", "store"}
)

// mayImport is the table of the house: room → rooms it may import. Rooms under
// internal/ go by their path below it. Every package needs a line.
var mayImport = map[string][]string{
	"mssante":      {},
	"problem":      {},
	"metrics":      {},
	"finding":      {}, // what "pli check" finds, in words
	"seal":         {},
	"message":      {"mssante", "problem"},
	"sanitize":     {},
	"healthdoc":    {"mssante", "problem"},
	"xmlsig":       {"problem"},
	"conversation": {"mssante", "message"},
	"index":        {"mssante", "message"},

	"audit":      {"mssante", "problem", "store", "seal"},
	"trust":      {"mssante", "problem", "finding", "store", "xmlsig", "audit"},
	"directory":  {"mssante", "problem", "finding", "store", "seal", "audit"},
	"account":    {"mssante", "problem", "store", "seal", "audit"},
	"delegation": {"mssante", "problem", "store", "audit", "account"},
	"ledger":     {"mssante", "problem", "metrics", "store", "seal"},
	"mailbox":    asMailbox, // seal: opaque folder ids and undo tokens
	"outgoing":   asOutgoing,
	"filing":     {"mssante", "message", "conversation", "healthdoc", "problem", "audit", "directory", "mailbox", "store", "seal"},
	"support":    {"mssante", "problem", "audit", "account", "delegation", "directory", "trust", "ledger", "session", "store"},
	"rules":      later,
	"transfer":   later,
	"selfcheck":  later,

	"mailserver": {"mssante", "message", "problem", "finding"},
	"identity":   {"mssante", "problem", "finding"},
	"session":    {"mssante", "problem", "metrics", "identity", "audit", "store", "seal"},
	"store":      {"finding"},

	"config":  {"finding", "seal"}, // seal: are these keys?
	"outside": {"config"},
	"app":     join(values, features, lines, []string{"config", "outside", "web", "templates/...", "static"}),
	"testkit": {"app", "config", "demo/...", "outside", "mssante"},

	"demo":          demo,
	"demo/idp":      demo,
	"demo/mailhost": demo,
	"demo/annuaire": demo,
	"demo/people":   demo,

	"web":          join(values, features, []string{"identity", "session", "templates/...", "static"}),
	"templates":    join(values, []string{"static", "templates/..."}),
	"templates/ui": join(values, []string{"static"}),
	"static":       {},

	"cmd/pli": join(values, features, lines, []string{"app", "config", "outside", "demo/...", "static"}),
	"e2e/...": join(values, []string{"app", "config", "identity", "demo/...", "e2e/..."}), // one line for the tree: it drives the binary from outside
	"":        {},                                                                         // the test you are reading, in package internal
}

// testsMayAlso import: what building a real thing around the room takes.
var testsMayAlso = []string{"testkit", "demo/...", "store", "seal", "config", "outside", "e2e/dovecot", "e2e/postfix", "e2e/cyrus", "e2e/courier", "e2e/rawimap", "e2e/changes"}

// owners of libraries, by import path prefix; the longest prefix that fits
// decides. A library without a line is refused.
var owners = map[string][]string{
	"github.com/emersion/go-imap/v2":            {"mailserver", "demo/mailhost"}, // types
	"github.com/emersion/go-imap/v2/imapclient": {"mailserver"},
	"github.com/emersion/go-imap/v2/imapserver": {"demo/mailhost"},
	"github.com/emersion/go-message":            {"message"},
	"github.com/emersion/go-sasl":               {"mailserver", "demo/mailhost"},
	"github.com/emersion/go-smtp":               {"mailserver", "demo/mailhost"},
	"golang.org/x/net/html":                     {"sanitize"},
	"golang.org/x/net/idna":                     {"sanitize", "message"},
	"github.com/tdewolff/parse":                 {"sanitize"},
	"github.com/coreos/go-oidc":                 {"identity"},
	"golang.org/x/oauth2":                       {"identity"},
	"github.com/go-jose/go-jose":                {"demo/idp"},
	"github.com/gorilla":                        {"session"},
	"modernc.org/sqlite":                        {"store"},
	"github.com/pressly/goose":                  {"store"},
	"github.com/go-chi":                         {"web"},
	"github.com/a-h/templ":                      {"templates", "templates/ui", "web"},
	"github.com/alecthomas/kong":                {"config", "cmd/pli"},
	"github.com/andybalholm/brotli":             {"web", "static"},
	"github.com/klauspost/compress":             {"web"},
	"golang.org/x/image":                        {"message", "demo/people"},
	"golang.org/x/text":                         {"message", "demo/..."},
	"github.com/chromedp":                       {"e2e/..."},
	"golang.org/x/sync":                         {"app", "session", "mailserver", "mailbox", "identity"},
}

// testLibraries may be used by any _test.go file.
var testLibraries = []string{
	"github.com/PuerkitoBio/goquery", "github.com/chromedp", "github.com/emersion", "github.com/go-jose/go-jose",
	"github.com/alecthomas/kong", "golang.org/x/net/html", "golang.org/x/sync", "golang.org/x/text", "golang.org/x/image",
	"github.com/a-h/templ",
}

func TestImportMap(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	files, violations := checkTree(t, os.DirFS(root))
	if files < 20 {
		t.Fatalf("only %d files seen: the walk is broken", files)
	}
	for _, v := range violations {
		t.Error(v)
	}
}

// TestMapIsAcyclic keeps the table itself honest: a cycle could never compile.
func TestMapIsAcyclic(t *testing.T) {
	t.Parallel()
	state := map[string]int{} // 1 on the way, 2 done
	var visit func(room string, trail []string)
	visit = func(room string, trail []string) {
		if state[room] == 1 {
			t.Fatalf("the map has a cycle: %s → %s", strings.Join(trail, " → "), room)
		}
		if state[room] == 2 {
			return
		}
		state[room] = 1
		for _, to := range mayImport[room] {
			if tree, ok := strings.CutSuffix(to, "/..."); ok && under(room, tree) {
				continue // within one tree the compiler decides
			} else if ok {
				to = tree
			}
			if _, known := mayImport[to]; !known {
				t.Errorf("%s may import %s, which has no line", room, to)
			}
			visit(to, append(trail, room))
		}
		state[room] = 2
	}
	for room := range mayImport {
		visit(room, nil)
	}
}

// TestCheckerSeesViolations plants each kind of violation in a tree of its own:
// a checker that finds nothing would hold nothing.
func TestCheckerSeesViolations(t *testing.T) {
	t.Parallel()
	file := func(pkg string, imports ...string) string {
		s := "package " + pkg + "\n"
		for _, i := range imports {
			s += "import _ " + strconv.Quote(i) + "\n"
		}
		return s
	}
	for _, c := range []struct {
		name, path, src, want string // want "" = allowed
	}{
		{"web reaches the wire", "web/x.go", file("web", module+"/internal/mailserver"), "web may not import mailserver"},
		{"a value imports a feature", "internal/mssante/x.go", file("mssante", module+"/internal/account"), "mssante may not import account"},
		{"support reaches mail", "internal/support/x.go", file("support", module+"/internal/mailbox"), "support may not import mailbox"},
		{"app knows the demo", "internal/app/x.go", file("app", module+"/internal/demo/people"), "app may not import demo/people"},
		{"store asks a feature", "internal/store/x.go", file("store", module+"/internal/audit"), "store may not import audit"},
		{"a package without a line", "internal/utils/x.go", file("utils"), "internal/utils has no line"},
		{"a room below a room", "internal/mailbox/deep/x.go", file("deep"), "internal/mailbox/deep has no line"},
		{"a top folder without a line", "tools/x.go", file("main"), "tools has no line"},
		{"a library outside its owner", "web/x.go", file("web", "github.com/emersion/go-imap/v2"), "web does not own"},
		{"the client in the demo", "internal/demo/mailhost/x.go", file("mailhost", "github.com/emersion/go-imap/v2/imapclient"), "demo/mailhost does not own"},
		{"a library nobody owns", "internal/store/x.go", file("store", "github.com/mattn/go-sqlite3"), "nobody owns"},
		{"behind a build tag", "web/x.go", "//go:build never\n\n" + file("web", module+"/internal/store"), "web may not import store"},
		{"the test kit in the product", "web/x.go", file("web", module+"/internal/testkit"), "web may not import testkit"},
		{"a test reaching the wire", "web/x_test.go", file("web", module+"/internal/mailserver"), "web may not import mailserver"},
		{"generated templates count", "templates/x_templ.go", file("templates", module+"/internal/store"), "templates may not import store"},
		{"not Go at all", "web/x.go", "pack age", "web/x.go"},

		{"what the map allows", "web/x.go", file("web", module+"/internal/mailbox", module+"/templates/ui", "net/http", "github.com/go-chi/chi/v5"), ""},
		{"a test with the test kit", "web/x_test.go", file("web_test", module+"/internal/testkit", module+"/web", "github.com/PuerkitoBio/goquery"), ""},
		{"test data is not code", "internal/message/testdata/x.go", "not go", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			full := filepath.Join(dir, filepath.FromSlash(c.path))
			if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(full, []byte(c.src), 0o644); err != nil {
				t.Fatal(err)
			}
			_, got := checkTree(t, os.DirFS(dir))
			switch {
			case c.want == "" && len(got) != 0:
				t.Errorf("refused what is allowed: %v", got)
			case c.want != "" && (len(got) == 0 || !strings.Contains(got[0], c.want)):
				t.Errorf("got %q, want one with %q", got, c.want)
			}
		})
	}
}

// checkTree holds every Go file below root against the tables.
func checkTree(t *testing.T, root fs.FS) (files int, violations []string) {
	t.Helper()
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && name != "." && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "node_modules") {
			return fs.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(base, ".go") {
			return nil
		}
		files++
		src, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		violations = append(violations, checkFile(name, src)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, violations
}

func checkFile(name string, src []byte) []string {
	room := roomOf(path.Dir(name))
	allowed, known := mayImport[room]
	if !known && covers([]string{"e2e/..."}, room) {
		allowed, known = mayImport["e2e/..."], true
	}
	if !known {
		return []string{fmt.Sprintf("%s: package %s has no line in the import map", name, path.Dir(name))}
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
	if err != nil {
		return []string{err.Error()}
	}
	isTest := strings.HasSuffix(name, "_test.go")
	if isTest {
		allowed = join(allowed, testsMayAlso, []string{room})
	}
	var out []string
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			out = append(out, name+": "+err.Error())
			continue
		}
		if msg := checkImport(room, imported, allowed, isTest); msg != "" {
			out = append(out, name+": "+msg)
		}
	}
	return out
}

func checkImport(room, imported string, allowed []string, isTest bool) string {
	if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
		if to := roomOf(ours); !covers(allowed, to) {
			return fmt.Sprintf("%s may not import %s", room, to)
		}
		return ""
	}
	first, _, _ := strings.Cut(imported, "/")
	if !strings.Contains(first, ".") {
		return "" // standard library
	}
	if isTest && slices.ContainsFunc(testLibraries, func(lib string) bool { return under(imported, lib) }) {
		return ""
	}
	best := ""
	for lib := range owners {
		if under(imported, lib) && len(lib) > len(best) {
			best = lib
		}
	}
	switch {
	case best == "":
		return fmt.Sprintf("nobody owns the library %s", imported)
	case !covers(owners[best], room):
		return fmt.Sprintf("%s does not own the library %s (%s)", room, imported, strings.Join(owners[best], ", "))
	}
	return ""
}

// roomOf turns a directory of the module into the room's name in the map.
func roomOf(dir string) string {
	if dir == "internal" {
		return ""
	}
	return strings.TrimPrefix(dir, "internal/")
}

func covers(allowed []string, room string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		tree, ok := strings.CutSuffix(a, "/...")
		return a == room || ok && under(room, tree)
	})
}

func under(p, prefix string) bool { return p == prefix || strings.HasPrefix(p, prefix+"/") }

func join(lists ...[]string) []string { return slices.Concat(lists...) }
