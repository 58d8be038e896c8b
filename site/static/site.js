// The script for the book's pages. It starts the widgets and handles the reader's guesses, the
// theme, the table of contents, the search and the links that change widgets.
const root = document.documentElement;
let kept = {}; // the browser's storage
try { kept = localStorage; } catch { /* storage may be blocked */ }

// ── widgets ─────────────────────────────────────────────────────────────────────────────────
const live = new Map(); // a map from anchors to widgets
/** Start the widgets one after another. Each widget replaces a still picture. */
async function mountAll() {
  for (const place of document.querySelectorAll(".live")) {
    const still = [...place.childNodes];
    const own = JSON.parse(place.querySelector("script").textContent);
    const { mount } = await import(`./widgets/${place.dataset.class}.js`);
    live.set(place.id, mount(place, own, { share: (link) => share(place.id, link) }));
    for (const node of still) node.remove();
    if (named(location.hash)[0] === place.id) follow(location.hash);
    performance.mark("live");
    await pause();
  }
}
/** Let the page handle input. */
const pause = () => new Promise((done) => setTimeout(done));
const mounted = mountAll();

// ── links that change a widget, such as `#explorer?x=-2` ────────────────────────────────────
/** Split a link into the widget's anchor and settings. */
const named = (hash) => hash.match(/^#([\w-]+)\?(.*)$/)?.slice(1) ?? [];
const behavior = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
const bar = document.querySelector(".return");
const [back, undo, close] = bar.querySelectorAll("button");
close.onclick = () => (bar.hidden = true);

/** Put a link in the address bar and copy the link. Returns whether the copy succeeded. */
function share(id, link) {
  history.replaceState(null, "", `#${id}?${link}`);
  return navigator.clipboard?.writeText(location.href).then(() => true, () => false);
}

/** Return a map from a widget's controls to their values. */
const controls = (place) => new Map([...place.querySelectorAll("input, select, [aria-pressed], [aria-valuenow]")]
  .map((node) => [node, node.getAttribute("aria-pressed") ?? node.getAttribute("aria-valuenow") ?? node.value]));

/** Apply a link's settings, mark the changes, scroll to the widget, and return an undo function. */
function follow(hash) {
  const [id, link] = named(hash);
  if (!live.has(id)) return;
  const [place, widget] = [document.getElementById(id), live.get(id)];
  const before = controls(place);
  const last = widget.open(link);
  const changed = [...controls(place)].filter(([node, value]) => before.get(node) !== value);
  for (const [node] of changed) node.dataset.changed = "";
  setTimeout(() => changed.forEach(([node]) => delete node.dataset.changed), 3000);
  place.scrollIntoView({ behavior: behavior() });
  return () => last && widget.update(last);
}
addEventListener("hashchange", () => follow(location.hash));

document.addEventListener("click", (event) => {
  const link = event.target.closest("a.set");
  const [id] = named(link?.hash ?? "");
  if (!live.has(id) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const top = scrollY;
  undo.onclick = follow(link.hash);
  document.getElementById(id).before(bar); // the Tab key moves the focus from the bar to the widget
  bar.hidden = false;
  back.focus({ preventScroll: true });
  back.onclick = () => [(bar.hidden = true), link.focus({ preventScroll: true }), scrollTo({ top, behavior: behavior() })];
});

// ── the reader's guesses ────────────────────────────────────────────────────────────────────
for (const form of document.querySelectorAll(".ask")) {
  const [answer, [field], key] = [form.nextElementSibling, form.elements, `${location.pathname}#${form.id}`];
  field.value = kept[key] ?? "";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer.querySelector(".said q").textContent = kept[key] = field.value;
    answer.open = true;
    answer.firstElementChild.focus();
  });
}

// ── theme ───────────────────────────────────────────────────────────────────────────────────
document.querySelector("[data-theme-toggle]").addEventListener("click", () => {
  kept.theme = root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
});

// ── the table of contents ───────────────────────────────────────────────────────────────────
const contents = document.querySelector(".contents");
const links = new Map([...contents.querySelectorAll("a")].map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
contents.addEventListener("click", ({ target }) => target.closest("a") && contents.matches(":popover-open") && contents.hidePopover());
const watch = new IntersectionObserver((entries) => {
  for (const { target } of entries.filter(({ isIntersecting }) => isIntersecting)) {
    contents.querySelector("[aria-current=true]")?.removeAttribute("aria-current");
    links.get(target.id).setAttribute("aria-current", "true");
  }
}, { rootMargin: "0px 0px -70%" });
for (const heading of document.querySelectorAll("h2[id]")) if (links.has(heading.id)) watch.observe(heading);

// ── keyboard scrolling for wide boxes ───────────────────────────────────────────────────────
const boxes = document.querySelectorAll("pre, .wide, math[display=block], .long");
const reach = (box) => (box.scrollWidth > box.clientWidth ? (box.tabIndex = 0) : box.removeAttribute("tabindex"));
const resized = new ResizeObserver((entries) => entries.forEach(({ target }) => reach(target)));
for (const box of boxes) resized.observe(box);
mounted.then(async () => { // an observer doesn't notice boxes far from the window
  for (const box of boxes) {
    reach(box);
    await pause();
  }
});

// ── search ──────────────────────────────────────────────────────────────────────────────────
const dialog = document.querySelector(".find");
const [field, said, list] = ["input", "[role=status]", "ol"].map((name) => dialog.querySelector(name));
const fold = (text) => text.toLowerCase().replaceAll("’", "'");
let index;

function open() {
  index ??= fetch("search.json").then((answer) => answer.json());
  dialog.showModal();
}
document.querySelector("[data-search]").addEventListener("click", open);
addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, dialog, .live")) return;
  event.preventDefault();
  open();
});

/** Return an excerpt around the first search word, with all search words marked. */
function excerpt(text, words) {
  const start = Math.max(0, fold(text).indexOf(words[0]) - 60);
  let rest = (start ? "…" : "") + text.slice(start, start + 180) + (text.length > start + 180 ? "…" : "");
  const pieces = [];
  while (rest) {
    const [at, word] = words.map((word) => [fold(rest).indexOf(word), word]).filter(([at]) => at >= 0)
      .sort(([a], [b]) => a - b)[0] ?? [rest.length, ""];
    const mark = Object.assign(document.createElement("mark"), { textContent: rest.slice(at, at + word.length) });
    pieces.push(rest.slice(0, at), ...(word ? [mark] : []));
    rest = rest.slice(at + word.length);
  }
  return pieces;
}

function item([page, id, head, text], title, words) {
  const [entry, link, about] = ["li", "a", "span"].map((name) => document.createElement(name));
  link.href = id ? `${page}#${encodeURIComponent(id)}` : page;
  link.append(...new Set([title, head]).values().map((name) => Object.assign(document.createElement("b"), { textContent: name })));
  about.append(...excerpt(text, words));
  link.append(about);
  entry.append(link);
  return entry;
}

// Find the sections that contain every word. Sections with matching headings come first.
field.addEventListener("input", async () => {
  const words = fold(field.value).split(/\s+/).filter(Boolean);
  const all = await index;
  const titles = Object.fromEntries(all.filter(([, id]) => !id).map(([page, , title]) => [page, title]));
  const found = all.map((section) => {
    const [head, text] = [fold(section[2]), fold(section[3])];
    const hits = words.map((word) => 10 * head.includes(word) + text.split(word).length - 1);
    return [words.length && Math.min(...hits) > 0 ? hits.reduce((a, b) => a + b) : 0, section];
  });
  const best = found.filter(([score]) => score).sort(([a], [b]) => b - a).slice(0, 12);
  list.replaceChildren(...best.map(([, section]) => item(section, titles[section[0]], words)));
  said.textContent = words.length && !best.length ? said.dataset.none : "";
});
for (const closes of [list, dialog.querySelector("button")]) closes.addEventListener("click", () => dialog.close());
dialog.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault(); // Enter opens the first result
  list.querySelector("a")?.click();
});
