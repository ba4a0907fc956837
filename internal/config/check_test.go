package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pli.example/pli/internal/finding"
)

func TestCheckFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for mode, want := range map[os.FileMode]finding.State{0o600: finding.OK, 0o400: finding.OK, 0o640: finding.Warning, 0o644: finding.Fault, 0o620: finding.Fault, 0o602: finding.Fault} {
		path := filepath.Join(dir, mode.String())
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		var c Config
		c.Ephemeral, c.AuditHeadsFile = true, path // the superuser appends whatever the rights
		c.KeysFile, c.IMAP.ServicePasswordFile = path, path
		l := c.CheckFiles()
		if len(l) != 3 || l[0].Check != "keys.file" || l[1].Check != "secret.imap" || l[0].State != want || l[1].State != want {
			t.Errorf("%s: %+v", mode, l)
		}
	}
	c := Config{Data: Data{Ephemeral: true}}
	if l := c.CheckFiles(); len(l) != 2 || l[1].State != finding.Warning || l[0].State != finding.Warning {
		t.Errorf("keys from the environment: %+v", l)
	}
}

// Paths that Pli will write to are tried: nothing stays behind.
func TestCheckWrittenFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	if err := os.WriteFile(there, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]finding.State{there: finding.OK, filepath.Join(dir, "new"): finding.OK, filepath.Join(dir, "no", "new"): finding.Fault, dir: finding.Fault} {
		var c Config
		c.AuditHeadsFile, c.Directory.Database = path, path
		for _, f := range c.CheckFiles() {
			if (f.Check == "audit.heads" || f.Check == "directory.file") && f.State != want {
				t.Errorf("%s: %+v", path, f)
			}
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A misspelt name is said with the one that was meant, and never with its value.
func TestCheckNames(t *testing.T) {
	t.Parallel()
	l := CheckNames([]string{"PATH=/bin", "PLI_LISTEN=:1", "PLI_SMTP_ADRESS=secret", "PLI_CORPORA=secret", "PLI_IMAP_SERVICE_PASWORD_FILE=secret"})
	if len(l) != 3 || l.Faults() != 0 {
		t.Fatalf("%+v", l)
	}
	for i, want := range []string{"pli print config", "PLI_IMAP_SERVICE_PASSWORD_FILE", "PLI_SMTP_ADDRESS"} {
		if l[i].State != finding.Warning || !strings.Contains(l[i].Do, want) || strings.Contains(l[i].Say+l[i].Do, "secret") {
			t.Errorf("%+v", l[i])
		}
	}
}
