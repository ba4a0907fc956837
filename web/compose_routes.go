package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/problem"
)

// Addresses of a draft and of its files.
const (
	draftPath = "/mail/{box}/compose/{draft}"
	filePath  = draftPath + "/files/{file}"
)

// The most octets of a request, where a form is not enough.
const (
	maxDraftSave = 8 << 20   // a text of two million octets, written in JSON
	maxDraftForm = 120 << 20 // without a script a file comes with the form; the outbox says what fits in a letter
	maxChunk     = 4 << 20   // of a file sent piece by piece
)

// most is how much a request to the route may bring.
func (rt *route) most() int64 {
	if rt.body > 0 {
		return rt.body
	}
	return maxForm
}

// errNoOutbox: the installation names no submission server.
var errNoOutbox = problem.New(problem.NotFound, "Cette installation de Pli ne sert qu’à lire\u00a0: aucun serveur d’envoi n’y est déclaré.")

// writing opens the mailbox of the address for somebody who may prepare letters in it.
func (s *Server) writing(r *http.Request) (*mailbox.Box, error) {
	b, err := s.box(r)
	if err != nil {
		return nil, err
	}
	if s.outbox == nil {
		return nil, errNoOutbox
	}
	return b, nil
}

// writingDraft gives the id of the draft too.
func (s *Server) writingDraft(r *http.Request) (*mailbox.Box, string, error) {
	b, err := s.writing(r)
	if err != nil {
		return nil, "", err
	}
	id, err := param(r, "draft")
	return b, id, err
}

// draftHref is the page of a draft.
func draftHref(boxID, draftID string) string { return path("mail", boxID, "compose", draftID) }

// failedData is what a script is told when it did not go well.
type failedData struct {
	Say       string `json:"say"`
	Heading   string `json:"heading,omitempty"`
	RequestID string `json:"request,omitempty"`
	// Received is how much of a file is durable, where its upload goes on.
	Received int64 `json:"received,omitempty"`
	// Stranger: another person than the page's is signed in, the page stops.
	Stranger bool `json:"stranger,omitempty"`
	// Cover: the session was closed because the computer or card is lost: the page hides
	// what is written in it until the same person is back.
	Cover bool `json:"cover,omitempty"`
}

// writeData answers a script. Marshalling our own structs cannot fail.
func writeData(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b) // the reader left: nobody to tell
}

// readData reads what a script sent.
func readData(r *http.Request, into any) error {
	err := json.NewDecoder(r.Body).Decode(into)
	var tooBig *http.MaxBytesError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &tooBig):
		return problem.Wrap(err, problem.TooLarge, "Votre texte dépasse ce qu’une lettre peut contenir. Ce qui était enregistré l’est toujours\u00a0: joignez plutôt un document.")
	}
	return problem.Wrap(err, problem.Invalid, "")
}

// draftAt gives the draft of the address.
func (s *Server) draftAt(r *http.Request) (*mailbox.Box, outgoing.Draft, error) {
	b, id, err := s.writingDraft(r)
	if err != nil {
		return nil, outgoing.Draft{}, err
	}
	d, err := s.outbox.Get(r.Context(), b, id)
	return b, d, err
}
