// Package program builds the binary and runs it the way an operator does: by
// environment and command line, nothing linked in.
package program

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Root is the top of the source tree.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Out is a path below e2e/.out, where runs leave what they made.
func Out(name string) string { return filepath.Join(Root(), "e2e", ".out", name) }

// Binary builds cmd/pli once a run; PLI_E2E_BINARY names one to try instead.
var Binary = sync.OnceValues(func() (string, error) {
	if bin := os.Getenv("PLI_E2E_BINARY"); bin != "" {
		return bin, nil
	}
	out := Out(fmt.Sprintf("bin/pli-%d", os.Getpid()))
	cmd := exec.Command("go", "build", "-o", out, "./cmd/pli")
	cmd.Dir = Root()
	if b, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build cmd/pli: %w\n%s", err, b)
	}
	return out, nil
})

// Clean is the environment without settings of a Pli of somebody's own.
func Clean() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "PLI_") })
}

// Run executes one command, for at most thirty seconds, and gives what it printed.
func Run(env []string, args ...string) (string, error) {
	bin, err := Binary()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, args...)
	cmd.Env = append(Clean(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("pli %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// Process is a Pli that runs.
type Process struct {
	Base string // where it answers: http://127.0.0.1:port
	Args []string
	Env  []string
	log  string
	cmd  *exec.Cmd
	done chan struct{}
}

// Launch runs the binary and waits until it answers; it logs to a file in dir.
func Launch(dir, base string, env []string, args ...string) (*Process, error) {
	p := &Process{Base: base, Args: args, Env: env, log: filepath.Join(dir, "pli.log")}
	return p, p.Start()
}

// Start runs it, again if it ran before, and waits until it answers.
func (p *Process) Start() error {
	bin, err := Binary()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	p.cmd = exec.Command(bin, p.Args...)
	p.cmd.Env = append(Clean(), p.Env...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) { _ = cmd.Wait(); close(done) }(p.cmd, p.done)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		if res, err := http.Get(p.Base + "/healthz"); err == nil {
			res.Body.Close()
			if res.StatusCode < 300 {
				return nil
			}
		}
		select {
		case <-p.done:
			return errors.New("pli ended at start: " + p.Log())
		case <-ctx.Done():
			p.Kill()
			return errors.New("pli never answered: " + p.Log())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// PID is the process's number, for /proc.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// CPU is the processor time it took so far (proc(5): utime and stime, in hundredths of
// a second on Linux).
func (p *Process) CPU() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.PID()))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("no processor times in /proc")
	}
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err, err2)
}

// Stop asks it to end, as an operator would, and insists after ten seconds. It
// gives the exit code, -1 when it had to insist.
func (p *Process) Stop() int {
	if p.cmd == nil || p.cmd.Process == nil {
		return 0
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(10 * time.Second):
		p.Kill()
		return -1
	}
}

// Kill ends it as a power cut would.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Log is the end of what it wrote.
func (p *Process) Log() string {
	b, _ := os.ReadFile(p.log)
	return string(b[max(0, len(b)-4000):])
}
