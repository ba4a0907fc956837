// Package country invents an open extraction of MSSanté mailboxes at the size of
// the real one: 31 columns, 455,000 persons and 80,000 structures, 5,000 domains,
// homonyms, a few addresses on two lines. The same size and seed give the same
// bytes. Nobody in it exists: names are common ones drawn by lot or made of
// syllables, numbers are of the test range.
package country

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
)

// FullSize is how many lines the open file has.
const FullSize = 536_000

// Options of a country.
type Options struct {
	Lines int    // 0 = FullSize
	Seed  uint64 // 0 = 1
	// Faults adds what the real file may have, at fixed places: lines that are not
	// UTF-8, that lack columns, that say the same twice. Faults of each kind.
	Faults int
}

// Header is the first line of the file.
const Header = "Type de BAL|Adresse BAL|Type Identifiant PP|Identifiant PP|Identification nationale PP|Type identifiant structure|Identification Structure|Service de rattachement|" +
	"Civilité d'exercice|Nom d'exercice|Prénom d'exercice|Catégorie profession|Libellé de catégorie profession|Code Profession|Libellé Profession|Code savoir-faire|Libellé savoir-faire|" +
	"Dématérialisation|Raison Sociale structure BAL|Enseigne commerciale structure BAL|L2COMPLEMENTLOCALISATION structure BAL|L3COMPLEMENTDISTRIBUTION structure BAL|" +
	"L4NUMEROVOIE structure BAL|L4COMPLEMENTNUMEROVOIE structure BAL|NL4TYPEVOIE structure BAL|L4LIBELLEVOIE structure BAL|L5LIEUDITMENTION structure BAL|" +
	"L6LIGNEACHEMINEMENT structure BAL|Code postal structure BAL|Département structure BAL|Pays structure BAL"

// Person and Structure kinds in the file, in its proportion.
const (
	personsPerThousand = 851
	// Most nominative mailboxes name no place in the open file as far as we know;
	// here six in ten do, so that a search by town has something to find.
	placedPerThousand = 600
)

type world struct {
	r        *rand.Rand
	families []string
	towns    []town
	places   []place
	taken    map[string]int
	n        int
}

type town struct{ name, postcode string }

// place is a structure: several people and mailboxes share it.
type place struct {
	name, sign, id string
	town           town
	number         int
	street         string
	domain         string
}

// Write writes the file: a header and o.Lines lines.
func Write(to io.Writer, o Options) error {
	if o.Lines <= 0 {
		o.Lines = FullSize
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	w := newWorld(o)
	out := bufio.NewWriterSize(to, 256<<10)
	if _, err := out.WriteString(Header + "\n"); err != nil {
		return err
	}
	step := o.Lines / (o.Faults + 1)
	last := ""
	for i := range o.Lines {
		line := w.line()
		if o.Faults > 0 && step > 3 && i > 0 {
			switch i % step {
			case 1:
				line = strings.Replace(line, "é", "\xe9", 1)
			case 2:
				line = line[:strings.LastIndexByte(line, '|')] // a column short
			case 3:
				line = last
			}
		}
		last = line
		if _, err := out.WriteString(line + "\n"); err != nil {
			return err
		}
	}
	return out.Flush()
}

func newWorld(o Options) *world {
	w := &world{r: rand.New(rand.NewPCG(o.Seed, 0x506c69)), taken: map[string]int{}}
	w.families = inventFamilies(w.r, max(400, min(60_000, o.Lines/8)))
	w.towns = inventTowns(w.r, max(120, min(3_200, o.Lines/160)))
	w.places = w.inventPlaces(max(60, o.Lines/6))
	return w
}

// skewed draws below n with the first much likelier than the last, as names and
// towns are.
func (w *world) skewed(n int) int {
	f := w.r.Float64()
	return int(f * f * f * float64(n))
}

func (w *world) pick(from []string) string { return from[w.r.IntN(len(from))] }

func (w *world) inventPlaces(n int) []place {
	out := make([]place, n)
	for i := range out {
		p := place{town: w.towns[w.skewed(len(w.towns))], number: 1 + w.r.IntN(180), street: w.pick(ways) + " " + w.pick(streets)}
		k := kinds[w.r.IntN(len(kinds))]
		who := w.families[w.skewed(len(w.families))]
		p.name = strings.NewReplacer("%n", who, "%t", p.town.name, "%d", w.pick(dedications)).Replace(k.name)
		if w.r.IntN(5) == 0 {
			p.sign = strings.NewReplacer("%n", w.pick(dedications), "%t", p.town.name, "%d", who).Replace(k.name)
		}
		if w.r.IntN(3) == 0 {
			p.id = fmt.Sprintf("3|%014d", 99_000_000_000_000+int64(i))
		} else {
			p.id = fmt.Sprintf("1|%s99%05d", p.town.postcode[:2], i%100_000)
		}
		p.domain = k.domain
		if k.own { // a domain of its own: 5,000 in all
			p.domain = fmt.Sprintf("%s-%s.mssante.fr", k.domain, slug(p.town.name))
		}
		out[i] = p
	}
	return out
}

func (w *world) line() string {
	w.n++
	if w.r.IntN(1000) < personsPerThousand {
		return w.person()
	}
	return w.structure()
}

func (w *world) person() string {
	var c [31]string
	t := trades[w.tradeIndex()]
	family := w.families[w.skewed(len(w.families))]
	given := givens[w.skewed(len(givens))]
	if w.r.IntN(12) == 0 {
		given += "-" + givens[w.skewed(len(givens))]
	}
	var p *place
	if w.r.IntN(1000) < placedPerThousand {
		p = &w.places[w.skewed(len(w.places))]
	}
	domain := t.domain
	if p != nil && strings.HasSuffix(p.domain, slug(p.town.name)+".mssante.fr") && w.r.IntN(3) > 0 {
		domain = p.domain
	}
	rpps := fmt.Sprintf("9970%07d", w.n)
	c[0], c[1] = "PER", w.address(slug(given)+"."+slug(family), domain)
	c[2], c[3], c[4] = "8", rpps, "8"+rpps
	c[8], c[9], c[10] = t.title, family, given
	c[11], c[12], c[13], c[14], c[17] = "C", "Civil", t.code, t.label, "True"
	if len(t.skills) > 0 {
		s := t.skills[w.skewed(len(t.skills))]
		c[15], c[16], _ = strings.Cut(s, " ")
	}
	if p != nil {
		p.fill(&c)
	}
	return strings.Join(c[:], "|")
}

func (w *world) tradeIndex() int {
	n := w.r.IntN(1000)
	for i, t := range trades {
		if n -= t.perThousand; n < 0 {
			return i
		}
	}
	return 0
}

func (w *world) structure() string {
	var c [31]string
	p := &w.places[w.r.IntN(len(w.places))]
	service := w.pick(services)
	c[0], c[1], c[7], c[17] = "ORG", w.address(slug(service)+"."+slug(p.name), p.domain), service, "False"
	p.fill(&c)
	return strings.Join(c[:], "|")
}

func (p *place) fill(c *[31]string) {
	c[5], c[6], _ = strings.Cut(p.id, "|")
	c[18], c[19] = p.name, p.sign
	c[22] = fmt.Sprint(p.number)
	c[24], c[25], _ = strings.Cut(p.street, " ")
	c[27], c[28], c[29], c[30] = p.town.postcode+" "+p.town.name, p.town.postcode, p.town.postcode[:2], "FR"
}

// address numbers the second of a name; one in three thousand is used twice.
func (w *world) address(local, domain string) string {
	if len(local) > 55 {
		local = strings.Trim(local[:55], "-.")
	}
	key := local + "@" + domain
	w.taken[key]++
	if n := w.taken[key]; n > 1 && w.r.IntN(600) > 0 {
		return fmt.Sprintf("%s%d@%s", local, n, domain)
	}
	return key
}

var plain = strings.NewReplacer("é", "e", "è", "e", "ê", "e", "ë", "e", "î", "i", "ï", "i", "à", "a", "â", "a", "ô", "o", "ö", "o", "ç", "c", "û", "u", "ù", "u", "ü", "u", "É", "e", "'", "", "’", "")

func slug(s string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, plain.Replace(strings.ToLower(s))), "-")
}
