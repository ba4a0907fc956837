package outgoing

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/delegation"
	"pli.example/pli/internal/mssante"
	"pli.example/pli/internal/trust"
)

func codes(all []Remark) string {
	var out []string
	for _, r := range all {
		out = append(out, string(r.Level)+" "+r.Key())
	}
	return strings.Join(out, ", ")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	good := Fields{To: []Recipient{{Address: hugoBox}}, Subject: "Avis", Text: "Bonjour"}
	with := func(change func(*Fields)) Fields {
		f := good
		f.To = slices.Clone(good.To)
		change(&f)
		return f
	}
	other := "184037512345633@patient.mssante.fr"
	for _, c := range []struct {
		name string
		f    Fields
		want string
	}{
		{"nothing to say", good, ""},
		{"nobody", with(func(f *Fields) { f.To = nil }), "block no_recipient"},
		{"outside", with(func(f *Fields) { f.Cc = []Recipient{{Address: outsider}} }), "block outside:" + outsider},
		{"outside, blind", with(func(f *Fields) { f.Bcc = []Recipient{{Address: outsider}} }), "block outside:" + outsider},
		{"looks like one of us", with(func(f *Fields) { f.To[0].Address = "a@chu-touraine.mssante.fr.evil.example" }), "block outside:a@chu-touraine.mssante.fr.evil.example"},
		{"the parent domain", with(func(f *Fields) { f.To[0].Address = "a@mssante.fr" }), "block outside:a@mssante.fr"},
		{"half typed", with(func(f *Fields) { f.Cc = []Recipient{{Address: "dr.dup"}} }), "block bad_address:dr.dup"},
		{"two addresses in one", with(func(f *Fields) { f.Cc = []Recipient{{Address: hugoBox + "," + outsider}} }), "block bad_address:" + hugoBox + "," + outsider},
		{"nothing at all: one thing at a time", with(func(f *Fields) { f.To, f.Subject, f.Text, f.HTML = nil, "", "", "" }), "block no_recipient"},
		{"no subject", with(func(f *Fields) { f.Subject = " " }), "ask no_subject"},
		{"no text", with(func(f *Fields) { f.Text = "" }), "ask no_text"},
		{"a signature alone", with(func(f *Fields) { f.Text = "\n—\nDr Anne Martin\nTours\n" }), "ask no_text"},
		{"words above the signature", with(func(f *Fields) { f.Text = "Vu.\n\n—\nDr Anne Martin\n" }), ""},
		{"file forgotten", with(func(f *Fields) { f.Text = "Veuillez trouver ci-joint le compte rendu." }), "ask no_file"},
		{"file spoken of by the other", with(func(f *Fields) { f.Text = "Merci.\nLe 3 mars, X a écrit :\n> ci-joint le compte rendu" }), ""},
		{"the magic word by hand", with(func(f *Fields) { f.Subject = " [fin] " }), "block reserved_subject"},
		{"a patient", with(func(f *Fields) { f.To[0].Address = patient }), ""},
		{"a patient with a wrong key", with(func(f *Fields) { f.To[0].Address = "255033799001107@patient.mssante.fr" }), "ask patient_key:255033799001107@patient.mssante.fr"},
		{"a patient and a colleague", with(func(f *Fields) { f.Cc = []Recipient{{Address: patient}} }), "ask patient_with_others"},
		{"two patients", with(func(f *Fields) { f.To = []Recipient{{Address: patient}, {Address: other}} }), "block several_patients, ask patient_key:" + other},
	} {
		d := w.blank(box)
		d.Fields, _ = c.f.clean()
		got, err := w.check(w.ctx, box, d)
		w.must(err)
		if codes(got) != c.want {
			t.Errorf("%s: %q, want %q", c.name, codes(got), c.want)
		}
		for _, r := range got {
			if r.Say == "" || strings.Contains(r.Say, patient) {
				t.Errorf("%s: %q", c.name, r.Say)
			}
		}
	}
	many := with(func(f *Fields) {
		for i := range 101 {
			f.Cc = append(f.Cc, Recipient{Address: "a" + itoa(i) + "@medecin.mssante.fr"})
		}
	})
	d := w.blank(box)
	d.Fields = many
	if got, _ := w.check(w.ctx, box, d); !strings.Contains(codes(got), "block many_recipients") {
		t.Errorf("102 recipients: %s", codes(got))
	}
}

func TestCheckRightsOnPatients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.give(anneBox, zoe.NationalID, delegation.Delegate, delegation.All&^delegation.Patients)
	box := w.box(zoe)
	got, err := w.Check(w.ctx, box, w.letter(box, patient).ID)
	w.must(err)
	if codes(got) != "block no_patient_right" {
		t.Error(codes(got))
	}
}

// Without a list, or with one too old, nothing leaves unless the operator said so.
func TestCheckWithoutList(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		allow bool
		age   time.Duration
		want  string
	}{
		{"none", false, 0, "block no_list"},
		{"none, allowed", true, 0, "ask no_list"},
		{"stale", false, 9 * 24 * time.Hour, "block stale_list"},
		{"stale, allowed", true, 9 * 24 * time.Hour, "ask stale_list"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *Options) {
				o.AllowUnlisted = c.allow
				if c.age == 0 {
					o.Trust = trust.New(trust.Options{DB: o.DB, Audit: o.Audit, Now: o.Now})
				}
			})
			w.advance(c.age)
			box := w.box(anne)
			d := w.letter(box, hugoBox)
			r, err := w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version})
			w.must(err)
			if r.Came != CameAsked || codes(r.Remarks) != c.want || w.arrived(hugoBox) != 0 {
				t.Errorf("%s: %q", r.Came, codes(r.Remarks))
			}
			r, err = w.Send(w.ctx, box, d.ID, SendOptions{Version: d.Version, Confirmed: []string{"no_list", "stale_list"}})
			w.must(err)
			if (r.Came == CameSent) != c.allow {
				t.Errorf("once confirmed: %s %q", r.Came, codes(r.Remarks))
			}
		})
	}
}

func TestCheckFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	box := w.box(anne)
	d := w.letter(box, hugoBox)
	f, err := w.StartUpload(w.ctx, box, d.ID, "cr.pdf", 10)
	w.must(err)
	got, err := w.Check(w.ctx, box, d.ID)
	w.must(err)
	if codes(got) != "block unfinished_file" {
		t.Error(codes(got))
	}
	_, err = w.Chunk(w.ctx, box, d.ID, f.ID, 0, strings.NewReader("0123456789"))
	w.must(err)
	if got, err = w.Check(w.ctx, box, d.ID); err != nil || len(got) != 0 {
		t.Error(codes(got), err)
	}
	// The exact size decides, not the estimate: 25,000,000 octets encoded.
	d, err = w.Get(w.ctx, box, d.ID)
	w.must(err)
	d.Files[0].Size, d.Files[0].Received = 18_300_000, 18_300_000
	if got, err = w.check(w.ctx, box, d); err != nil || codes(got) != "block too_big" {
		t.Error(codes(got), err)
	}
	d.Files[0].Size, d.Files[0].Received = 18_200_000, 18_200_000
	if got, err = w.check(w.ctx, box, d); err != nil || len(got) != 0 {
		t.Error(codes(got), err)
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	to := func(a string) Fields { return Fields{To: []Recipient{{Address: a}}} }
	l := Limit{Letter: 40_000_000, Known: true}
	if got := l.For(to(hugoBox)); got.Letter != 40_000_000 {
		t.Errorf("to a colleague: %+v", got)
	}
	if got := l.For(to(patient)); got.Letter != 25_000_000 || !strings.HasPrefix(got.Say(), "18\u00a0Mo") || !strings.Contains(got.Say(), "Mon espace santé") {
		t.Errorf("to a patient: %+v %s", got, got.Say())
	}
	if got := (Limit{Letter: 10_000_000}).For(to(patient)); got.Letter != 10_000_000 {
		t.Errorf("an operator with less: %+v", got)
	}
}

func TestPatientSeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) {
		o.Patient = func(_ context.Context, a mssante.Address) []Remark {
			return []Remark{{Code: "patient_identity", Level: Ask, Address: a.String(), Say: "Femme, née en mars 1955\u00a0: est-ce elle\u00a0?"}}
		}
	})
	box := w.box(anne)
	got, err := w.Check(w.ctx, box, w.letter(box, patient).ID)
	w.must(err)
	if codes(got) != "ask patient_identity:"+patient {
		t.Error(codes(got))
	}
}

func TestAnnounces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Veuillez trouver ci-joint le compte rendu":        true,
		"Ci joint l’ECG.":                                  true,
		"cf. pièce jointe":                                 true,
		"en PJ le bilan":                                   true,
		"PJ : bilan":                                       true,
		"Je vous joins la radio":                           true,
		"vous trouverez dans cette lettre en annexe le CR": true,
		"le document joint":                                true,
		"Sans pièce jointe, désolé":                        false,
		"Je reste joignable au cabinet":                    false,
		"douleur articulaire conjointe":                    false,
		"sa conjointe est venue":                           false,
		"Il faut rejoindre le service":                     false,
		"":                                                 false,
	} {
		if Announces(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
