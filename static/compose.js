// Writing a letter: recipients as chips, the editor, files piece by piece, and a text
// that is never lost. Without it the page is a plain form; nothing here may be needed.
(function () {
  "use strict";

  const doc = document;
  const byId = (id) => doc.getElementById(id);
  const all = (sel, root) => Array.from((root || doc).querySelectorAll(sel));
  const nbsp = "\u00a0";
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  // make builds an element from words and attributes, never from HTML.
  function make(tag, attrs, ...children) {
    const el = doc.createElement(tag);
    for (const [k, v] of Object.entries(attrs || {})) {
      if (v !== null && v !== undefined && v !== false) { el.setAttribute(k, v === true ? "" : v); }
    }
    el.append(...children.filter((c) => c !== null && c !== undefined));
    return el;
  }

  // --- the pages around the sheet ---

  const channel = window.BroadcastChannel ? new BroadcastChannel("pli-session") : null;
  if (byId("signed-in-again") && channel) { channel.postMessage("signed-in"); }

  const sending = byId("sending");
  if (sending && sending.dataset.state === "sending") {
    (async function poll() {
      for (let every = 1000; ; every = Math.min(every * 1.3, 8000)) {
        await wait(every);
        try {
          const res = await fetch(sending.dataset.progress, { redirect: "manual" });
          if (res.status === 401 || res.type === "opaqueredirect") { location.reload(); return; }
          if (!res.ok) { continue; }
          const answer = await res.json();
          if (answer.to) { location.replace(answer.to); return; }
        } catch (e) { /* the line is down: the letter goes on without this page */ }
      }
    })();
  }

  const form = byId("compose");
  if (!form) { return; }

  const data = form.dataset;
  const page = { self: data.self, version: Number(data.version), seq: 0, writer: random(), who: data.who, limit: Number(data.limit) };
  const maySend = "maySend" in data;
  let leaving = false; // for good: nothing is saved after that

  function random() {
    const octets = new Uint8Array(12);
    crypto.getRandomValues(octets);
    return Array.from(octets, (o) => o.toString(16).padStart(2, "0")).join("");
  }
  function icon(name) {
    const svg = doc.createElementNS("http://www.w3.org/2000/svg", "svg"), use = doc.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", data.icons + "#" + name);
    svg.append(use);
    return svg;
  }

  // live reads a sentence out; the same one twice is read twice.
  function live(text) {
    const region = byId("compose-live");
    region.textContent = "";
    setTimeout(() => { region.textContent = text; }, 60);
  }

  // --- asking the server ---

  class Refused extends Error {
    constructor(status, answer, after) {
      super("status " + status);
      this.status = status;
      this.answer = answer || {};
      this.after = after || 0; // seconds the server asks to wait, 0 when it does not say
    }
    get over() { return this.status === 401; }
    // say is a sentence for the person, whatever came back.
    get say() { return this.answer.say || "Pli ne répond pas."; }
    get lasting() { return this.status >= 400 && this.status < 500 && this.status !== 401 && this.status !== 408 && this.status !== 429; }
  }

  async function ask(to, body, options) {
    // Who wrote this page goes along: in a browser somebody else signed in to meanwhile,
    // nothing is kept or sent in their name.
    const o = Object.assign({ method: "POST", body, redirect: "manual", credentials: "same-origin" }, options);
    o.headers = Object.assign({ "Pli-Who": page.who }, o.headers);
    let res;
    try {
      res = await fetch(to, o);
    } catch (e) {
      throw new Refused(0, { say: "La connexion est coupée." });
    }
    if (res.type === "opaqueredirect") { throw new Refused(401); } // another page first: to choose a situation
    let answer = null;
    try { answer = await res.json(); } catch (e) { answer = null; }
    if (answer && answer.stranger) { lock(answer.say); }
    if (!res.ok || !answer) { throw new Refused(res.ok ? 502 : res.status, answer, Number(res.headers.get("Retry-After")) || 0); }
    return answer;
  }
  const json = (value) => ({ headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });

  // --- an ended session: the text stays, and goes on once somebody is back ---

  const dialog = byId("sign-in-again");
  const back = []; // what waits for the session
  // sessionEnded resolves to whether the same person is back.
  function sessionEnded() {
    if (locked) { return Promise.resolve(false); }
    return new Promise((done) => {
      back.push(done);
      if (dialog.open) { return; }
      if (dialog.showModal) { dialog.showModal(); } else { dialog.setAttribute("open", ""); }
    });
  }
  function goOn(same) {
    if (dialog.open) { dialog.close(); }
    back.splice(0).forEach((done) => done(same));
  }
  let trying = false;
  // A save tells whether the session is there again, and keeps the text at once.
  async function tryAgain(asked) {
    if (!back.length && !locked || trying || leaving) { return; }
    trying = true;
    try {
      await post();
      live("Vous êtes de nouveau connecté. Le texte est enregistré.");
      goOn(true);
    } catch (e) {
      const say = e.over ? "La session n’est pas encore ouverte. Connectez-vous dans l’autre onglet." : locked ? e.say : e.say + " Le texte est toujours ici.";
      if (e.lasting && !locked) { lock(say); }
      if (asked) { byId("sign-in-say").textContent = say; if (locked) { live(say); } }
    } finally {
      trying = false;
    }
  }

  // lock stops the page of somebody who is no longer the one signed in: nothing is
  // saved or sent, the text stays there to be read and copied.
  let locked = false;
  const held = []; // what lock turned off
  function lock(say) {
    if (leaving) { return; }
    if (!locked) {
      stopSending();
      locked = true;
      clearTimeout(timer);
      clearTimeout(rest);
      all("button, input, textarea", form).forEach((el) => {
        if (el.closest("#strips, .remarks") || el.disabled || el.readOnly || el.type === "hidden") { return; }
        const how = el.nodeName === "TEXTAREA" || el.type === "text" || el.type === "url" ? "readOnly" : "disabled";
        el[how] = true;
        held.push(() => { el[how] = false; });
      });
      if (editor) {
        root.setAttribute("contenteditable", "false");
        held.push(() => root.setAttribute("contenteditable", "true"));
      }
      const copy = make("button", { type: "button", class: "button plain small", "data-testid": "lock-copy" }, "Copier le texte");
      const again = make("button", { type: "button", class: "button plain small", "data-testid": "lock-again" }, "Je suis reconnecté, reprendre");
      copy.addEventListener("click", copyOut);
      again.addEventListener("click", () => tryAgain(true));
      const el = stripOf("error", say, copy, again);
      el.dataset.lock = "";
      byId("strips").replaceChildren(el);
      el.scrollIntoView({ block: "nearest" });
      live(say);
    }
    saved("Cette page est arrêtée" + nbsp + ": rien n’est enregistré ni envoyé.", "error");
    goOn(false);
  }
  function unlock() {
    locked = false;
    held.splice(0).forEach((undo) => undo());
    all("[data-lock]").forEach((el) => el.remove());
  }
  async function copyOut() {
    const words = plain || !editor ? box.value : root.innerText + (quotedIn.firstChild ? "\n" + quotedIn.innerText : "");
    try {
      await navigator.clipboard.writeText(byId("subject").value + "\n\n" + words);
      live("Le texte est copié.");
    } catch (e) { // no clipboard: it is selected, Ctrl+C does the rest
      if (plain || !editor) { box.select(); } else { getSelection().selectAllChildren(root); }
      live("Le texte est sélectionné.");
    }
  }
  byId("sign-in-done").addEventListener("click", () => tryAgain(true));
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  window.addEventListener("focus", () => tryAgain(false));
  doc.addEventListener("visibilitychange", () => { if (!doc.hidden) { tryAgain(false); } });
  if (channel) { channel.addEventListener("message", () => tryAgain(false)); }

  // --- saving ---

  let changed = 0, kept = 0; // counters: the text is safe when they are equal
  let timer = 0, oldest = 0, running = null, failures = 0, rest = 0;
  const afterKey = 450, atMost = 3000, restTime = 9000;

  function touched() {
    changed++;
    if (leaving || locked) { return; }
    const now = Date.now();
    oldest = oldest || now;
    clearTimeout(timer);
    clearTimeout(rest);
    timer = setTimeout(save, Math.max(0, Math.min(afterKey, oldest + atMost - now)));
  }
  function saved(text, kind) {
    const p = byId("saved");
    if (p.textContent !== text) { p.textContent = text; }
    p.classList.toggle("saved-bad", kind === "error");
  }

  // post sends what stands in the page, once.
  async function post(options) {
    const at = changed;
    page.seq++;
    const body = JSON.stringify(Object.assign(letter(), { version: page.version, writer: page.writer, seq: page.seq }));
    const alive = options && new Blob([body]).size < 60000; // a browser keeps 64 kB of octets alive, not of characters
    const answer = await ask(page.self + "/save", body, Object.assign({ headers: { "Content-Type": "application/json" } }, alive ? options : null));
    kept = Math.max(kept, at);
    took(answer);
    return answer;
  }
  function took(answer) {
    failures = 0;
    if (locked) { unlock(); }
    page.version = answer.version;
    form.elements.version.value = String(answer.version);
    if (answer.href !== page.self) {
      page.self = answer.href;
      form.action = answer.href;
      history.replaceState(history.state, "", answer.href);
      strip("warn", answer.say, answer.other ? ["Voir l’autre version", answer.other] : null);
    }
    byId("limit").textContent = answer.limit;
    page.limit = answer.bytes;
    byId("wish-patient").hidden = !answer.patient;
    if (kept === changed) { saved(answer.saved); }
  }

  // save keeps the text, as often as it takes. It resolves to whether it is safe.
  function save() {
    clearTimeout(timer);
    if (running) { return running.then((fine) => fine && changed !== kept ? save() : fine); }
    if (locked) { return Promise.resolve(false); }
    if (changed === kept || leaving) { return Promise.resolve(true); }
    running = attempt().finally(() => { running = null; });
    return running;
  }
  async function attempt() {
    oldest = 0;
    for (;;) {
      try {
        await post();
        if (changed === kept) { rest = setTimeout(pause, restTime); return true; }
      } catch (e) {
        if (e.over) {
          saved("Pas encore enregistré" + nbsp + ": votre session est terminée. Le texte est dans cette page.", "error");
          if (!(await sessionEnded())) { return false; }
          continue;
        }
        if (locked) { return false; }
        if (e.lasting) {
          saved("Pas enregistré" + nbsp + ": " + e.say, "error");
          live("Pas enregistré. " + e.say);
          return false;
        }
        failures++;
        const seconds = e.status === 429 ? Math.max(e.after, Math.min(15 * 2 ** failures, 300)) : Math.min(2 ** failures, 30);
        saved("Pas encore enregistré. " + e.say + " Le texte est dans cette page" + nbsp + "; nouvel essai dans " + seconds + nbsp + "s.", "error");
        if (failures === 1) { live("Pas encore enregistré. " + e.say); }
        await Promise.race([wait(seconds * 1000), online()]);
      }
    }
  }
  const online = () => new Promise((done) => window.addEventListener("online", done, { once: true }));
  function pause() {
    if (!leaving && !locked) { ask(page.self + "/pause", new URLSearchParams()).catch(() => {}); }
  }

  form.addEventListener("focusout", () => { if (changed !== kept) { save(); } });
  doc.addEventListener("visibilitychange", () => { if (doc.hidden && changed !== kept) { save(); } });
  window.addEventListener("pagehide", () => {
    if (leaving || locked) { return; }
    if (changed !== kept) { post({ keepalive: true }).catch(() => {}); }
    ask(page.self + "/pause", new URLSearchParams({ leave: "1" }), { keepalive: true }).catch(() => {});
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && (changed !== kept || uploads.some((u) => !u.done))) {
      event.preventDefault();
      event.returnValue = "";
    }
  });

  // go leaves the page once the text is safe.
  async function go(to) {
    if (locked) { location.assign(to); return; } // the browser asks first when words were not kept
    if (await save()) {
      ask(page.self + "/pause", new URLSearchParams({ leave: "1" }), { keepalive: true }).catch(() => {});
      leaving = true;
      location.assign(to);
    }
  }

  // --- strips and remarks ---

  const kinds = { block: "error", ask: "warn", tell: "info" };
  const icons = { error: "circle-alert", warn: "triangle-alert", info: "info", ok: "circle-check" };
  function stripOf(kind, text, ...acts) {
    return make("div", { class: "strip strip-" + kind, "data-testid": "strip" }, icon(icons[kind]), make("div", { class: "strip-words" }, make("p", {}, text)), ...acts);
  }
  function strip(kind, text, link) {
    if (locked) { return; } // what stands there says why
    byId("strips").replaceChildren(stripOf(kind, text, link ? make("a", { class: "button plain small", href: link[1] }, link[0]) : null));
  }
  const confirmed = new Set();
  function showRemarks(list) {
    all("[data-remarks]").forEach((place) => {
      place.replaceChildren(...list.filter((r) => r.place === place.dataset.remarks).map(remark));
    });
    const first = all("[data-testid=remark]").filter((el) => el.dataset.level !== "tell")[0] || all("[data-testid=remark]")[0];
    if (first) {
      first.scrollIntoView({ block: "center" });
      const act = first.querySelector("button");
      if (act) { act.focus({ preventScroll: true }); }
    }
  }
  function remark(r) {
    const acts = [];
    if (r.level === "ask") { acts.push(make("button", { class: "button plain small", type: "button", "data-confirm": r.key }, "Envoyer quand même")); }
    if (r.suggest) { acts.push(make("button", { class: "button plain small", type: "button", "data-replace": r.address, "data-by": r.suggest }, "Écrire à cette adresse")); }
    const el = stripOf(kinds[r.level] || "info", r.say, ...acts);
    el.dataset.testid = "remark";
    el.dataset.level = r.level;
    if (r.address) { el.dataset.address = r.address; }
    return el;
  }
  function clearRemarks(place, address) {
    all("[data-remarks=" + place + "] .strip").forEach((el) => { if (!address || el.dataset.address === address) { el.remove(); } });
  }
  form.addEventListener("click", (event) => {
    const yes = event.target.closest("[data-confirm]"), other = event.target.closest("[data-replace]");
    if (yes) {
      confirmed.add(yes.dataset.confirm);
      yes.closest(".strip").remove();
      const open = all("[data-testid=remark]").filter((el) => el.dataset.level !== "tell");
      if (open.length) { const act = open[0].querySelector("button"); if (act) { act.focus(); } } else { send(); }
    }
    if (other) {
      fields.forEach((f) => f.replace(other.dataset.replace, other.dataset.by));
      other.closest(".strip").remove();
    }
  });

  // --- recipients ---

  const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();

  // underlined marks in a text the words that were typed, at the beginning of its own.
  function underlined(text, words) {
    const flat = [], from = [];
    Array.from(text).forEach((c, i) => { Array.from(fold(c)).forEach((x) => { flat.push(x); from.push(i); }); });
    const line = flat.join(""), chars = Array.from(text), on = new Array(chars.length).fill(false);
    words.forEach((w) => {
      for (let at = line.indexOf(w); w && at >= 0; at = line.indexOf(w, at + 1)) {
        if (at === 0 || !/[a-z0-9]/.test(line[at - 1])) {
          for (let i = from[at]; i <= from[at + w.length - 1]; i++) { on[i] = true; }
        }
      }
    });
    const out = doc.createDocumentFragment();
    for (let i = 0; i < chars.length;) {
      let j = i;
      while (j < chars.length && on[j] === on[i]) { j++; }
      const piece = chars.slice(i, j).join("");
      out.append(on[i] ? make("u", {}, piece) : piece);
      i = j;
    }
    return out;
  }

  class Field {
    constructor(row) {
      this.row = row;
      this.name = row.dataset.recipients;
      this.list = byId("tos-" + this.name);
      this.input = byId(this.name);
      this.input.removeAttribute("name");
      this.input.value = "";
      this.chips = all("li", this.list).map((li) => ({ name: li.dataset.name, typed: li.dataset.typed || "", address: li.dataset.address, sub: li.dataset.sub || "",
        kind: li.dataset.kind, say: li.dataset.say || "", suggest: li.dataset.suggest || "" }));
      this.options = [];
      this.active = -1;
      this.asked = 0;
      this.popup = make("ul", { class: "suggest", role: "listbox", id: "suggest-" + this.name, "aria-label": "Annuaire et correspondants", hidden: true, "data-testid": "suggest" });
      row.append(this.popup);
      for (const [k, v] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.popup.id, "aria-haspopup": "listbox",
        "aria-describedby": this.list.id })) { this.input.setAttribute(k, v); }
      this.input.addEventListener("input", () => this.typing());
      this.input.addEventListener("keydown", (event) => this.key(event));
      this.input.addEventListener("paste", (event) => this.pasted(event));
      this.input.addEventListener("blur", () => { this.close(); if (this.input.value.includes("@")) { this.commit(); } });
      this.popup.addEventListener("mousedown", (event) => event.preventDefault());
      this.popup.addEventListener("click", (event) => {
        const li = event.target.closest("[role=option]");
        if (li) { this.pick(Number(li.dataset.at)); }
      });
      row.addEventListener("click", (event) => { if (!event.target.closest("button, input, a, ul.suggest, li")) { this.input.focus(); } });
      this.draw();
    }
    recipients() {
      const out = this.chips.map((c) => ({ n: c.typed, a: c.address })), text = this.typed();
      if (text) { out.push({ n: "", a: text }); }
      return out;
    }
    // typed is what stands in the field, but for what separates it from the next.
    typed() { return this.input.value.replace(/^[\s,;]+|[\s,;]+$/g, ""); }
    draw() {
      this.list.replaceChildren(...this.chips.map((c, i) => {
        const off = make("button", { type: "button", class: "to-off", "aria-label": "Retirer " + c.name, tabindex: "-1", title: "Retirer" }, icon("x"));
        off.addEventListener("click", () => this.remove(i, true));
        off.addEventListener("keydown", (event) => this.chipKey(event, i));
        return make("li", { class: "to" + (c.kind ? " to-" + c.kind : ""), title: c.kind === "patient" ? null : c.address, "data-testid": "to-chip", "data-address": c.address },
          make("span", { class: "to-words" }, make("span", { class: "to-name", dir: "auto" }, c.name),
            c.sub ? make("span", { class: "to-sub" }, c.sub) : null,
            c.say ? make("span", { class: "to-say" }, c.say) : null), off);
      }));
      this.list.hidden = !this.chips.length;
    }
    add(chip) {
      if (this.chips.some((c) => c.address.toLowerCase() === chip.address.toLowerCase())) { live(chip.name + " est déjà destinataire."); return; }
      this.chips.push(chip);
      this.draw();
      live(chip.name + (chip.sub ? ", " + chip.sub : "") + (chip.say ? "\u00a0: " + chip.say : "") + ", ajouté.");
      clearRemarks("to");
      touched();
    }
    remove(i, focus) {
      const [gone] = this.chips.splice(i, 1);
      this.draw();
      if (focus) { this.input.focus(); }
      live(gone.name + " retiré.");
      clearRemarks("to");
      touched();
    }
    async replace(address, by) {
      const i = this.chips.findIndex((c) => c.address === address);
      if (i < 0) { return; }
      this.chips.splice(i, 1);
      await this.judge(by);
    }
    chipKey(event, i) {
      const buttons = all(".to-off", this.list);
      if (event.key === "ArrowLeft" && i > 0) { buttons[i - 1].focus(); } else if (event.key === "ArrowRight") { (buttons[i + 1] || this.input).focus(); }
      else if (event.key === "Delete" || event.key === "Backspace") { this.remove(i, true); } else { return; }
      event.preventDefault();
    }
    key(event) {
      if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) { return; }
      const text = this.input.value.trim(), open = !this.popup.hidden;
      switch (event.key) {
        case "ArrowDown": case "ArrowUp":
          if (!open) { if (text) { this.typing(); } return; }
          this.move(event.key === "ArrowDown" ? 1 : -1);
          break;
        case "Enter":
          if (open && this.active >= 0) { this.pick(this.active); } else if (text) { this.commit(); } else { byId("subject").focus(); }
          break;
        case "Tab":
          if (event.shiftKey || !text) { return; }
          if (open && this.active >= 0) { this.pick(this.active); } else if (text.includes("@")) { this.commit(); } else { return; }
          break;
        case ",": case ";":
          if (text.includes("@")) { this.commit(); } else if (open && this.active >= 0) { this.pick(this.active); } else { return; }
          break;
        case "Backspace":
          if (this.input.value || !this.chips.length) { return; }
          this.remove(this.chips.length - 1, false);
          break;
        case "ArrowLeft":
          if (this.input.value || !this.chips.length) { return; }
          all(".to-off", this.list).pop().focus();
          break;
        case "Escape":
          if (!open) { return; }
          this.close();
          event.stopPropagation();
          break;
        default: return;
      }
      event.preventDefault();
    }
    pasted(event) {
      const text = event.clipboardData ? event.clipboardData.getData("text/plain") : "";
      if (!/@[^@]*[,;\n]/.test(text.trim())) { return; }
      event.preventDefault();
      this.judge(text.replace(/\s*\n\s*/g, ", "));
    }
    // commit takes what was typed as it is; the server says what it knows of it.
    commit() {
      const text = this.typed();
      this.input.value = "";
      this.close();
      if (text) { return this.judge(text); }
    }
    async judge(text) {
      try {
        const answer = await ask(data.suggest, new URLSearchParams({ typed: text }));
        (answer.chips || []).forEach((c) => this.add(c));
      } catch (e) { // nothing is lost for want of an answer
        this.add({ name: text, typed: "", address: text, sub: "", kind: "", say: "", suggest: "" });
        if (e.over) { sessionEnded(); }
      }
    }
    typing() {
      const words = this.input.value.trim(), turn = ++this.asked;
      clearTimeout(this.timer);
      touched();
      if (words.length < 2) { this.close(); return; }
      this.timer = setTimeout(async () => {
        let answer;
        try {
          answer = await ask(data.suggest, new URLSearchParams({ words }));
        } catch (e) {
          if (turn === this.asked) { this.close(); }
          if (e.over) { sessionEnded(); }
          return;
        }
        if (turn === this.asked && doc.activeElement === this.input) { this.show(answer, words); }
      }, 110);
    }
    show(answer, text) {
      const words = fold(text).split(/[^a-z0-9]+/).filter(Boolean);
      this.options = answer.entries.filter((e) => !this.chips.some((c) => c.address.toLowerCase() === e.address.toLowerCase()));
      this.popup.replaceChildren(...this.options.map((e, i) => make("li", { role: "option", id: this.popup.id + "-" + i, "data-at": i, "aria-selected": "false", class: "option", "data-testid": "suggest-option" },
        make("span", { class: "option-top" },
          make("span", { class: "option-name", dir: "auto" }, underlined(e.name, words), e.work ? make("span", { class: "option-work" }, " · ", underlined(e.work, words)) : null),
          e.past ? make("span", { class: "option-past" }, "déjà écrit") : null),
        make("span", { class: "option-sub" }, [e.place, e.kind, e.chip.kind === "patient" ? "" : e.address].filter(Boolean).join(" · ")),
        e.warn ? make("span", { class: "option-warn" }, e.warn) : null)));
      if (!this.options.length && !answer.say) { this.close(); if (text.length > 2 && !text.includes("@")) { live("Personne à ce nom dans l’annuaire."); } return; }
      if (!this.options.length) { this.close(); live(answer.say); return; }
      this.popup.hidden = false;
      this.input.setAttribute("aria-expanded", "true");
      this.active = -1;
      if (!/@.*\./.test(text)) { this.move(1); }
      live(this.options.length === 1 ? "1\u00a0proposition" : this.options.length + "\u00a0propositions");
    }
    move(by) {
      const n = this.options.length;
      this.active = ((this.active < 0 ? (by > 0 ? -1 : 0) : this.active) + by + n) % n;
      Array.from(this.popup.children).forEach((li, i) => {
        li.setAttribute("aria-selected", i === this.active ? "true" : "false");
        if (i === this.active) { li.scrollIntoView({ block: "nearest" }); }
      });
      this.input.setAttribute("aria-activedescendant", this.popup.id + "-" + this.active);
    }
    pick(i) {
      const e = this.options[i];
      this.input.value = "";
      this.asked++;
      this.close();
      this.add(e.chip);
      this.input.focus();
    }
    close() {
      clearTimeout(this.timer);
      this.popup.hidden = true;
      this.options = [];
      this.active = -1;
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
    }
  }
  const fields = all("[data-recipients]").map((row) => new Field(row));
  const field = (name) => fields.filter((f) => f.name === name)[0];

  all("[data-show]").forEach((button) => {
    if (!byId("line-" + button.dataset.show).classList.contains("line-folded")) { button.hidden = true; }
    button.addEventListener("click", () => {
      byId("line-" + button.dataset.show).classList.remove("line-folded");
      button.hidden = true;
      field(button.dataset.show).input.focus();
    });
  });

  // --- the text ---

  const box = byId("text"), root = byId("editor"), quoted = byId("quoted"), quotedIn = byId("quoted-in"), bar = byId("editor-bar");
  let editor = null, plain = false;

  // Everything that becomes HTML in this page goes through the cleaner; the policy
  // exists for it alone. The server cleans again whatever is saved.
  const policy = window.trustedTypes ? window.trustedTypes.createPolicy("pli-compose", { createHTML: (s) => s, createScriptURL: () => { throw new TypeError("no script"); } }) : null;
  const rules = { RETURN_DOM_FRAGMENT: true, ALLOW_DATA_ATTR: false, ALLOW_ARIA_ATTR: false, SANITIZE_NAMED_PROPS: true,
    FORBID_TAGS: ["style", "svg", "math", "form", "input", "button", "textarea", "select", "option", "img", "picture", "video", "audio", "source", "iframe", "object", "embed", "dialog", "template", "slot"],
    FORBID_ATTR: ["id", "class", "name", "contenteditable", "tabindex", "autofocus", "popover", "popovertarget", "background", "srcset", "src"] };
  if (policy) { rules.TRUSTED_TYPES_POLICY = policy; }
  // Of styles, those a letter needs; nothing that fetches, floats over or hides.
  const styles = /^(color|background-color|font(-family|-size|-style|-weight)?|line-height|text-(align|decoration|indent|transform)|vertical-align|white-space|list-style-type|width|max-width|(margin|padding)(-(top|right|bottom|left))?|border(-(top|right|bottom|left))?(-(color|style|width))?|border-(collapse|spacing|radius))$/;
  if (window.DOMPurify && window.DOMPurify.isSupported) {
    window.DOMPurify.addHook("uponSanitizeAttribute", (el, attribute) => {
      if (attribute.attrName !== "style") { return; }
      attribute.attrValue = attribute.attrValue.split(";").filter((one) => {
        const at = one.indexOf(":"), value = one.slice(at + 1);
        return at > 0 && styles.test(one.slice(0, at).trim().toLowerCase()) && /^[\w\s#%.,()'"-]*$/.test(value) && !/url|image|expression|attr|var|env/i.test(value);
      }).join(";");
    });
  }
  const clean = (html) => doc.importNode(window.DOMPurify.sanitize(html, rules), true);
  // The editor's own history keeps its place by two hidden marks.
  const markRules = Object.assign({}, rules, { SANITIZE_NAMED_PROPS: false, FORBID_TAGS: rules.FORBID_TAGS.filter((t) => t !== "input"), FORBID_ATTR: rules.FORBID_ATTR.filter((a) => a !== "id") });
  function cleanState(html) {
    const out = doc.importNode(window.DOMPurify.sanitize(html, markRules), true);
    all("[id], input", out).forEach((el) => {
      if (el.nodeName !== "INPUT") { el.removeAttribute("id"); } else if (!/^squire-selection-(start|end)$/.test(el.id)) { el.remove(); }
    });
    return out;
  }
  const htmlOf = (...nodes) => { const div = make("div"); div.append(...nodes); return div.innerHTML; };

  // cut finds where what is quoted begins, in the shapes our server gives it.
  function cut(nodes) {
    for (let i = 0; i < nodes.length; i++) {
      const n = nodes[i];
      if (n.nodeName !== "P") { continue; }
      const text = n.textContent.trim();
      if (/^-{5,} Lettre transférée -{5,}/.test(text)) { return i; }
      let next = i + 1;
      while (next < nodes.length && nodes[next].nodeType === 3 && !nodes[next].textContent.trim()) { next++; }
      if (/a écrit\s*:$/.test(text) && next < nodes.length && nodes[next].nodeName === "BLOCKQUOTE") { return i; }
    }
    return nodes.length;
  }

  function startEditor() {
    if (!window.Squire || !window.DOMPurify || !DOMPurify.isSupported) { return false; }
    const source = byId("html").value;
    editor = new window.Squire(root, { blockTag: "DIV", sanitizeToDOMFragment: clean, undo: { documentSizeThreshold: -1, undoLimit: 100 }, didError: (e) => { throw e; } });
    editor._setRawHTML = function (html) { // the editor's own writes a string, which Trusted Types refuse
      root.replaceChildren(cleanState(html));
      if (!root.firstChild) { root.append(this.createDefaultBlock()); }
      this._ignoreChange = true;
      return this;
    };
    if (source.trim() || !box.value.trim()) {
      const nodes = Array.from(clean(source).childNodes), at = cut(nodes);
      const own = nodes.slice(0, at).filter((n) => n.nodeType !== 3 || n.textContent.trim());
      own.forEach((n, i) => { if (n.nodeName === "P" && !n.textContent.trim()) { own[i] = make("div", {}, make("br")); } });
      editor.setHTML(htmlOf(...own));
      quote(nodes.slice(at));
      editor.moveCursorToStart();
    } else {
      plain = true;
    }
    editor.addEventListener("input", touched);
    editor.addEventListener("pathChange", pressed);
    editor.addEventListener("select", pressed);
    show();
    return true;
  }
  function quote(nodes) {
    quotedIn.replaceChildren(...nodes);
    quoted.hidden = !nodes.length;
    const first = nodes.filter((n) => n.textContent.trim())[0];
    byId("quoted-title").textContent = first && /a écrit/.test(first.textContent) ? first.textContent.trim().replace(/\s*:$/, "") : "Lettre transférée";
  }
  // show puts the editor or the text box before the person.
  function show() {
    root.hidden = plain;
    box.hidden = !plain;
    quoted.hidden = plain || !quotedIn.firstChild;
    all("[data-tool]", bar).forEach((b) => { if (b.dataset.tool !== "plain") { b.disabled = plain; } });
    bar.querySelector("[data-tool=plain]").setAttribute("aria-pressed", plain ? "true" : "false");
    roving();
    if (plain) { grow(); }
  }
  function grow() {
    box.style.height = "auto";
    box.style.height = Math.max(box.scrollHeight + 2, 220) + "px";
  }
  box.addEventListener("input", () => { touched(); grow(); });

  const bodyHTML = () => editor.getHTML() + (quotedIn.firstChild ? quotedIn.innerHTML : "");
  function letter() {
    const rich = editor && !plain;
    return { to: field("to").recipients(), cc: field("cc").recipients(), bcc: field("bcc").recipients(), subject: byId("subject").value,
      html: rich ? bodyHTML() : "", text: rich ? "" : box.value,
      delivery: form.elements.delivery.checked, read: form.elements.read.checked, noreply: form.elements.noreply.checked };
  }

  quoted.addEventListener("click", (event) => {
    const act = event.target.closest("[data-quote]");
    if (!act) { return; }
    const nodes = Array.from(quotedIn.childNodes);
    if (act.dataset.quote === "edit") {
      editor.setHTML(editor.getHTML() + htmlOf(...nodes));
      live("Le texte cité est dans la lettre, vous pouvez le modifier.");
    } else {
      live("Le texte cité est retiré.");
    }
    quote([]);
    editor.focus();
    touched();
  });

  // the toolbar: one stop of the keyboard, arrows inside
  const tools = () => all("[data-tool]", bar).filter((b) => !b.disabled);
  function roving(to) {
    const list = tools();
    const at = to && list.includes(to) ? to : list.filter((b) => b.tabIndex === 0)[0] || list[0];
    all("[data-tool]", bar).forEach((b) => { b.tabIndex = b === at ? 0 : -1; });
  }
  bar.addEventListener("keydown", (event) => {
    const list = tools(), at = list.indexOf(doc.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: list.length - 1 }[event.key];
    if (to === undefined || at < 0) { return; }
    event.preventDefault();
    const next = list[(to + list.length) % list.length];
    roving(next);
    next.focus();
  });
  bar.addEventListener("mousedown", (event) => { if (event.target.closest("button")) { event.preventDefault(); } });
  const formats = { bold: ["B", "bold", "removeBold"], italic: ["I", "italic", "removeItalic"], underline: ["U", "underline", "removeUnderline"],
    ul: ["UL", "makeUnorderedList", "removeList"], ol: ["OL", "makeOrderedList", "removeList"] };
  function pressed() {
    Object.keys(formats).forEach((name) => {
      bar.querySelector("[data-tool=" + name + "]").setAttribute("aria-pressed", editor.hasFormat(formats[name][0]) ? "true" : "false");
    });
  }
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-tool]");
    if (!button || !editor) { return; }
    const name = button.dataset.tool, f = formats[name];
    roving(button);
    if (f) { editor[editor.hasFormat(f[0]) ? f[2] : f[1]](); pressed(); }
    if (name === "quote") { editor[editor.hasFormat("BLOCKQUOTE") ? "decreaseQuoteLevel" : "increaseQuoteLevel"](); }
    if (name === "clear") { editor.removeAllFormatting(); pressed(); }
    if (name === "link") { askLink(); return; }
    if (name === "plain") { turn(); return; }
    editor.focus();
    touched();
  });
  function askLink() {
    if (editor.hasFormat("A")) { editor.removeLink(); editor.focus(); touched(); return; }
    byId("link-line").hidden = false;
    byId("link-to").value = "";
    byId("link-to").focus();
  }
  function link(yes) {
    let to = byId("link-to").value.trim();
    byId("link-line").hidden = true;
    editor.focus();
    if (!yes || !to) { return; }
    if (!/^(https?:|mailto:)/i.test(to)) { to = "https://" + to; }
    editor.makeLink(to);
    touched();
  }
  byId("link-ok").addEventListener("click", () => link(true));
  byId("link-no").addEventListener("click", () => link(false));
  byId("link-to").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") { return; }
    event.preventDefault();
    event.stopPropagation();
    link(event.key === "Enter");
  });

  // turn changes between formatted and plain text; the words stay.
  async function turn() {
    if (plain) {
      const lines = box.value.split("\n").map((l) => make("div", {}, l || make("br")));
      plain = false;
      show();
      editor.setHTML(htmlOf(...lines));
      quote([]);
    } else {
      let text;
      try {
        text = (await ask(page.self + "/text", json({ html: bodyHTML() }).body, { headers: { "Content-Type": "application/json" } })).text;
      } catch (e) {
        if (e.over) { sessionEnded(); } else { strip("warn", e.say + " Le texte garde sa mise en forme."); }
        return;
      }
      box.value = text;
      quotedIn.replaceChildren();
      plain = true;
      show();
    }
    (plain ? box : editor).focus();
    touched();
  }

  // --- files ---

  const uploads = []; // those under way in this page
  const fileList = byId("files"), pick = byId("pick");
  const pieceMost = 1 << 20, pieceLeast = 128 << 10;
  pick.disabled = false;
  byId("attach").addEventListener("click", () => pick.click());
  pick.addEventListener("change", () => { addFiles(Array.from(pick.files)); pick.value = ""; });

  function rowOf(id) { return all(".file", fileList).filter((li) => li.dataset.id === id)[0]; }
  function fileRow(f) {
    const off = make("button", { type: "button", class: "button quiet small file-remove", "aria-label": "Retirer " + f.name }, icon("x"), make("span", {}, "Retirer"));
    return make("li", { class: "file", "data-id": f.id || "", "data-name": f.name, "data-size": f.size, "data-received": f.received, "data-testid": "compose-file" },
      make("span", { class: "file-face" }, f.picture ? make("img", { src: f.picture, alt: "" }) : icon({ pdf: "file-text", text: "file-text", image: "file-image", archive: "file-archive", letter: "mail" }[f.icon] || "file")),
      make("span", { class: "file-words" }, f.href && f.received === f.size ? make("a", { class: "file-name", href: f.href, dir: "auto" }, f.name) : make("span", { class: "file-name", dir: "auto" }, f.name),
        make("span", { class: "file-what" }, f.what || "")), off);
  }
  function addFiles(files) {
    if (locked) { return; }
    files.forEach((file) => {
      // One of that name and size was cut off before: upload asks whether it is this one.
      const old = all(".file", fileList).filter((li) => li.dataset.id && !uploads.some((u) => u.row === li) && Number(li.dataset.received) < Number(li.dataset.size) &&
        li.dataset.name === file.name && Number(li.dataset.size) === file.size)[0];
      const u = { file, name: file.name || "image.png", id: "", at: 0, old: old ? { id: old.dataset.id, at: Number(old.dataset.received) } : null, done: false, stop: false, row: null };
      u.row = fileRow({ id: old ? old.dataset.id : "", name: u.name, size: file.size, received: 0, icon: /^image\//.test(file.type) ? "image" : "file", what: "" });
      if (old) { old.replaceWith(u.row); } else { fileList.append(u.row); }
      begin(u);
      uploads.push(u);
    });
    clearRemarks("files");
    work();
  }
  function begin(u) {
    u.bar = make("progress", { max: Math.max(u.file.size, 1), value: u.at, "aria-label": "Envoi de " + u.name });
    u.row.querySelector(".file-words").append(u.bar);
    what(u, "en attente");
  }
  let working = false;
  async function work() {
    if (working) { return; }
    working = true;
    for (let u; (u = uploads.filter((x) => !x.done)[0]);) {
      try { await upload(u); } catch (e) { failed(u, e); }
    }
    working = false;
  }
  const what = (u, text) => { u.row.querySelector(".file-what").textContent = text; };
  const unread = "Ce fichier n’a pas pu être lu sur votre poste.";
  function failed(u, e) {
    u.done = true;
    u.bar.remove();
    if (u.stop) { return; }
    u.row.classList.add("file-bad");
    what(u, e.say || unread);
    const again = make("button", { type: "button", class: "button plain small file-again", "aria-label": "Réessayer " + u.name, "data-testid": "file-again" }, "Réessayer");
    u.row.insertBefore(again, u.row.querySelector(".file-remove"));
    live(u.name + "\u00a0: pas joint. " + (e.say || unread));
  }
  // retry begins a file that could not be joined anew; what came of it goes first.
  function retry(row) {
    const u = uploads.filter((x) => x.row === row)[0];
    if (!u || locked) { return; }
    if (u.id) { u.old = { id: u.id, at: u.at }; }
    u.id = "";
    u.at = 0;
    u.done = false;
    row.classList.remove("file-bad");
    row.querySelector(".file-again").remove();
    row.querySelector(".file-remove").focus();
    begin(u);
    work();
  }
  // badFiles says which files the person attached are not in the letter: it does not
  // leave without them. It tells whether there are any.
  function badFiles() {
    const bad = all(".file-bad", fileList);
    if (!bad.length) { return false; }
    const names = bad.map((li) => "«" + nbsp + li.dataset.name + nbsp + "»").join(", ");
    bad[0].scrollIntoView({ block: "center" });
    bad[0].querySelector(".file-again").focus({ preventScroll: true });
    const say = "La lettre n’est pas partie" + nbsp + ": " + names + (bad.length > 1 ? " n’ont pas pu être joints" : " n’a pas pu être joint") + ". Choisissez Réessayer ou Retirer, puis envoyez-la.";
    saved("La lettre n’est pas partie, elle est gardée.");
    strip("error", say);
    live(say);
    return true;
  }
  // patiently asks again while the line is down or the session ended.
  async function patiently(u, question) {
    for (let tries = 1, many = 0; ; tries++) {
      if (u.stop) { throw new Refused(499); }
      try {
        return await question();
      } catch (e) {
        if (e.over) {
          what(u, "en attente de votre connexion");
          if (!(await sessionEnded())) { throw new Refused(409, { say: "Pas joint" + nbsp + ": une autre personne est connectée." }); }
          continue;
        }
        if (!(e instanceof Refused) || e.lasting) { throw e; }
        if (e.status === 429) {
          if (!e.after || ++many > 4) { throw e; } // a limit that waiting does not lift, or that lasts
          what(u, e.say + " L’envoi reprendra dans " + e.after + nbsp + "s.");
          await wait(e.after * 1000 * many);
          continue;
        }
        what(u, "Connexion coupée" + nbsp + ": l’envoi reprendra où il en est.");
        await Promise.race([wait(Math.min(300 * 2 ** tries, 30000)), online()]);
      }
    }
  }
  // digest is the SHA-256 of a file's beginning; "" where the browser has none.
  async function digest(file, to) {
    if (!window.crypto || !crypto.subtle || !to) { return ""; }
    const sum = await crypto.subtle.digest("SHA-256", await file.slice(0, to).arrayBuffer());
    return Array.from(new Uint8Array(sum), (o) => o.toString(16).padStart(2, "0")).join("");
  }
  async function announce(u) {
    const asked = { name: u.name, size: String(u.file.size) };
    if (u.old) { // the server goes on with it only if these octets are the ones it has
      Object.assign(asked, { resume: u.old.id, digest: await digest(u.file, u.old.at) });
    }
    const f = await patiently(u, () => ask(page.self + "/files", new URLSearchParams(asked)));
    u.old = null;
    u.id = u.row.dataset.id = f.id;
    u.bar.value = u.at = f.received || 0;
    if (u.stop) { ask(page.self + "/files/" + u.id + "/remove", new URLSearchParams()).catch(() => {}); throw new Refused(499); }
    live("Envoi de " + u.name);
  }
  async function upload(u) {
    if (!u.id) { await announce(u); }
    let piece = 256 << 10, last = null;
    while (u.at < u.file.size) {
      const from = u.at, began = Date.now();
      last = await patiently(u, async () => {
        const octets = await u.file.slice(from, from + piece).arrayBuffer(); // a file gone from the disk fails here, and is no line that is down
        try {
          return await ask(page.self + "/files/" + u.id + "?at=" + from, octets, { headers: { "Content-Type": "application/octet-stream" } });
        } catch (e) {
          if (e.status === 409 && e.answer.received) { return { received: e.answer.received, size: u.file.size }; }
          if (!e.lasting) { piece = Math.max(pieceLeast, piece / 2); }
          throw e;
        }
      });
      if (u.stop) { throw new Refused(499); }
      if (last.received === from) { throw new Refused(409, { say: "Le fichier a changé sur votre poste." }); }
      u.at = last.received;
      u.row.dataset.received = String(u.at);
      u.bar.value = u.at;
      what(u, Math.floor(100 * u.at / u.file.size) + nbsp + "%");
      if (Date.now() - began < 800) { piece = Math.min(pieceMost, piece * 2); }
    }
    u.done = true;
    const row = fileRow(last && last.id ? last : { id: u.id, name: u.name, size: u.file.size, received: u.at });
    u.row.replaceWith(row);
    u.row = row;
    live(u.name + " est joint.");
  }
  fileList.addEventListener("click", async (event) => {
    const off = event.target.closest(".file-remove"), again = event.target.closest(".file-again");
    if (again) { retry(again.closest(".file")); return; }
    if (!off) { return; }
    event.preventDefault();
    const row = off.closest(".file"), id = row.dataset.id, name = row.dataset.name;
    uploads.forEach((u) => { if (u.row === row) { u.stop = true; u.done = true; } });
    const next = row.nextElementSibling || row.previousElementSibling;
    try {
      if (id) { await ask(page.self + "/files/" + id + "/remove", new URLSearchParams()); }
      row.remove();
      clearRemarks("files");
      live(name + " retiré.");
      (next ? next.querySelector(".file-remove") : byId("attach")).focus();
    } catch (e) {
      if (e.over) { sessionEnded(); } else { strip("warn", e.say); }
    }
  });

  // Dropped, or pasted: a picture of the clipboard, a file copied.
  const brings = (event) => event.dataTransfer && Array.from(event.dataTransfer.types).includes("Files");
  let over = 0;
  doc.addEventListener("dragenter", (event) => { if (brings(event)) { over++; form.classList.add("dropping"); } });
  doc.addEventListener("dragleave", (event) => { if (brings(event) && --over <= 0) { over = 0; form.classList.remove("dropping"); } });
  doc.addEventListener("dragover", (event) => { if (brings(event)) { event.preventDefault(); event.dataTransfer.dropEffect = "copy"; } });
  doc.addEventListener("drop", (event) => {
    if (!brings(event)) { return; }
    event.preventDefault();
    event.stopPropagation();
    over = 0;
    form.classList.remove("dropping");
    addFiles(Array.from(event.dataTransfer.files));
  }, true);
  doc.addEventListener("paste", (event) => {
    const from = event.clipboardData;
    if (!from || !from.files.length || Array.from(from.types).includes("text/html") || Array.from(from.types).includes("text/plain")) { return; }
    event.preventDefault();
    event.stopPropagation();
    addFiles(Array.from(from.files).map((f) => f.name && f.name !== "image.png" ? f : new File([f], pastedName(f.type), { type: f.type })));
  }, true);
  function pastedName(type) {
    const t = new Date(), two = (n) => String(n).padStart(2, "0");
    return "image-" + t.getFullYear() + two(t.getMonth() + 1) + two(t.getDate()) + "-" + two(t.getHours()) + two(t.getMinutes()) + two(t.getSeconds()) + "." + (type === "image/jpeg" ? "jpg" : "png");
  }

  // --- sending ---

  let busy = false;
  function stopSending() {
    busy = false;
    const button = byId("send");
    if (button) { button.disabled = locked; button.removeAttribute("aria-busy"); }
  }
  async function send() {
    if (busy || !maySend || leaving || locked) { return; }
    busy = true;
    const button = byId("send");
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      for (const f of fields) { if (f.input.value.trim()) { await f.commit(); } }
      if (!(await save()) || badFiles()) { return; }
      if (uploads.some((u) => !u.done)) {
        saved("La lettre partira dès que les fichiers seront arrivés.");
        live("La lettre partira dès que les fichiers seront arrivés.");
        while (uploads.some((u) => !u.done)) { await wait(200); if (!busy) { return; } }
      }
      if (!(await save()) || !busy) { return; }
      if (badFiles()) { return; }
      saved("Envoi en cours…");
      const files = all(".file", fileList).map((li) => li.dataset.id).filter(Boolean);
      const answer = await patientSend({ version: page.version, files, confirmed: Array.from(confirmed) });
      if (answer) { came(answer); }
    } catch (e) {
      if (locked) { return; }
      saved("");
      strip("error", (e.say || "La lettre n’a pas pu partir.") + (e.status === 0 ? " La lettre est gardée. Réessayez dans un instant." : ""));
      live(e.say || "La lettre n’a pas pu partir.");
    } finally {
      if (!leaving) { stopSending(); }
    }
  }
  async function patientSend(what) {
    for (;;) {
      try {
        return await ask(page.self + "/send", json(what).body, { headers: { "Content-Type": "application/json" } });
      } catch (e) {
        if (!e.over) { throw e; }
        if (!(await sessionEnded()) || !busy) { return null; }
        what.version = page.version;
      }
    }
  }
  function came(answer) {
    if (answer.to) {
      leaving = true;
      location.assign(answer.to);
      return;
    }
    saved("La lettre n’est pas partie, elle est gardée.");
    showRemarks(answer.remarks || []);
    const blocks = (answer.remarks || []).some((r) => r.level === "block");
    strip(answer.came === "asked" && !blocks ? "warn" : "error", answer.say);
    if (answer.fates && answer.fates.length) {
      byId("strips").append(make("ul", { class: "fates", "data-testid": "fates", "aria-label": "Résultat par destinataire" }, ...answer.fates.map((f) => make("li", { class: "fate" + (f.accepted ? "" : " fate-bad") },
        icon(f.accepted ? "circle-check" : "circle-alert"), make("span", {}, make("strong", { dir: "auto" }, f.who), nbsp + ": " + f.say), f.code ? make("span", { class: "fate-code" }, "réponse du serveur" + nbsp + ": " + f.code) : null))));
    }
    if (!(answer.remarks || []).length) { byId("strips").scrollIntoView({ block: "nearest" }); }
  }

  // discard keeps the last words first: 'Reprendre' brings them back.
  async function discard() {
    if (leaving || locked) { return; }
    if (!(await save())) {
      strip("error", "Le brouillon n’a pas été supprimé" + nbsp + ": vos derniers mots n’ont pas pu être enregistrés. Ils sont dans cette page.");
      return;
    }
    if (leaving || locked) { return; }
    leaving = true;
    clearTimeout(rest);
    uploads.forEach((u) => { u.stop = true; });
    const hidden = (name, value) => make("input", { type: "hidden", name, value });
    const out = make("form", { method: "post", action: page.self, hidden: true }, hidden("do", "discard"), hidden("who", page.who));
    doc.body.append(out);
    out.submit();
  }

  form.addEventListener("submit", (event) => {
    const does = event.submitter ? event.submitter.value : "";
    event.preventDefault();
    event.stopPropagation(); // no page leaves here: the form may be sent again
    if (does === "discard") { discard(); return; }
    if (does === "send") { send(); } else { changed++; save(); }
  });
  byId("subject").addEventListener("input", () => { clearRemarks("subject"); touched(); });
  byId("subject").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && !event.isComposing) { event.preventDefault(); (plain || !editor ? box : editor).focus(); }
  });
  all(".wishes input").forEach((tick) => tick.addEventListener("change", touched));

  doc.addEventListener("keydown", (event) => {
    if (event.isComposing || dialog.open || doc.querySelector("dialog[open]")) { return; }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      send();
    } else if (event.key === "Escape" && event.target.id !== "link-to" && fields.every((f) => f.popup.hidden)) {
      event.preventDefault();
      go(data.back);
    }
  }, true);
  all("[data-leave]").forEach((a) => a.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) { return; }
    event.preventDefault();
    go(a.href);
  }));

  // --- begin ---

  box.hidden = startEditor() && !plain;
  form.classList.add("ready");
  if (!field("to").chips.length) { field("to").input.focus(); } else if (!byId("subject").value) { byId("subject").focus(); } else if (!byId("strips").firstElementChild) { (plain || !editor ? box : editor).focus(); }
})();
