package identity

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	maxBody     = 256 << 10 // bytes of any answer of the provider
	callTimeout = 10 * time.Second
)

var (
	errTooLarge = errors.New("answer over 256 KiB")
	errRedirect = errors.New("the provider answered with a redirect")
)

// statusError is an answer that says the provider cannot serve now.
type statusError struct{ code int }

func (e *statusError) Error() string { return fmt.Sprintf("provider answered status %d", e.code) }

// guard stands between us and the provider: 5xx and 429 become errors that
// survive wrapping by the OAuth libraries, bodies are capped (the key set is
// read without a limit by go-oidc).
type guard struct{ next http.RoundTripper }

func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests {
		resp.Body.Close()
		return nil, &statusError{resp.StatusCode}
	}
	resp.Body = &cappedBody{ReadCloser: resp.Body, left: maxBody}
	return resp, nil
}

type cappedBody struct {
	io.ReadCloser
	left int64
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, errTooLarge
	}
	return n, err
}

// guarded copies c so that the caller's client is left as it was. Redirects are
// refused: no endpoint of a provider needs one, and following one would carry a
// client secret to a host nobody configured.
func guarded(c *http.Client) *http.Client {
	out := &http.Client{Timeout: callTimeout, Transport: http.DefaultTransport}
	if c != nil {
		if c.Transport != nil {
			out.Transport = c.Transport
		}
		if c.Timeout > 0 {
			out.Timeout = c.Timeout
		}
	}
	out.Transport = guard{out.Transport}
	out.CheckRedirect = func(*http.Request, []*http.Request) error { return errRedirect }
	return out
}
