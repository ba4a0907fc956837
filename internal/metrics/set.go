package metrics

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Other stands for every label value that was not declared.
const Other = "other"

// Label is a name with the only values it takes.
type Label struct {
	Name   string
	Values []string
}

// Set is what one process shows. Declare everything before the first Write.
type Set struct{ families []*family }

// family is one metric name: its series, or how to read them.
type family struct {
	name, help, kind string
	labels           []Label
	read             func(context.Context, Emit) // nil: counted here
	bounds           []float64                   // of a histogram

	mu     sync.Mutex
	series map[string]*series // by label values, joined
}

type series struct {
	values  []string
	total   float64
	count   uint64
	buckets []uint64
}

// Emit writes one value of a gauge.
type Emit func(value float64, labels ...string)

// Counter is a number that only grows.
type Counter struct{ f *family }

// Histogram sorts durations, in seconds, into buckets.
type Histogram struct{ f *family }

// Counter declares one; its name ends in _total.
func (s *Set) Counter(name, help string, labels ...Label) Counter {
	return Counter{s.add(&family{name: name, help: help, kind: "counter", labels: labels})}
}

// Gauge declares one that is read when somebody asks; so is a counter that a room
// keeps itself (its name then ends in _total).
func (s *Set) Gauge(name, help string, read func(context.Context, Emit), labels ...Label) {
	kind := "gauge"
	if strings.HasSuffix(name, "_total") {
		kind = "counter"
	}
	s.add(&family{name: name, help: help, kind: kind, labels: labels, read: read})
}

// Histogram declares one with these upper bounds, in seconds, ascending.
func (s *Set) Histogram(name, help string, bounds []float64, labels ...Label) Histogram {
	return Histogram{s.add(&family{name: name, help: help, kind: "histogram", labels: labels, bounds: bounds})}
}

func (s *Set) add(f *family) *family {
	if slices.ContainsFunc(s.families, func(o *family) bool { return o.name == f.name }) {
		panic("metrics: " + f.name + " declared twice")
	}
	f.series = map[string]*series{}
	s.families = append(s.families, f)
	return f
}

// Add counts n more.
func (c Counter) Add(n float64, labels ...string) {
	c.f.with(labels, func(s *series) { s.total += n })
}

// Observe counts one duration.
func (h Histogram) Observe(seconds float64, labels ...string) {
	h.f.with(labels, func(s *series) {
		s.total += seconds
		s.count++
		for i, b := range h.f.bounds {
			if seconds <= b {
				s.buckets[i]++
			}
		}
	})
}

func (f *family) with(labels []string, do func(*series)) {
	values := f.closed(labels)
	key := strings.Join(values, "\x00")
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.series[key]
	if s == nil {
		s = &series{values: values, buckets: make([]uint64, len(f.bounds))}
		f.series[key] = s
	}
	do(s)
}

// closed replaces what was not declared, and what is missing.
func (f *family) closed(labels []string) []string {
	out := make([]string, len(f.labels))
	for i, l := range f.labels {
		out[i] = Other
		if i < len(labels) && slices.Contains(l.Values, labels[i]) {
			out[i] = labels[i]
		}
	}
	return out
}

// Write gives every series, those of one family in a steady order.
func (s *Set) Write(ctx context.Context, w io.Writer) error {
	b := bufio.NewWriter(w)
	for _, f := range s.families {
		fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", f.name, escape(f.help, false), f.name, f.kind)
		f.write(ctx, b)
	}
	return b.Flush()
}

func (f *family) write(ctx context.Context, w io.Writer) {
	if f.read != nil {
		f.read(ctx, func(v float64, labels ...string) {
			fmt.Fprintf(w, "%s%s %s\n", f.name, f.labelled(f.closed(labels), ""), number(v))
		})
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.labels) == 0 && len(f.series) == 0 && f.kind == "counter" {
		fmt.Fprintf(w, "%s 0\n", f.name)
	}
	for _, key := range slices.Sorted(maps.Keys(f.series)) {
		s := f.series[key]
		if f.kind != "histogram" {
			fmt.Fprintf(w, "%s%s %s\n", f.name, f.labelled(s.values, ""), number(s.total))
			continue
		}
		for i, bound := range f.bounds {
			fmt.Fprintf(w, "%s_bucket%s %d\n", f.name, f.labelled(s.values, number(bound)), s.buckets[i])
		}
		fmt.Fprintf(w, "%s_bucket%s %d\n", f.name, f.labelled(s.values, "+Inf"), s.count)
		fmt.Fprintf(w, "%s_sum%s %s\n%s_count%s %d\n", f.name, f.labelled(s.values, ""), number(s.total), f.name, f.labelled(s.values, ""), s.count)
	}
}

// labelled writes {a="x",le="0.1"}.
func (f *family) labelled(values []string, le string) string {
	var parts []string
	for i, v := range values {
		parts = append(parts, f.labels[i].Name+`="`+escape(v, true)+`"`)
	}
	if le != "" {
		parts = append(parts, `le="`+le+`"`)
	}
	if len(parts) == 0 {
		return ""
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// number writes a value without an exponent: people read these too.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func escape(s string, quoted bool) string {
	s = strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(s)
	if quoted {
		s = strings.ReplaceAll(s, `"`, `\"`)
	}
	return s
}
