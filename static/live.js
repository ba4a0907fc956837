// Keeps the open list, the counters and the window's title as the server has them. It
// moves nodes that htmx brought and writes text; it never writes HTML.
(function () {
  "use strict";

  var doc = document;
  var $ = function (sel, root) { return (root || doc).querySelector(sel); };
  var all = function (sel, root) { return Array.prototype.slice.call((root || doc).querySelectorAll(sel)); };
  var live = $("#live"), list = $("#list");
  if (!live || !list || !window.htmx) { return; }

  function make(tag, className, text) {
    var el = doc.createElement(tag);
    el.className = className;
    if (text) { el.textContent = text; }
    return el;
  }

  // --- the title, the icon, the rail ---

  var unread = Number(live.dataset.unread) || 0;
  function titled() {
    var count = unread > 999 ? "999+" : String(unread);
    doc.title = (unread > 0 ? "(" + count + ") " : "") + doc.title.replace(/^\([0-9+]+\) /, "");
  }
  function dot(on) {
    var icon = $("link[rel=icon]");
    if (icon) { icon.href = on ? live.dataset.iconNew : live.dataset.icon; }
  }
  function counter(id, shown, words) {
    var at = doc.getElementById(id);
    if (!at) { return; }
    at.replaceChildren();
    if (!shown) { return; }
    var n = make("span", "", shown);
    n.setAttribute("aria-hidden", "true");
    at.append(n, make("span", "visually-hidden", ", " + words));
  }

  // --- words over the list: they cover, they push nothing away ---

  var bar = make("div", "live-bar"), show = make("button", "button primary live-show");
  var note = make("div", "live-note"), said = make("p", "visually-hidden");
  show.type = "button";
  show.dataset.testid = "live-show";
  note.hidden = bar.hidden = true;
  note.setAttribute("role", "status");
  said.setAttribute("role", "status");
  bar.append(show);
  function place() {
    var head = $(".list-head", list);
    if (head && bar.previousElementSibling !== head) { head.after(bar); }
    if (head) { bar.style.top = (getComputedStyle(head).position === "sticky" ? head.offsetHeight : 76) + "px"; }
    if (note.parentNode !== list) { list.append(note); }
  }
  function arrivals(n) { return n + "\u00a0" + (n > 1 ? "nouvelles lettres" : "nouvelle lettre"); }
  function explain(text, link) {
    note.replaceChildren();
    note.hidden = !text;
    if (text) {
      var words = make("p", "", text);
      words.dataset.testid = "live-note";
      if (link) {
        var a = make("a", "", "Se reconnecter");
        a.href = link;
        words.append(" ", a);
      }
      note.append(words);
    }
  }

  // --- the list asked for anew ---

  var stage = make("div", ""), busy = false, again = false, stale = false, pending = null, lastTouch = false, left = false;
  stage.id = "live-stage";
  stage.hidden = true;
  doc.body.append(stage, said);

  function refresh() {
    if (!live.dataset.fresh) { return; }
    if (doc.hidden) { stale = true; return; }
    if (busy) { again = true; return; }
    busy = true;
    stale = again = false;
    window.htmx.ajax("GET", live.dataset.fresh, { target: stage, swap: "innerHTML" }).catch(function () {}).then(function () {
      stage.replaceChildren();
      // One page in a second is as many as anybody reads.
      setTimeout(function () { busy = false; if (again) { refresh(); } }, 700);
    });
  }
  doc.addEventListener("htmx:after:swap", function (event) {
    var ctx = event.detail && event.detail.ctx;
    if (!ctx || !ctx.target) { return; }
    if (ctx.target === stage) { brought(); }
    if (ctx.target.id === "list") { listed(); }
  });
  // The person asked for another list.
  function listed() {
    var now = $("#live", list), before = live;
    pending = null;
    bar.hidden = true;
    place();
    if (!now) { return; }
    live = now;
    unread = Number(live.dataset.unread) || 0;
    titled();
    if (before.dataset.folder !== live.dataset.folder) { doc.dispatchEvent(new CustomEvent("pli:folder", { detail: live })); }
  }
  function brought() {
    var now = $("#live", stage);
    if (!now || now.dataset.folder !== live.dataset.folder || now.dataset.fresh !== live.dataset.fresh || now.hasAttribute("data-threads") !== live.hasAttribute("data-threads")) { return; }
    var kept = { live: now, rows: $("#rows", stage), parts: [] };
    var head = $(".list-head", stage);
    for (var el = head && head.nextElementSibling; el; el = el.nextElementSibling) { kept.parts.push(el); }
    kept.span = $(".list-span", stage);
    stage.replaceChildren();
    live.dataset.mark = now.dataset.mark;
    unread = Number(now.dataset.unread) || 0;
    titled();
    lay(kept, false);
  }

  // --- laying it, under nobody's hand ---

  doc.addEventListener("pointerdown", function (event) { lastTouch = event.pointerType === "touch"; }, true);
  function handled() {
    var rows = $("#rows", list);
    if (!rows || rows.getClientRects().length === 0) { return false; }
    return $("input[name=ref]:checked", rows) !== null || rows.contains(doc.activeElement) || !lastTouch && rows.matches(":hover") ||
      list.scrollTop > 4 || list.scrollHeight <= list.clientHeight + 4 && window.scrollY > 60;
  }
  function uidOf(row) { return Number(row.dataset.uid); }
  function byUid(rows) {
    var out = {};
    rows.forEach(function (r) { out[r.dataset.uid] = r; });
    return out;
  }
  // The letter being read keeps its place, read or moved: 'next' counts from there.
  function current(row) { return $(".row-link[aria-current]", row) !== null; }
  // The numbers of letters are good for one life of their folder (UIDVALIDITY, RFC 3501
  // §2.3.1.1): made anew, the same number is another letter.
  function era(rows) {
    var link = live.hasAttribute("data-threads") ? null : $(".row-link", rows);
    return link ? new URL(link.href).pathname.split("/").slice(2, 5).join("/") : "";
  }
  function renumbered(rows, kept) {
    pending = kept;
    all(".row", rows).forEach(gone);
    place();
    show.textContent = "La liste a changé\u00a0: afficher";
    bar.hidden = false;
  }
  function lay(kept, asked) {
    if (left) { return; }
    var rows = $("#rows", list), hold = !asked && handled();
    if (!rows || !kept.rows) {
      if (!hold) { replaced(kept); }
      return;
    }
    if (era(rows) && era(kept.rows) && era(rows) !== era(kept.rows)) {
      if (hold) { renumbered(rows, kept); } else { replaced(kept); }
      return;
    }
    var have = all(".row", rows), come = all(".row", kept.rows), old = byUid(have), now = byUid(come);
    var least = Math.min.apply(null, come.map(uidOf)), fresh = come.filter(function (r) { return !old[r.dataset.uid]; });
    var chosen = /[?&]filter=/.test(live.dataset.fresh) || live.hasAttribute("data-threads"); // a letter may leave a choice and be where it was
    have.forEach(function (r) {
      if (now[r.dataset.uid]) { patch(r, now[r.dataset.uid]); } else if (!chosen && (uidOf(r) >= least || !$(".pager", list))) { gone(r); }
    });
    if (hold) {
      pending = kept;
      var top = fresh.filter(function (r) { return uidOf(r) > uidOf(have[0] || r) || !have.length; }).length;
      offer(top);
      return;
    }
    pending = null;
    bar.hidden = true;
    have.forEach(function (r) { if (!now[r.dataset.uid] && !current(r)) { r.remove(); } });
    var at = rows.firstElementChild;
    come.forEach(function (r) {
      var here = old[r.dataset.uid];
      if (here) { at = here.nextElementSibling; } else { rows.insertBefore(r, at); }
    });
    rest(kept);
    if (fresh.length && !asked) { said.textContent = arrivals(fresh.length) + "."; }
    if (asked) { begin(fresh[0]); }
  }
  // What stands around the rows.
  function rest(kept) {
    var span = $(".list-span", list), pager = $(".pager", list), other = kept.parts.filter(function (el) { return el.matches(".pager"); })[0];
    if (span && kept.span) { span.textContent = kept.span.textContent; }
    if (pager && other && !pager.contains(doc.activeElement)) { pager.replaceWith(other); }
    if (pager && !other) { pager.remove(); }
    if (!pager && other) { $("#rows", list).after(other); }
    // What 'choisir les N' stands for goes with the rows, never under a choice being made.
    var offer = $(".whole-offer", list), newer = null;
    kept.parts.forEach(function (el) { newer = newer || $(".whole-offer", el); });
    if (offer && newer && !offer.contains(doc.activeElement) && !$("input[name=ref]:checked", list)) { offer.replaceWith(newer); }
  }
  // From an empty folder to the first letter, or back.
  function replaced(kept) {
    var head = $(".list-head", list);
    if (!head) { return; }
    pending = null;
    bar.hidden = true;
    while (head.nextElementSibling) { head.nextElementSibling.remove(); }
    list.append.apply(list, kept.parts);
    var span = $(".list-span", list);
    if (span && kept.span) { span.textContent = kept.span.textContent; }
    place();
  }
  // What waits for the hand to leave is laid a second time: copies, so that it is still whole.
  function copies(el) { return Array.prototype.slice.call(el.cloneNode(true).childNodes); }
  // Marks and the hour may change; who wrote what does not.
  function patch(row, now) {
    row.classList.remove("is-gone");
    row.classList.toggle("is-unread", now.classList.contains("is-unread"));
    row.toggleAttribute("data-flagged", now.hasAttribute("data-flagged"));
    row.toggleAttribute("data-processed", now.hasAttribute("data-processed"));
    var a = $(".row-top", row), b = $(".row-top", now);
    if (a && b && a.innerHTML !== b.innerHTML) { a.replaceChildren.apply(a, copies(b)); }
    if (live.hasAttribute("data-threads")) { // what came elsewhere, my answer for one, is of the conversation
      [".row-subject", ".row-snippet"].forEach(function (sel) {
        var x = $(sel, row), y = $(sel, now);
        if (x && y) { x.textContent = y.textContent; }
      });
      var box = $("input[name=ref]", row), other = $("input[name=ref]", now);
      if (box && other && !box.checked) { box.value = other.value; }
    }
    var c = $(".chips", row), d = $(".chips", now);
    if (c && d && c.innerHTML !== d.innerHTML) { c.replaceWith(d.cloneNode(true)); } else if (c && !d) { c.remove(); } else if (!c && d) { row.append(d.cloneNode(true)); }
  }
  // No ghost: a row under somebody's hand stays where it is and says what became of it.
  function gone(row) {
    if (row.classList.contains("is-gone")) { return; }
    row.classList.add("is-gone");
    var box = $("input[name=ref]", row), when = $(".row-when", row);
    if (box && !box.checked) { box.disabled = true; }
    if (when) { when.textContent = "n’est plus ici"; }
  }
  function offer(n) {
    place();
    if (!n) { return; }
    var text = arrivals(n) + "\u00a0: afficher";
    if (show.textContent !== text) { show.textContent = text; said.textContent = arrivals(n) + "."; }
    bar.hidden = false;
  }
  function begin(row) {
    list.scrollTop = 0;
    if (list.scrollHeight <= list.clientHeight + 4) { window.scrollTo(0, 0); }
    var link = row && $(".row-link", row);
    if (link) { link.focus({ preventScroll: true }); }
  }
  show.addEventListener("click", function () { if (pending) { lay(pending, true); } });
  setInterval(function () { if (pending && !handled()) { lay(pending, false); } }, 800);

  // --- what is told ---

  doc.addEventListener("pli:news", function (event) {
    var n = event.detail || {};
    if (n.state === "unreached") {
      explain("Pli ne répond pas\u00a0: la liste peut dater. Elle se remettra à jour d’elle-même.");
    } else if (n.state !== undefined) {
      explain(n.say || "");
    }
    (n.folders || []).forEach(function (f) {
      counter("count-" + f.id, f.count, f.words);
      if (f.inbox && f.mark) {
        if (f.arrived && f.unseen > unread && doc.hidden) { dot(true); }
        unread = f.unseen;
        titled();
        counter("box-count-" + live.dataset.stream.split("/")[2], f.count, f.words);
      }
      if (f.id !== live.dataset.folder) { return; }
      if (!f.mark) { explain("Ce dossier n’existe plus, il a été renommé ou supprimé. Choisissez un autre dossier."); return; }
      if (f.mark !== live.dataset.mark || f.vague) { refresh(); }
    });
  });
  // Whoever is before the screen now may not be the person: what is theirs leaves the page.
  function cover() {
    left = true;
    pending = null;
    all("#rows, #reading > *, .pager, .whole-offer").forEach(function (el) { el.remove(); });
    doc.body.dataset.view = "list";
    doc.body.classList.add("is-left");
    unread = 0;
    doc.title = "Pli";
    dot(false);
  }
  doc.addEventListener("pli:over", function (event) {
    var o = event.detail || {};
    if (o.cover) { cover(); }
    explain((o.say || "Votre session est terminée. Identifiez-vous de nouveau pour reprendre.") + (o.cover ? " Les lettres ne sont plus montrées ici." : ""),
      o.why === "session" ? "/sign-in?next=" + encodeURIComponent(location.pathname + location.search) : "");
  });
  doc.addEventListener("pli:stale", refresh); // something the page did itself, of which it wants to see the end
  doc.addEventListener("visibilitychange", function () {
    if (doc.hidden) { return; }
    dot(false);
    if (stale) { refresh(); }
  });

  // --- told to the desktop: that something came, never what ---

  var choice = $("#live-notify"), state = $("#live-notify-state");
  function chosen() { try { return localStorage.getItem("pli:notify") === "1"; } catch (e) { return false; } }
  function choose(on) {
    try { localStorage.setItem("pli:notify", on ? "1" : ""); } catch (e) { /* storage refused: not remembered */ }
    shown();
  }
  function shown() {
    var on = chosen() && Notification.permission === "granted";
    choice.setAttribute("aria-pressed", String(on));
    state.textContent = on ? "oui" : "non";
    choice.title = Notification.permission === "denied" ? "Votre navigateur refuse les notifications de ce site\u00a0: changez ce choix dans ses réglages." :
      "Dire à l’arrivée d’une lettre, sur ce navigateur, qu’il y en a une\u00a0: jamais laquelle.";
  }
  if (choice && window.Notification && window.isSecureContext) {
    choice.closest("li").hidden = false;
    shown();
    choice.addEventListener("click", function () {
      if (chosen() && Notification.permission === "granted") { choose(false); return; }
      Notification.requestPermission().then(function (answer) {
        choose(answer === "granted");
        if (answer === "denied") { explain(choice.title); }
      });
    });
    doc.addEventListener("pli:arrived", function () {
      if (!chosen() || Notification.permission !== "granted") { return; }
      try {
        var n = new Notification("Pli", { body: "Une nouvelle lettre est arrivée dans votre boîte.", tag: "pli", icon: live.dataset.icon });
        n.onclick = function () { window.focus(); n.close(); };
      } catch (e) { /* some phones let only service workers do it */ }
    });
  }

  place();
  titled();
})();
