package audit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Caps of a file of exported heads: it comes back from another machine.
const (
	maxHeadLine = 2 << 10 // bytes
	maxHeads    = 2_000_000
)

// exported is a head as a line of a file, JSON: it is to be read by eye too, and by
// whatever ships it.
type exported struct {
	Node     string    `json:"node"`
	Day      string    `json:"day"`
	N        int64     `json:"rows"`
	RowMAC   []byte    `json:"row_mac"`
	Purged   bool      `json:"purged,omitempty"`
	SignedAt time.Time `json:"signed_at"`
	KeyID    string    `json:"key"`
	MAC      []byte    `json:"mac"`
}

// WriteHeads writes one line a head, for ReadHeads.
func WriteHeads(w io.Writer, heads []Head) error {
	for _, h := range heads {
		line, err := json.Marshal(exported(h))
		if err != nil {
			return fmt.Errorf("write a head: %w", err)
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return fmt.Errorf("write a head: %w", err)
		}
	}
	return nil
}

// ReadHeads reads what WriteHeads wrote, in its order. Lines that cannot be read are
// named, the first one 1: a line cut short by a crash must not hide those around it.
// The signatures are Verify's to check.
func ReadHeads(r io.Reader) (heads []Head, unread []int, err error) {
	in := bufio.NewReaderSize(r, maxHeadLine)
	for n := 1; ; n++ {
		line, err := in.ReadSlice('\n')
		tooLong := errors.Is(err, bufio.ErrBufferFull)
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, nil, fmt.Errorf("read the exported heads: %w", err)
		}
		h, ok := Head{}, false
		if !tooLong {
			h, ok = parseHead(bytes.TrimSpace(line))
		}
		switch {
		case ok:
			heads = append(heads, h)
		case tooLong || len(bytes.TrimSpace(line)) > 0:
			unread = append(unread, n)
		}
		if err != nil {
			return heads, unread, nil
		}
		if len(heads)+len(unread) > maxHeads {
			return nil, nil, fmt.Errorf("read the exported heads: more than %d lines", maxHeads)
		}
	}
}

func parseHead(line []byte) (Head, bool) {
	var x exported
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if d.Decode(&x) != nil || d.More() {
		return Head{}, false
	}
	if _, err := time.Parse(dayFormat, x.Day); err != nil || x.Node == "" || x.N < 1 || len(x.MAC) == 0 || len(x.RowMAC) == 0 {
		return Head{}, false
	}
	return Head(x), true
}

// LastHeads keeps the newest head of each node: the chain makes it vouch for all that
// came before.
func LastHeads(heads []Head) []Head {
	last := map[string]Head{}
	for _, h := range heads {
		if was, known := last[h.Node]; !known || h.Day > was.Day || h.Day == was.Day && h.N >= was.N {
			last[h.Node] = h
		}
	}
	var out []Head
	for _, h := range last {
		out = append(out, h)
	}
	slices.SortFunc(out, func(a, b Head) int { return strings.Compare(a.Node, b.Node) })
	return out
}
