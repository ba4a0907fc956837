package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"pli.example/pli/internal/finding"
)

var checks = []string{"database.writable", "database.disk", "database.migrations", "database.private"}

// Room on the disk of the database, in octets: below the first nothing can be written
// soon, below the second somebody should look.
const (
	diskLeast = 200 << 20
	diskLow   = 2 << 30
)

// Check looks at the file without bringing its schema up to date and without leaving
// anything behind: can it be written, is there room, does this binary know its
// schema, can others read it. A Pli may be serving on it.
func Check(ctx context.Context, path string) finding.List {
	var l finding.List
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		checkNew(&l, path)
	case err != nil || !info.Mode().IsRegular():
		l.Fault("database.writable", "Vérifiez PLI_DATABASE, le propriétaire et les droits.", "%s ne peut pas être ouvert comme une base.", path)
	default:
		checkExisting(ctx, &l, path)
		if info.Mode().Perm()&0o077 != 0 {
			l.Fault("database.private", "Retirez les droits des autres\u00a0: chmod 600 "+path+".", "D’autres comptes de cette machine peuvent lire la base (droits %s).", info.Mode().Perm())
		} else {
			l.OK("database.private", "Seul le compte de Pli lit la base.")
		}
	}
	checkDisk(&l, filepath.Dir(path))
	l.Complete(checks...)
	return l
}

const doWritable = "Donnez le dossier et la base au compte de Pli (chown, chmod), et vérifiez que le disque n’est pas monté en lecture seule."

// checkNew: the base will be made at the first start; its folder must allow it.
func checkNew(l *finding.List, path string) {
	f, err := os.CreateTemp(filepath.Dir(path), ".pli-check-*")
	if err != nil {
		l.Fault("database.writable", doWritable, "La base %s n’existe pas et ne peut pas être créée\u00a0: son dossier manque ou ne peut pas être écrit.", path)
		return
	}
	f.Close()
	os.Remove(f.Name())
	l.OK("database.writable", "La base %s sera créée au premier démarrage.", path)
	l.OK("database.migrations", "Le schéma sera posé au premier démarrage.")
	l.OK("database.private", "Elle sera créée pour le seul compte de Pli.")
}

func checkExisting(ctx context.Context, l *finding.List, path string) {
	if err := checkFile(path); err != nil {
		if errors.Is(err, ErrNotDatabase) {
			l.Fault("database.writable", "Restaurez une sauvegarde, ou nommez un autre fichier par PLI_DATABASE.", "%s n’est pas une base, ou elle est abîmée.", path)
			return
		}
		l.Fault("database.writable", doWritable, "La base %s ne peut pas être écrite.", path)
		return
	}
	writer, _ := dsn(path, false)
	db, err := pool(writer)
	if err != nil {
		l.Fault("database.writable", doWritable, "La base %s ne s’ouvre pas (%v).", path, err)
		return
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, nil) // takes the writer's lock; nothing is changed
	if err == nil {
		_, err = tx.ExecContext(ctx, `CREATE TABLE pli_check (x)`)
		err = errors.Join(err, tx.Rollback())
	}
	if err != nil {
		l.Fault("database.writable", doWritable, "La base %s ne peut pas être écrite (%v).", path, explain(path, err))
		return
	}
	l.OK("database.writable", "La base %s peut être écrite.", path)
	files, err := fs.Sub(migrationFiles, "migrations/sqlite")
	if err != nil {
		l.Fault("database.migrations", "Reconstruisez le programme.", "Les migrations manquent dans le programme.")
		return
	}
	p, err := provider(db, files)
	var have, want int64
	if err == nil {
		have, want, err = p.GetVersions(ctx)
	}
	switch {
	case err != nil && strings.Contains(err.Error(), "no such table"):
		l.OK("database.migrations", "Le schéma sera posé au premier démarrage.")
	case err != nil:
		l.Fault("database.migrations", "Restaurez une sauvegarde de la base.", "La version du schéma ne peut pas être lue (%v).", err)
	case have > want:
		l.Fault("database.migrations", "Lancez la version récente, ou restaurez une sauvegarde faite avant elle.", "La base vient d’une version plus récente de Pli (schéma %d, ce programme va jusqu’à %d).", have, want)
	case have < want:
		l.OK("database.migrations", "Le schéma %d passera à %d au démarrage\u00a0; faites une sauvegarde avant.", have, want)
	default:
		l.OK("database.migrations", "Le schéma est à jour (%d).", have)
	}
}

func checkDisk(l *finding.List, folder string) {
	free, err := freeSpace(folder)
	switch {
	case err != nil:
		l.Untried("database.disk", "La place libre de %s ne peut pas être lue.", folder)
	case free < diskLeast:
		l.Fault("database.disk", "Faites de la place\u00a0: une base pleine n’enregistre plus ni brouillons ni journal.", "Il ne reste que %s sur le disque de la base.", finding.Size(free))
	case free < diskLow:
		l.Warn("database.disk", "Prévoyez de la place\u00a0: brouillons, pièces jointes en attente, annuaire et journal y sont.", "Il reste %s sur le disque de la base.", finding.Size(free))
	default:
		l.OK("database.disk", "Il reste %s sur le disque de la base.", finding.Size(free))
	}
}
