// Command write prints an invented extraction of MSSanté mailboxes (package
// country) on its standard output.
package main

import (
	"flag"
	"log"
	"os"

	"pli.example/pli/e2e/bench/country"
)

func main() {
	log.SetFlags(0)
	var o country.Options
	flag.IntVar(&o.Lines, "lines", country.FullSize, "lines, header apart")
	flag.Uint64Var(&o.Seed, "seed", 1, "another seed, another country")
	flag.IntVar(&o.Faults, "faults", 0, "lines of each kind of fault")
	flag.Parse()
	if err := country.Write(os.Stdout, o); err != nil {
		log.Fatal("country: ", err)
	}
}
