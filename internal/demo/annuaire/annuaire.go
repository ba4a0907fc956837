package annuaire

import (
	"crypto/rsa"
	"crypto/subtle"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pli.example/pli/internal/mssante"
)

// Options says what the directory holds.
type Options struct {
	Entries []Entry
	Domains []mssante.Domain // trusted beyond those of the entries
	APIKey  string           // of the FHIR API
	Key     *rsa.PrivateKey  // signs the white list; nil: a fresh one
	Now     func() time.Time
}

// Annuaire is the running stand-in.
type Annuaire struct {
	o         Options
	authority authority
	domains   map[mssante.Domain]bool
	addresses map[string]bool
	signed    func() ([]byte, error)
	packed    []byte
	mux       *http.ServeMux
	stopped   atomic.Bool
}

// New makes the stand-in; the list is signed and the file packed when first asked
// for.
func New(o Options) (*Annuaire, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	born := o.Now()
	authority, err := newAuthority(born)
	if err != nil {
		return nil, err
	}
	a := &Annuaire{o: o, authority: authority, domains: map[mssante.Domain]bool{}, addresses: map[string]bool{}}
	list := domains(o.Entries, o.Domains)
	for _, d := range list {
		a.domains[d] = true
	}
	for _, e := range o.Entries {
		a.addresses[e.Address.Key()] = true
	}
	packed, err := extraction(o.Entries, born)
	if err != nil {
		return nil, fmt.Errorf("pack the extraction: %w", err)
	}
	a.packed = packed
	a.signed = sync.OnceValues(func() ([]byte, error) { return authority.sign(o.Key, whiteList(list, born)) })
	a.mux = http.NewServeMux()
	a.mux.HandleFunc("GET "+PathWhiteList, a.list)
	a.mux.HandleFunc("GET "+PathExtraction, a.extraction)
	a.mux.HandleFunc("GET "+PathFHIR+"/{type}/{id}", a.record)
	a.mux.HandleFunc("GET "+PathFHIR+"/{type}", a.search)
	a.mux.HandleFunc("POST "+PathFHIR+"/{type}/_search", a.search)
	return a, nil
}

// Handler serves the three services; the host is not looked at.
func (a *Annuaire) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.stopped.Load() {
			http.Error(w, "arrêté", http.StatusServiceUnavailable)
			return
		}
		if strings.HasPrefix(r.URL.Path, PathFHIR+"/") && subtle.ConstantTimeCompare([]byte(r.Header.Get("ESANTE-API-KEY")), []byte(a.o.APIKey)) != 1 {
			outcome(w, http.StatusUnauthorized, "security", "ESANTE-API-KEY inconnue")
			return
		}
		if r.Body == nil { // called without a server
			r.Body = http.NoBody
		}
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		a.mux.ServeHTTP(w, r)
	})
}

// Stop makes every request fail until Start.
func (a *Annuaire) Stop() { a.stopped.Store(true) }

// Start undoes Stop.
func (a *Annuaire) Start() { a.stopped.Store(false) }

// Running reports whether it answers.
func (a *Annuaire) Running() bool { return !a.stopped.Load() }

// Anchors is the pool the list's signature leads to.
func (a *Annuaire) Anchors() *x509.CertPool { return a.authority.pool }

// AnchorsPEM is the same for a file of the configuration.
func (a *Annuaire) AnchorsPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.authority.ca.Raw}))
}

// Trusted reports whether a domain stands in the list: exactly, without case.
func (a *Annuaire) Trusted(d mssante.Domain) bool {
	return a.domains[mssante.Domain(strings.ToLower(string(d)))]
}

// Exists reports whether the directory knows a mailbox, red list included.
func (a *Annuaire) Exists(address mssante.Address) bool { return a.addresses[address.Key()] }
