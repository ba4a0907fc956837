package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"pli.example/pli/e2e/visitor"
)

const (
	restBound  = 150_000           // bytes for each person signed in, beyond the index (issue 5)
	collection = 130 * time.Second // Go collects every two minutes when nothing happens
	patient    = 10 * time.Second  // nobody waits longer when all ask at once
)

// resting is Show 2's second half: many people are signed in and do nothing; what they
// take, how many connections they hold, and whether they are served when all of them
// ask at the same moment.
func (w *loadWorld) resting(string) error {
	people := make([]*visitor.Visitor, w.idle)
	inbox := make([]string, w.idle)
	if err := w.signIn(people, inbox, 0, 1); err != nil { // what the first costs, the program costs
		return err
	}
	before, err := w.atRest()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := w.signIn(people, inbox, 1, w.idle); err != nil {
		return err
	}
	signing := time.Since(began)
	after, err := w.atRest()
	if err != nil {
		return err
	}
	fmt.Printf("\n%d people signed in who do nothing (issue 5); signing in took %.0f ms each, two at a time\n", w.idle, ms(signing)/float64(w.idle-1))
	each := func(a, b float64) float64 { return (a - b) / float64(w.idle-1) }
	heap, resident := each(after.heap, before.heap), each(after.resident, before.resident)
	w.say("memory of each, what lives", heap-each(after.index, before.index) <= restBound, "%.0f kB, bound %.0f kB (of it rows and letters kept: %.0f kB; the index: %.0f kB, not counted)", (heap-each(after.index, before.index))/1000, restBound/1000.,
		each(after.cache, before.cache)/1000, each(after.index, before.index)/1000)
	fmt.Printf("%-46s       %.0f kB each, from %.1f MB to %.1f MB: what the collector leaves room for included\n", "memory of the process", resident/1000, before.resident/1e6, after.resident/1e6)
	w.say("IMAP connections", after.connections <= after.limit, "%.0f open, %.0f at most on this node; at most 3 for a mailbox, closed after five minutes of rest, and at the node's bound the one that rested longest gives way", after.connections, after.limit)
	return w.all(people, inbox)
}

// signIn signs people in, two at a time.
func (w *loadWorld) signIn(people []*visitor.Visitor, inbox []string, from, to int) error {
	errs := make([]error, 2)
	var wg sync.WaitGroup
	for half := range errs {
		wg.Go(func() {
			for i := from + half; i < to && errs[half] == nil; i += len(errs) {
				v, p, err := w.site.SignIn(w.readers[i].Key)
				if err != nil {
					errs[half] = err
					return
				}
				people[i], inbox[i] = v, w.site.Base+p.Attr("folder-inbox", "href")
				v.Client.CloseIdleConnections() // a person who does nothing holds no connection to Pli for long
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// rest is what the program holds when nothing happens.
type rest struct{ heap, resident, cache, index, connections, limit float64 }

// atRest waits until Go has collected what was left behind.
func (w *loadWorld) atRest() (out rest, err error) {
	for end := time.Now().Add(collection); time.Now().Before(end); time.Sleep(time.Second) {
		f, err := w.site.Figures()
		if err != nil {
			return out, err
		}
		kB, err := w.site.Status("VmRSS")
		if err != nil {
			return out, err
		}
		now := rest{heap: f[`go_memory_bytes{of="heap"}`], resident: float64(kB) * 1024, cache: f[`pli_cache_bytes{cache="letters"}`], index: f[indexBytes],
			connections: f["pli_imap_connections"], limit: f["pli_imap_connections_limit"]}
		if out.heap == 0 || now.heap < out.heap {
			out = now
		}
	}
	return out, nil
}

// all lets everybody ask for their inbox at the same moment, then again.
func (w *loadWorld) all(people []*visitor.Visitor, inbox []string) error {
	for _, again := range []string{"all ask at once", "all ask again"} {
		took := make([]time.Duration, len(people))
		errs := make([]error, len(people))
		var wg sync.WaitGroup
		for i, v := range people {
			wg.Go(func() {
				began := time.Now()
				errs[i] = fetch(v, inbox[i])
				took[i] = time.Since(began)
			})
		}
		wg.Wait()
		failed := 0
		for _, err := range errs {
			if err != nil {
				failed++
			}
		}
		longest := percentile(took, 1)
		w.say(again+": nobody starved", failed == 0 && longest <= patient, "p50 %.0f ms, p95 %.0f ms, the longest %.0f ms (bound %.0f s), %d failed%s",
			ms(percentile(took, .5)), ms(percentile(took, .95)), ms(longest), patient.Seconds(), failed, because(firstOf(errs)))
	}
	return nil
}

func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
