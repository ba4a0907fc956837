package templates

import (
	"context"
	"strings"
	"sync"

	"github.com/a-h/templ"
)

// keysHelp is keysSheet, drawn once: it is on every page and never changes.
func keysHelp() templ.Component { return templ.Raw(keysHTML()) }

var keysHTML = sync.OnceValue(func() string {
	var b strings.Builder
	if err := keysSheet().Render(context.Background(), &b); err != nil {
		panic(err) // a strings.Builder takes everything
	}
	return b.String()
})
