package directory

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"pli.example/pli/internal/mssante"
)

// record is one mailbox as a source gives it, cleaned.
type record struct {
	address                     mssante.Address
	kind                        mssante.MailboxKind
	nationalID                  string
	structureKey                string
	title, given, family        string
	profession, professionLabel string
	speciality, specialityLabel string
	structure, sign, service    string
	street, postcode, town      string
	department                  string
	noReply, paperless          bool
	source                      string
	updatedAt                   int64
}

// column numbers the cells of the extraction that are read.
type column int

const (
	colKind column = iota
	colAddress
	colPerson
	colNational
	colStructureType
	colStructure
	colService
	colTitle
	colFamily
	colGiven
	colProfession
	colProfessionLabel
	colSpeciality
	colSpecialityLabel
	colPaperless
	colName
	colSign
	colNumber
	colNumberMore
	colWay
	colStreet
	colPlace
	colTownLine
	colPostcode
	colDepartment
	columns
)

// extractionColumns is how many cells a line has.
const extractionColumns = 31

// headings are the names of the cells, folded: the order in the file is not relied
// upon.
var headings = [columns]string{
	colKind: "type de bal", colAddress: "adresse bal", colPerson: "identifiant pp", colNational: "identification nationale pp",
	colStructureType: "type identifiant structure", colStructure: "identification structure", colService: "service de rattachement",
	colTitle: "civilite d exercice", colFamily: "nom d exercice", colGiven: "prenom d exercice",
	colProfession: "code profession", colProfessionLabel: "libelle profession", colSpeciality: "code savoir faire", colSpecialityLabel: "libelle savoir faire",
	colPaperless: "dematerialisation", colName: "raison sociale structure bal", colSign: "enseigne commerciale structure bal",
	colNumber: "l4numerovoie structure bal", colNumberMore: "l4complementnumerovoie structure bal", colWay: "nl4typevoie structure bal",
	colStreet: "l4libellevoie structure bal", colPlace: "l5lieuditmention structure bal", colTownLine: "l6ligneacheminement structure bal",
	colPostcode: "code postal structure bal", colDepartment: "departement structure bal",
}

// layout says where each cell stands in a line.
type layout [columns]int

// parseHeader reads the first line. What is missing is named: a file of something
// else must not empty the directory.
func parseHeader(line string) (layout, error) {
	var l layout
	for i := range l {
		l[i] = -1
	}
	cells := strings.Split(strings.TrimSuffix(strings.TrimPrefix(line, "\ufeff"), "|"), "|")
	if len(cells) != extractionColumns {
		return l, fmt.Errorf("the header has %d columns, not %d", len(cells), extractionColumns)
	}
	for at, cell := range cells {
		name := fold(cell)
		for c, heading := range headings {
			if name == heading && l[c] < 0 {
				l[c] = at
			}
		}
	}
	for c, at := range l {
		if at < 0 {
			return l, fmt.Errorf("the header lacks the column %q", headings[c])
		}
	}
	return l, nil
}

// reason is why a line was refused: a closed list, since lines hold names.
type reason string

// The reasons.
const (
	reasonEmpty   reason = "ligne vide"
	reasonLong    reason = "ligne trop longue"
	reasonColumns reason = "nombre de colonnes"
	reasonAddress reason = "adresse illisible"
	reasonPatient reason = "adresse de patient"
	reasonControl reason = "caractères de contrôle"
	reasonTwice   reason = "ligne en double" // counted apart: nothing is lost
)

// parseLine reads one line of the file, already valid UTF-8. unknownKind reports a
// kind that is not of TRE_R257: the mailbox stays, as of unknown kind.
func (l layout) parseLine(line string) (r record, unknownKind bool, bad reason) {
	if strings.TrimSpace(line) == "" {
		return r, false, reasonEmpty
	}
	for i := range len(line) {
		if line[i] < 0x20 && line[i] != '\t' || line[i] == 0x7f {
			return r, false, reasonControl
		}
	}
	var cells [extractionColumns + 1]string
	n := 0
	for cell := range strings.SplitSeq(line, "|") {
		if n > extractionColumns {
			return r, false, reasonColumns
		}
		cells[n] = cell
		n++
	}
	if n == extractionColumns+1 && cells[extractionColumns] == "" {
		n-- // a line that ends with a separator, as the other open file does
	}
	if n != extractionColumns {
		return r, false, reasonColumns
	}
	cell := func(c column) string { return clean(cells[l[c]]) }
	address, err := mssante.ParseAddress(cell(colAddress))
	if err != nil {
		return r, false, reasonAddress
	}
	if address.IsPatient() {
		return r, false, reasonPatient
	}
	r = record{
		address: address, source: SourceExtraction, nationalID: nationalID(cell(colNational), cell(colPerson)),
		title: cell(colTitle), given: cell(colGiven), family: cell(colFamily),
		profession: cell(colProfession), professionLabel: cell(colProfessionLabel), speciality: cell(colSpeciality), specialityLabel: cell(colSpecialityLabel),
		structure: cell(colName), sign: cell(colSign), service: cell(colService),
		street:   joined(cell(colNumber), cell(colNumberMore), cell(colWay), cell(colStreet)),
		postcode: cell(colPostcode), department: cell(colDepartment), paperless: yes(cell(colPaperless)),
	}
	if r.street == "" {
		r.street = cell(colPlace)
	}
	r.town = town(cell(colTownLine), r.postcode)
	r.kind, unknownKind = kindOf(cell(colKind))
	r.complete(cell(colStructureType), cell(colStructure))
	return r, unknownKind, ""
}

// complete fills what follows from the other fields.
func (r *record) complete(structureType, structureID string) {
	if d := departmentOf(r.postcode); d != "" {
		r.department = d
	}
	r.noReply = noReply(r.kind, r.address.Local)
	switch name := fold(r.structure); {
	case structureID != "":
		r.structureKey = structureKey(structureType, structureID)
	case name != "" && r.postcode != "": // no number: the same name at the same place
		r.structureKey = "n:" + name + ":" + r.postcode
	}
}

// structureKey is the national number of a structure: its kind of number (1 FINESS,
// 3 SIRET …), then the number.
func structureKey(kind, id string) string {
	id = strings.ToUpper(strings.ReplaceAll(id, " ", ""))
	if kind == "" && len(id) == 9 {
		kind = "1"
	}
	return kind + id
}

// nationalID is the 12-character form; the RPPS alone gets its "8".
func nationalID(national, person string) string {
	if national == "" {
		national = person
	}
	if len(national) == 11 && allDigits(national) {
		return "8" + national
	}
	return national
}

func kindOf(s string) (kind mssante.MailboxKind, unknown bool) {
	switch k := mssante.MailboxKind(strings.ToUpper(s)); k {
	case mssante.KindNominative, mssante.KindOrganisational, mssante.KindCabinet, mssante.KindApplicative:
		return k, false
	}
	return mssante.KindUnknown, true
}

func yes(s string) bool {
	switch strings.ToLower(s) {
	case "true", "o", "oui", "1", "vrai", "y":
		return true
	}
	return false
}

// town takes "75014 PARIS CEDEX 12" apart.
func town(line, postcode string) string {
	line = strings.TrimSpace(strings.TrimPrefix(line, postcode))
	if head, tail, ok := strings.Cut(line, " "); ok && len(head) == 5 && allDigits(head) {
		line = tail // a cedex code differs from the post code
	}
	if i := strings.Index(strings.ToUpper(line), " CEDEX"); i > 0 {
		line = line[:i]
	}
	return strings.TrimSpace(line)
}

// maxCell is how much of one cell is kept, in bytes.
const maxCell = 300

// clean makes one line of readable text of a cell: spaces once, no control or
// direction characters, a length.
func clean(s string) string {
	plain := true
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x80 || s[i] == ' ' && (i == 0 || s[i-1] == ' ' || i == len(s)-1) {
			plain = false
			break
		}
	}
	if plain && len(s) <= maxCell {
		return s
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case r < 0x20, r == 0x7f, r >= 0x80 && r < 0xa0, r == utf8.RuneError, r == 0xfeff,
			r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
			return ' '
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxCell {
		cut := maxCell
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	return s
}

func joined(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p)
	}
	return b.String()
}
