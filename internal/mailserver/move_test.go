package mailserver

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pli.example/pli/internal/problem"
)

// mover is a script's folder that answers as told and notes what it was asked.
type mover struct {
	mu      sync.Mutex
	letters []int             // UIDs shown by FETCH
	answers map[string]string // command → answer; "close" hangs up; "" is OK
	lines   map[string]string // command → untagged line before the answer
	asked   []string
}

func (m *mover) serve(w *wire) {
	w.mailbox(func(tag, rest string) bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.asked = append(m.asked, rest)
		if strings.HasPrefix(rest, "UID FETCH") || strings.HasPrefix(rest, "FETCH") {
			for i, uid := range m.letters {
				w.send("* %d FETCH (UID %d FLAGS ())", i+1, uid)
			}
			w.send("%s OK done", tag)
			return true
		}
		for command, answer := range m.answers {
			if !strings.HasPrefix(rest, command) {
				continue
			}
			if answer == "close" {
				w.Conn.Close()
				return true
			}
			if line := m.lines[command]; line != "" {
				w.send("%s", line)
			}
			if command == "UID MOVE" && strings.HasPrefix(answer, "NO") && len(m.letters) > 1 {
				m.letters = m.letters[1:] // a server that moved one before it failed
			}
			w.send("%s %s", tag, answer)
			return true
		}
		return false
	})
}

func (m *mover) count(prefix string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, line := range m.asked {
		if strings.HasPrefix(line, prefix) {
			n++
		}
	}
	return n
}

// TestMoveTells: what moved, what was doubled and what nobody knows are told apart.
func TestMoveTells(t *testing.T) {
	t.Parallel()
	const copied = "OK [COPYUID 7 1 41] done"
	for _, c := range []struct {
		name    string
		letters []int
		answers map[string]string
		want    Moved
		kind    problem.Kind // with say
		say     string
	}{
		{name: "moved as named", letters: []int{1, 2}, answers: map[string]string{"UID MOVE": "OK [COPYUID 7 2 42] done"},
			want: Moved{Validity: 7, UIDs: map[uint32]uint32{2: 42}, Done: []uint32{2}}},
		{name: "moved, not named", letters: []int{1, 3}, answers: map[string]string{"UID MOVE": "OK done"}, want: Moved{Done: []uint32{1, 3}}},
		{name: "a name nobody asked", letters: []int{1}, answers: map[string]string{"UID MOVE": "OK [COPYUID 7 77 78] done"}, want: Moved{Done: []uint32{1}}},
		{name: "one moved before the refusal, one by hand", letters: []int{2, 1}, answers: map[string]string{"UID MOVE": "NO internal", "UID COPY": copied},
			want: Moved{Validity: 7, UIDs: map[uint32]uint32{1: 41}, Done: []uint32{1, 2}}},
		{name: "refused", letters: []int{1}, answers: map[string]string{"UID MOVE": "NO [NOPERM] no"}, kind: problem.UpstreamRefused, say: sayRights},
		{name: "copy refused", letters: []int{1}, answers: map[string]string{"UID MOVE": "NO no", "UID COPY": "NO [OVERQUOTA] no"}, kind: problem.UpstreamRefused, say: sayQuota},
		{name: "original not marked, copy taken back", letters: []int{1}, answers: map[string]string{"UID MOVE": "NO no", "UID COPY": copied, "UID STORE 1 ": "NO [NOPERM] no"},
			kind: problem.UpstreamRefused, say: sayRights},
		{name: "original not marked, copy not known", letters: []int{1}, answers: map[string]string{"UID MOVE": "NO no", "UID COPY": "OK done", "UID STORE 1 ": "NO [NOPERM] no"},
			want: Moved{Doubled: []uint32{1}}, kind: problem.UpstreamRefused, say: sayDoubled},
		{name: "nothing can be marked", letters: []int{1}, answers: map[string]string{"UID MOVE": "NO no", "UID COPY": copied, "UID STORE": "NO no"},
			want: Moved{Doubled: []uint32{1}}, kind: problem.UpstreamRefused, say: sayDoubled},
		{name: "not expunged", letters: []int{1}, answers: map[string]string{"UID MOVE": "NO no", "UID COPY": copied, "UID EXPUNGE": "NO no"},
			want: Moved{Validity: 7, UIDs: map[uint32]uint32{1: 41}, Done: []uint32{1}, MarkedOnly: true}},
		{name: "line lost", letters: []int{1}, answers: map[string]string{"UID MOVE": "close"}, kind: problem.UpstreamDown, say: sayUnsure},
		{name: "line lost after the copy", letters: []int{1}, answers: map[string]string{"UID MOVE": "NO no", "UID COPY": copied, "UID STORE": "close"}, kind: problem.UpstreamDown, say: sayUnsure},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := &mover{letters: c.letters, answers: c.answers}
			_, a, _ := scripted(t, m.serve)
			got, err := a.Move(t.Context(), "INBOX", 7, []uint32{1, 2, 3}, "x")
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
			if c.say == "" != (err == nil) || c.say != "" && (problem.SayOf(err) != c.say || !problem.Is(err, c.kind)) {
				t.Errorf("says %q (%v)", problem.SayOf(err), err)
			}
			if c.name == "original not marked, copy taken back" && (m.count("UID STORE 41 ") != 1 || m.count("UID EXPUNGE 41") != 1 || m.count("UID EXPUNGE 1") != 0) {
				t.Errorf("asked %q", m.asked)
			}
			if m.count("UID STORE 2") != 0 && !slices.Contains(got.Done, 2) {
				t.Error("a letter that was not copied was marked deleted")
			}
		})
	}
}

// TestMarkSeen is one question and one letter.
func TestMarkSeen(t *testing.T) {
	t.Parallel()
	m := &mover{letters: []int{1}}
	_, a, _ := scripted(t, m.serve)
	if err := a.MarkSeen(t.Context(), "INBOX", 7, 1); err != nil {
		t.Fatal(err)
	}
	if m.count("UID STORE 1 +FLAGS.SILENT (\\Seen)") != 1 || m.count("UID FETCH") != 0 {
		t.Errorf("asked %q", m.asked)
	}
	wantKind(t, a.MarkSeen(t.Context(), "INBOX", 8, 1), problem.Gone)
	wantKind(t, a.MarkSeen(t.Context(), "INBOX", 7, 0), problem.Invalid)
	m.mu.Lock()
	m.answers = map[string]string{"UID STORE": "NO [NOPERM] no"}
	m.mu.Unlock()
	wantKind(t, a.MarkSeen(t.Context(), "INBOX", 7, 1), problem.UpstreamRefused)
}
