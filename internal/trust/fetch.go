package trust

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"pli.example/pli/internal/problem"
	"pli.example/pli/internal/xmlsig"
)

// fetchTimeout bounds one whole download: a server that trickles is given up.
const fetchTimeout = 90 * time.Second

// maxValidator bounds what is sent back to the server.
const maxValidator = 256

// validators are the server's word on the list in force. They live in memory only:
// one changed in the database would make us ask for "anything but this" for ever.
type validators struct{ etag, modified string }

// fetch gets the document, or nil when the server says ours is the last.
func (l *List) fetch(ctx context.Context) ([]byte, validators, error) {
	if l.o.URL == "" || l.client == nil {
		return nil, validators{}, &refusal{reason: notConfigured, kind: problem.Internal, err: errors.New("no address to fetch from"),
			clause: "Aucune adresse n’est configurée pour la liste blanche."}
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.o.URL, nil)
	if err != nil {
		return nil, validators{}, down(err)
	}
	if l.validators.etag != "" {
		req.Header.Set("If-None-Match", l.validators.etag)
	}
	if l.validators.modified != "" {
		req.Header.Set("If-Modified-Since", l.validators.modified)
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return nil, validators{}, down(err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && l.validators != validators{}:
		return nil, l.validators, nil
	case resp.StatusCode != http.StatusOK:
		return nil, validators{}, &refusal{reason: status, kind: problem.UpstreamRefused, err: errors.New("status " + strconv.Itoa(resp.StatusCode)),
			clause: "Le serveur de la liste blanche a répondu par l’erreur " + strconv.Itoa(resp.StatusCode) + "."}
	}
	raw, err := l.body(resp)
	return raw, validators{short(resp.Header.Get("ETag")), short(resp.Header.Get("Last-Modified"))}, err
}

func (l *List) body(resp *http.Response) ([]byte, error) {
	most := min(l.o.MaxBytes, xmlsig.MaxBytes)
	if resp.ContentLength <= most { // else refused unread
		raw, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
		if err != nil {
			return nil, down(err)
		}
		if int64(len(raw)) <= most {
			return raw, nil
		}
	}
	return nil, &refusal{reason: tooLarge, kind: problem.TooLarge, err: fmt.Errorf("more than %d bytes", most),
		clause: fmt.Sprintf("La liste blanche reçue dépasse %d\u00a0Mo.", most>>20)}
}

func down(err error) *refusal {
	r := &refusal{reason: unreachable, kind: problem.UpstreamDown, err: err, clause: "Le serveur de la liste blanche n’a pas pu être joint."}
	if errors.Is(err, context.DeadlineExceeded) {
		r.kind, r.clause = problem.Timeout, "Le serveur de la liste blanche n’a pas répondu à temps."
	}
	return r
}

// short keeps a validator only when it can be sent back as it is.
func short(s string) string {
	if len(s) > maxValidator {
		return ""
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return ""
		}
	}
	return s
}
