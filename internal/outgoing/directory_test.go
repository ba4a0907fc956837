package outgoing

import (
	"net/http"
	"strings"
	"testing"

	"pli.example/pli/internal/demo/annuaire"
	"pli.example/pli/internal/directory"
)

// What the directory says of recipients is told, never blocks; whom one wrote to is
// remembered there, patients never.
func TestDirectory(t *testing.T) {
	t.Parallel()
	var d *directory.Directory
	yellow, err := yellowPages()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *Options) {
		var err error
		d, err = directory.New(t.Context(), directory.Options{Main: o.DB, Keys: o.Keys, Audit: o.Audit, Now: o.Now, HTTP: &http.Client{Transport: handler{yellow.Handler()}},
			ExtractionURL: "https://annuaire.invalid" + annuaire.PathExtraction})
		if err != nil {
			t.Fatal(err)
		}
		o.Directory = d
	})
	t.Cleanup(func() { _ = d.Close() })
	box := w.box(anne)
	stranger := "jamais.vue@medecin.mssante.fr"
	empty, err := w.Check(w.ctx, box, w.letter(box, stranger).ID)
	w.must(err)
	if len(empty) != 0 {
		t.Errorf("a directory that is not there yet says %s", codes(empty))
	}
	_, err = d.Fetch(w.ctx)
	w.must(err)
	letter := w.letter(box, hugoBox, strings.ToUpper(hugoBox[:4])+hugoBox[4:], stranger, patient)
	got, err := w.Check(w.ctx, box, letter.ID)
	w.must(err)
	if codes(got) != "ask patient_with_others, tell not_in_directory:"+stranger {
		t.Error(codes(got))
	}
	if f := w.From(w.ctx, box); f.Mailbox.Name != "Dr_Anne_MARTIN" || f.Person != "" {
		t.Errorf("%+v", f)
	}
	r, err := w.Send(w.ctx, box, letter.ID, SendOptions{Version: letter.Version, Confirmed: []string{PatientWithOther}})
	w.must(err)
	if r.Came != CameSent {
		t.Fatalf("%+v", r)
	}
	w.sentCopies(1)
	past, err := d.Suggest(w.ctx, box.Actor(), "jamais", 5)
	w.must(err)
	if len(past) != 1 || past[0].Address.String() != stranger {
		t.Errorf("not remembered: %+v", past)
	}
	if past, err = d.Suggest(w.ctx, box.Actor(), patient[:6], 5); err != nil || len(past) != 0 {
		t.Errorf("a patient is remembered: %+v %v", past, err)
	}
}
