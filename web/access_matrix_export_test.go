package web

// Declared is one line of the site map as the access test reads it.
type Declared struct{ Method, Pattern, Dest, Access string }

// Declarations gives the site map to tests outside the package, which alone can
// build a whole app.
func (s *Server) Declarations() []Declared {
	names := map[access]string{forAnyone: "anyone", forPersons: "persons", forReaders: "readers", forTriage: "triage", forWriters: "writers", forSenders: "senders",
		forPatients: "patients", forPatientWriters: "patient writers", forPatientSenders: "patient senders", forSupport: "support"}
	var out []Declared
	for _, rt := range s.routes() {
		out = append(out, Declared{rt.method, rt.pattern, rt.dest, names[rt.access]})
	}
	return out
}
