package message

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/problem"
)

const sayKept = " Rien n’a été envoyé, votre lettre est gardée\u00a0: "

// Check tells what would keep the letter from being sent: a field that holds what
// it may not, an address nobody can be reached at, nobody to send to. The error
// is problem.Invalid or problem.TooMany with the sentence for the page. Controls
// are refused, never turned into something else: an address must stay the one
// that was read on the page.
func (c *Compose) Check() error {
	if err := c.form(); err != nil {
		return err
	}
	switch n := len(c.Recipients()); {
	case n == 0:
		return problem.New(problem.Invalid, "Cette lettre n’a pas de destinataire."+sayKept+"indiquez à qui l’adresser.")
	case n > MaxRecipients:
		return problem.New(problem.TooMany, fmt.Sprintf("Cette lettre a %d destinataires, la limite est de %d.", n, MaxRecipients)+
			sayKept+"envoyez-la en plusieurs fois.")
	}
	return nil
}

// form is what Write needs too: a draft may lack a recipient, it may not break out
// of its fields.
func (c *Compose) form() error {
	if err := c.mailboxes(); err != nil {
		return err
	}
	if !line(c.Subject) || utf8.RuneCountInString(c.Subject) > MaxSubject {
		return invalid("L’objet", "contient un saut de ligne ou un caractère interdit, ou dépasse "+fmt.Sprint(MaxSubject)+" caractères",
			"corrigez-le puis réessayez.")
	}
	if !utf8.ValidString(c.Text) || !utf8.ValidString(c.HTML) {
		return invalid("Le texte", "contient des caractères illisibles", "corrigez-le puis réessayez.")
	}
	if err := c.ours(); err != nil {
		return problem.Wrap(err, problem.Internal, "Cette lettre n’a pas pu être écrite, par une faute de Pli."+sayKept+"prévenez l’assistance.")
	}
	return c.files()
}

// ours are the fields no user writes: a fault there is the program's.
func (c *Compose) ours() error {
	switch {
	case referTo(c.MessageID) == "":
		return fmt.Errorf("compose: message id")
	case c.Date.IsZero():
		return fmt.Errorf("compose: no date")
	case c.NIL == "" || !asciiLine(c.NIL) || len(c.NIL) > 200:
		return fmt.Errorf("compose: %s is required on every letter", mssante.HeaderNIL)
	case c.MES != "" && c.MES != "FIN":
		return fmt.Errorf("compose: %s may only be FIN", mssante.HeaderMES)
	}
	seen := make(map[string]bool)
	for _, f := range c.Extra {
		key, v := strings.ToLower(f.Name), f.Raw()
		ok := false
		switch f.Name {
		case mssante.HeaderINS:
			ok = v == "O" || v == "N"
		case mssante.HeaderCodeCDA, FieldDraft:
			ok = v != "" && asciiLine(v) && len(v) <= 500
		case FieldImportance:
			ok = v == "high" || v == "normal" || v == "low"
		}
		if !ok || seen[key] {
			return fmt.Errorf("compose: extra field %.40q", f.Name)
		}
		seen[key] = true
	}
	return nil
}

func (c *Compose) mailboxes() error {
	for _, f := range []struct {
		label string
		list  []Mailbox
	}{
		{"De", []Mailbox{c.From}}, {"De", one(c.Sender)}, {"Répondre à", c.ReplyTo}, {"À", c.To}, {"Cc", c.Cc}, {"Cci", c.Bcc},
		{"Accusé de lecture", one(c.DispositionTo)},
	} {
		if len(f.list) > 10*MaxRecipients {
			return problem.New(problem.TooMany, "Le champ «\u00a0"+f.label+"\u00a0» contient trop d’adresses."+sayKept+"retirez-en.")
		}
		for _, m := range f.list {
			if err := m.writable(f.label); err != nil {
				return err
			}
		}
	}
	return nil
}

func one(m *Mailbox) []Mailbox {
	if m == nil {
		return nil
	}
	return []Mailbox{*m}
}

// writable says whether the mailbox reads back as itself. Addresses of RFC 6532
// (accents) are refused: the header would need a path of servers that all take
// them, and nobody says so before the last one.
func (m Mailbox) writable(label string) error {
	shown := cutUTF8(cleanLine(m.String()), 100)
	if shown == "" {
		shown = cutUTF8(cleanLine(m.Name), 100)
	}
	what := "L’adresse «\u00a0" + shown + "\u00a0» (champ «\u00a0" + label + "\u00a0»)"
	full := m.Address.String()
	a, err := mssante.ParseAddress(full)
	switch {
	case !ascii(full), m.Address.IsZero() && !ascii(m.Raw):
		return invalid(what, "contient des caractères accentués que la messagerie ne sait pas acheminer", "corrigez-la puis réessayez.")
	case m.Address.IsZero() || err != nil || a != m.Address:
		return invalid(what, "n’est pas une adresse valide", "corrigez-la puis réessayez.")
	case !line(m.Name) || len(m.Name) > maxLabel:
		return invalid("Le nom qui accompagne l’adresse «\u00a0"+shown+"\u00a0» (champ «\u00a0"+label+"\u00a0»)",
			"contient un caractère interdit ou est trop long", "corrigez-le puis réessayez.")
	}
	return nil
}

func (c *Compose) files() error {
	if len(c.Inline)+len(c.Files) > MaxFiles {
		return problem.New(problem.TooMany, fmt.Sprintf("Cette lettre a plus de %d pièces jointes.", MaxFiles)+sayKept+"regroupez-les dans une archive zip.")
	}
	for i, f := range append(c.Inline[:len(c.Inline):len(c.Inline)], c.Files...) {
		if !line(f.Name) || len(f.Name) > 4000 {
			return invalid("Le nom de la pièce jointe «\u00a0"+SafeFileName(f.Name)+"\u00a0»", "contient un caractère interdit ou est trop long",
				"renommez-la puis réessayez.")
		}
		if f.Size < 0 || i < len(c.Inline) && referTo(f.ContentID) == "" {
			return problem.Wrap(fmt.Errorf("compose: file %d: size or content id", i), problem.Internal,
				"Une pièce jointe n’a pas pu être préparée, par une faute de Pli."+sayKept+"retirez-la puis ajoutez-la de nouveau.")
		}
	}
	return nil
}

func invalid(what, why, then string) error {
	return problem.New(problem.Invalid, what+" "+why+"."+sayKept+then)
}

// line reports text that can stand in one header field: no control character of
// any kind, no line separator, valid UTF-8.
func line(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return control(r) || r == 0x2028 || r == 0x2029 })
}

func asciiLine(s string) bool { return ascii(s) && line(s) }
