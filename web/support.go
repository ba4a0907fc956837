package web

import (
	"net/http"
	"strings"

	"pli.example/pli/internal/identity"
	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/session"
	"pli.example/pli/internal/support"
	"pli.example/pli/templates"
)

// Staff is what the pages of support need. They are apart from practitioners': another
// provider, another cookie, another frame; the desk behind them cannot reach mail.
type Staff struct {
	Identity *identity.Provider
	Sessions *session.Staff
	Desk     *support.Desk
	Role     identity.Role
}

// supportRoot is where the pages of support stand.
const supportRoot = "/support"

// supportRoutes is their part of the site map: nothing configured, no address.
func (s *Server) supportRoutes() []route {
	if s.staff == nil {
		return nil
	}
	return []route{
		{method: get, pattern: "/support/sign-in", set: signInHeaders, who: anyone, access: forAnyone, rate: ratePerAddress, handle: s.supportDoor},
		{method: post, pattern: "/support/sign-in", set: signInHeaders, who: anyone, access: forAnyone, rate: ratePerAddress, handle: s.supportStart},
		{method: get, pattern: "/support/callback", set: signInHeaders, who: anyone, access: forAnyone, rate: ratePerAddress, handle: s.supportFinish},
		{method: post, pattern: "/support/sign-out", set: emptyHeaders, who: anyone, access: forAnyone, handle: s.supportLeave},
		{method: get, pattern: "/support/signed-out", set: signInHeaders, who: anyone, access: forAnyone, rate: ratePerAddress, handle: s.supportLeft},

		{method: get, pattern: "/support", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportHome},
		{method: post, pattern: "/support/search", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportSearchStore},
		{method: get, pattern: "/support/search/{handle}", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportSearchShow},
		{method: get, pattern: "/support/people/{account}", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportPerson},
		{method: post, pattern: "/support/people/{account}/revoke", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportRevoke},
		{method: get, pattern: "/support/boxes/{box}", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportMailbox},
		{method: get, pattern: "/support/deliveries", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportDeliveries},
		{method: post, pattern: "/support/deliveries", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportDeliveriesStore},
		{method: get, pattern: "/support/deliveries/{handle}", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportDeliveries},
		{method: get, pattern: "/support/trail", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportTrail},
		{method: post, pattern: "/support/trail", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportTrailStore},
		{method: get, pattern: "/support/trail/{handle}", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportTrail},
		{method: post, pattern: "/support/trail/export", set: fileHeaders, who: staff, access: forSupport, act: true, handle: s.supportExport},
		{method: post, pattern: "/support/trail/verify", set: pageHeaders, who: staff, access: forSupport, act: true, handle: s.supportVerify},
	}
}

// ofSupport reports a page of support.
func (rt *route) ofSupport() bool {
	return rt != nil && (rt.pattern == supportRoot || strings.HasPrefix(rt.pattern, supportRoot+"/"))
}

// admitStaff finds the agent who asks, or says that a sign-in is needed. A session of
// a practitioner is worth nothing here: it is not even looked at.
func (s *Server) admitStaff(w http.ResponseWriter, r *http.Request, rt *route) error {
	sc := scopeOf(r)
	cur, ended, err := s.staff.Sessions.Current(r, rt.act && !isPrefetch(r))
	if err != nil {
		return err
	}
	over := cur == nil && s.limits.stranger.OnLimit(w, r, s.remote(r)) || cur != nil && s.limits.session.OnLimit(w, r, "support."+cur.ID)
	switch {
	case over:
		return problem.New(problem.TooMany, "")
	case cur == nil && ended != nil:
		return problem.New(problem.SignInNeeded, staffEnded(ended.Reason))
	case cur == nil:
		return problem.New(problem.SignInNeeded, "")
	}
	sc.staff, sc.kept = cur, s.staffKept.open(cur.ID)
	return nil
}

// staffEnded says to an agent why their session is over.
func staffEnded(why session.Reason) string {
	switch why {
	case session.Idle:
		return "Votre session s’est fermée faute d’activité. Identifiez-vous de nouveau pour reprendre."
	case session.Absolute:
		return "Votre session a atteint sa durée maximale. Identifiez-vous de nouveau pour reprendre."
	case session.Dismissed:
		return "L’opérateur a fermé votre session. Adressez-vous à lui si vous ne savez pas pourquoi."
	case session.SignOut:
		return "Vous êtes déconnecté de l’espace support."
	}
	return "Votre session est terminée. Identifiez-vous de nouveau pour reprendre."
}

// supportFrame fills the frame of a page of support.
func (s *Server) supportFrame(r *http.Request, title, section string) templates.SupportFrame {
	sc := scopeOf(r)
	f := templates.SupportFrame{Title: title, Banner: s.banner, BannerTo: s.bannerTo, Section: section}
	if sc.staff != nil {
		f.Agent, f.Work = sc.staff.Actor.Name, sc.staff.Actor.Work
		if n, ok := sc.kept.note(r.URL.Query().Get("note"), s.clock.now()); ok {
			f.Say, f.SayKind = n.say, n.kind
		}
	}
	return f
}

// carried reports a cookie of ours, a practitioner's or an agent's.
func (s *Server) carried(r *http.Request) bool {
	return s.sessions.Carried(r) || s.staff != nil && s.staff.Sessions.Carried(r)
}
