// Recipients as chips, completed from the directory and past correspondents.
(function () {
  "use strict";

  const { doc, byId, all, make, icon, live } = window.pliCompose;

  // recipients takes what the page does with them: ask, touched, clearRemarks,
  // sessionEnded, and the address that completes.
  window.pliCompose.recipients = function (d) {
    const { ask, touched, clearRemarks, sessionEnded } = d;

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
          const answer = await ask(d.suggest, new URLSearchParams({ typed: text }));
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

    return { fields, field };
  };
})();
