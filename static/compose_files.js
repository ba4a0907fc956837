// Files of a letter: by button, drop or paste, sent piece by piece, resumed where the
// line was cut.
(function () {
  "use strict";

  const { doc, byId, all, nbsp, wait, make, icon, live } = window.pliCompose;

  // files takes what the page does around them: ask, saved, strip, clearRemarks,
  // sessionEnded, online, Refused, locked; its form and its state.
  window.pliCompose.files = function (d) {
    const { ask, saved, strip, clearRemarks, sessionEnded, online, Refused, form, page } = d;

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
      if (d.locked()) { return; }
      files.forEach((file) => {
        // One of that name and size was cut off before: upload asks whether it is this one.
        const old = all(".file", fileList).filter((li) => li.dataset.id && !uploads.some((u) => u.row === li) && Number(li.dataset.received) < Number(li.dataset.size) &&
          li.dataset.name === file.name && Number(li.dataset.size) === file.size)[0];
        const u = { file, name: file.name || "image.png", id: "", at: 0, old: old ? { id: old.dataset.id, at: Number(old.dataset.received) } : null, done: false, stop: false, row: null };
        u.row = fileRow({ id: old ? old.dataset.id : "", name: u.name, size: file.size, received: 0, icon: /^image\//.test(file.type) ? "image" : "file", what: "" });
        if (old) { old.replaceWith(u.row); } else { fileList.append(u.row); }
        begin(u);
        u.row.scrollIntoView({ block: "nearest" }); // above the bar, which stays below
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
      u.row.scrollIntoView({ block: "nearest" });
      live(u.name + "\u00a0: pas joint. " + (e.say || unread));
    }
    // retry begins a file that could not be joined anew; what came of it goes first.
    function retry(row) {
      const u = uploads.filter((x) => x.row === row)[0];
      if (!u || d.locked()) { return; }
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

    return { uploads, fileList, badFiles };
  };
})();
