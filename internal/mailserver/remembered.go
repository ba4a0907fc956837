package mailserver

import "context"

// Remembered gives what is already known of a letter, without asking the server; its
// marks are not among it. It may be Unreadable.
func (a *Account) Remembered(folder string, validity, uid uint32) (Row, bool) {
	rows := []Row{{UID: uid}}
	missing := a.fill(folder, validity, rows)
	return rows[0], len(missing) == 0
}

// Learn has the letters of a folder remembered, those that are there: what is known of
// them already is not asked again.
func (a *Account) Learn(ctx context.Context, folder string, validity uint32, uids []uint32) error {
	missing := a.unknown(folder, validity, uids)
	if len(missing) == 0 {
		return nil
	}
	err := a.read(ctx, a.commands, func(c *conn) error {
		_, err := a.fetchRows(ctx, c, folder, validity, missing, true)
		if crafted(err) {
			return nil // told apart below, on new connections
		}
		return err
	})
	if err != nil {
		return door(ctx, err, "reading rows")
	}
	if missing = a.unknown(folder, validity, missing); len(missing) > 0 {
		err = a.salvage(ctx, folder, validity, missing)
	}
	if a.s.cache.over() {
		a.s.shed()
	}
	return door(ctx, err, "reading rows")
}
