package outgoing

import (
	"context"
	"database/sql"
	"fmt"

	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/problem"
)

// fits refuses a file for which a mailbox or a person has no room left: one of them
// must not fill everybody's disk. What was announced counts, so that many uploads at
// once do not pass together.
func (o *Outbox) fits(ctx context.Context, tx *sql.Tx, box *mailbox.Box, size int64) error {
	for _, room := range []struct {
		of, id string
		most   int64
		whose  string
	}{
		{"mailbox_id", box.Grant().Mailbox.ID, o.o.MailboxRoom, "Les fichiers des brouillons de cette boîte"},
		{"by_id", box.Actor().AccountID, o.o.AccountRoom, "Les fichiers que vous avez joints à des brouillons, toutes boîtes confondues,"},
	} {
		var used int64
		if err := tx.QueryRowContext(ctx, `SELECT coalesce(sum(size), 0) FROM draft_files WHERE `+room.of+` = ?`, room.id).Scan(&used); err != nil {
			return err
		}
		if size > room.most-used {
			return problem.New(problem.TooLarge, fmt.Sprintf("%s occupent déjà %s sur %s\u00a0: celui-ci (%s) n’a pas été joint. Rien de ce qui y est n’est perdu. Envoyez des brouillons ou retirez-en des fichiers pour libérer de la place tout de suite\u00a0; un brouillon supprimé ne libère la sienne qu’au bout d’un jour.",
				room.whose, megabytes(used), megabytes(room.most), megabytes(size)))
		}
	}
	return nil
}
