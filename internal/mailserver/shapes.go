package mailserver

import (
	"strings"
	"sync"

	"pli.example/pli/internal/message"
)

// shapes are the trees of small letters, one for all that are built alike: such a letter
// is read whole when it is opened, and until then the types of its parts are all that
// anybody asks of its row. Its own tree would be half of what a row takes.
type shapes struct {
	mu    sync.Mutex
	known map[string]*message.Part
}

const (
	maxShapes  = 512 // senders choose types: beyond, rows keep their own trees
	maxOutline = 200 // bytes
)

// of gives the tree to keep for a small letter's row.
func (s *shapes) of(tree *message.Part) *message.Part {
	var b strings.Builder
	if !outline(&b, tree) {
		return tree
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.known[b.String()]; ok {
		return p
	}
	if len(s.known) >= maxShapes {
		return tree
	}
	if s.known == nil {
		s.known = make(map[string]*message.Part)
	}
	p := typesOf(tree)
	s.known[b.String()] = p
	return p
}

// outline writes the types of a tree; false when more than those counts: of a notice,
// what it carries back is looked at in its row.
func outline(b *strings.Builder, p *message.Part) bool {
	if p.Embedded != nil || p.Type == "multipart/report" || strings.HasPrefix(p.Type, "message/") || strings.ContainsAny(p.Type, "(,)") ||
		b.Len() > maxOutline {
		return false
	}
	b.WriteString(p.Type)
	if len(p.Children) == 0 {
		return b.Len() <= maxOutline
	}
	b.WriteByte('(')
	for _, c := range p.Children {
		if !outline(b, c) {
			return false
		}
		b.WriteByte(',')
	}
	b.WriteByte(')')
	return true
}

// typesOf copies types and numbers.
func typesOf(p *message.Part) *message.Part {
	out := &message.Part{Path: strings.Clone(p.Path), Type: strings.Clone(p.Type)}
	for _, c := range p.Children {
		out.Children = append(out.Children, typesOf(c))
	}
	return out
}
