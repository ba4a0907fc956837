//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"pli.example/pli/e2e/program"
	"pli.example/pli/internal/config"
)

// journey is one thing a person does from beginning to end, asserted on the page
// and on the server.
type journey struct {
	name   string
	only   string // the one world it makes sense in, "" for every world
	mode   string // "js" or "nojs" when it is about one of them
	why    string // why only there: printed with the skip
	do     func(t *testing.T, w *world, b *tab)
	severe bool // takes servers down: runs after the others of its world
	whole  bool // shown in the whole Chromium, not its shell: see browserContext
}

// journeys is the one table: rows here, worlds and modes below. A row never
// depends on another; letters it changes are letters it delivered itself.
func journeys() []journey {
	return []journey{
		{name: "sign-in-card", do: signInWithCard},
		{name: "sign-in-ecps", only: "demo", why: "only the demo's provider plays the mobile application", do: signInWithMobile},
		{name: "sign-in-next", do: signInComesBackToTheLetter},
		{name: "card-refused", do: cardRefused},
		{name: "no-mailbox", do: noMailbox},
		{name: "account-closed", do: accountClosed},
		{name: "situation", do: chooseSituation},
		{name: "inbox", do: inbox},
		{name: "read", do: readMarksRead},
		{name: "plain-form", do: plainForm},
		{name: "unread", do: markUnread},
		{name: "star", do: star},
		{name: "archive-undo", do: archiveAndUndo},
		{name: "bin", do: binOne},
		{name: "bulk-bin-undo", do: bulkBinAndUndo},
		{name: "bulk-read", do: bulkRead},
		{name: "bulk-whole", mode: "js", why: "without scripts the same forms are tried by the tests of pages", do: bulkWhole},
		{name: "folders", do: folderTree},
		{name: "move", do: moveElsewhere},
		{name: "search", do: searchHeaders},
		{name: "search-text", do: searchEverywhere},
		{name: "pages", do: pages},
		{name: "live", mode: "js", why: "a list that keeps itself fresh is a script; without scripts 'Actualiser' asks the server", do: liveList},
		{name: "conversation", do: conversationAcross},
		{name: "other-mailbox", do: otherMailbox},
		{name: "shared-mailbox", do: sharedMailbox},
		{name: "pdf-preview", mode: "js", why: "the PDF reader is a script; without scripts the same file is a download (row pdf-download)", do: pdfPreview},
		{name: "pdf-download", do: pdfDownload},
		{name: "picture", do: pictures},
		{name: "text-file", do: textFile},
		{name: "zip", do: zipOfAll},
		{name: "nested-letter", do: nestedLetter},
		{name: "hostile-letter", do: hostileLetter, whole: true},
		{name: "hostile-header", do: hostileHeader, whole: true},
		{name: "broken-structure", do: brokenStructure},
		{name: "source-print", do: sourceAndPrint},
		{name: "rules", only: "dovecot-xoauth2", why: "one round trip through real ManageSieve is enough; the unit tests make others", do: rulesRoundTrip},
		{name: "journal", do: journal},
		{name: "keys", mode: "js", why: "keyboard shortcuts are a script", do: keyboard},
		{name: "write-found", do: writeFound},
		{name: "reply-photo", do: replyWithPhoto},
		{name: "forward-files", do: forwardWithFiles},
		{name: "draft-elsewhere", do: draftElsewhere},
		{name: "refused-recipient", do: refusedRecipient},
		{name: "typed-recipients", mode: "js", why: "chips are a script; without scripts recipients are text of the form", do: typedRecipients},
		{name: "big-file", do: bigFile},
		{name: "session-lost", do: sessionLost},
		{name: "pharmacy-closes", do: pharmacyCloses},
		{name: "gp-patient", do: gpAndPatient},
		{name: "after-closing", do: afterClosing},
		{name: "patient-fields", mode: "js", why: "where the caret stands is a script's doing; without scripts the fields are the same", do: patientFields},
		{name: "session-covered", mode: "js", why: "without scripts nothing of a letter stays in the page that says the session is over", do: sessionCovered},
		{name: "two-sessions-revoke", do: revokeOtherSession},
		{name: "support", do: supportDesk},
		{name: "support-refused", do: supportRefused},
		{name: "sign-out", do: signOutAsksAgain},
		{name: "idle-ending", do: idleEnding},
		{name: "server-down", do: serverDown, severe: true},
		{name: "mail-server-down", do: mailServerDown, severe: true},
		{name: "provider-down", do: providerDown, severe: true},
	}
}

var modes = []string{"js", "nojs"}

// board collects what each row did in each world.
type board struct {
	sync.Mutex
	cells map[string]string // row/world/mode → mark
}

func (s *board) set(row, column, mark string) {
	s.Lock()
	defer s.Unlock()
	s.cells[row+"/"+column] = mark
}

// spared says why e2e/test leaves a mode of a world to --long: there every row meets both
// modes in the demo, and each of the two worlds of real servers in one mode. It is
// empty for a run that did not ask for that (e2e/test sets PLI_E2E_GATE).
func (s surrounding) spared(mode string) string {
	if os.Getenv("PLI_E2E_GATE") == "" || s.gate == "" || s.gate == mode {
		return ""
	}
	return "rows meet " + s.name + " in the mode " + s.gate + ", and this mode in another world; both: e2e/test --long"
}

// TestJourneys runs the table. One row: -run 'TestJourneys/dovecot-xoauth2/js/read$'
func TestJourneys(t *testing.T) {
	t.Parallel()
	results := &board{cells: map[string]string{}}
	var columns []string
	for _, s := range worlds() {
		for _, mode := range modes {
			columns = append(columns, s.name+" "+mode)
		}
	}
	t.Cleanup(func() { results.print(t, columns) })
	for _, s := range worlds() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			// Rows that stop servers have a world of their own, one after the other; so has
			// each mode, whose rows leave alone what the other's look at.
			severe := sync.OnceValue(func() *world { return s.start(t) })
			for _, mode := range modes {
				t.Run(modeName(mode, true), func(t *testing.T) {
					if why := s.spared(mode); why != "" {
						t.Skip(why)
					}
					runJourneys(t, results, severe(), mode, true)
				})
			}
			for _, mode := range modes {
				t.Run(modeName(mode, false), func(t *testing.T) {
					if why := s.spared(mode); why != "" {
						t.Skip(why)
					}
					t.Parallel()
					runJourneys(t, results, s.start(t), mode, false)
				})
			}
		})
	}
}

func runJourneys(t *testing.T, results *board, w *world, mode string, severe bool) {
	for _, j := range journeys() {
		if j.severe == severe {
			runJourney(t, results, w, mode, j)
		}
	}
}

func modeName(mode string, severe bool) string {
	if severe {
		return mode + "-severe"
	}
	return mode
}

func runJourney(t *testing.T, results *board, w *world, mode string, j journey) {
	column := w.name + " " + mode
	t.Run(j.name, func(t *testing.T) {
		defer func() {
			mark := "pass"
			if t.Failed() {
				mark = "FAIL"
				t.Logf("%s", w.logs())
			} else if t.Skipped() {
				mark = "–"
			}
			results.set(j.name, column, mark)
		}()
		if j.only != "" && j.only != w.name || j.mode != "" && j.mode != mode {
			t.Skip(j.why)
		}
		open := newTab
		if j.whole {
			open = newWholeTab
		}
		b := open(t, mode == "js")
		j.do(t, w, b)
		if console, dialogs := b.heardAll(); len(dialogs) > 0 || strings.Contains(strings.Join(console, "\n"), "exception:") {
			t.Errorf("the pages reported: %q, dialogs %q", console, dialogs)
		}
	})
}

// print writes rows × worlds, to the terminal and to .out/journeys.txt. Rows and
// columns that were not asked for (-run) are left out.
func (s *board) print(t *testing.T, columns []string) {
	columns = slices.DeleteFunc(columns, func(c string) bool {
		return !slices.ContainsFunc(journeys(), func(j journey) bool { return s.cells[j.name+"/"+c] != "" })
	})
	if len(columns) == 0 {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s", "journey")
	for _, c := range columns {
		fmt.Fprintf(&b, " | %-20s", c)
	}
	b.WriteByte('\n')
	for _, j := range journeys() {
		var cells strings.Builder
		ran := false
		for _, c := range columns {
			mark := s.cells[j.name+"/"+c]
			ran = ran || mark != ""
			fmt.Fprintf(&cells, " | %-20s", mark)
		}
		if ran {
			fmt.Fprintf(&b, "%-20s%s\n", j.name, cells.String())
		}
	}
	for _, w := range worlds() {
		for _, mode := range modes {
			if why := w.spared(mode); why != "" {
				fmt.Fprintf(&b, "\n%s %s: %s", w.name, mode, why)
			}
		}
	}
	b.WriteString("\n– is a skip, by nature of the row:\n")
	for _, j := range journeys() {
		switch {
		case j.only != "":
			fmt.Fprintf(&b, "  %s, only in %s: %s\n", j.name, j.only, j.why)
		case j.mode != "":
			fmt.Fprintf(&b, "  %s, only %s: %s\n", j.name, j.mode, j.why)
		}
	}
	if err := os.MkdirAll(program.Out("."), 0o755); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(program.Out("journeys.txt"), []byte(b.String()), 0o644); err != nil {
		t.Error(err)
	}
	t.Logf("\n%s", b.String())
}

// surrounding names a world, the mode e2e/test shows it in ("" both) and how to make it.
type surrounding struct {
	name, gate string
	start      func(t testing.TB) *world
}

func worlds() []surrounding {
	operators := func(token bool) func(t testing.TB) *world {
		return func(t testing.TB) *world {
			// Tokens of ten seconds: every journey meets one that ended.
			w := newOperator(t, operatorOptions{token: token, tokenSeconds: 10, sending: true})
			w.beHasty(t)
			return w.world
		}
	}
	demo := func(t testing.TB) *world {
		w := newDemo(t)
		w.hasty, _ = startDemo(t, func(c *config.Config) { c.Clocks.Idle = hastyIdle })
		return w
	}
	return []surrounding{
		{"demo", "", demo},
		{"dovecot-xoauth2", "js", operators(true)},
		{"dovecot-plain", "nojs", operators(false)},
	}
}
