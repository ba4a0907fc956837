package support_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/support"
)

// machines are what rows say of how machines spoke: the name of the act has told all of it.
// A literal that is neither here nor in words fails the test below.
var machines = []string{
	"APPEND to drafts", "EXPUNGE in drafts", "FETCH BODY.PEEK", "FETCH BODY.PEEK[]", "FETCH FLAGS HEADER", "FETCH HEADER, CHECKSCRIPT", "GETSCRIPT", "IDLE STATUS", "LIST STATUS",
	"MOVE", "MOVE back", "MOVE back, due", "MOVE or STORE back", "MOVE to reminders", "SEARCH", "SEARCH HEADER From To", "STORE", "SUBMIT", "SUBMIT [FIN]",
	"draft", "import", "openid", "search", "shown", "support", "told otherwise",
}

// What a row of the trail adds to the name of its act is told in words, or is known to be the
// speech of machines, wherever a row is written.
func TestRequestsHaveWords(t *testing.T) {
	t.Parallel()
	literals, said := requests(t)
	for at, r := range literals {
		words := support.RequestWords(r.action, r.text)
		switch {
		case words == "" && !slices.Contains(machines, r.text):
			t.Errorf("%s: %q of %q is told by no words", at, r.text, r.action)
		}
	}
	for _, m := range machines {
		if !slices.Contains(said, m) {
			t.Errorf("nothing says %q any more", m)
		}
	}
	if len(literals) < 60 {
		t.Errorf("only %d found", len(literals))
	}
}

type request struct {
	action audit.Action
	text   string
}

// requests reads every event of the trail that is written with a literal request, by its place.
func requests(t *testing.T) (found map[string]request, said []string) {
	t.Helper()
	found = map[string]request{}
	actions := map[string]audit.Action{}
	set := token.NewFileSet()
	var files []*ast.File
	for _, root := range []string{"..", "../../web", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			f, err := parser.ParseFile(set, path, nil, parser.SkipObjectResolution)
			files = append(files, f)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range files {
		if f.Name.Name == "audit" {
			namesOf(f, actions)
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			event, ok := n.(*ast.CompositeLit)
			if !ok {
				return true
			}
			var r request
			for _, e := range event.Elts {
				field, ok := e.(*ast.KeyValueExpr)
				if !ok {
					return true
				}
				switch key, _ := field.Key.(*ast.Ident); {
				case key == nil:
				case key.Name == "Action":
					switch x := field.Value.(type) {
					case *ast.SelectorExpr:
						r.action = actions[x.Sel.Name]
					case *ast.Ident:
						r.action = actions[x.Name]
					}
				case key.Name == "Request":
					if lit, ok := field.Value.(*ast.BasicLit); ok {
						r.text, _ = strconv.Unquote(lit.Value)
					}
				}
			}
			if r.text != "" {
				found[set.Position(event.Pos()).String()] = r
				said = append(said, r.text)
			}
			return true
		})
	}
	return found, said
}

// namesOf reads the constants of the acts.
func namesOf(f *ast.File, actions map[string]audit.Action) {
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			for i, x := range v.Values {
				if lit, ok := x.(*ast.BasicLit); ok && lit.Kind == token.STRING && i < len(v.Names) {
					text, _ := strconv.Unquote(lit.Value)
					actions[v.Names[i].Name] = audit.Action(text)
				}
			}
		}
		return true
	})
}
