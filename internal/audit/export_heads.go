package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

// exportEvery is the most that a thief of the whole machine could cut unseen.
const exportEvery = 5 * time.Minute

// HeadExport appends this node's signed heads to a file, which the operator ships
// where whoever holds the database cannot reach (a log host, write-once storage).
type HeadExport struct {
	Trail *Trail
	File  string        // created with mode 0600; only ever appended to
	Every time.Duration // 0 = five minutes
	Log   *slog.Logger
	Beat  func(error) // told how each round went; nil: nobody

	written map[string]int64 // rows at the last export, by day; nil before the file was looked at
}

// Run exports at once, then periodically, and a last time when ctx ends. It returns nil.
func (x *HeadExport) Run(ctx context.Context) error {
	if x.Every <= 0 {
		x.Every = exportEvery
	}
	tick := time.NewTicker(x.Every)
	defer tick.Stop()
	for {
		x.round(ctx)
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			x.round(last)
			return nil
		case <-tick.C:
		}
	}
}

func (x *HeadExport) round(ctx context.Context) {
	_, err := x.Export(ctx)
	if err != nil && ctx.Err() != nil {
		return // we are stopping: the last round tells
	}
	if err != nil && x.Log != nil {
		x.Log.Error("signed heads of the trail not exported", "err", err)
	}
	if x.Beat != nil {
		x.Beat(err)
	}
}

// Export appends the heads that changed since the last one and tells how many. A
// stored head whose signature fails, or that is behind what was exported, is ErrBroken:
// it is not exported, so that the file keeps the truth.
func (x *HeadExport) Export(ctx context.Context) (int, error) {
	if x.written == nil {
		written, err := x.look()
		if err != nil {
			return 0, err
		}
		x.written = written
	}
	all, err := x.Trail.Heads(ctx)
	if err != nil {
		return 0, err
	}
	var fresh []Head
	var broken error
	for _, h := range all {
		if h.Node != x.Trail.node {
			continue // another node exports its own
		}
		switch was := x.written[h.Day]; {
		case h.check(x.Trail.keys) != nil:
			broken = fmt.Errorf("%w: head of %s %s", ErrBroken, h.Node, h.Day)
		case h.N < was:
			broken = fmt.Errorf("%w: %s %s has %d rows, %d were exported", ErrBroken, h.Node, h.Day, h.N, was)
		case h.N > was:
			fresh = append(fresh, h)
		}
	}
	if err := x.append(fresh); err != nil {
		return 0, err
	}
	for _, h := range fresh {
		x.written[h.Day] = h.N
	}
	return len(fresh), broken
}

// look reads what an earlier process exported. Only heads that bear our signature
// count: the file must not be able to keep a head from being exported.
func (x *HeadExport) look() (map[string]int64, error) {
	written := map[string]int64{}
	f, err := os.Open(x.File)
	if errors.Is(err, os.ErrNotExist) {
		return written, nil
	}
	if err != nil {
		return nil, fmt.Errorf("exported heads: %w", err)
	}
	defer f.Close()
	heads, _, err := ReadHeads(f)
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		if h.Node == x.Trail.node && h.check(x.Trail.keys) == nil {
			written[h.Day] = max(written[h.Day], h.N)
		}
	}
	return written, nil
}

// append opens the file even when there is nothing to add: a file that cannot be
// written is a failure from the first round on, not the day a head is due.
func (x *HeadExport) append(heads []Head) (err error) {
	f, err := os.OpenFile(x.File, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("exported heads: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if len(heads) == 0 {
		return nil
	}
	if err := endLine(f); err != nil {
		return fmt.Errorf("exported heads: %w", err)
	}
	if err := WriteHeads(f, heads); err != nil {
		return err
	}
	return f.Sync()
}

// endLine closes a line that a crash cut short.
func endLine(f *os.File) error {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil || end == 0 {
		return err
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], end-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = f.Write([]byte{'\n'})
	return err
}
