package message

import (
	"bytes"
	"io"
	"strconv"
	"strings"

	"pli.example/pli/internal/mssante"
)

// ReportKind tells what a report is about.
type ReportKind string

// The kinds of report.
const (
	ReportDelivery    ReportKind = "delivery"    // RFC 3464: delivered, delayed, failed
	ReportDisposition ReportKind = "disposition" // RFC 8098: displayed, processed, deleted …
	ReportIntegration ReportKind = "integration" // MSSanté: the receiving system could not file the document
)

// Report is what a server, a reader or a receiving system says of a letter sent
// earlier. All strings are safe to show as text.
type Report struct {
	Kind              ReportKind
	From              []Mailbox // who wrote it: see Believed
	Path              ReturnPath
	EnvelopeID        string // of the letter as submitted (RFC 3464 §2.2.1), "" when unsaid
	OriginalMessageID string // without angle brackets, "" when unsaid
	OriginalSubject   string // of an integration report, the prefixes taken off
	Disposition       string // "displayed", "processed", "deleted", "dispatched", "failed", "denied"
	Error             bool   // the disposition carries /error or /failed
	Code, Label       string // integration error: "902", "Identifiant de patient inconnu"
	Recipients        []ReportRecipient
}

// ReportRecipient is the fate of one recipient.
type ReportRecipient struct {
	Address    mssante.Address
	Raw        string // the address as the report wrote it
	Action     string // failed, delayed, delivered, relayed, expanded; "" when unsaid
	Status     string // RFC 3463, "5.1.1"
	Diagnostic string // the remote server's words
}

// Failed reports whether the letter did not reach somebody, or was not filed.
func (r Report) Failed() bool {
	for _, p := range r.Recipients {
		if p.Action == "failed" || p.Action == "" && strings.HasPrefix(p.Status, "5") {
			return true
		}
	}
	return r.Error || r.Kind == ReportIntegration
}

const (
	maxReportBytes = 256 << 10
	maxRecipients  = 200
)

// Report reads the notice in a parsed letter, if it is one.
func (l *Letter) Report() (Report, bool) {
	var fields []byte
	if p := ReportPart(l.Root); p != nil {
		fields, _ = io.ReadAll(io.LimitReader(p.Reader(), maxReportBytes))
	}
	r, ok := ReportOf(l.Envelope, l.Root, fields)
	r.Path = l.Header.ReturnPath()
	return r, ok
}

// ReportPart gives the machine-readable part of a report, for a caller that has
// to load it: message/delivery-status or message/disposition-notification.
func ReportPart(root *Part) *Part {
	if root == nil || root.Type != "multipart/report" && root.Type != "multipart/mixed" {
		return nil
	}
	var found *Part
	for _, c := range root.Children {
		switch c.Type {
		case "message/delivery-status", "message/disposition-notification", "message/global-delivery-status",
			"message/global-disposition-notification":
			if found == nil || c.Size > found.Size { // some servers send one per server and one per recipient
				found = c
			}
		}
	}
	return found
}

// ReportOf reads a notice from its envelope, its tree and the decoded bytes of
// its ReportPart (nil when there is none). Path is the caller's to tell, from its header.
func ReportOf(e Envelope, root *Part, fields []byte) (Report, bool) {
	var r Report
	part := ReportPart(root)
	if part != nil {
		r = parseReport(fields, strings.Contains(part.Type, "disposition"))
	}
	r.From = e.From
	if code, rest, ok := IntegrationSubject(e.Subject); ok {
		r.Kind, r.OriginalSubject, r.Error = ReportIntegration, rest, true
		if r.Code == "" {
			r.Code = code
		}
		if r.OriginalMessageID == "" {
			r.OriginalMessageID = embeddedID(root)
		}
		return r, true
	}
	if part == nil {
		return Report{}, false
	}
	if r.OriginalMessageID == "" {
		if r.OriginalMessageID = embeddedID(root); r.OriginalMessageID == "" {
			r.OriginalMessageID = e.InReplyTo
		}
	}
	return r, true
}

// embeddedID finds the id of the letter a report carries back.
func embeddedID(root *Part) (id string) {
	root.Walk(func(p *Part) bool {
		switch {
		case p.Embedded != nil:
			id = p.Embedded.Envelope.MessageID
		case p.Type == "text/rfc822-headers" && p.raw != nil:
			b, _ := io.ReadAll(io.LimitReader(p.Reader(), maxReportBytes))
			_, env := ParseHeader(b)
			id = env.MessageID
		}
		return id == ""
	})
	return id
}

// IntegrationSubject reads "[KO Intégration système !][902] XDM/1.0/DDM+…" (ANS,
// volet Transmission de documents CDA, MDN métier): the code and the subject of
// the letter it is about. Accents and spaces are forgiven.
func IntegrationSubject(subject string) (code, rest string, ok bool) {
	s := strings.TrimSpace(subject)
	tag, after, found := strings.Cut(s, "]")
	if !found || !strings.HasPrefix(tag, "[") || len(tag) > 80 {
		return "", subject, false
	}
	words := strings.NewReplacer("é", "e", "É", "e", "è", "e", "\u00a0", "", " ", "", "!", "", "e\u0301", "e").Replace(strings.ToLower(tag[1:]))
	if words != "kointegrationsysteme" {
		return "", subject, false
	}
	after = strings.TrimSpace(after)
	if strings.HasPrefix(after, "[") {
		if inside, left, found := strings.Cut(after[1:], "]"); found && len(inside) <= 20 {
			code, after = strings.TrimSpace(inside), strings.TrimSpace(left)
		}
	}
	return code, mssante.VisibleSubject(after), true
}

// parseReport reads groups of fields separated by blank lines. Stops at the end
// of the bytes: a reader that waits for an end mark never gets one.
func parseReport(b []byte, disposition bool) Report {
	r := Report{Kind: ReportDelivery}
	if disposition {
		r.Kind = ReportDisposition
	}
	b = bytes.TrimLeft(b, "\r\n \t")
	limits := Limits{}.orDefault()
	for pos, groups := 0, 0; pos < len(b) && groups < maxRecipients+50; groups++ {
		h, next, _ := readHeader(b, pos, limits, nil)
		if next <= pos || len(h.Fields) == 0 && next < len(b) && len(b[pos:next]) > 2 {
			break
		}
		r.group(h)
		if pos = next; len(h.Fields) == 0 {
			// Blank lines between groups; text nobody can read ends the report.
			line, after := lineAt(b, pos)
			if len(line) > 0 && fieldName(line) < 0 {
				pos = after
			}
		}
	}
	return r
}

func (r *Report) group(h Header) {
	if ids := messageIDs(h.Raw("Original-Message-ID")); len(ids) > 0 {
		r.OriginalMessageID = ids[0]
	} else if id := h.Get("Original-Message-ID"); id != "" && r.OriginalMessageID == "" {
		r.OriginalMessageID = strings.Trim(id, "<> ")
	}
	if ids := messageIDs(h.Raw("X-Original-Message-ID")); len(ids) > 0 && r.OriginalMessageID == "" {
		r.OriginalMessageID = ids[0]
	}
	if id := h.Get("Original-Envelope-Id"); id != "" && len(id) <= 300 {
		r.EnvelopeID = unxtext(id)
	}
	if d := h.Get("Disposition"); d != "" {
		r.disposition(d)
	}
	who := h.Get("Original-Recipient")
	if who == "" || !strings.Contains(who, "@") {
		who = h.Get("Final-Recipient")
	}
	if who == "" || len(r.Recipients) >= maxRecipients {
		return
	}
	if _, addr, ok := strings.Cut(who, ";"); ok {
		who = addr
	}
	one := ReportRecipient{Raw: strings.TrimSpace(who), Action: strings.ToLower(firstWord(h.Get("Action"))), Status: firstWord(h.Get("Status"))}
	if list := ParseAddressList(who); len(list) > 0 {
		one.Address = list[0].Address
	}
	if _, text, ok := strings.Cut(h.Get("Diagnostic-Code"), ";"); ok {
		one.Diagnostic = strings.TrimSpace(text)
	} else {
		one.Diagnostic = h.Get("Diagnostic-Code")
	}
	r.Recipients = append(r.Recipients, one)
}

// disposition reads "automatic-action/MDN-sent-automatically; processed/Error:
// 902^Identifiant de patient inconnu^…" (RFC 8098 §3.2.6; the error as ANS writes it).
func (r *Report) disposition(s string) {
	_, what, ok := strings.Cut(s, ";")
	if !ok {
		what = s
	}
	kind, modifier, _ := strings.Cut(strings.TrimSpace(what), "/")
	r.Disposition = strings.ToLower(strings.TrimSpace(kind))
	name, detail, _ := strings.Cut(modifier, ":")
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "error", "failed", "failure":
		r.Error = true
	}
	r.Error = r.Error || r.Disposition == "failed"
	if f := strings.Split(detail, "^"); len(f) > 1 {
		r.Code, r.Label = strings.TrimSpace(f[0]), strings.TrimSpace(f[1])
	}
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return strings.TrimRight(f[0], ";,")
	}
	return ""
}

// unxtext undoes the encoding of an envelope id (RFC 3461 §4); servers give back either form.
func unxtext(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '+' && i+2 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(n))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
