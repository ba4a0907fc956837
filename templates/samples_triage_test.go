package templates_test

import "pli.example/pli/templates"

// triageSamples are the pages of acts on many letters, folders, reminders and room.
func triageSamples() []sample {
	job := func(j templates.Job) templates.ListView {
		v := sampleList(50, 5312)
		j.ID, j.Nonce, j.Poll, j.StopTo, j.SeenTo, j.Next = "ABC", nonce, "/bulk", "/bulk/stop", "/bulk/seen", "/list.html"
		v.Page.Job = &j
		return v
	}
	offered, chosen := sampleList(50, 5312), sampleList(50, 5312)
	offered.Whole = templates.Whole{Count: 5312, Where: "Réception", Rows: 50, OfferTo: "/choose", Fields: []templates.Field{{Name: "in", Value: "f1"}, {Name: "upto", Value: "9000"}}}
	chosen.Whole = templates.Whole{Count: 5312, Where: "Réception", Handle: "ABC", To: "/bulk?next=%2F", Drop: "/list.html", Say: "Il y en a trop pour être choisies en une fois."}
	running := job(templates.Job{Says: "Classement en cours", Count: "3\u00a0200 sur 5\u00a0312", Done: 3200, Total: 5312, Running: true})
	over := job(templates.Job{Says: "5\u00a0312\u00a0lettres classées.", UndoTo: "/bulk/undo", UndoSays: "Tout annuler"})
	failed := job(templates.Job{Says: "250\u00a0lettres classées. La messagerie MSSanté a refusé l’action pour 250\u00a0lettres.", Warn: true, UndoTo: "/bulk/undo", UndoSays: "Tout annuler"})
	full := samplePage("Place") // and its folders
	full.Nav.Folders, full.Nav.Space, full.Nav.Room = "/folders.html", "/space.html", &templates.Room{Percent: 92, Words: "4,6\u00a0Go sur 5\u00a0Go"}
	space := templates.SpaceView{Page: full, Box: "claire.martin", BackHref: "/list.html", Action: "/space", BulkTo: "/act", Room: full.Nav.Room, Weighed: true, LargeOver: "1\u00a0Mo",
		Folders: []templates.SpaceFolder{{Label: "Réception", Href: "/list.html", Size: "3,1\u00a0Go", Messages: 100000, Share: 100}, {Label: "Archives", Href: "/list.html", Size: "1,2\u00a0Go", Messages: 5210, Share: 38}},
		Large:   []templates.SpaceLetter{{Ref: "f1/17/1", Href: "/letter.html", Who: "Dr Rémi Vasseur", Subject: "Avis sur une lésion", Size: "24\u00a0Mo", When: "jeu.", Folder: "Réception"}},
		Senders: []templates.SpaceSender{{Who: "Imagerie du Cher", Size: "480\u00a0Mo", Refs: []string{"f1/17/1", "f1/17/2"}}},
		Old:     []templates.SpaceOld{{Folder: "f4", Label: "Archives", Years: 5, Count: 3210}}, Bin: "312\u00a0lettres, 1,2\u00a0Go", Late: "Réunions"}
	ask := space
	ask.Ask = &templates.EraseAsk{Choice: "ABC", Count: 312}
	folders := templates.FoldersView{Page: full, Box: "claire.martin", Action: "/folders", BackHref: "/list.html", Subscriptions: true, MaxName: 60, Left: 12,
		Parents: []templates.FolderLink{{ID: "f7", Label: "Réunions"}}, Name: "Corbeille", Error: "Ce nom désigne déjà un dossier de toute boîte (Corbeille, Archives…)\u00a0: rien n’a changé. Choisissez un autre nom.",
		Rows: []templates.FolderRow{{ID: "f1", Label: "Réception", Role: "inbox", Messages: 100000, Selectable: true, Href: "/list.html"},
			{ID: "f7", Label: "Réunions", Name: "Réunions", Messages: 40, Own: true, Holds: true, Subscribed: true, Selectable: true, Href: "/list.html"},
			{ID: "f8", Label: "Formation", Name: "Formation", Depth: 1, Own: true, Selectable: true, Href: "/list.html"}}}
	return []sample{
		{"list-offer", "page", templates.ListPage(offered)},
		{"list-whole", "page", templates.ListPage(chosen)},
		{"list-job", "page", templates.ListPage(running)},
		{"list-job-over", "page", templates.ListPage(over)},
		{"list-job-failed", "page", templates.ListPage(failed)},
		{"job-fragment", "fragment", templates.JobFragment(running.Page.Job)},
		{"folders", "page", templates.FoldersPage(folders)},
		{"space", "page", templates.SpacePage(space)},
		{"space-ask", "page", templates.SpacePage(ask)},
		{"reminders", "page", templates.RemindersPage(templates.RemindersView{Page: samplePage("Rappels"), Box: "claire.martin", BackHref: "/list.html", Action: "/reminders", Rows: []templates.ReminderRow{
			{ID: "A", Href: "/letter.html", Who: "Dr Hugo Petit", Subject: "Demande d’avis", Due: "demain à 08:00", Home: "Réception"},
			{ID: "B", Href: "/letter.html", Who: "Nadia Benali", Subject: "Pansement", Due: "hier à 08:00", Late: true}, {Href: "/letter.html", Who: "Labo", Subject: "Résultats"}}})},
		{"reminders-none", "page", templates.RemindersPage(templates.RemindersView{Page: samplePage("Rappels"), Box: "claire.martin", BackHref: "/list.html"})},
	}
}
