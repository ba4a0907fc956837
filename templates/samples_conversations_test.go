package templates_test

import (
	"strings"

	"pli.example/pli/templates"
)

// conversationSamples are a list of conversations and the page of one.
func conversationSamples() []sample {
	list := sampleList(12, 2400)
	list.Views = &templates.ListViews{Action: "/view", Next: "/list.html", Conversations: true, Say: "Index en cours\u00a0: 1\u202f200\u00a0lettres sur 2\u202f400. Les plus récentes sont déjà là."}
	for i := range list.Rows {
		list.Rows[i].Letters, list.Rows[i].Ref = i, list.Rows[i].Ref+",7,5"
	}
	letter := templates.ExchangeLetterView{Who: "Dr Hugo Petit", When: "aujourd’hui à 06:55", WhenISO: "2026-11-19T06:55:00+01:00", Subject: "Autre objet", Href: "/letter.html", BodyHref: "/body-plain.html", Attachments: sampleAttachments()[:2]}
	line := templates.ExchangeLetterView{Who: "Moi", When: "hier à 12:50", WhenISO: "2026-11-18T12:50:00+01:00", Subject: strings.Repeat("Un objet long ", 14), Ours: true, Href: "/letter.html", ReadHref: "/conversation.html#lettre-1", Snippet: strings.Repeat("Merci de votre avis. ", 12)}
	one := templates.ConversationView{Page: samplePage("Conversation"), UID: 3, Subject: "Autre objet", Say: "12\u00a0lettres dans 2\u00a0dossiers. ", Older: 10, BackHref: "/list.html", Ref: "a/1/2,1", Taken: 2, TakenOf: 12, Moves: list.Moves,
		Acts: templates.LetterActs{Archive: "/act", Bin: "/act", Move: "/act", Unread: "/act", Flag: "/act", Process: "/act", Remind: "/act"}, Remind: []templates.RemindChoice{{Value: "tomorrow", Says: "demain matin, 08:00"}}, Role: "inbox", Answer: "a/1/2", All: true, Patient: "/exchange.html",
		Letters: []templates.ConversationLetterView{{ExchangeLetterView: line, Folder: "Envoyés"}, {ExchangeLetterView: letter}}}
	beside := one
	beside.List = &list
	return []sample{
		{"conversations", "page", templates.ListPage(list)},
		{"conversation", "page", templates.ConversationPage(beside)},
		{"conversation-alone", "page", templates.ConversationPage(one)},
	}
}
