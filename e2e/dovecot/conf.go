package dovecot

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
)

// conf is dovecot.conf. What matters to a webmail's operator is commented.
func (o Options) conf() string {
	uid, gid := Owner()
	return fmt.Sprintf(`
base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/dovecot.log
protocols = imap
listen = 127.0.0.1
%[2]s
ssl = yes
ssl_cert = <%[1]s/cert.pem
ssl_key = <%[1]s/key.pem
ssl_min_protocol = TLSv1.2
auth_worker_max_count = 4

passdb {
  driver = passwd-file
  mechanisms = plain
  master = yes
  args = %[1]s/masters
}
# Dovecot wants a passdb for people beside the one for service accounts. It is
# empty: no mailbox has a password of its own.
passdb {
  driver = passwd-file
  mechanisms = plain
  args = %[1]s/nobody
}
%[3]s
userdb {
  driver = passwd-file
  args = username_format=%%u %[1]s/users
}
service imap-login {
  service_count = 0
  process_min_avail = 1
  client_limit = 1000
  inet_listener imap {
    address = 127.0.0.1
    port = %[4]d
  }
  inet_listener imaps {
    port = 0
  }
}
service imap {
  process_limit = 500
}

mail_uid = %[5]d
mail_gid = %[6]d
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
namespace inbox {
  inbox = yes
  separator = %[7]s
%[8]s}
%[9]s`, o.Dir, identities(), o.signIn(), o.Port, uid, gid, o.Separator, o.specialUse(), Without(o.Hide...))
}

// Capabilities is what Dovecot 2.3 announces by itself to somebody signed in.
const Capabilities = "IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS THREAD=ORDEREDSUBJECT MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY STATUS=SIZE SAVEDATE LITERAL+ NOTIFY SPECIAL-USE"

// Without is the setting that leaves some of them out; "" when it leaves none.
func Without(hidden ...string) string {
	if len(hidden) == 0 {
		return ""
	}
	announced := slices.DeleteFunc(strings.Fields(Capabilities), func(c string) bool { return slices.Contains(hidden, c) })
	return "imap_capability = " + strings.Join(announced, " ") + "\n"
}

// signIn is what an operator sets for a webmail.
func (o Options) signIn() string {
	if o.Operator != "" {
		return o.Operator
	}
	mechanisms, passdb := "plain", ""
	if o.Introspection != "" {
		mechanisms, passdb = "plain xoauth2", o.tokenPassdb()
	}
	return fmt.Sprintf(`
disable_plaintext_auth = yes

auth_mechanisms = %[1]s
# All users of a webmail come from one address: Dovecot's penalty for failures is
# per address and would make one person's stale token everybody's delay.
auth_failure_delay = 0
login_trusted_networks = 127.0.0.0/8
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
mail_max_userip_connections = 200
%[2]s`, mechanisms, passdb)
}

// tokenPassdb proves the person, then asks whether this person may open this
// mailbox. The first block accepts any live token and only notes whose it is
// (result_success = continue: nobody is let in by it); the second looks the pair
// up and decides. A token without a national id fails in the first.
func (o Options) tokenPassdb() string {
	return fmt.Sprintf(`
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = %[1]s/oauth2.conf
  result_success = continue
  result_failure = return-fail
  result_internalfail = return-fail
}
passdb {
  driver = passwd-file
  mechanisms = xoauth2
  args = username_format=%%Lu|%%{passdb:national_id} %[1]s/pairs
}
`, o.Dir)
}

// oauth2 is the first block's settings. username_format is a constant, because
// the mailbox address (what the client names) and the national id (what the token
// proves) are never equal: the pair is checked next, not here.
func (o Options) oauth2() string {
	if o.Introspection == "" {
		return ""
	}
	return fmt.Sprintf(`introspection_url = %s
introspection_mode = post
active_attribute = active
active_value = true
username_attribute = SubjectNameID
username_format = professional
pass_attrs = national_id=%%{oauth2:SubjectNameID}
timeout_msecs = 5000
`, o.Introspection)
}

func (o Options) pairs() string {
	var b strings.Builder
	for _, p := range o.Pairs {
		fmt.Fprintf(&b, "%s|%s:::::::nopassword\n", strings.ToLower(p.Mailbox), p.NationalID)
	}
	return b.String()
}

func (o Options) users() string {
	uid, gid := Owner()
	var b strings.Builder
	for _, m := range o.Mailboxes {
		fmt.Fprintf(&b, "%s::%d:%d::%s::\n", strings.ToLower(m), uid, gid, filepath.Join(o.MaildirRoot, m))
	}
	return b.String()
}

func masters() string {
	return Inspector + ":{PLAIN}" + InspectorPassword + "\n" + Service + ":{PLAIN}" + ServicePassword + "\n"
}

func (o Options) specialUse() string {
	f := o.Folders
	var b strings.Builder
	for _, m := range []struct{ name, use string }{
		{f.Drafts, `\Drafts`}, {f.Sent, `\Sent`}, {f.Archive, `\Archive`}, {f.Junk, `\Junk`}, {f.Trash, `\Trash`},
	} {
		fmt.Fprintf(&b, "  mailbox %s {\n    auto = subscribe\n    special_use = %s\n  }\n", m.name, m.use)
	}
	return b.String()
}

// identities lets Dovecot run without root: every process is then ourselves.
func identities() string {
	if os.Getuid() == 0 {
		return ""
	}
	me, err := user.Current()
	if err != nil {
		return ""
	}
	group := me.Gid
	if g, err := user.LookupGroupId(me.Gid); err == nil {
		group = g.Name
	}
	return fmt.Sprintf(`default_internal_user = %[1]s
default_internal_group = %[2]s
default_login_user = %[1]s
service anvil {
  chroot =
}
service imap-login {
  chroot =
}
`, me.Username, group)
}
