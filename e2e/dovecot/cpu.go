package dovecot

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// CPU is the processor time that the server and the processes it runs now took so far
// (proc(5): utime and stime, in hundredths of a second on Linux).
func (s *Server) CPU() time.Duration {
	var all time.Duration
	for _, pid := range append(descendants(s.cmd.Process.Pid), s.cmd.Process.Pid) {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it ended meanwhile
		}
		fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
		if len(fields) < 13 {
			continue
		}
		for _, f := range fields[11:13] {
			n, _ := strconv.Atoi(f)
			all += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return all
}
