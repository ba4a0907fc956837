// Makes quicker what already works without it: keys, the height of a letter's
// frame, the selection. It writes text, classes and attributes, never HTML.
(function () {
  "use strict";

  var doc = document;
  var $ = function (sel, root) { return (root || doc).querySelector(sel); };
  var all = function (sel, root) { return Array.prototype.slice.call((root || doc).querySelectorAll(sel)); };

  // --- the letter's frame: as high as what is in it ---

  function fit(frame) {
    var watched = null;
    function measure() {
      var inner = frame.contentDocument;
      if (!inner || !inner.body) { return; }
      var high = Math.max(inner.body.scrollHeight, inner.body.offsetHeight);
      // Wider than the frame: its scroll bar takes room below.
      if (inner.documentElement.scrollWidth > inner.documentElement.clientWidth) { high += 18; }
      frame.style.height = Math.min(high + 2, 60000) + "px";
    }
    function ready() {
      var inner = frame.contentDocument;
      if (!inner || !inner.body || inner.URL === "about:blank" || inner === watched) { return; }
      watched = inner;
      measure();
      if (window.ResizeObserver) { new ResizeObserver(measure).observe(inner.body); }
      inner.addEventListener("keydown", onKey);
      inner.addEventListener("keydown", onEscape);
      inner.addEventListener("click", function () { closeMenus(null); });
    }
    frame.addEventListener("load", ready);
    if (frame.contentDocument && frame.contentDocument.readyState === "complete") { ready(); }
  }
  function fitAll() {
    all("iframe[data-fit]").forEach(function (frame) {
      if (frame.dataset.fit === "on") { return; }
      frame.dataset.fit = "on";
      fit(frame);
    });
  }

  // --- the selection ---

  function boxes() { return all("#rows input[name=ref]"); }
  function countSelection() {
    var form = $("#selection");
    if (!form) { return 0; }
    var n = boxes().filter(function (b) { return b.checked; }).length;
    boxes().forEach(function (b) { rowOf(b).classList.toggle("is-chosen", b.checked); });
    form.classList.toggle("has-selection", n > 0);
    form.classList.toggle("all-ticked", n > 0 && n === boxes().length);
    doc.body.classList.toggle("selecting", n > 0);
    $("#rows").classList.toggle("choosing", n > 0);
    var count = $("#bulk-count");
    count.textContent = n + "\u00a0" + (n < 2 ? count.dataset.one || "lettre choisie" : count.dataset.many || "lettres choisies");
    var every = $("#choose-all");
    if (every) {
      every.checked = n > 0 && n === boxes().length;
      every.indeterminate = n > 0 && n < boxes().length;
    }
    return n;
  }

  // --- rows, and the letter being read ---

  function links() { return all("#rows .row-link"); }
  function shown(el) { return !!el && el.getClientRects().length > 0; }
  function rowOf(el) { return el && el.closest ? el.closest("#rows .row") : null; }
  function rowWith(uid) { return all("#rows .row").filter(function (r) { return r.dataset.uid === uid; })[0]; }
  function letter() { var a = $("#reading .letter"); return shown(a) ? a : null; }
  function here() {
    var row = rowOf(doc.activeElement);
    return row ? $(".row-link", row) : $("#rows .row-link[aria-current]");
  }
  function see(row) {
    var list = $("#list"), head = $(".list-head");
    if (list && head) { list.style.scrollPaddingTop = (getComputedStyle(head).position === "sticky" ? head.offsetHeight : 0) + "px"; }
    row.scrollIntoView({ block: "nearest" });
  }
  function pointAt(row) {
    $(".row-link", row).focus({ preventScroll: true });
    see(row);
  }
  var going = null; // the row asked for, until its letter is here
  // With a letter open, its neighbour opens; with the list alone, the mark moves.
  function step(by) {
    var list = links();
    if (letter()) {
      var at = list.indexOf(going || $("#rows .row-link[aria-current]"));
      var other = at < 0 ? null : list[at + by];
      if (other) {
        going = other;
        see(other.closest(".row"));
        other.click();
        return true;
      }
      // Past the page's end the letter knows its neighbour, unless the list is
      // a choice of letters.
      var on = $(".letter [data-step='" + by + "']");
      if (on && (at < 0 || $(".filters li:first-child [aria-current]"))) { on.click(); }
      return true;
    }
    if (!list.length) { return false; }
    var now = list.indexOf(here());
    pointAt(list[now < 0 ? 0 : Math.max(0, Math.min(list.length - 1, now + by))].closest(".row"));
    return true;
  }

  // The row framed for the person when a list came back, and until when a key is still
  // that of the act before: a slow double press puts one letter away, not two.
  var offered = null;

  function bulk(act) { return $("#selection [data-act='" + act + "']"); }
  // s takes the mark away when all the letters it is about carry it.
  function follow(rows) {
    return rows.every(function (r) { return r.hasAttribute("data-flagged"); }) ? "unstar" : "star";
  }
  function process(rows) {
    return rows.every(function (r) { return r.hasAttribute("data-processed"); }) ? "unprocessed" : "processed";
  }
  // What a key acts on: the letters chosen, else the letter open, else the row.
  function on(key, act) {
    var chosen = shown($("#rows")) ? boxes().filter(function (b) { return b.checked; }).map(rowOf) : [];
    if (!chosen.length && letter()) {
      var own = $(".letter-bar [data-key='" + key + "']");
      if (own) { own.click(); }
      return !!own;
    }
    if (!chosen.length && offered && rowOf(doc.activeElement) === offered.row && Date.now() < offered.until) { return true; } // the same press still: nobody chose this one
    var row = rowOf(doc.activeElement), rows = chosen.length ? chosen : row ? [row] : [];
    var button = rows.length ? bulk(typeof act === "function" ? act(rows) : act) : null;
    if (!button) { return false; }
    if (!chosen.length) {
      $("input[name=ref]", row).checked = true;
      countSelection();
    }
    button.click();
    return true;
  }
  function press(key) {
    var control = all("[data-key]").filter(function (el) { return el.dataset.key === key && shown(el); })[0];
    if (!control) { return false; }
    if (control.matches("input")) { control.focus(); control.select(); } else { control.click(); }
    return true;
  }
  // The same for what stands in a closed menu, or is hidden beside the list.
  function follows(sel) {
    var link = $(sel);
    if (link) { link.click(); }
    return !!link;
  }

  var keys = {
    j: function () { return step(1); },
    k: function () { return step(-1); },
    o: function () { var at = here() || (letter() ? null : links()[0]); if (at) { at.click(); } return !!at; },
    Enter: function () { // on a fresh list, where nothing is focused that Enter would press
      var at = doc.activeElement, first = at && at !== doc.body && at.id !== "list-title" && !at.matches("main, .flash") || letter() ? null : here() || links()[0];
      if (first) { first.click(); }
      return !!first;
    },
    x: function () {
      var at = here(), box = at && $("input[name=ref]", at.closest(".row"));
      if (box) { box.click(); }
      return !!box;
    },
    e: function () { return on("e", "archive"); },
    "#": function () { return on("#", "bin"); },
    i: function () { return on("i", "back"); },
    c: function () { return follows("[data-key=c]"); },
    r: function () { return follows(".letter-bar [data-key=r], .exchange-state [data-key=r]"); },
    a: function () { return follows(".letter-bar [data-key=a]"); },
    f: function () { return follows(".letter-bar [data-key=f]"); },
    m: function () { return on("m", "unread"); },
    s: function () { return on("s", follow); },
    t: function () { return on("t", process); },
    z: function () {
      if (!press("z") && (links().length || letter())) { say("Il n’y a plus rien à annuler."); }
      return true;
    },
    n: function () { return follows(".list [data-key=n]"); },
    p: function () { return follows(".letter [data-key=p]"); },
    u: function () { return follows("a[data-key=u]"); },
    "/": function () { return press("/"); },
    "?": function () { return press("?") || help(); }
  };

  function help() {
    var sheet = $("#aide-clavier");
    if (!sheet || !sheet.showModal) { return false; }
    if (!sheet.open) { sheet.showModal(); }
    return true;
  }

  // A letter key belongs to whoever is writing: never in a field, never with a
  // modifier (Shift is needed to type '#' and '?').
  function onKey(event) {
    if (!doc.body.hasAttribute("data-keys") || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) { return; }
    var at = event.target;
    if (at && at.closest && at.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) { return; }
    if (event.target.ownerDocument === doc && $("dialog[open]")) { return; }
    if (event.repeat && event.key !== "j" && event.key !== "k") { return; } // a key held is one press
    if (event.key === "j" || event.key === "k") { offered = null; }
    if (Object.prototype.hasOwnProperty.call(keys, event.key) && keys[event.key]()) { event.preventDefault(); }
  }
  doc.addEventListener("keydown", onKey);

  // --- clicks that need no server ---

  doc.addEventListener("click", function (event) {
    var at = event.target.closest ? event.target : null;
    if (!at) { return; }
    if (at.closest("a.back") && letter()) { remember("back", [letter().dataset.uid]); }
    if (at.closest("a[href='#aide-clavier']") && help()) { event.preventDefault(); return; }
    var closing = at.closest("dialog [data-close]");
    if (closing) {
      var sheet = closing.closest("dialog");
      if (sheet.open) { event.preventDefault(); sheet.close(); }
      return;
    }
    if (at.closest("[data-unchoose]")) { unchoose(); }
    closeMenus(at);
  });
  function closeMenus(at) {
    all("details.more[open]").forEach(function (menu) { if (!at || !menu.contains(at)) { menu.open = false; } });
  }
  function onEscape(event) {
    if (event.key !== "Escape") { return; }
    if (!$("details.more[open], dialog[open]") && !event.target.closest("input:not([type=checkbox]), textarea, select")) { unchoose(); }
    all("details.more[open], details.card-image[open]").forEach(function (menu) {
      menu.open = false;
      $("summary", menu).focus();
    });
    if (location.hash === "#menu") { location.hash = "#contenu"; }
  }
  doc.addEventListener("keydown", onEscape);
  function unchoose() {
    boxes().forEach(function (b) { b.checked = false; });
    countSelection();
  }
  doc.addEventListener("change", function (event) {
    if (event.target.id === "choose-all") {
      boxes().forEach(function (b) { b.checked = event.target.checked; });
    }
    if (event.target.matches("#choose-all, input[name=ref]")) { countSelection(); }
  });
  // Shift and a click ticks all between.
  var lastBox = null;
  doc.addEventListener("click", function (event) {
    if (!event.target.matches || !event.target.matches("#rows input[name=ref]")) { return; }
    var list = boxes(), from = list.indexOf(lastBox), to = list.indexOf(event.target);
    if (event.shiftKey && from >= 0) {
      list.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(function (b) { b.checked = event.target.checked; });
      countSelection();
    }
    lastBox = event.target;
  });

  // --- one click, one act ---

  doc.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.method !== "post") { return; }
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    if (form.id === "selection") {
      remember("act", boxes().filter(function (b) { return b.checked; }).map(function (b) { return rowOf(b).dataset.uid; }));
    } else if (form.matches(".letter-bar form")) {
      // Its list comes back with the next row framed, never the next letter opened: the
      // second click of a slow hand would put away a letter nobody has read.
      remember("act", [form.closest(".letter").dataset.uid]);
    } else if (form.closest(".flash")) {
      remember("act", kept ? kept.uids : []);
    }
  });
  // Coming back by the browser's own memory of the page: forms work again.
  window.addEventListener("pageshow", function () {
    all("form[data-sent]").forEach(function (f) { delete f.dataset.sent; });
  });

  // --- what htmx swapped ---

  function say(text) {
    var region = $("#flash");
    if (!region) { return; }
    var strip = doc.createElement("div"), words = doc.createElement("p");
    strip.className = "flash flash-warn";
    strip.dataset.testid = "flash";
    words.textContent = text;
    strip.appendChild(words);
    region.replaceChildren(strip);
    region.classList.add("is-on");
  }

  // The letter opened beside its list: mark its row, and leave one h1.
  function opened() {
    var read = $("#reading .letter");
    going = null;
    if (!read) { return; }
    doc.body.dataset.view = "letter";
    links().forEach(function (a) {
      var row = a.closest(".row");
      if (row.dataset.uid === read.dataset.uid && new URL(a.href).pathname === location.pathname) {
        a.setAttribute("aria-current", "true");
        row.classList.remove("is-unread");
        var dot = $(".row-new", row);
        if (dot) { dot.remove(); }
      } else {
        a.removeAttribute("aria-current");
      }
    });
    var head = $("h1#list-title");
    if (head) {
      var sub = doc.createElement("h2");
      sub.id = head.id;
      sub.className = head.className;
      sub.tabIndex = -1;
      sub.append.apply(sub, Array.prototype.slice.call(head.childNodes));
      head.replaceWith(sub);
    }
    var title = $("#letter-title");
    if (title) { title.focus({ preventScroll: true }); }
    if (window.matchMedia("(max-width: 759px)").matches) { window.scrollTo(0, 0); }
  }
  // Another page of the list: the reading pane came empty with it.
  function listed() {
    doc.body.dataset.view = "list";
    var title = $("#list-title");
    if (title) { title.focus({ preventScroll: true }); }
  }
  doc.addEventListener("htmx:after:swap", function (event) {
    var ctx = event.detail && event.detail.ctx;
    fitAll();
    countSelection();
    if (!ctx || !ctx.target) { return; }
    if (ctx.target.id === "reading") { opened(); }
    if (ctx.target.id === "list") { listed(); }
  });
  doc.addEventListener("htmx:error", function (event) {
    var ctx = event.detail && event.detail.ctx;
    if (ctx && ctx.target && /^(live-stage|job)$/.test(ctx.target.id)) { return; } // nobody asked: their scripts say what there is to say
    if (ctx && ctx.request && ctx.request.signal && ctx.request.signal.aborted && ctx.request.signal.reason !== "timeout") { return; }
    going = null;
    say("Pli ne répond pas. Rien n’est perdu\u00a0: réessayez dans un instant.");
  });

  // --- pictures that cannot be drawn ---

  function broken(img) {
    if (!img.matches || !img.matches(".card-image img")) { return; }
    var words = doc.createElement("p");
    words.className = "card-broken";
    words.textContent = "Cette image ne peut pas être montrée ici. Elle n’est pas perdue\u00a0: téléchargez-la pour la voir.";
    img.replaceWith(words);
  }
  doc.addEventListener("error", function (event) { broken(event.target); }, true);

  // --- where the reader was, after an act that loads the page again ---

  // Only numbers of letters are kept, for this tab, until the next page.
  function place() {
    var at = location.pathname.split("/").slice(0, 4);
    if (at[3] === "conversation") { at[3] = new URLSearchParams(location.search).get("in") || at[3]; } // its list's
    return "pli:list:" + at.join("/");
  }
  function store(name, value) {
    try { sessionStorage.setItem(name, value); } catch (e) { /* storage refused: the place is lost, nothing else */ }
  }
  function stored(name) {
    try { return sessionStorage.getItem(name); } catch (e) { return null; }
  }
  // The letters themselves first (some acts leave them where they are), then the
  // older ones, then the newer ones, nearest first.
  function remember(why, uids) {
    var list = all("#rows .row").map(function (r) { return r.dataset.uid; });
    var at = list.map(function (u) { return uids.indexOf(u) >= 0; });
    var first = at.indexOf(true), last = at.lastIndexOf(true);
    var near = first < 0 ? [] : list.slice(last + 1, last + 9).concat(list.slice(0, last).reverse().slice(0, 8));
    store("pli:at", JSON.stringify({ why: why, place: place(), uids: uids.slice(0, 8).concat(near) }));
  }
  var kept = null;
  function take() {
    try { kept = JSON.parse(stored("pli:at")); } catch (e) { kept = null; }
    if (!kept || kept.place !== place() || !Array.isArray(kept.uids)) { kept = null; }
    store("pli:at", "");
  }

  window.addEventListener("pagehide", function () {
    var list = $("#list");
    if (list) { store(place(), String(list.scrollTop)); }
  });
  function restore() {
    var list = $("#list");
    if (list) { list.scrollTop = Number(stored(place())) || 0; }
    var current = $("#rows .row-link[aria-current]");
    if (current) { see(current.closest(".row")); }
  }
  // The sentence of an act is said once: reloading shows the page alone.
  function forgetNote() {
    var url = new URL(location.href);
    if (!url.searchParams.has("note")) { return false; }
    url.searchParams.delete("note");
    history.replaceState(history.state, "", url.pathname + url.search + url.hash);
    return true;
  }
  function comeBack() {
    var strip = $("#flash .flash"), noted = forgetNote(), row = null;
    take();
    if (strip && !letter()) { row = rowWith(strip.dataset.row); } // what an undo brought back
    if (!row && kept && !letter() && (noted || kept.why === "back")) {
      row = kept.uids.map(rowWith).filter(Boolean)[0];
    }
    if (row) {
      pointAt(row);
      if (noted) { offered = { row: row, until: Date.now() + 900 }; }
      // The mark is on the row: moved in its live region, the sentence is still read out.
      if (strip) { setTimeout(function () { if (strip.parentNode) { strip.parentNode.appendChild(strip); } }, 250); }
    } else if (strip) {
      strip.focus({ preventScroll: true });
    }
  }

  fitAll();
  countSelection();
  restore();
  comeBack();
  all(".card-image img").forEach(function (img) { if (img.complete && img.currentSrc && !img.naturalWidth) { broken(img); } });
})();
