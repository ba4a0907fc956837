package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"pli.example/pli/internal/demo"
	"pli.example/pli/internal/demo/people"
)

// What follows a sending resumes for somebody who only reads: a copy that could not
// be filed while the server was away is in Sent once the mailbox is opened again.
func TestReadingResumesWhatFollows(t *testing.T) {
	t.Parallel()
	k := writingKit(t)
	c := k.SignIn("martin")
	before := k.World.Mail().Count(people.MartinBox, "Sent")
	arrived := k.World.Mail().Count(people.PetitBox, "INBOX")
	at := begin(t, c, url.Values{"kind": {"blank"}})
	saved := ask(t, c, at+"/save", fields{"version": 1, "writer": "w", "seq": 1, "to": to(people.PetitBox.String()), "subject": "Suite", "text": "Bonjour, voici la suite."})
	k.World.Stop(demo.ServiceIMAP)
	if sent := ask(t, c, at+"/send", fields{"version": saved.Version}); sent.Came != "sent" {
		t.Fatalf("send: %+v", sent)
	}
	for deadline, tries := time.Now().Add(20*time.Second), 0; tries == 0; time.Sleep(10 * time.Millisecond) { // the first attempt failed
		if err := k.App.DB.Read().QueryRow(`SELECT tries FROM letters`).Scan(&tries); err != nil || time.Now().After(deadline) {
			t.Fatalf("no attempt was made: %v", err)
		}
	}
	k.World.Start(demo.ServiceIMAP)
	if n := k.World.Mail().Count(people.MartinBox, "Sent"); n != before {
		t.Fatalf("the copy is there already: %d letters in Sent, %d before", n, before)
	}
	for deadline := time.Now().Add(20 * time.Second); k.World.Mail().Count(people.MartinBox, "Sent") == before; {
		if time.Now().After(deadline) {
			t.Fatalf("nobody filed the copy: %s", lastWarnings(k.Logs.String()))
		}
		k.Clock.Advance(20 * time.Second) // past the delays between tries
		ok(t, c.Follow("/"))
		time.Sleep(50 * time.Millisecond)
	}
	if n := k.World.Mail().Count(people.PetitBox, "INBOX"); n != arrived+1 {
		t.Errorf("the letter arrived %d times", n-arrived)
	}
	ok(t, c.Follow("/"))
	if n := k.World.Mail().Count(people.MartinBox, "Sent"); n != before+1 {
		t.Errorf("%d copies in Sent", n-before)
	}
}

func lastWarnings(logs string) string {
	var out []string
	for line := range strings.Lines(logs) {
		if strings.Contains(line, `"WARN"`) || strings.Contains(line, `"ERROR"`) {
			out = append(out, line)
		}
	}
	return strings.Join(out[max(0, len(out)-5):], "")
}
