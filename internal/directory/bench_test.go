package directory

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pli.example/pli/internal/mssante"
)

// The measurements of the full size. Not part of the tests:
//
//	go test -run xxx -bench Country -benchtime 1x ./internal/directory
//
// PLI_COUNTRY names a file made before by e2e/bench/country/write; without it the
// generator is run (a room does not import what drives the binary).
func BenchmarkCountry(b *testing.B) {
	for range b.N {
		measureCountry(b)
	}
}

func countryFile(b *testing.B) string {
	b.Helper()
	if path := os.Getenv("PLI_COUNTRY"); path != "" {
		return path
	}
	path := filepath.Join(b.TempDir(), "country.txt")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	cmd := exec.CommandContext(b.Context(), "go", "run", "pli.example/pli/e2e/bench/country/write", "-faults", "50")
	cmd.Stdout, cmd.Stderr = f, os.Stderr
	if err := cmd.Run(); err != nil {
		b.Fatal(err)
	}
	return path
}

func measureCountry(b *testing.B) {
	file := countryFile(b)
	path := filepath.Join(b.TempDir(), "directory.db")
	d := newDirectory(b, func(o *Options) {
		o.Path, o.Limits = path, Limits{1 << 30, 1 << 30, 1 << 30}
		o.Now = time.Now
	})
	open := func() (io.ReadCloser, error) { return os.Open(file) }
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	idle := rss()
	for _, eager := range []bool{true, false} {
		var stop func() (p50, p95 time.Duration)
		if !eager {
			before50, before95 := pages(b, d)()
			b.Logf("a search page, nothing beside: p50 %.1f ms, p95 %.1f ms", ms(before50), ms(before95))
			stop = pages(b, d)
		}
		start, cpu := time.Now(), cpuTime()
		sum, err := d.Import(b.Context(), Source{Name: "country", Open: open, Size: info.Size(), Eager: eager}, watch(b))
		if err != nil {
			b.Fatal(err)
		}
		if stop != nil {
			p50, p95 := stop()
			b.Logf("a search page during the import: p50 %.1f ms, p95 %.1f ms", ms(p50), ms(p95))
		}
		took, used := time.Since(start), cpuTime()-cpu
		b.Logf("import eager=%v: %d lines, %d mailboxes, %d duplicates, %d shared, %d recoded, rejected %v, new %d gone %d changed %d; wall %.1f s, CPU %.1f s (%.0f %% of one core), memory %d MB idle, %d MB at most, file %d MB",
			eager, sum.Lines, sum.Mailboxes, sum.Duplicates, sum.Shared, sum.Recoded, sum.Rejected, sum.New, sum.Gone, sum.Changed,
			took.Seconds(), used.Seconds(), 100*used.Seconds()/took.Seconds(), idle>>20, peak()>>20, fileSize(b, path)>>20)
	}
	measureSuggest(b, d)
	measureCards(b, d)
}

func measureSuggest(b *testing.B, d *Directory) {
	queries := benchQueries(b, d)
	actor := mssante.Actor{AccountID: "bench"}
	type timed struct {
		text string
		took time.Duration
		n    int
	}
	var all []timed
	for pass := range 2 { // the first warms the page cache
		for _, q := range queries {
			start := time.Now()
			found, err := d.Suggest(b.Context(), actor, q, 8)
			if err != nil {
				b.Fatalf("%q: %v", q, err)
			}
			if pass == 1 {
				all = append(all, timed{q, time.Since(start), len(found)})
			}
		}
	}
	for i, q := range all {
		if i%4 == 0 {
			b.Log(line4(all[i:min(i+4, len(all))], func(t timed) string { return fmt.Sprintf("%-28q %5.1f ms %2d", t.text, ms(t.took), t.n) }))
		}
		_ = q
	}
	slices.SortFunc(all, func(a, b timed) int { return int(a.took - b.took) })
	b.Logf("suggest over %d queries: p50 %.1f ms, p95 %.1f ms, max %.1f ms (%q)", len(all), ms(all[len(all)/2].took), ms(all[len(all)*95/100].took), ms(all[len(all)-1].took), all[len(all)-1].text)
	b.ReportMetric(ms(all[len(all)/2].took), "suggest-p50-ms")
	b.ReportMetric(ms(all[len(all)*95/100].took), "suggest-p95-ms")
	for _, q := range []string{"cardio tours", "martin", "pharmacie", "medecin"} {
		start := time.Now()
		res, err := d.Search(b.Context(), actor, Query{Text: q})
		if err != nil {
			b.Fatal(err)
		}
		b.Logf("search %q: %.1f ms, %d found, more %v", q, ms(time.Since(start)), res.Total, res.More)
	}
}

// pages asks for a page every 40 ms, for 5 seconds at least and until the returned
// function is called, which gives how long they took.
func pages(b *testing.B, d *Directory) func() (p50, p95 time.Duration) {
	ctx, cancel := context.WithCancel(b.Context())
	out := make(chan []time.Duration)
	go func() {
		var all []time.Duration
		for len(all) < 125 || ctx.Err() == nil {
			start := time.Now()
			if _, err := d.Search(context.WithoutCancel(ctx), mssante.Actor{AccountID: "page"}, Query{Text: "martin paris"}); err != nil {
				b.Error(err)
				break
			}
			all = append(all, time.Since(start))
			time.Sleep(40 * time.Millisecond)
		}
		slices.Sort(all)
		out <- all
	}()
	return func() (p50, p95 time.Duration) {
		cancel()
		all := <-out
		return all[len(all)/2], all[len(all)*95/100]
	}
}

// watch logs the memory at the turns of an import.
func watch(b *testing.B) func(Progress) {
	stage, lines := "", 0
	return func(p Progress) {
		if p.Stage != stage || p.Lines >= lines+200_000 {
			stage, lines = p.Stage, p.Lines
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.Logf("  %s, %d lines: heap %d MB (%d from the system), resident %d MB", p.Stage, p.Lines, m.HeapAlloc>>20, m.HeapSys>>20, rss()>>20)
		}
	}
}

func line4[T any](all []T, show func(T) string) string {
	var parts []string
	for _, t := range all {
		parts = append(parts, show(t))
	}
	return strings.Join(parts, "  ")
}

// benchQueries are the worst cases and what people type: prefixes, names with
// trades and towns, typos, taken from the country by lot.
func benchQueries(b *testing.B, d *Directory) []string {
	out := []string{"ma", "martin", "pharmacie", "dr", "dr m", "de", "le", "cabinet", "centre", "medecin", "médecin généraliste", "infirmier", "kine", "st", "saint", "75", "37", "paris", "lyon", "marie",
		"jean", "jean martin", "martin paris", "martin jean paris", "cardio", "cardio tours", "cardio lyon", "pharmacie rennes", "dupont cardio lyon", "ide marseille", "orl", "labo", "labo tours", "generaliste paris",
		"medecin paris", "cabinet medical", "secretariat", "secretariat cardiologie", "urgences", "ehpad", "chu", "hopital", "medecin.mssante.fr", "@medecin.mssante.fr", "jean.martin@", "jean.martin@medecin.mssante.fr",
		"99700001000", "899700001000", "589931735", "matrin", "dupotn", "lefebre paris", "zzzzzz", "xqkw", "martin zzzzzz", "mar par", "med par", "sage femme nantes"}
	r := rand.New(rand.NewPCG(7, 7))
	g, release := d.hold()
	defer release()
	for len(out) < 200 {
		row := g.db.Read().QueryRowContext(b.Context(), `SELECT `+mailboxColumns+` FROM mailboxes WHERE id >= ? LIMIT 1`, r.Int64N(g.rows)+1)
		rec, _, err := scanRecord(row, g)
		if err != nil {
			b.Fatal(err)
		}
		family, given, town := fold(rec.family), fold(rec.given), fold(rec.town)
		if family == "" {
			out = append(out, fold(rec.structure)+" "+town)
			continue
		}
		switch r.IntN(6) {
		case 0:
			out = append(out, family[:min(len(family), 3)])
		case 1:
			out = append(out, family+" "+given)
		case 2:
			out = append(out, given+" "+family[:min(len(family), 4)])
		case 3:
			out = append(out, strings.TrimSpace(family+" "+town))
		case 4:
			out = append(out, family[:1]+family[2:])
		default:
			trade, _, _ := strings.Cut(fold(rec.specialityLabel), " ")
			out = append(out, strings.TrimSpace(strings.Join([]string{family, trade, town}, " ")))
		}
	}
	return out
}

func measureCards(b *testing.B, d *Directory) {
	g, release := d.hold()
	defer release()
	rows, err := g.db.Read().QueryContext(b.Context(), `SELECT address FROM mailboxes WHERE id % 9973 = 5 LIMIT 50`)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var addresses []mssante.Address
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			b.Fatal(err)
		}
		addresses = append(addresses, addressOf(s))
	}
	one := func() time.Duration {
		start := time.Now()
		cards, err := d.Cards(context.Background(), addresses)
		if err != nil || len(cards) != len(addresses) {
			b.Fatalf("%d cards, %v", len(cards), err)
		}
		return time.Since(start)
	}
	first := one()
	g.version.Add(1)
	cold := one()
	b.Logf("cards for %d addresses: first %.2f ms, from the file %.2f ms, remembered %.3f ms", len(addresses), ms(first), ms(cold), ms(one()))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func rss() int64  { return status("VmRSS:") }
func peak() int64 { return status("VmHWM:") }

func status(name string) int64 {
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for l := range strings.Lines(string(raw)) {
		var kb int64
		if _, err := fmt.Sscanf(l, name+" %d kB", &kb); err == nil {
			return kb << 10
		}
	}
	return 0
}

func fileSize(b *testing.B, path string) int64 {
	names, err := filepath.Glob(path + ".*")
	if err != nil || len(names) == 0 {
		b.Fatal("no file", err)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, "-wal") || strings.HasSuffix(n, "-shm") })
	info, err := os.Stat(names[len(names)-1])
	if err != nil {
		b.Fatal(err)
	}
	return info.Size()
}
