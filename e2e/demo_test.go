//go:build e2e

package e2e

import (
	"bufio"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"pli.example/pli/e2e/dovecot"
	"pli.example/pli/e2e/program"
	"pli.example/pli/e2e/visitor"
	"pli.example/pli/internal/demo/people"
)

// TestDemoCommand starts `pli demo` as a newcomer does: ready in under five
// seconds, it says where to go and who is there, and it ends when told to.
func TestDemoCommand(t *testing.T) {
	bin, err := program.Binary()
	if err != nil {
		t.Fatal(err)
	}
	port, err := dovecot.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	cmd := exec.Command(bin, "demo", "--listen", address)
	cmd.Env = program.Clean()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	said := make(chan string, 1)
	go func() {
		var text strings.Builder
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			text.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "Prêt") {
				break
			}
		}
		said <- text.String()
	}()
	var text string
	select {
	case text = <-said:
	case <-time.After(20 * time.Second):
		t.Fatal("not ready after 20 s")
	}
	first := visitor.New()
	if p, err := first.Get("http://" + address + "/"); err != nil || !p.Has("signin-button") {
		t.Fatalf("its first page: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("ready after %v", took)
	} else {
		t.Logf("ready after %v", took)
	}
	if !strings.Contains(text, "http://"+address) {
		t.Errorf("it does not say where to go:\n%s", text)
	}
	for _, p := range people.Cast() {
		if !strings.Contains(text, p.Name) {
			t.Errorf("it does not name %s", p.Name)
		}
	}
	if p, err := visitor.New().SignIn("http://"+address, "martin"); err != nil {
		t.Error(err)
	} else if !p.Has("demo-banner") || !p.Has("letter-row") {
		t.Error("no banner, or no letters")
	}
	cmd.Process.Signal(syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(15 * time.Second):
		t.Error("it does not end")
	}
}

// TestDemoRefuses: an address others could reach, a real setting beside it.
func TestDemoRefuses(t *testing.T) {
	for _, c := range []struct {
		name, listen string
		env          []string
	}{
		{"every address", "0.0.0.0:0", nil},
		{"no host", ":0", nil},
		{"an address of the network", "192.0.2.1:8080", nil},
		{"a real provider", "127.0.0.1:0", []string{"PLI_OIDC_ISSUER=https://auth.exemple.fr"}},
		{"a real mail server", "127.0.0.1:0", []string{"PLI_IMAP_ADDRESS=imap.exemple.fr:143"}},
		{"a real database", "127.0.0.1:0", []string{"PLI_DATABASE=/nowhere/pli.sqlite"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			done := make(chan error, 1)
			go func() { _, err := program.Run(c.env, "demo", "--listen", c.listen); done <- err }()
			select {
			case err := <-done:
				if err == nil {
					t.Error("it ran")
				}
			case <-time.After(10 * time.Second):
				t.Fatal("it runs")
			}
		})
	}
}
