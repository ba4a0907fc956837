package main

import (
	"bytes"
	"strings"
	"testing"
)

// Values that nothing can read are listed with all other faults, in one run.
func TestEveryFaultInOneRun(t *testing.T) {
	for name, value := range map[string]string{"PLI_CLOCK_IDLE": "abc", "PLI_IMAP_MODE": "zz", "PLI_LOG_LEVEL": "loud", "PLI_RATE_PER_SESSION": "x", "PLI_KEYS_FILE": "/none"} {
		t.Setenv(name, value)
	}
	for _, command := range []string{"check", "serve"} {
		var out, errOut bytes.Buffer
		if code := run(t.Context(), []string{command}, &out, &errOut); code != 2 {
			t.Errorf("%s: status %d", command, code)
		}
		for _, name := range []string{"PLI_CLOCK_IDLE", "PLI_IMAP_MODE", "PLI_LOG_LEVEL", "PLI_RATE_PER_SESSION", "PLI_KEYS_FILE", "PLI_PUBLIC_URL"} {
			if !strings.Contains(errOut.String(), name) {
				t.Errorf("%s does not name %s:\n%s", command, name, errOut.String())
			}
		}
	}
}
