// What the scripts of the writing pages share: building elements, saying sentences.
// They hand each other their functions by one name, window.pliCompose.
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

  // channel tells the other tabs that somebody signed in again.
  const channel = window.BroadcastChannel ? new BroadcastChannel("pli-session") : null;
  function random() {
    const octets = new Uint8Array(12);
    crypto.getRandomValues(octets);
    return Array.from(octets, (o) => o.toString(16).padStart(2, "0")).join("");
  }
  function icon(name) {
    const svg = doc.createElementNS("http://www.w3.org/2000/svg", "svg"), use = doc.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", byId("compose").dataset.icons + "#" + name);
    svg.append(use);
    return svg;
  }

  // live reads a sentence out; the same one twice is read twice.
  function live(text) {
    const region = byId("compose-live");
    region.textContent = "";
    setTimeout(() => { region.textContent = text; }, 60);
  }

  // still does what moves the page once no button of the mouse is held: between its
  // down and its up nothing moves, or the click would fall beside what it was for.
  let pressed = false;
  const moves = [];
  function still(move) { if (pressed) { moves.push(move); } else { move(); } }
  function letGo() {
    pressed = false;
    moves.splice(0).forEach((move) => move());
  }
  doc.addEventListener("mousedown", (event) => { pressed = pressed || event.button === 0; }, true);
  // After the click, which belongs to the same turn as the up.
  ["mouseup", "dragend"].forEach((name) => window.addEventListener(name, () => setTimeout(letGo, 0), true));
  window.addEventListener("blur", () => letGo());
  // An up that the browser kept for itself: the mouse comes back with nothing held.
  doc.addEventListener("mousemove", (event) => { if (pressed && !(event.buttons & 1)) { setTimeout(letGo, 0); } }, true);

  window.pliCompose = { doc, byId, all, nbsp, wait, make, channel, random, icon, live, still };
})();
