package outgoing

import (
	"context"
	"slices"
	"strings"
	"time"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// Identity gives what must be said before a letter to a patient (§3.4.2.2): the key of
// the matricule, and what it tells of the person, to be compared with who is meant.
func Identity(now func() time.Time) func(context.Context, mssante.Address) []Remark {
	return func(_ context.Context, a mssante.Address) (out []Remark) {
		ins, ok := a.INS()
		if !ok {
			return nil
		}
		if !ins.KeyOK() {
			out = append(out, Remark{Code: PatientKey, Level: Ask, Address: a.String(),
				Say: "La clé du matricule INS de ce patient (fin " + ins.Masked() + ") est inexacte\u00a0: vérifiez son identité avant d’envoyer."})
		}
		return append(out, Remark{Code: PatientIdentity, Level: Ask, Address: a.String(),
			Say: "Vérifiez l’identité du patient (INS fin " + ins.Masked() + ")\u00a0: " + ins.Tells(now()) + ". Est-ce bien la personne à qui vous écrivez\u00a0?"})
	}
}

// autoReply is the test box of Mon espace santé that the white list names: the one address
// of its domain known to be built on no matricule.
const autoReply = "reponse.automatique-test@" + string(mssante.PatientDomain)

// matricule: an address of Mon espace santé is 15 characters of a matricule, a digit less is
// the very error of typing (§3.4.2.2, ECO.3.1.5). Without one neither key nor identity can be
// checked: nothing leaves.
func (c *checking) matricule(a mssante.Address) bool {
	if _, ok := a.INS(); ok || a.Key() == autoReply {
		return true
	}
	c.add(Block, BadPatient, a.String(), "«\u00a0"+short(a.Local)+"\u00a0» n’est pas un matricule INS complet (15 caractères)\u00a0: cette adresse de Mon espace santé ne désigne aucun patient. La lettre est gardée\u00a0; corrigez l’adresse, ou choisissez le patient dans «\u00a0Patients\u00a0».")
	return false
}

// knows: who the patient is needs no asking, for this is an answer to their own letter or
// was begun in their exchange. Every other letter asks (§3.4.2.2), also one to a patient
// who wrote lately: two of one name are told apart by nothing else. The rule hangs on the
// letter alone, never on what a session happens to have seen.
func (c *checking) knows(a mssante.Address) bool { return slices.Contains(c.identified, a.Key()) }

// subject: what closes an exchange, or looks like it, is never typed (attack: [FIN] by
// accident, from a quote, in another case).
func (c *checking) subject(toPatient bool) {
	subject := mssante.VisibleSubject(c.f.Subject)
	switch {
	case c.closing:
	case strings.EqualFold(strings.TrimSpace(subject), mssante.SubjectClose), conversation.Closes(c.f.Subject):
		c.add(Block, ReservedSubject, "", "L’objet «\u00a0[FIN]\u00a0» est réservé\u00a0: il ferme les échanges avec un patient. Choisissez un autre objet. Pour clore, utilisez «\u00a0Clore la conversation\u00a0».")
	case toPatient && conversation.Resembles(subject):
		c.add(Block, ReservedSubject, "", "Cet objet ressemble à «\u00a0[FIN]\u00a0»\u00a0: Mon espace santé pourrait fermer l’échange, ou ne pas le fermer, sans que personne le sache. Choisissez un autre objet. Pour clore, utilisez «\u00a0Clore la conversation\u00a0».")
	}
}

// afterClosing is the subject of an answer to a patient whose own reads as a closing.
const afterClosing = "Suite de notre échange"

// answersPatient notes the patient whose letter is answered: who they are needs no
// asking. A subject that reads as a closing is not taken over.
func (d *Draft) answersPatient(env message.Envelope) {
	for _, m := range env.From {
		if m.Address.IsPatient() {
			d.identified = append(d.identified, m.Address.Key())
		}
	}
	if len(d.identified) > 0 && conversation.Resembles(d.Fields.Subject) {
		d.Fields.Subject = afterClosing
	}
}

func patientsOf(to []Recipient) (out []string) {
	for _, r := range to {
		if a, ok := r.Parse(); ok && a.IsPatient() {
			out = append(out, a.Key())
		}
	}
	return out
}
