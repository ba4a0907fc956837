//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/postfix"
	"pli.example/pli/e2e/program"
	"pli.example/pli/e2e/rawimap"
	"pli.example/pli/e2e/space"
	"pli.example/pli/e2e/visitor"
	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/annuaire"
	"pli.example/pli/internal/demo/people"
)

// leaflet is the README as a stranger has it: blocks to copy.
type leaflet struct {
	t    *testing.T
	text string
}

// block gives the code after a mark, with the stranger's own values in place of the
// README's examples; an example that is not there is a mistake of one of us.
func (l leaflet) block(mark string, own ...string) string {
	l.t.Helper()
	_, rest, ok := strings.Cut(l.text, mark)
	m := regexp.MustCompile("(?s)\\A\\s*```[a-z]*\n(.*?)```\n").FindStringSubmatch(rest)
	if !ok || m == nil {
		l.t.Fatalf("the README has no block after %q", mark)
	}
	out := m[1]
	for i := 0; i < len(own); i += 2 {
		if !strings.Contains(out, own[i]) {
			l.t.Fatalf("the block after %q does not hold %q", mark, own[i])
		}
		out = strings.ReplaceAll(out, own[i], own[i+1])
	}
	return out
}

const (
	readmeBox  = "claire.martin@medecin.mssante.fr"
	readmePeer = "hugo.petit@chu-touraine.mssante.fr"
)

// stranger is somebody who has the README, an empty folder and an operator's servers.
type stranger struct {
	t       *testing.T
	leaflet leaflet
	folder  string // empty at first
	dovecot *dovecot.Server
	base    string
	metrics string
	script  string
	env     []string
	cmd     *exec.Cmd
	log     string
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	needTools(t)
	needDovecot(t)
	if err := postfix.Installed(); err != nil {
		t.Skip(err.Error())
	}
	raw, err := os.ReadFile(filepath.Join(program.Root(), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	s := &stranger{t: t, leaflet: leaflet{t, string(raw)}, folder: shortDir(t)}
	ports := make([]int, 3)
	for i := range ports {
		if ports[i], err = dovecot.FreePort(); err != nil {
			t.Fatal(err)
		}
	}
	s.base, s.metrics = fmt.Sprintf("http://127.0.0.1:%d", ports[0]), fmt.Sprintf("127.0.0.1:%d", ports[1])
	provider := startProvider(t, ProviderConfig{Port: ports[2], People: providerPeople(people.Cast()), Clients: []ProviderClient{
		{ID: "pli-hopital", Secret: "secret-of-pli", RedirectURIs: []string{s.base + "/sign-in/callback"}, PostLogoutURIs: []string{s.base + "/signed-out"}},
		{ID: "dovecot", Secret: "SECRET"},
	}})
	submission := s.servers(provider)
	files := filepath.Join(shortDir(t), "space")
	if err := os.Mkdir(files, 0o755); err != nil {
		t.Fatal(err)
	}
	public, err := space.Start(files, demo.Directory())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { public.Stop() })
	for name, text := range map[string]string{"psc-secret": "secret-of-pli\n", "operator-ca.pem": s.dovecot.CA.PEM, "igc-sante.pem": public.Annuaire.AnchorsPEM()} {
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// What differs from the README's own hosts: where they are, what the test's list is
	// signed by, and the authorities of the machine.
	s.env = []string{"SSL_CERT_FILE=" + value(public.Env(), "PLI_TRUST_CA_FILE"), "PLI_TRUST_SIGNER_NAMES=" + annuaire.SignerName}
	s.script = s.leaflet.block("<!-- e2e/readme_test.go runs this block as it stands, with its own hosts in place of these. -->",
		"https://pli.hopital.example", s.base, "127.0.0.1:8080", strings.TrimPrefix(s.base, "http://"), "PLI_METRICS_LISTEN=:9464", "PLI_METRICS_LISTEN="+s.metrics[strings.IndexByte(s.metrics, ':'):],
		"https://auth.bas.psc.esante.gouv.fr/auth/realms/esante-wallet", provider.Issuer, "imap.operateur.example:143", s.dovecot.Address, "smtp.operateur.example:587", submission,
		"https://espacedeconfiance.mssante.fr/listeblanchemssante.xml", value(public.Env(), "PLI_TRUST_URL"),
		"https://service.annuaire.sante.fr/annuaire-sante-webservices/V300/services/extraction/Extraction_Correspondance_MSSante", value(public.Env(), "PLI_DIRECTORY_URL"))
	return s
}

// servers starts Dovecot and Postfix with the README's own settings.
func (s *stranger) servers(provider *Provider) (submission string) {
	s.t.Helper()
	dir, etc := shortDir(s.t), shortDir(s.t)
	if err := os.Chmod(etc, 0o755); err != nil {
		s.t.Fatal(err)
	}
	put := func(name, text string) string {
		path := filepath.Join(etc, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			s.t.Fatal(err)
		}
		return path
	}
	const mark = "<!-- e2e/readme_test.go: "
	oauth2 := put("pli-oauth2.conf", s.leaflet.block(mark+"oauth2 -->", "https://dovecot:SECRET@auth.bas.psc.esante.gouv.fr/auth/realms/esante-wallet/protocol/openid-connect/token/introspect",
		provider.Introspection("dovecot", "SECRET")))
	pairs := put("pli-pairs", s.leaflet.block(mark+"pairs -->")+readmePeer+"|"+string(member("petit"))+":::::::nopassword\n")
	socket := filepath.Join(dir, "auth")
	boxes := []string{readmeBox, readmePeer}
	d, delivery, err := dovecot.StartDelivering(dovecot.Options{Dir: dir, Mailboxes: boxes, Operator: s.leaflet.block(mark+"dovecot -->", "192.0.2.10/32", "127.0.0.0/8",
		"/etc/dovecot/pli-oauth2.conf", oauth2, "/etc/dovecot/pli-pairs", pairs, "/var/spool/postfix/private/auth", socket) +
		s.leaflet.block(mark+"service -->", "/etc/dovecot/pli-service", put("pli-service", "pli-service:{PLAIN}service-du-readme\n"))})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(d.Stop)
	s.dovecot = d
	senders := put("pli-senders", readmeBox+" "+readmeBox+"\n")
	p, err := postfix.Start(postfix.Options{Dir: shortDir(s.t), Dovecot: d, Delivery: delivery, Mailboxes: boxes,
		Operator: s.leaflet.block(mark+"main.cf -->", "private/auth", socket, "/etc/postfix/pli-senders", senders), Service: s.leaflet.block(mark + "master.cf -->")})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(p.Stop)
	return p.Submission
}

// member gives the national identifier of somebody of the cast.
func member(key string) (id string) {
	for _, p := range people.Cast() {
		if p.Key == key {
			id = string(p.NationalID)
		}
	}
	return id
}

// follow runs the README's commands; the last one serves.
func (s *stranger) follow() {
	s.t.Helper()
	bin, err := program.Binary()
	if err != nil {
		s.t.Fatal(err)
	}
	path := shortDir(s.t)
	if err := os.Symlink(bin, filepath.Join(path, "pli")); err != nil {
		s.t.Fatal(err)
	}
	s.env = append(append(program.Clean(), s.env...), "PATH="+path+":"+os.Getenv("PATH"))
	script := filepath.Join(path, "commands.sh")
	if err := os.WriteFile(script, []byte(s.script), 0o700); err != nil {
		s.t.Fatal(err)
	}
	s.log = filepath.Join(path, "log")
	out, err := os.Create(s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	defer out.Close()
	s.cmd = exec.Command("bash", "-eu", script)
	s.cmd.Dir, s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.folder, s.env, out, out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
			_ = s.cmd.Wait()
		}
	})
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if res, err := http.Get(s.base + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			s.t.Fatalf("nothing serves after the README's commands:\n%s\n%s", s.printed(), s.dovecot.Log())
		}
	}
}

func (s *stranger) printed() string {
	b, _ := os.ReadFile(s.log)
	return string(b)
}

// TestReadme follows the README, literally, in an empty folder before real servers
// set as it says: Pli comes up, finds everything right, somebody signs in, reads,
// writes, and the letter arrives; a stop lets a download under way end.
func TestReadme(t *testing.T) {
	t.Parallel()
	s := newStranger(t)
	s.seed()
	s.follow()
	said := s.printed()
	if !strings.Contains(said, "Aucune faute.") || strings.Contains(said, "FAUTE") {
		t.Errorf("pli check, as the README runs it:\n%s", said)
	}
	v := visitor.New()
	page, err := v.SignIn(s.base, "martin")
	if err != nil {
		t.Fatal(err, s.printed())
	}
	if list, err := v.Get(s.base + page.Attr("folder-inbox", "href")); err != nil || !strings.Contains(list.Body, "Une grande image") {
		t.Fatalf("the inbox does not show the letter: %v %d\n%s\n%s", err, list.Status, s.printed(), s.dovecot.Log())
	}
	s.send(v, page)
	s.nullSender()
	s.watched()
	s.serviceAccount()
	s.stopDuringDownload(v, page)
}

const largeFile = 24 << 20 // octets: more than the sockets between hold

// seed lays a letter with a large file in the mailbox.
func (s *stranger) seed() {
	s.t.Helper()
	c, err := s.dovecot.Inspect(readmeBox)
	if err != nil {
		s.t.Fatal(err, s.dovecot.Log())
	}
	defer c.Close()
	var b strings.Builder
	b.WriteString("From: " + readmePeer + "\r\nTo: " + readmeBox + "\r\nSubject: Une grande image\r\nMessage-ID: <grande@essai.test>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nVoici.\r\n--b\r\nContent-Type: application/octet-stream\r\n" +
		"Content-Disposition: attachment; filename=image.bin\r\n\r\n")
	line := strings.Repeat("x", 62) + "\r\n"
	for b.Len() < largeFile {
		b.WriteString(line)
	}
	b.WriteString("\r\n--b--\r\n")
	if err := c.Append("INBOX", nil, time.Now(), []byte(b.String())); err != nil {
		s.t.Fatal(err)
	}
}

// send writes a letter by the page's plain form and waits for it on the other side.
func (s *stranger) send(v *visitor.Visitor, page *visitor.Page) {
	s.t.Helper()
	sheet, err := v.Press(page, "write", url.Values{"plain": {"1"}})
	if err != nil {
		s.t.Fatal(err)
	}
	sent, err := v.Press(sheet, "compose-send", url.Values{"to": {readmePeer}, "subject": {"Selon le README"}, "text": {"Bonjour."}})
	if err != nil || !strings.Contains(sent.Body, "Lettre envoyée") {
		s.t.Fatalf("the letter did not leave: %v\n%s", err, s.printed())
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		c, err := s.dovecot.Inspect(readmePeer)
		if err != nil {
			s.t.Fatal(err)
		}
		n := arrivals(c)
		c.Close()
		if n == 1 {
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("%d letters arrived", n)
		}
	}
}

func arrivals(c *rawimap.Client) int {
	_, exists, err := c.Select("INBOX")
	if err != nil {
		return -1
	}
	return int(exists)
}

// watched reads the figures and asks the health check, as the README says.
func (s *stranger) watched() {
	s.t.Helper()
	res, err := http.Get("http://" + s.metrics + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	for _, want := range []string{`pli_smtp_submissions_total{stage="accepted"} 1`, `pli_sessions{which="all"} 1`, "pli_panics_total 0", `pli_trust_list_domains `} {
		if !strings.Contains(string(text), want) {
			s.t.Errorf("no %s in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "README") || strings.Contains(string(text), "martin") {
		s.t.Error("the figures speak of somebody")
	}
	if _, err := program.Run([]string{"PLI_LISTEN=" + strings.TrimPrefix(s.base, "http://")}, "healthy"); err != nil {
		s.t.Error(err)
	}
}

// serviceAccount: the README's other way in, checked with the same file of settings.
func (s *stranger) serviceAccount() {
	s.t.Helper()
	cmd := exec.Command("bash", "-euc", "set -a; . ./pli.env; set +a; exec pli check")
	cmd.Dir, cmd.Env = s.folder, append(s.env, "PLI_IMAP_AUTH=plain-authzid", "PLI_IMAP_SERVICE_USER=pli-service", "PLI_IMAP_SERVICE_PASSWORD=service-du-readme")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Le compte de service ouvre") {
		s.t.Errorf("with the service account: %v\n%s", err, out)
	}
}

// stopDuringDownload asks Pli to end while a file is half read: no new connection is
// taken, the file comes whole, the exit is clean.
func (s *stranger) stopDuringDownload(v *visitor.Visitor, page *visitor.Page) {
	s.t.Helper()
	list, err := v.Get(s.base + page.Attr("folder-inbox", "href") + "?view=letters")
	if err != nil {
		s.t.Fatal(err)
	}
	m := regexp.MustCompile(`href="(/mail/[a-z0-9]+/[a-z0-9]+/\d+/\d+)`).FindStringSubmatch(list.Body)
	if m == nil {
		s.t.Fatal("no letter in the list")
	}
	req, err := v.Request(http.MethodGet, s.base+m[1]+"/part/2", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := v.Send(req)
	if err != nil || res.StatusCode != http.StatusOK {
		s.t.Fatalf("%v %v", err, res)
	}
	defer res.Body.Close()
	first, err := io.CopyN(io.Discard, res.Body, 64<<10)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", strings.TrimPrefix(s.base, "http://"))
		if err != nil {
			break
		}
		c.Close()
		if time.Now().After(end) {
			s.t.Fatal("new connections are still taken")
		}
	}
	time.Sleep(time.Second) // a reader that takes its time
	rest, err := io.Copy(io.Discard, res.Body)
	if err != nil || first+rest < largeFile-4096 {
		s.t.Errorf("the download under way was cut after %d octets: %v", first+rest, err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("exit: %v\n%s", err, s.printed())
	}
	if said := s.printed(); !strings.Contains(said, "stopped") {
		s.t.Errorf("no word of the stop:\n%s", said)
	}
}
