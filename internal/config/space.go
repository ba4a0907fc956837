package config

import (
	"net/url"
	"strings"
	"time"
)

// Source is a public file fetched over https.
type Source struct {
	URL    string        `env:"URL" help:"Where it is fetched, https; empty: never fetched."`
	CAFile string        `env:"CA_FILE" help:"The only authorities accepted for its host, PEM; empty: the system's."`
	Every  time.Duration `env:"EVERY" help:"Time between two fetches; 0: as the room sees fit."`
}

// Trust is the white list of the MSSanté space.
type Trust struct {
	Source
	AnchorsFile   string        `env:"ANCHORS_FILE" help:"The only authorities accepted for the signature of the list (IGC-Santé), PEM. Without it no list is believed."`
	SignerNames   []string      `env:"SIGNER_NAMES" default:"alb.mssante.fr" help:"Common names the signer of the list may have."`
	MaxAge        time.Duration `env:"MAX_AGE" default:"168h" help:"A list older than this is stale: pages say so, and letters wait for a younger one."`
	AllowUnlisted bool          `env:"ALLOW_UNLISTED" help:"Let letters leave while there is no list, or a stale one, once the person was told."`
}

// Directory is the national directory of mailboxes.
type Directory struct {
	Source
	Database string `env:"DATABASE" help:"File of the directory, built anew at each import; empty: beside the database, with .directory at the end."`
}

// path of the directory's file: beside the database unless named.
func (d Directory) path(data Data) string {
	if d.Database != "" || data.Ephemeral {
		return d.Database
	}
	return data.Database + ".directory"
}

// DirectoryFile is where the directory is kept; "" in memory.
func (c Config) DirectoryFile() string { return c.Directory.path(c.Data) }

// Sends reports whether letters can leave: a submission server is named.
func (c Config) Sends() bool { return c.SMTP.Address != "" }

func (s Source) validate(p *Problems, prefix string) {
	u, err := url.Parse(s.URL)
	p.require(s.URL == "" || err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil,
		"%sURL is %q: it must be an https address without a password.", prefix, s.URL)
	p.authorities(prefix+"CA_FILE", s.CAFile)
	p.require(s.Every == 0 || s.Every >= time.Minute, "%sEVERY is %s: it must be a minute or more.", prefix, s.Every)
}

func (c Config) validateSpace(p *Problems) {
	c.Trust.Source.validate(p, "PLI_TRUST_")
	c.Directory.Source.validate(p, "PLI_DIRECTORY_")
	p.authorities("PLI_TRUST_ANCHORS_FILE", c.Trust.AnchorsFile)
	p.require(c.Trust.MaxAge > 0, "PLI_TRUST_MAX_AGE is %s: it must be positive.", c.Trust.MaxAge)
	for _, n := range c.Trust.SignerNames {
		p.require(strings.TrimSpace(n) != "", "PLI_TRUST_SIGNER_NAMES holds an empty name.")
	}
	p.require(c.Trust.URL == "" || c.Trust.AnchorsFile != "" || c.Ephemeral,
		"PLI_TRUST_ANCHORS_FILE is empty: name the authorities of the white list's signature, or no list is believed; unset PLI_TRUST_URL to run without a list.")
	p.require(!c.Sends() || c.SMTP.NIL != "", "PLI_SMTP_NIL is empty: every letter must carry the product reference (X-MSS-NIL, ECO.2.4.3).")
	p.require(c.SMTP.MailboxRoom == 0 || c.SMTP.MailboxRoom >= leastRoom, "PLI_SMTP_MAILBOX_ROOM is %d: it must be %d octets or more, what one letter needs.", c.SMTP.MailboxRoom, leastRoom)
	p.require(c.SMTP.AccountRoom == 0 || c.SMTP.AccountRoom >= leastRoom, "PLI_SMTP_ACCOUNT_ROOM is %d: it must be %d octets or more, what one letter needs.", c.SMTP.AccountRoom, leastRoom)
	p.require(!c.Sends() || strings.Trim(c.SMTP.NIL, nilLetters) == "" && len(c.SMTP.NIL) <= 128,
		"PLI_SMTP_NIL is %q: it must be at most 128 letters, digits, spaces or ._-/.", c.SMTP.NIL)
}

const nilLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-/"
