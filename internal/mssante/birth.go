package mssante

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// PatientAddress is the mailbox of a patient at Mon espace santé, built on the INS
// (ECO.3.1.5).
func PatientAddress(i INS) Address { return Address{Local: string(i), Domain: PatientDomain} }

// TypedINS reads an INS as people type or paste it: with spaces, dots or dashes.
func TypedINS(s string) (INS, error) {
	if len(s) > 100 {
		return "", errINS
	}
	return ParseINS(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '.' || r == '-' || r == '‑' || r == '–' {
			return -1
		}
		return r
	}, s))
}

// Birth is what a matricule tells of a birth: never a day. Two digits of a year leave
// the century to be assumed, and said.
type Birth struct {
	Year  int        // assumed: the latest that is not to come
	Other int        // the same digits a century earlier
	Month time.Month // 0 when the matricule does not tell (20 to 42, 50 to 99)
}

// Birth reads year and month of a NIR at a given date; false for a matricule that does
// not tell them (NIA, begun by 7 or 8).
func (i INS) Birth(now time.Time) (Birth, bool) {
	if len(i) != 15 || i[0] != '1' && i[0] != '2' || !digits(string(i[1:5])) {
		return Birth{}, false
	}
	yy, mm := int(i[1]-'0')*10+int(i[2]-'0'), int(i[3]-'0')*10+int(i[4]-'0')
	b := Birth{Year: now.Year()/100*100 + yy}
	if b.Year > now.Year() || b.Year == now.Year() && mm >= 1 && mm <= 12 && time.Month(mm) > now.Month() {
		b.Year -= 100
	}
	b.Other = b.Year - 100
	if mm >= 1 && mm <= 12 {
		b.Month = time.Month(mm)
	}
	return b, true
}

// Grouped writes the matricule as a card does, to be read against one.
func (i INS) Grouped() string {
	if len(i) != 15 {
		return string(i)
	}
	s := string(i)
	return strings.Join([]string{s[:1], s[1:3], s[3:5], s[5:7], s[7:10], s[10:13], s[13:]}, "\u00a0")
}

// Tells says in French what the matricule tells of the person, for somebody to compare
// with who they mean (§3.4.2.2): sex, month and year, the century as an assumption.
func (i INS) Tells(now time.Time) string {
	sex := "sexe non indiqué"
	born := "né·e"
	switch i.Sex() {
	case "féminin":
		sex, born = "sexe féminin", "née"
	case "masculin":
		sex, born = "sexe masculin", "né"
	}
	b, ok := i.Birth(now)
	if !ok {
		return sex + ", date de naissance non indiquée"
	}
	month := ""
	if b.Month != 0 {
		month = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}[b.Month-1] + " "
	}
	return fmt.Sprintf("%s, %s en %s%d (siècle supposé\u00a0: l’INS ne donne que «\u00a0%02d\u00a0»)", sex, born, month, b.Year, b.Year%100)
}
