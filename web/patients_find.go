package web

import (
	"net/http"
	"strings"
	"time"
	"unicode"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/problem"
)

// soughtPatient is a patient's name somebody looks for among the exchanges of a mailbox: it stays
// on the server, the page's address carries a handle (attack 52).
type soughtPatient struct{ boxID, words string }

const maxNamesSought = 20

func (k *desk) keepName(x soughtPatient, now time.Time) string {
	k.mu.Lock()
	defer k.mu.Unlock()
	var h string
	k.names, h = keep(k.names, x, now.Add(searchLife), maxNamesSought)
	return h
}

func (k *desk) nameBy(handle string, now time.Time) (soughtPatient, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return find(k.names, handle, now)
}

// patientSearch takes a name and leads to the exchanges that bear it.
func (s *Server) patientSearch(w http.ResponseWriter, r *http.Request) error {
	b, err := s.box(r)
	if err != nil {
		return err
	}
	if err := b.MayPatients(r.Context(), audit.ExchangeList); err != nil {
		return err
	}
	words := strings.TrimSpace(r.PostForm.Get("words"))
	if len(words) > 4*maxWords {
		return problem.New(problem.TooLarge, "Ces mots sont trop longs pour une recherche. Cherchez avec un ou deux mots.")
	}
	return s.toNamed(w, r, words)
}

// toNamed leads to the page narrowed to a name; to all of it for no word.
func (s *Server) toNamed(w http.ResponseWriter, r *http.Request, words string) error {
	sc := scopeOf(r)
	to := path("mail", sc.box.ID, "patients")
	if words != "" {
		to = withQuery(to, "find", strings.ToLower(sc.desk.keepName(soughtPatient{sc.box.ID, words}, s.clock.now())))
	}
	redirect(w, r, to)
	return nil
}

// soughtName is the name the page of the address is narrowed to, "" for none.
func (s *Server) soughtName(r *http.Request) string {
	h := r.URL.Query().Get("find")
	if !searchHandle.MatchString(h) {
		return ""
	}
	sc := scopeOf(r)
	x, ok := sc.desk.nameBy(strings.ToUpper(h), s.clock.now())
	if !ok || x.boxID != sc.box.ID {
		return ""
	}
	return x.words
}

// looksLikeName: letters and not one digit, which no INS is (its A or B stands among
// digits).
func looksLikeName(typed string) bool {
	letters := 0
	for _, r := range typed {
		if unicode.IsDigit(r) {
			return false
		}
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return letters >= 2
}
