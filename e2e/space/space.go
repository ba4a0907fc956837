// Package space serves the two public files a program under test fetches, the
// signed white list and the directory's extraction, over https with an authority
// of its own: the demo's stand-in of the directory, as an outside server.
package space

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/internal/demo/annuaire"
	"pli.example/pli/internal/mssante"
)

// Server is the stand-in, listening on loopback.
type Server struct {
	Annuaire *annuaire.Annuaire
	base     string
	caFile   string
	anchors  string
	http     *http.Server
}

// Start serves the entries, and trusts more domains than theirs. Files for the
// program's configuration are written to dir.
func Start(dir string, entries []annuaire.Entry, domains ...mssante.Domain) (*Server, error) {
	return StartAt(dir, time.Now, entries, domains...)
}

// StartAt is Start with files made at another time.
func StartAt(dir string, now func() time.Time, entries []annuaire.Entry, domains ...mssante.Domain) (*Server, error) {
	a, err := annuaire.New(annuaire.Options{Entries: entries, Domains: domains, APIKey: "cle-d-essai", Now: now})
	if err != nil {
		return nil, err
	}
	ca, err := dovecot.NewCA("AC des fichiers d'essai")
	if err != nil {
		return nil, err
	}
	cert, key, err := ca.Issue("127.0.0.1")
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return nil, err
	}
	s := &Server{Annuaire: a, caFile: filepath.Join(dir, "space-ca.pem"), anchors: filepath.Join(dir, "space-anchors.pem")}
	for name, text := range map[string]string{s.caFile: ca.PEM, s.anchors: a.AnchorsPEM()} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.base = "https://" + l.Addr().String()
	s.http = &http.Server{Handler: a.Handler(), ReadHeaderTimeout: 10 * time.Second}
	go s.http.Serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	return s, nil
}

// Env is what an operator would set to use it.
func (s *Server) Env() []string {
	return []string{
		"PLI_TRUST_URL=" + s.base + annuaire.PathWhiteList, "PLI_TRUST_CA_FILE=" + s.caFile, "PLI_TRUST_ANCHORS_FILE=" + s.anchors,
		"PLI_TRUST_SIGNER_NAMES=" + annuaire.SignerName,
		"PLI_DIRECTORY_URL=" + s.base + annuaire.PathExtraction, "PLI_DIRECTORY_CA_FILE=" + s.caFile,
	}
}

// Stop ends it.
func (s *Server) Stop() error {
	if err := s.http.Close(); err != nil {
		return fmt.Errorf("stop the public files: %w", err)
	}
	return nil
}
