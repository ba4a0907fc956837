// Many letters at once: says once what came of them, and shows the list as it now is.
(function () {
  "use strict";

  var doc = document;
  var $ = function (sel) { return doc.querySelector(sel); };

  var running = !!$("#job .job[hx-get]");
  function tell(text) { $("#job-said").textContent = text; }
  function ended() {
    var strip = $("#job [data-over]");
    if (!strip) { running = running || !!$("#job .job"); return; }
    if (!running) { return; }
    running = false;
    tell($("#job .job-says").textContent);
    // Whoever chooses, reads or types meanwhile is left alone: live.js waits for that.
    var live = $("#live"), list = $("#list"), again = $(".list-bar a[aria-label='Actualiser la liste']");
    if (live && live.dataset.fresh) {
      doc.dispatchEvent(new CustomEvent("pli:stale"));
    } else if (list && again && doc.body.dataset.view === "list" && !$("#rows.choosing") && !list.contains(doc.activeElement)) {
      again.click();
    }
    // A page that counts letters counts them anew, unless somebody writes in it.
    if ($("[data-counts]") && !(doc.activeElement && doc.activeElement.matches("input, select, textarea"))) { location.reload(); }
  }

  // No answer, or one that is no news of the letters: the strip stays, says so once, and
  // goes on asking.
  function waits(text) {
    var strip = $("#job .job");
    if (!strip || $("#job .job-wait")) { return; }
    var words = doc.createElement("p");
    words.className = "job-wait";
    words.textContent = text;
    strip.append(words);
    tell(text);
  }
  function ofJob(event) {
    var ctx = event.detail && event.detail.ctx;
    return !!(ctx && ctx.target && ctx.target.id === "job") && ctx;
  }
  doc.addEventListener("htmx:error", function (event) {
    if (ofJob(event)) { waits("Pli ne répond pas\u00a0: la suite s’affichera dès qu’il répondra. Ce qui est fait reste fait."); }
  });
  doc.addEventListener("htmx:before:response", function (event) {
    var ctx = ofJob(event), status = ctx ? ctx.response.status : 200;
    if (status === 200) { return; }
    event.preventDefault();
    if (status === 204 || status === 401) {
      var strip = $("#job .job");
      waits("Votre session est terminée\u00a0: le lot s’est arrêté avec elle. Ce qui était fait reste fait, les autres lettres n’ont pas changé.");
      if (strip) { strip.removeAttribute("hx-get"); strip.replaceWith(strip.cloneNode(true)); } // a copy asks for nothing
      return;
    }
    waits("Pli ne dit pas où en est le lot\u00a0: la suite s’affichera dès qu’il répondra. Ce qui est fait reste fait.");
  });
  doc.addEventListener("htmx:after:swap", function (event) {
    if (ofJob(event)) { ended(); }
    lift();
  });

  // --- to a folder: by a name typed, or dropped on the rail ---

  var all = function (sel, root) { return Array.prototype.slice.call((root || doc).querySelectorAll(sel)); };
  function shown(el) { return !!el && el.getClientRects().length > 0; }
  function ticked() { return all("#rows input[name=ref]").filter(function (b) { return b.checked; }); }
  function folded(s) { return s.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase(); }

  // The form that moves what a key would act on: the letters chosen, else the letter
  // open, else the row.
  function mover() {
    var whole = $("#whole");
    if (whole) { return whole; }
    if (ticked().length) { return $("#selection"); }
    if (shown($("#reading .letter"))) { return $("#reading .more-move"); }
    var row = doc.activeElement && doc.activeElement.closest && doc.activeElement.closest("#rows .row");
    var box = row && row.querySelector("input[name=ref]");
    if (box) { box.click(); }
    return box ? $("#selection") : null;
  }
  function send(form, id) {
    var select = form.querySelector("select[name=to]");
    select.value = id;
    (form.querySelector("button[value=move]:not([name=to])") || form.querySelector("button[type=submit]")).click();
  }

  var sheet = null;
  function picker() {
    if (sheet) { return sheet; }
    sheet = doc.createElement("dialog");
    sheet.className = "sheet picker";
    sheet.setAttribute("aria-labelledby", "picker-title");
    var head = doc.createElement("div"), title = doc.createElement("h2"), close = doc.createElement("button");
    head.className = "sheet-head";
    title.id = "picker-title";
    title.textContent = "Déplacer vers";
    close.className = "button quiet";
    close.type = "button";
    close.textContent = "Fermer";
    close.addEventListener("click", function () { sheet.close(); });
    head.append(title, close);
    var label = doc.createElement("label"), field = doc.createElement("input"), list = doc.createElement("ul"), none = doc.createElement("p");
    label.htmlFor = field.id = "picker-words";
    label.className = "visually-hidden";
    label.textContent = "Nom du dossier";
    field.className = "input";
    field.placeholder = "Nom du dossier";
    field.autocomplete = "off";
    list.className = "picker-list";
    none.className = "hint";
    none.setAttribute("role", "status");
    sheet.append(head, label, field, list, none);
    doc.body.append(sheet);
    field.addEventListener("input", filter);
    sheet.addEventListener("keydown", function (event) {
      var open = all("button", list).filter(shown), at = open.indexOf(doc.activeElement);
      if (event.key === "ArrowDown" && open.length) { open[Math.min(at + 1, open.length - 1)].focus(); event.preventDefault(); }
      if (event.key === "ArrowUp" && at >= 0) { (at ? open[at - 1] : field).focus(); event.preventDefault(); }
      if (event.key === "Enter" && event.target === field) { if (open.length && field.value.trim()) { open[0].click(); } event.preventDefault(); } // nothing typed names no folder
    });
    return sheet;
  }
  function filter() {
    var words = folded($("#picker-words").value).split(/\s+/).filter(Boolean), n = 0;
    all(".picker-list li").forEach(function (li) {
      var name = folded(li.textContent);
      li.hidden = !words.every(function (w) { return name.indexOf(w) >= 0; });
      li.classList.toggle("is-first", !li.hidden && !n);
      if (!li.hidden) { n++; }
    });
    sheet.lastElementChild.textContent = n ? "" : "Aucun dossier de ce nom.";
  }
  function pick() {
    var form = mover(), select = form && form.querySelector("select[name=to]");
    if (!select) { return false; }
    var list = picker().querySelector(".picker-list");
    list.replaceChildren.apply(list, all("option", select).filter(function (o) { return o.value; }).map(function (o) {
      var li = doc.createElement("li"), button = doc.createElement("button");
      button.type = "button";
      button.textContent = o.textContent.trim();
      button.addEventListener("click", function () { sheet.close(); send(form, o.value); });
      li.append(button);
      return li;
    }));
    $("#picker-words").value = "";
    filter();
    sheet.showModal();
    $("#picker-words").focus();
    return true;
  }
  doc.addEventListener("keydown", function (event) {
    if (event.key !== "v" || !doc.body.hasAttribute("data-keys") || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) { return; }
    var at = event.target;
    if (at.closest && at.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") || $("dialog[open]")) { return; }
    if (pick()) { event.preventDefault(); }
  });

  // A reminder is for the day typed, or for the moment chosen: the last one said.
  doc.addEventListener("change", function (event) {
    var form = event.target.closest && event.target.closest(".more-remind");
    if (!form) { return; }
    var when = form.querySelector("[name=when]"), date = form.querySelector("[name=date]");
    if (event.target === date && date.value) { when.value = "date"; }
    if (event.target === when && when.value !== "date") { date.value = ""; }
    if (event.target === when && when.value === "date") { date.focus(); }
  });

  var dragged = null;
  function lift() {
    if (!$("#selection select[name=to]")) { return; }
    all("#rows .row").forEach(function (row) {
      row.draggable = true;
      row.querySelector(".row-link").draggable = false;
    });
  }
  function folderUnder(el) {
    var link = el && el.closest && el.closest(".rail a.rail-link"), count = link && link.querySelector("[id^='count-']");
    var id = count ? count.id.slice(6) : "";
    var open = id && all("#selection select[name=to] option").some(function (o) { return o.value === id; });
    return open ? { link: link, id: id } : null;
  }
  function unmark() { all(".drop-on").forEach(function (el) { el.classList.remove("drop-on"); }); }
  doc.addEventListener("dragstart", function (event) {
    dragged = event.target.closest && event.target.closest("#rows .row[draggable=true]");
    if (!dragged) { return; }
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("application/x-pli", "1"); // nothing of the letter leaves the page
    doc.body.classList.add("dragging");
  });
  doc.addEventListener("dragover", function (event) {
    var to = dragged && folderUnder(event.target);
    unmark();
    if (to) { to.link.classList.add("drop-on"); event.preventDefault(); }
  });
  doc.addEventListener("dragend", function () { dragged = null; unmark(); doc.body.classList.remove("dragging"); });
  doc.addEventListener("drop", function (event) {
    var to = dragged && folderUnder(event.target), box = dragged && dragged.querySelector("input[name=ref]");
    if (!to || !box) { return; }
    event.preventDefault();
    if (!box.checked) { // a row that is not of the chosen ones goes alone
      ticked().forEach(function (b) { b.checked = false; });
      box.click();
    }
    send($("#selection"), to.id);
  });
  lift();
})();
