package web_test

import (
	"fmt"
	"os"
	"testing"

	"pli.example/pli/internal/testkit"
)

// shared is one app for the tests that only read, or act where no other looks: a
// world costs half a second of drawing photographs.
var shared *testkit.Kit

// TestMain fails the run when a handler panicked or the log holds what letters are
// about, whichever test caused it.
func TestMain(m *testing.M) {
	var err error
	if shared, err = testkit.Open(); err != nil {
		fmt.Fprintln(os.Stderr, "start the shared app:", err)
		os.Exit(1)
	}
	code := m.Run()
	logs := shared.Logs.String()
	if err := shared.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	for _, w := range canaries(logs) {
		fmt.Fprintln(os.Stderr, "the log holds", w)
		code = 1
	}
	os.Exit(code)
}

// TestInTurn are the tests that change or measure the whole state: one app, one
// after another, those that move the clock last.
func TestInTurn(t *testing.T) {
	t.Parallel()
	k := testkit.New(t)
	for _, row := range []struct {
		name string
		test func(*testing.T, *testkit.Kit)
	}{
		{"ActsAndTheirUndo", actsAndTheirUndo},
		{"ActsOnPartOfASelection", actsOnPartOfASelection},
		{"LetterPageActs", letterPageActs},
		{"GetsArePure", getsArePure},
		{"GoneLetter", goneLetter},
		{"TrailOfReading", trailOfReading},
		{"Journal", journal},
		{"RevokeAnotherSession", revokeAnotherSession},
		{"PolyglotsStayText", polyglotsStayText},
		{"ServersDownAreSaid", serversDownAreSaid},
		{"SignInFailures", signInFailures},
		{"SituationIsChosen", situationIsChosen},
		{"ReadersDoNotAct", readersDoNotAct},
		{"UndoIsBound", undoIsBound},
		{"MailAccessEndsBeforeTheSession", mailAccessEndsBeforeTheSession},
		{"ExpiredSession", expiredSession},
	} {
		t.Run(row.name, func(t *testing.T) { row.test(t, k.For(t)) })
	}
	for _, w := range canaries(k.Logs.String()) {
		t.Error("the log holds", w)
	}
}
