package annuaire

import (
	"archive/zip"
	"bytes"
	"net/http"
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
)

// PathExtraction is where the open extraction stands on its host.
const PathExtraction = "/annuaire-sante-webservices/V300/services/extraction/Extraction_Correspondance_MSSante"

// columns are the 31 of the open file, in its words and order.
const columns = "Type de BAL|Adresse BAL|Type Identifiant PP|Identifiant PP|Identification nationale PP|Type identifiant structure|Identification Structure|Service de rattachement|" +
	"Civilité d'exercice|Nom d'exercice|Prénom d'exercice|Catégorie profession|Libellé de catégorie profession|Code Profession|Libellé Profession|Code savoir-faire|Libellé savoir-faire|" +
	"Dématérialisation|Raison Sociale structure BAL|Enseigne commerciale structure BAL|L2COMPLEMENTLOCALISATION structure BAL|L3COMPLEMENTDISTRIBUTION structure BAL|" +
	"L4NUMEROVOIE structure BAL|L4COMPLEMENTNUMEROVOIE structure BAL|NL4TYPEVOIE structure BAL|L4LIBELLEVOIE structure BAL|L5LIEUDITMENTION structure BAL|" +
	"L6LIGNEACHEMINEMENT structure BAL|Code postal structure BAL|Département structure BAL|Pays structure BAL"

// row is one line of the file. Only PER and ORG are published, and no red list.
func (e Entry) row() (string, bool) {
	if e.RedList || e.Kind != mssante.KindNominative && e.Kind != mssante.KindOrganisational {
		return "", false
	}
	c := make([]string, 31)
	c[0], c[1] = string(e.Kind), e.Address.String()
	if e.Kind == mssante.KindNominative {
		id := string(e.NationalID)
		if r, ok := e.NationalID.RPPS(); ok {
			c[2], id = "8", string(r)
		}
		c[3], c[4] = id, string(e.NationalID)
		c[8], c[9], c[10] = e.Title, e.Family, e.Given
		c[11], c[12], c[13], c[14], c[15], c[16] = "C", "Civil", e.Profession, e.Work, e.Skill, e.Specialty
	}
	c[17] = "True"
	if e.FINESS != "" {
		c[5], c[6] = "1", e.FINESS
	}
	c[7], c[18] = e.Service, e.Structure
	way, street, _ := strings.Cut(e.Street, " ")
	c[22], c[24], c[25] = e.Number, way, street
	if e.Town != "" {
		c[27], c[28], c[29], c[30] = e.Postcode+" "+e.Town, e.Postcode, e.Postcode[:2], "FR"
	}
	return strings.Join(c, "|"), true
}

// extraction is the file in its ZIP, as the service gives it.
func extraction(entries []Entry, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "Extraction_Correspondance_MSSante_" + at.Format("200601021504") + ".txt", Method: zip.Deflate, Modified: at.UTC()})
	if err != nil {
		return nil, err
	}
	var text strings.Builder
	text.WriteString(columns + "\n")
	for _, e := range entries {
		if row, ok := e.row(); ok {
			text.WriteString(row + "\n")
		}
	}
	if _, err := w.Write([]byte(text.String())); err != nil {
		return nil, err
	}
	err = z.Close() // writes the directory: before Bytes
	return out.Bytes(), err
}

func (a *Annuaire) extraction(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="Extraction_Correspondance_MSSante.zip"`)
	http.ServeContent(w, r, "", a.o.Now(), bytes.NewReader(a.packed))
}
