package mssante

// Header names of the MSSanté space (référentiel #2).
const (
	HeaderNIL     = "X-MSS-NIL"     // ECO.2.4.3: the product's reference, on every letter
	HeaderCodeCDA = "X-MSS-CODECDA" // ECO.2.4.1: document type codes, comma separated
	HeaderINS     = "X-MSS-INS"     // ECO.2.4.2: O or N
	HeaderMES     = "X-MSS-MES"     // ECO.2.2.8: FIN forbids the patient's reply
)

// Subject conventions.
const (
	// SubjectXDM prefixes the subject of a letter with a structured document; a
	// reader never sees it (ECO.2.1.3, ECO.3.1.3).
	SubjectXDM = "XDM/1.0/DDM+"
	// SubjectClose alone, in capitals, closes an exchange with a patient (ENS §7).
	SubjectClose = "[FIN]"
)

// VisibleSubject hides the XDM prefix (ECO.3.1.3).
func VisibleSubject(s string) string {
	if len(s) > len(SubjectXDM) && s[:len(SubjectXDM)] == SubjectXDM {
		return s[len(SubjectXDM):]
	}
	return s
}
