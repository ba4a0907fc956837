package mailhost

import (
	"fmt"
	"mime"
	"strings"
	"sync"
	"time"

	"pli.example/pli/internal/mssante"
)

// Patient is a user of Mon espace santé who answers by script.
type Patient struct {
	Address mssante.Address
	Label   string            // what stands in From: one string
	Open    []mssante.Address // may be written to by the patient already
	Answers []string          // taken in turn, the last one for ever
}

// patients keeps, for each pair of patient and professional, whether the patient
// may write. The rules are those of Mon espace santé (ENS §7): a subject exactly
// [FIN] forbids answers to all earlier letters; X-MSS-MES: FIN forbids the answer
// to its own letter; a new letter opens the exchange again.
type patients struct {
	host *Host

	mu     sync.Mutex
	list   map[string]Patient
	open   map[pair]bool
	told   map[pair]int           // answers given
	timers map[*time.Timer]func() // answers under way
	ended  bool
}

type pair struct{ patient, professional string }

func newPatients(h *Host) *patients {
	p := &patients{host: h, list: map[string]Patient{}, open: map[pair]bool{}, told: map[pair]int{}, timers: map[*time.Timer]func(){}}
	for _, one := range h.o.Patients {
		p.list[one.Address.Key()] = one
		for _, a := range one.Open {
			p.open[pair{one.Address.Key(), a.Key()}] = true
		}
	}
	return p
}

// MayWrite reports whether the patient may write to the professional now.
func (h *Host) MayWrite(patient, professional mssante.Address) bool {
	h.patients.mu.Lock()
	defer h.patients.mu.Unlock()
	return h.patients.open[pair{patient.Key(), professional.Key()}]
}

// receive takes a professional's letter. It reports false when Mon espace santé
// knows no such mailbox.
func (p *patients) receive(from, to mssante.Address, raw []byte) bool {
	header, _ := splitHeader(raw)
	one, ok := p.list[to.Key()]
	if !ok {
		return false
	}
	answerTo := from
	if list := addressList(fieldValue(header, "Reply-To")); len(list) == 1 {
		if a, err := mssante.ParseAddress(list[0].Addr()); err == nil {
			answerTo = a // the Reply-To mailbox becomes the contact (ENS §9)
		}
	}
	key := pair{to.Key(), answerTo.Key()}
	closing := decodeWords(fieldValue(header, "Subject")) == mssante.SubjectClose
	mute := fieldValue(header, mssante.HeaderMES) == "FIN"

	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return true
	}
	if closing {
		p.open[key] = false
	} else if !mute {
		p.open[key] = true
	}
	p.mu.Unlock()

	if len(addressList(fieldValue(header, "Disposition-Notification-To"))) == 1 {
		p.host.receipt(from, one, header)
	}
	if closing || mute {
		return true
	}
	p.later(func() { p.answer(key, one, answerTo, header) })
	return true
}

// later runs f after the patient's delay, or at once when there is none.
func (p *patients) later(f func()) {
	if p.host.o.PatientDelay == 0 {
		f()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	var t *time.Timer
	t = time.AfterFunc(p.host.o.PatientDelay, func() {
		p.mu.Lock()
		delete(p.timers, t)
		ended := p.ended
		p.mu.Unlock()
		if !ended {
			f()
		}
	})
	p.timers[t] = f
}

// answer writes back, unless the exchange was closed meanwhile.
func (p *patients) answer(key pair, one Patient, to mssante.Address, header []byte) {
	p.mu.Lock()
	n := p.told[key]
	if !p.open[key] || len(one.Answers) == 0 {
		p.mu.Unlock()
		return
	}
	p.told[key] = n + 1
	p.mu.Unlock()

	now := p.host.o.Now()
	subject := decodeWords(fieldValue(header, "Subject"))
	if !strings.HasPrefix(strings.ToLower(subject), "re:") {
		subject = "Re: " + subject
	}
	threading := ""
	if id := fieldValue(header, "Message-ID"); id != "" {
		refs := strings.TrimSpace(fieldValue(header, "References") + " " + id)
		threading = fmt.Sprintf("In-Reply-To: %s\nReferences: %s\n", id, strings.ReplaceAll(refs, " ", "\n "))
	}
	p.host.write(to, fmt.Sprintf("Return-Path: <%s>\nDate: %s\nFrom: %s <%s>\nTo: %s\nMessage-ID: %s\n%sSubject: %s\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s\n\n%s\n",
		one.Address, now.Format(dateLayout), mime.QEncoding.Encode("utf-8", one.Label), one.Address, to, p.host.messageID(mssante.PatientDomain, now),
		threading, foldWords(subject), one.Answers[min(n, len(one.Answers)-1)], one.Label))
}

func foldWords(s string) string {
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", s), "?= =?", "?=\n =?")
}

func (p *patients) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	for t := range p.timers {
		t.Stop()
	}
}
