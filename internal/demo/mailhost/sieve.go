package mailhost

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
)

// scripts are a mailbox's, with whom they answered; under box.mu.
type scripts struct {
	of       map[string]string
	active   string
	parsed   []sieveNode
	answered map[string]time.Time
}

const (
	maxSieveScripts = 10
	maxSieveScript  = 512 << 10
)

func (b *box) activeScript() []sieveNode {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.sieve.parsed
}

func (b *box) hasFolder(name string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, err := b.find(name)
	return err == nil
}

// mayAnswer notes that somebody is answered, unless they were within some days.
func (b *box) mayAnswer(who string, now time.Time, days int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if last, ok := b.sieve.answered[who]; ok && now.Sub(last) < time.Duration(days)*24*time.Hour {
		return false
	}
	if b.sieve.answered == nil {
		b.sieve.answered = map[string]time.Time{}
	}
	b.sieve.answered[who] = now
	return true
}

// startSieve serves ManageSieve (RFC 5804).
func (h *Host) startSieve(config *tls.Config) {
	h.served.Go(func() {
		for {
			c, err := h.sieveLine.Accept()
			if err != nil {
				return
			}
			h.served.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(5 * time.Minute))
				(&sieveSession{host: h, raw: c, conn: c, r: bufio.NewReader(c), config: config}).serve()
			})
		}
	})
}

// sieveSession is one client.
type sieveSession struct {
	host   *Host
	raw    net.Conn
	conn   net.Conn
	r      *bufio.Reader
	config *tls.Config
	secure bool
	box    *box
}

var errSieveLine = errors.New("a command that cannot be read")

func (s *sieveSession) say(format string, args ...any) { fmt.Fprintf(s.conn, format+"\r\n", args...) }

// command reads a line: words and strings.
func (s *sieveSession) command() (out []string, err error) {
	for {
		line, err := s.r.ReadString('\n')
		if err != nil || len(line) > 16<<10 {
			return nil, errors.Join(err, errSieveLine)
		}
		line = strings.TrimRight(line, "\r\n")
		open := strings.LastIndexByte(line, '{')
		if open < 0 || !strings.HasSuffix(line, "+}") {
			return append(out, sieveArgs(line)...), nil
		}
		n, err := strconv.Atoi(line[open+1 : len(line)-2])
		if err != nil || n < 0 || n > maxSieveScript {
			return nil, errSieveLine
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(s.r, b); err != nil {
			return nil, err
		}
		out = append(append(out, sieveArgs(line[:open])...), string(b))
	}
}

// sieveArgs are the words of a line, quoted or not.
func sieveArgs(line string) (out []string) {
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		word, rest := "", ""
		if q, err := strconv.QuotedPrefix(line); err == nil && line[0] == '"' {
			word, rest = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(q[1:len(q)-1]), line[len(q):]
		} else {
			word, rest, _ = strings.Cut(line, " ")
		}
		out, line = append(out, word), rest
	}
	return out
}

func (s *sieveSession) capabilities() {
	s.say(`"IMPLEMENTATION" "Pli, démonstration"`)
	s.say(`"SIEVE" "%s"`, strings.Join(sieveExtensions, " "))
	if s.secure {
		s.say(`"SASL" "PLAIN XOAUTH2"`)
	} else {
		s.say(`"SASL" ""`)
		s.say(`"STARTTLS"`)
	}
	s.say(`"VERSION" "1.0"`)
	s.say("OK")
}

func (s *sieveSession) serve() {
	s.capabilities()
	for {
		args, err := s.command()
		if err != nil {
			return
		}
		if len(args) == 0 {
			continue
		}
		switch verb := strings.ToUpper(args[0]); {
		case verb == "LOGOUT":
			s.say("OK")
			return
		case verb == "CAPABILITY":
			s.capabilities()
		case verb == "STARTTLS" && !s.secure:
			s.say("OK")
			s.conn, s.secure = tls.Server(s.raw, s.config), true
			s.r = bufio.NewReader(s.conn)
			s.capabilities()
		case verb == "AUTHENTICATE" && s.secure && s.box == nil:
			s.signIn(args[1:])
		case s.box == nil:
			s.say(`NO "sign in first"`)
		default:
			s.say("%s", s.script(verb, append(args[1:], "", "")))
		}
	}
}

func (s *sieveSession) signIn(args []string) {
	refused := errors.New("refused")
	accept := func(address string) (err error) { s.box, err = s.host.boxOf(address); return err }
	var server sasl.Server
	if len(args) > 0 {
		server = s.host.saslServer(args[0], refused, accept, func() { s.raw.Close() })
	}
	if server == nil {
		s.say(`NO "unknown mechanism"`)
		return
	}
	var response []byte
	if len(args) > 1 {
		response, _ = base64.StdEncoding.DecodeString(args[1])
	}
	for {
		challenge, done, err := server.Next(response)
		if err != nil || done {
			break
		}
		s.say(`"%s"`, base64.StdEncoding.EncodeToString(challenge))
		said, err := s.command()
		if err != nil {
			return
		}
		if response = []byte{}; len(said) > 0 {
			response, _ = base64.StdEncoding.DecodeString(said[0])
		}
	}
	if s.box == nil {
		s.say(`NO "refused"`)
		return
	}
	s.say("OK")
}

// script does one command on the mailbox's scripts and gives the answer.
func (s *sieveSession) script(verb string, args []string) string {
	b, name := s.box, args[0]
	b.mu.Lock()
	defer b.mu.Unlock()
	of := &b.sieve
	text, there := of.of[name]
	switch verb {
	case "LISTSCRIPTS":
		out := ""
		for n := range of.of {
			out += sieveLiteral(n)
			if n == of.active {
				out += " ACTIVE"
			}
			out += "\r\n"
		}
		return out + "OK"
	case "HAVESPACE":
		if !there && len(of.of) >= maxSieveScripts {
			return `NO (QUOTA/MAXSCRIPTS) "too many"`
		}
		return "OK"
	case "CHECKSCRIPT":
		if _, err := readSieve(name); err != nil {
			return `NO ` + sieveLiteral(err.Error())
		}
		return "OK"
	case "PUTSCRIPT":
		return of.put(name, args[1])
	case "SETACTIVE":
		if name != "" && !there {
			return `NO (NONEXISTENT) "no such script"`
		}
		of.active = name
		of.parsed, _ = readSieve(text)
		return "OK"
	}
	if !there {
		return `NO (NONEXISTENT) "no such script"`
	}
	switch {
	case verb == "GETSCRIPT":
		return sieveLiteral(text) + "\r\nOK"
	case verb == "DELETESCRIPT" && of.active == name:
		return `NO (ACTIVE) "it is active"`
	case verb == "DELETESCRIPT":
		delete(of.of, name)
		return "OK"
	}
	return `NO "unknown command"`
}

func (of *scripts) put(name, text string) string {
	parsed, err := readSieve(text)
	switch {
	case name == "":
		return `NO "a name is needed"`
	case err != nil:
		return "NO " + sieveLiteral(err.Error())
	case of.of == nil:
		of.of = map[string]string{}
	case len(of.of) >= maxSieveScripts && of.of[name] == "":
		return `NO (QUOTA/MAXSCRIPTS) "too many"`
	}
	of.of[name] = text
	if name == of.active {
		of.parsed = parsed
	}
	return "OK"
}

func readSieve(text string) ([]sieveNode, error) {
	nodes, err := parseSieve(text)
	if err == nil {
		err = checkSieve(nodes, 0)
	}
	return nodes, err
}

func sieveLiteral(s string) string { return "{" + strconv.Itoa(len(s)) + "}\r\n" + s }
