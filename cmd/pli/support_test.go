package main

import (
	"errors"
	"strings"
	"testing"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/session"
)

// A session that ends by itself, or that cannot be closed, between the list and its turn
// leaves no other one open, and what is closed is said.
func TestRevokeStaffGoesOn(t *testing.T) {
	t.Parallel()
	var open []session.StaffListed
	for _, id := range []string{"a", "b", "c", "d"} {
		account := "staff:1"
		if id == "d" {
			account = "staff:2"
		}
		open = append(open, session.StaffListed{StaffSession: session.StaffSession{ID: id, Actor: mssante.Actor{AccountID: account}}})
	}
	for _, c := range []struct {
		id         string
		a          error
		asked      string
		words, err string
	}{
		{"staff:1", nil, "abc", "3\u00a0sessions fermées.", ""},
		{"staff:1", problem.New(problem.NotFound, "Rien n’a été fermé."), "abc", "2\u00a0sessions fermées, 1\u00a0session s’était terminée entre-temps.", ""},
		{"staff:1", errors.New("locked"), "abc", "2\u00a0sessions fermées.", "1\u00a0session est restée ouverte (pli support sessions les liste)\u00a0: session a\u00a0: locked"},
		{"a", problem.New(problem.NotFound, "Rien n’a été fermé."), "a", "1\u00a0session s’était terminée entre-temps.", ""},
		{"d", nil, "d", "1\u00a0session fermée.", ""},
		{"e", nil, "", "", "aucune session ouverte"},
	} {
		asked := ""
		r := revokeStaff(open, c.id, func(id string) error {
			asked += id
			if id == "a" {
				return c.a
			}
			return nil
		})
		err := r.err()
		if asked != c.asked || r.words() != c.words || (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("%s, %v: asked %q, says %q, %v", c.id, c.a, asked, r.words(), err)
		}
	}
}
