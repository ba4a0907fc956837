package cyrus

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"pli.example/pli/e2e/dovecot"
)

// imapdConf is imapd.conf. What matters to a webmail's operator is commented.
func (o Options) imapdConf(me, group string) string {
	f := o.Folders
	return fmt.Sprintf(`
configdirectory: %[1]s/conf
defaultpartition: default
partition-default: %[1]s/spool
cyrus_user: %[2]s
cyrus_group: %[3]s
servername: localhost
syslog_prefix: pli-e2e

# Addresses are the names of mailboxes, dots and all.
virtdomains: userid
defaultdomain: localhost
unixhierarchysep: yes
altnamespace: yes

# The service account acts for the mailbox it names (RFC 4616). It is no
# administrator: it can do what the mailbox's owner can.
proxyservers: %[4]s %[5]s
sasl_mech_list: PLAIN
sasl_pwcheck_method: saslauthd
sasl_saslauthd_path: %[1]s/saslauthd
allowplaintext: no
tls_server_cert: %[1]s/cert.pem
tls_server_key: %[1]s/key.pem
tls_versions: tls1_2 tls1_3
tls_session_timeout: 0

# A webmail keeps some connections for each person, and its host has them all.
maxlogins_per_host: 0
maxlogins_per_user: 0
popminpoll: 0
timeout: 30
imapidlepoll: 1

autocreate_quota: 0
autocreate_users: anyone
autocreate_inbox_folders: %[6]s|%[7]s|%[8]s|%[9]s|%[10]s
autocreate_subscribe_folders: %[6]s|%[7]s|%[8]s|%[9]s|%[10]s
xlist-drafts: %[6]s
xlist-sent: %[7]s
xlist-archive: %[8]s
xlist-junk: %[9]s
xlist-trash: %[10]s

expunge_mode: immediate
delete_mode: immediate
duplicate_db: skiplist
skiplist_unsafe: yes
`, o.Dir, me, group, dovecot.Service, dovecot.Inspector, f.Drafts, f.Sent, f.Archive, f.Junk, f.Trash)
}

// cyrusConf is what the master starts: IMAP, and nothing else.
func (s *Server) cyrusConf() string {
	o := s.options
	return fmt.Sprintf(`
START {
  recover cmd="%[2]s -C %[1]s/imapd.conf -r"
}
SERVICES {
  imap cmd="%[3]s -C %[1]s/imapd.conf" listen="127.0.0.1:%[4]d" proto="tcp4" prefork=1 maxchild=200
}
EVENTS {
}
`, o.Dir, s.tree.Path(recovery), s.tree.Path(imapd), o.Port)
}

func (s *Server) write() error {
	o := s.options
	uid, gid := dovecot.Owner()
	me, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return err
	}
	group := strconv.Itoa(gid)
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	for _, dir := range []string{"conf/db", "conf/socket", "conf/proc", "conf/log", "conf/msg", "conf/ptclient", "conf/lock", "spool/stage."} {
		if err := os.MkdirAll(filepath.Join(o.Dir, dir), 0o755); err != nil {
			return err
		}
	}
	cert, key, err := s.CA.Issue("127.0.0.1", "localhost")
	if err != nil {
		return err
	}
	for name, text := range map[string]string{"cert.pem": cert, "key.pem": key, "imapd.conf": o.imapdConf(me.Username, group), "cyrus.conf": s.cyrusConf()} {
		if err := os.WriteFile(filepath.Join(o.Dir, name), []byte(text), 0o640); err != nil {
			return err
		}
	}
	err = filepath.WalkDir(o.Dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() && e.Name() == "debian" {
			return fs.SkipDir // a copy of the programs stays with whoever made it
		}
		return errors.Join(err, os.Chown(path, uid, gid))
	})
	if err != nil {
		return err
	}
	return dovecot.OpenPath(o.Dir)
}
