package testkit

import (
	"net/http"
	"net/http/httptest"
)

// Figures is what the app's listener of metrics answers.
func Figures(k *Kit) string {
	w := httptest.NewRecorder()
	k.App.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}
