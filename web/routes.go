package web

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"pli.example/pli/internal/problem"
	"pli.example/pli/static"
)

// handler is a page: it writes the answer or returns why it cannot.
type handler func(w http.ResponseWriter, r *http.Request) error

// who may ask. The zero value is the strictest.
type who int

const (
	acting who = iota // signed in, in a chosen situation
	person            // signed in
	anyone
	staff // support, signed in through their own provider
)

// access is whom an address serves, as its handler sees to it. A test walks every
// address as a stranger, as delegates and as the owner, and holds the answers against
// this; one that declares nothing fails it (attack 45).
type access int

const (
	undeclaredAccess  access = iota
	forAnyone                // no session: nothing of anybody's in the answer
	forPersons               // whoever is signed in, and only their own things
	forReaders               // whoever may read the mailbox of the address; to others there is none
	forTriage                // readers who may also sort it; the other readers are refused
	forWriters               // readers who may also prepare letters in it
	forSenders               // readers who may also send in its name
	forPatients              // readers who may also exchange with patients; the other readers are refused
	forPatientWriters        // those who may also prepare letters
	forPatientSenders        // those who may also send
	forSupport               // support staff, and no practitioner
)

// rate is how requests to a route are counted.
type rate int

const (
	ratePerSession rate = iota
	ratePerAddress
	rateNone
)

// route declares everything the middleware needs to know about an address. A set
// left out is "undeclared" and stops the program at start.
type route struct {
	method, pattern string
	set             headerSet
	who             who
	access          access
	rate            rate
	dest            string // Sec-Fetch-Dest values accepted, comma separated; "" for any
	act             bool   // a user's act: moves the idle clock (a page, a post), not a part of a page
	body            int64  // the most octets of a request; 0 is maxForm
	handle          handler
}

const (
	get  = http.MethodGet
	post = http.MethodPost

	numberShape = `[0-9]{1,10}`
	partShape   = `[0-9]{1,4}(?:\.[0-9]{1,4}){0,20}`
	letterPath  = "/mail/{box}/{folder}/{uidvalidity:" + numberShape + "}/{uid:" + numberShape + "}"
	partPath    = letterPath + "/part/{part:" + partShape + "}"
)

// routes is the site map.
func (s *Server) routes() []route {
	return append([]route{
		{method: get, pattern: "/", set: pageHeaders, access: forPersons, act: true, handle: s.home},

		{method: get, pattern: "/sign-in", set: signInHeaders, who: anyone, access: forAnyone, rate: ratePerAddress, handle: s.signInPage},
		{method: post, pattern: "/sign-in", set: signInHeaders, who: anyone, access: forAnyone, rate: ratePerAddress, handle: s.signInStart},
		{method: get, pattern: "/sign-in/callback", set: signInHeaders, who: anyone, access: forAnyone, rate: ratePerAddress, handle: s.signInFinish},
		{method: post, pattern: "/sign-in/backchannel", set: emptyHeaders, who: anyone, access: forAnyone, handle: s.backchannel()},
		{method: post, pattern: "/sign-out", set: emptyHeaders, who: anyone, access: forAnyone, handle: s.signOut},
		{method: get, pattern: "/signed-out", set: signInHeaders, who: anyone, access: forAnyone, rate: ratePerAddress, handle: s.signedOut},
		{method: get, pattern: "/situations", set: pageHeaders, who: person, access: forPersons, act: true, handle: s.situations},
		{method: post, pattern: "/situations", set: pageHeaders, who: person, access: forPersons, act: true, handle: s.pickSituation},

		{method: get, pattern: "/mail/{box}", set: pageHeaders, access: forReaders, act: true, handle: s.boxHome},
		{method: get, pattern: "/mail/{box}/live", set: streamHeaders, access: forReaders, dest: "empty", handle: s.live},
		{method: get, pattern: "/mail/{box}/{folder}/fresh", set: pageHeaders, access: forReaders, dest: "empty", handle: s.fresh},
		{method: post, pattern: "/mail/{box}/act", set: pageHeaders, access: forTriage, act: true, handle: s.act},
		{method: post, pattern: "/mail/{box}/undo", set: pageHeaders, access: forTriage, act: true, handle: s.undo},
		{method: get, pattern: "/mail/{box}/search", set: pageHeaders, access: forReaders, act: true, handle: s.searchPage},
		{method: post, pattern: "/mail/{box}/search", set: pageHeaders, access: forReaders, act: true, handle: s.searchStore},
		{method: post, pattern: "/mail/{box}/view", set: pageHeaders, access: forReaders, act: true, handle: s.viewStore},
		{method: get, pattern: "/mail/{box}/conversation/{conversation}", set: pageHeaders, access: forReaders, act: true, handle: s.conversation},
		{method: get, pattern: "/mail/{box}/search/{handle}", set: pageHeaders, access: forReaders, act: true, handle: s.searchShow},
		{method: post, pattern: "/mail/{box}/search/{handle}/more", set: pageHeaders, access: forReaders, act: true, handle: s.searchMore},
		{method: post, pattern: "/mail/{box}/search/{handle}/save", set: pageHeaders, access: forReaders, act: true, handle: s.searchSave},
		{method: post, pattern: "/mail/{box}/search/saved", set: pageHeaders, access: forReaders, act: true, handle: s.searchSaved},
		{method: get, pattern: "/mail/{box}/compose", set: pageHeaders, access: forWriters, act: true, handle: s.drafts},
		{method: post, pattern: "/mail/{box}/compose", set: pageHeaders, access: forWriters, act: true, handle: s.composeBegin},
		{method: post, pattern: "/mail/{box}/compose/chosen", set: pageHeaders, access: forWriters, act: true, handle: s.draftsChosen},
		{method: get, pattern: draftPath, set: composeHeaders, access: forWriters, act: true, handle: s.composePage},
		{method: post, pattern: draftPath, set: pageHeaders, access: forWriters, act: true, body: maxDraftForm, handle: s.composeForm},
		{method: post, pattern: draftPath + "/save", set: dataHeaders, access: forWriters, act: true, body: maxDraftSave, handle: s.draftSave},
		{method: post, pattern: draftPath + "/pause", set: dataHeaders, access: forWriters, handle: s.draftPause},
		{method: post, pattern: draftPath + "/text", set: dataHeaders, access: forWriters, act: true, body: maxDraftSave, handle: s.draftText},
		{method: post, pattern: draftPath + "/send", set: dataHeaders, access: forSenders, act: true, handle: s.draftSend},
		{method: post, pattern: draftPath + "/settle", set: pageHeaders, access: forSenders, act: true, handle: s.draftSettle},
		{method: post, pattern: draftPath + "/restore", set: pageHeaders, access: forWriters, act: true, handle: s.draftRestore},
		{method: get, pattern: draftPath + "/progress", set: dataHeaders, access: forWriters, dest: "empty", handle: s.draftProgress},
		{method: get, pattern: draftPath + "/back", set: pageHeaders, access: forWriters, act: true, handle: s.composeBack},
		{method: post, pattern: draftPath + "/files", set: dataHeaders, access: forWriters, act: true, handle: s.fileStart},
		{method: post, pattern: filePath, set: dataHeaders, access: forWriters, body: maxChunk, handle: s.fileChunk},
		{method: post, pattern: filePath + "/remove", set: dataHeaders, access: forWriters, act: true, handle: s.fileRemove},
		{method: get, pattern: filePath, set: fileHeaders, access: forWriters, act: true, handle: s.fileDownload},
		{method: get, pattern: filePath + "/picture", set: imageHeaders, access: forWriters, dest: "image", handle: s.filePicture},
		{method: get, pattern: "/mail/{box}/signature", set: pageHeaders, access: forWriters, act: true, handle: s.signaturePage},
		{method: post, pattern: "/mail/{box}/signature", set: pageHeaders, access: forWriters, act: true, handle: s.signatureStore},
		{method: get, pattern: patientsPath, set: pageHeaders, access: forPatients, act: true, handle: s.patients},
		{method: post, pattern: patientsPath, set: pageHeaders, access: forPatientWriters, act: true, handle: s.patientFind},
		{method: post, pattern: patientsPath + "/find", set: pageHeaders, access: forPatients, act: true, handle: s.patientSearch},
		{method: get, pattern: identityPath, set: pageHeaders, access: forPatientWriters, act: true, handle: s.patientIdentity},
		{method: post, pattern: identityPath, set: pageHeaders, access: forPatientWriters, act: true, handle: s.patientConfirm},
		{method: get, pattern: exchangePath, set: pageHeaders, access: forPatients, act: true, handle: s.exchange},
		{method: post, pattern: exchangePath + "/ins", set: pageHeaders, access: forPatients, act: true, handle: s.exchangeINS},
		{method: post, pattern: exchangePath + "/write", set: pageHeaders, access: forPatientWriters, act: true, handle: s.exchangeWrite},
		{method: post, pattern: exchangePath + "/close", set: pageHeaders, access: forPatientSenders, act: true, handle: s.exchangeClose},
		{method: post, pattern: exchangePath + "/told", set: pageHeaders, access: forPatientSenders, act: true, handle: s.exchangeTold},
		{method: post, pattern: "/mail/{box}/suggest", set: dataHeaders, access: forWriters, act: true, handle: s.suggest},
		{method: get, pattern: "/directory", set: pageHeaders, access: forPersons, act: true, handle: s.directoryHome},
		{method: post, pattern: "/directory", set: pageHeaders, access: forPersons, act: true, handle: s.directoryStore},
		{method: get, pattern: "/directory/search/{handle}", set: pageHeaders, access: forPersons, act: true, handle: s.directoryShow},
		{method: get, pattern: "/directory/person/{entry}", set: pageHeaders, access: forPersons, act: true, handle: s.directoryPerson},
		{method: get, pattern: "/directory/structure/{entry}", set: pageHeaders, access: forPersons, act: true, handle: s.directoryStructure},

		{method: get, pattern: "/mail/{box}/{folder}", set: pageHeaders, access: forReaders, act: true, handle: s.list},
		{method: get, pattern: letterPath, set: pageHeaders, access: forReaders, act: true, handle: s.letter},
		{method: get, pattern: letterPath + "/body", set: bodyHeaders, access: forReaders, dest: "iframe", handle: s.body},
		{method: get, pattern: letterPath + "/source", set: fileHeaders, access: forReaders, act: true, handle: s.source},
		{method: get, pattern: letterPath + "/print", set: pageHeaders, access: forReaders, act: true, handle: s.print},
		{method: get, pattern: letterPath + "/zip", set: fileHeaders, access: forReaders, act: true, handle: s.zip},
		{method: get, pattern: partPath, set: fileHeaders, access: forReaders, act: true, handle: s.partDownload},
		{method: get, pattern: partPath + "/inline", set: imageHeaders, access: forReaders, dest: "image", handle: s.partInline},
		{method: get, pattern: partPath + "/picture", set: imageHeaders, access: forReaders, dest: "image", handle: s.partPicture},
		{method: get, pattern: partPath + "/view", set: viewerHeaders, access: forReaders, act: true, handle: s.partView},
		{method: get, pattern: partPath + "/embed", set: viewerFrameHeaders, access: forReaders, dest: "iframe", handle: s.partEmbed},
		{method: get, pattern: partPath + "/raw", set: pdfDataHeaders, access: forReaders, dest: "empty", handle: s.partRaw},

		{method: get, pattern: "/sessions", set: pageHeaders, who: person, access: forPersons, act: true, handle: s.sessionsPage},
		{method: post, pattern: "/sessions/revoke", set: pageHeaders, who: person, access: forPersons, act: true, handle: s.sessionRevoke},
		{method: get, pattern: "/journal", set: pageHeaders, who: person, access: forPersons, act: true, handle: s.journal},

		{method: get, pattern: "/static/*", set: staticHeaders, who: anyone, access: forAnyone, rate: rateNone, handle: s.static},
		{method: get, pattern: "/healthz", set: emptyHeaders, who: anyone, access: forAnyone, rate: rateNone, handle: s.healthz},
		{method: get, pattern: "/readyz", set: emptyHeaders, who: anyone, access: forAnyone, rate: rateNone, handle: s.readyz},
	}, slices.Concat(s.rulesRoutes(), s.triageRoutes(), s.supportRoutes())...)
}

// mount builds the router and refuses a route that declares no header set.
func (s *Server) mount() (http.Handler, error) {
	mux := chi.NewRouter()
	mux.Use(s.identified, s.logged, s.recovered, compressHTML(s.packer), middleware.GetHead)
	for _, rt := range s.routes() {
		if rt.set.lines() == nil || rt.handle == nil {
			return nil, fmt.Errorf("web: route %s %s declares no header set or handler", rt.method, rt.pattern)
		}
		mux.Method(rt.method, rt.pattern, s.guarded(&rt))
	}
	// Whoever asks for what is not there is counted as anybody is.
	mux.NotFound(s.limits.gate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, problem.New(problem.NotFound, "Cette adresse ne mène nulle part dans Pli."))
	})).ServeHTTP)
	mux.MethodNotAllowed(s.limits.gate(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, errMethod)
	})).ServeHTTP)
	return mux, nil
}

func (s *Server) static(w http.ResponseWriter, r *http.Request) error {
	static.Handler().ServeHTTP(w, r)
	return nil
}

var opaque = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// param reads an opaque id of the address; anything else was never ours.
func param(r *http.Request, name string) (string, error) {
	v := chi.URLParam(r, name)
	if !opaque.MatchString(v) {
		return "", problem.New(problem.NotFound, "")
	}
	return v, nil
}

// path joins opaque ids and numbers, which need no escaping.
func path(parts ...string) string { return "/" + strings.Join(parts, "/") }
