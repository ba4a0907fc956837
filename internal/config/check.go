package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
		"secret.sieve":    c.Sieve.ServicePasswordFile,
	}
}

// CheckFiles looks at who may read, or change, the files of the secrets. Their
// content was read already.
func (c Config) CheckFiles() finding.List {
	var l finding.List
	checks := []string{"keys.file", "secret.oidc", "secret.oidc_key", "secret.support", "secret.imap", "secret.smtp", "secret.sieve"}
	for _, check := range checks {
		if path := c.secretFiles()[check]; path != "" {
			checkSecret(&l, check, path)
		}
	}
	if c.KeysFile == "" {
		l.Warn("keys.file", "Mettez-les dans un fichier nommé par PLI_KEYS_FILE\u00a0: l’environnement se lit dans /proc et dans les journaux.", "Les clés viennent de l’environnement.")
	}
	checkAppended(&l, c.AuditHeadsFile)
	if c.Directory.Database != "" { // beside the database: what is said of that folder holds
		checkDirectoryFile(&l, c.Directory.Database)
	}
	return l
}

// checkAppended: can the signed heads of the trail be added to their file?
func checkAppended(l *finding.List, path string) {
	const check = "audit.heads"
	if path == "" {
		l.Warn(check, "Nommez un fichier par PLI_AUDIT_HEADS_FILE et gardez-en une copie ailleurs.", "Les têtes du journal ne sont exportées nulle part\u00a0: des lignes ôtées à sa fin ne se verraient pas.")
		return
	}
	made, err := writable(path)
	switch {
	case err != nil:
		l.Fault(check, "Vérifiez PLI_AUDIT_HEADS_FILE, le propriétaire du fichier et les droits de son dossier.", "Les têtes du journal ne peuvent pas être ajoutées à %s (%s).", path, why(err))
	case made:
		l.OK(check, "%s sera créé au démarrage.", path)
	default:
		l.OK(check, "Les têtes du journal peuvent être ajoutées à %s.", path)
	}
}

// checkDirectoryFile: each import makes a new file beside the one in use, then takes
// its place.
func checkDirectoryFile(l *finding.List, path string) {
	const check = "directory.file"
	const do = "Vérifiez PLI_DIRECTORY_DATABASE, le propriétaire du fichier et les droits de son dossier."
	made, err := writable(path)
	if err == nil && !made {
		err = creatable(filepath.Dir(path))
	}
	switch {
	case err != nil:
		l.Fault(check, do, "L’annuaire ne peut pas être écrit dans %s (%s).", path, why(err))
	case made:
		l.OK(check, "Le fichier de l’annuaire %s sera créé au démarrage.", path)
	default:
		l.OK(check, "Le fichier de l’annuaire %s peut être remplacé.", path)
	}
}

// writable tells whether a file can be added to, or made (made is then true), and
// leaves nothing behind.
func writable(path string) (made bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, creatable(filepath.Dir(path))
	}
	if err == nil && !info.Mode().IsRegular() { // a pipe would never end
		err = errNotFile
	}
	if err != nil {
		return false, err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	return false, f.Close()
}

func creatable(folder string) error {
	f, err := os.CreateTemp(folder, ".pli-check-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

var errNotFile = errors.New("not a regular file")

func why(err error) string {
	switch {
	case errors.Is(err, errNotFile):
		return "ce n’est pas un fichier ordinaire"
	case errors.Is(err, fs.ErrNotExist):
		return "son dossier n’existe pas"
	case errors.Is(err, fs.ErrPermission):
		return "les droits manquent"
	}
	return finding.OneLine(err.Error())
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
