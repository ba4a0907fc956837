// Command tally reads `go test -json` events. With -follow it prints a short
// account while tests run; otherwise it reads the files named, lists the tests
// that failed and those that were skipped with their reasons, tells what took the
// longest, and ends with one line "N passed, N failed, N skipped". Its exit code is 1
// when anything failed.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

type outcome struct {
	pkg, test, action, reason string
	seconds                   float64
}

func main() {
	follow := flag.Bool("follow", false, "print an account of standard input while it comes")
	steps := flag.String("steps", "", "file with a line 'pass SECONDS NAME' or 'fail SECONDS NAME' per step")
	flag.Parse()
	if *follow {
		read(os.Stdin, os.Stdout)
		return
	}
	var all []outcome
	for _, name := range flag.Args() {
		f, err := os.Open(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		all = append(all, read(f, io.Discard)...)
		f.Close()
	}
	taken := readSteps(*steps)
	slowest(all, taken)
	os.Exit(account(append(all, taken...)))
}

// read gives the outcome of every leaf test (a test with subtests is counted by
// them, unless it alone failed) and of packages that failed without a test.
func read(r io.Reader, w io.Writer) []outcome {
	type key struct{ pkg, test string }
	output := map[key][]string{}
	parents := map[key]bool{}
	failed := map[string]bool{} // packages with a failed test
	built := map[string][]string{}
	var out []outcome
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 1<<20), 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue
		}
		k := key{e.Package, e.Test}
		switch e.Action {
		case "run":
			if i := strings.LastIndexByte(e.Test, '/'); i > 0 {
				parents[key{e.Package, e.Test[:i]}] = true
			}
		case "build-output":
			built[e.ImportPath] = append(built[e.ImportPath], e.Output)
			fmt.Fprint(w, e.Output)
		case "output":
			if strings.HasPrefix(e.Output, "=== ") {
				continue
			}
			output[k] = append(output[k], e.Output)
		case "pass", "fail", "skip":
			if e.Test == "" {
				verdict(w, e, output[k])
				if e.Action == "fail" && !failed[e.Package] {
					out = append(out, outcome{e.Package, "(package)", "fail", last(output[k]), e.Elapsed})
				}
				continue
			}
			if e.Action == "fail" {
				fmt.Fprint(w, strings.Join(output[k], ""))
				if parents[k] && failed[e.Package] {
					continue
				}
				failed[e.Package] = true
			} else if parents[k] {
				continue
			}
			out = append(out, outcome{e.Package, e.Test, e.Action, reason(output[k]), e.Elapsed})
			delete(output, k)
		}
	}
	return out
}

func verdict(w io.Writer, e event, output []string) {
	if e.Action == "skip" || len(output) == 1 && strings.Contains(output[0], "[no test files]") {
		return
	}
	fmt.Fprintf(w, "%-4s  %s  %.1fs\n", map[string]string{"pass": "ok", "fail": "FAIL"}[e.Action], e.Package, e.Elapsed)
	if e.Action == "fail" {
		fmt.Fprint(w, strings.Join(output[max(0, len(output)-30):], ""))
	}
}

// reason is the first thing a test said under a file name and line.
func reason(output []string) string {
	for _, line := range output {
		if _, rest, ok := strings.Cut(line, ".go:"); ok {
			if _, said, ok := strings.Cut(rest, ": "); ok {
				return strings.TrimSpace(said)
			}
		}
	}
	return ""
}

func last(output []string) string {
	for _, line := range slices.Backward(output) {
		if s := strings.TrimSpace(line); s != "" && s != "FAIL" {
			return s
		}
	}
	return ""
}

func readSteps(name string) []outcome {
	if name == "" {
		return nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return []outcome{{"steps", name, "fail", err.Error(), 0}}
	}
	var out []outcome
	for line := range strings.Lines(string(b)) {
		action, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		taken, what, _ := strings.Cut(rest, " ")
		seconds, err := strconv.ParseFloat(taken, 64)
		if err != nil {
			return append(out, outcome{"steps", name, "fail", err.Error(), 0})
		}
		out = append(out, outcome{"step", what, action, "", seconds})
	}
	return out
}

// slowest tells where the time went: every step, and the ten slowest tests, each by
// itself while others ran.
func slowest(tests, steps []outcome) {
	var total float64
	for _, s := range steps {
		total += s.seconds
		fmt.Printf("%5.0f s  %s\n", s.seconds, s.test)
	}
	if len(steps) > 0 {
		fmt.Printf("%5.0f s  in all%s\n\n", total, quarterWords(total))
	}
	tests = slices.SortedStableFunc(slices.Values(tests), func(a, b outcome) int { return cmp.Compare(b.seconds, a.seconds) })
	if len(tests) > 0 {
		fmt.Println("Slowest tests:")
	}
	for _, t := range tests[:min(10, len(tests))] {
		fmt.Printf("%5.0f s  %s %s\n", t.seconds, short(t.pkg), t.test)
	}
	fmt.Println()
}

func short(pkg string) string { return strings.TrimPrefix(pkg, "pli.example/pli/") }

func account(all []outcome) int {
	slices.SortStableFunc(all, func(a, b outcome) int { return cmp.Compare(a.pkg, b.pkg) })
	count := map[string]int{}
	for _, o := range all {
		count[o.action]++
	}
	list(all, "skip", "Skipped")
	list(all, "fail", "Failed")
	fmt.Printf("%d passed, %d failed, %d skipped\n", count["pass"], count["fail"], count["skip"])
	if count["fail"] > 0 {
		return 1
	}
	return 0
}

// list prints one line per reason and package, tests of one parent together, so
// that a table of journeys stays readable.
func list(all []outcome, action, title string) {
	first := true
	for _, o := range all {
		if o.action != action {
			continue
		}
		if first {
			fmt.Printf("%s:\n", title)
			first = false
		}
		fmt.Printf("  %s %s", short(o.pkg), o.test)
		if o.reason != "" {
			fmt.Printf(": %s", o.reason)
		}
		fmt.Println()
	}
	if !first {
		fmt.Println()
	}
}

// quarter is what the deterministic levels may take on two quiet cores.
const quarter = 900

// quarterWords says whether they did; a run that does more, or a machine that does
// something else, takes longer.
func quarterWords(seconds float64) string {
	if seconds > quarter {
		return fmt.Sprintf(", more than the %d s of two quiet cores", quarter)
	}
	return fmt.Sprintf(", within the %d s of two quiet cores", quarter)
}
