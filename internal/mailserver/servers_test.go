package mailserver

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"pli.example/pli/e2e/courier"
	"pli.example/pli/e2e/cyrus"
	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/internal/mssante"
)

// shared is one server under all tests of a world: each test has a mailbox of its own.
type shared struct {
	once    sync.Once
	options Options
	err     error
	people  atomic.Int32
}

// open starts the server at the first call, whose test must outlive the others'.
func (s *shared) open(t testing.TB, installed func() error, start func() (Options, func(), error)) Options {
	if err := installed(); err != nil {
		t.Skip(err)
	}
	s.once.Do(func() {
		var stop func()
		if s.options, stop, s.err = start(); s.err == nil {
			t.Cleanup(stop)
		}
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.options
}

func (s *shared) address(t testing.TB) mssante.Address {
	t.Helper()
	a, err := mssante.ParseAddress(fmt.Sprintf("p%d.martin@medecin.test.mssante.fr", s.people.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// asService are the settings for a server with a service account.
func asService(address string, client *tls.Config) Options {
	o := options(nil, client)
	o.Dial, o.Address, o.ServerName = nil, address, "127.0.0.1"
	o.Auth, o.ServiceUser, o.ServicePassword, o.Credentials = AuthPlain, dovecot.Service, dovecot.ServicePassword, nil
	return o
}

// cyrusWorld is Debian's Cyrus.
func cyrusWorld() world {
	s := &shared{}
	return world{"cyrus", map[string]bool{"sizes": true, "strict": true, "special-use": true, "concurrent": true, "fetch-tells": true, "quotes-found": true}, "", "/", true, s.address, func(t testing.TB) Options {
		return s.open(t, cyrus.Installed, func() (Options, func(), error) {
			c, err := cyrus.Start(cyrus.Options{Folders: dovecot.Folders{Drafts: "Drafts", Sent: "Envoyes", Archive: "Archive", Junk: "Junk", Trash: "Trash"}})
			if err != nil {
				return Options{}, nil, err
			}
			return asService(c.Address, c.TLS()), c.Stop, nil
		})
	}}
}

// courierWorld is Debian's Courier, which has neither MOVE, CONDSTORE, ESEARCH nor
// LIST-STATUS, and keeps every folder inside INBOX.
func courierWorld() world {
	s := &shared{}
	return world{"courier", map[string]bool{"late-news": true, "concurrent": true}, "INBOX.", ".", true, s.address, func(t testing.TB) Options {
		return s.open(t, courier.Installed, func() (Options, func(), error) {
			c, err := courier.Start(courier.Options{Dir: t.TempDir()})
			if err != nil {
				return Options{}, nil, err
			}
			return asService(c.Address, c.TLS()), c.Stop, nil
		})
	}}
}

// secondClient opens a mailbox of a world through a client that shares no code with
// this room.
func secondClient(t testing.TB, o Options, addr mssante.Address) *rawimap.Client {
	t.Helper()
	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	raw, err := dial(context.Background(), "tcp", o.Address)
	if err != nil {
		t.Fatal(err)
	}
	conf := o.TLS.Clone()
	if conf.ServerName = o.ServerName; conf.ServerName == "" {
		conf.ServerName = testHost
	}
	c, err := rawimap.New(raw, conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if o.Auth == AuthPlain {
		err = c.Plain(addr.String(), o.ServiceUser, o.ServicePassword)
	} else if reply, xerr := c.XOAUTH2(addr.String(), testToken); xerr != nil {
		err = xerr
	} else {
		err = reply.Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}
