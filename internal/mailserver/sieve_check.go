package mailserver

import (
	"context"
	"strings"

	"pli.example/pli/internal/finding"
	"pli.example/pli/internal/mssante"
)

var sieveChecks = []string{"sieve.connect", "sieve.starttls", "sieve.tls", "sieve.chain", "sieve.name", "sieve.expiry", "sieve.mechanism", "sieve.signin", "sieve.extensions"}

// Check looks at the ManageSieve service the way a page of rules reaches it, up to
// signing in; no script is looked at. needed are the extensions Pli's scripts may
// require; mailbox as for the IMAP service.
func (s *Sieve) Check(ctx context.Context, mailbox mssante.Address, needed []string) finding.List {
	var l finding.List
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if s.o.Mode == ModeTLS {
		l.OK("sieve.starttls", "Mode tls\u00a0: la ligne est chiffrée dès le début.")
	}
	s.check(ctx, mailbox, needed, &l)
	l.Complete(sieveChecks...)
	return l
}

func (s *Sieve) check(ctx context.Context, mailbox mssante.Address, needed []string, l *finding.List) {
	raw, err := s.line.o.Dial(ctx, "tcp", s.o.Address)
	if err != nil {
		say, do := finding.Because(err, s.o.Address)
		l.Fault("sieve.connect", do, "%s", say)
		return
	}
	c := newSieveConn(raw, s.o.CommandTimeout)
	c.stop = context.AfterFunc(ctx, func() { raw.Close() })
	defer c.close()
	if s.o.Mode == ModeTLS {
		l.OK("sieve.connect", sayAnswers, s.o.Address)
	} else if !greets(l, "sieve", s.o.Address, c.greeting()) || !c.checkStartTLS(l) {
		return
	}
	secured, ok := s.line.checkTLS(ctx, l, "sieve", raw)
	if !ok {
		return
	}
	c.use(secured)
	if err := c.greeting(); err != nil {
		l.Fault("sieve.mechanism", doSeeLog, saySilent, err)
		return
	}
	signedIn := false
	if s.line.checkMechanism(l, "sieve", strings.Fields(c.caps["SASL"]), "") && s.line.trySignIn(l, "sieve", mailbox) {
		err := c.authenticate(s.line.plain(mailbox))
		s.line.saySignIn(l, "sieve", mailbox, err)
		signedIn = err == nil && c.capability() == nil
	}
	checkExtensions(l, (&Scripts{c}).Extensions(), needed, signedIn)
	c.logout()
}

func (c *sieveConn) checkStartTLS(l *finding.List) bool {
	if _, ok := c.caps["STARTTLS"]; !ok {
		l.Fault("sieve.starttls", doStartTLS, sayNoStartTLS)
		return false
	}
	if err := c.startTLS(); err != nil {
		l.Fault("sieve.starttls", doStartTLS, "Le serveur annonce STARTTLS puis l’échange échoue (%v).", err)
		return false
	}
	l.OK("sieve.starttls", "Le serveur offre STARTTLS.")
	return true
}

func checkExtensions(l *finding.List, has, needed []string, signedIn bool) {
	var absent []string
	for _, n := range needed {
		if !hasFold(has, n) {
			absent = append(absent, n)
		}
	}
	switch {
	case len(absent) == 0:
		l.OK("sieve.extensions", "Le serveur sait tout ce que les règles demandent (%s).", strings.Join(needed, ", "))
	case !signedIn:
		l.Untried("sieve.extensions", "Le serveur ne les dit peut-être qu’une fois la connexion faite (pas encore annoncées\u00a0: %s).", strings.Join(absent, ", "))
	default:
		l.Warn("sieve.extensions", "Demandez-les à l’opérateur (sieve_extensions sur Dovecot).", "Il manque au serveur %s\u00a0: les règles qui en ont besoin sont refusées en le disant.", strings.Join(absent, ", "))
	}
}
