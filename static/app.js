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
    form.classList.toggle("has-selection", n > 0);
    $("#rows").classList.toggle("choosing", n > 0);
    $("#bulk-count").textContent = n < 2 ? n + "\u00a0lettre choisie" : n + "\u00a0lettres choisies";
    var every = $("#choose-all");
    if (every) {
      every.checked = n > 0 && n === boxes().length;
      every.indeterminate = n > 0 && n < boxes().length;
    }
    return n;
  }

  // --- rows ---

  function links() { return all("#rows .row-link"); }
  function here() {
    var row = doc.activeElement && doc.activeElement.closest && doc.activeElement.closest(".row");
    return row ? $(".row-link", row) : $("#rows .row-link[aria-current]");
  }
  function step(by) {
    var list = links();
    if (!list.length) { return false; }
    var at = list.indexOf(here());
    var next = list[at < 0 ? 0 : Math.max(0, Math.min(list.length - 1, at + by))];
    next.focus();
    next.closest(".row").scrollIntoView({ block: "nearest" });
    return true;
  }
  function shown(el) { return el && el.getClientRects().length > 0; }

  // A row's act without opening it: tick it, press the bulk button.
  function onRows(act) {
    var focused = doc.activeElement && doc.activeElement.closest && doc.activeElement.closest("#rows .row");
    var button = $("#selection button[value=" + act + "]");
    if (!button) { return false; }
    if (countSelection() === 0) {
      if (!focused) { return false; }
      $("input[name=ref]", focused).checked = true;
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

  var keys = {
    j: function () { return step(1); },
    k: function () { return step(-1); },
    o: function () { var at = here(); if (at) { at.click(); } return !!at; },
    x: function () {
      var at = here(), box = at && $("input[name=ref]", at.closest(".row"));
      if (box) { box.click(); }
      return !!box;
    },
    e: function () { return onRows("archive") || press("e"); },
    "#": function () { return onRows("bin") || press("#"); },
    s: function () { return onRows("star") || press("s"); },
    u: function () {
      var back = $("a[data-key=u]"); // hidden beside its list, yet it leads there
      if (back) { back.click(); }
      return !!back;
    },
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
    if (Object.prototype.hasOwnProperty.call(keys, event.key) && keys[event.key]()) { event.preventDefault(); }
  }
  doc.addEventListener("keydown", onKey);

  // --- clicks that need no server ---

  doc.addEventListener("click", function (event) {
    var at = event.target.closest ? event.target : null;
    if (!at) { return; }
    if (at.closest("a[href='#aide-clavier']") && help()) { event.preventDefault(); return; }
    var closing = at.closest("dialog [data-close]");
    if (closing) {
      var sheet = closing.closest("dialog");
      if (sheet.open) { event.preventDefault(); sheet.close(); }
      return;
    }
    closeMenus(at);
  });
  function closeMenus(at) {
    all("details.more[open]").forEach(function (menu) { if (!at || !menu.contains(at)) { menu.open = false; } });
  }
  doc.addEventListener("keydown", function (event) {
    if (event.key !== "Escape") { return; }
    all("details.more[open]").forEach(function (menu) { menu.open = false; $("summary", menu).focus(); });
    if (location.hash === "#menu") { location.hash = "#contenu"; }
  });
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
  }

  // The letter opened beside its list: mark its row, and leave one h1.
  function opened() {
    var letter = $("#reading .letter");
    if (!letter) { return; }
    doc.body.dataset.view = "letter";
    links().forEach(function (a) {
      var row = a.closest(".row");
      if (row.dataset.uid === letter.dataset.uid && new URL(a.href).pathname === location.pathname) {
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
      sub.textContent = head.textContent;
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
    if (ctx && ctx.request && ctx.request.signal && ctx.request.signal.aborted && ctx.request.signal.reason !== "timeout") { return; }
    say("Pli ne répond pas. Rien n’est perdu\u00a0: réessayez dans un instant.");
  });

  // --- where the list was, after an act that loads the page again ---

  function place() { return "pli:list:" + location.pathname.split("/").slice(0, 4).join("/"); }
  window.addEventListener("pagehide", function () {
    var list = $("#list");
    try { if (list) { sessionStorage.setItem(place(), String(list.scrollTop)); } } catch (e) { /* storage refused: nothing to keep */ }
  });
  function restore() {
    var list = $("#list");
    if (!list) { return; }
    try { list.scrollTop = Number(sessionStorage.getItem(place())) || 0; } catch (e) { return; }
    var current = $("#rows .row-link[aria-current]");
    if (current) { current.closest(".row").scrollIntoView({ block: "nearest" }); }
  }

  fitAll();
  countSelection();
  restore();
  var strip = $("#flash .flash");
  if (strip) { strip.focus({ preventScroll: true }); }
})();
