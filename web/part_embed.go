package web

import (
	"net/http"
	"strings"

	"pli.example/pli/internal/message"
	"pli.example/pli/templates"
)

// maxEmbedded is the size of a document shown without being asked for: it comes down
// whole.
const maxEmbedded = 4_000_000

// embedHref is where the first page of a document is drawn for a letter's page.
func embedHref(p *message.Part, kind, at string, size int64) string {
	if kind != "pdf" || size <= 0 || size > maxEmbedded {
		return ""
	}
	return at + "/embed"
}

// partEmbed is the viewer in a letter's page: the first page and how many follow. The
// document itself is fetched, and written to the trail, by the viewer.
func (s *Server) partEmbed(w http.ResponseWriter, r *http.Request) error {
	if _, _, err := s.letterAt(r); err != nil {
		return err
	}
	self := strings.TrimSuffix(r.URL.Path, "/embed")
	letter := self[:strings.LastIndex(self, "/part/")]
	return s.render(w, r, http.StatusOK, templates.ViewerPage(templates.ViewerView{Nonce: scopeOf(r).nonce, FileName: "Document",
		FileHref: self + "/raw", BackHref: letter, DownloadHref: self, WholeHref: self + "/view"}))
}
