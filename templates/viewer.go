package templates

import (
	"strings"

	"pli.example/pli/static"
)

// pdfDir is the hashed folder in which pdf.js finds its fonts and decoders.
func pdfDir() string {
	return strings.TrimSuffix(static.Path("vendor/pdfjs/pdf.min.mjs"), "pdf.min.mjs")
}

func viewerScript(v ViewerView) string {
	if v.ScriptHref != "" {
		return v.ScriptHref
	}
	return static.Path("viewer.js")
}

func viewerWorker(v ViewerView) string {
	if v.WorkerHref != "" {
		return v.WorkerHref
	}
	return static.Path("vendor/pdfjs/pdf.worker.min.mjs")
}

func viewerDownload(v ViewerView) string {
	if v.DownloadHref != "" {
		return v.DownloadHref
	}
	return v.FileHref
}
