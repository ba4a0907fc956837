package main

import (
	"fmt"

	"pli.example/pli/internal/app"
	"pli.example/pli/internal/config"
)

// printCmd prints what documents are made of, from the code itself: the tables of the
// README are these, and a test compares them.
type printCmd struct {
	Config    printConfigCmd    `cmd:"" help:"The table of every setting, in Markdown."`
	Addresses printAddressesCmd `cmd:"" help:"The table of every address served, in Markdown."`
}

type printConfigCmd struct{}

// Run prints the table of settings.
func (printConfigCmd) Run(s *streams) error {
	settings, err := config.Settings()
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(s.out, config.Markdown(settings))
	return err
}

type printAddressesCmd struct{}

// Run prints the table of addresses.
func (printAddressesCmd) Run(s *streams) error {
	_, err := fmt.Fprint(s.out, app.Addresses())
	return err
}
