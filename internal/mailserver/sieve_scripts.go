package mailserver

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Scripts is a signed-in connection to one mailbox's scripts, inside Sieve.Do.
type Scripts struct{ c *sieveConn }

// Script is one script of the mailbox.
type Script struct {
	Name   string
	Active bool // at most one is
}

// maxScripts bounds what a listing keeps.
const maxScripts = 200

// Extensions are those that scripts may require here, in the server's order.
func (s *Scripts) Extensions() []string { return strings.Fields(s.c.caps["SIEVE"]) }

// List gives the scripts (LISTSCRIPTS, RFC 5804 §2.7).
func (s *Scripts) List() ([]Script, error) {
	a, err := s.c.ask("LISTSCRIPTS")
	if err != nil {
		return nil, err
	}
	var out []Script
	active := false
	for _, l := range a.lines {
		one := Script{Name: l[0].text, Active: len(l) > 1 && l[1].atom && l[1].text == "ACTIVE"}
		if one.Active && active {
			return nil, fmt.Errorf("%w: two active scripts", errGarbled)
		}
		active = active || one.Active
		if len(out) < maxScripts || one.Active {
			out = append(out, one)
		}
	}
	return out, nil
}

// Get reads a script (GETSCRIPT, §2.9).
func (s *Scripts) Get(name string) (string, error) {
	arg, err := scriptName(name)
	if err != nil {
		return "", err
	}
	a, err := s.c.ask("GETSCRIPT " + arg)
	if err != nil {
		return "", err
	}
	if len(a.lines) != 1 || len(a.lines[0]) != 1 {
		return "", fmt.Errorf("%w: a script", errGarbled)
	}
	return a.lines[0][0].text, nil
}

// HaveSpace asks whether a script of that many octets would be taken (HAVESPACE,
// §2.5): a *SieveError with a QUOTA code when not.
func (s *Scripts) HaveSpace(name string, size int) error {
	arg, err := scriptName(name)
	if err != nil {
		return err
	}
	_, err = s.c.ask("HAVESPACE " + arg + " " + strconv.Itoa(size))
	return err
}

// Put stores a script, replacing the one of that name (PUTSCRIPT, §2.6). The server
// reads it first: one it refuses changes nothing.
func (s *Scripts) Put(name, script string) error {
	arg, err := scriptName(name)
	if err != nil {
		return err
	}
	body, err := scriptBody(script)
	if err != nil {
		return err
	}
	_, err = s.c.ask("PUTSCRIPT " + arg + " " + body)
	return err
}

// Check lets the server read a script without storing it (CHECKSCRIPT, §2.12; servers
// older than version 1.0 of the protocol have none, and are not asked).
func (s *Scripts) Check(script string) error {
	if s.c.caps["VERSION"] == "" {
		return nil
	}
	body, err := scriptBody(script)
	if err != nil {
		return err
	}
	_, err = s.c.ask("CHECKSCRIPT " + body)
	return err
}

// Activate makes a script the one that runs; "" makes none run (SETACTIVE, §2.8).
func (s *Scripts) Activate(name string) error {
	arg := `""`
	if name != "" {
		var err error
		if arg, err = scriptName(name); err != nil {
			return err
		}
	}
	_, err := s.c.ask("SETACTIVE " + arg)
	return err
}

// Delete removes a script that is not active (DELETESCRIPT, §2.10).
func (s *Scripts) Delete(name string) error {
	arg, err := scriptName(name)
	if err != nil {
		return err
	}
	_, err = s.c.ask("DELETESCRIPT " + arg)
	return err
}

func scriptBody(script string) (string, error) {
	if len(script) > maxSieveString || !utf8.ValidString(script) || strings.ContainsRune(script, 0) {
		return "", fmt.Errorf("%w: script", errValue)
	}
	return sieveString(script), nil
}
