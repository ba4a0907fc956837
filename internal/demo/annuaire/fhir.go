package annuaire

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"pli.example/pli/internal/mssante"
)

const (
	// PathFHIR is the base of the API on its host.
	PathFHIR = "/fhir/v2"

	systemIDNPS  = "urn:oid:1.2.250.1.71.4.2.1"
	systemRPPS   = "https://rpps.esante.gouv.fr"
	systemFINESS = "https://finess.esante.gouv.fr"
	nos          = "https://mos.esante.gouv.fr/NOS/"
	urlMailType  = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-contact-point-email-type"
	urlMailbox   = "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/as-ext-mailbox-mss-metadata"

	pageSize = 50
	maxPage  = 200
)

type object = map[string]any

func coding(table, name, code string) object {
	return object{"system": nos + table + "-" + name + "/FHIR/" + strings.ReplaceAll(table, "_", "-") + "-" + name, "code": code}
}

// telecom is a mailbox with its MSSanté metadata, as production gives it.
func (e Entry) telecom() object {
	meta := []object{{"url": "type", "valueCodeableConcept": object{"coding": []object{coding("TRE_R257", "TypeBAL", string(e.Kind))}}}}
	if e.Service != "" {
		meta = append(meta, object{"url": "description", "valueString": e.Service})
	}
	meta = append(meta, object{"url": "digitization", "valueBoolean": true})
	return object{"system": "email", "value": e.Address.String(), "rank": 1, "extension": []object{
		{"url": urlMailType, "valueCoding": coding("TRE_R256", "TypeMessagerie", "MSSANTE")},
		{"url": urlMailbox, "extension": meta},
	}}
}

// resource is the record that carries the mailbox: a person for PER and CAB, a
// structure for ORG and APP. The red list keeps the address back.
func (e Entry) resource(at time.Time) object {
	r := object{"active": true, "meta": object{"lastUpdated": at.UTC().Format(time.RFC3339)}, "id": e.id(), "resourceType": e.resourceType()}
	if !e.RedList {
		r["telecom"] = []object{e.telecom()}
	}
	if e.resourceType() == "Organization" {
		r["identifier"] = []object{{"system": systemFINESS, "value": e.FINESS}}
		r["name"] = e.Structure
		r["address"] = []object{{"line": []string{strings.TrimSpace(e.Number + " " + e.Street)}, "city": e.Town, "postalCode": e.Postcode}}
		return r
	}
	identifiers := []object{{"use": "official", "system": systemIDNPS, "value": string(e.NationalID)}}
	if rpps, ok := e.NationalID.RPPS(); ok {
		identifiers = append(identifiers, object{"system": systemRPPS, "value": string(rpps)})
	}
	name := object{"use": "official", "family": e.Family, "given": []string{e.Given}}
	if e.Title != "" {
		name["prefix"] = []string{e.Title}
	}
	qualifications := []object{{"code": object{"coding": []object{coding("TRE_G15", "ProfessionSante", e.Profession)}, "text": e.Work}}}
	if e.Skill != "" {
		qualifications = append(qualifications, object{"code": object{"coding": []object{coding("TRE_R38", "SpecialiteOrdinale", e.Skill)}, "text": e.Specialty}})
	}
	r["identifier"], r["name"], r["qualification"] = identifiers, []object{name}, qualifications
	return r
}

func (e Entry) resourceType() string {
	if e.Kind == mssante.KindOrganisational || e.Kind == mssante.KindApplicative {
		return "Organization"
	}
	return "Practitioner"
}

// id is the record's id: two mailboxes of one person are two records here.
func (e Entry) id() string {
	clean := func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			return r
		}
		return '-'
	}
	id := strings.Map(clean, e.Address.Key())
	return id[:min(len(id), 64)]
}

var resourceTypes = []string{"Practitioner", "PractitionerRole", "Device", "Organization", "HealthcareService"}

func known(w http.ResponseWriter, kind string) bool {
	if !slices.Contains(resourceTypes, kind) {
		outcome(w, http.StatusNotFound, "processing", fmt.Sprintf("HAPI-0302: Unknown resource type '%.40s' - Server knows how to handle: [%s]", kind, strings.Join(resourceTypes, ", ")))
		return false
	}
	return true
}

func (a *Annuaire) record(w http.ResponseWriter, r *http.Request) {
	kind, id := r.PathValue("type"), r.PathValue("id")
	if !known(w, kind) {
		return
	}
	for _, e := range a.o.Entries {
		if e.resourceType() == kind && e.id() == id {
			answer(w, http.StatusOK, e.resource(a.o.Now()))
			return
		}
	}
	outcome(w, http.StatusNotFound, "not-found", "HAPI-2001: Resource is not known")
}

// filters are the search parameters served; one that is not gives an error, as
// mailbox-mss-type does in production.
var filters = map[string]func(e Entry, value string) bool{
	"identifier": identifierIs,
	"name": func(e Entry, v string) bool {
		return starts(e.Family, v) || starts(e.Given, v) || starts(e.Structure, v)
	},
	"name:family":        func(e Entry, v string) bool { return starts(e.Family, v) },
	"family":             func(e Entry, v string) bool { return starts(e.Family, v) },
	"name:given":         func(e Entry, v string) bool { return starts(e.Given, v) },
	"given":              func(e Entry, v string) bool { return starts(e.Given, v) },
	"qualification-code": func(e Entry, v string) bool { c := afterBar(v); return c == e.Profession || c == e.Skill && c != "" },
	"mailbox-mss":        func(e Entry, v string) bool { return !e.RedList && strings.EqualFold(e.Address.String(), v) },
	"mailbox-mss:contains": func(e Entry, v string) bool {
		return !e.RedList && strings.Contains(e.Address.Key(), strings.ToLower(v))
	},
	"address-city":            func(e Entry, v string) bool { return starts(e.Town, v) },
	"address-postalcode":      func(e Entry, v string) bool { return strings.HasPrefix(e.Postcode, v) },
	"active":                  func(_ Entry, v string) bool { return v == "true" },
	"_id":                     func(e Entry, v string) bool { return e.id() == v },
	"identifier-type":         func(Entry, string) bool { return true },
	"data-information-system": func(Entry, string) bool { return true },
}

func identifierIs(e Entry, value string) bool {
	v := afterBar(value)
	rpps, _ := e.NationalID.RPPS()
	return v != "" && (v == string(e.NationalID) || v == string(rpps) || v == e.FINESS)
}

func afterBar(s string) string { return s[strings.LastIndexByte(s, '|')+1:] }

func starts(s, prefix string) bool {
	return prefix != "" && strings.HasPrefix(capitals(s), capitals(prefix))
}

func (a *Annuaire) search(w http.ResponseWriter, r *http.Request) {
	kind := r.PathValue("type")
	if !known(w, kind) {
		return
	}
	if err := r.ParseForm(); err != nil {
		outcome(w, http.StatusBadRequest, "processing", "HAPI-0001: unreadable parameters")
		return
	}
	count, from, wanted, bad := query(r.Form)
	if bad != "" {
		outcome(w, http.StatusBadRequest, "processing", fmt.Sprintf("HAPI-0524: Unknown search parameter %q for resource type %q", bad, kind))
		return
	}
	var found []Entry
	for _, e := range a.o.Entries {
		if e.resourceType() == kind && e.matches(wanted) {
			found = append(found, e)
		}
	}
	total := len(found)
	found = found[min(from, total):min(from+count, total)]
	base := "https://" + r.Host + PathFHIR
	bundle := object{"resourceType": "Bundle", "type": "searchset", "total": total}
	links := []object{{"relation": "self", "url": base + "/" + kind + "?" + r.Form.Encode()}}
	if from+count < total {
		next := url.Values{}
		for k, v := range r.Form {
			next[k] = v
		}
		next.Set("_offset", strconv.Itoa(from+count))
		links = append(links, object{"relation": "next", "url": base + "/" + kind + "?" + next.Encode()})
	}
	bundle["link"] = links
	entries := make([]object, 0, len(found))
	for _, e := range found {
		entries = append(entries, object{"fullUrl": base + "/" + kind + "/" + e.id(), "resource": e.resource(a.o.Now()), "search": object{"mode": "match"}})
	}
	bundle["entry"] = entries
	answer(w, http.StatusOK, bundle)
}

// query takes the form apart: page size, offset, filters, the first name unknown.
func query(form url.Values) (count, from int, wanted map[string][]string, bad string) {
	count, wanted = pageSize, map[string][]string{}
	for name, values := range form {
		switch name {
		case "_count":
			if n, err := strconv.Atoi(values[0]); err == nil && n > 0 {
				count = min(n, maxPage)
			}
		case "_offset":
			if n, err := strconv.Atoi(values[0]); err == nil && n > 0 {
				from = min(n, 1_000_000)
			}
		case "_total", "_elements", "_format", "_lastUpdated", "_sort", "_include", "_revinclude":
		default:
			if filters[name] == nil {
				return 0, 0, nil, name
			}
			wanted[name] = values
		}
	}
	return count, from, wanted, ""
}

func (e Entry) matches(wanted map[string][]string) bool {
	for name, values := range wanted {
		for _, v := range values { // repeated: all must hold; a comma: one of them
			if !slices.ContainsFunc(strings.Split(v, ","), func(one string) bool { return filters[name](e, one) }) {
				return false
			}
		}
	}
	return true
}

func outcome(w http.ResponseWriter, status int, code, diagnostics string) {
	answer(w, status, object{"resourceType": "OperationOutcome", "issue": []object{{"severity": "error", "code": code, "diagnostics": diagnostics}}})
}

func answer(w http.ResponseWriter, status int, v object) {
	w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
