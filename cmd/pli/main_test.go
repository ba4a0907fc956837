package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pli.example/pli/internal/seal"
)

// pli runs the command line as the process would.
func pli(t *testing.T, args ...string) (code int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

// data gives the flags of a database and keys of the test's own.
func data(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	keys := filepath.Join(dir, "keys")
	if err := os.WriteFile(keys, []byte("k1:"+strings.Repeat("QUFB", 11)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(keys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seal.ParseKeyring(string(raw)); err != nil {
		t.Fatal(err)
	}
	return []string{"--database", filepath.Join(dir, "pli.db"), "--keys-file", keys}
}

func TestMailboxCommands(t *testing.T) {
	t.Parallel()
	flags := data(t)
	with := func(args ...string) []string { return append(args, flags...) }
	code, out, errOut := pli(t, with("mailbox", "grant", "claire.martin@medecin.mssante.fr", "--to", "899700900016", "--kind", "owner", "--mailbox-kind", "PER", "--label", "Dr Claire Martin")...)
	if code != 0 || !strings.Contains(out, "owner") || !strings.Contains(out, "manage") {
		t.Fatalf("%d %q %q", code, out, errOut)
	}
	code, out, errOut = pli(t, with("mailbox", "grant", "claire.martin@medecin.mssante.fr", "--to", "899700900024", "--rights", "read,triage", "--until", "2099-01-31")...)
	if code != 0 {
		t.Fatalf("%d %q %q", code, out, errOut)
	}
	id, _, _ := strings.Cut(out, "\t")
	if code, out, _ = pli(t, with("mailbox", "list", "claire.martin@medecin.mssante.fr")...); code != 0 || strings.Count(out, "en vigueur") != 2 || !strings.Contains(out, "2099-0") {
		t.Errorf("%d %q", code, out)
	}
	if code, _, errOut = pli(t, with("mailbox", "revoke", id)...); code != 0 {
		t.Errorf("%d %q", code, errOut)
	}
	if code, out, _ = pli(t, with("mailbox", "list")...); code != 0 || strings.Count(out, "retiré le") != 1 {
		t.Errorf("%d %q", code, out)
	}
	if code, _, errOut = pli(t, with("mailbox", "revoke", id)...); code != 1 || !strings.Contains(errOut, "déjà été retiré") {
		t.Errorf("%d %q", code, errOut)
	}
	if code, out, errOut = pli(t, with("audit", "verify")...); code != 0 || !strings.Contains(out, "Le journal tient.") || !strings.Contains(out, "lignes ôtées à la fin du journal ne se verraient pas") {
		t.Errorf("%d %q %q", code, out, errOut)
	}
}

func TestWrongArgumentsAreSaid(t *testing.T) {
	t.Parallel()
	flags := data(t)
	for name, row := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no command":                 {nil, 2, "expected one of"},
		"not an address":             {append([]string{"mailbox", "grant", "nobody", "--to", "1"}, flags...), 1, "not a mail address"},
		"no such right":              {append([]string{"mailbox", "grant", "a@b.fr", "--to", "899700900016", "--rights", "fly"}, flags...), 1, "unknown right"},
		"no such day":                {append([]string{"mailbox", "grant", "a@b.fr", "--to", "899700900016", "--until", "demain"}, flags...), 1, "2027-01-31"},
		"no such session of support": {append([]string{"support", "revoke", "x"}, flags...), 1, "rien n’a été fermé"},
		"no database":                {[]string{"mailbox", "list"}, 2, "PLI_DATABASE"},
		"no settings":                {[]string{"serve"}, 2, "PLI_OIDC_ISSUER"},
		"open demo":                  {[]string{"demo", "--listen", "0.0.0.0:0"}, 2, "loopback"},
		"a named host":               {[]string{"demo", "--listen", "pli.example:0"}, 2, "loopback"},
	} {
		code, _, errOut := pli(t, row.args...)
		if code != row.code || !strings.Contains(errOut, row.says) {
			t.Errorf("%s: %d %q", name, code, errOut)
		}
	}
}

func TestDemoRefusesRealSettings(t *testing.T) {
	t.Setenv("PLI_IMAP_ADDRESS", "imap.operateur.example:143")
	if code, _, errOut := pli(t, "demo", "--listen", "127.0.0.1:0"); code != 2 || !strings.Contains(errOut, "PLI_IMAP_ADDRESS") {
		t.Errorf("%d %q", code, errOut)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if code, out, _ := pli(t, "version"); code != 0 || !strings.HasPrefix(out, "pli ") {
		t.Errorf("%d %q", code, out)
	}
}

// The signed heads leave by "audit head" and come back by "audit verify --heads".
func TestAuditHeads(t *testing.T) {
	t.Parallel()
	flags := data(t)
	with := func(args ...string) []string { return append(args, flags...) }
	if code, _, errOut := pli(t, with("mailbox", "grant", "claire.martin@medecin.mssante.fr", "--to", "899700900016", "--kind", "owner", "--mailbox-kind", "PER")...); code != 0 {
		t.Fatal(errOut)
	}
	code, heads, errOut := pli(t, with("audit", "head")...)
	if code != 0 || strings.Count(heads, "\n") != 1 || !strings.Contains(heads, `"row_mac"`) {
		t.Fatalf("%d %q %q", code, heads, errOut)
	}
	file := filepath.Join(t.TempDir(), "heads")
	keep := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keep(heads)
	if code, out, errOut := pli(t, with("audit", "verify", "--heads", file)...); code != 0 || !strings.Contains(out, "1\u00a0tête exportée comparée.") || !strings.Contains(out, "rien n’est comparé après") || !strings.Contains(out, "Le journal tient.") {
		t.Errorf("%d %q %q", code, out, errOut)
	}
	// Another node writes too, and none of its heads was kept.
	if code, _, errOut := pli(t, with("mailbox", "grant", "claire.martin@medecin.mssante.fr", "--to", "899700900024", "--rights", "read", "--until", "2099-01-01", "--node", "second")...); code != 0 {
		t.Fatal(errOut)
	}
	if code, _, errOut := pli(t, with("audit", "verify", "--heads", file)...); code != 1 || !strings.Contains(errOut, "aucune pour [second]") {
		t.Errorf("a node whose heads are missing: %d %q", code, errOut)
	}
	keep(heads + "{\n")
	if code, _, errOut := pli(t, with("audit", "verify", "--heads", file)...); code != 1 || !strings.Contains(errOut, "illisibles\u00a0: [2]") {
		t.Errorf("a torn line: %d %q", code, errOut)
	}
	keep("")
	if code, _, errOut := pli(t, with("audit", "verify", "--heads", file)...); code != 1 || !strings.Contains(errOut, "aucune tête") {
		t.Errorf("an empty file: %d %q", code, errOut)
	}
	// The database as it was before anything happened, in front of what was exported.
	keep(heads)
	if code, _, errOut := pli(t, append([]string{"audit", "verify", "--heads", file, "--database", filepath.Join(t.TempDir(), "older.db")}, flags[2:]...)...); code != 1 || !strings.Contains(errOut, "état antérieur") {
		t.Errorf("rolled back: %d %q", code, errOut)
	}
}
