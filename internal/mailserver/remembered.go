package mailserver

// Remembered gives what is already known of a letter, without asking the server; its
// marks are not among it.
func (a *Account) Remembered(folder string, validity, uid uint32) (Row, bool) {
	rows := []Row{{UID: uid}}
	missing := a.fill(folder, validity, rows)
	return rows[0], len(missing) == 0 && !rows[0].Unreadable
}
