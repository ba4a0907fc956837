package templates

// RulesView is the page of a mailbox's rules.
type RulesView struct {
	Page
	BoxLabel string
	ActTo    string // POST: do (up, down, on, off, delete, activate, suspend), rule, version
	NewHref  string
	BackHref string
	Version  string
	Rules    []RuleRow
	Running  bool   // Pli's rules are in force
	Altered  bool   // changed elsewhere: what runs is not what is shown
	Other    string // another program's script in force, "" for none
	Forward  bool   // that one may send letters on
	Absence  AbsenceLine
}

// RuleRow is one rule, in words.
type RuleRow struct {
	ID, Name, Asks, Does, Written, Warn string
	Href                                string
	Off, First, Last                    bool
}

// Label names the rule to whoever hears its buttons.
func (r RuleRow) Label() string {
	if r.Name != "" {
		return r.Name
	}
	return r.Asks
}

// AbsenceLine is the absence reply in a sentence.
type AbsenceLine struct {
	Say, Written string
	Running      bool
	Href         string // where it is set; "" for who may not
}

// RuleChoice is one option of a list.
type RuleChoice struct {
	Value, Text string
	Chosen      bool
}

// RuleForm is the page where a rule is written.
type RuleForm struct {
	Page
	Action, BackHref, Version string // POST: do (try, save)
	New                       bool
	Name, From, Subject, To   string // the last three a line each
	Any, Patient              bool
	Types, Folders            []RuleChoice
	Seen, Flagged, Stop       bool
	Error                     string
	Trial                     *TrialView
}

// TrialView is what a rule would have met.
type TrialView struct {
	Say, Refused, More string
	Rows               []TrialRow
}

// TrialRow is one letter it would have met.
type TrialRow struct{ Href, Who, Subject, When, WhenISO string }

// AbsenceForm is the page of the absence reply.
type AbsenceForm struct {
	Page
	BoxLabel                  string
	Action, BackHref, Version string // POST: do (on, off)
	On                        bool
	Runs                      bool   // as kept, whatever was typed since
	From, Until               string // 2006-01-02
	Subject, Text, Days       string
	Error, Written            string
	Waiting                   string // why it answers nobody although it is on, "" when it does
}
