package rules

import (
	"strings"
	"time"
)

// Asks says in French what a rule's conditions are.
func (r Rule) Asks() string {
	var all []string
	add := func(what string, values []string) {
		if len(values) > 0 {
			all = append(all, what+" "+choice(values))
		}
	}
	add("l’expéditeur est", r.From)
	add("l’objet contient", quoted(r.Subject))
	add("elle est adressée à", r.To)
	var types []string
	for _, t := range r.Types {
		types = append(types, TypeLabel(t))
	}
	add("elle porte un document de type", quoted(types))
	if r.Patient {
		all = append(all, "elle vient d’un patient")
	}
	joint := " et "
	if r.Any {
		joint = " ou "
	}
	return strings.Join(all, joint)
}

// Does says in French what a rule does; folder is how the page names its folder.
func (r Rule) Does(folder string) string {
	var all []string
	if r.Folder != "" {
		all = append(all, "déplacer vers «\u00a0"+folder+"\u00a0»")
	}
	if r.Seen {
		all = append(all, "marquer comme lue")
	}
	if r.Flagged {
		all = append(all, "suivre")
	}
	if r.Stop {
		all = append(all, "ne pas appliquer les règles suivantes")
	}
	return strings.Join(all, ", ")
}

// sentence is the whole rule, for the trail's sealed detail.
func (r Rule) sentence() string {
	return r.Name + "\u00a0: si " + r.Asks() + "\u00a0: " + r.Does(r.Folder)
}

func (a Absence) sentence() string {
	if !a.On {
		return "absence désactivée"
	}
	return "absence du " + string(a.From) + " au " + string(a.Until) + "\u00a0: " + a.Subject + "\u00a0: " + a.Text
}

func choice(values []string) string {
	if n := len(values); n > 1 {
		return strings.Join(values[:n-1], ", ") + " ou " + values[n-1]
	}
	return strings.Join(values, "")
}

func quoted(values []string) []string {
	var out []string
	for _, v := range values {
		out = append(out, "«\u00a0"+v+"\u00a0»")
	}
	return out
}

// lacking says what a server without some extensions cannot do.
func lacking(missing []string) string {
	what := map[string]string{
		extFileInto: "déplacer une lettre", extFlags: "marquer une lettre comme lue ou à suivre", extVacation: "répondre pendant une absence",
		extEnvelope: "reconnaître les patients à qui ne pas répondre", extDate: "tenir compte des dates", extRelational: "tenir compte des dates",
	}
	var all []string
	for _, m := range missing {
		all = append(all, what[m])
	}
	return "Le serveur de votre opérateur ne sait pas " + choice(unique(all)) + ". Rien n’a été enregistré\u00a0: retirez cette demande, ou signalez-le à votre opérateur."
}

// Written says who wrote something last, "" when not known.
func Written(by string, at int64, zone *time.Location) string {
	if by == "" || at == 0 {
		return ""
	}
	return "par " + by + ", le " + time.Unix(at, 0).In(zone).Format("02/01/2006")
}
