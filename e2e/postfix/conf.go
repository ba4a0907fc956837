package postfix

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// main is main.cf.
func (s *Server) main() string {
	o := s.options
	var b strings.Builder
	fmt.Fprintf(&b, `compatibility_level = 3.6
config_directory = %[1]s
queue_directory = %[1]s/queue
data_directory = %[1]s/data
command_directory = /usr/sbin
daemon_directory = %[2]s
mail_owner = postfix
setgid_group = postdrop
maillog_file = %[1]s/postfix.log
maillog_file_prefixes = %[1]s

myhostname = submission.pli.test
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtputf8_enable = yes
mailbox_size_limit = 0
recipient_delimiter =

# The mailboxes of this operator. Everything else is outside: refused, and should
# one slip in, it ends here.
virtual_mailbox_domains = %[4]s
virtual_mailbox_maps = texthash:%[1]s/mailboxes
virtual_transport = lmtp:unix:%[5]s
default_transport = error:5.1.2 nothing leaves this machine
relay_transport = error:5.1.2 nothing leaves this machine
smtp_dns_support_level = disabled

# TLS before anything else, then the person's token or the service account, asked
# of Dovecot.
smtpd_tls_cert_file = %[1]s/cert.pem
smtpd_tls_key_file = %[1]s/key.pem
%[3]ssmtpd_recipient_restrictions = reject_unlisted_recipient, permit_sasl_authenticated, reject
smtpd_error_sleep_time = 0
smtpd_client_connection_rate_limit = 0
smtpd_client_connection_count_limit = 0
`, o.Dir, daemons, s.submission(), strings.Join(s.domains(), " "), o.Delivery.LMTPSocket)
	for _, k := range slices.Sorted(maps.Keys(o.Settings)) {
		fmt.Fprintf(&b, "%s = %s\n", k, o.Settings[k])
	}
	return b.String()
}

// submission is what an operator sets for a webmail.
func (s *Server) submission() string {
	if s.options.Operator != "" {
		return s.options.Operator
	}
	return fmt.Sprintf(`message_size_limit = %[3]d
smtpd_tls_mandatory_protocols = >=TLSv1.2
smtpd_tls_protocols = >=TLSv1.2
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = %[2]s
smtpd_sasl_auth_enable = yes
smtpd_sasl_security_options = noanonymous

# Nobody writes in another mailbox's name.
smtpd_sender_login_maps = texthash:%[1]s/senders
smtpd_sender_restrictions = reject_sender_login_mismatch
smtpd_relay_restrictions = reject_unauth_destination, permit_sasl_authenticated, reject
`, s.options.Dir, s.options.Delivery.AuthSocket, s.options.MaxSize)
}

// service is the line of master.cf that takes submissions.
func (s *Server) service() string {
	if s.options.Service != "" {
		return strings.Replace(strings.TrimSpace(s.options.Service), "submission", s.Submission, 1)
	}
	return s.Submission + " inet n - n - - smtpd -o smtpd_tls_security_level=encrypt"
}

// master is master.cf: the programs, none of them in a chroot.
func (s *Server) master() string {
	return fmt.Sprintf(`%[1]s
%[2]s inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
`, s.service(), s.Submissions)
}

func (s *Server) domains() (out []string) {
	for _, m := range s.options.Mailboxes {
		if _, d, ok := strings.Cut(strings.ToLower(m), "@"); ok && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	return out
}

// table maps every mailbox to value, or to itself.
func (s *Server) table(value string) string {
	var b strings.Builder
	for _, m := range s.options.Mailboxes {
		v := value
		if v == "" {
			v = strings.ToLower(m)
		}
		fmt.Fprintf(&b, "%s %s\n", strings.ToLower(m), v)
	}
	return b.String()
}
