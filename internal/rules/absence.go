package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"net/mail"
	"strconv"
	"time"

	"pli.example/pli/internal/mssante"
)

// Absence answers for somebody who is away, in the mailbox's name, once in Days days
// to each correspondent (vacation, RFC 5230). Servers answer neither lists nor
// machines, nor letters that do not name the mailbox (§4.5, §4.6).
//
// Never to a patient: the identity behind an INS is confirmed by the professional
// before each letter to it (référentiel #2 §3.4.2.2, ECO.2.2.6), which no machine does,
// and a letter to a patient opens again an exchange that was closed.
type Absence struct {
	On      bool   `json:"on,omitempty"`
	From    Day    `json:"from,omitempty"`  // first day; "" from now on
	Until   Day    `json:"until,omitempty"` // last day, included; "" until switched off
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`
	Days    int    `json:"days,omitempty"`  // 1 to 30
	Label   string `json:"label,omitempty"` // of the mailbox, as its letters bear it (ECO.2.2.7)
	By      string `json:"by,omitempty"`
	At      int64  `json:"at,omitempty"`
}

// Bounds of an absence.
const (
	MaxAbsenceText    = 2000 // letters
	MaxAbsenceSubject = 150
	DefaultDays       = 7
	MaxDays           = 30
)

// Day is a date, 2006-01-02, in the pages' zone; "" is none.
type Day string

// Time is the first instant of the day; false when it is no date.
func (d Day) Time(zone *time.Location) (time.Time, bool) {
	t, err := time.ParseInLocation(time.DateOnly, string(d), zone)
	return t, err == nil && t.Format(time.DateOnly) == string(d)
}

// Running reports whether it answers at an instant.
func (a Absence) Running(now time.Time, zone *time.Location) bool {
	if from, ok := a.From.Time(zone); ok && now.Before(from) {
		return false
	}
	return a.On && !a.Over(now, zone)
}

// Over reports whether its last day is past.
func (a Absence) Over(now time.Time, zone *time.Location) bool {
	last, ok := a.Until.Time(zone)
	return ok && !now.Before(last.AddDate(0, 0, 1))
}

func (a Absence) needs() []string {
	if !a.On {
		return nil
	}
	out := []string{extVacation, extEnvelope}
	if a.From != "" || a.Until != "" {
		out = append(out, extDate, extRelational)
	}
	return out
}

// write puts the absence before the rules, which may end the script. Days begin in
// zone; the server is asked in UTC, whatever its own zone: "iso8601" at +0000 begins
// with the same nineteen characters whatever follows them (RFC 5260 §4), and of two
// strings the shorter comes first.
func (a Absence) write(w *writer, of mssante.Address, zone *time.Location) {
	if !a.On {
		return
	}
	for _, n := range a.needs() {
		w.need(n)
	}
	w.raw("if allof (")
	instant := func(relation string, t time.Time) {
		w.raw("currentdate :zone ").str("+0000").raw(" :value ").str(relation).raw(" ").str("iso8601").raw(" ").str(t.UTC().Format("2006-01-02T15:04:05")).raw(", ")
	}
	if t, ok := a.From.Time(zone); ok {
		instant("ge", t)
	}
	if t, ok := a.Until.Time(zone); ok {
		instant("lt", t.AddDate(0, 0, 1))
	}
	patients := []string{string(mssante.PatientDomain), "*." + string(mssante.PatientDomain)}
	w.raw("not envelope :domain :matches ").str("from").raw(" ").list(patients)
	w.raw(", not address :domain :matches ").list([]string{"from", "sender", "reply-to"}).raw(" ").list(patients)
	w.raw(") {\r\n  vacation :days ").raw(strconv.Itoa(a.Days)).raw(" :handle ").str(a.handle()).raw(" :addresses ").list([]string{of.String()})
	if a.Label != "" {
		w.raw(" :from ").str((&mail.Address{Name: a.Label, Address: of.String()}).String())
	}
	w.raw(" :subject ").str(a.Subject).raw(" ").str(a.Text).raw(";\r\n}\r\n")
}

// handle tells one absence from the next: who was answered in the last is answered
// again (RFC 5230 §4.2).
func (a Absence) handle() string {
	sum := sha256.Sum256([]byte(string(a.From) + "\x00" + string(a.Until) + "\x00" + a.Subject + "\x00" + a.Text))
	return "pli-" + hex.EncodeToString(sum[:8])
}
