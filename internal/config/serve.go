package config

import (
	"cmp"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Serve is what the command line parser fills: embed it in the command struct,
// then ask Config.
type Serve struct {
	Flags Flags `embed:""`
}

// Flags is Config as parsed: without Validate, which the parser would call before
// the secret files are read.
type Flags Config

// Config reads the secret files, checks everything and gives the value to pass
// down. The error is Problems: every mistake at once.
func (s Serve) Config() (Config, error) {
	c := Config(s.Flags)
	var p Problems
	if err := p.unreadable(); err != nil {
		return c, err
	}
	c.Data.load(&p)
	p.secret(&c.OIDC.ClientSecret, "PLI_OIDC_CLIENT_SECRET", c.OIDC.ClientSecretFile)
	p.secret(&c.IMAP.ServicePassword, "PLI_IMAP_SERVICE_PASSWORD", c.IMAP.ServicePasswordFile)
	p.secret(&c.SMTP.ServicePassword, "PLI_SMTP_SERVICE_PASSWORD", c.SMTP.ServicePasswordFile)
	p.secret(&c.Sieve.ServicePassword, "PLI_SIEVE_SERVICE_PASSWORD", c.Sieve.ServicePasswordFile)
	p.secret(&c.SupportDesk.OIDC.ClientSecret, "PLI_SUPPORT_OIDC_CLIENT_SECRET", c.SupportDesk.OIDC.ClientSecretFile)
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	return c, p.with(c.Validate())
}

// Load is Config for a command beside the server, which needs the data only.
func (d Data) Load() (Data, error) {
	var p Problems
	d.load(&p)
	d.validate(&p)
	return d, p.or()
}

func (d *Data) load(p *Problems) { p.secret(&d.Keys, "PLI_KEYS", d.KeysFile) }

func (p Problems) with(err error) error {
	if more, ok := err.(Problems); ok {
		p = append(p, more...)
	}
	return p.or()
}

// unread stands for a secret whose file is at fault.
const unread Secret = "unreadable"

const maxSecretFile = 128 << 10 // bytes

// secret fills dst from its file. When the file is at fault, dst gets a
// placeholder so that Validate does not also call it empty.
func (p *Problems) secret(dst *Secret, name, path string) {
	if path == "" {
		return
	}
	if *dst != "" {
		p.add("%s and %s_FILE are both set: keep one of them.", name, name)
		return
	}
	*dst = unread
	info, err := os.Stat(path)
	switch {
	case err != nil || !info.Mode().IsRegular():
		p.add("%s_FILE names %s, which cannot be read: check path and rights.", name, path)
		return
	case info.Size() > maxSecretFile:
		p.add("%s_FILE names %s, which has %d bytes: a secret has at most %d.", name, path, info.Size(), maxSecretFile)
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		p.add("%s_FILE names %s, which cannot be read: check path and rights.", name, path)
		return
	}
	text := strings.TrimRight(string(b), "\r\n")
	if text == "" {
		p.add("%s_FILE names %s, which is empty.", name, path)
		return
	}
	*dst = Secret(text)
}

// Setting is one line of the table of settings.
type Setting struct {
	Group, Flag, Env, Default, Help string
	Secret                          bool // has a *_FILE twin, never printed
}

// Settings lists every setting, by group, in the order of the struct.
func Settings() ([]Setting, error) {
	k, err := kong.New(&Serve{}, kong.NoDefaultHelp())
	if err != nil {
		return nil, err
	}
	var out []Setting
	for _, f := range k.Model.Flags {
		s := Setting{Flag: "--" + f.Name, Default: f.Default, Help: f.Help}
		if len(f.Envs) > 0 {
			s.Env = f.Envs[0]
		}
		if f.Group != nil {
			s.Group = f.Group.Key
		}
		_, s.Secret = f.Target.Interface().(Secret)
		out = append(out, s)
	}
	var groups []string // as the struct has them
	for _, s := range out {
		if !slices.Contains(groups, s.Group) {
			groups = append(groups, s.Group)
		}
	}
	slices.SortStableFunc(out, func(a, b Setting) int {
		return cmp.Compare(slices.Index(groups, a.Group), slices.Index(groups, b.Group))
	})
	return out, nil
}

// Markdown is the table of settings for the README, group by group.
func Markdown(settings []Setting) string {
	var b strings.Builder
	b.WriteString("| environment | default | meaning |\n|---|---|---|\n")
	cell := strings.NewReplacer("|", `\|`, "\n", " ").Replace
	group := ""
	for _, s := range settings {
		if s.Group != group {
			group = s.Group
			b.WriteString("| **" + cell(group) + "** | | |\n")
		}
		def := ""
		if s.Default != "" {
			def = "`" + cell(strings.ReplaceAll(s.Default, ",", ", ")) + "`"
		}
		b.WriteString("| `" + s.Env + "` | " + def + " | " + cell(s.Help) + " |\n")
	}
	return b.String()
}
