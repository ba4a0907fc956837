package mailbox

import (
	"strings"
	"time"
)

// receivedMark stands before the instant a letter came, in the trail's row of its
// opening: a journal names a letter by its date, never by what it is about.
const receivedMark = ", received "

func receivedWords(l *Letter) string {
	return receivedMark + l.Received.UTC().Format(time.RFC3339)
}

// ReceivedOf reads back when the letter of a trail's row came; false when the row
// does not say.
func ReceivedOf(request string) (time.Time, bool) {
	_, at, ok := strings.Cut(request, receivedMark)
	if !ok {
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, at)
	return t, err == nil && !t.IsZero()
}

// LetterOf gives the letter that a row's target names, also when it names one of
// its parts; false for any other target.
func LetterOf(target string) (string, bool) {
	letter, _, _ := strings.Cut(target, "/part/")
	return letter, strings.Count(letter, "/") == 2
}
