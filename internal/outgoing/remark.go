package outgoing

// Level is what a remark asks of the person.
type Level string

// The levels.
const (
	Block Level = "block" // the letter cannot leave like this
	Ask   Level = "ask"   // it leaves once the person has said yes to this remark
	Tell  Level = "tell"  // it leaves; the person should know
)

// Remark is one thing to say before a letter leaves.
type Remark struct {
	Code    string // stable; what SendOptions.Confirmed names
	Level   Level
	Address string // the recipient it is about, "" for the letter as a whole
	Suggest string // an address that was perhaps meant
	Say     string // French
}

// Key names this very remark, for SendOptions.Confirmed: yes to one recipient is
// not yes to another.
func (r Remark) Key() string {
	if r.Address == "" {
		return r.Code
	}
	return r.Code + ":" + r.Address
}

// Codes of remarks.
const (
	NoRecipient      = "no_recipient"
	BadAddress       = "bad_address"
	ManyRecipients   = "many_recipients"
	OutsideSpace     = "outside"
	NoList           = "no_list"
	StaleList        = "stale_list"
	NotInDirectory   = "not_in_directory"
	NoReplyBox       = "no_reply_box"
	NoSubject        = "no_subject"
	NoText           = "no_text"
	NoFile           = "no_file"
	UnfinishedFile   = "unfinished_file"
	TooBig           = "too_big"
	SeveralPatients  = "several_patients"
	PatientWithOther = "patient_with_others"
	BadPatient       = "bad_patient_address"
	PatientKey       = "patient_key"
	PatientIdentity  = "patient_identity"
	NoPatientRight   = "no_patient_right"
	ReservedSubject  = "reserved_subject"
	NotWritable      = "not_writable"
)

// Blocked reports whether one of them keeps the letter from leaving.
func Blocked(all []Remark) bool {
	for _, r := range all {
		if r.Level == Block {
			return true
		}
	}
	return false
}
