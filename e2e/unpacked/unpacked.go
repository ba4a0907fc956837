// Package unpacked runs programs of Debian packages that cannot be installed beside
// one another: cyrus-imapd, courier-imap and dovecot-imapd each refuse the two
// others. e2e/test unpacks the first two below e2e/.tools/debian, where nothing of the
// system knows of them; nothing they bring is started by itself.
package unpacked

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"pli.example/pli/e2e/program"
)

// Tree is the folder that stands for the root of the unpacked packages.
type Tree string

// Here is where e2e/test unpacks; PLI_E2E_TOOLS names another place for what it
// brings.
func Here() Tree {
	tools := os.Getenv("PLI_E2E_TOOLS")
	if tools == "" {
		tools = filepath.Join(program.Root(), "e2e", ".tools")
	}
	return Tree(filepath.Join(tools, "debian"))
}

// Has says whether all these files are there, named as they are once installed.
func (t Tree) Has(installed ...string) error {
	for _, name := range installed {
		if _, err := os.Stat(t.Path(name)); err != nil {
			return fmt.Errorf("%s is not unpacked: run e2e/test", filepath.Base(name))
		}
	}
	return nil
}

// Path is where a file lies that is called so once installed.
func (t Tree) Path(installed string) string { return filepath.Join(string(t), installed) }

// ForAll gives a tree that users other than ourselves reach too: this one, or a copy
// in dir where a folder above is closed to them.
func (t Tree) ForAll(dir string) (Tree, error) {
	for d := string(t); d != "/"; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err != nil {
			return "", err
		}
		if info.Mode().Perm()&0o005 != 0o005 {
			to := filepath.Join(dir, "debian")
			if out, err := exec.Command("cp", "-a", string(t), to).CombinedOutput(); err != nil {
				return "", fmt.Errorf("copying %s: %w: %s", t, err, out)
			}
			return Tree(to), os.Chmod(to, 0o755)
		}
	}
	return t, nil
}

// Command prepares a program, with an environment of PATH and more alone; it finds the
// libraries that were unpacked beside it.
func (t Tree) Command(installed string, args []string, more ...string) *exec.Cmd {
	cmd := exec.Command(t.Path(installed), args...)
	var dirs []string
	for _, l := range []string{"/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib"} {
		dirs = append(dirs, t.Path(l))
	}
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "LD_LIBRARY_PATH=" + strings.Join(dirs, ":")}, more...)
	return cmd
}
