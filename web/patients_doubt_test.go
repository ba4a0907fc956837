package web

import (
	"testing"

	"pli.example/pli/internal/conversation"
	"pli.example/pli/internal/mailbox"
)

// A doubt is shown, and what is known to be lost is no doubt.
func TestDoubtIsShown(t *testing.T) {
	t.Parallel()
	for mark, want := range map[conversation.Mark]int{conversation.Plain: 1, conversation.Lost: 0} {
		if got := doubtChips(mailbox.ExchangeLetter{Mark: mark, Doubt: true}); len(got) != want {
			t.Errorf("mark %d: %+v", mark, got)
		}
	}
	if len(doubtChips(mailbox.ExchangeLetter{})) != 0 {
		t.Error("a doubt nobody raised")
	}
}
