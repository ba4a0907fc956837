package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pli.example/pli/internal/config"
)

func readme(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// The tables of the README are the code's own: what is between the marks is what the
// command of the mark prints. PLI_WRITE_README=1 writes them anew.
func TestTablesOfTheReadme(t *testing.T) {
	for _, args := range [][]string{{"print", "config"}, {"print", "addresses"}} {
		mark, end := "<!-- pli "+strings.Join(args, " ")+" -->\n", "<!-- end -->"
		code, want, errOut := pli(t, args...)
		if code != 0 || strings.Count(want, "\n") < 20 {
			t.Fatalf("%v: %d %s", args, code, errOut)
		}
		text := readme(t)
		head, rest, ok := strings.Cut(text, mark)
		got, tail, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Errorf("the README has no %q", mark)
			continue
		}
		if got == want {
			continue
		}
		if os.Getenv("PLI_WRITE_README") != "" {
			if err := os.WriteFile(filepath.Join("..", "..", "README.md"), []byte(head+mark+want+end+tail), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		t.Errorf("the README's table is not what pli %s prints: run PLI_WRITE_README=1 go test -run %s ./cmd/pli", strings.Join(args, " "), t.Name())
	}
}

// What the README names exists: settings, files, figures.
func TestReadmeNamesWhatIs(t *testing.T) {
	t.Parallel()
	text := readme(t)
	settings, err := config.Settings()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"PLI_WRITE_README": true}
	for _, s := range settings {
		known[s.Env] = true
	}
	for _, name := range regexp.MustCompile(`PLI_[A-Z_]*[A-Z]\b`).FindAllString(text, -1) {
		prefix := false // PLI_SMTP_… stands for several
		for k := range known {
			prefix = prefix || strings.HasPrefix(k, name+"_")
		}
		if !known[name] && !prefix {
			t.Errorf("%s is no setting", name)
		}
	}
	for _, m := range regexp.MustCompile("`((?:web|internal|templates|e2e|cmd)/[a-z0-9_/.-]+)`").FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join("..", "..", filepath.FromSlash(m[1]))); err != nil {
			t.Errorf("%s is not there", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\]\((\.readme/[a-z.]+)\)`).FindAllStringSubmatch(text, -1) {
		info, err := os.Stat(filepath.Join("..", "..", m[1]))
		if err != nil || info.Size() > 150_000 {
			t.Errorf("%s: %v", m[1], err)
		}
	}
	figures, err := os.ReadFile(filepath.Join("..", "..", "internal", "app", "metrics.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`(pli_[a-z_]+)").FindAllStringSubmatch(text, -1) {
		if !strings.Contains(string(figures), `"`+m[1]+`"`) {
			t.Errorf("no figure %s", m[1])
		}
	}
}

// The image is what the README and the health check expect: held by hand to what a
// linter of Dockerfiles would say, since building it takes a network.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	for _, want := range []string{
		"CGO_ENABLED=0", "-trimpath", "ARG BASE=gcr.io/distroless/static-debian12:nonroot\n", "FROM ${BUILD} AS build\n", "FROM ${BASE}\n", "USER nonroot:nonroot\n", "COPY --from=build --chown=nonroot:nonroot",
		`CMD ["/usr/bin/pli", "healthy"]`, `ENTRYPOINT ["/usr/bin/pli"]`, `CMD ["serve"]`, "STOPSIGNAL SIGTERM", "EXPOSE 8080", "PLI_LISTEN=0.0.0.0:8080", "VOLUME /var/lib/pli",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q", want)
		}
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "ARG B") && (strings.Contains(line, ":latest") || !strings.Contains(line, ":")) {
			t.Errorf("an image without a version: %s", line)
		}
		if strings.HasPrefix(line, "FROM ") && !strings.HasPrefix(line, "FROM ${B") {
			t.Errorf("an image that --build-arg cannot pin: %s", line)
		}
		if strings.HasPrefix(line, "ADD ") || strings.Contains(line, "sudo") || strings.Contains(line, "curl") {
			t.Errorf("not in our image: %s", line)
		}
	}
	if _, last, _ := strings.Cut(text, "FROM ${BASE}"); strings.Contains(last, "\nRUN ") {
		t.Error("the last stage runs commands: it has no shell")
	}
	mod, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(mod))[1]
	if !strings.Contains(text, "ARG BUILD=golang:"+version+".") {
		t.Errorf("the image builds with another Go than %s, or with no patch release", version)
	}
}
