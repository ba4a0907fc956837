package directory

import (
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/store"
)

// mailbox is what a telecom says of an MSSanté address.
type mailbox struct {
	address   mssante.Address
	kind      mssante.MailboxKind
	service   string
	paperless bool
	redList   bool
}

// mailboxOf reads a telecom. ok is false for a telephone and for an ordinary
// e-mail: structures have both beside their mailboxes.
func mailboxOf(t telecom) (m mailbox, ok bool) {
	if t.System != "email" {
		return m, false
	}
	for _, x := range t.Extension {
		switch x.URL {
		case urlEmailType:
			if x.ValueCoding.Code != codeMailboxMSS {
				return m, false
			}
			ok = true
		case urlMailbox:
			ok = true
			for _, y := range x.Extension {
				m.metadata(y)
			}
		}
	}
	if !ok {
		return m, false
	}
	address, err := mssante.ParseAddress(t.Value)
	if err != nil || address.IsPatient() {
		return m, false
	}
	m.address = address
	return m, true
}

func (m *mailbox) metadata(x extension) {
	switch x.URL {
	case extensionType:
		for _, c := range x.ValueConcept.Coding { // the system varies: the code decides
			if k, unknown := kindOf(c.Code); !unknown {
				m.kind = k
			}
		}
	case "description":
		if m.service == "" {
			m.service = clean(x.ValueString)
		}
	case "service":
		m.service = clean(x.ValueString)
	case "digitization":
		m.paperless = x.ValueBoolean
	case extensionRedList:
		m.redList = x.ValueBoolean
	}
}

// records gives the mailboxes of the resources, each with what the others say of
// its holder; red lists the addresses that must not be shown.
func recordsOf(all []resource, now time.Time) (out []record, red []mssante.Address) {
	byID := map[string]*resource{}
	for i := range all {
		byID[all[i].ResourceType+"/"+all[i].ID] = &all[i]
	}
	for i := range all {
		r := &all[i]
		for n, t := range r.Telecom {
			m, ok := mailboxOf(t)
			if !ok || n >= maxTelecom {
				continue
			}
			if m.redList || r.Active != nil && !*r.Active {
				red = append(red, m.address)
				continue
			}
			out = append(out, r.record(m, byID, now))
		}
	}
	return out, red
}

func (r *resource) record(m mailbox, byID map[string]*resource, now time.Time) record {
	rec := record{address: m.address, kind: m.kind, service: m.service, paperless: m.paperless, source: SourceFHIR, updatedAt: store.Micros(now)}
	structureID := ""
	switch r.ResourceType {
	case "Practitioner":
		r.person(&rec)
	case "PractitionerRole":
		if p := byID[r.Practitioner.Reference]; p != nil {
			p.person(&rec)
		}
		rec.nationalID = firstOf(rec.nationalID, nationalID(clean(r.Practitioner.Identifier.Value), ""))
		r.trade(&rec)
		structureID = r.Organization.structure(&rec, byID)
	case "Organization":
		structureID = r.place(&rec)
	case "HealthcareService":
		structureID = r.ProvidedBy.structure(&rec, byID)
		rec.service = firstOf(rec.service, clean(r.Name.Text))
	}
	rec.complete("", structureID)
	return rec
}

// structure fills the place a reference names, and gives its number.
func (ref reference) structure(rec *record, byID map[string]*resource) string {
	if o := byID[ref.Reference]; o != nil {
		return o.place(rec)
	}
	rec.structure = firstOf(rec.structure, clean(ref.Display))
	return structureKey("", clean(ref.Identifier.Value))
}

func (r *resource) person(rec *record) {
	rec.family, rec.given, rec.title = clean(r.Name.Family), clean(r.Name.Given), r.Name.Prefix
	if rec.family == "" {
		rec.family = clean(r.Name.Text)
	}
	for _, id := range r.Identifier {
		if id.System == systemIDNPS || id.System == systemRPPS && rec.nationalID == "" {
			rec.nationalID = nationalID(clean(id.Value), "")
		}
	}
	r.trade(rec)
}

// trade reads profession and speciality, by the table the code comes from.
func (r *resource) trade(rec *record) {
	see := func(c concept) {
		for _, code := range c.Coding {
			label := firstOf(clean(code.Display), clean(c.Text))
			switch {
			case strings.Contains(code.System, tableProfession) && rec.profession == "":
				rec.profession, rec.professionLabel = clean(code.Code), label
			case strings.Contains(code.System, tableSpeciality) && rec.speciality == "":
				rec.speciality, rec.specialityLabel = clean(code.Code), label
			}
		}
	}
	for _, q := range r.Qualification {
		see(q.Code)
	}
	for _, c := range r.Code {
		see(c)
	}
	for _, c := range r.Specialty {
		see(c)
	}
}

// place fills a structure's name and address, and gives its number.
func (r *resource) place(rec *record) (number string) {
	rec.structure = clean(r.Name.Text)
	if len(r.Alias) > 0 {
		rec.sign = clean(r.Alias[0])
	}
	for _, id := range r.Identifier {
		switch value := clean(id.Value); id.System {
		case systemIDNST:
			number = value
		case systemFINESS:
			if number == "" && value != "" {
				number = structureKey("1", value)
			}
		}
	}
	if len(r.Address) > 0 {
		a := r.Address[0]
		rec.postcode = clean(a.PostalCode)
		rec.town = town(clean(a.City), rec.postcode)
		rec.street = clean(strings.Join(a.Line, " "))
		if rec.street == "" {
			var parts []string
			for _, l := range a.LineParts {
				for _, x := range l.Extension {
					parts = append(parts, clean(x.ValueString))
				}
			}
			rec.street = clean(joined(parts...))
		}
	}
	return number
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
