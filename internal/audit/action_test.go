package audit

import (
	"database/sql"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func (w *world) exec(statement string) error {
	return w.db.Write(w.t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(statement)
		return err
	})
}

// TestEveryActionHasALabel reads the constants from the source, so that a new
// one cannot be forgotten.
func TestEveryActionHasALabel(t *testing.T) {
	t.Parallel()
	f, err := parser.ParseFile(token.NewFileSet(), "action.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		a := Action(code)
		if !a.Known() || a.Label() == code {
			t.Errorf("%s has no label", code)
		}
		if other, twice := labels[a.Label()]; twice {
			t.Errorf("%s and %s have the same label", code, other)
		}
		if strings.Trim(code, "abcdefghijklmnopqrstuvwxyz.") != "" {
			t.Errorf("%q is no code", code)
		}
		if !slices.Contains(Actions(), a) {
			t.Errorf("%s is not in Actions", code)
		}
		labels[a.Label()] = code
		return true
	})
	if len(labels) < 30 {
		t.Errorf("only %d actions found", len(labels))
	}
	if a := Action("letter.teleport"); a.Known() || a.Label() != "letter.teleport" {
		t.Error("an unknown action is not readable")
	}
}
