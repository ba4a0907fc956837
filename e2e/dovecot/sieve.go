package dovecot

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// SieveInstalled says whether the machine has Pigeonhole and its ManageSieve server.
func SieveInstalled() error {
	if err := Installed(); err != nil {
		return err
	}
	for _, name := range []string{"/usr/lib/dovecot/managesieve", "/usr/lib/dovecot/modules/lib90_sieve_plugin.so"} {
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("dovecot-managesieved and dovecot-sieve are not installed: %w", err)
		}
	}
	return nil
}

// Sieve is how rules are kept on a server, and where the letters go that the server
// writes by itself.
type Sieve struct {
	Address string // 127.0.0.1:port of ManageSieve, with STARTTLS
	Letters string // directory: one file for each letter
}

// sieve prepares the settings of rules, added to dovecot.conf: "" when none are kept.
// Letters are delivered through the scripts of their mailbox; what those answer goes to
// files rather than to a mail transfer agent.
func (o Options) sieve() (conf string, s Sieve, err error) {
	if !o.Rules {
		return "", s, nil
	}
	if err := SieveInstalled(); err != nil {
		return "", s, err
	}
	port, err := FreePort()
	if err != nil {
		return "", s, err
	}
	s = Sieve{Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Letters: filepath.Join(o.Dir, "written")}
	if err := os.Mkdir(s.Letters, 0o777); err != nil {
		return "", s, err
	}
	if err := os.Chmod(s.Letters, 0o777); err != nil { // the mail user writes there
		return "", s, err
	}
	sendmail := filepath.Join(o.Dir, "sendmail")
	if err := os.WriteFile(sendmail, fmt.Appendf(nil, "#!/bin/sh\nexec cat >%s/$$\n", s.Letters), 0o755); err != nil {
		return "", s, err
	}
	chroot := ""
	if os.Getuid() != 0 {
		chroot = "  chroot =\n"
	}
	return fmt.Sprintf(`
service managesieve-login {
%[1]s  inet_listener sieve {
    address = 127.0.0.1
    port = %[2]d
  }
}
sendmail_path = %[3]s
plugin {
  sieve = file:~/sieve;active=~/.dovecot.sieve
}
protocol lmtp {
  mail_plugins = sieve
}
`, chroot, port, sendmail), s, nil
}
