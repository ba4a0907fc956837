// Recipients as chips, completed from the directory and past correspondents.
(function () {
  "use strict";

  const { doc, byId, all, make, icon, live, still, readTyped, holds, judgements, announced } = window.pliCompose;

  // recipients takes what the page does with them: ask, touched, clearRemarks,
  // sessionEnded, and the address that completes.
  window.pliCompose.recipients = function (d) {
    const { ask, touched, clearRemarks, sessionEnded } = d;
    const { judge, judging } = judgements(d);

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
        this.input.addEventListener("blur", () => {
          this.close();
          still(() => { if (doc.activeElement !== this.input && this.input.value.includes("@")) { this.commit(); } });
        });
        this.popup.addEventListener("mousedown", (event) => event.preventDefault());
        this.popup.addEventListener("click", (event) => {
          const li = event.target.closest("[role=option]");
          if (li) { this.pick(Number(li.dataset.at)); }
        });
        row.addEventListener("click", (event) => { if (!event.target.closest("button, input, a, ul.suggest, li")) { this.input.focus(); } });
        this.draw();
      }
      // recipients are those a letter or a draft has now, whatever the server thinks of
      // them: a chip not judged yet and words still in the field are as typed.
      recipients() {
        return this.chips.concat(readTyped(this.input.value)).map((c) => ({ n: c.typed, a: c.address }));
      }
      draw() { still(() => this.drawNow()); }
      drawNow() {
        const at = all(".to-off", this.list).indexOf(doc.activeElement);
        this.list.replaceChildren(...this.chips.map((c) => this.chip(c)));
        this.list.hidden = !this.chips.length;
        if (at >= 0 && this.chips.length) { this.chips[Math.min(at, this.chips.length - 1)].off.focus(); }
      }
      chip(c) {
        c.off = make("button", { type: "button", class: "to-off", "aria-label": "Retirer " + c.name, tabindex: "-1", title: "Retirer" }, icon("x"));
        c.off.addEventListener("click", () => this.remove(c, true));
        c.off.addEventListener("keydown", (event) => this.chipKey(event, c));
        return make("li", { class: "to" + (c.kind ? " to-" + c.kind : ""), title: c.kind === "patient" ? null : c.address, "data-testid": "to-chip", "data-address": c.address },
          make("span", { class: "to-words" }, make("span", { class: "to-name", dir: "auto" }, c.name),
            c.sub ? make("span", { class: "to-sub" }, c.sub) : null,
            c.say ? make("span", { class: "to-say" }, c.say) : null), c.off);
      }
      has(address) { return this.chips.some((c) => c.address.toLowerCase() === address.toLowerCase()); }
      // put has chips stand where there were others, or at the end; nobody twice. It
      // gives those that were not there yet.
      put(chips, where) {
        const at = where && where.length ? this.chips.indexOf(where[0]) : this.chips.length;
        this.chips = this.chips.filter((c) => !where || !where.includes(c));
        const fresh = chips.filter((c, i) => !this.has(c.address) && chips.findIndex((x) => x.address.toLowerCase() === c.address.toLowerCase()) === i);
        this.chips.splice(at, 0, ...fresh);
        this.draw();
        return fresh;
      }
      tell(asked, fresh) { if (asked.length) { live(announced(asked, fresh)); } }
      add(chip) {
        this.tell([chip], this.put([chip]));
        still(() => clearRemarks("to"));
        touched();
      }
      remove(chip, focus) {
        this.chips = this.chips.filter((c) => c !== chip);
        if (focus) { this.input.focus(); }
        this.draw();
        live(chip.name + " retiré.");
        still(() => clearRemarks("to"));
        touched();
      }
      replace(address, by) {
        const wrong = this.chips.filter((c) => c.address === address);
        if (wrong.length) { this.take(by, wrong); }
      }
      chipKey(event, chip) {
        const buttons = all(".to-off", this.list), i = buttons.indexOf(chip.off);
        if (event.key === "ArrowLeft" && i > 0) { buttons[i - 1].focus(); } else if (event.key === "ArrowRight") { (buttons[i + 1] || this.input).focus(); }
        else if (event.key === "Delete" || event.key === "Backspace") { this.remove(chip, true); } else { return; }
        event.preventDefault();
      }
      key(event) {
        if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) { return; }
        const text = this.input.value.trim(), open = !this.popup.hidden;
        switch (event.key) {
          case "ArrowDown": case "ArrowUp":
            if (!open) { if (text) { this.typing(); } return; }
            // The first one is proposed before any key: a first ↓ chooses it, whoever
            // presses ↓ then Enter writes to the top line.
            this.move(event.key === "ArrowUp" ? -1 : this.chosen ? 1 : 0);
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
            this.remove(this.chips[this.chips.length - 1], false);
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
        this.take(text.replace(/\s*\n\s*/g, ", "));
      }
      // commit takes what was typed as it is; the server says what it knows of it.
      commit() {
        const text = this.input.value;
        this.input.value = "";
        this.asked++;
        this.close();
        this.take(text);
      }
      // take has what was typed stand as chips at once, in the place of others or at the
      // end. The server's own come in their place once it has answered.
      take(text, where) {
        const asked = readTyped(text);
        if (!asked.length) { return; }
        const fresh = this.put(asked, where);
        still(() => clearRemarks("to"));
        touched();
        if (fresh.length) { judge(text, (found) => this.settle(asked, fresh, found || [])); } else { this.tell(asked, fresh); }
      }
      // settle puts what the server found in the place of what was typed. Who was taken
      // off meanwhile stays off; who it said nothing of stays as typed, and says so.
      settle(asked, fresh, found) {
        const before = JSON.stringify(this.recipients()), there = fresh.filter((c) => this.chips.includes(c));
        if (found.length && there.length === asked.length && holds(found, asked)) { // it may have read other recipients in it than the page did
          this.tell(found, this.put(found, there));
        } else {
          const pairs = there.map((c) => [c, found.filter((f) => f.address.toLowerCase() === c.address.toLowerCase())[0]]);
          pairs.filter(([, f]) => f).forEach(([c, f]) => this.put([f], [c]));
          pairs.filter(([, f]) => !f).forEach(([c]) => { Object.assign(c, { kind: "warn", say: "adresse non vérifiée" }); });
          this.draw();
          const now = pairs.map(([c, f]) => f || c);
          this.tell(now, now);
        }
        if (JSON.stringify(this.recipients()) !== before) { touched(); }
      }
      typing() {
        const words = this.input.value.trim(), turn = ++this.asked;
        clearTimeout(this.timer);
        touched();
        if (words.length < 2) { this.close(); return; }
        this.timer = setTimeout(async () => {
          let answer;
          try {
            answer = await ask(d.suggest, new URLSearchParams({ words }));
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
        this.options = answer.entries.filter((e) => !this.has(e.address));
        this.popup.replaceChildren(...this.options.map((e, i) => make("li", { role: "option", id: this.popup.id + "-" + i, "data-at": i, "aria-selected": "false", class: "option", "data-testid": "suggest-option" },
          make("span", { class: "option-top" },
            make("span", { class: "option-name", dir: "auto" }, underlined(e.name, words), e.work ? make("span", { class: "option-work" }, " · ", underlined(e.work, words)) : null),
            e.past ? make("span", { class: "option-past" }, "déjà écrit") : null, make("kbd", { class: "option-enter", "aria-hidden": "true" }, "Entrée")),
          make("span", { class: "option-sub" }, [e.place, e.kind, e.chip.kind === "patient" ? "" : e.address].filter(Boolean).join(" · ")),
          e.warn ? make("span", { class: "option-warn" }, e.warn) : null)));
        if (!this.options.length && !answer.say) { this.close(); if (text.length > 2 && !text.includes("@")) { live("Personne à ce nom dans l’annuaire."); } return; }
        if (!this.options.length) { this.close(); live(answer.say); return; }
        this.popup.hidden = false;
        this.input.setAttribute("aria-expanded", "true");
        this.active = -1;
        this.chosen = false;
        if (!/@.*\./.test(text)) { this.move(1, true); }
        live(this.options.length === 1 ? "1\u00a0proposition" : this.options.length + "\u00a0propositions");
      }
      // move with no step chooses what was only proposed.
      move(by, proposed) {
        const n = this.options.length;
        this.chosen = !proposed;
        this.active = by ? ((this.active < 0 ? (by > 0 ? -1 : 0) : this.active) + by + n) % n : Math.max(this.active, 0);
        this.popup.classList.toggle("suggest-chosen", this.chosen);
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

    return { fields, field, judging };
  };
})();
