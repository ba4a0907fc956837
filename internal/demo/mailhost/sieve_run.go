package mailhost

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"pli.example/pli/internal/mssante"
)

// sieveExtensions are those a script may require here.
var sieveExtensions = []string{"fileinto", "imap4flags", "mailbox", "vacation", "date", "relational", "envelope"}

// sieveWords are what is understood: commands, then tests.
var sieveWords = [2][]string{
	{"require", "if", "keep", "stop", "discard", "addflag", "fileinto", "vacation"},
	{"allof", "anyof", "not", "true", "false", "address", "header", "envelope", "currentdate", "mailboxexists"},
}

// checkSieve refuses what the stand-in would not do.
func checkSieve(nodes []sieveNode, kind int) error {
	least := map[string]int{"require": 1, "addflag": 1, "fileinto": 1, "vacation": 1, "address": 2, "header": 2, "envelope": 2, "currentdate": 2, "mailboxexists": 1}
	for _, n := range nodes {
		if !slices.Contains(sieveWords[kind], n.word) {
			return fmt.Errorf("unknown word %q", n.word)
		}
		if len(n.args) < least[n.word] || (n.word == "if" || n.word == "not") && len(n.tests) != 1 {
			return fmt.Errorf("%s lacks arguments", n.word)
		}
		if n.word == "require" {
			for _, e := range n.args[0] {
				if !slices.Contains(sieveExtensions, e) {
					return fmt.Errorf("unknown extension %q", e)
				}
			}
		}
		if err := checkSieve(n.tests, 1); err != nil {
			return err
		}
		if err := checkSieve(n.block, 0); err != nil {
			return err
		}
	}
	return nil
}

// sieveRun is one letter passing a script.
type sieveRun struct {
	header []byte
	from   string // of the envelope
	now    time.Time
	exists func(folder string) bool

	flags   []imap.Flag
	into    []string // folders; none is the inbox
	dropped bool
	answer  *sieveNode
}

// run does the commands; false when they said stop.
func (r *sieveRun) run(nodes []sieveNode) bool {
	for i := range nodes {
		switch n := &nodes[i]; n.word {
		case "if":
			if r.test(n.tests[0]) && !r.run(n.block) {
				return false
			}
		case "addflag":
			for _, f := range n.args[0] {
				r.flags = append(r.flags, imap.Flag(f))
			}
		case "fileinto":
			r.into = append(r.into, n.args[0][0])
		case "discard":
			r.dropped = true
		case "vacation":
			r.answer = n
		case "stop":
			return false
		}
	}
	return true
}

func (r *sieveRun) test(n sieveNode) bool {
	switch n.word {
	case "true":
		return true
	case "not":
		return !r.test(n.tests[0])
	case "allof":
		return !slices.ContainsFunc(n.tests, func(t sieveNode) bool { return !r.test(t) })
	case "anyof":
		return slices.ContainsFunc(n.tests, r.test)
	case "mailboxexists":
		return !slices.ContainsFunc(n.args[0], func(f string) bool { return !r.exists(f) })
	case "header":
		return slices.ContainsFunc(n.args[0], func(f string) bool { return n.like(decodeWords(fieldValue(r.header, f))) })
	case "address":
		return slices.ContainsFunc(n.args[0], func(f string) bool {
			return slices.ContainsFunc(addressList(fieldValue(r.header, f)), func(a imap.Address) bool { return n.like(n.part(a.Addr())) })
		})
	case "envelope":
		return n.like(n.part(r.from))
	case "currentdate":
		at, want := r.now.UTC().Format("2006-01-02T15:04:05Z"), n.args[1][0]
		return n.tags[":value"] == "ge" && at >= want || n.tags[":value"] == "lt" && at < want
	}
	return false
}

func (n sieveNode) part(address string) string {
	if _, domain := n.tags[":domain"]; domain {
		return address[strings.LastIndexByte(address, '@')+1:]
	}
	return address
}

// like compares a value to the keys without case of A to Z.
func (n sieveNode) like(value string) bool {
	value = upperASCII(strings.TrimSpace(value))
	return slices.ContainsFunc(n.args[1], func(key string) bool {
		key = upperASCII(key)
		if _, ok := n.tags[":contains"]; ok {
			return strings.Contains(value, key)
		}
		if _, ok := n.tags[":matches"]; ok { // "/" is no letter of what is compared so
			ok, err := path.Match(strings.ReplaceAll(key, "/", "\x00"), strings.ReplaceAll(value, "/", "\x00"))
			return ok && err == nil
		}
		return value == key && value != ""
	})
}

func upperASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, s)
}

// arrive delivers a letter to a hosted mailbox, through its active script.
func (h *Host) arrive(b *box, raw []byte) {
	header, _ := splitHeader(raw)
	r := &sieveRun{header: header, from: strings.Trim(fieldValue(header, "Return-Path"), "<> "), now: h.o.Now(), exists: b.hasFolder}
	r.run(b.activeScript())
	if len(r.into) == 0 && !r.dropped {
		r.into = []string{"INBOX"}
	}
	for _, f := range r.into {
		if !b.hasFolder(f) {
			f = "INBOX"
		}
		b.put(f, raw, r.flags, h.o.Now())
	}
	if r.answer != nil {
		h.vacation(b, r)
	}
}

// vacation answers as RFC 5230 lets it: once in its days, never a machine, only what
// names the mailbox.
func (h *Host) vacation(b *box, r *sieveRun) {
	to, err := mssante.ParseAddress(r.from)
	named := slices.ContainsFunc(append(addressList(fieldValue(r.header, "To")), addressList(fieldValue(r.header, "Cc"))...), func(a imap.Address) bool {
		return strings.EqualFold(a.Addr(), b.address.String())
	})
	if err != nil || !named || fieldValue(r.header, "Auto-Submitted") != "" || fieldValue(r.header, "List-Id") != "" || strings.HasPrefix(strings.ToLower(to.Local), "mailer-daemon") {
		return
	}
	days, err := strconv.Atoi(r.answer.tags[":days"])
	if err != nil || !b.mayAnswer(r.answer.tags[":handle"]+" "+to.Key(), r.now, days) {
		return
	}
	from := r.answer.tags[":from"]
	if from == "" {
		from = "<" + b.address.String() + ">"
	}
	text := fmt.Sprintf("Date: %s\nFrom: %s\nTo: <%s>\nMessage-ID: %s\nIn-Reply-To: %s\nSubject: %s\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s\n",
		r.now.Format(dateLayout), from, to, h.messageID(b.address.Domain, r.now), fieldValue(r.header, "Message-ID"), foldWords(r.answer.tags[":subject"]), lf([]byte(r.answer.args[0][0])))
	h.deliver(b.address, []recipient{{Address: to}}, "", []byte(strings.ReplaceAll(text, "\n", "\r\n")))
}
