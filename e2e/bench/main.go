// Command bench measures Pli against the server it stands on: a private Dovecot
// with 100,000 generated letters. For every page it times, in the same run and in
// turn, exactly the IMAP commands the page needs, raw: the floor. What a page may take
// beyond it stands beside each number with the issue that asks for it, p50 against p50
// and p95 against p95. It also prints what memory a 25 MB download takes and what the
// pages weigh. With -load many people read at once instead: see load.go. Numbers that
// miss their bound are printed as MISS, and the command fails, unless -tolerant: on a
// machine that does something else the clock tells little.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	letters := flag.Int("letters", 100_000, "letters in the mailbox")
	runs := flag.Int("runs", 120, "times each page is measured")
	tolerant := flag.Bool("tolerant", false, "a number that misses its bound is no failure")
	pages := flag.Bool("pages", false, "the pages alone: nothing is sent or imported")
	alone := flag.Bool("index", false, "the index alone: built, searched, read for a page")
	crowd := flag.Bool("load", false, "many people at once, instead of one page after the other")
	o := loadOptions{}
	flag.IntVar(&o.users, "users", 50, "with -load: people who read as fast as they can")
	flag.IntVar(&o.idle, "idle", 500, "with -load: people signed in who do nothing")
	flag.DurationVar(&o.lasting, "lasting", 30*time.Second, "with -load: how long they read")
	flag.Parse()
	if o.tolerant = *tolerant; *crowd {
		if err := load(o); err != nil {
			log.Fatal("bench: ", err)
		}
		return
	}
	if err := bench(*letters, *runs, *pages, *alone, *tolerant); err != nil {
		log.Fatal("bench: ", err)
	}
}

func bench(letters, runs int, pages, alone, tolerant bool) error {
	root, fresh, err := prepare(letters)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pli-b-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	d, err := start(dir, root, letters, fresh)
	if d != nil {
		defer d.Stop()
	}
	if err != nil {
		return err
	}
	site, err := serve(dir, d)
	if err != nil {
		return err
	}
	defer site.stop()
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	go func() { <-interrupted; site.stop(); d.Stop(); os.Exit(1) }()

	m := &measures{site: site, dovecot: d, letters: letters, runs: runs}
	steps := []func() error{m.begin, m.inbox, m.page, m.unseen, m.letter, m.issue5, m.patients, m.memory, m.weights}
	if alone {
		steps = []func() error{m.begin, m.headerSearch, m.bodySearch, m.conversations, m.index}
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("%w\n%s", err, site.pli.Log())
		}
	}
	more := []func(*measures) error{benchSending, benchImporting}
	if pages || alone {
		more = nil
	}
	for _, more := range more {
		if err := more(m); err != nil {
			return err
		}
	}
	m.print()
	if m.missed > 0 && !tolerant {
		return fmt.Errorf("%d numbers miss their bound", m.missed)
	}
	return nil
}
