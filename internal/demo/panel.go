package demo

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"

	"pli.example/pli/internal/demo/people"
)

//go:embed panel.html
var panelHTML string

//go:embed panel.css
var panelCSS []byte

const panelPolicy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

type panelView struct {
	Home     string
	People   []people.Person
	Patients []people.Patient
	Services []Service
	Done     string
}

// Panel is the page about the demo itself: who is in it, what to try, and a switch
// for each stand-in. Mount it at /demo/ with its prefix.
func (w *World) Panel() http.Handler {
	page := template.Must(template.New("panel").Parse(panelHTML))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /demo/{$}", func(rw http.ResponseWriter, r *http.Request) {
		w.show(rw, page, r.URL.Query().Get("fait"))
	})
	mux.HandleFunc("GET /demo/panel.css", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = rw.Write(panelCSS)
	})
	mux.HandleFunc("POST /demo/switch", w.flip)
	// A page elsewhere must not stop the reader's servers.
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		h := rw.Header()
		h.Set("Content-Security-Policy", panelPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		mux.ServeHTTP(rw, r)
	}))
}

// done are the sentences after a switch, by code: nothing from the URL is shown.
var done = map[string]string{"arret": "Le service est arrêté. Les pages doivent maintenant le dire.", "marche": "Le service répond à nouveau."}

func (w *World) show(rw http.ResponseWriter, page *template.Template, code string) {
	var out bytes.Buffer
	v := panelView{Home: w.o.PublicURL + "/", People: people.Cast(), Patients: people.Patients()[:3], Services: w.Status(), Done: done[code]}
	if err := page.Execute(&out, v); err != nil {
		http.Error(rw, "La page de démonstration n’a pas pu être écrite.", http.StatusInternalServerError)
		return
	}
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = rw.Write(out.Bytes())
}

func (w *World) flip(rw http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(rw, r.Body, 4<<10)
	name, up := r.PostFormValue("service"), r.PostFormValue("etat") == "marche"
	if !w.set(name, up) {
		http.Error(rw, "Ce service n’existe pas dans la démonstration.", http.StatusBadRequest)
		return
	}
	if w.switched != nil {
		w.switched(r.Context(), name)
	}
	code := "arret"
	if up {
		code = "marche"
	}
	http.Redirect(rw, r, "/demo/?fait="+code+"#services", http.StatusSeeOther)
}
