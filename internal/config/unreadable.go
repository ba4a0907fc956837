package config

import (
	"os"
	"slices"

	"github.com/alecthomas/kong"
)

// Forgive makes the parser take the defaults for what the environment says and nothing
// can read (a duration "abc"), in the commands that ask Config: it names them beside
// every other fault, where the parser would stop at the first one.
func Forgive(k *kong.Kong, commands ...string) {
	for _, leaf := range k.Model.Leaves(false) {
		if !slices.Contains(commands, leaf.Name) {
			continue
		}
		for _, f := range leaf.Flags {
			if f.Reset() != nil {
				f.Tag.Envs = nil
			}
		}
	}
}

// unreadable lists what Forgive forgave.
func (p *Problems) unreadable() error {
	k, err := kong.New(&Serve{}, kong.NoDefaultHelp())
	if err != nil {
		return err
	}
	for _, f := range k.Model.Flags {
		err := f.Reset()
		if err == nil {
			continue
		}
		name := "--" + f.Name
		for _, env := range f.Tag.Envs {
			if _, set := os.LookupEnv(env); set {
				name = env
				break
			}
		}
		p.add("%s cannot be read: %v.", name, err)
	}
	return nil
}
