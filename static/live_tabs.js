// One line of news for all the tabs that show a mailbox: the tab that holds it hands
// them on. Where the browser or a proxy holds streams back, it asks now and then.
(function () {
  "use strict";

  var doc = document, data = doc.getElementById("live");
  if (!data || !window.fetch || !data.dataset.stream) { return; }
  var stream = data.dataset.stream, folder = data.dataset.folder;
  var channel = window.BroadcastChannel ? new BroadcastChannel("pli:" + stream) : null;
  // Without a line that carries many at once, a browser opens six connections to a host
  // for all its tabs together, and a stream keeps one: three may, the other mailboxes ask
  // now and then. A seat is a lock, and goes with its tab.
  var seats = 3, seated = many(), standing = false, rise = function () {};
  var source = null, leading = false, heard = 0, greeted = false, failed = 0, mute = window.EventSource ? 0 : 2, rounds = 0, timer = 0, over = false, seen = false, release = function () {};

  function many() {
    var nav = window.performance && performance.getEntriesByType ? performance.getEntriesByType("navigation")[0] : null;
    return /^h[23]/.test(nav && nav.nextHopProtocol || "");
  }
  function sit(n, then) {
    if (seated || n >= seats || !navigator.locks) { then(); return; }
    navigator.locks.request("pli:seat:" + n, { ifAvailable: true }, function (lock) {
      if (!lock) { sit(n + 1, then); return null; }
      seated = true;
      then();
      return new Promise(function (resolve) { rise = resolve; });
    }).catch(then);
  }

  function tell(kind, detail) { doc.dispatchEvent(new CustomEvent("pli:" + kind, { detail: detail })); }
  function post(kind, detail) { if (channel) { channel.postMessage({ kind: kind, detail: detail }); } }
  function share(kind, detail) { post(kind, detail); tell(kind, detail); }
  function address() { return stream + "?folder=" + encodeURIComponent(folder); }
  function parse(text) { try { return JSON.parse(text); } catch (e) { return {}; } }

  function close() {
    clearTimeout(timer);
    if (source) { source.close(); source = null; }
  }
  // Not all tabs of all people at once.
  function later(ms, what) {
    close();
    timer = setTimeout(what || open, ms * (0.5 + Math.random()));
  }
  function end(o) {
    over = true;
    close();
    release();
    rise();
    share("over", o);
  }
  function finished(o) {
    if (o.why === "session" || o.why === "box") { end(o); } else { later(o.again || 5000); }
  }
  function news(n) {
    failed = 0;
    share("news", n);
    if ((n.folders || []).some(function (f) { return f.inbox && f.arrived; })) { announce(n); }
  }
  // Told to the desktop only when nobody is looking at any of the tabs.
  function announce(n) {
    seen = !doc.hidden;
    post("who");
    setTimeout(function () { if (!seen) { tell("arrived", n); } }, 400);
  }

  function open() {
    close();
    if (over || !leading) { return; }
    if (mute >= 2) { ask(); return; }
    sit(0, function () {
      standing = !seated;
      if (over || source) { return; }
      if (standing) { ask(); } else { listen(); }
    });
  }
  function listen() {
    greeted = false;
    heard = Date.now();
    source = new EventSource(address());
    source.addEventListener("hello", function () { greeted = true; mute = 0; heard = Date.now(); });
    source.addEventListener("beat", function () { heard = Date.now(); });
    source.addEventListener("news", function (event) { heard = Date.now(); news(parse(event.data)); });
    source.addEventListener("over", function (event) { finished(parse(event.data)); });
    source.onerror = lost;
  }
  // The browser does not say why: asking once does.
  function lost() {
    if (!greeted) { mute += 1; ask(); return; }
    trouble();
  }
  function trouble() {
    failed += 1;
    if (failed === 2) { share("news", { state: "unreached" }); }
    later(Math.min(60000, 1000 * Math.pow(2, failed)));
  }

  function ask() {
    close();
    fetch(address(), { credentials: "same-origin", headers: { Accept: "application/json" } }).then(function (r) {
      if (r.ok) { return r.text().then(answered); }
      if (r.status === 429) { failed += 1; later(Math.min(30000, 1000 * Math.pow(2, failed))); return null; } // many ask: nothing the page could say
      if (r.status === 401 || r.status === 404 || r.status === 403) {
        return r.text().then(function (t) { end({ why: r.status === 401 ? "session" : "box", say: parse(t).say || "", cover: !!parse(t).cover }); });
      }
      trouble();
    }).catch(trouble);
  }
  function answered(text) {
    var last = null;
    text.split("\n\n").forEach(function (block) {
      var name = /^event: (.*)$/m.exec(block), body = /^data: (.*)$/m.exec(block);
      if (!name || !body) { return; }
      if (name[1] === "news") { news(parse(body[1])); }
      if (name[1] === "over") { last = parse(body[1]); }
    });
    if (over) { return; }
    if (last) { finished(last); return; }
    failed = 0;
    rounds += 1;
    if (standing) { later(doc.hidden ? 120000 : 30000); return; }
    if (rounds % 20 === 0 && window.EventSource) { mute = 1; } // the stream may work now
    if (mute < 2) { later(1000); return; }
    later(doc.hidden ? 120000 : 30000, ask);
  }

  // Silence: a proxy keeps events to itself, or the line is dead and nobody said so.
  setInterval(function () {
    if (!source) { return; }
    var quiet = Date.now() - heard;
    if (!greeted && quiet > 10000) { mute += 1; ask(); } else if (quiet > 40000) { trouble(); }
  }, 5000);

  function want(other) {
    if (over) { return; }
    if (!leading) { post("want", other); return; }
    folder = other;
    open();
  }
  function look() { if (!doc.hidden) { want(data.dataset.folder); } }

  if (channel) {
    channel.onmessage = function (event) {
      var m = event.data || {};
      if (over) { return; } // the next session's news are not this page's
      switch (m.kind) {
      case "want": if (leading) { folder = m.detail; open(); } break;
      case "who": if (!doc.hidden) { post("here"); } break;
      case "here": seen = true; break;
      case "over": over = true; tell("over", m.detail); break;
      case "news": tell("news", m.detail); break;
      }
    };
  }
  doc.addEventListener("pli:folder", function (event) { data = event.detail; folder = data.dataset.folder; want(folder); });
  doc.addEventListener("visibilitychange", look);
  window.addEventListener("online", function () { if (leading) { open(); } });
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", function (event) { if (event.persisted) { look(); } });

  function lead() { leading = true; open(); }
  if (channel && navigator.locks) {
    navigator.locks.request("pli:" + stream, function () {
      lead();
      return new Promise(function (resolve) { release = resolve; }); // held until the tab is gone
    }).catch(lead);
    setTimeout(function () { if (!leading) { post("want", folder); } }, 300);
  } else {
    lead();
  }
})();
