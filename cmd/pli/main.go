// Command pli serves the webmail, shows it on a fictional world, and holds the
// operator's few commands. It is the only place that reads the arguments and
// decides an exit status, and the only one that knows both the demo and the
// house: everything below takes lines out and cannot tell which world it is in.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"

	"pli.example/pli/internal/config"
	"pli.example/pli/internal/problem"
)

type commands struct {
	Serve   serveCmd   `cmd:"" help:"Serve the webmail against the operator's servers."`
	Check   checkCmd   `cmd:"" help:"Connect to every server of the configuration and say what is right and what is wrong."`
	Demo    demoCmd    `cmd:"" help:"Serve a fictional world, all in this process, on a loopback address."`
	Mailbox mailboxCmd `cmd:"" help:"Give, list and withdraw access to mailboxes."`
	Support supportCmd `cmd:"" help:"Look after the sessions of support staff."`
	Audit   auditCmd   `cmd:"" help:"Look after the trail."`
	Print   printCmd   `cmd:"" help:"Print tables that documents are made of."`
	Healthy healthyCmd `cmd:"" help:"Ask the Pli of this machine whether it can serve: for a container's health check."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once: whoever stops us may be in a hurry.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: arguments in, texts and an exit status out.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	code := -1
	parser, err := kong.New(&commands{}, kong.Name("pli"), kong.Description("Pli, a webmail for the MSSanté trusted space."),
		kong.Writers(out, errOut), kong.Exit(func(c int) { code = c }), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(errOut, "pli:", err)
		return 1
	}
	config.Forgive(parser, "serve", "check")
	cmd, err := parser.Parse(args)
	if code >= 0 { // help was asked for
		return code
	}
	if err != nil {
		fmt.Fprintln(errOut, "pli:", err)
		return 2
	}
	cmd.BindTo(ctx, (*context.Context)(nil))
	if err := cmd.Run(&streams{out, errOut}); err != nil {
		if errors.Is(err, errFaults) {
			return 1
		}
		fmt.Fprintln(errOut, "pli:", explain(err))
		var wrong config.Problems
		if errors.As(err, &wrong) {
			return 2
		}
		return 1
	}
	return 0
}

// streams are where a command writes.
type streams struct{ out, err io.Writer }

// explain adds the cause to the sentence: an operator reads both.
func explain(err error) string {
	if say := problem.SayOf(err); say != "" {
		var p *problem.Error
		if errors.As(err, &p) && p.Err != nil {
			return say + " (" + p.Err.Error() + ")"
		}
		return say
	}
	return err.Error()
}

type versionCmd struct{}

// Run prints what the binary was built from.
func (versionCmd) Run(s *streams) error {
	version, revision := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, kv := range info.Settings {
			if kv.Key == "vcs.revision" {
				revision = " " + kv.Value
			}
		}
	}
	_, err := fmt.Fprintf(s.out, "pli %s%s\n", version, revision)
	return err
}
