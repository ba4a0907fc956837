package web

import "testing"

func TestKindWords(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ typ, name, words, icon string }{
		{"application/pdf", "a", "PDF", "pdf"},
		{"application/octet-stream", "CR.PDF", "PDF", "pdf"},
		{"image/jpeg", "x", "Photo", "image"},
		{"image/tiff", "scan.tif", "Image numérisée (TIFF)", "image"},
		{"application/zip", "IHE_XDM.zip", "Archive de documents de santé (IHE_XDM)", "archive"},
		{"application/octet-stream", "ihe_xdm.ZIP", "Archive de documents de santé (IHE_XDM)", "archive"},
		{"application/x-zip-compressed", "b.zip", "Archive", "archive"},
		{"message/rfc822", "", "Lettre jointe", "letter"},
		{"text/html", "page.html", "Page web", "file"},
		{"text/plain", "resultats.hpr", "Résultats (HPRIM)", "text"},
		{"application/octet-stream", "inconnu", "Fichier", "file"},
		{"application/pdf", "", "PDF", "pdf"},
	} {
		if w, i := kindWords(row.typ, row.name); w != row.words || i != row.icon {
			t.Errorf("%s %q: %q, %q", row.typ, row.name, w, i)
		}
	}
}

func TestInitials(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Dr Hugo Petit": "HP", "Laboratoire Bioloire": "LB", "": "?", "12": "?", "Élodie": "É", "Jean-Paul Martin": "JP", "secretariat@chu.fr": "SC", "Dr": "?",
	} {
		if got := initials(in); got != want {
			t.Errorf("initials(%q) = %q, want %q", in, got, want)
		}
	}
}
