package mailbox

import "time"

// Bounds of looking on where a server is too slow for one question.
const (
	paceWindow = 2000             // letters of the first question tried, as mailserver does by itself
	paceShrink = 4                // each that is not answered in time asks about so many times fewer
	paceTries  = 5                // in a row, then nothing is asked and nothing promised
	paceRest   = 10 * time.Minute // until one more is tried
)

// pace is how a server answers one of the questions asked of a folder.
type pace struct {
	window uint32 // letters asked about at first; 0 for the mail server room's own measure
	tries  int    // in a row that brought nothing
	since  time.Time
}

// missed notes a question that came back with nothing: the next one is smaller.
func (p *pace) missed(now time.Time) {
	if p.window == 0 {
		p.window = paceWindow
	}
	p.window = max(p.window/paceShrink, 1)
	p.tries++
	p.since = now
}

// went notes one that was answered; what it could do in time stays its measure.
func (p *pace) went() { p.tries = 0 }

// stuck: it was asked often enough.
func (p pace) stuck() bool { return p.tries >= paceTries }

// rested lets one more try through after a while.
func (p *pace) rested(now time.Time) {
	if p.stuck() && now.Sub(p.since) >= paceRest {
		p.tries = paceTries - 1
	}
}
