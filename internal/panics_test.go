package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// What a panic holds may quote a letter: a recovered value is compared, thrown again,
// put in words by problem.PanicWords, and nothing else. The demo has no real letters.
func TestNoPanicValueIsLogged(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, root := range []string{".", "../web", "../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
				strings.HasPrefix(path, "demo") || strings.HasPrefix(path, "testkit") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(f, func(n ast.Node) bool {
				body, ok := n.(*ast.BlockStmt)
				if !ok {
					return true
				}
				for _, s := range body.List {
					if name := recovered(s); name != "" {
						seen++
						if misused(body, name) {
							t.Errorf("%s says more of a panic than problem.PanicWords does", path)
						}
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 10 {
		t.Errorf("only %d recoveries found", seen)
	}
}

// recovered is the name that s gives to what it recovers, "" when it does not.
func recovered(s ast.Stmt) string {
	if cond, ok := s.(*ast.IfStmt); ok {
		s = cond.Init
	}
	set, ok := s.(*ast.AssignStmt)
	if !ok || len(set.Rhs) != 1 {
		return ""
	}
	call, ok := set.Rhs[0].(*ast.CallExpr)
	if !ok {
		return ""
	}
	if f, ok := call.Fun.(*ast.Ident); !ok || f.Name != "recover" {
		return ""
	}
	name, ok := set.Lhs[0].(*ast.Ident)
	if !ok { // kept, to be thrown again on the goroutine that waits: whoever recovers it there is seen
		return ""
	}
	return name.Name
}

func misused(body *ast.BlockStmt, name string) bool {
	bad := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.CallExpr:
			if f, ok := x.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "PanicWords" {
				return false
			}
			if f, ok := x.Fun.(*ast.Ident); ok && f.Name == "panic" {
				return false
			}
			for _, a := range x.Args {
				if v, ok := a.(*ast.Ident); ok && v.Name == name {
					bad = true
				}
			}
		case *ast.SelectorExpr:
			if v, ok := x.X.(*ast.Ident); ok && v.Name == name {
				bad = true
			}
		}
		return true
	})
	return bad
}
