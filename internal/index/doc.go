// Package index is what one session knows of one mailbox's letters: who wrote to
// whom, about what, when, with which marks, and which letters make a conversation
// across folders. Values only: it asks no server; the mailbox room fills it, brings
// it up to date and throws it away.
//
// Ask it Conversations, Conversation and ConversationOf (join.go says what joins
// letters), Search (Query lists the filters and orders: words folded, without case
// or accents) and Folders (counters). Letters come as Found, named by folder, UID
// validity and UID; what is on the server today only the server knows.
//
// Threats: letters crafted to join what is not theirs, to hide another by bearing
// its Message-ID, or to eat memory: ids are hashed under a secret key, those used per
// letter and the letters of a conversation are capped, texts are cut.
package index
