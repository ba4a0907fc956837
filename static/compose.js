// Writing a letter: recipients as chips, the editor, files piece by piece, and a text
// that is never lost. Without it the page is a plain form; nothing here may be needed.
(function () {
  "use strict";

  const shared = window.pliCompose;
  const { doc, byId, all, nbsp, wait, make, channel, random, icon, live, still, clean, cleanState } = shared;
  const form = byId("compose");
  if (!form) { return; }

  const data = form.dataset;
  const page = { self: data.self, version: Number(data.version), seq: 0, writer: random(), who: data.who, limit: Number(data.limit) };
  const maySend = "maySend" in data;
  let leaving = false; // for good: nothing is saved after that

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
    if (res.status === 401) { ended(answer || {}); }
    if (!res.ok || !answer) { throw new Refused(res.ok ? 502 : res.status, answer, Number(res.headers.get("Retry-After")) || 0); }
    return answer;
  }
  const json = (value) => ({ headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });

  // --- an ended session: the text stays, and goes on once somebody is back ---

  const dialog = byId("sign-in-again");
  const back = []; // what waits for the session
  let covered = false, typed = 0, calming = false;
  // ended keeps why the session is over, as the server says it. A computer or card declared
  // lost may be before somebody else: what is written is covered at once.
  function ended(answer) {
    const cover = !!answer.cover;
    const why = byId("sign-in-why");
    why.textContent = (answer.say || "") + (cover ? " Pour cette raison, la lettre est masquée ici" + nbsp + ": elle reparaîtra quand vous vous serez reconnecté." : "");
    why.hidden = !why.textContent;
    if (cover && !covered) {
      uncover(false);
      sessionEnded();
    }
  }
  function uncover(yes) {
    covered = !yes;
    doc.body.classList.toggle("covered", covered);
  }
  // sessionEnded resolves to whether the same person is back. Who is in the middle of a
  // sentence ends it first: what is typed while the panel opens would be lost.
  function sessionEnded() {
    if (locked) { return Promise.resolve(false); }
    return new Promise((done) => {
      back.push(done);
      if (!calming) { openPanel(); }
    });
  }
  async function openPanel() {
    calming = true;
    for (const from = Date.now(); !covered && Date.now() - typed < 900 && Date.now() - from < 5000;) { await wait(100); }
    calming = false;
    if (dialog.open || !back.length) { return; }
    if (dialog.showModal) { dialog.showModal(); } else { dialog.setAttribute("open", ""); }
  }
  function goOn(same) {
    if (dialog.open && (same || !covered)) { dialog.close(); }
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
  const held = []; // what freeze turned off
  function thaw() { held.splice(0).forEach((undo) => undo()); }
  function freeze() {
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
  }
  function lock(say) {
    if (leaving) { return; }
    if (!locked) {
      stopSending();
      locked = true;
      clearTimeout(timer);
      clearTimeout(rest);
      freeze();
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
    if (covered) { byId("sign-in-say").textContent = say; }
    saved("Cette page est arrêtée" + nbsp + ": rien n’est enregistré ni envoyé.", "error");
    goOn(false);
  }
  function unlock() {
    locked = false;
    thaw();
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
  let safe = ""; // what the server has; the editor tidies itself, and that is no change
  const words = () => JSON.stringify(letter());
  function same() {
    if (changed !== kept && safe && words() === safe) { kept = changed; }
    return changed === kept;
  }
  let timer = 0, oldest = 0, running = null, failures = 0, rest = 0;
  const afterKey = 450, atMost = 3000, restTime = 9000;

  function touched() {
    changed++;
    typed = Date.now();
    if (leaving || locked) { return; }
    const now = Date.now();
    oldest = oldest || now;
    clearTimeout(timer);
    clearTimeout(rest);
    timer = setTimeout(save, Math.max(0, Math.min(afterKey, oldest + atMost - now)));
  }
  function saved(text, kind) {
    still(() => {
      const p = byId("saved");
      if (p.textContent !== text) { p.textContent = text; }
      p.classList.toggle("saved-bad", kind === "error");
    });
  }

  // post sends what stands in the page, once.
  async function post(options) {
    const at = changed, now = letter(), what = JSON.stringify(now);
    page.seq++;
    const body = JSON.stringify(Object.assign(now, { version: page.version, writer: page.writer, seq: page.seq }));
    const alive = options && new Blob([body]).size < 60000; // a browser keeps 64 kB of octets alive, not of characters
    const answer = await ask(page.self + "/save", body, Object.assign({ headers: { "Content-Type": "application/json" } }, alive ? options : null));
    kept = Math.max(kept, at);
    safe = what;
    took(answer);
    return answer;
  }
  function took(answer) {
    failures = 0;
    if (covered) { uncover(true); }
    if (locked) { unlock(); }
    page.version = answer.version;
    form.elements.version.value = String(answer.version);
    if (answer.href !== page.self) {
      page.self = answer.href;
      form.action = answer.href;
      history.replaceState(history.state, "", answer.href);
      still(() => strip("warn", answer.say, answer.other ? ["Voir l’autre version", answer.other] : null));
    }
    page.limit = answer.bytes;
    still(() => {
      byId("limit").textContent = answer.limit;
      byId("wish-patient").hidden = !answer.patient;
    });
    if (kept === changed && !looking) { saved(answer.saved); }
  }

  // save keeps the text, as often as it takes. It resolves to whether it is safe.
  function save() {
    clearTimeout(timer);
    if (running) { return running.then((fine) => fine && changed !== kept ? save() : fine); }
    if (locked) { return Promise.resolve(false); }
    if (leaving || same()) { return Promise.resolve(true); }
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
    if (!same()) { post({ keepalive: true }).catch(() => {}); }
    ask(page.self + "/pause", new URLSearchParams({ leave: "1" }), { keepalive: true }).catch(() => {});
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && (!same() || uploads.some((u) => !u.done))) {
      event.preventDefault();
      event.returnValue = "";
    }
  });

  // go leaves the page once the text is safe.
  let going = false; // once, however often the key is pressed
  async function go(to) {
    if (going) { return; }
    going = true;
    try { await leaveFor(to); } finally { going = false; }
  }
  async function leaveFor(to) {
    if (locked) { location.assign(to); return; } // the browser asks first when words were not kept
    if (await save()) {
      // Begun and closed without a word: it is put away before the next page counts drafts.
      const next = new URL(to, location.href), back = next.searchParams.has("draft"); // a page that leads back here
      if (data.begun && page.seq === 0 && !uploads.length && !back) {
        freeze(); // nothing is typed into what goes away
        const giveUp = new AbortController(), late = setTimeout(() => giveUp.abort(), 5000);
        try {
          const answer = await ask(page.self + "/pause", new URLSearchParams({ leave: "1", unwritten: data.begun }), { signal: giveUp.signal });
          if (answer.note) { next.searchParams.set("note", answer.note); }
          leaving = true;
        } catch (e) { // it is kept, as any draft is
          if (locked) { return; }
          thaw();
        } finally {
          clearTimeout(late);
        }
      }
      if (!leaving && page.seq > 0 && !back) { // the next page says where the letter is, when that is known at once
        const giveUp = new AbortController(), late = setTimeout(() => giveUp.abort(), 1000);
        try {
          const answer = await ask(page.self + "/pause", new URLSearchParams({ kept: "1" }), { signal: giveUp.signal });
          if (answer.note) { next.searchParams.set("note", answer.note); }
        } catch (e) { /* unsaid: it is kept all the same */ }
        clearTimeout(late);
        if (changed !== kept && !(await save())) { return; } // typed meanwhile
      }
      if (!leaving) { ask(page.self + "/pause", new URLSearchParams({ leave: "1" }), { keepalive: true }).catch(() => {}); }
      leaving = true;
      location.assign(next);
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
    if (r.level === "ask") { acts.push(make("button", { class: "button plain small", type: "button", "data-confirm": r.key }, r.yes || "Envoyer quand même")); }
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

  const { fields, field, judging } = shared.recipients({ ask, touched, clearRemarks, sessionEnded, suggest: data.suggest });

  // --- the text ---

  const box = byId("text"), root = byId("editor"), quoted = byId("quoted"), quotedIn = byId("quoted-in"), bar = byId("editor-bar");
  let editor = null, plain = false;

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
    root.addEventListener("mousedown", beneath);
    editor.addEventListener("input", touched);
    editor.addEventListener("pathChange", pressed);
    editor.addEventListener("select", pressed);
    show();
    return true;
  }
  // beneath: a click on the white of the sheet goes on with the letter, not with the
  // last line of its signature, which is what browsers put the caret in.
  function beneath(event) {
    const blocks = Array.from(root.children), sign = blocks.findIndex((b) => b.children.length > 1 && b.textContent.trim().startsWith("—"));
    if (event.target !== root || event.button || sign < 1) { return; }
    const last = blocks[sign - 1].getBoundingClientRect();
    if (event.clientY < last.bottom) { return; }
    event.preventDefault();
    const own = blocks.slice(0, sign), words = own.filter((b) => b.textContent.trim() || b.querySelector("img")).pop() || own[0];
    const at = doc.createRange();
    at.selectNodeContents(words);
    at.collapse(!words.textContent.trim());
    editor.focus();
    editor.setSelection(at);
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

  const { uploads, fileList, badFiles } = shared.files({ ask, saved, strip, clearRemarks, sessionEnded, online, Refused, form, page, locked: () => locked });

  // --- sending ---

  let busy = false, looking = false; // at who it goes to
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
      fields.forEach((f) => f.commit());
      if (judging.open()) {
        saved("Vérification des destinataires…");
        live("Vérification des destinataires.");
        looking = true;
        await judging.settled().finally(() => { looking = false; });
        if (!busy) { return; }
      }
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
    if (does === "send") { send(); } else { safe = ""; changed++; save(); }
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
      // A name half typed is being looked up: the key is for its list, which comes and goes.
      const half = fields.find((f) => f.input === event.target && f.input.value.trim());
      if (half) { half.close(); return; }
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
  safe = words();
  if (data.begun) { saved("Brouillon enregistré dès que vous écrivez."); }
  form.classList.add("ready");
  if (!field("to").chips.length) { field("to").input.focus(); } else if (!byId("subject").value) { byId("subject").focus(); } else if (!byId("strips").firstElementChild) { (plain || !editor ? box : editor).focus(); }
})();
