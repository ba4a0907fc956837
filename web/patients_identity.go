package web

import (
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/outgoing"
	"pli.example/pli/internal/problem"
	"pli.example/pli/templates"
)

// meant is a patient somebody is about to write to: the INS stays on the server, the
// address of the page carries a handle.
type meant struct {
	boxID string
	ins   mssante.INS
}

const (
	maxIdentities = 20
	identityLife  = 15 * time.Minute
)

func (k *desk) keepIdentity(x meant, now time.Time) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var h string
	k.identities, h = keep(k.identities, x, now.Add(identityLife), maxIdentities)
	return h
}

func (k *desk) meantBy(handle string, now time.Time) (meant, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return find(k.identities, handle, now)
}

// toPatients opens the mailbox of the address for somebody who may begin letters to
// patients in it.
func (s *Server) toPatients(r *http.Request) (*mailbox.Box, error) {
	b, err := s.writing(r)
	if err != nil {
		return nil, err
	}
	if err := b.MayPatients(r.Context(), audit.PatientIdentify); err != nil {
		return nil, err
	}
	return b, b.MayWrite(r.Context(), audit.PatientIdentify)
}

// patientFind takes an INS and leads to what it tells: never in an address (attack 52).
func (s *Server) patientFind(w http.ResponseWriter, r *http.Request) error {
	b, err := s.toPatients(r)
	if err != nil {
		return err
	}
	typed := strings.TrimSpace(r.PostForm.Get("ins"))
	if looksLikeName(typed) { // of somebody one writes to already
		return s.toNamed(w, r, typed)
	}
	ins, err := mssante.TypedINS(typed)
	if err != nil {
		v, err := s.patientsView(r, b)
		if err != nil {
			return err
		}
		v.Open, v.Typed, v.FindError = true, cut(typed, 40), "Ce n’est pas un INS complet\u00a0: 15 caractères sont attendus, 13 et la clé de 2. Rien n’a été envoyé."
		return s.render(w, r, http.StatusUnprocessableEntity, templates.PatientsPage(v))
	}
	key := "key right"
	if !ins.KeyOK() {
		key = "key wrong"
	}
	e := audit.Event{Action: audit.PatientIdentify, Request: "INS typed, " + key, Detail: mssante.PatientAddress(ins).String()}
	if err := b.Note(r.Context(), e, nil); err != nil {
		return err
	}
	sc := scopeOf(r)
	redirect(w, r, path("mail", sc.box.ID, "patients", "identity", strings.ToLower(sc.desk.keepIdentity(meant{sc.box.ID, ins}, s.clock.now()))))
	return nil
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// identityAt is the patient a handle names.
func (s *Server) identityAt(r *http.Request) (mssante.INS, error) {
	sc := scopeOf(r)
	x, ok := sc.desk.meantBy(strings.ToUpper(chi.URLParam(r, "handle")), s.clock.now())
	if !ok || x.boxID != sc.box.ID {
		return "", problem.New(problem.Gone, "Cette vérification n’est plus gardée\u00a0: Pli oublie les numéros saisis. Saisissez de nouveau l’INS depuis la page Patients.")
	}
	return x.ins, nil
}

// toMend is the number somebody goes back to correct: it stands in the field again, and
// the page's address carries the handle alone.
func (s *Server) toMend(r *http.Request) (mssante.INS, bool) {
	h := r.URL.Query().Get("mend")
	if !searchHandle.MatchString(h) {
		return "", false
	}
	sc := scopeOf(r)
	x, ok := sc.desk.meantBy(strings.ToUpper(h), s.clock.now())
	return x.ins, ok && x.boxID == sc.box.ID
}

// patientIdentity shows what an INS tells of a person, to be compared (§3.4.2.2).
func (s *Server) patientIdentity(w http.ResponseWriter, r *http.Request) error {
	b, err := s.toPatients(r)
	if err != nil {
		return err
	}
	ins, err := s.identityAt(r)
	if err != nil {
		return err
	}
	sc := scopeOf(r)
	base := path("mail", sc.box.ID, "patients")
	v := templates.IdentityView{Page: s.page(r, "Identité"), INS: ins.Grouped(), Tells: ins.Tells(s.clock.now()), To: path("mail", sc.box.ID, "patients", "identity", strings.ToLower(chi.URLParam(r, "handle"))), BackHref: base}
	v.Page.Section = "patients"
	if !ins.KeyOK() {
		v.MendHref = withQuery(base, "mend", strings.ToLower(chi.URLParam(r, "handle")))
		v.KeySay = "La clé (les deux derniers chiffres) ne correspond pas au numéro\u00a0: il a sans doute été mal saisi. Relisez-le avant d’écrire, la lettre partirait chez quelqu’un d’autre ou chez personne."
	}
	left, err := s.left(r, b)
	if err != nil {
		return err
	}
	x, err := b.Exchanges(r.Context(), left)
	if err != nil {
		return err
	}
	for _, e := range x.All {
		if e.Patient.Equal(mssante.PatientAddress(ins)) {
			v.Known, v.KnownHref, v.Name = orPatient(e.Name), base+"/"+e.ID, e.Name
		}
	}
	return s.render(w, r, http.StatusOK, templates.IdentityPage(v))
}

// patientConfirm begins the letter: the person said who it is for.
func (s *Server) patientConfirm(w http.ResponseWriter, r *http.Request) error {
	b, err := s.toPatients(r)
	if err != nil {
		return err
	}
	ins, err := s.identityAt(r)
	if err != nil {
		return err
	}
	from := outgoing.Origin{Kind: outgoing.ToPatient, To: []outgoing.Recipient{{Name: cut(strings.TrimSpace(r.PostForm.Get("name")), 100), Address: mssante.PatientAddress(ins).String()}},
		Plain: r.PostForm.Get("plain") == "1", Signature: s.signature(r, b)}
	begun, err := s.outbox.New(r.Context(), b, from)
	if err != nil {
		return err
	}
	e := audit.Event{Action: audit.PatientIdentify, Target: begun.Draft.ID, Request: "identity confirmed", Detail: mssante.PatientAddress(ins).String()}
	if err := b.Note(r.Context(), e, nil); err != nil {
		return err
	}
	redirect(w, r, draftHref(scopeOf(r).box.ID, begun.Draft.ID))
	return nil
}
