package app

import "pli.example/pli/web"

// Addresses is the table of every address served, in Markdown.
func Addresses() string { return web.SiteMapMarkdown() }
