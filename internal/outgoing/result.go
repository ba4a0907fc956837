package outgoing

import (
	"fmt"
	"strings"

	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

// Came is what came of a click on 'Envoyer'.
type Came string

// What may come of it.
const (
	CameAsked   Came = "asked"   // nothing was sent: Remarks block, or ask for a yes
	CameSent    Came = "sent"    // the operator has it
	CameKept    Came = "kept"    // it was not sent: the draft is as it was
	CameUnknown Came = "unknown" // nobody knows: see Settle
	CameFlying  Came = "flying"  // still on its way: ask again (Progress)
)

// Result tells what came of sending, per recipient.
type Result struct {
	Came       Came
	LetterID   string
	Remarks    []Remark
	Recipients []Fate
	Say        string // French: what happened, what is kept, what to do
}

// Fate is what became of the letter for one recipient.
type Fate struct {
	Address  string `json:"a"`
	Accepted bool   `json:"ok,omitempty"`
	Code     string `json:"c,omitempty"` // of the server: "550 5.1.1"
	Say      string `json:"s"`           // French
}

const (
	saySent    = "Votre lettre est partie."
	sayUnknown = "La messagerie MSSanté n’a pas confirmé avoir reçu votre lettre\u00a0: elle est peut-être partie. Pli ne la renvoie pas de lui-même. Regardez si une réponse ou un accusé arrive, puis dites si elle est partie ou s’il faut la renvoyer. Rien n’est perdu."
	sayFlying  = "Votre lettre est en train de partir. Vous pouvez continuer à travailler\u00a0: le résultat s’affichera."
	sayKept    = "Votre lettre n’est pas partie. Elle est gardée dans Brouillons, avec ses fichiers. Réessayez dans un instant."
	sayAsked   = "Votre lettre n’est pas encore partie\u00a0: voyez ce qui est signalé."
	sayStale   = "Ce brouillon a été modifié dans une autre fenêtre depuis que vous l’avez ouvert. La lettre n’est pas partie et rien n’est perdu\u00a0: relisez-la, puis envoyez-la."
	sayFiles   = "Les fichiers de ce brouillon ont changé dans une autre fenêtre. La lettre n’est pas partie et rien n’est perdu\u00a0: vérifiez-les, puis envoyez-la."
)

// fates turns the server's words into ours; everybody in to has a line.
func fates(to []mssante.Address, d mailserver.Delivery) []Fate {
	out := make([]Fate, 0, len(to))
	for _, a := range to {
		f := Fate{Address: a.String(), Accepted: d.Stage == mailserver.StageAccepted}
		for _, r := range d.Recipients {
			if r.Address.Equal(a) {
				f.Accepted = r.Accepted && d.Stage == mailserver.StageAccepted
				if r.Code >= 400 {
					f.Code = strings.TrimSpace(fmt.Sprint(r.Code, " ", r.Enhanced))
				}
				f.Say = sayFate(d.Stage, r)
			}
		}
		if f.Say == "" {
			f.Say = sayFate(d.Stage, mailserver.RecipientOutcome{Accepted: true})
		}
		if len(to) == 1 && f.Say == sayNobody {
			f.Say = "La lettre ne lui a pas été envoyée."
		}
		out = append(out, f)
	}
	return out
}

// sayNobody is for whoever was not refused while another was; alone, there is no other.
const sayNobody = "Pas envoyée à ce destinataire non plus\u00a0: personne ne l’a reçue."

func sayFate(s mailserver.Stage, r mailserver.RecipientOutcome) string {
	switch {
	case s == mailserver.StageUnknown:
		return "On ne sait pas si la lettre est partie vers ce destinataire."
	case s == mailserver.StageAccepted && r.Accepted:
		return "Acceptée par la messagerie MSSanté."
	case r.Accepted || r.Code < 400:
		return sayNobody
	}
	switch e := r.Enhanced; {
	case strings.HasPrefix(e, "5.1.1"), e == "" && r.Code == 550, strings.HasPrefix(e, "5.1.6"):
		return "Cette adresse n’existe pas ou n’existe plus. Vérifiez-la dans l’annuaire."
	case strings.HasPrefix(e, "5.1.2"), strings.HasPrefix(e, "5.1.10"), strings.HasPrefix(e, "5.4.4"):
		return "Le domaine de cette adresse ne reçoit pas de lettres. Vérifiez-la dans l’annuaire."
	case strings.HasPrefix(e, "5.2.2"), strings.HasPrefix(e, "4.2.2"), r.Code == 552 && e == "":
		return "La boîte de ce destinataire est pleine. Prévenez-le par un autre moyen, ou réessayez plus tard."
	case strings.HasPrefix(e, "5.2.1"):
		return "La boîte de ce destinataire est fermée. Écrivez-lui à une autre adresse."
	case strings.HasPrefix(e, "5.2.3"), strings.HasPrefix(e, "5.3.4"):
		return "La lettre est trop lourde pour ce destinataire. Retirez ou réduisez un fichier."
	case strings.HasPrefix(e, "5.7."), r.Code == 553, r.Code == 554:
		return "La messagerie MSSanté refuse cet envoi à ce destinataire. Si l’adresse est bonne, prévenez le support."
	case r.Code >= 400 && r.Code < 500:
		return "Ce destinataire ne peut pas être joint pour l’instant. Réessayez dans quelques minutes."
	}
	return "La messagerie MSSanté a refusé ce destinataire. Retirez-le ou corrigez son adresse."
}

// sayRefused sums up a refusal: by name, and that nobody got it; the operator's
// reason when it is about the letter and not about somebody.
func sayRefused(all []Fate, cause error) string {
	var who []string
	for _, f := range all {
		if f.Code != "" {
			who = append(who, "«\u00a0"+short(f.Address)+"\u00a0»")
		}
	}
	switch {
	case len(who) == 1:
		return "La messagerie MSSanté a refusé le destinataire " + who[0] + ". La lettre n’est partie vers personne et elle est gardée dans Brouillons\u00a0: corrigez ou retirez cette adresse, puis envoyez-la."
	case len(who) > 1:
		return "La messagerie MSSanté a refusé ces destinataires\u00a0: " + strings.Join(who[:min(len(who), 10)], ", ") + ". La lettre n’est partie vers personne et elle est gardée dans Brouillons\u00a0: corrigez-les, puis envoyez-la."
	}
	if say := problem.SayOf(cause); say != "" {
		return say
	}
	return "La messagerie MSSanté a refusé la lettre. Elle n’est partie vers personne et elle est gardée dans Brouillons. Réessayez plus tard ou prévenez le support."
}
