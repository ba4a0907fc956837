package web

import (
	"context"
	"log/slog"
	"strings"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/templates"
)

// twins tells which addresses are one of several of their holder. A directory that
// cannot be read leaves the chips as they are.
func (s *Server) twins(ctx context.Context, addresses []mssante.Address) map[mssante.Address]bool {
	if len(addresses) == 0 {
		return nil
	}
	found, err := s.directory.Twins(ctx, addresses)
	if err != nil {
		s.log.WarnContext(ctx, "twins", slog.String("error", cause(err)))
	}
	return found
}

// tellApart says on a chip which of its holder's mailboxes it is.
func tellApart(chip *templates.RecipientChip, a mssante.Address) {
	if a.IsZero() || a.IsPatient() || strings.Contains(chip.Name, "@") {
		return
	}
	which := shortAddress(a)
	if chip.Sub == "" {
		chip.Sub = which
		return
	}
	if work, ok := strings.CutSuffix(chip.Sub, chip.Place); ok && chip.Place != "" { // a chip is cut at its end: the place first
		which, chip.Sub = which+", "+chip.Place, strings.TrimSuffix(work, ", ")
	}
	chip.Sub = strings.TrimSuffix(which+", "+chip.Sub, ", ")
}

// shortAddress leaves out what every address of the trusted space ends with.
func shortAddress(a mssante.Address) string {
	return strings.TrimSuffix(a.String(), ".mssante.fr")
}

// tellTwinsApart does so for names that stand twice in one list.
func tellTwinsApart(chips []*templates.RecipientChip, addresses []mssante.Address, twins map[mssante.Address]bool) {
	names := map[string]map[string]bool{}
	for i, c := range chips {
		if names[c.Name] == nil {
			names[c.Name] = map[string]bool{}
		}
		names[c.Name][addresses[i].Key()] = true
	}
	for i, c := range chips {
		if twins[addresses[i]] || len(names[c.Name]) > 1 {
			tellApart(c, addresses[i])
		}
	}
}

// ours reports a mailbox the person works in: nobody needs to be told that the
// directory does not list it.
func ours(sc *scope, a mssante.Address) bool {
	for _, g := range sc.grants {
		if g.Mailbox.Address.Equal(a) {
			return true
		}
	}
	return false
}
