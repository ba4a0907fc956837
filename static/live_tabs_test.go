package static_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// tabs opens pages of five mailboxes in one browser whose locks they share, and says how
// many keep a stream and how many ask.
const tabs = `
const vm = require("node:vm"), fs = require("node:fs");
const source = fs.readFileSync(process.argv[1], "utf8"), protocol = process.argv[2];
const held = new Map();
let streams = 0, asked = 0, errors = 0;
function request(name, options, then) {
  if (!then) { then = options; options = {}; }
  if (held.has(name)) { return options.ifAvailable ? Promise.resolve(then(null)) : new Promise(() => {}); }
  held.set(name, true);
  return Promise.resolve(then({ name }));
}
for (let i = 0; i < 5; i++) {
  class EventSource { constructor() { streams++; } addEventListener() {} close() { streams--; } }
  const window = { fetch: true, EventSource, performance: true, addEventListener() {} };
  const document = { hidden: false, addEventListener() {}, dispatchEvent() {}, getElementById: () => ({ dataset: { stream: "/mail/box" + i + "/live", folder: "f" } }) };
  vm.runInNewContext(source, { window, document, EventSource, navigator: process.argv[3] ? {} : { locks: { request } }, performance: { getEntriesByType: () => [{ nextHopProtocol: protocol }] },
    CustomEvent: class {}, setTimeout() {}, clearTimeout() {}, setInterval() {}, console,
    fetch: () => { asked++; return new Promise(() => {}); } });
}
setTimeout(() => console.log(streams + " streams, " + asked + " ask"), 50);
`

// Over HTTP/1.1 a browser opens six connections to a host, all its tabs together: pages
// of many mailboxes must leave some for clicks.
func TestTabsLeaveConnections(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node to run scripts with")
	}
	for _, c := range []struct{ protocol, locks, want string }{
		{"http/1.1", "", "3 streams, 2 ask"},
		{"h2", "", "5 streams, 0 ask"},
		{"http/1.1", "none", "0 streams, 5 ask"}, // an old browser: its tabs cannot agree
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		out, err := exec.CommandContext(ctx, node, "-e", tabs, "live_tabs.js", c.protocol, c.locks).CombinedOutput() //nolint:gosec // our own program
		cancel()
		if got := strings.TrimSpace(string(out)); err != nil || got != c.want {
			t.Errorf("%s %s: %q, %v; want %q", c.protocol, c.locks, got, err, c.want)
		}
	}
}
