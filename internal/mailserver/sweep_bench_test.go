package mailserver

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const sweptLetters = 20_000

// filledMaildir is a Dovecot home whose inbox holds n letters.
func filledMaildir(b *testing.B, n int) (dir, conf string) {
	if _, err := exec.LookPath("doveadm"); err != nil {
		b.Skip("doveadm is not installed")
	}
	dir, conf = dovecotHome(b, nil)
	cur := filepath.Join(dir, "u1", "Mail", "cur")
	for _, d := range []string{cur, filepath.Join(dir, "u1", "Mail", "new"), filepath.Join(dir, "u1", "Mail", "tmp")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			b.Fatal(err)
		}
	}
	for i := range n {
		raw := fmt.Sprintf("Received: from a by b; Sun, 1 Mar 2026 10:00:00 +0100\r\nFrom: =?utf-8?q?Dr_H=C3=A9l=C3=A8ne?= Roux <praticien%d@lab%d.test.mssante.fr>\r\nTo: anne.martin@medecin.test.mssante.fr\r\n"+
			"Cc: \"Secretariat, cabinet\" <secretariat@cabinet.test.mssante.fr>\r\nSubject: =?utf-8?q?R=C3=A9sultats_d=27analyses?= %d\r\nMessage-ID: <%d.abcdef0123456789@lab.test>\r\nIn-Reply-To: <%d.abcdef0123456789@lab.test>\r\n"+
			"References: <%d.abcdef0123456789@lab.test>\r\nDate: Sun, 1 Mar 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n\r\n%s\r\n--x--\r\n",
			i%900, i%40, i, i, i-i%4, i-i%4, strings.Repeat("Bonjour, voici le compte rendu. ", 20))
		if err := os.WriteFile(filepath.Join(cur, fmt.Sprintf("%d.M%dP1.host:2,S", 1_700_000_000+i, i)), []byte(raw), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	if os.Getuid() == 0 {
		if out, err := exec.Command("chown", "-R", "65534:65534", filepath.Join(dir, "u1")).CombinedOutput(); err != nil {
			b.Fatal(string(out))
		}
	}
	return dir, conf
}

// rawFetch reads the same fields as a sweep and looks at nothing.
func rawFetch(b *testing.B, dir, conf, what string, n int) (time.Duration, int64) {
	cmd := exec.Command("doveadm", "-c", conf, "exec", "imap")
	cmd.Env = []string{"USER=u1", "HOME=" + filepath.Join(dir, "u1"), "PATH=" + os.Getenv("PATH")}
	cmd.Dir = dir
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	r := bufio.NewReaderSize(out, 1<<16)
	read := func(tag string) (total int64) {
		for {
			line, err := r.ReadSlice('\n')
			total += int64(len(line))
			if err != nil && err != bufio.ErrBufferFull {
				b.Fatal(err)
			}
			if strings.HasPrefix(string(line), tag+" ") {
				return total
			}
		}
	}
	io.WriteString(in, "a SELECT INBOX\r\n")
	read("a")
	began := time.Now()
	io.WriteString(in, fmt.Sprintf("b FETCH 1:%d (%s)\r\n", n, what))
	bytes := read("b")
	return time.Since(began), bytes
}

// BenchmarkSweep reads 20,000 letters and tells how many times the raw FETCH of the same
// fields that takes, the server's cache warm.
func BenchmarkSweep(b *testing.B) {
	dir, conf := filledMaildir(b, sweptLetters)
	server, client := testTLS(b)
	ln := newPipes()
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go front(b, c, server, dir, conf)
		}
	}()
	fields := "UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (" + strings.Join(sweepFields(), " ") + ")]"
	cold, size := rawFetch(b, dir, conf, fields, sweptLetters)
	for range 3 {
		h, _ := rawFetch(b, dir, conf, fields, sweptLetters)
		e, _ := rawFetch(b, dir, conf, "UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY.PEEK[HEADER.FIELDS (REFERENCES CONTENT-TYPE)]", sweptLetters)
		p, _ := rawFetch(b, dir, conf, fields+"<0.24576>", sweptLetters)
		b.Logf("warm: fields %v, in part %v, envelope %v", h, p, e)
	}
	s := New(options(ln.Dial, client))
	defer s.Close(context.Background())
	a := s.For(testActor("s1"), testAddress(b))
	var raw time.Duration
	for b.Loop() {
		b.StopTimer()
		one, _ := rawFetch(b, dir, conf, fields, sweptLetters)
		raw += one
		b.StartTimer()
		n := 0
		for q := (SweepQuery{Folder: "INBOX"}); ; {
			c, err := a.Sweep(b.Context(), q)
			if err != nil {
				b.Fatal(err)
			}
			if q.Validity == 0 {
				q.Validity = c.At.UIDValidity
			}
			if n, q.Below = n+len(c.Rows), c.Below; q.Below == 0 {
				break
			}
		}
		if n != sweptLetters {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(raw), "times-raw")
	b.ReportMetric(float64(raw.Nanoseconds())/float64(b.N)/sweptLetters, "raw-ns/letter")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/sweptLetters, "ns/letter")
	b.Logf("cold %v for %d kB", cold, size>>10)
}
