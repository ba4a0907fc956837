package metrics

import (
	"sync/atomic"
	"time"
)

// Pulse is what a loop tells of its passes. The zero value never beat.
type Pulse struct {
	last     atomic.Int64 // microseconds of the last pass that went well
	failures atomic.Int64
	failing  atomic.Bool
}

// Beat notes a pass that ended at now.
func (p *Pulse) Beat(now time.Time, err error) {
	p.failing.Store(err != nil)
	if err != nil {
		p.failures.Add(1)
		return
	}
	p.last.Store(now.UnixMicro())
}

// Last is the last pass that went well, zero before the first.
func (p *Pulse) Last() time.Time {
	if us := p.last.Load(); us != 0 {
		return time.UnixMicro(us).UTC()
	}
	return time.Time{}
}

// Failures counts the passes that did not.
func (p *Pulse) Failures() int64 { return p.failures.Load() }

// Failing: the last pass did not go well.
func (p *Pulse) Failing() bool { return p.failing.Load() }
