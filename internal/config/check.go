package config

import (
	"os"
	"strings"

	"pli.example/pli/internal/finding"
)

// secretFiles are the files that hold a secret, by the setting that names them.
func (c Config) secretFiles() map[string]string {
	return map[string]string{
		"keys.file":       c.KeysFile,
		"secret.oidc":     c.OIDC.ClientSecretFile,
		"secret.oidc_key": c.OIDC.KeyFile,
		"secret.support":  c.SupportDesk.OIDC.ClientSecretFile,
		"secret.imap":     c.IMAP.ServicePasswordFile,
		"secret.smtp":     c.SMTP.ServicePasswordFile,
	}
}

// CheckFiles looks at who may read, or change, the files of the secrets. Their
// content was read already.
func (c Config) CheckFiles() finding.List {
	var l finding.List
	checks := []string{"keys.file", "secret.oidc", "secret.oidc_key", "secret.support", "secret.imap", "secret.smtp"}
	for _, check := range checks {
		if path := c.secretFiles()[check]; path != "" {
			checkSecret(&l, check, path)
		}
	}
	if c.KeysFile == "" {
		l.Warn("keys.file", "Mettez-les dans un fichier nommé par PLI_KEYS_FILE\u00a0: l’environnement se lit dans /proc et dans les journaux.", "Les clés viennent de l’environnement.")
	}
	return l
}

func checkSecret(l *finding.List, check, path string) {
	info, err := os.Stat(path)
	if err != nil {
		l.Fault(check, "Vérifiez le chemin et les droits.", "%s ne peut pas être lu.", path)
		return
	}
	mode := info.Mode().Perm()
	do := "Retirez les droits des autres\u00a0: chmod 600 " + path + " (defaultMode 0400 pour un secret de Kubernetes)."
	switch {
	case mode&0o022 != 0:
		l.Fault(check, do, "D’autres comptes peuvent changer %s (droits %s).", path, mode)
	case mode&0o004 != 0:
		l.Fault(check, do, "D’autres comptes peuvent lire %s (droits %s).", path, mode)
	case mode&0o040 != 0:
		l.Warn(check, "Vérifiez que seul le compte de Pli est dans ce groupe.", "Le groupe peut lire %s (droits %s).", path, mode)
	default:
		l.OK(check, "%s n’est lu que par son compte (droits %s).", strings.TrimSpace(path), mode)
	}
}
