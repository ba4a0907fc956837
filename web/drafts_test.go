package web

import (
	"strings"
	"testing"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/outgoing"
)

// A draft that cannot be opened has a row that says so, beside the others'.
func TestUnreadableDraftHasARow(t *testing.T) {
	t.Parallel()
	rows := (&Server{}).draftRows(nil, &mailbox.Box{}, []outgoing.Summary{{ID: "a", State: outgoing.Open, Unreadable: true}, {ID: "b", State: outgoing.Open, Subject: "Avis"}})
	if len(rows) != 2 || rows[0].Who != "Brouillon illisible" || !strings.Contains(rows[0].Subject, "pas effacé") || rows[1].Subject != "Avis" || rows[1].Who != "Sans destinataire" {
		t.Errorf("%+v", rows)
	}
}
