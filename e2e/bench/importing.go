package main

import (
	"archive/zip"
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pli.example/pli/e2e/bench/country"
	"pli.example/pli/e2e/dovecot"
)

// importing measures the inbox while the whole directory comes in, against itself
// a moment before, then the suggestions over all of it.
type importing struct {
	measures
	box string
}

const importWait = 20 * time.Minute

// benchImporting runs a second Pli on the same mailbox, whose directory stands
// behind a server that holds its answer until it is told.
func benchImporting(m *measures) error {
	dir, err := os.MkdirTemp("", "pli-i-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "extraction.zip")
	if err := pack(file); err != nil {
		return err
	}
	release := make(chan struct{})
	address, ca, stop, err := offer(dir, file, release)
	if err != nil {
		return err
	}
	defer stop()
	s, err := serveBox(dir, m.dovecot, mailbox, "PLI_DIRECTORY_URL=https://"+address+"/extraction", "PLI_DIRECTORY_CA_FILE="+ca,
		"PLI_SMTP_ADDRESS=127.0.0.1:1", "PLI_SMTP_NIL=PLI-BENCH") // nothing is sent: suggestions belong to those who write
	if err != nil {
		return err
	}
	defer s.stop()
	i := &importing{measures: measures{site: s, dovecot: m.dovecot, letters: m.letters, runs: m.runs}}
	if err := i.begin(); err != nil {
		return err
	}
	i.box = s.base + strings.Join(strings.Split(strings.TrimPrefix(i.inURL, s.base), "/")[:3], "/")
	if err := i.measure(m, release); err != nil {
		return fmt.Errorf("importing: %w\n%s", err, s.pli.Log())
	}
	return nil
}

func (i *importing) measure(m *measures, release chan struct{}) error {
	t := &series{name: "inbox while importing", needs: "the same page just before the import", share: 2, p95: true}
	for range 4 * i.runs {
		began := time.Now()
		if _, err := i.get(i.inURL); err != nil {
			return err
		}
		t.floor = append(t.floor, time.Since(began))
		time.Sleep(5 * time.Millisecond)
	}
	close(release)
	began := time.Now()
	for n := 0; ; n++ {
		at := time.Now()
		if _, err := i.get(i.inURL); err != nil {
			return err
		}
		t.page = append(t.page, time.Since(at))
		time.Sleep(5 * time.Millisecond)
		if n%50 == 49 {
			if body, err := i.suggest("martin"); err != nil {
				return err
			} else if strings.Contains(body, `"entries":[{`) {
				break
			}
		}
		if time.Since(began) > importWait {
			return fmt.Errorf("the import did not end in %s", importWait)
		}
	}
	m.series = append(m.series, t)
	m.note("import of %d lines", true, "%.0f s beside %d pages of the inbox", []any{country.FullSize}, time.Since(began).Seconds(), len(t.page))
	return i.suggestions(m)
}

// suggestions are asked as one types: each prefix of some names and trades.
func (i *importing) suggestions(m *measures) error {
	var took []time.Duration
	for _, words := range []string{"martin", "bernard lyon", "cardio tours", "pharmacie rennes", "dubois infirmier", "ch orl", "kine nantes", "laboratoire", "petit ma", "durand pediatre"} {
		for n := 2; n <= len(words); n++ {
			began := time.Now()
			if _, err := i.suggest(words[:n]); err != nil {
				return err
			}
			took = append(took, time.Since(began))
		}
	}
	p50, p95 := percentile(took, 0.50), percentile(took, 0.95)
	m.note("suggestions over %d lines, over HTTP", p50 <= 10*time.Millisecond, "p50 %.1f ms, p95 %.1f ms of %d questions, bound 10 ms at p50",
		[]any{country.FullSize}, ms(p50), ms(p95), len(took))
	return nil
}

func (i *importing) suggest(words string) (string, error) {
	req, err := i.v.Request("POST", i.box+"/suggest", url.Values{"words": {words}})
	if err != nil {
		return "", err
	}
	res, err := i.v.Send(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if res.StatusCode == http.StatusServiceUnavailable { // nothing has been imported yet
		return "", err
	}
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("a suggestion answered %d: %.200s", res.StatusCode, b)
	}
	return string(b), err
}

// pack writes the country as the directory offers it.
func pack(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z := zip.NewWriter(f)
	w, err := z.Create("Extraction_Correspondance_MSSante.txt")
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, 1<<20)
	if err := country.Write(b, country.Options{}); err != nil {
		return err
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return z.Close()
}

// offer serves the file over https once released.
func offer(dir, file string, release chan struct{}) (address, caFile string, stop func() error, err error) {
	ca, err := dovecot.NewCA("AC de l'extraction")
	if err != nil {
		return "", "", nil, err
	}
	cert, key, err := ca.Issue("127.0.0.1")
	if err != nil {
		return "", "", nil, err
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return "", "", nil, err
	}
	caFile = filepath.Join(dir, "extraction-ca.pem")
	if err := os.WriteFile(caFile, []byte(ca.PEM), 0o600); err != nil {
		return "", "", nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", "", nil, err
	}
	srv := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/zip")
		w.(http.Flusher).Flush() // the answer begins: whoever asked waits for the file itself
		select {
		case <-release:
			if f, err := os.Open(file); err == nil {
				defer f.Close()
				_, _ = io.Copy(w, f)
			}
		case <-r.Context().Done():
		}
	})}
	go srv.Serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	return l.Addr().String(), caFile, srv.Close, nil
}
