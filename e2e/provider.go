//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"pli.example/pli/e2e/dovecot"
)

// ProviderClient is one relying party the provider knows.
type ProviderClient struct {
	ID             string   `json:"id"`
	Secret         string   `json:"secret"`
	RedirectURIs   []string `json:"redirectURIs,omitempty"`
	PostLogoutURIs []string `json:"postLogoutURIs,omitempty"`
}

// ProviderPerson is somebody who can present a card there.
type ProviderPerson struct {
	Key      string         `json:"key"`
	Label    string         `json:"label"`
	About    string         `json:"about"`
	Userinfo map[string]any `json:"userinfo"`
}

// ProviderConfig is provider.mjs's input.
type ProviderConfig struct {
	Port               int              `json:"port"`
	Clients            []ProviderClient `json:"clients"`
	People             []ProviderPerson `json:"people"`
	AccessTokenSeconds int              `json:"accessTokenSeconds,omitempty"`
}

// Provider is the independent OpenID provider, as a process of its own.
type Provider struct {
	Issuer string
	conf   string
	cmd    *exec.Cmd
	log    string
}

// here is this folder, wherever the tests are started from.
func here() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// tools is where e2e/test put the Node modules.
func tools() string {
	if dir := os.Getenv("PLI_E2E_TOOLS"); dir != "" {
		return dir
	}
	return filepath.Join(here(), ".tools")
}

// needTools skips a test on a machine where e2e/test did not install anything.
func needTools(t testing.TB) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(tools(), "node_modules", "oidc-provider")); err != nil {
		t.Skip("Node's oidc-provider is not installed: run e2e/test")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
}

func needDovecot(t testing.TB) {
	t.Helper()
	if err := dovecot.Installed(); err != nil {
		t.Skip(err.Error())
	}
}

// startProvider runs provider.mjs until the test ends.
func startProvider(t testing.TB, c ProviderConfig) *Provider {
	t.Helper()
	needTools(t)
	dir := t.TempDir()
	if c.Port == 0 {
		port, err := dovecot.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		c.Port = port
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{conf: filepath.Join(dir, "config.json"), log: filepath.Join(dir, "provider.log"),
		Issuer: fmt.Sprintf("http://127.0.0.1:%d/auth/realms/esante-wallet", c.Port)}
	if err := os.WriteFile(p.conf, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// Start runs the process and waits for its READY line.
func (p *Provider) Start() error {
	p.cmd = exec.Command("node", "--no-warnings", filepath.Join(here(), "oidc", "provider.mjs"), p.conf)
	p.cmd.Env = append(os.Environ(), "PLI_E2E_TOOLS="+tools(), "NODE_ENV=production")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	errs, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer errs.Close()
	p.cmd.Stderr = errs
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	ready := make(chan bool, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), "READY ") {
				ready <- true
			}
		}
		ready <- false
	}()
	select {
	case ok := <-ready:
		if ok {
			return nil
		}
	case <-time.After(30 * time.Second):
	}
	p.Stop()
	log, _ := os.ReadFile(p.log)
	return fmt.Errorf("the OpenID provider did not start: %s", log)
}

// Stop kills it: what it held in memory is gone.
func (p *Provider) Stop() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	p.cmd.Wait()
	p.cmd = nil
}

// Introspection is the URL Dovecot posts tokens to, as client id with secret.
func (p *Provider) Introspection(id, secret string) string {
	return strings.Replace(p.Issuer, "http://", "http://"+id+":"+secret+"@", 1) + "/protocol/openid-connect/token/introspect"
}
