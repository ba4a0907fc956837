package config

import (
	"os"
	"path/filepath"
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
		c.KeysFile, c.IMAP.ServicePasswordFile = path, path
		l := c.CheckFiles()
		if len(l) != 2 || l[0].Check != "keys.file" || l[1].Check != "secret.imap" || l[0].State != want || l[1].State != want {
			t.Errorf("%s: %+v", mode, l)
		}
	}
	var c Config
	if l := c.CheckFiles(); len(l) != 1 || l[0].State != finding.Warning {
		t.Errorf("keys from the environment: %+v", l)
	}
}
