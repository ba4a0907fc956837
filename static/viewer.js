// Shows a PDF: pages drawn to canvas when they come near, text that can be
// selected over them, zoom. No form, no script of the document is ever run.
const body = document.body;
const at = (id) => document.getElementById(id);
const place = at("pages");
const say = at("viewer-say");
const nbsp = "\u00a0";
const steps = [0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3];
const cannot = "Ce document ne peut pas être montré ici. Il n’est pas perdu" + nbsp + ": téléchargez-le pour le lire.";
const whole = body.dataset.whole; // inside a letter: the first page, and a way to all of it
const maxPixels = 16e6; // a canvas above it is drawn coarser, not refused

let pdf = null; // the library
let file = null; // the document
let zoom = 0; // 0: as wide as the window
let sheets = [];
let said = false; // a failure was told

// fail always leaves a sentence and the way to the file itself.
function fail(text) {
  const way = document.querySelector(".viewer-bar a[download]").cloneNode(true);
  way.removeAttribute("data-testid");
  const words = document.createElement("span");
  words.textContent = text;
  say.replaceChildren(words, way);
  say.hidden = false;
  said = true;
}

// The worker's address is a sink under Trusted Types: this policy knows one.
function workerURL() {
  const url = body.dataset.worker;
  if (!window.trustedTypes) { return url; }
  const policy = window.trustedTypes.createPolicy("pli-viewer", {
    createScriptURL(asked) {
      if (asked !== url) { throw new TypeError("not the PDF worker"); }
      return asked;
    },
  });
  return policy.createScriptURL(url);
}

async function open() {
  pdf = await import(body.dataset.reader);
  const worker = new Worker(workerURL(), { type: "module" });
  worker.addEventListener("error", () => { if (!file && !said) { fail(cannot); } });
  pdf.GlobalWorkerOptions.workerPort = worker;
  const asking = pdf.getDocument({
    url: body.dataset.file,
    standardFontDataUrl: new URL(body.dataset.fonts, location.href).href,
    wasmUrl: new URL(body.dataset.codecs, location.href).href,
    useWasm: false,
    isEvalSupported: false,
    enableXfa: false,
    useWorkerFetch: false,
    disableAutoFetch: true,
    disableRange: true,
  });
  asking.onPassword = () => {
    asking.destroy();
    fail("Ce document est protégé par un mot de passe. Téléchargez-le pour l’ouvrir avec votre lecteur.");
  };
  file = await asking.promise;
  await lay();
  clearTimeout(slow);
  say.hidden = true;
  if (whole) { more(); return; }
  document.querySelector(".viewer-tools").hidden = false;
  count();
}

// lay makes one empty sheet per page, of the first page's size until known.
async function lay() {
  const first = await file.getPage(1);
  const size = first.getViewport({ scale: 1 });
  for (let n = 1; n <= (whole ? 1 : file.numPages); n++) {
    const el = document.createElement("section");
    el.className = "viewer-sheet";
    el.setAttribute("aria-label", "Page" + nbsp + n);
    el.dataset.page = String(n);
    place.append(el);
    sheets.push({ n, el, wide: size.width, high: size.height, drawn: 0, task: null, page: n === 1 ? first : null });
  }
  sizeAll();
  const near = new IntersectionObserver((seen) => {
    for (const one of seen) {
      const sheet = sheets[Number(one.target.dataset.page) - 1];
      if (one.isIntersecting) { draw(sheet); } else { drop(sheet); }
    }
  }, { root: whole ? null : place, rootMargin: "100% 0px" });
  sheets.forEach((s) => near.observe(s.el));
}

// more says how many pages follow the one shown.
function more() {
  if (file.numPages < 2) { return; }
  at("viewer-whole").textContent = "Page 1 sur " + file.numPages + nbsp + ": lire tout le document";
  at("viewer-more").hidden = false;
}

function scaleOf(sheet) {
  if (zoom) { return zoom * (96 / 72); }
  const room = Math.min(place.clientWidth - 32, 1000);
  return Math.max(0.2, room / sheet.wide);
}

function sizeAll() {
  for (const s of sheets) {
    const scale = scaleOf(s);
    s.el.style.width = Math.floor(s.wide * scale) + "px";
    s.el.style.height = Math.floor(s.high * scale) + "px";
  }
  at("zoom-value").textContent = Math.round((zoom || scaleOf(sheets[0]) * (72 / 96)) * 100) + nbsp + "%";
}

function drop(sheet) {
  if (sheet.task) { sheet.task.cancel(); sheet.task = null; }
  sheet.drawn = 0;
  sheet.el.replaceChildren();
}

async function draw(sheet) {
  const scale = scaleOf(sheet);
  if (sheet.drawn === scale) { return; }
  if (sheet.task) { sheet.task.cancel(); sheet.task = null; }
  sheet.drawn = scale;
  try {
    sheet.page = sheet.page || await file.getPage(sheet.n);
    const own = sheet.page.getViewport({ scale: 1 });
    if (own.width !== sheet.wide || own.height !== sheet.high) {
      sheet.wide = own.width;
      sheet.high = own.height;
      sizeAll();
      sheet.drawn = scaleOf(sheet);
    }
    if (sheet.drawn !== scaleOf(sheet)) { return; }
    await paint(sheet, sheet.page.getViewport({ scale: sheet.drawn }));
  } catch (err) {
    if (err && err.name === "RenderingCancelledException") { return; }
    const note = document.createElement("p");
    note.className = "viewer-say";
    note.textContent = "Cette page ne peut pas être montrée. Téléchargez le document pour la lire.";
    sheet.el.replaceChildren(note);
  }
}

async function paint(sheet, view) {
  const canvas = document.createElement("canvas");
  const ratio = Math.min(window.devicePixelRatio || 1, 2, Math.sqrt(maxPixels / (view.width * view.height)));
  canvas.width = Math.floor(view.width * ratio);
  canvas.height = Math.floor(view.height * ratio);
  canvas.setAttribute("aria-hidden", "true");
  sheet.task = sheet.page.render({ canvas, viewport: view, transform: ratio === 1 ? null : [ratio, 0, 0, ratio, 0, 0] });
  await sheet.task.promise;
  sheet.task = null;
  const text = document.createElement("div");
  text.className = "textLayer";
  text.style.setProperty("--total-scale-factor", String(view.scale));
  sheet.el.replaceChildren(canvas, text);
  const layer = new pdf.TextLayer({ textContentSource: sheet.page.streamTextContent(), container: text, viewport: view });
  await layer.render();
}

// --- zoom, and the page under the eye ---

function current() {
  const middle = place.scrollTop + place.clientHeight / 3;
  let n = 1;
  for (const s of sheets) { if (s.el.offsetTop <= middle) { n = s.n; } }
  return n;
}

function count() {
  at("page-count").textContent = "Page" + nbsp + current() + " sur " + file.numPages;
}

function zoomTo(next) {
  const n = current();
  const inside = (place.scrollTop - sheets[n - 1].el.offsetTop) / sheets[n - 1].el.offsetHeight;
  zoom = next;
  sizeAll();
  place.scrollTop = sheets[n - 1].el.offsetTop + inside * sheets[n - 1].el.offsetHeight;
  redraw();
}

function redraw() {
  const top = place.scrollTop - place.clientHeight;
  const end = place.scrollTop + 2 * place.clientHeight;
  for (const s of sheets) {
    if (s.el.offsetTop + s.el.offsetHeight > top && s.el.offsetTop < end) { draw(s); } else { drop(s); }
  }
}

function zoomBy(way) {
  const now = zoom || scaleOf(sheets[0]) * (72 / 96);
  const next = way > 0 ? steps.find((z) => z > now * 1.02) : [...steps].reverse().find((z) => z < now * 0.98);
  if (next) { zoomTo(next); }
}

at("zoom-in").addEventListener("click", () => zoomBy(1));
at("zoom-out").addEventListener("click", () => zoomBy(-1));
at("zoom-fit").addEventListener("click", () => zoomTo(0));

let waiting = 0;
place.addEventListener("scroll", () => {
  if (whole) { return; }
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(() => { if (file) { count(); } });
});
let resizing = 0;
window.addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => { if (file && !zoom) { sizeAll(); redraw(); } }, 150);
});
document.addEventListener("keydown", (event) => {
  if (whole) { return; } // the letter's page has the keys
  if ((event.key === "u" || event.key === "Escape") && !event.ctrlKey && !event.metaKey && !event.altKey) {
    document.querySelector(".viewer-bar a").click();
    return;
  }
  if (!file || event.ctrlKey || event.metaKey || event.altKey) { return; }
  if (event.key === "+") { zoomBy(1); } else if (event.key === "-") { zoomBy(-1); } else if (event.key === "0") { zoomTo(0); } else { return; }
  event.preventDefault();
});

// A crafted file can keep its worker busy for ever: the reader is told.
const slow = setTimeout(() => {
  if (!said) { fail("Ce document tarde à s’ouvrir. Attendez encore, ou téléchargez-le pour le lire."); said = false; }
}, 20000);

open().catch((err) => {
  clearTimeout(slow);
  if (said) { return; } // a password: already told
  console.error("pdf:", err && err.name);
  sheets.forEach((s) => s.el.remove());
  sheets = [];
  file = null;
  fail(cannot);
});
