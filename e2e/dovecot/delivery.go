package dovecot

import (
	"fmt"
	"os"
	"path/filepath"
)

// Delivery is how a mail transfer agent of the same machine reaches Dovecot: who
// may sign in is asked of one socket, letters are handed to the other by LMTP.
type Delivery struct {
	AuthSocket, LMTPSocket string
	Sieve                  Sieve // with Options.Rules
}

// StartDelivering is Start with both sockets open. They lie in Dir, which must be
// short: a socket's path holds 107 bytes.
func StartDelivering(o Options) (*Server, Delivery, error) {
	d := Delivery{AuthSocket: filepath.Join(o.Dir, "auth"), LMTPSocket: filepath.Join(o.Dir, "lmtp")}
	if len(d.AuthSocket) > 107 {
		return nil, d, fmt.Errorf("%s is too long for a socket", d.AuthSocket)
	}
	s, err := Start(o)
	if err != nil {
		return nil, d, err
	}
	s.Stop()
	conf, err := os.OpenFile(filepath.Join(o.Dir, "dovecot.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return nil, d, err
	}
	auth := ""
	if o.Operator == "" { // an operator names the socket among the settings
		auth = fmt.Sprintf("service auth {\n  unix_listener %s {\n    mode = 0666\n  }\n}", d.AuthSocket)
	}
	rules, sieve, err := o.sieve()
	if err != nil {
		conf.Close()
		return nil, d, err
	}
	d.Sieve = sieve
	protocols := "imap lmtp"
	if o.Rules {
		protocols += " sieve"
	}
	_, err = fmt.Fprintf(conf, `
protocols = %s
%s
service lmtp {
  unix_listener %s {
    mode = 0666
  }
}
protocol lmtp {
  postmaster_address = postmaster@localhost
}
%s`, protocols, auth, d.LMTPSocket, rules)
	if cerr := conf.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return nil, d, err
	}
	return s, d, s.Start()
}
