package demo

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
)

// router is the HTTP line out of the demo: known hosts and paths lead to handlers
// in the process, everything else is refused. Nothing leaves the machine.
type router []route

type route struct {
	host, path string // path is a prefix
	handler    http.Handler
	up         func() bool
}

// RoundTrip implements http.RoundTripper.
func (rs *router) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	for _, to := range *rs {
		if r.URL.Host != to.host || !strings.HasPrefix(r.URL.Path, to.path) {
			continue
		}
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		if !to.up() {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}
		return serve(to.handler, r)
	}
	return nil, fmt.Errorf("the demo has no line to host %s: nothing leaves the machine", r.URL.Host)
}

// serve calls a handler as a server would.
func serve(h http.Handler, r *http.Request) (res *http.Response, err error) {
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:1"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := &response{header: http.Header{}}
	defer func() {
		if p := recover(); p != nil {
			res, err = nil, fmt.Errorf("a stand-in of the demo panicked: %T", p)
		}
	}()
	h.ServeHTTP(w, in)
	if w.status == 0 {
		w.status = http.StatusOK
	}
	w.header.Set("Content-Length", strconv.Itoa(w.body.Len()))
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

// response collects what a handler writes.
type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *response) Header() http.Header { return w.header }

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *response) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}
