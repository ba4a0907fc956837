package mailserver

import (
	"sync"

	"github.com/emersion/go-imap/v2/imapclient"
)

// overheard is what a server told of the selected folder without being asked
// (RFC 9051 §7). go-imap's read loop writes it and must never wait: a command sent
// from there would wait for itself.
type overheard struct {
	mu     sync.Mutex
	kinds  kinds
	exists uint32
	wake   chan struct{} // capacity 1: something was told
}

// kinds of news.
type kinds struct{ arrived, gone, flags bool }

func (k kinds) any() bool { return k.arrived || k.gone || k.flags }

func (k *kinds) add(more kinds) {
	k.arrived, k.gone, k.flags = k.arrived || more.arrived, k.gone || more.gone, k.flags || more.flags
}

func newOverheard() *overheard { return &overheard{wake: make(chan struct{}, 1)} }

func (o *overheard) handler() *imapclient.UnilateralDataHandler {
	return &imapclient.UnilateralDataHandler{
		Expunge: func(uint32) { o.expunged() },
		Mailbox: func(d *imapclient.UnilateralDataMailbox) {
			if d.NumMessages != nil {
				o.count(*d.NumMessages)
			}
		},
		// On a goroutine of its own, unlike the others; what it is given must be read.
		Fetch: func(m *imapclient.FetchMessageData) {
			for m.Next() != nil { // which reads a literal to its end itself: twice would be beside the read loop
			}
			o.note(kinds{flags: true})
		},
	}
}

// count: a server that repeats the number it told before has no news.
func (o *overheard) count(n uint32) {
	o.mu.Lock()
	k := kinds{arrived: n > o.exists, gone: n < o.exists}
	o.exists = n
	o.mu.Unlock()
	if k.any() {
		o.note(k)
	}
}

func (o *overheard) expunged() {
	o.mu.Lock()
	if o.exists > 0 {
		o.exists--
	}
	o.mu.Unlock()
	o.note(kinds{gone: true})
}

func (o *overheard) note(k kinds) {
	o.mu.Lock()
	o.kinds.add(k)
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take gives what was told since, and forgets it.
func (o *overheard) take() kinds {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case <-o.wake:
	default:
	}
	k := o.kinds
	o.kinds = kinds{}
	return k
}

// begin forgets everything: another folder is selected, of n letters.
func (o *overheard) begin(n uint32) {
	o.take()
	o.mu.Lock()
	o.exists = n
	o.mu.Unlock()
}
