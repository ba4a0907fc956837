package message

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
)

func list(raw string) []Mailbox { return ParseAddressList(raw) }

func TestReplyTo(t *testing.T) {
	t.Parallel()
	me := box(t, "", "Anne.Martin@medecin.test.mssante.fr").Address
	self := []mssante.Address{me}
	const roux, durand, moi = "Hélène Roux <h.roux@lab.fr>", "<durand@ch.fr>", "Anne <anne.martin@medecin.test.mssante.fr>"
	for _, c := range []struct {
		name           string
		env            Envelope
		all            bool
		wantTo, wantCc string
	}{
		{"to the author", Envelope{From: list(roux), To: list(moi + "," + durand)}, false, "h.roux@lab.fr", ""},
		{"to all, without oneself", Envelope{From: list(roux), To: list(moi + "," + durand), Cc: list("c@x.fr, " + moi)}, true, "h.roux@lab.fr durand@ch.fr", "c@x.fr"},
		{"where the letter asks", Envelope{From: list(roux), ReplyTo: list("secretariat@lab.fr"), To: list(moi)}, true, "secretariat@lab.fr", ""},
		{"each once", Envelope{From: list(roux), To: list("H.ROUX@lab.fr, d@x.fr"), Cc: list("d@x.fr, e@x.fr")}, true, "h.roux@lab.fr d@x.fr", "e@x.fr"},
		{"own letter", Envelope{From: list(moi), To: list(roux), Cc: list(durand)}, false, "h.roux@lab.fr", ""},
		{"own letter, all", Envelope{From: list(moi), To: list(roux), Cc: list(durand)}, true, "h.roux@lab.fr", "durand@ch.fr"},
		{"a note to oneself", Envelope{From: list(moi), To: list(moi)}, true, "anne.martin@medecin.test.mssante.fr", ""},
		{"only Cc", Envelope{From: list(moi), Cc: list(durand)}, false, "durand@ch.fr", ""},
		{"Bcc is never carried", Envelope{From: list(roux), Bcc: list(durand)}, true, "h.roux@lab.fr", ""},
		{"unreadable addresses", Envelope{From: list("Roux <roux>"), To: list("x@y.fr")}, true, "x@y.fr", ""},
		{"nobody", Envelope{}, true, "", ""},
	} {
		r := ReplyTo(c.env, self, c.all)
		addresses := func(l []Mailbox) string {
			var out []string
			for _, m := range l {
				out = append(out, m.Address.String())
			}
			return strings.Join(out, " ")
		}
		if addresses(r.To) != c.wantTo || addresses(r.Cc) != c.wantCc {
			t.Errorf("%s: to %q cc %q, want %q, %q", c.name, addresses(r.To), addresses(r.Cc), c.wantTo, c.wantCc)
		}
	}
	if r := ReplyTo(Envelope{From: list(`"chef@hopital.fr" <evil@x.fr>`)}, self, false); r.To[0].Name != "" || r.To[0].Address.Local != "evil" {
		t.Errorf("a name that poses was kept: %+v", r.To[0])
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, reply, forward string }{
		{"Bilan", "Re: Bilan", "Tr: Bilan"},
		{"RE: Bilan", "Re: Bilan", "Tr: Bilan"},
		{"Re : Tr : RE[2]: Fwd: Bilan", "Re: Bilan", "Tr: Bilan"},
		{"Re\u00a0: Réf: 12", "Re: Réf: 12", "Tr: Réf: 12"},
		{"AW: WG: Befund", "Re: Befund", "Tr: Befund"},
		{"Sv: Vs: Rv: Antw: x", "Re: x", "Tr: x"},
		{"回复：转发: 结果", "Re: 结果", "Tr: 结果"},
		{"Re (3): x", "Re: x", "Tr: x"},
		{"R: x", "Re: R: x", "Tr: R: x"},
		{"Résultat : x", "Re: Résultat : x", "Tr: Résultat : x"},
		{"Renseignement: Re: x", "Re: Renseignement: Re: x", "Tr: Renseignement: Re: x"},
		{"[FIN]", "Re: [FIN]", "Tr: [FIN]"},
		{"[FIN] Re: x", "Re: [FIN] Re: x", "Tr: [FIN] Re: x"},
		{"Re: [FIN]", "Re: [FIN]", "Tr: [FIN]"},
		{"XDM/1.0/DDM+CR VIAL Paul 26/11/1978", "Re: CR VIAL Paul 26/11/1978", "XDM/1.0/DDM+CR VIAL Paul 26/11/1978"},
		{"XDM/1.0/DDM+Re: x", "Re: Re: x", "XDM/1.0/DDM+Re: x"},
		{"", "Re:", "Tr:"}, {"Re:", "Re:", "Tr:"}, {":", "Re: :", "Tr: :"},
	} {
		if r, f := ReplySubject(c.in), ForwardSubject(c.in); r != c.reply || f != c.forward {
			t.Errorf("%q: %q, %q", c.in, r, f)
		}
		if again := ReplySubject(ReplySubject(c.in)); again != ReplySubject(c.in) && c.in != "XDM/1.0/DDM+Re: x" {
			t.Errorf("%q: the prefix grows: %q", c.in, again)
		}
	}
	if long := ReplySubject(strings.Repeat("é", 2000)); len([]rune(long)) != MaxSubject {
		t.Errorf("%d characters", len([]rune(long)))
	}
	if s := ReplySubject(strings.Repeat("Re: ", 10_000) + "x"); len(s) > 2*MaxSubject {
		t.Error("endless prefixes")
	}
}

// TestReferences (attack row 29): ids come from letters; what could break a header
// or a search is not reused, and a long thread stays bounded.
func TestReferences(t *testing.T) {
	t.Parallel()
	var ids []string
	for i := range 90 {
		ids = append(ids, fmt.Sprintf("m%d@x", i))
	}
	r := ReplyTo(Envelope{MessageID: "last@x", References: ids}, nil, false)
	if r.InReplyTo != "<last@x>" || len(r.References) != keepIDs+1 || r.References[0] != "<m0@x>" || r.References[keepIDs] != "<last@x>" {
		t.Errorf("%q %q", r.InReplyTo, r.References)
	}
	if r := ReplyTo(Envelope{MessageID: "b@x", InReplyTo: "a@x"}, nil, false); fmt.Sprint(r.References) != "[<a@x> <b@x>]" {
		t.Errorf("no References: %q", r.References)
	}
	for _, evil := range []string{"a@x\r\nBcc: y@z.fr", "a b@x", "é@x", "<>", "", "a>@x <b", strings.Repeat("x", 2000), "a\x00@x"} {
		r := ReplyTo(Envelope{MessageID: evil, References: []string{"ok@x", evil}}, nil, false)
		if r.InReplyTo != "" || fmt.Sprint(r.References) != "[<ok@x>]" {
			t.Errorf("%q: %q %q", evil, r.InReplyTo, r.References)
		}
		c := simple(t)
		c.InReplyTo, c.References = evil, []string{evil, "ok@x"}
		if raw := string(written(t, c, WriteOptions{})); strings.Contains(raw, "In-Reply-To") || !strings.Contains(raw, "References: <ok@x>\r\n") {
			t.Errorf("%q was written: %s", evil, raw)
		}
	}
	if f := Forward(Envelope{MessageID: "a@x", Subject: "b"}); f.InReplyTo != "" || fmt.Sprint(f.References) != "[<a@x>]" || f.Subject != "Tr: b" {
		t.Errorf("%+v", f)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	env := Envelope{From: list("Hélène <b>Roux</b> <h@lab.fr>"), To: list("a@x.fr, Paul <p@x.fr>"), Bcc: list("secret@x.fr"), Subject: "Bilan <script>",
		Date: time.Date(2026, 3, 3, 14, 5, 0, 0, time.FixedZone("", 3600))}
	env.From = list(`"Hélène <i>Roux" <h@lab.fr>`)
	const line = "Le 3 mars 2026 à 14:05, Hélène <i>Roux a écrit\u00a0:"
	if got, want := QuoteText(env, "Bonjour\r\n\n> avant\nfin  \n\n"), line+"\n> Bonjour\n>\n>> avant\n> fin\n"; got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	h := QuoteHTML(env, "<p>ok</p>")
	if strings.Contains(h, "<i>") || !strings.Contains(h, "Hélène &lt;i&gt;Roux a écrit") || !strings.Contains(h, "<p>ok</p>") {
		t.Error(h)
	}
	f, fh := ForwardText(env, "texte"), ForwardHTML(env, "<p>ok</p>")
	for _, s := range []string{f, fh} {
		if strings.Contains(s, "secret") || !strings.Contains(s, "3 mars 2026 à 14:05") || !strings.Contains(s, "Paul") {
			t.Errorf("%q", s)
		}
	}
	if strings.Contains(fh, "<script>") || strings.Contains(fh, "<i>") {
		t.Error(fh)
	}
	for env, want := range map[string]string{
		QuoteText(Envelope{}, "x"):                                                  "L’expéditeur a écrit\u00a0:\n> x\n",
		QuoteText(Envelope{From: list("École <e@x.fr>")}, ""):                       "École a écrit\u00a0:\n>\n",
		QuoteText(Envelope{Date: time.Date(2026, 8, 1, 9, 3, 0, 0, time.UTC)}, "x"): "Le 1er août 2026 à 09:03, l’expéditeur a écrit\u00a0:\n> x\n",
	} {
		if env != want {
			t.Errorf("%q, want %q", env, want)
		}
	}
}

// TestFromLabel: ECO.2.2.7.
func TestFromLabel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    mssante.Practitioner
		s    mssante.Situation
		want string
	}{
		{mssante.Practitioner{GivenName: "ANNE", FamilyName: "Martin"}, mssante.Situation{Civility: "DR", Structure: "CABINET DES LILAS"}, "Dr_Anne_MARTIN_Cabinet des Lilas"},
		{mssante.Practitioner{GivenName: "Jean-Paul", FamilyName: "de la Tour"}, mssante.Situation{}, "Jean-Paul_DE LA TOUR"},
		{mssante.Practitioner{GivenName: "A", FamilyName: "B"}, mssante.Situation{GivenName: "Hélène", FamilyName: "Roux", Civility: "PR"}, "Pr_Hélène_ROUX"},
		{mssante.Practitioner{GivenName: "A_B\r\nBcc: x@y.fr", FamilyName: `"C"`}, mssante.Situation{}, "A B Bcc: x y.fr_C"},
	} {
		if got := FromLabel(c.p, c.s); got != c.want || !line(got) {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	if got := EntityLabel(" Secrétariat_de <cardiologie> "); got != "Secrétariat de cardiologie" {
		t.Error(got)
	}
	for _, c := range []struct{ name, work, owner, want string }{
		{"Léa Petit", "Secrétaire médicale", "Dr Anne Martin", "Léa Petit, secrétariat pour Dr Anne Martin"},
		{"Léa Petit", "Infirmier", "Dr Anne Martin", "Léa Petit, pour Dr Anne Martin"},
		{"", "Assistant médical", "Dr Anne Martin", "secrétariat pour Dr Anne Martin"}, {"Léa", "", "", "Léa"},
	} {
		if got := SenderLabel(mssante.Actor{Name: c.name, Work: c.work}, c.owner); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
