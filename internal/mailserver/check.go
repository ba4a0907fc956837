package mailserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/emersion/go-sasl"

	"pli.example/pli/internal/finding"
	"pli.example/pli/internal/mssante"
)

var imapChecks = []string{"imap.connect", "imap.starttls", "imap.tls", "imap.chain", "imap.name", "imap.expiry", "imap.mechanism", "imap.signin", "imap.identity", "imap.capabilities"}

// Check looks at the IMAP service the way a sign-in reaches it, step by step and by
// the same code, and says at which step it is wrong. mailbox is one the service
// account may open; zero: signing in is not tried. No letter is looked at.
func (s *Server) Check(ctx context.Context, mailbox mssante.Address) finding.List {
	var l finding.List
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if s.o.Mode == ModeTLS {
		l.OK("imap.starttls", "Mode tls\u00a0: la ligne est chiffrée dès le début.")
	}
	s.check(ctx, mailbox, &l)
	l.Complete(imapChecks...)
	return l
}

func (s *Server) check(ctx context.Context, mailbox mssante.Address, l *finding.List) {
	raw, err := s.o.Dial(ctx, "tcp", s.o.Address)
	if err != nil {
		say, do := finding.Because(err, s.o.Address)
		l.Fault("imap.connect", do, "%s", say)
		return
	}
	defer raw.Close()
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	h := &handshake{lines: newLines(raw), w: raw}
	if s.o.Mode == ModeTLS {
		l.OK("imap.connect", sayAnswers, s.o.Address)
	} else if !greets(l, "imap", s.o.Address, h.greeting()) || !s.checkStartTLS(l, h) {
		return
	}
	secured, ok := s.checkTLS(ctx, l, "imap", raw)
	if !ok {
		return
	}
	h = &handshake{lines: newLines(secured), w: secured, tags: h.tags}
	if s.o.Mode == ModeTLS {
		err = h.greeting()
	}
	if err == nil {
		err = h.capability()
	}
	if err != nil {
		l.Fault("imap.mechanism", doSeeLog, saySilent, err)
		return
	}
	if s.checkMechanism(l, "imap", h.caps, "AUTH=") && s.checkSignIn(l, h, mailbox) {
		s.checkIdentity(ctx, l, mailbox)
	}
	checkCapabilities(l, h.caps)
}

// greets says whether the server spoke first, as it should.
func greets(l *finding.List, topic, address string, err error) bool {
	if err != nil {
		say, do := finding.Because(err, address)
		l.Fault(topic+".connect", do+" Vérifiez aussi le mode (starttls ou tls)\u00a0: il va avec le port.", "La connexion s’ouvre, puis\u00a0: %s", say)
		return false
	}
	l.OK(topic+".connect", sayAnswers, address)
	return true
}

const (
	sayAnswers    = "Le serveur répond à %s."
	saySilent     = "Le serveur n’a pas dit ce qu’il sait faire (%v)."
	doSeeLog      = "Voyez le journal du serveur."
	sayNoStartTLS = "Le serveur n’offre pas STARTTLS\u00a0: il n’est pas réglé pour, ou quelqu’un sur le chemin l’efface. Rien de secret n’a été envoyé."
	doStartTLS    = "Réglez TLS sur le serveur, ou choisissez le mode tls et son port\u00a0; si le serveur l’offre bien, cherchez sur le chemin (relais, pare-feu)."
)

func (s *Server) checkStartTLS(l *finding.List, h *handshake) bool {
	if err := h.capability(); err != nil || !hasFold(h.caps, "STARTTLS") {
		l.Fault("imap.starttls", doStartTLS, sayNoStartTLS)
		return false
	}
	switch err := h.startTLS(); {
	case errors.Is(err, errInject):
		l.Fault("imap.starttls", "Cherchez qui parle à la place du serveur.", "Des octets en clair suivent l’accord de STARTTLS\u00a0: quelqu’un sur le chemin parle.")
		return false
	case err != nil:
		l.Fault("imap.starttls", doStartTLS, "Le serveur annonce STARTTLS puis le refuse (%v).", err)
		return false
	}
	l.OK("imap.starttls", "Le serveur offre STARTTLS.")
	return true
}

// checkTLS runs the handshake every connection runs, and reads the certificate
// whether it was accepted or not. After a refusal nothing more is said on the line.
func (s *Server) checkTLS(ctx context.Context, l *finding.List, topic string, raw net.Conn) (net.Conn, bool) {
	secured, err := s.secure(ctx, raw)
	var state *tls.ConnectionState
	if t, ok := secured.(*tls.Conn); ok && err == nil {
		now := t.ConnectionState()
		state = &now
	}
	shown := finding.ShownBy(state, err)
	shown.Name = s.o.ServerName
	if shown.Name == "" {
		shown.Name, _, _ = net.SplitHostPort(s.o.Address)
	}
	if s.o.TLS != nil {
		shown.Roots = s.o.TLS.RootCAs
	}
	switch {
	case err == nil:
		l.TLSVersion(topic+".tls", *state)
	case len(shown.Chain) > 0:
		l.OK(topic+".tls", "Le serveur parle TLS\u00a0; la ligne n’est pas gardée, son certificat est refusé.")
	default:
		l.Fault(topic+".tls", "Réglez le serveur pour TLS 1.2 ou 1.3 (ECO.1.1.1), et vérifiez le mode (starttls ou tls) et le port.",
			"La poignée de main TLS échoue (%v).", innermost(err))
	}
	l.Certificate(topic, shown, "PLI_"+strings.ToUpper(topic)+"_CA_FILE", s.o.Now())
	return secured, err == nil
}

// innermost leaves our own words out of an error.
func innermost(err error) error {
	for {
		var next error
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			next = e.Unwrap()
		case interface{ Unwrap() []error }:
			if all := e.Unwrap(); len(all) > 0 {
				next = all[len(all)-1]
			}
		}
		if next == nil {
			return err
		}
		err = next
	}
}

// wanted is the SASL mechanism of the configured way to authenticate.
func (s *Server) wanted() string {
	if s.o.Auth == AuthPlain {
		return "PLAIN"
	}
	return "XOAUTH2"
}

func (s *Server) checkMechanism(l *finding.List, topic string, offers []string, prefix string) bool {
	var offered []string
	for _, c := range offers {
		if len(c) > len(prefix) && strings.EqualFold(c[:len(prefix)], prefix) {
			offered = append(offered, strings.ToUpper(c[len(prefix):]))
		}
	}
	if !hasFold(offered, s.wanted()) {
		had := strings.Join(offered, ", ")
		if had == "" {
			had = "aucun"
		}
		l.Fault(topic+".mechanism", "Activez "+s.wanted()+" sur le serveur, ou changez PLI_"+strings.ToUpper(topic)+"_AUTH.",
			"Le serveur n’offre pas le mécanisme %s (offerts\u00a0: %s).", s.wanted(), had)
		return false
	}
	l.OK(topic+".mechanism", "Le serveur offre le mécanisme %s.", s.wanted())
	return true
}

const (
	sayNeedsPerson = "Non essayé\u00a0: chaque connexion prend le jeton d’une personne. Faites une connexion dans le navigateur."
	sayNoMailbox   = "Non essayé\u00a0: aucune boîte n’est encore déclarée. Donnez un accès (pli mailbox grant), ou nommez une boîte par --mailbox."
)

// trySignIn tells whether signing in is to be tried, and says why not.
func (s *Server) trySignIn(l *finding.List, topic string, mailbox mssante.Address) bool {
	switch {
	case s.o.Auth != AuthPlain:
		l.Untried(topic+".signin", sayNeedsPerson)
	case mailbox.Domain == "":
		l.Untried(topic+".signin", sayNoMailbox)
	default:
		return true
	}
	return false
}

func (s *Server) plain(mailbox mssante.Address) mechanism {
	return mechanism{sasl: sasl.NewPlainClient(mailbox.String(), s.o.ServiceUser, s.o.ServicePassword)}
}

func (s *Server) saySignIn(l *finding.List, topic string, mailbox mssante.Address, err error) {
	upper := "PLI_" + strings.ToUpper(topic)
	switch {
	case err == nil:
		l.OK(topic+".signin", "Le compte de service ouvre %s.", mailbox)
	case errors.Is(err, errToken):
		l.Fault(topic+".signin", fmt.Sprintf("Vérifiez %[1]s_SERVICE_USER et %[1]s_SERVICE_PASSWORD_FILE, et que ce compte peut agir pour les boîtes.", upper),
			"Le serveur refuse le compte de service %s pour %s.", s.o.ServiceUser, mailbox)
	default:
		l.Fault(topic+".signin", doSeeLog, "La connexion du compte de service n’a pas abouti (%v).", err)
	}
}

func (s *Server) checkSignIn(l *finding.List, h *handshake, mailbox mssante.Address) bool {
	if !s.trySignIn(l, "imap", mailbox) {
		return false
	}
	err := h.authenticate(s.plain(mailbox))
	s.saySignIn(l, "imap", mailbox, err)
	if err != nil {
		h.caps = nil
		return false
	}
	if h.caps == nil {
		_ = h.capability() // what it does not say counts as absent
	}
	_, _ = h.command("LOGOUT") // the line is closed anyway
	return true
}

// checkIdentity finds the server that opens one mailbox for everybody: see distinct.go.
func (s *Server) checkIdentity(ctx context.Context, l *finding.List, mailbox mssante.Address) {
	strange, opened, err := s.stranger(ctx, mailbox)
	same := false
	if err == nil && opened {
		var c *conn
		if c, err = s.connect(ctx, s.plain(mailbox)); err == nil {
			var own looks
			if own, err = s.look(ctx, c); err == nil {
				same, err = s.sameMailbox(ctx, own, strange, mailbox)
			}
			c.logout(ctx)
		}
	}
	switch {
	case err != nil:
		l.Fault("imap.identity", doSeeLog, "Impossible de vérifier que le serveur distingue les boîtes (%v).", err)
	case same:
		l.Fault("imap.identity", "N’ouvrez pas Pli sur ce serveur : placez devant lui un mandataire qui respecte l’identité demandée par SASL PLAIN (Dovecot le fait), ou prenez le mode xoauth2.",
			"DANGER : le serveur ne tient pas compte de la boîte demandée. Le compte de service %s ouvre la même boîte sous tous les noms, même inventés : chacun lirait les lettres des autres. Pli refusera de l’ouvrir.", s.o.ServiceUser)
	case opened && strange != (looks{}):
		l.Warn("imap.identity", "Réglez-le pour qu’il refuse les noms qu’il ne connaît pas : une adresse mal écrite ouvrirait une boîte vide.",
			"Le serveur distingue les boîtes, mais en crée une pour n’importe quel nom.")
	default:
		l.OK("imap.identity", "Le serveur refuse la boîte d’un inconnu : il tient compte de la boîte demandée.")
	}
}

// without is what each extension spares, and so what its absence costs.
var without = []struct{ name, cost string }{
	{"UIDPLUS", "une lettre ne peut pas être supprimée à coup sûr, ni suivie quand elle est déplacée"},
	{"MOVE", "déplacer se fait en deux temps (copie, puis suppression)"},
	{"CONDSTORE", "un changement fait ailleurs se voit plus tard"},
	{"ESEARCH", "chercher et compter coûtent plus de lignes"},
	{"LIST-STATUS", "les compteurs des dossiers coûtent une question par dossier"},
	{"SPECIAL-USE", "les dossiers Envoyés, Archives… sont reconnus à leur nom"},
	{"IDLE", "les nouvelles lettres se voient au prochain clic"},
}

// checkCapabilities reads what was announced last: after signing in, when that was
// tried; many servers say little before.
func checkCapabilities(l *finding.List, caps []string) {
	var absent, costs []string
	for _, w := range without {
		if !hasFold(caps, w.name) && !(hasFold(caps, "IMAP4rev2") && w.name != "CONDSTORE") { // RFC 9051 §E folds the others in
			absent, costs = append(absent, w.name), append(costs, w.name+"\u00a0: "+w.cost)
		}
	}
	signedIn := false
	for _, f := range *l {
		signedIn = signedIn || f.Check == "imap.signin" && f.State == finding.OK
	}
	switch {
	case len(absent) == 0:
		l.OK("imap.capabilities", "Le serveur sait tout ce qui compte (UIDPLUS, MOVE, CONDSTORE, ESEARCH, LIST-STATUS, SPECIAL-USE, IDLE).")
	case !signedIn:
		l.Untried("imap.capabilities", "Le serveur ne les dit qu’une fois la connexion faite (pas encore annoncés\u00a0: %s).", strings.Join(absent, ", "))
	default:
		l.Warn("imap.capabilities", "Pli marche sans\u00a0; demandez-les à l’opérateur.", "Il manque au serveur %s.", strings.Join(costs, "\u00a0; "))
	}
}
