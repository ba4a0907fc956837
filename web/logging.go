package web

import (
	"context"
	"log/slog"
)

// WithRequest makes a logger put the id of the request on every line that a room
// writes while it serves one: the id of the error page then finds them all. Give it
// to every room; lines of the loops have no request, and none is added.
func WithRequest(log *slog.Logger) *slog.Logger { return slog.New(ofRequest{log.Handler()}) }

type ofRequest struct{ slog.Handler }

// Handle adds the id unless the line has one already.
func (h ofRequest) Handle(ctx context.Context, r slog.Record) error {
	sc, ok := ctx.Value(scopeKey{}).(*scope)
	if !ok {
		return h.Handler.Handle(ctx, r)
	}
	said := false
	r.Attrs(func(a slog.Attr) bool {
		said = a.Key == "request"
		return !said
	})
	if !said {
		r = r.Clone()
		r.AddAttrs(slog.String("request", sc.id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs and WithGroup keep the wrapping.
func (h ofRequest) WithAttrs(attrs []slog.Attr) slog.Handler {
	return ofRequest{h.Handler.WithAttrs(attrs)}
}

// WithGroup as slog.Handler says.
func (h ofRequest) WithGroup(name string) slog.Handler { return ofRequest{h.Handler.WithGroup(name)} }
