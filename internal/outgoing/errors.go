package outgoing

import (
	"errors"
	"strconv"
	"strings"

	"pli.example/pli/internal/problem"
)

const (
	sayRead = "Le brouillon n’a pas pu être lu. Il n’est pas perdu\u00a0: réessayez dans un instant."
	saySave = "Votre texte n’a pas pu être enregistré. Ce qui l’était déjà l’est toujours\u00a0: gardez cette page ouverte, un nouvel essai suit."
	sayFull = "Il n’y a plus de place sur le serveur de Pli\u00a0: ce que vous venez d’écrire ou de joindre n’a pas pu être enregistré. Ce qui l’était déjà est intact. Gardez cette page ouverte et prévenez le support."
)

// door gives an error without a kind the sentence of what was being done; one that
// has a kind keeps it. A full disk has a sentence of its own.
func door(err error, say string) error {
	var p *problem.Error
	if err == nil || errors.As(err, &p) {
		return err
	}
	if diskFull(err) {
		return problem.Wrap(err, problem.Internal, sayFull)
	}
	return problem.Wrap(err, problem.KindOf(err), say)
}

// diskFull: the driver belongs to store; SQLite's own words are stable (SQLITE_FULL,
// result code 13).
func diskFull(err error) bool {
	s := err.Error()
	return strings.Contains(s, "database or disk is full") || strings.Contains(s, "SQLITE_FULL") || strings.Contains(s, "no space left on device")
}

func itoa(n int) string { return strconv.Itoa(n) }
