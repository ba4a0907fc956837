package outgoing

import (
	"context"
	"fmt"
	"strings"
	"time"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/directory"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/trust"

	"pli.example/pli/internal/audit"
)

// Check says everything there is to say about a draft before it leaves, what
// blocks first. It changes nothing and asks nothing of the recipients' servers.
func (o *Outbox) Check(ctx context.Context, box *mailbox.Box, id string) ([]Remark, error) {
	if err := box.MayWrite(ctx, audit.DraftOpen); err != nil {
		return nil, err
	}
	d, err := o.draft(ctx, o.db.Read(), box, id)
	if err != nil {
		return nil, door(err, sayRead)
	}
	return o.check(ctx, box, d)
}

func (o *Outbox) check(ctx context.Context, box *mailbox.Box, d Draft) ([]Remark, error) {
	return o.checkAs(ctx, box, d, false)
}

// checkAs: closing is the letter CloseExchange made, which alone may bear [FIN].
func (o *Outbox) checkAs(ctx context.Context, box *mailbox.Box, d Draft, closing bool) ([]Remark, error) {
	c := checking{o: o, f: d.Fields, closing: closing, identified: d.identified}
	c.recipients()
	c.space()
	c.patients(ctx, box)
	c.directory(ctx)
	c.words(d)
	if err := c.files(ctx, box, d); err != nil {
		return nil, err
	}
	return c.sorted(), nil
}

// checking gathers remarks.
type checking struct {
	o  *Outbox
	f  Fields
	to []mssante.Address // each once

	closing    bool     // this letter closes an exchange, as the person asked
	identified []string // patients nobody needs to be asked about
	all        []Remark
}

func (c *checking) add(level Level, code, address, say string) {
	c.all = append(c.all, Remark{Code: code, Level: level, Address: address, Say: say})
}

func (c *checking) sorted() []Remark {
	var out []Remark
	for _, l := range []Level{Block, Ask, Tell} {
		for _, r := range c.all {
			if r.Level == l {
				out = append(out, r)
			}
		}
	}
	return out
}

func (c *checking) recipients() {
	seen := map[string]bool{}
	for _, r := range c.f.Everybody() {
		a, ok := r.Parse()
		if !ok {
			c.add(Block, BadAddress, r.Address, "«\u00a0"+short(r.Address)+"\u00a0» n’est pas une adresse complète. Corrigez-la ou retirez-la.")
			continue
		}
		if !seen[a.Key()] {
			seen[a.Key()] = true
			c.to = append(c.to, a)
		}
	}
	switch n := len(c.to); {
	case n == 0 && len(c.all) == 0:
		c.add(Block, NoRecipient, "", "Cette lettre n’a pas de destinataire. Indiquez à qui l’adresser.")
	case n > c.o.o.MaxRecipients:
		c.add(Block, ManyRecipients, "", fmt.Sprintf("Cette lettre a %d destinataires, la limite est de %d. Envoyez-la en plusieurs fois.", n, c.o.o.MaxRecipients))
	}
}

// space: nothing leaves the trusted space (attack: a domain that only looks like one
// of it). The list is asked for each letter, so no old verdict is trusted.
func (c *checking) space() {
	if len(c.to) == 0 {
		return
	}
	unlisted := Block
	if c.o.o.AllowUnlisted {
		unlisted = Ask
	}
	if c.o.o.Trust == nil {
		c.add(unlisted, NoList, "", "La liste blanche MSSanté n’est pas disponible\u00a0: Pli ne peut pas vérifier que les destinataires sont dans l’espace de confiance. La lettre est gardée\u00a0; prévenez le support.")
		return
	}
	unknown := false
	for _, a := range c.to {
		switch c.o.o.Trust.Allows(a) {
		case trust.Outside:
			r := Remark{Code: OutsideSpace, Level: Block, Address: a.String(), Say: "«\u00a0" + short(a.String()) + "\u00a0» n’est pas dans l’espace de confiance MSSanté\u00a0: une lettre de santé ne peut pas y être envoyée. Corrigez l’adresse ou retirez ce destinataire."}
			if better, ok := c.o.o.Trust.Suggest(a); ok {
				r.Suggest = better.String()
				r.Say += " Vouliez-vous écrire à «\u00a0" + short(r.Suggest) + "\u00a0»\u00a0?"
			}
			c.all = append(c.all, r)
		case trust.Unknown:
			unknown = true
		}
	}
	switch st := c.o.o.Trust.State(); {
	case unknown:
		c.add(unlisted, NoList, "", "La liste blanche MSSanté n’a pas encore pu être chargée\u00a0: Pli ne peut pas vérifier que les destinataires sont dans l’espace de confiance. La lettre est gardée\u00a0; réessayez plus tard ou prévenez le support.")
	case st.Stale:
		c.add(unlisted, StaleList, "", fmt.Sprintf("La liste blanche MSSanté date de %d jours et n’a pas pu être renouvelée\u00a0: un domaine peut en être sorti depuis. La lettre est gardée\u00a0; prévenez le support.", int(st.Age/(24*time.Hour))))
	}
}

// patients: one patient a letter; no identity shown to others by accident (attack:
// an INS in everybody's copy); the key of the matricule (ECO.3.4.2.2).
func (c *checking) patients(ctx context.Context, box *mailbox.Box) {
	var who []mssante.Address
	for _, a := range c.to {
		if a.IsPatient() {
			who = append(who, a)
		}
	}
	c.subject(len(who) > 0)
	if len(who) == 0 {
		return
	}
	if !box.Grant().Rights.Has(delegation.Patients) {
		c.add(Block, NoPatientRight, "", "Vos droits sur cette boîte ne permettent pas d’écrire à un patient. Le brouillon est gardé\u00a0: le titulaire peut l’envoyer.")
	}
	if len(who) > 1 {
		c.add(Block, SeveralPatients, "", "Une lettre ne peut être adressée qu’à un seul patient\u00a0: chacun verrait l’identité de l’autre. Écrivez à chacun séparément.")
	}
	if len(c.to) > len(who) {
		c.add(Ask, PatientWithOther, "", "Un patient et un professionnel sont destinataires de la même lettre\u00a0: le professionnel verra l’identité nationale de santé du patient, et le patient tout le texte. Est-ce voulu\u00a0?")
	}
	for _, a := range who {
		if !c.matricule(a) {
			continue
		}
		if c.o.o.Patient != nil {
			for _, r := range c.o.o.Patient(ctx, a) {
				if r.Code != PatientIdentity || !c.knows(a) {
					c.all = append(c.all, r)
				}
			}
			continue
		}
		if ins, ok := a.INS(); ok && !ins.KeyOK() {
			c.add(Ask, PatientKey, a.String(), "La clé du matricule INS de ce patient (fin "+ins.Masked()+") est inexacte\u00a0: vérifiez son identité avant d’envoyer.")
		}
	}
}

// directoryTime: the directory is local and quick; it never holds up a letter.
const directoryTime = 2 * time.Second

func (c *checking) directory(ctx context.Context) {
	d := c.o.o.Directory
	if d == nil || len(c.to) == 0 || !d.State().Ready {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, directoryTime)
	defer cancel()
	cards, err := d.Cards(ctx, c.to)
	if err != nil {
		return // said, never blocked: nothing can be said
	}
	for _, a := range c.to {
		e, known := cards[a]
		switch {
		case a.IsPatient():
		case e.NoReply, !known && directory.SaysNoReply(a):
			c.add(Ask, NoReplyBox, a.String(), "«\u00a0"+short(a.String())+"\u00a0» est une boîte qui envoie sans être lue\u00a0: personne n’y lira sans doute votre lettre. L’envoyer quand même\u00a0?")
		case !known:
			c.add(Tell, NotInDirectory, a.String(), "«\u00a0"+short(a.String())+"\u00a0» n’est pas dans l’annuaire\u00a0: vérifiez l’adresse. La lettre peut partir.")
		}
	}
}

// words are asked about once somebody is to read them: a letter to nobody is told that
// alone.
func (c *checking) words(d Draft) {
	if len(c.f.Everybody()) == 0 {
		return
	}
	if strings.TrimSpace(c.f.Subject) == "" {
		c.add(Ask, NoSubject, "", "Cette lettre n’a pas d’objet. L’envoyer ainsi\u00a0?")
	}
	mine := OwnWords(c.f.Text)
	if Wordless(c.f.Text) && len(d.Files) == 0 && d.Origin != Forwarding {
		c.add(Ask, NoText, "", "Cette lettre ne contient aucun texte. L’envoyer ainsi\u00a0?")
	}
	if len(d.Files) == 0 && Announces(c.f.Subject+"\n"+mine) {
		c.add(Ask, NoFile, "", "Votre texte parle d’une pièce jointe et la lettre n’en a pas. L’envoyer ainsi\u00a0?")
	}
}

func (c *checking) files(ctx context.Context, box *mailbox.Box, d Draft) error {
	for _, f := range d.Files {
		switch {
		case f.Complete():
			continue
		case f.Dropped:
			c.add(Block, UnfinishedFile, "", "«\u00a0"+short(f.Name)+"\u00a0» n’est jamais arrivé en entier\u00a0: sa partie reçue a été effacée au bout d’un jour. Le reste du brouillon est gardé. Retirez ce fichier et, s’il doit partir avec la lettre, joignez-le de nouveau.")
		default:
			c.add(Block, UnfinishedFile, "", "«\u00a0"+short(f.Name)+"\u00a0» n’est pas arrivé en entier. Attendez la fin de son envoi, ou retirez-le.")
		}
		return nil
	}
	m, err := c.o.compose(ctx, box, d, c.o.now())
	if err != nil {
		return err
	}
	size, err := m.Size(message.WriteOptions{})
	if err != nil {
		if say := problem.SayOf(err); say != "" && !Blocked(c.all) {
			c.add(Block, NotWritable, "", say)
		}
		return nil
	}
	if l := c.o.limitAt(ctx, size).For(c.f); size > l.Letter {
		c.add(Block, TooBig, "", fmt.Sprintf("Cette lettre est trop lourde\u00a0: %s une fois encodée, pour %s permis (%s). Retirez ou réduisez un fichier.", megabytes(size), megabytes(l.Letter), l.Say()))
	}
	return nil
}

// short keeps a name from filling the page.
func short(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return s
}
