package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

const crashEnv = "PLI_TEST_CRASH_DB"

// TestMain lets the test binary be the process that gets killed.
func TestMain(m *testing.M) {
	if path := os.Getenv(crashEnv); path != "" {
		writeForEver(path)
	}
	os.Exit(m.Run())
}

func writeForEver(path string) {
	ctx := context.Background()
	db, err := Open(ctx, Options{Path: path})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for i := 0; ; i++ {
		id := fmt.Sprintf("%d-%d", os.Getpid(), i)
		if err := db.Write(ctx, insert(id)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(id) // said only once durable
	}
}

// TestKillLosesNothingAcknowledged kills a writing process again and again:
// every row it said was written is there, and the file is sound.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pli.db")
	var said []string
	for round := range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, exe)
		cmd.Env = append(os.Environ(), crashEnv+"="+path)
		cmd.Stderr = t.Output()
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			said = append(said, lines.Text())
			if n == 20+round*15 {
				cmd.Process.Kill()
			}
		}
		cmd.Wait()
	}
	if len(said) < 60 {
		t.Fatalf("only %d rows were written", len(said))
	}
	db := openAt(t, path)
	for _, id := range said {
		var n int
		if err := db.Read().QueryRow(`SELECT COUNT(*) FROM accounts WHERE id = ?`, id).Scan(&n); err != nil || n != 1 {
			t.Fatalf("row %s: %d, %v", id, n, err)
		}
	}
	var sound string
	if err := db.Read().QueryRow(`PRAGMA integrity_check`).Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("integrity: %s, %v", sound, err)
	}
}

// TestReopenWhileOpen: a database left open (a crash without exit) opens again
// and shows everything.
func TestReopenWhileOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pli.db")
	put(t, openAt(t, path), "left behind")
	if n := count(t, openAt(t, path)); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}
