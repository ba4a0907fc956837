package main

import (
	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/program"
	"pli.example/pli/e2e/site"
	"pli.example/pli/e2e/visitor"
)

// pliSite is Pli before one Dovecot, for one reader.
type pliSite struct {
	*site.Site
	base string
	pli  *program.Process
}

const reader = "martin" // who reads the mailbox

func serve(dir string, d *dovecot.Server) (*pliSite, error) { return serveBox(dir, d, mailbox) }

// serveBox serves one mailbox, with more settings.
func serveBox(dir string, d *dovecot.Server, mailbox string, more ...string) (*pliSite, error) {
	s, err := site.Start(site.Options{Dir: dir, Address: d.Address, CA: d.CA.PEM, Readers: []site.Reader{site.One(mailbox)}, Env: more})
	if err != nil {
		return nil, err
	}
	return &pliSite{s, s.Base, s.Pli}, nil
}

func (s *pliSite) stop() { s.Stop() }

func (s *pliSite) signIn() (*visitor.Visitor, *visitor.Page, error) { return s.SignIn(reader) }
