package directory

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Files: <Path>.<number> is a whole generation, the highest is the current one;
// <Path>.<random>.part is being built. The one before the current one is kept: a
// second process may still read it.

const partSuffix = ".part"

func (d *Directory) generationPath(number int64) string {
	return fmt.Sprintf("%s.%06d", d.o.Path, number)
}

func (d *Directory) partPath() string {
	if d.o.Path == "" {
		return ""
	}
	return d.o.Path + "." + strings.ToLower(rand.Text()[:12]) + partSuffix
}

// numbers lists the generations on disk, in no order.
func (d *Directory) numbers() ([]int64, error) {
	names, err := filepath.Glob(globEscape(d.o.Path) + ".*")
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, name := range names {
		if n, err := strconv.ParseInt(strings.TrimPrefix(name, d.o.Path+"."), 10, 64); err == nil && n > 0 {
			out = append(out, n)
		}
	}
	return out, nil
}

func globEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}

// openNewest opens the highest generation on disk when it is newer than the
// current one. One that cannot be read is passed over: the one before serves.
func (d *Directory) openNewest(ctx context.Context) error {
	if d.o.Path == "" {
		return nil
	}
	have := int64(0)
	if g, release := d.hold(); g != nil {
		have = g.number
		release()
	}
	var errs []error
	for {
		numbers, err := d.numbers()
		if err != nil {
			return err
		}
		best := have
		for _, n := range numbers {
			if n > best && !d.broken[n] {
				best = n
			}
		}
		if best == have {
			return errors.Join(errs...)
		}
		g, err := d.openGeneration(ctx, best)
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			d.broken[best] = true
			errs = append(errs, err)
			continue
		}
		d.swap(g)
		return errors.Join(errs...)
	}
}

func (d *Directory) openGeneration(ctx context.Context, number int64) (*generation, error) {
	db, err := openStore(ctx, d.generationPath(number), d.o.Now)
	if err != nil {
		return nil, err
	}
	g, err := load(ctx, db, number)
	if err == nil && g.about[aboutWhole] == "" {
		err = fmt.Errorf("generation %d is not whole", number)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return g, nil
}

// publish gives a built, closed file its number and syncs the folder. Two processes
// at once get two numbers: a link never replaces a file.
func (d *Directory) publish(part string) (int64, error) {
	for range 100 {
		numbers, err := d.numbers()
		if err != nil {
			return 0, err
		}
		next := int64(1)
		for _, n := range numbers {
			next = max(next, n+1)
		}
		err = os.Link(part, d.generationPath(next))
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if err := os.Remove(part); err != nil {
			return 0, err
		}
		return next, syncFolder(filepath.Dir(d.o.Path))
	}
	return 0, errors.New("no free number for the new file")
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// stale is the age from which a file being built belongs to a process that died.
const stale = 24 * time.Hour

// tidy removes generations older than the one before current, and dead parts.
func (d *Directory) tidy(current int64) {
	if d.o.Path == "" {
		return
	}
	numbers, err := d.numbers()
	if err != nil {
		return
	}
	before := int64(0)
	for _, n := range numbers {
		if n < current {
			before = max(before, n)
		}
	}
	for _, n := range numbers {
		if n < before {
			removeDatabase(d.generationPath(n))
		}
	}
	parts, _ := filepath.Glob(globEscape(d.o.Path) + ".*" + partSuffix)
	for _, part := range parts {
		if info, err := os.Stat(part); err == nil && time.Since(info.ModTime()) > stale {
			removeDatabase(part)
		}
	}
}

func removeDatabase(path string) {
	if path == "" {
		return
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(path + suffix) // what is not there is gone
	}
}
