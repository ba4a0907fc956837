package mailhost

import (
	"sort"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// list answers LIST: folders by name, INBOX first, parents that exist only by
// their children as \NonExistent, special-use and status when asked.
func (b *box) list(ref string, patterns []string, o *imap.ListOptions) []imap.ListData {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := map[string]*folder{}
	for name, f := range b.folders {
		names[name] = f
		for i, c := range name {
			if c == delim {
				if _, ok := names[name[:i]]; !ok {
					names[name[:i]] = b.folders[name[:i]]
				}
			}
		}
	}
	sorted := make([]string, 0, len(names))
	for name := range names {
		sorted = append(sorted, name)
	}
	sort.Slice(sorted, func(i, j int) bool {
		if (sorted[i] == "INBOX") != (sorted[j] == "INBOX") {
			return sorted[i] == "INBOX"
		}
		return sorted[i] < sorted[j]
	})
	var out []imap.ListData
	for _, name := range sorted {
		if !matches(name, ref, patterns) {
			continue
		}
		if d, ok := entry(name, names[name], hasChild(name, sorted), o); ok {
			out = append(out, d)
		}
	}
	return out
}

func matches(name, ref string, patterns []string) bool {
	for _, p := range patterns {
		if imapserver.MatchList(name, delim, ref, p) {
			return true
		}
	}
	return false
}

func hasChild(name string, all []string) bool {
	for _, other := range all {
		if strings.HasPrefix(other, name+string(delim)) {
			return true
		}
	}
	return false
}

func entry(name string, f *folder, parent bool, o *imap.ListOptions) (imap.ListData, bool) {
	d := imap.ListData{Mailbox: name, Delim: delim}
	if (o.SelectSubscribed && (f == nil || !f.subscribed)) || (o.SelectSpecialUse && (f == nil || f.special == "")) {
		return d, false
	}
	if parent {
		d.Attrs = append(d.Attrs, imap.MailboxAttrHasChildren)
	} else {
		d.Attrs = append(d.Attrs, imap.MailboxAttrHasNoChildren)
	}
	if f == nil {
		d.Attrs = append(d.Attrs, imap.MailboxAttrNonExistent, imap.MailboxAttrNoSelect)
		return d, true
	}
	if f.special != "" {
		d.Attrs = append(d.Attrs, f.special) // RFC 6154 §2 allows it unasked, and Dovecot does
	}
	if f.subscribed && (o.ReturnSubscribed || o.SelectSubscribed) {
		d.Attrs = append(d.Attrs, imap.MailboxAttrSubscribed)
	}
	if o.ReturnStatus != nil {
		d.Status = f.status(o.ReturnStatus)
	}
	return d, true
}
