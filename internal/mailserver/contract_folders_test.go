package mailserver

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/problem"
)

// contractFolderTree: made, renamed with what is in them, hidden, removed when empty.
func contractFolderTree(b *bench) {
	names := func() (out []string) {
		folders, err := b.a.Folders(b.ctx)
		b.must(err)
		for _, f := range folders {
			out = append(out, f.Name)
		}
		return out
	}
	b.must(b.a.CreateFolder(b.ctx, b.folder("Réunions")))
	b.must(b.a.CreateFolder(b.ctx, b.folder("Réunions", "2026")))
	if err := b.a.CreateFolder(b.ctx, b.folder("Réunions")); !problem.Is(err, problem.Conflict) || !strings.Contains(problem.SayOf(err), "existe déjà") {
		b.Errorf("made twice: %v", err)
	}
	b.append(b.folder("Réunions"), letter("Dedans", "x"))
	v := b.rows(Query{Folder: b.folder("Réunions")}).Folder.UIDValidity // selected: it goes under our feet
	b.must(b.a.RenameFolder(b.ctx, b.folder("Réunions"), b.folder("Staffs & réunions")))
	if all := names(); !slices.Contains(all, b.folder("Staffs & réunions")) || slices.Contains(all, b.folder("Réunions")) {
		b.Errorf("renamed: %q", all)
	}
	if l := b.rows(Query{Folder: b.folder("Staffs & réunions")}); l.Total != 1 {
		b.Errorf("%d letters followed", l.Total)
	}
	if _, err := b.a.Rows(b.ctx, Query{Folder: b.folder("Réunions"), Validity: v}); !problem.Is(err, problem.Gone) {
		b.Errorf("the old name: %v", err)
	}
	if err := b.a.DeleteFolder(b.ctx, b.folder("Staffs & réunions")); !problem.Is(err, problem.Conflict) || !strings.Contains(problem.SayOf(err), "Videz-le") {
		b.Errorf("removed with a letter in it: %v", err)
	}
	if l := b.rows(Query{Folder: b.folder("Staffs & réunions")}); l.Total != 1 {
		b.Errorf("%d letters left", l.Total)
	}
	b.must(b.a.CreateFolder(b.ctx, b.folder("Vide")))
	b.must(b.a.DeleteFolder(b.ctx, b.folder("Vide")))
	if all := names(); slices.ContainsFunc(all, func(n string) bool { return strings.Contains(n, "Vide") || strings.Contains(n, "suppression") }) {
		b.Errorf("after removing: %q", all)
	}
	if err := b.a.DeleteFolder(b.ctx, b.folder("Absent")); !problem.Is(err, problem.Gone) {
		b.Errorf("no such folder: %v", err)
	}
	before := len(names())
	for _, bad := range []string{"", "a\r\nT9 DELETE INBOX", "a\nb", "a\x00b", "100%", "*", "a\u202eb", "\xff", strings.Repeat("é", 400)} {
		if err := b.a.CreateFolder(b.ctx, bad); !problem.Is(err, problem.Invalid) {
			b.Errorf("%.20q: %v", bad, err)
		}
		if err := b.a.RenameFolder(b.ctx, b.folder("Staffs & réunions"), bad); !problem.Is(err, problem.Invalid) {
			b.Errorf("renamed %.20q: %v", bad, err)
		}
	}
	if n := len(names()); n != before {
		b.Errorf("%d folders, were %d", n, before)
	}
}

// contractSubscribed: what other programs show.
func contractSubscribed(b *bench) {
	b.must(b.a.CreateFolder(b.ctx, b.folder("Formation")))
	names, ok, err := b.a.Subscribed(b.ctx)
	b.must(err)
	if !ok {
		b.Skip("this server cannot tell")
	}
	if !names[b.folder("Formation")] {
		b.Errorf("made, and not shown: %v", names)
	}
	b.must(b.a.SubscribeFolder(b.ctx, b.folder("Formation"), false))
	if names, _, err = b.a.Subscribed(b.ctx); err != nil || names[b.folder("Formation")] {
		b.Errorf("hidden: %v %v", names, err)
	}
	b.must(b.a.SubscribeFolder(b.ctx, b.folder("Formation"), true))
	if names, _, err = b.a.Subscribed(b.ctx); err != nil || !names[b.folder("Formation")] {
		b.Errorf("shown again: %v %v", names, err)
	}
}

// contractKeyword: a keyword of our own is kept, asked about and filtered by.
func contractKeyword(b *bench) {
	const done = "$Traite"
	uids := b.fill(4)
	l := b.rows(Query{Folder: "INBOX", Keyword: done})
	if !l.Keeps {
		b.Fatal("this server keeps keywords, and is said not to")
	}
	_, err := b.a.SetFlags(b.ctx, "INBOX", l.Folder.UIDValidity, uids[1:3], []string{done}, nil)
	b.must(err)
	l = b.rows(Query{Folder: "INBOX", Without: done, Keyword: done})
	if got := uidsOf(l.Rows); !slices.Equal(got, []uint32{uids[3], uids[0]}) || l.Total != 2 || !l.Keeps {
		b.Errorf("without it: %v of %d", got, l.Total)
	}
	got, err := b.a.Choose(b.ctx, Choice{Folder: "INBOX", Validity: l.Folder.UIDValidity, Without: done})
	b.must(err)
	if got.UIDs.Count() != 2 {
		b.Errorf("chosen %v", got.UIDs)
	}
	if l := b.rows(Query{Folder: "INBOX"}); l.Keeps || !l.Rows[1].Has(done) {
		b.Errorf("not asked: %t, %v", l.Keeps, l.Rows[1].Flags)
	}
	none := &conn{flags: []imap.Flag{imap.FlagSeen}}
	if err := none.stores([]string{done}); !KeywordRefused(err) || problem.Is(door(b.ctx, err, "x"), problem.Invalid) {
		b.Errorf("a folder without keywords: %v", err)
	}
}
