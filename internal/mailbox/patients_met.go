package mailbox

import (
	"context"
	"slices"
	"time"

	"pli.example/pli/internal/audit"
	"pli.example/pli/internal/mailserver"
	"pli.example/pli/internal/message"
	"pli.example/pli/internal/mssante"
)

// Bounds of one look for patients.
const (
	metFolders = 6
	metLetters = 200 // of one folder, the newest
	metMost    = 300
	metTime    = 3 * time.Second // for all folders: somebody is typing a name meanwhile
)

// PatientsMet gives the patients this mailbox exchanged letters with lately, each
// with the label of the latest letter that gives one: what a person knows a patient
// by, the address being an identity number. It looks at heads only and never fails:
// what could not be looked at is left out, complete tells.
func (b *Box) PatientsMet(ctx context.Context) (met []message.Mailbox, complete bool, err error) {
	met, complete, err = b.patientsMet(ctx)
	e := audit.Event{Action: audit.Search, Request: "SEARCH for patients written to", Count: len(met)}
	if err = b.record(ctx, e, err); err != nil {
		return nil, false, err
	}
	return met, complete, nil
}

func (b *Box) patientsMet(ctx context.Context) ([]message.Mailbox, bool, error) {
	folders, _, err := b.searched(ctx, "")
	if err != nil {
		return nil, false, err
	}
	folders = slices.DeleteFunc(folders, func(f mailserver.Folder) bool {
		return f.Role == mailserver.RoleJunk || f.Role == mailserver.RoleTrash || f.Role == mailserver.RoleDrafts
	})
	var met []Item
	until, complete := b.h.now().Add(metTime), true
	for _, f := range folders[:min(len(folders), metFolders)] {
		left := until.Sub(b.h.now())
		if left <= 0 {
			complete = false
			break
		}
		hits, err := b.mail.Search(ctx, mailserver.Search{Folder: f.Name, Words: []string{"@" + string(mssante.PatientDomain)}, Limit: metLetters, Within: left})
		if err == nil {
			var items []Item
			items, err = b.readHits(ctx, Query{}, f.Name, hits.Validity, hits.UIDs)
			met = append(met, items...)
		}
		if err != nil {
			complete = false
		}
	}
	slices.SortStableFunc(met, func(x, y Item) int { return y.Received.Compare(x.Received) })
	return patientsOf(met), complete, nil
}

// patientsOf lists the patients of letters that come newest first, each once.
func patientsOf(items []Item) []message.Mailbox {
	var out []message.Mailbox
	at := map[string]int{}
	for _, it := range items {
		for _, m := range slices.Concat(it.From, it.To) {
			if !m.Address.IsPatient() {
				continue
			}
			i, seen := at[m.Address.Key()]
			switch {
			case seen && out[i].Name == "":
				out[i].Name = m.Name
			case !seen && len(out) < metMost:
				at[m.Address.Key()] = len(out)
				out = append(out, m)
			}
		}
	}
	return out
}
