package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealthy(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(status)
	}))
	at := strings.TrimPrefix(s.URL, "http://")
	_, port, _ := strings.Cut(at, ":")
	for _, listen := range []string{at, "0.0.0.0:" + port, ":" + port} {
		if code, out, errOut := pli(t, "healthy", "--listen", listen); code != 0 || out+errOut != "" {
			t.Errorf("%s: %d %q %q", listen, code, out, errOut)
		}
	}
	status = http.StatusServiceUnavailable
	if code, _, errOut := pli(t, "healthy", "--listen", at); code != 1 || !strings.Contains(errOut, "not ready") {
		t.Errorf("%d %q", code, errOut)
	}
	s.Close()
	if code, _, errOut := pli(t, "healthy", "--listen", at); code != 1 || !strings.Contains(errOut, "not answering") {
		t.Errorf("%d %q", code, errOut)
	}
}
