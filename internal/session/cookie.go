package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"errors"
	"net/http"
	"strings"

	"github.com/gorilla/sessions"
)

// Keys of a gorilla session's values: server side only, they never reach a cookie.
type valueKey int

const (
	recordKey valueKey = iota // *record, or absent
	secretKey                 // string: a cookie to be set by Save
	alsoKey                   // func(*sql.Tx) error: what Save commits together with the record
)

// textLen is the length of rand.Text: 130 bits in base32.
const textLen = 26

// cookieName: __Host- ties the cookie to this host, over https, for every path;
// no other host or path can plant one.
func (m *Manager) cookieName() string { return m.prefix() + m.base }

// signInName is the cookie of a sign-in under way: apart, so that starting one
// leaves a live session alone.
func (m *Manager) signInName() string { return m.prefix() + m.base + "-signin" }

func (m *Manager) prefix() string {
	if m.o.Secure {
		return "__Host-"
	}
	return ""
}

// options: Lax, because Strict is not sent on the way back from the provider; no
// MaxAge, so a shared computer forgets it with its browser window.
func (m *Manager) options() *sessions.Options {
	return &sessions.Options{Path: "/", HttpOnly: true, Secure: m.o.Secure, SameSite: http.SameSiteLaxMode}
}

// Get implements sessions.Store; the record is read once per request.
func (m *Manager) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(m, name)
}

// New implements sessions.Store: the session of the cookie, or an empty one.
func (m *Manager) New(r *http.Request, name string) (*sessions.Session, error) {
	s := sessions.NewSession(m, name)
	s.Options, s.IsNew = m.options(), true
	id, secret, ok := readCookie(r, name)
	if !ok {
		return s, nil
	}
	// One row of a local file: to watch for the reader's leaving costs as much as to read it.
	rec, err := byID(context.WithoutCancel(r.Context()), m.o.DB.Read(), id)
	if err != nil || rec == nil {
		return s, err
	}
	if subtle.ConstantTimeCompare(hash(secret), rec.secretHash) != 1 {
		return s, nil
	}
	s.ID, s.IsNew, s.Values[recordKey] = rec.id, false, rec
	return s, nil
}

// Save implements sessions.Store: it writes a new record and its cookie, or
// removes the cookie when MaxAge is negative. Changes to a living record are
// made by the Manager's methods, one column at a time.
func (m *Manager) Save(r *http.Request, w http.ResponseWriter, s *sessions.Session) error {
	if s.Options.MaxAge < 0 {
		http.SetCookie(w, sessions.NewCookie(s.Name(), "", s.Options))
		return nil
	}
	secret, fresh := s.Values[secretKey].(string)
	if !fresh {
		return nil
	}
	rec, ok := s.Values[recordKey].(*record)
	if !ok {
		return errors.New("session without a record")
	}
	also, _ := s.Values[alsoKey].(func(*sql.Tx) error)
	delete(s.Values, secretKey)
	delete(s.Values, alsoKey)
	err := m.o.DB.Write(r.Context(), func(tx *sql.Tx) error {
		if err := insert(r.Context(), tx, rec); err != nil || also == nil {
			return err
		}
		return also(tx)
	})
	if err != nil {
		return err
	}
	s.ID, s.IsNew = rec.id, false
	http.SetCookie(w, sessions.NewCookie(s.Name(), rec.id+"."+secret, s.Options))
	return nil
}

// Carried reports a cookie of ours in r, whatever it is worth: the browser sent it,
// so somebody's right may be behind the request.
func (m *Manager) Carried(r *http.Request) bool { return len(r.CookiesNamed(m.cookieName())) > 0 }

// mint gives a new public id, its secret and what to keep of the secret.
func mint() (id, secret string, secretHash []byte) {
	id, secret = rand.Text(), rand.Text()
	return id, secret, hash(secret)
}

func hash(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

// readCookie splits id.secret; anything of another shape is no cookie.
func readCookie(r *http.Request, name string) (id, secret string, ok bool) {
	c, err := r.Cookie(name)
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(c.Value, ".")
	return id, secret, ok && isText(id) && isText(secret)
}

func isText(s string) bool {
	if len(s) != textLen {
		return false
	}
	for i := range len(s) {
		if (s[i] < 'A' || s[i] > 'Z') && (s[i] < '2' || s[i] > '7') {
			return false
		}
	}
	return true
}

// dropCookie tells the browser to forget.
func (m *Manager) dropCookie(w http.ResponseWriter, name string) {
	o := m.options()
	o.MaxAge = -1
	http.SetCookie(w, sessions.NewCookie(name, "", o))
}
