package web

import (
	"net/url"
	"strings"

	"pli.example/pli/internal/mailbox"
)

// doingWords is an act on many letters under way.
func doingWords(v mailbox.Bulk) string {
	if v.Back {
		return "Annulation en cours"
	}
	switch v.Do {
	case mailbox.BulkArchive:
		return "Classement en cours"
	case mailbox.BulkBin:
		return "Mise à la corbeille en cours"
	case mailbox.BulkMove:
		return "Déplacement en cours"
	case mailbox.BulkErase:
		return "Suppression définitive en cours"
	}
	return "Marquage en cours"
}

// bulkSaying is what happened to its letters.
func bulkSaying(v mailbox.Bulk) saying {
	switch v.Do {
	case mailbox.BulkArchive:
		return saying{"classée", "classées"}
	case mailbox.BulkBin:
		return saying{"mise à la corbeille", "mises à la corbeille"}
	case mailbox.BulkRead:
		return saying{"marquée lue", "marquées lues"}
	case mailbox.BulkUnread:
		return saying{"marquée non lue", "marquées non lues"}
	case mailbox.BulkStar:
		return saying{"suivie", "suivies"}
	case mailbox.BulkUnstar:
		return saying{"laissée sans suivi", "laissées sans suivi"}
	}
	switch v.Do {
	case mailbox.BulkProcessed:
		return saying{"marquée traitée", "marquées traitées"}
	case mailbox.BulkErase:
		return saying{"supprimée définitivement", "supprimées définitivement"}
	case mailbox.BulkUnprocessed:
		return saying{"remise à traiter", "remises à traiter"}
	}
	if v.To == "Réception" {
		return saying{"remise en Réception", "remises en Réception"}
	}
	if v.To != "" {
		in := " vers «\u00a0" + v.To + "\u00a0»"
		return saying{"déplacée" + in, "déplacées" + in}
	}
	return saying{"déplacée", "déplacées"}
}

// doneWords is what came of it, in the numbers of what was done.
func doneWords(v mailbox.Bulk) string {
	o := mailbox.Outcome{Done: v.Done, Missed: v.Missed, Say: v.Say, ReturnedTo: v.To}
	if !v.Back {
		return bulkSaying(v).of(o, "")
	}
	switch v.Do {
	case mailbox.BulkArchive, mailbox.BulkBin, mailbox.BulkMove:
		o.Returned = v.Done
	}
	return undoneWords(o) + stayedWords(v)
}

// stayedWords says where letters are that an undo could not bring back.
func stayedWords(v mailbox.Bulk) string {
	if v.Done > 0 || v.Say == "" {
		return ""
	}
	switch v.Do {
	case mailbox.BulkArchive:
		return " Les lettres restent classées, dans les Archives."
	case mailbox.BulkBin:
		return " Les lettres restent à la corbeille."
	case mailbox.BulkMove:
		return " Les lettres restent dans le dossier où elles ont été mises."
	}
	return ""
}

// withoutParams takes parameters out of a local path.
func withoutParams(to string, names ...string) string {
	p, q, found := strings.Cut(to, "?")
	v, err := url.ParseQuery(q)
	if !found || err != nil {
		return p
	}
	for _, n := range names {
		v.Del(n)
	}
	if len(v) == 0 {
		return p
	}
	return p + "?" + v.Encode()
}
