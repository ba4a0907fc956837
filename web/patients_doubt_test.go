package web

import (
	"testing"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/mailbox"
	"pli.example/pli/internal/message"
)

// A doubt is shown, and what is known to be lost is no doubt.
func TestDoubtIsShown(t *testing.T) {
	t.Parallel()
	for mark, want := range map[conversation.Mark]int{conversation.Plain: 1, conversation.Lost: 0} {
		if got := doubtChips(mailbox.ExchangeLetter{Mark: mark, Doubt: &message.ReportRecipient{}}); len(got) != want {
			t.Errorf("mark %d: %+v", mark, got)
		}
	}
	if len(doubtChips(mailbox.ExchangeLetter{})) != 0 {
		t.Error("a doubt nobody raised")
	}
}

// A second click of a page that shows a closing under way is the first again: what it
// closes is known by the newest letter known to have left.
func TestNewestKnown(t *testing.T) {
	t.Parallel()
	e := mailbox.Exchange{Letters: []mailbox.ExchangeLetter{{MessageID: "a"}, {MessageID: "b"}, {MessageID: "fin", Mark: conversation.Leaving}}}
	if got := newestKnown(e).MessageID; got != "b" {
		t.Errorf("the newest known is %q", got)
	}
}
