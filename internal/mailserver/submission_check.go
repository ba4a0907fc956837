package mailserver

import (
	"context"
	"strings"

	"pli.example/pli/internal/finding"
	"pli.example/pli/internal/mssante"
)

var smtpChecks = []string{"smtp.connect", "smtp.starttls", "smtp.tls", "smtp.chain", "smtp.name", "smtp.expiry", "smtp.mechanism", "smtp.signin", "smtp.size", "smtp.dsn"}

// Check looks at the submission service the way a letter reaches it, up to signing
// in; nothing is submitted. needed is the size a letter must be allowed to have, in
// octets; mailbox as for the IMAP service.
func (s *Submission) Check(ctx context.Context, mailbox mssante.Address, needed int64) finding.List {
	var l finding.List
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if s.o.Mode == ModeTLS {
		l.OK("smtp.starttls", "Mode tls\u00a0: la ligne est chiffrée dès le début.")
	}
	s.check(ctx, mailbox, needed, &l)
	l.Complete(smtpChecks...)
	return l
}

func (s *Submission) check(ctx context.Context, mailbox mssante.Address, needed int64, l *finding.List) {
	raw, err := s.line.o.Dial(ctx, "tcp", s.o.Address)
	if err != nil {
		say, do := finding.Because(err, s.o.Address)
		l.Fault("smtp.connect", do, "%s", say)
		return
	}
	c := newSMTPConn(raw, s)
	c.stop = context.AfterFunc(ctx, func() { raw.Close() })
	defer c.close()
	if s.o.Mode == ModeTLS {
		l.OK("smtp.connect", sayAnswers, s.o.Address)
	} else if !greets(l, "smtp", s.o.Address, c.hello()) || !checkStartTLS(l, c) {
		return
	}
	secured, ok := s.line.checkTLS(ctx, l, "smtp", raw)
	if !ok {
		return
	}
	c.use(secured)
	if s.o.Mode == ModeTLS {
		err = c.hello()
	} else {
		err = c.ehlo() // what was said in clear is forgotten (RFC 3207 §4.2)
	}
	if err != nil {
		l.Fault("smtp.mechanism", doSeeLog, saySilent, err)
		return
	}
	s.checkLimits(l, c.limits(), needed)
	if s.line.checkMechanism(l, "smtp", strings.Fields(c.ext["AUTH"]), "") && s.line.trySignIn(l, "smtp", mailbox) {
		s.line.saySignIn(l, "smtp", mailbox, c.authenticate(s.line.plain(mailbox)))
	}
	_ = c.send("QUIT") // closed anyway
}

// hello reads the greeting and asks what the server can do.
func (c *smtpConn) hello() error {
	if err := c.greeting(); err != nil {
		return err
	}
	return c.ehlo()
}

func checkStartTLS(l *finding.List, c *smtpConn) bool {
	if !c.has("STARTTLS") {
		l.Fault("smtp.starttls", doStartTLS, sayNoStartTLS)
		return false
	}
	if err := c.startTLS(); err != nil {
		l.Fault("smtp.starttls", doStartTLS, "Le serveur annonce STARTTLS puis l’échange échoue (%v).", err)
		return false
	}
	l.OK("smtp.starttls", "Le serveur offre STARTTLS.")
	return true
}

func (s *Submission) checkLimits(l *finding.List, can SubmissionLimits, needed int64) {
	switch {
	case can.Size == 0:
		l.Warn("smtp.size", "Annoncez une taille (message_size_limit sur Postfix)\u00a0: sans elle Pli suppose "+finding.Size(needed)+".", "Le serveur n’annonce pas la taille qu’il accepte.")
	case can.Size < needed:
		l.Fault("smtp.size", "Portez la limite du serveur à "+finding.Size(needed)+" au moins (message_size_limit sur Postfix).",
			"Le serveur n’accepte que %s par lettre, moins que les %s attendus.", finding.Size(can.Size), finding.Size(needed))
	default:
		l.OK("smtp.size", "Le serveur accepte des lettres de %s.", finding.Size(can.Size))
	}
	if !can.DSN {
		l.Warn("smtp.dsn", "Laissez DSN actif (smtpd_discard_ehlo_keywords sur Postfix).", "Le serveur n’offre pas les avis de remise (DSN)\u00a0: le suivi s’arrête à l’envoi.")
		return
	}
	l.OK("smtp.dsn", "Le serveur offre les avis de remise (DSN).")
}
