package account

import (
	"context"
	"strings"
	"unicode"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/store"
)

const maxWords = 6 // of a search; more narrow nothing

// Find lists accounts whose names hold every word, or whose national identifier
// begins with the text, by family name, closed ones included. Case and accents do not
// count. At most limit are given; more says that there were others.
func (a *Accounts) Find(ctx context.Context, text string, limit int) (found []Account, more bool, err error) {
	words := strings.Fields(folded(text))
	if len(words) == 0 {
		return nil, false, nil
	}
	words = words[:min(len(words), maxWords)]
	id := strings.ToLower(strings.TrimSpace(text))
	// Read in full: an installation has thousands of accounts, and SQLite folds no accent.
	rows, err := a.db.Read().QueryContext(ctx, `SELECT `+columns+` FROM accounts ORDER BY family_name COLLATE NOCASE, given_name COLLATE NOCASE, id`)
	if err != nil {
		return nil, false, door(err)
	}
	defer rows.Close()
	for rows.Next() {
		var acc Account
		var created, last, closed int64
		if err := rows.Scan(&acc.ID, &acc.NationalID, &acc.GivenName, &acc.FamilyName, &acc.Profession, &created, &last, &closed); err != nil {
			return nil, false, door(err)
		}
		if !holds(folded(acc.GivenName+" "+acc.FamilyName), words) && !strings.HasPrefix(strings.ToLower(string(acc.NationalID)), id) {
			continue
		}
		if len(found) == limit {
			return found, true, nil
		}
		acc.CreatedAt, acc.LastSignIn, acc.ClosedAt = store.Time(created), store.Time(last), store.Time(closed)
		found = append(found, acc)
	}
	return found, false, door(rows.Err())
}

// FindMailboxes lists mailboxes whose address or label holds the text, by address.
func (a *Accounts) FindMailboxes(ctx context.Context, text string, limit int) (found []Mailbox, more bool, err error) {
	words := strings.Fields(folded(text))
	if len(words) == 0 {
		return nil, false, nil
	}
	words = words[:min(len(words), maxWords)]
	rows, err := a.db.Read().QueryContext(ctx, `SELECT `+MailboxColumns+` FROM mailboxes m ORDER BY m.address_key`)
	if err != nil {
		return nil, false, door(err)
	}
	defer rows.Close()
	for rows.Next() {
		m, err := ScanMailbox(rows)
		if err != nil {
			return nil, false, door(err)
		}
		if !holds(folded(m.Address.String()+" "+m.Label), words) {
			continue
		}
		if len(found) == limit {
			return found, true, nil
		}
		found = append(found, m)
	}
	return found, false, door(rows.Err())
}

// DisplayName is the account's name as a page shows it; the national identifier of
// one who never signed in.
func (a Account) DisplayName() string {
	if a.GivenName == "" && a.FamilyName == "" {
		return string(a.NationalID)
	}
	return mssante.Practitioner{GivenName: a.GivenName, FamilyName: a.FamilyName}.DisplayName(mssante.Situation{})
}

func holds(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// folded makes French text comparable: small letters, no accents, apostrophes and
// dashes as spaces.
func folded(s string) string {
	if len(s) > 1024 {
		s = strings.ToValidUTF8(s[:1024], "")
	}
	return strings.Map(func(r rune) rune {
		switch r = unicode.ToLower(r); r {
		case 'à', 'â', 'ä', 'á', 'ã', 'å':
			return 'a'
		case 'ç':
			return 'c'
		case 'é', 'è', 'ê', 'ë':
			return 'e'
		case 'î', 'ï', 'í', 'ì':
			return 'i'
		case 'ñ':
			return 'n'
		case 'ô', 'ö', 'ó', 'ò', 'õ':
			return 'o'
		case 'ù', 'û', 'ü', 'ú':
			return 'u'
		case 'ÿ', 'ý':
			return 'y'
		case '-', '\'', '’':
			return ' '
		}
		return r
	}, s)
}
