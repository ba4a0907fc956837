package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/problem"
)

// formEdit is the form's text. One that comes back as the plain form of a formatted
// letter leaves the formatting alone.
func (s *Server) formEdit(r *http.Request, b *mailbox.Box, id string, f *draftForm) (outgoing.Edit, error) {
	d, err := s.outbox.Get(r.Context(), b, id)
	if err != nil {
		return outgoing.Edit{}, err
	}
	version, err := strconv.ParseInt(f.get("version"), 10, 64)
	if err != nil {
		return outgoing.Edit{}, problem.Wrap(err, problem.Invalid, "")
	}
	to, errTo := named(f.get("to"))
	cc, errCc := named(f.get("cc"))
	bcc, errBcc := named(f.get("bcc"))
	if err := errors.Join(errTo, errCc, errBcc); err != nil {
		return outgoing.Edit{}, err
	}
	fields := outgoing.Fields{To: to, Cc: cc, Bcc: bcc, Subject: f.get("subject"), Text: f.get("text"),
		DeliveryReceipt: f.get("delivery") == "1", ReadReceipt: f.get("read") == "1", NoReply: f.get("noreply") == "1"}
	if sameText(d.Fields.Text, fields.Text) {
		fields.HTML, fields.Text = d.Fields.HTML, d.Fields.Text
	}
	return outgoing.Edit{Version: version, Fields: fields, Account: f.get("who")}, nil
}

// maxTypedLine is the most octets of one line of recipients, as typed.
const maxTypedLine = 64 << 10

var errTypedLine = problem.New(problem.TooLarge, "Une ligne de destinataires est trop longue. Rien n’a été enregistré ni envoyé\u00a0: revenez à la page précédente, où votre texte est encore, et retirez des destinataires.")

// named reads a line of recipients, whole or not at all: nobody is left out unseen.
func named(typed string) ([]outgoing.Recipient, error) {
	if len(typed) > maxTypedLine {
		return nil, errTypedLine
	}
	return outgoing.Recipients(typed), nil
}

// sameText compares as a browser sends a text box back: \r\n for every end of line.
func sameText(a, b string) bool {
	norm := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	return norm(a) == norm(b)
}
