package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
)

// maxStatements is how many compiled statements one connection keeps. The rooms'
// SQL is a few hundred fixed texts; those with lists of varying length pass by.
const maxStatements = 256

// remembering is a connector whose connections keep the statements they compiled:
// compiling costs more than running what a page asks (database/sql, given a text,
// compiles it each time).
type remembering struct{ driver.Connector }

func (r remembering) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := r.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	all, ok := c.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("the SQLite driver lacks an interface this package needs"), c.Close())
	}
	return &conn{sqliteConn: all, kept: map[string]*statement{}}, nil
}

// sqliteConn is what the driver's connections offer and database/sql looks for.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// conn is used by one goroutine at a time: database/sql sees to it.
type conn struct {
	sqliteConn
	kept map[string]*statement
}

type statement struct {
	driver.Stmt
	busy bool // its rows are being read
}

// take gives the compiled text, nil when it is in use or not worth keeping.
func (c *conn) take(ctx context.Context, query string) (*statement, error) {
	if s, ok := c.kept[query]; ok {
		if s.busy {
			return nil, nil
		}
		return s, nil
	}
	if !lasting(query) {
		return nil, nil
	}
	compiled, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if len(c.kept) >= maxStatements {
		c.makeRoom()
	}
	s := &statement{Stmt: compiled}
	c.kept[query] = s
	return s, nil
}

// lasting are the statements a page repeats. Schema changes and pragmas run once.
func lasting(query string) bool {
	word, _, _ := strings.Cut(strings.TrimLeft(query, " \t\n"), " ")
	switch strings.ToUpper(strings.TrimSpace(word)) {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH":
		return !strings.Contains(query, ";") // a script is compiled piece by piece anyway
	}
	return false
}

// makeRoom lets go of one statement nobody reads from.
func (c *conn) makeRoom() {
	for text, s := range c.kept {
		if !s.busy {
			delete(c.kept, text)
			_ = s.Close()
			return
		}
	}
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &readRows{Rows: rows, of: s}, nil
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.take(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// Close lets go of the statements first: SQLite does not close a connection that
// has some.
func (c *conn) Close() error {
	var errs []error
	for _, s := range c.kept {
		errs = append(errs, s.Close())
	}
	clear(c.kept)
	return errors.Join(append(errs, c.sqliteConn.Close())...)
}

// readRows gives its statement back when it is closed.
type readRows struct {
	driver.Rows
	of *statement
}

func (r *readRows) Close() error {
	err := r.Rows.Close()
	r.of.busy = false
	return err
}
