package internal

import (
	"go/scanner"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	attackCell  = regexp.MustCompile(`(?:[^|\\]|\\.)+`)
	attackGuard = regexp.MustCompile(`^(?:([\w./-]+\.(?:go|templ|js)): )?(.*)$`)
	attackName  = regexp.MustCompile("`([\\w.]+)[^`]*`")
	attackSaid  = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/`)
	attackWord  = regexp.MustCompile(`\w+`)
	attackTest  = regexp.MustCompile(`([\w/]+): ((?:` + "`" + `\w[\w/ ]*` + "`" + `(?:, )?)+)`)
)

// attackElsewhere begins the one guard that is in no file of ours.
const attackElsewhere = "the IMAP library's "

// Every test that e2e/ATTACKS.md names is in the room it names, and every guard in the code
// of its file: a row that leads nowhere proves nothing, and a mention in a comment guards
// nothing.
func TestAttacksLeadSomewhere(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../e2e/ATTACKS.md")
	if err != nil {
		t.Fatal(err)
	}
	guards, tests := 0, 0
	for n, line := range strings.Split(string(text), "\n") {
		cell := attackCell.FindAllString(line, -1)
		if len(cell) < 5 || cell[0] == " # " || cell[0] == "---" {
			continue
		}
		dir := ""
		if guard := strings.TrimSpace(cell[3]); attackGuard.FindStringSubmatch(guard)[1] == "" && !strings.HasPrefix(guard, attackElsewhere) {
			t.Errorf("line %d: the guard begins with no file: %s", n+1, guard)
		}
		if !attackTest.MatchString(cell[2]) {
			t.Errorf("line %d: no test of a room: %s", n+1, cell[2])
		}
		for _, one := range strings.Split(strings.TrimSpace(cell[3]), "; ") {
			m := attackGuard.FindStringSubmatch(one)
			if m[1] == "" {
				continue
			}
			file := m[1]
			if !strings.Contains(file, "/") {
				file = path.Join(dir, file)
			}
			dir = path.Dir(file)
			if root, _, _ := strings.Cut(file, "/"); root == "web" || root == "templates" || root == "static" {
				file = "../" + file
			}
			code, err := os.ReadFile(file)
			if err != nil {
				t.Errorf("line %d: %v", n+1, err)
				continue
			}
			words := codeWords(file, code)
			for _, name := range attackName.FindAllStringSubmatch(m[2], -1) {
				guards++
				for _, part := range strings.Split(name[1], ".") {
					if !words[part] {
						t.Errorf("line %d: the code of %s has no %s", n+1, m[1], part)
					}
				}
			}
		}
		for _, m := range attackTest.FindAllStringSubmatch(cell[2], -1) {
			for _, name := range attackName.FindAllStringSubmatch(strings.ReplaceAll(m[2], "/", " "), -1) {
				tests++
				if !hasTest(t, m[1], name[1]) {
					t.Errorf("line %d: %s has no %s", n+1, m[1], name[1])
				}
			}
		}
	}
	if guards < 120 || tests < 150 {
		t.Errorf("only %d guards and %d tests read", guards, tests)
	}
}

// codeWords are the words of a file's code, those in its strings included: not of its comments.
func codeWords(file string, code []byte) map[string]bool {
	out := map[string]bool{}
	add := func(text string) {
		for _, w := range attackWord.FindAllString(text, -1) {
			out[w] = true
		}
	}
	if path.Ext(file) != ".go" {
		add(attackSaid.ReplaceAllString(string(code), " "))
		return out
	}
	set := token.NewFileSet()
	var s scanner.Scanner
	s.Init(set.AddFile(file, -1, len(code)), code, nil, 0) // comments are left out
	for {
		_, kind, text := s.Scan()
		if kind == token.EOF {
			return out
		}
		add(text)
	}
}

// hasTest looks for a test in the files of a room.
func hasTest(t *testing.T, room, name string) bool {
	t.Helper()
	switch room {
	case "internal":
		room = "."
	case "web", "templates":
		room = "../" + room
	}
	files, err := filepath.Glob(room + "/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(code), "func "+name+"(") {
			return true
		}
	}
	return false
}
