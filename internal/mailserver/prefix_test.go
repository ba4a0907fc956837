package mailserver

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pli.example/pli/internal/problem"
)

// TestMakeFolderUnderInbox: where a person's folders are under INBOX the name of one that
// is made is told whole, whatever else is listed.
func TestMakeFolderUnderInbox(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]string{"alone": "", "beside public folders": "namespace public {\n type = public\n separator = .\n prefix = Public.\n location = maildir:~/Public\n subscriptions = no\n}\n"} {
		t.Run(name, func(t *testing.T) {
			o := dovecotWith(t, func(dir, conf string) string {
				conf = conf[:strings.Index(conf, "namespace inbox {")] + "namespace inbox {\n inbox = yes\n separator = .\n prefix = INBOX.\n}\n" + more
				return conf
			})
			s := New(o)
			t.Cleanup(func() { s.Close(context.Background()) })
			a := s.For(testActor("s1"), testAddress(t))
			if more != "" {
				if err := a.onFolders(t.Context(), "", func(c *conn) error { return c.client.Create("Public.Notes", nil).Wait() }); err != nil {
					t.Fatal(err)
				}
			}
			for _, want := range []bool{false, true} { // there already
				all, err := a.Folders(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				whole, err := a.MakeFolder(t.Context(), PlaceOf(all, "", "Rappels"))
				if whole != "INBOX.Rappels" || problem.Is(err, problem.Conflict) != want || err != nil && !want {
					t.Errorf("%q %v", whole, err)
				}
				if all, err = a.Folders(t.Context()); err != nil || !slices.ContainsFunc(all, func(f Folder) bool { return f.Name == whole }) {
					t.Errorf("not listed: %v %v", all, err)
				}
			}
		})
	}
}

// dovecotWith is dovecotWorld with other settings.
func dovecotWith(t *testing.T, change func(dir, conf string) string) Options {
	dovecotWorld(t) // skips where there is none
	server, client := testTLS(t)
	dir, conf := dovecotHome(t, nil)
	text, err := os.ReadFile(conf)
	if err == nil {
		err = os.WriteFile(filepath.Clean(conf), []byte(change(dir, string(text))), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return options(serveDovecot(t, server, dir, conf), client)
}
