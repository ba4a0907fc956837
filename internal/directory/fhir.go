package directory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Of FHIR R4, what the Annuaire Santé API v2 gives and a mailbox needs. Unknown
// members are passed over; wrong types refuse the resource, not the bundle.

const (
	maxFHIR          = 8 << 20
	maxFHIREntries   = 1_000
	maxTelecom       = 200
	urlEmailType     = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-contact-point-email-type"
	urlMailbox       = "https://interop.esante.gouv.fr/ig/fhir/annuaire/StructureDefinition/as-ext-mailbox-mss-metadata"
	systemIDNPS      = "urn:oid:1.2.250.1.71.4.2.1"
	systemRPPS       = "https://rpps.esante.gouv.fr"
	systemIDNST      = "urn:oid:1.2.250.1.71.4.2.2"
	systemFINESS     = "https://finess.esante.gouv.fr"
	tableProfession  = "ProfessionSante"
	tableSpeciality  = "SpecialiteOrdinale"
	codeMailboxMSS   = "MSSANTE"
	extensionType    = "type"
	extensionRedList = "listeRouge"
)

type bundle struct {
	ResourceType string `json:"resourceType"`
	Entry        []struct {
		FullURL  string          `json:"fullUrl"`
		Resource json.RawMessage `json:"resource"`
	} `json:"entry"`
	Issue []struct {
		Severity    string `json:"severity"`
		Code        string `json:"code"`
		Diagnostics string `json:"diagnostics"`
	} `json:"issue"`
}

type resource struct {
	ResourceType string       `json:"resourceType"`
	ID           string       `json:"id"`
	Active       *bool        `json:"active"`
	Meta         meta         `json:"meta"`
	Identifier   []identifier `json:"identifier"`
	Name         names        `json:"name"` // an array for a person, a text for a structure
	Alias        []string     `json:"alias"`
	Telecom      []telecom    `json:"telecom"`
	Address      addresses    `json:"address"`

	Qualification []struct {
		Code concept `json:"code"`
	} `json:"qualification"`
	Code         []concept `json:"code"`
	Specialty    []concept `json:"specialty"`
	Practitioner reference `json:"practitioner"`
	Organization reference `json:"organization"`
	ProvidedBy   reference `json:"providedBy"`
}

type meta struct {
	LastUpdated string `json:"lastUpdated"`
}

type identifier struct {
	System string `json:"system"`
	Value  string `json:"value"`
}

type reference struct {
	Reference  string     `json:"reference"`
	Identifier identifier `json:"identifier"`
	Display    string     `json:"display"`
}

type coding struct {
	System  string `json:"system"`
	Code    string `json:"code"`
	Display string `json:"display"`
}

type concept struct {
	Coding []coding `json:"coding"`
	Text   string   `json:"text"`
}

type telecom struct {
	System    string      `json:"system"`
	Value     string      `json:"value"`
	Extension []extension `json:"extension"`
}

type extension struct {
	URL          string      `json:"url"`
	ValueCoding  coding      `json:"valueCoding"`
	ValueConcept concept     `json:"valueCodeableConcept"`
	ValueString  string      `json:"valueString"`
	ValueBoolean bool        `json:"valueBoolean"`
	Extension    []extension `json:"extension"`
}

// names is a HumanName array or a plain text.
type names struct {
	Text          string
	Family, Given string
	Prefix        string
}

func (n *names) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &n.Text)
	}
	var all []struct {
		Use    string   `json:"use"`
		Text   string   `json:"text"`
		Family string   `json:"family"`
		Given  []string `json:"given"`
		Prefix []string `json:"prefix"`
		Suffix []string `json:"suffix"`
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	for i, h := range all {
		if i == 0 || h.Use == "official" {
			n.Family, n.Given, n.Text = h.Family, strings.Join(h.Given, " "), h.Text
			n.Prefix = ""
			for _, t := range append(h.Prefix, h.Suffix...) {
				if t = strings.ToUpper(strings.Trim(t, ". ")); t == "DR" || t == "PR" {
					n.Prefix = t
				}
			}
		}
	}
	return nil
}

// addresses is an array for a structure; a person's is passed over (a home).
type addresses []struct {
	Line       []string      `json:"line"`
	LineParts  []streetParts `json:"_line"`
	City       string        `json:"city"`
	PostalCode string        `json:"postalCode"`
}

// streetParts are a street's parts, which the directory gives in extensions instead of
// a text.
type streetParts struct {
	Extension []extension `json:"extension"`
}

// readFHIR gives the resources of a bundle, or the one resource there is. refused
// counts those that could not be read.
func readFHIR(r io.Reader) (all []resource, refused int, err error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxFHIR+1))
	if err != nil {
		return nil, 0, fmt.Errorf("read: %w", err)
	}
	if len(raw) > maxFHIR {
		return nil, 0, errTooLarge
	}
	var b bundle
	if err := json.Unmarshal(raw, &b); err != nil {
		// A resource alone may have members that a bundle has not the type of.
		var one resource
		if json.Unmarshal(raw, &one) != nil {
			return nil, 0, fmt.Errorf("not FHIR JSON: %w", err)
		}
		return []resource{one}, 0, nil
	}
	switch b.ResourceType {
	case "Bundle":
	case "OperationOutcome":
		text := "unknown"
		if len(b.Issue) > 0 {
			text = clean(b.Issue[0].Code + " " + b.Issue[0].Diagnostics)
		}
		return nil, 0, fmt.Errorf("%w: %s", errOutcome, text)
	case "":
		return nil, 0, errors.New("not a FHIR resource")
	default:
		var one resource
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, 0, fmt.Errorf("read a %s: %w", clean(b.ResourceType), err)
		}
		return []resource{one}, 0, nil
	}
	if len(b.Entry) > maxFHIREntries {
		return nil, 0, errTooLarge
	}
	for _, e := range b.Entry {
		var one resource
		if len(e.Resource) == 0 || json.Unmarshal(e.Resource, &one) != nil {
			refused++
			continue
		}
		all = append(all, one)
	}
	return all, refused, nil
}

var errOutcome = errors.New("the service answered an OperationOutcome")
