// TextReader shows a text that the reader can select and edit. The network runs in the browser. The
// colors are in an SVG behind the text, so a change of color doesn't redraw the text.
import { areas, ranks } from "./cells.js";
import { button, nice, number, projector, say, set, shown, slider, symbol, whole, widget, within } from "./base.js";
import { load, predicted, reading, vectors } from "./network.js";
import { html, nothing, render, svg } from "./lit-html.js";

const LONGEST = 20000; // the maximum number of tokens in a text
const SLICE = 12; // milliseconds of work before a pause
const [LIKELY, RANKED] = [10, 12]; // the maximum numbers of listed outputs and listed units
const LEVELS = 5; // the number of color levels on each side of zero
const AHEAD = 400; // text within this many pixels of the view is colored in advance
const PIECE = 200; // letters per text node; long nodes are slow to measure

// ── numbers ─────────────────────────────────────────────────────────────────────────────────
/** Create the state of one view, with a network, a text box and an event listener. */
function begin(settings) {
  const own = { network: load(settings.network), told: 0 };
  own.index = new Map(settings.vocabulary?.map((token, n) => [token, n]));
  own.box = Object.assign(document.createElement("div"), { className: "text", tabIndex: 0, spellcheck: false });
  own.colors = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  own.sheet = Object.assign(document.createElement("div"), { className: "sheet" });
  own.sheet.append(own.colors, own.box);
  set(own.colors, "class", "colors");
  set(own.colors, "aria-hidden", "true");
  set(own.box, "contenteditable", "plaintext-only");
  if (!settings.vocabulary) own.box.onbeforeinput = (event) => event.preventDefault(); // the text has a caret but can't be edited
  own.box.dataset.lmSuppressShortcuts = true;
  const selected = () => own.onselect?.();
  document.addEventListener("selectionchange", selected);
  own.end = () => {
    document.removeEventListener("selectionchange", selected);
    own.isOver = true;
    clearTimeout(own.timer);
  };
  return own;
}

/** Split a text into tokens. Returns tokens, offsets, ids (−1 if unknown) and the token count. */
function cut(s, own, text) {
  const { tokens, inputs, characters, unknown } = s;
  if (tokens) {
    let from = 0;
    const starts = tokens.map((token) => [(from = text.indexOf(token, from)), (from += token.length)][0]);
    return { tokens, starts, ids: inputs, count: tokens.length };
  }
  const found = characters ? [...text.matchAll(/./gsu)] : [...text.matchAll(/\S+/g)];
  const kept = found.slice(0, LONGEST);
  const list = kept.map(([token]) => token);
  const ids = list.map((token) => own.index.get(token) ?? unknown ?? -1);
  return { tokens: list, starts: kept.map(({ index }) => index), ids, count: found.length };
}

/** Return the results so far. Start again if the text or the layer has changed. */
function compute(s, own) {
  const { text, layer } = s;
  if (own.file?.text !== text || own.file.layer !== layer) {
    const file = { text, layer, ...cut(s, own, text), from: 0, to: 0, ranked: {} };
    const x = Array.isArray(file.ids[0]) ? Float64Array.from(file.ids.flat()) : vectors(own.network, file.ids);
    file.pieces = reading(own.network, x, { shown: s.layer, Kind: Float32Array });
    own.file = Object.assign(file, { T: file.tokens.length });
  }
  own.ranks = byItself(s);
  if (!own.timer) work(own);
  return { file: own.file, rows: own.file.trace?.[own.ranks] };
}

/** Return the quantity by which the units are ranked. If the colors show the loss, this is h. */
const byItself = ({ quantity }) => (quantity === "loss" ? "h" : quantity);

/** Read the next piece of the text, or rank the next unit. Returns false if nothing is left. */
function advance({ file, network, ranks: k }) {
  const ranked = (file.ranked[k] ??= []);
  if (file.outputs && ranked.length === network.H) return false;
  if (file.outputs) return ranked.push(ranks(file.trace[k], network.H, ranked.length));
  const { value, done } = file.pieces.next();
  return Object.assign(file, value, done ? { from: 0, to: file.T } : {});
}

/** Work for `SLICE` milliseconds, then let the page handle events before continuing. */
function work(own) {
  const until = performance.now() + SLICE;
  let isLeft = true;
  while (isLeft && performance.now() < until) isLeft = advance(own);
  own.timer = isLeft && !own.isOver ? setTimeout(() => [work(own), tell(own)]) : undefined;
}

/** Redraw the widget when the work is done, and at most once every 100 ms until then. */
function tell(own) {
  const now = performance.now();
  if (own.timer && now < own.told + 100) return;
  own.told = now;
  own.redraw();
}

/** Return the loss for a token, −log of the predicted probability. The first token's loss is 0. */
function loss({ file, network }, t) {
  file.losses ??= new Float32Array(file.T).fill(NaN);
  if (t === 0) return 0;
  if (Number.isNaN(file.losses[t])) file.losses[t] = -Math.log(predicted(network, file.outputs, t - 1)[file.ids[t]]);
  return file.losses[t];
}

/** Return the units and their areas under the ROC curve, sorted by distance from ½. */
function ranking({ marks }, { file, ranks: k }) {
  const mask = new Uint8Array(file.T);
  for (const [start, stop] of marks) mask.fill(1, start, stop);
  const key = [k, JSON.stringify(marks)].join();
  if (file.ranking?.key === key) return file.ranking.list;
  const list = areas(file.ranked[k], mask).map((area, unit) => ({ area, unit }));
  list.sort((a, b) => Math.abs(b.area - 0.5) - Math.abs(a.area - 0.5) || a.unit - b.unit);
  return (file.ranking = { key, list }).list;
}

function allows(s, own) {
  const { ids, count } = cut(s, own, s.text);
  return {
    text: (text) => (s.vocabulary ? whole(1, LONGEST)(count) && !ids.includes(-1) : text === s.start.text),
    layer: whole(0, own.network.rows.length - 1),
    quantity: (k) => s.network.letters.includes(k) || (k === "loss" && s.predicts),
    unit: whole(0, own.network.H - 1),
    at: whole(1, count),
    marks: (all) => all.every(([from, to, ...more]) => whole(0, to - 1)(from) && whole(1, count)(to) && !more.length),
  };
}

// ── the colored text ────────────────────────────────────────────────────────────────────────
/** Split long text nodes. Returns all text nodes with their start offsets. */
function pieces({ box }) {
  const list = [];
  let start = 0;
  for (let node = box.firstChild; node; node = node.nextSibling) {
    if (node.nodeType !== Node.TEXT_NODE) continue;
    if (node.length > 2 * PIECE) node.splitText(PIECE + Number(/[\uDC00-\uDFFF]/.test(node.data[PIECE])));
    list.push({ node, start });
    start += node.length;
  }
  return list;
}

/** Return the offset in the text at which a token ends. */
const end = ({ starts, tokens }, t) => starts[t] + tokens[t].length;

/** Return the index and the SVG paths of each token that starts in piece n. */
function measure({ box, file, pieces: all }, n) {
  const { node, start } = all[n];
  const [range, frame] = [document.createRange(), box.getBoundingClientRect()];
  const zoom = frame.width / box.offsetWidth; // the projector view is scaled
  const list = [];
  for (let t = start ? 1 + tokenAt(file, start - 1) : 0; file.starts[t] < start + node.length; t++) {
    let last = n;
    while (end(file, t) > all[last].start + all[last].node.length) last++; // a word may end in a later piece
    range.setStart(node, file.starts[t] - start);
    range.setEnd(all[last].node, end(file, t) - all[last].start);
    const shape = { t, area: "", below: "", above: "" };
    for (const rect of range.getClientRects()) {
      const [x, y, w, h] = [rect.x - frame.x, rect.y - frame.y, rect.width, rect.height].map((size) => size / zoom);
      shape.area += `M${x} ${y}h${w}v${h}h${-w}z`;
      shape.below += `M${x} ${y + h}h${w}`;
      shape.above += `M${x} ${y}h${w}`;
    }
    list.push(shape);
  }
  return list;
}

/** Return the colors and marks of tokens as SVG. level(t): returns the color level of token t. */
function color(tokens, level, marks) {
  const joined = (list, name) => list.map((token) => token[name]).join("");
  const marked = tokens.filter(({ t }) => marks.some(([start, stop]) => start <= t && t < stop));
  const sides = Object.entries(Object.groupBy(tokens, ({ t }) => level(t))).filter(([n]) => Number(n));
  return svg`${sides.map(([n, list]) => svg`<g class=${n < 0 ? "below" : "above"} style="--level: ${Math.abs(n)}">
    <path class="area" d=${joined(list, "area")} /><path class="line" d=${joined(list, "below")} /></g>`)}
    <path class="mark" d=${joined(marked, "above")} />`;
}

/**
 * Color the text in and near the view. value(t): returns the value of token t. scale: the value
 * that is shown in full color.
 */
function paint(s, own, value, scale) {
  const { box, sheet, file } = own;
  const isReady = file.T && box.textContent === s.text;
  const { width, height } = box.getBoundingClientRect();
  const size = [width, height].join();
  if (own.size !== size) own.pieces = pieces(own);
  own.size = size;
  const [range, view] = [document.createRange(), sheet.getBoundingClientRect()];
  const level = (t) => (t < file.from || t >= file.to ? 0 : Math.round(LEVELS * within(-1, 1, value(t) / scale)));
  const look = [s.quantity, s.unit, s.layer, scale, JSON.stringify(s.marks)].join();
  render(own.pieces.map((piece, n) => {
    range.selectNodeContents(piece.node);
    const { top, bottom } = range.getBoundingClientRect();
    if (!isReady || bottom < view.top - AHEAD || top > view.bottom + AHEAD) return nothing;
    piece.tokens ??= measure(own, n);
    if (piece.look !== look) piece.colors = color(piece.tokens, level, s.marks);
    piece.look = file.outputs && look; // colors may be missing until the whole text is read
    return piece.colors;
  }), own.colors);
}

/** Return the index of the token at an offset in the text. */
function tokenAt({ starts, T }, offset) {
  let [low, high] = [0, T];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= offset) low = middle + 1;
    else high = middle;
  }
  return within(0, T - 1, low - 1);
}

/** Convert a position in a node to an offset, or return undefined for a node outside the text. */
function offset({ box }, node, place) {
  if (!box.contains(node)) return undefined;
  const range = document.createRange();
  range.setStart(box, 0);
  range.setEnd(node, place);
  return range.toString().length;
}

/** Return the index of the token under the pointer, or undefined if there is none. */
function pointed(own, { clientX, clientY }) {
  const caret = document.caretPositionFromPoint?.(clientX, clientY); // the caret position closest to the pointer
  const after = offset(own, caret?.offsetNode, caret?.offset);
  return after === undefined ? undefined : tokenAt(own.file, after - Number(caret.getClientRect()?.x > clientX));
}

/** Mark the selected text or, if no text is selected, choose the token at the caret. */
function follow({ s, own, change }) {
  const selection = document.getSelection();
  if (!selection.rangeCount || !own.file.T) return;
  const range = selection.getRangeAt(0);
  const start = offset(own, range.startContainer, range.startOffset);
  const stop = offset(own, range.endContainer, range.endOffset);
  if (start === undefined || stop === undefined) return;
  if (start === stop) {
    own.base = undefined;
    const at = 1 + tokenAt(own.file, start - 1);
    if (at !== s.at) change({ at });
    return;
  }
  own.base ??= own.isAdding ? [...s.marks] : [];
  const marks = [...own.base, [tokenAt(own.file, start), 1 + tokenAt(own.file, stop - 1)]];
  if (JSON.stringify(marks) !== JSON.stringify(s.marks)) change({ marks });
}

/** Accept edited text, or explain why the network can't read it. */
function typed({ s, own, words, change, keep }) {
  const text = own.box.textContent;
  const { tokens, ids, count } = cut(s, own, text);
  const strange = tokens[ids.indexOf(-1)];
  const trouble = strange ? say(words.unread, { token: strange }) : count > LONGEST ? say(words["too long"], { T: LONGEST, n: count }) : "";
  keep({ trouble });
  if (!strange && count >= 1 && count <= LONGEST) {
    change({ text, at: Math.min(s.at, count), marks: moved(s.marks, own.file.tokens, tokens) });
  }
}

/** Return the new marks. Marks after an edit move, and marks that overlap the edit disappear. */
function moved(marks, last, next) {
  const grown = next.length - last.length;
  let [same, end] = [0, last.length];
  while (same < Math.min(last.length, next.length) && last[same] === next[same]) same++;
  while (end > same && end + grown > same && last[end - 1] === next[end - 1 + grown]) end--;
  if (!marks.length || same === next.length) return marks.filter(([, stop]) => stop <= next.length);
  return marks
    .filter(([start, stop]) => stop <= same || start >= end)
    .map(([start, stop]) => (start >= end ? [start + grown, stop + grown] : [start, stop]));
}

// ── the parts of the view ───────────────────────────────────────────────────────────────────
/** Return the controls for choosing a quantity, a layer and a unit. */
function choice(context) {
  const { s, own, words, change, reset } = context;
  const quantities = [...s.network.letters, ...(s.predicts ? ["loss"] : [])];
  const name = (k) => words.quantity[k] ?? words.loss;
  const { rows: layers, directions, H } = own.network;
  const layer = (n) => say(words.layers[directions === 1 ? 0 : 1 + (n % 2)], { n: Math.floor(n / directions) });
  const pick = (k) => button(k === "loss" ? words.loss : symbol(k), () => change({ quantity: k }), { pressed: s.quantity === k, label: name(k) });
  return html`<div class="choice">
    <div class="group" role="group" aria-label=${words.color}><span>${words.color}</span>${quantities.map(pick)}
      <span>${name(s.quantity)}</span></div>
    ${layers.length > 1
      ? html`<label>${words.layer} <select data-lm-suppress-shortcuts="true" @change=${({ target }) => change({ layer: target.selectedIndex })}>
          ${layers.map((_, n) => html`<option ?selected=${n === s.layer}>${layer(n)}</option>`)}</select></label>`
      : nothing}
    <label class="unit"><span>${words.unit} <b class="number">${s.unit}</b></span>
      ${slider({ label: words.unit, range: [0, Math.max(1, H - 1), 1], value: s.unit, says: context.said, act: (unit) => change({ unit: Math.min(unit, H - 1) }) })}</label>
    <span class="ends">${button(words.reset, () => [Object.assign(own, { trouble: "", isAdding: false }), reset()])} ${projector(context)}</span>
  </div>`;
}

/** Return the color legend. Underlines show the levels without relying on color. */
function legend({ s, words, scale, isSigned }) {
  const k = s.quantity === "loss" ? words.loss : s.quantity;
  const swatch = (side, n) => html`<i class=${side} style="--level: ${n}">a</i>`;
  const levels = Array.from({ length: LEVELS }, (_, n) => n + 1);
  return html`<p class="legend">
    ${isSigned ? html`<span>${say(words.scale[0], { k, low: number(-scale) })}</span>${levels.toReversed().map((n) => swatch("below", n))}` : html`<span>${say(words.scale[0], { k, low: 0 })}</span>`}
    ${levels.map((n) => swatch("above", n))}<span>${say(words.scale[1], { k, high: number(scale) })}</span></p>`;
}

/** Return the list of units that best identify the selected text. Clicking a unit selects it. */
function ranked({ s, own, words, change, keep }) {
  const toggle = () => keep({ isAdding: !own.isAdding });
  const isReady = own.file.ranked[own.ranks]?.length === own.network.H;
  const isPart = s.marks.length > 0 && s.marks.reduce((sum, [start, stop]) => sum + stop - start, 0) < own.file.T;
  const list = isReady && isPart ? ranking(s, own).slice(0, RANKED) : [];
  const k = own.ranks;
  const item = ({ area, unit }) => html`<li>${button(
    html`<span>${words.unit} ${unit}</span><span class="track"><i class=${area < 0.5 ? "below" : "above"} style="width: ${200 * Math.abs(area - 0.5)}%"></i></span><span class="number">${area < 0.5 ? "−" : "+"} ${shown(`area_${unit}`, Math.max(area, 1 - area))}</span>`,
    () => change({ unit, quantity: k }),
    { pressed: unit === s.unit, label: say(words.area, { unit, area: number(Math.max(area, 1 - area)), way: words.way[Number(area >= 0.5)] }) })}</li>`;
  return html`<div class="ranking"><p>${say(s.marks.length ? words.rank : words.select, { k })}</p>
    <ol>${list.map(item)}</ol>
    <p>${button(words.add, toggle, { pressed: Boolean(own.isAdding) })} ${button(words.clear, () => change({ marks: [] }), { off: !s.marks.length })}</p>
    <small>${words.auc}</small></div>`;
}

/** Return a table of the likeliest outputs after the chosen token. */
function likely({ s, own, words }) {
  if (!own.network.W || !own.file.outputs || !own.file.T) return nothing;
  const t = Math.min(s.at, own.file.T) - 1;
  if (own.file.likely?.t !== t) {
    const p = predicted(own.network, own.file.outputs, t);
    own.file.likely = { t, p, best: Array.from(p.keys()).sort((a, b) => p[b] - p[a] || a - b).slice(0, LIKELY) };
  }
  const { p, best } = own.file.likely;
  return html`<table class="likely"><caption>${say(words.next, { token: visible(own.file.tokens[t]) })}</caption><tbody>
    ${best.map((n) => html`<tr><th scope="row"><code>${visible(s.network.outputs[n])}</code></th>
      <td><span class="track"><i style="width: ${100 * p[n]}%"></i></span></td><td class="number">${shown(`p_${n}`, p[n])}</td></tr>`)}</tbody></table>`;
}

/** Replace the whitespace in a token with visible symbols. */
const visible = (token) => token.replaceAll("\n", "↵").replaceAll(" ", "␣").replaceAll("\t", "⇥");

// ── the complete widget ─────────────────────────────────────────────────────────────────────
function view(given) {
  const { s, values: { rows, file }, words, own, keep } = given;
  own.redraw = () => keep({});
  const { H } = own.network;
  const isLoss = s.quantity === "loss";
  const value = (t) => (isLoss ? (file.outputs ? loss(own, t) : 0) : rows[t * H + s.unit]);
  const isSigned = !"ifozr".includes(s.quantity) && !isLoss;
  const scale = scaleOf(s, own, rows, isLoss, H);
  const t = within(0, Math.max(0, file.T - 1), own.hovered ?? s.at - 1);
  const isRead = file.T > 0 && t >= file.from && t < file.to;
  const here = file.T ? say(words.here, { token: visible(file.tokens[t]), t: t + 1, T: file.T }) : "";
  const now = say(isRead ? words[isLoss ? "loss value" : "value"] : "", { k: s.quantity, unit: s.unit });
  const said = here + now + (isRead ? number(value(t), isSigned) : "");
  const context = { ...given, value, scale, isSigned, said };
  const color = () => own.isOver || paint(s, own, value, scale);
  const point = (hovered) => hovered !== own.hovered && keep({ hovered });
  own.onselect = () => follow(context);
  Object.assign(own.box, {
    oninput: () => typed(context),
    onpointermove: (event) => point(pointed(own, event)),
    onpointerleave: () => point(undefined),
  });
  set(own.box, "role", "textbox");
  set(own.box, "aria-readonly", !s.vocabulary);
  set(own.box, "aria-multiline", "true");
  set(own.box, "aria-label", words.text);
  own.sheet.onscroll = color;
  if (own.seen !== s.text) {
    if (own.box.textContent !== s.text) own.box.textContent = s.text; // Python or *Reset* changed the text
    Object.assign(own, { seen: s.text, pieces: pieces(own) });
  }
  queueMicrotask(color); // after the template is rendered
  const progress = [["reading", file.outputs ? 1 : (file.to - file.from) / file.T], ["ranking", (file.ranked[own.ranks]?.length ?? 0) / H]];
  const [doing, part] = progress.find(([, part]) => part < 1) ?? [];
  return html`<div class="face" role="group" aria-label=${words.title} style="--tint: var(--gw-${isLoss ? "h" : s.quantity})">
    ${choice(context)} ${legend(context)}
    <p class="verdict" role="status"><span>${here}${now}${isRead ? shown("value", value(t), isSigned) : nothing}</span>${doing && file.T ? html`<small>${say(words[doing], { p: Math.floor(100 * part) })}</small>` : nothing}</p>
    <p class="message" role="alert">${own.trouble ?? ""}</p>
    <div class="parts">${own.sheet}<div class="side">${ranked(context)} ${likely(context)}</div></div>
  </div>`;
}

/** Return the value shown in full color: 1 for gates and tanh values, otherwise a round number. */
function scaleOf(s, own, rows, isLoss, H) {
  if (isLoss) return nice(Math.log(s.network.outputs.length));
  if (s.quantity !== "c" || !rows) return 1;
  let most = 0;
  for (let n = s.unit; n < rows.length; n += H) most = Math.max(most, Math.abs(rows[n]));
  return nice(most);
}

export default widget({ name: "gw-text-reader", begin, allows, compute, view });
