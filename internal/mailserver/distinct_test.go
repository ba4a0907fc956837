package mailserver

import (
	"strings"
	"testing"

	"pli.example/pli/e2e/courier"
	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/internal/finding"
	"pli.example/pli/internal/problem"
)

// TestOneMailboxForEverybody: a server that takes the authorization identity and
// forgets it opens nothing, whoever asks and however often, and "pli check" says why.
func TestOneMailboxForEverybody(t *testing.T) {
	t.Parallel()
	for name, forgetful := range map[string]func(*testing.T) *Server{
		"courier's own login": func(t *testing.T) *Server {
			if err := courier.Installed(); err != nil {
				t.Skip(err)
			}
			c, err := courier.Start(courier.Options{Dir: t.TempDir(), Forgetful: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Stop)
			return New(asService(c.Address, c.TLS()))
		},
		"a script": func(t *testing.T) *Server {
			s, _, _ := scripted(t, func(w *wire) {
				w.mailbox(func(_, rest string) bool {
					if !strings.HasPrefix(rest, "SELECT") && !strings.HasPrefix(rest, "NOOP") && !strings.HasPrefix(rest, "LOGOUT") && !strings.HasPrefix(rest, "CAPABILITY") {
						t.Errorf("it was asked %q", rest)
					}
					return false
				})
			}, func(o *Options) {
				o.Auth, o.ServiceUser, o.ServicePassword, o.Credentials = AuthPlain, "pli", "secret", nil
			})
			s.distinct.proven = false
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := forgetful(t)
			for range 2 {
				_, err := s.For(testActor("s1"), testAddress(t)).Rows(t.Context(), Query{Folder: "INBOX"})
				wantKind(t, err, problem.UpstreamRefused)
				if problem.SayOf(err) != sayOneForAll {
					t.Errorf("it says %q: %v", problem.SayOf(err), err)
				}
			}
			if n := s.Connections(); n != 0 {
				t.Errorf("%d connections are open", n)
			}
			if name != "a script" { // whose sign-in is of tokens
				l := s.Check(t.Context(), testAddress(t))
				wantFinding(t, l, finding.Fault, "DANGER")
			}
		})
	}
}

// TestMailboxesAreDistinct: a server that knows its mailboxes, and one that makes
// them for any name, in the very second they are asked for.
func TestMailboxesAreDistinct(t *testing.T) {
	t.Parallel()
	t.Run("known names", func(t *testing.T) {
		t.Parallel()
		box := testAddress(t)
		d, err := dovecot.Start(dovecot.Options{Dir: t.TempDir(), Mailboxes: []string{box.String()}, Separator: "/"})
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(d.Stop)
		s := New(asService(d.Address, d.TLS()))
		wantFinding(t, s.Check(t.Context(), box), finding.OK, "tient compte")
		if _, err := s.For(testActor("s1"), box).Rows(t.Context(), Query{Folder: "INBOX"}); err != nil {
			t.Error(err)
		}
		if !s.distinct.proven {
			t.Error("it would be asked again")
		}
	})
	t.Run("any name", func(t *testing.T) {
		t.Parallel()
		if err := courier.Installed(); err != nil {
			t.Skip(err)
		}
		c, err := courier.Start(courier.Options{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Stop)
		s := New(asService(c.Address, c.TLS()))
		if _, err := s.For(testActor("s1"), testAddress(t)).Rows(t.Context(), Query{Folder: "INBOX"}); err != nil || !s.distinct.proven {
			t.Errorf("%v, proven %v", err, s.distinct.proven)
		}
		wantFinding(t, s.Check(t.Context(), testAddress(t)), finding.Warning, "n’importe quel nom")
	})
}

func wantFinding(t *testing.T, l finding.List, state finding.State, says string) {
	t.Helper()
	for _, f := range l {
		if f.Check == "imap.identity" {
			if f.State != state || !strings.Contains(f.Say, says) {
				t.Errorf("%+v", f)
			}
			return
		}
	}
	t.Errorf("nothing is said of it: %+v", l)
}
