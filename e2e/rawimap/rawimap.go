// Package rawimap is a small IMAP client that shares no code with the program it
// checks: tests assert a server's state through it, and the bench takes its floor
// from it. It sends the line it is given and keeps the answer's bytes.
package rawimap

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Client is one connection; not for concurrent use.
type Client struct {
	conn    net.Conn
	r       *bufio.Reader
	tag     int
	Timeout time.Duration // per command
}

// Reply is what a server said to one command.
type Reply struct {
	Status   string   // OK, NO, BAD
	Text     string   // the rest of the tagged line
	Untagged [][]byte // lines without "* ", literals in place
	Asked    []string // decoded continuation requests ("+ …")
}

// Err is non-nil unless the command was answered OK.
func (r *Reply) Err() error {
	if r.Status == "OK" {
		return nil
	}
	return fmt.Errorf("imap: %s %s", r.Status, r.Text)
}

// Dial connects, reads the greeting and starts TLS when conf is given.
func Dial(address string, conf *tls.Config) (*Client, error) {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return New(conn, conf)
}

// New speaks over an open connection, STARTTLS first when conf is given.
func New(conn net.Conn, conf *tls.Config) (*Client, error) {
	c := &Client{conn: conn, r: bufio.NewReaderSize(conn, 64<<10), Timeout: 30 * time.Second}
	conn.SetDeadline(time.Now().Add(c.Timeout))
	greeting, err := c.line()
	if err != nil || !bytes.HasPrefix(greeting, []byte("* OK")) {
		conn.Close()
		return nil, fmt.Errorf("imap: greeting %q: %v", greeting, err)
	}
	if conf == nil {
		return c, nil
	}
	if _, err := c.Do("STARTTLS"); err != nil {
		conn.Close()
		return nil, err
	}
	secure := tls.Client(conn, conf)
	if err := secure.Handshake(); err != nil {
		conn.Close()
		return nil, err
	}
	c.conn, c.r = secure, bufio.NewReaderSize(secure, 64<<10)
	return c, nil
}

// Close drops the connection.
func (c *Client) Close() error { return c.conn.Close() }

// line reads one logical line: literals are read whole and stay in place.
func (c *Client) line() ([]byte, error) {
	var out []byte
	for {
		part, err := c.r.ReadBytes('\n')
		out = append(out, part...)
		if err != nil {
			return out, err
		}
		n, ok := literalSize(part)
		if !ok {
			return bytes.TrimRight(out, "\r\n"), nil
		}
		start := len(out)
		out = append(out, make([]byte, n)...)
		if _, err := io.ReadFull(c.r, out[start:]); err != nil {
			return out, err
		}
	}
}

func literalSize(line []byte) (int, bool) {
	line = bytes.TrimRight(line, "\r\n")
	open := bytes.LastIndexByte(line, '{')
	if open < 0 || !bytes.HasSuffix(line, []byte("}")) {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSuffix(string(line[open+1:len(line)-1]), "+"))
	return n, err == nil && n >= 0
}

// Do sends one command and fails unless it is answered OK.
func (c *Client) Do(command string) (*Reply, error) {
	r, err := c.Exchange(command, nil)
	if err != nil {
		return r, err
	}
	return r, r.Err()
}

// Exchange sends one command; answer is asked for each continuation request
// (decoded from base64 when it is that) and gives the bytes to send.
func (c *Client) Exchange(command string, answer func(asked string) []byte) (*Reply, error) {
	c.tag++
	tag := fmt.Sprintf("r%d", c.tag)
	c.conn.SetDeadline(time.Now().Add(c.Timeout))
	if _, err := fmt.Fprintf(c.conn, "%s %s\r\n", tag, command); err != nil {
		return nil, err
	}
	reply := &Reply{}
	for {
		line, err := c.line()
		if err != nil {
			return reply, fmt.Errorf("imap: connection ended: %w", err)
		}
		switch {
		case bytes.HasPrefix(line, []byte("* ")):
			reply.Untagged = append(reply.Untagged, line[2:])
		case bytes.HasPrefix(line, []byte("+")):
			asked := strings.TrimSpace(string(line[1:]))
			if raw, err := base64.StdEncoding.DecodeString(asked); err == nil {
				asked = string(raw)
			}
			reply.Asked = append(reply.Asked, asked)
			var out []byte
			if answer != nil {
				out = answer(asked)
			}
			if _, err := c.conn.Write(append(out, '\r', '\n')); err != nil {
				return reply, err
			}
		case bytes.HasPrefix(line, []byte(tag+" ")):
			status, text, _ := strings.Cut(string(line[len(tag)+1:]), " ")
			reply.Status, reply.Text = status, text
			return reply, nil
		}
	}
}

// XOAUTH2 authenticates with a bearer token; on refusal the reply holds the
// server's challenge in Asked.
func (c *Client) XOAUTH2(user, token string) (*Reply, error) {
	ir := base64.StdEncoding.EncodeToString([]byte("user=" + user + "\x01auth=Bearer " + token + "\x01\x01"))
	return c.Exchange("AUTHENTICATE XOAUTH2 "+ir, nil)
}

// Plain authenticates as authcid, to act as authzid.
func (c *Client) Plain(authzid, authcid, password string) error {
	ir := base64.StdEncoding.EncodeToString([]byte(authzid + "\x00" + authcid + "\x00" + password))
	_, err := c.Do("AUTHENTICATE PLAIN " + ir)
	return err
}

// Quote writes a string as an IMAP quoted string (mailbox names arrive encoded).
func Quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// Select opens a folder and gives its UIDVALIDITY and number of letters.
func (c *Client) Select(folder string) (uidValidity, exists uint32, err error) {
	r, err := c.Do("SELECT " + Quote(folder))
	if err != nil {
		return 0, 0, err
	}
	for _, line := range r.Untagged {
		s := string(line)
		if n, ok := strings.CutSuffix(s, " EXISTS"); ok {
			exists = number(n)
		}
		if m := uidValidityRE.FindStringSubmatch(s); m != nil {
			uidValidity = number(m[1])
		}
	}
	return uidValidity, exists, nil
}

var (
	uidValidityRE = regexp.MustCompile(`\[UIDVALIDITY (\d+)\]`)
	flagsRE       = regexp.MustCompile(`FLAGS \(([^)]*)\)`)
	listRE        = regexp.MustCompile(`(?s)^LIST \(([^)]*)\) (?:"(.)"|NIL) (.+)$`)
	literalRE     = regexp.MustCompile(`(?s)^\{\d+\+?\}\r\n(.*)$`)
)

func number(s string) uint32 {
	n, _ := strconv.ParseUint(strings.TrimSpace(s), 10, 32)
	return uint32(n)
}

// Search gives the UIDs of the selected folder that match.
func (c *Client) Search(criteria string) ([]uint32, error) {
	r, err := c.Do("UID SEARCH " + criteria)
	if err != nil {
		return nil, err
	}
	var out []uint32
	for _, line := range r.Untagged {
		rest, ok := strings.CutPrefix(string(line), "SEARCH")
		if !ok {
			continue
		}
		for f := range strings.FieldsSeq(rest) {
			out = append(out, number(f))
		}
	}
	return out, nil
}

// Flags gives the flags of one letter of the selected folder, "" keeping none
// apart from a letter that is not there (ok false).
func (c *Client) Flags(uid uint32) (flags []string, ok bool, err error) {
	r, err := c.Do(fmt.Sprintf("UID FETCH %d (FLAGS)", uid))
	if err != nil {
		return nil, false, err
	}
	for _, line := range r.Untagged {
		if m := flagsRE.FindSubmatch(line); m != nil && bytes.Contains(line, fmt.Appendf(nil, "UID %d", uid)) {
			return strings.Fields(string(m[1])), true, nil
		}
	}
	return nil, false, nil
}

// Folder is one line of LIST.
type Folder struct {
	Name  string // as on the wire (modified UTF-7)
	Attrs []string
	Delim string
}

// Folders lists every folder with its attributes.
func (c *Client) Folders() ([]Folder, error) {
	r, err := c.Do(`LIST "" "*"`)
	if err != nil {
		return nil, err
	}
	var out []Folder
	for _, line := range r.Untagged {
		m := listRE.FindStringSubmatch(string(line))
		if m == nil {
			continue
		}
		name := m[3]
		if lit := literalRE.FindStringSubmatch(name); lit != nil {
			name = lit[1]
		} else if strings.HasPrefix(name, `"`) {
			name = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(strings.Trim(name, `"`))
		}
		out = append(out, Folder{Name: name, Attrs: strings.Fields(m[1]), Delim: m[2]})
	}
	return out, nil
}

// Append adds one letter; received may be zero.
func (c *Client) Append(folder string, flags []string, received time.Time, raw []byte) error {
	date := ""
	if !received.IsZero() {
		date = received.Format(` "02-Jan-2006 15:04:05 -0700"`)
	}
	cmd := fmt.Sprintf("APPEND %s (%s)%s {%d}", Quote(folder), strings.Join(flags, " "), date, len(raw))
	r, err := c.Exchange(cmd, func(string) []byte { return raw })
	if err != nil {
		return err
	}
	return r.Err()
}
