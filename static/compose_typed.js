// What is typed in a field of recipients: read at once, as the person wrote it. The
// server reads it again, and better; until then, or without it, this is who is written to.
(function () {
  "use strict";

  const { nbsp } = window.pliCompose;

  // pieces cuts a text where commas, semicolons and ends of line stand between two
  // recipients: not inside quotes or brackets, unless one of them is never closed.
  function pieces(text, plainly) {
    const out = [];
    let piece = "", quoted = false, angled = false;
    for (const c of text) {
      if (!plainly && c === '"') { quoted = !quoted; }
      if (!plainly && !quoted && (c === "<" || c === ">")) { angled = c === "<"; }
      if ((c === "," || c === ";" || c === "\n") && !quoted && !angled) {
        out.push({ words: piece.trim(), by: c });
        piece = "";
      } else {
        piece += c;
      }
    }
    if (quoted || angled) { return pieces(text, true); }
    out.push({ words: piece.trim(), by: "" });
    return out.filter((p) => p.words);
  }

  // chipOf takes 'Paul Martin <x@y>' apart. What holds a second address stays whole: it
  // is refused when the letter is sent, where one of the two would be forgotten.
  function chipOf(words) {
    const at = words.endsWith(">") ? words.indexOf("<") : -1;
    const inside = at < 0 ? "" : words.slice(at + 1, -1).trim();
    const name = at < 0 ? "" : words.slice(0, at).trim().replace(/^"(.*)"$/, "$1").replace(/\\(.)/g, "$1");
    const apart = inside && !/[<>]/.test(inside) && (!name.includes("@") || name === inside);
    const typed = apart ? name : "", address = apart ? inside : words;
    return { name: typed || address, typed, address, sub: "", kind: "pending", say: "", suggest: "" };
  }

  // readTyped gives what was typed as chips nobody has judged yet. Nothing of it is left
  // out: what is no address stays as it is.
  function readTyped(text) {
    const out = [];
    let ahead = null; // 'Martin' of 'Martin, Paul <x@y>'
    for (const p of pieces(text)) {
      const { address } = chipOf(p.words), named = address !== p.words && address.includes("@");
      if (ahead && named) {
        p.words = ahead.words + ", " + p.words;
      } else if (ahead) {
        out.push(chipOf(ahead.words));
      }
      ahead = p.by === "," && !p.words.includes("@") ? p : null;
      if (!ahead) { out.push(chipOf(p.words)); }
    }
    if (ahead) { out.push(chipOf(ahead.words)); }
    return out;
  }

  // holds tells whether every address that was typed is among those the server found.
  function holds(found, asked) {
    const known = found.map((c) => c.address + "\n" + c.typed).join("\n").toLowerCase().split(/[\s<>(),;"]+/);
    return asked.every((c) => c.address.toLowerCase().split(/[\s<>(),;"]+/).every((word) => !word.includes("@") || known.includes(word)));
  }

  // judgements asks the server about what was typed. No question lasts longer than
  // patience; settled waits for those under way, no longer than hurry: who was not
  // judged by then stays as typed.
  const patience = 8000, hurry = 3000;
  function judgements({ ask, suggest, sessionEnded }) {
    const under = new Set();

    // judge hands the server's chips to done, null when there was no answer.
    function judge(typed, done) {
      const stop = new AbortController(), timer = setTimeout(() => stop.abort(), patience);
      const asked = { stop };
      asked.over = ask(suggest, new URLSearchParams({ typed }), { signal: stop.signal })
        .then((answer) => answer.chips || [], (e) => {
          if (e.over) { sessionEnded(); }
          return null;
        })
        .then((chips) => done(chips))
        .finally(() => {
          clearTimeout(timer);
          under.delete(asked);
        });
      under.add(asked);
    }
    const open = () => under.size > 0;
    async function settled() {
      const all = Array.from(under), timer = setTimeout(() => all.forEach((a) => a.stop.abort()), hurry);
      await Promise.all(all.map((a) => a.over));
      clearTimeout(timer);
    }
    return { judge, judging: { open, settled } };
  }

  // announced is what is read out of recipients that were added, or stood there already.
  function announced(asked, fresh) {
    return asked.map((c) => fresh.includes(c) ? c.name + (c.sub ? ", " + c.sub : "") + (c.say ? nbsp + ": " + c.say : "") + ", ajouté." : c.name + " est déjà destinataire.").join(" ");
  }

  Object.assign(window.pliCompose, { readTyped, holds, judgements, announced });
})();
