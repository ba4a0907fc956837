package trust

import (
	"context"
	"errors"
	"net/url"

	"pli.example/pli/internal/finding"
)

var checks = []string{"trust.anchors", "trust.fetch", "trust.signature", "trust.age"}

// Check fetches the list now and judges it as a refresh would, changing nothing:
// neither the list in force, nor the saved copy, nor the trail.
func (l *List) Check(ctx context.Context) finding.List {
	var f finding.List
	if l.o.URL == "" {
		f.Warn("trust.fetch", "Donnez l’adresse par PLI_TRUST_URL\u00a0; sans liste, les lettres attendent (sauf PLI_TRUST_ALLOW_UNLISTED).", "Aucune adresse n’est configurée pour la liste blanche.")
		return f
	}
	l.check(ctx, &f)
	f.Complete(checks...)
	return f
}

func (l *List) check(ctx context.Context, f *finding.List) {
	if l.o.Anchors == nil {
		f.Fault("trust.anchors", "Donnez par PLI_TRUST_ANCHORS_FILE les autorités de la signature (IGC-Santé).", "Aucune autorité n’est donnée pour la signature de la liste blanche\u00a0: aucune liste ne sera crue.")
	} else {
		f.OK("trust.anchors", "Les autorités de la signature sont lues.")
	}
	l.turn.Lock()
	defer l.turn.Unlock()
	kept := l.validators
	l.validators = validators{} // asked for in full
	raw, _, err := l.fetch(ctx)
	l.validators = kept
	var r *refusal
	switch {
	case errors.As(err, &r) && r.reason == unreachable:
		say, do := finding.Because(cause(r.err), hostOf(l.o.URL))
		if finding.OfCertificate(r.err) {
			say, do = "Le certificat de "+hostOf(l.o.URL)+" est refusé ("+cause(r.err).Error()+").", "Donnez son autorité par PLI_TRUST_CA_FILE."
		}
		f.Fault("trust.fetch", do, "La liste blanche n’a pas pu être lue. %s", say)
		return
	case errors.As(err, &r):
		f.Fault("trust.fetch", "Vérifiez PLI_TRUST_URL.", "%s", r.clause)
		return
	case err != nil:
		f.Fault("trust.fetch", "Vérifiez PLI_TRUST_URL.", "La liste blanche n’a pas pu être lue (%v).", err)
		return
	}
	f.OK("trust.fetch", "La liste blanche est lue (%s).", finding.Size(int64(len(raw))))
	if l.o.Anchors != nil {
		l.checkContent(f, raw)
	}
}

func (l *List) checkContent(f *finding.List, raw []byte) {
	now := l.o.Now()
	s, err := l.judge(raw, now)
	var r *refusal
	if err != nil {
		say := "La liste blanche reçue est refusée (" + err.Error() + ")."
		if errors.As(err, &r) {
			say = r.clause
		}
		f.Fault("trust.signature", "Vérifiez PLI_TRUST_ANCHORS_FILE et PLI_TRUST_SIGNER_NAMES\u00a0; s’ils sont justes, n’utilisez pas cette liste et prévenez l’ANS.", "%s", say)
		return
	}
	f.OK("trust.signature", "La liste blanche est signée par %s\u00a0; %s.", s.signer, finding.Count(int64(len(s.names)), "domaine", "domaines"))
	switch age := now.Sub(s.generated); {
	case s.generated.After(now.Add(clockSkew)):
		f.Fault("trust.age", "Vérifiez l’horloge de cette machine.", "La liste blanche porte une date à venir, le %s.", day(s.generated))
	case age > l.o.MaxAge:
		f.Fault("trust.age", "Le serveur donne une liste périmée\u00a0: prévenez l’ANS, ou vérifiez l’horloge et PLI_TRUST_MAX_AGE.", "La liste blanche, du %s, est trop ancienne (%s\u00a0; au plus %s).",
			day(s.generated), finding.Age(age), finding.Age(l.o.MaxAge))
	default:
		f.OK("trust.age", "La liste blanche a été faite il y a %s.", finding.Age(age))
	}
}

func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func hostOf(at string) string {
	if u, err := url.Parse(at); err == nil && u.Host != "" {
		return u.Host
	}
	return at
}
