// UnrollPlayer shows how trained networks read one or two sentences. Python sends the weights once,
// and the networks run in the browser.
import { apartByUnit, difference, distances, first, largest, unitOf } from "./cells.js";
import { button, column, nice, number, projector, say, scale, set, shown, slider, spot, symbol, whole, widget, within } from "./base.js";
import { explorer } from "./gate_explorer.js";
import { CELLS, load, predicted, run, vectors } from "./network.js";
import { html, nothing, svg } from "./lit-html.js";

const NAMES = ["A", "B"];
const BEAT = 700; // milliseconds per word during playback
const [LIKELY, NAMED] = [10, 40]; // limits on the number of predictions and of words in a message
const FILLS = 50; // the maximum number of filler words
const [UNITS, OFFERED] = [64, 500]; // limits on the number of displayed units and of words in menus

const split = (sentence) => sentence.normalize("NFC").split(/\s+/).filter(Boolean);
const longest = (sentences) => Math.max(...sentences.map((sentence) => split(sentence).length));

// ── numbers ─────────────────────────────────────────────────────────────────────────────────
/** Create the state of one view, including the networks. */
function begin({ network, others }) {
  const { tokens, D } = network;
  const index = new Map(tokens.map((word, n) => [word.normalize("NFC"), n]));
  const read = (word) => word.split(",").map((part) => (part === "" ? NaN : Number(part)));
  /** Return a word in the vocabulary's spelling, or undefined if the word is invalid. */
  const spell = (word) => (tokens.length ? tokens[index.get(word)] : read(word).length === D && read(word).every(Number.isFinite) ? word : undefined);
  const input = (words) =>
    tokens.length ? vectors(own.network, words.map((word) => index.get(word))) : Float64Array.from(words.flatMap(read));
  const selects = NAMES.map(() => {
    const select = document.createElement("select");
    select.dataset.lmSuppressShortcuts = true;
    if (tokens.length <= OFFERED) select.append(...tokens.map((word) => new Option(word)));
    return select;
  });
  const networks = [network, ...others].map(load);
  const own = { networks, network: networks[0], H: network.H, index, spell, input, selects, typed: [], seen: [], squares: {} };
  const end = () => [clearInterval(own.timer), own.opened?.live.end()];
  return Object.assign(own, { end, id: `gw-${Math.random()}` });
}

const row = (s) => s.layer * s.network.directions + Number(s.reverse); // the same for all networks

function runOf(s, own, network, sentence, clamp) {
  const [words, { H }] = [split(sentence), own];
  const from = (s.hold_from - 1) * H;
  const held = (k) => Float64Array.from({ length: words.length * H }, (_, n) => (n < from ? NaN : clamp[k + (n % H)] ?? clamp[k] ?? NaN));
  const clamps = Object.fromEntries(Object.keys(clamp).map(([k]) => [k, held(k)]));
  const { trace, outputs } = run(network, own.input(words), { clamps, shown: row(s) });
  return { words, outputs, ...trace };
}

/** Return the predictions at index t. The result is cached until the index changes. */
function at(network, run, t) {
  if (run.said?.t !== t) run.said = { t, p: predicted(network, run.outputs, t) };
  return run.said.p;
}

/** Return the distances between the states of two runs, and between their values of tanh(c). */
function measure({ letters, H }, [one, other]) {
  const states = other ? ["c", "h"].filter((k) => letters.includes(k)) : [];
  const apart = Object.fromEntries(states.map((k) => [k, distances(one[k], other[k], H)]));
  return { apart, tanh_c: apart.c && distances(one.c.map(Math.tanh), other.c.map(Math.tanh), H) };
}

/** Run the networks. If only the time step has changed, return the previous results. */
function compute(s, own) {
  own.network = own.networks[s.names.indexOf(s.chosen)];
  const key = JSON.stringify([s.sentences, s.clamp, s.hold_from, row(s), s.chosen]);
  if (own.known?.key === key) return own.known;
  const all = (network, clamp) => s.sentences.map((sentence) => runOf(s, own, network, sentence, clamp));
  // Gates are held only in the chosen network.
  const networks = own.networks.map((network) => {
    const runs = all(network, network === own.network ? s.clamp : {});
    return { network, runs, ...measure(network, runs) };
  });
  const { runs, apart } = networks[s.names.indexOf(s.chosen)];
  const free = Object.keys(s.clamp).length ? all(own.network, {}) : undefined;
  const before = free ?? runs;
  const { apart: apartFree } = measure(own.network, before);
  // Runs with and without held gates use the same scales, so that the runs can be compared.
  const most = (lists) => nice(Math.max(0, ...lists.map((list) => list?.reduce((a, v) => Math.max(a, Math.abs(v)), 0) ?? 0)));
  const scales = {
    c: most([...runs, ...before].map(({ c }) => c)),
    apart: most([apart, apartFree].flatMap(Object.values)),
  };
  const [[one, other], state] = [before, runs[0].c ? "c" : "h"];
  const byUnit = apartByUnit(one[state], other?.[state] ?? new Float64Array(one[state].length), own.H);
  return (own.known = { key, networks, runs, free, scales, apart, apartFree, byUnit, state });
}

function order(s, { byUnit }, isSorted) {
  const units = s.units.length ? [...s.units] : Array.from(byUnit.keys());
  return isSorted ? units.sort((a, b) => byUnit[b] - byUnit[a]) : units;
}

/**
 * Clip the time step to the length of the sentences. If the step was the last step, it moves to the
 * new last step. Release held gates that the chosen network doesn't have.
 */
function settle(next, last) {
  const [T, was] = [longest(next.sentences), longest(last.sentences)];
  const isAtEnd = next.step === last.step && last.step === was && T !== was;
  const step = isAtEnd ? T : within(1, T, next.step);
  const { gates } = CELLS[[next.network, ...next.others][next.names.indexOf(next.chosen)].cell];
  const isLost = Object.keys(next.clamp).some(([k]) => !gates.includes(k));
  const clamp = Object.fromEntries(Object.entries(next.clamp).filter(([[k]]) => gates.includes(k)));
  return { ...next, step, hold_from: Math.min(next.hold_from, T), ...(isLost ? { clamp } : {}) };
}

function allows({ sentences, network, others, names, chosen, rows }, { spell, H }) {
  const { cell } = [network, ...others][names.indexOf(chosen)] ?? network;
  const known = CELLS[cell].gates.flatMap((k) => [k, ...Array.from({ length: H }, (_, n) => `${k}${n}`)]);
  const [isWord, isUnit] = [whole(1, longest(sentences)), whole(0, H - 1)];
  const isRead = (text) => split(text).length > 0 && split(text).every((word) => spell(word) !== undefined);
  return {
    sentences: (all) => [1, 2].includes(all.length) && all.every(isRead),
    clamp: (held) => Object.entries(held).every(([key, v]) => known.includes(key) && v === within(0, 1, v)),
    units: (all) => all.every(isUnit),
    unit: isUnit, step: isWord, hold_from: isWord,
    chosen: (name) => names.includes(name),
    layer: whole(0, rows.length / network.directions - 1),
    reverse: (v) => !v || network.directions === 2,
  };
}

// ── the parts of the view ───────────────────────────────────────────────────────────────────
/** Return a text box for each sentence, and a menu that changes the word at the current step. */
function sentences({ s, values, own, words, change, keep }) {
  const { tokens: vocabulary, D } = s.network;
  const trouble = (b, text) => {
    const word = split(text).find((word) => own.spell(word) === undefined);
    if (word && !vocabulary.length) return say(words["no numbers"], { word, D });
    const [all, n] = [vocabulary.slice(0, NAMED).join(", "), vocabulary.length - NAMED];
    if (word) return say(words.unknown, { word, all: n > 0 ? say(words["and more"], { all, n }) : all });
    return b === 0 && !split(text).length ? words.empty : "";
  };
  const put = (b, spoken, step) => {
    const text = spoken.map(own.spell).join(" "); // in the vocabulary's spelling
    const kept = Object.assign([...s.sentences], { [b]: text }).filter(Boolean);
    own.trouble = undefined;
    change({ sentences: kept, step: step ?? longest(kept) });
  };
  const row = (name, b) => {
    const sentence = s.sentences[b] ?? "";
    // Discard the typed text if a different sentence arrives.
    const isTyped = split(own.typed[b] ?? "").join(" ") === split(sentence).join(" ");
    if (own.seen[b] !== sentence && !isTyped) own.typed[b] = undefined;
    own.seen[b] = sentence;
    const oninput = ({ target }) => {
      own.typed[b] = target.value;
      // An unknown word may be unfinished, so the error message waits for the change event.
      if (!trouble(b, target.value)) put(b, split(target.value));
    };
    const onchange = ({ target }) => keep({ trouble: { b, text: trouble(b, target.value) } });
    const [spoken, select] = [values.runs[b]?.words, own.selects[b]];
    const t = Math.min(s.step, spoken?.length ?? 1);
    set(select, "aria-label", say(words.swap, { t, name }));
    select.selectedIndex = own.index.get(spoken?.[t - 1]) ?? 0;
    select.onchange = () => {
      own.typed = [];
      put(b, Object.assign([...spoken], { [t - 1]: select.value.normalize("NFC") }), s.step);
    };
    return html`<div class="sentence"><b>${name}</b>
      <input type="text" data-lm-suppress-shortcuts="true" spellcheck="false" autocomplete="off"
        aria-label=${say(words.sentence, { name })} aria-describedby=${own.id} aria-invalid=${Boolean(own.trouble?.b === b && own.trouble.text)}
        .value=${own.typed[b] ?? sentence} @input=${oninput} @change=${onchange} />
      <label class="swap" style="visibility: ${spoken && select.length ? "visible" : "hidden"}">
        <span class="number">${say(words.word, { t })}</span>${select}</label>
    </div>`;
  };
  const fill = (n) => {
    const filled = s.sentences.map((sentence) => {
      const [one, ...rest] = split(sentence).filter((word) => word !== s.filler);
      return [one, ...Array(n).fill(s.filler), ...rest].filter(Boolean).join(" ");
    });
    own.typed = [];
    change({ sentences: filled });
  };
  const count = values.runs[0].words.filter((word) => word === s.filler).length;
  const fills = { label: say(words.fill, s), range: [0, Math.max(FILLS, count), 1], value: count, says: say(words["says fill"], { n: count }), act: fill };
  return html`<div class="sentences">${NAMES.map(row)}
    ${s.filler ? html`<label class="unit"><span>${say(words.fill, s)} <b class="number">${count}</b></span> ${slider(fills)}</label>` : nothing}
    <p class="message" role="alert" id=${own.id}>${own.trouble?.text ?? ""}</p></div>`;
}

/** Return the timeline with the words, the distances between states, and the current step. */
function timeline(context) {
  const { s, values: { runs, free, apart, apartFree, scales }, own, sizes, words, change, keep } = context;
  const last = longest(s.sentences);
  const halt = () => (own.timer = clearInterval(own.timer));
  const stop = () => keep({ timer: halt() });
  const go = (step) => [halt(), change({ step })];
  own.beat = () => (s.step < last ? change({ step: s.step + 1 }) : stop());
  const start = () => {
    own.timer = setInterval(() => own.beat(), BEAT);
    change({ step: s.step >= last ? 1 : s.step + 1 });
  };

  const [left, right, width] = [34, 4, sizes.along || 540];
  const pitch = (width - left - right) / last;
  const X = scale(0.5, last + 0.5, left, width - right);
  // Words are horizontal if there is room, and vertical otherwise.
  const wide = 7.2 * Math.max(...runs.flatMap((run) => run.words.map((word) => word.length)));
  const isUp = wide > pitch - 6;
  const tall = isUp ? wide + 10 : 20;
  const top = runs.length * tall + 12;
  const base = top + (runs.length > 1 ? 110 : 0);
  const high = scale(0, scales.apart, 0, base - top);
  const line = ({ words }, b) => {
    const isOwn = (t) => runs.length > 1 && runs[1 - b].words[t] !== words[t];
    const y = b * tall + (isUp ? tall - 4 : 14);
    const word = (t) => svg`<text class="word ${isOwn(t) ? "own" : ""} ${t < s.step ? "" : "later"}"
      text-anchor=${isUp ? "start" : "middle"}
      transform="translate(${X(t + 1) + (isUp ? 4 : 0)} ${y}) rotate(${isUp ? -90 : 0})">${words[t]}</text>`;
    return svg`<text class="name" x="2" y=${b * tall + tall / 2 + 5}>${NAMES[b]}</text>
      ${written(words, isOwn, isUp ? 14 / pitch : 0).map(word)}`;
  };
  const thin = Math.min(24, pitch * 0.36);
  const bars = ([k, list]) => {
    const side = apart.c ? (k === "c" ? -1 : 0) : -0.5; // a single bar is centered
    const bar = (v, t) => (v < 1e-6 ? "" : `M${X(t + 1) + side * thin + 1} ${base}v${-high(v)}h${thin - 2}v${high(v)}z`);
    const mark = (v, t) => `M${X(t + 1) + side * thin + 1} ${base - high(v)}h${thin - 2}`;
    return svg`<path class="bars ${k}" d=${Array.from(list, bar).join("")} />
      <path class="unheld" d=${free ? Array.from(apartFree[k], mark).join("") : ""} />`;
  };
  const t = Math.min(s.step, apart.h?.length ?? 1) - 1;
  const where = say(words.where, { t: s.step, T: last }) + (s.chosen ? `, ${s.chosen}` : "");
  const gaps = Object.entries(apart).map(([k, list]) => `|Δ${k}| ${number(list[t])}`);
  const spoken = runs.map((run, b) => `${NAMES[b]} ${run.words[Math.min(s.step, run.words.length) - 1]}`);
  const says = `${where}: ${[...spoken, ...context.says, ...gaps].join(", ")}`;
  const onclick = (event) => go(column(event, left, pitch, last));
  return html`<div class="timeline">
    <div class="steps">
      ${button("‹", () => go(s.step - 1), { label: words.back, off: s.step <= 1 })}
      ${button(own.timer ? words.pause : words.play, own.timer ? stop : start, { kind: "play" })}
      ${button("›", () => go(s.step + 1), { label: words.next, off: s.step >= last })}
      <span class="where">${where}</span>
      <p class="legend">${Object.entries(apart).map(([k, list]) =>
        html`<span class="apart ${k}"><i></i>|Δ${k}| ${shown(`apart_${k}`, list[t])}</span>`)}</p>
    </div>
    <svg class="chart along" data-fit="along" role="img" style="height: ${base + 2}px"
      aria-label="${words.along}: ${gaps.join(", ")}" @click=${onclick}>
      <rect class="here" x=${X(s.step) - pitch / 2} y="0" width=${pitch} height=${base + 2} />
      <path class="axis" d=${runs.length > 1 ? `M${left} ${base}H${width - right}M${left} ${top}h-4` : ""} />
      ${Object.entries(apart).map(bars)}
      <path class="since" d=${s.hold_from > 1 ? `M${X(s.hold_from) - pitch / 2} 0V${base}` : ""} />
      <text class="tick end" x=${left - 6} y=${top + 4}>${runs.length > 1 ? scales.apart : ""}</text>
      ${runs.map(line)}
    </svg>
    <div class="under" style="margin-left: ${X(1)}px; width: ${pitch * (last - 1)}px; visibility: ${last > 1 ? "visible" : "hidden"}">
      ${slider({ label: words.step, range: [1, Math.max(2, last), 1], value: s.step, says, act: go })}
    </div>
  </div>`;
}

/** Return the indices of words that fit in a row. room: the number of columns per word. */
function written(words, isOwn, room) {
  const rank = (t) => (isOwn(t) ? 0 : words[t] !== words[t - 1] ? 1 : 2);
  const all = words.map((_, t) => t).sort((a, b) => rank(a) - rank(b) || a - b);
  return all.reduce((kept, t) => (kept.every((k) => Math.abs(k - t) >= room) ? [...kept, t] : kept), []);
}

/** Return a table of the likeliest next words. Marks show the probabilities with no gates held. */
function prediction({ s: { network: { outputs } }, words, now, free }) {
  const rows = largest(now[0].map((p, n) => Math.max(p, now[1]?.[n] ?? 0)), LIKELY);
  const most = now.map((p) => p.reduce((a, v) => Math.max(a, v)));
  const cell = (b, n) => {
    const [p, was] = [now[b]?.[n], free?.[b]?.[n]];
    const isMoved = Math.abs(was - p) >= 0.005;
    const isFirst = p === most[b];
    return html`<td class="${NAMES[b]} ${isFirst ? "first" : ""}">
      <span class="track"><i style="scale: ${p >= 0.005 ? p : 0} 1"></i>
        ${isMoved ? html`<u style="--at: ${100 * was}%"></u>` : nothing}</span>
      <span class="number">${p === undefined ? "" : number(p)}</span></td>`;
  };
  return html`<div class="next">
    <table class=${now.length < 2 ? "single" : ""}>
      <thead><tr><th scope="col">A</th><th scope="col">${words.likely}</th><th scope="col">B</th></tr></thead>
      <tbody>${rows.map((n) => html`<tr>${cell(0, n)}<th scope="row">${outputs[n]}</th>${cell(1, n)}</tr>`)}</tbody>
    </table>
    <small style="visibility: ${free ? "visible" : "hidden"}">${words.dotted}</small>
  </div>`;
}

/** Return the controls for the network, the layer, the units and the held gates. */
function choice(context) {
  const { s, values, own, words, change, keep, reset } = context;
  const at = (run) => run[values.state][(Math.min(s.step, run.words.length) - 1) * own.H + s.unit];
  const there = values.runs.map((run, b) => `${NAMES[b]} ${number(at(run))}`);
  const scope = (isOne) => {
    const text = isOne ? say(words["one unit"], { unit: s.unit }) : words["all units"];
    return button(text, () => keep({ isOne }), { pressed: Boolean(own.isOne) === isOne });
  };
  const again = () => {
    own.opened?.live.end();
    Object.assign(own, { isOne: false, typed: [], trouble: undefined, opened: undefined });
    reset();
  };
  const sort = () => change({ sort: !s.sort, ...(s.sort ? {} : { unit: order(s, values, true)[0] }) });
  const T = longest(s.sentences);
  const told = s.sentences.map((sentence) => split(sentence)[s.hold_from - 1] ?? "");
  const pick = (name, key, [min, max], says, isShown = true) => html`
    <label class="unit" style="visibility: ${isShown ? "visible" : "hidden"}">
      <span>${words[name]} <b class="number">${s[key]}</b></span>
      ${slider({ label: words[name], range: [min, Math.max(min + 1, max), 1], value: s[key], says, act: (v) => change({ [key]: v }) })}
    </label>`;
  const choose = ({ target: { selectedIndex: n } }) =>
    change({ layer: Math.floor(n / s.network.directions), reverse: n % s.network.directions === 1 });
  return html`<div class="choice">
    ${s.chosen ? html`<div class="scopes" role="group" aria-label=${words.network}><span>${words.network}</span>
      ${s.names.map((name, n) => button(html`<i class="net" style="--tint: ${s.colors[n]}"></i>${name}`, () => change({ chosen: name }), { pressed: name === s.chosen }))}</div>` : nothing}
    ${s.rows.length > 1 ? html`<label class="row"><span>${words.row}</span>
      <select data-lm-suppress-shortcuts="true" aria-label=${words.row} @change=${choose}>
        ${s.rows.map((name, n) => html`<option .selected=${n === row(s)}>${name}</option>`)}</select></label>` : nothing}
    ${pick("unit", "unit", [0, own.H - 1], `${s.unit}: ${values.state} ${there.join(", ")}`)}
    ${button(words.sort, sort, { pressed: s.sort })}
    ${CELLS[own.network.cell].gates.length
      ? html`<div class="scopes" role="group" aria-label=${words.scope}>
          <span>${words.scope}</span>${[false, true].map(scope)}</div>
        ${pick("from", "hold_from", [1, T], say(words["says from"], { t: s.hold_from, word: told.join(", ") }), T > 1)}
        ${opener(context)}`
      : nothing}
    <span class="ends">${button(words.reset, again)} ${projector(context)}</span>
  </div>`;
}

/** Return the settings of an explorer for the chosen unit and word, with no gates held. */
function cellOf({ s, values, own, words }, b) {
  const { network } = own;
  const { words: spoken, h, c } = (values.free ?? values.runs)[b];
  const below = { ...network, rows: network.rows.slice(0, s.layer * network.directions) };
  const x = run(below, own.input(spoken)).outputs;
  const [T, t, way] = [spoken.length, Math.min(s.step, spoken.length) - 1, s.reverse ? -1 : 1];
  const at = (array, t) => {
    const size = array.length / T;
    return t >= 0 && t < T ? array.subarray(t * size, (t + 1) * size) : new Float64Array(size);
  };
  const feature = first(at(x, t).map(Math.abs));
  const unit = unitOf(CELLS[network.cell], network.rows[row(s)], at(x, t), at(h, t - way), s.unit, feature);
  const where = { unit: s.unit, t: t + 1, name: NAMES[b], word: spoken[t], feature };
  return {
    ...unit, x: at(x, t)[feature], h_before: at(h, t - way)[s.unit],
    ...(c ? { c_before: at(c, t - way)[s.unit] } : { reset_after: true }),
    inputs: Array.from({ length: 8 }, (_, n) => at(x, t + way * n)[feature]), repeats: 0,
    note: say(words.opened, where) + (values.free ? words["opened free"] : ""),
  };
}

/** Return one button per sentence. Each button opens or closes an explorer for the chosen unit. */
function opener(context) {
  const { s, values, own, words, root, keep } = context;
  const first = s.explorers[own.network.cell];
  const open = (b, key) => {
    own.opened?.live.end();
    if (own.opened?.key === key) return keep({ opened: undefined });
    const start = cellOf(context, b);
    const live = explorer.mount(root.parentElement, { ...first, ...start, start, projector: s.projector });
    keep({ opened: { key, live } });
    live.root.tabIndex = -1;
    live.root.focus();
  };
  const one = ({ words: spoken }, b) => {
    const t = Math.min(s.step, spoken.length);
    const key = JSON.stringify([b, t, s.unit, row(s), spoken, Boolean(values.free)]);
    const label = say(words.open, { unit: s.unit, t, name: NAMES[b] });
    return button(NAMES[b], () => open(b, key), { label, pressed: own.opened?.key === key });
  };
  return first && html`<div class="scopes" role="group" aria-label=${words["open this"]}>
    <span>${words["open this"]}</span>${values.runs.map(one)}</div>`;
}

/** Return the card for a gate or a state, with a map for each sentence and the *hold* buttons. */
function card(context, k) {
  const { s, values, own, words, change, layout } = context;
  const [name, isGate] = [words.quantity[k], CELLS[own.network.cell].gates.includes(k)];
  const one = own.isOne ? `${k}${s.unit}` : k;
  const hold = (value) => {
    const rest = Object.entries(s.clamp).filter(([key]) => (own.isOne ? key !== one : key[0] !== k));
    change({ clamp: Object.fromEntries(value === undefined ? rest : [...rest, [one, value]]) });
  };
  const holder = (value) => {
    const sentence = `${value === undefined ? "set free" : "hold"}${own.isOne ? " one" : ""}`;
    const label = say(words[sentence], { k, value, unit: s.unit });
    return button(value ?? words.free, () => hold(value), { kind: "hold", label, pressed: s.clamp[one] === value });
  };
  const mine = Object.entries(s.clamp).filter(([key]) => key[0] === k);
  const held = mine.map(([key, v]) => {
    const value = Number.isInteger(v) ? v : number(v);
    return say(words[key === k ? "held" : "held one"], { unit: key.slice(1), value });
  });
  const full = k === "c" && values.scales.c > 1 ? say(words.scale, { scale: values.scales.c }) : "";
  const since = mine.length && s.hold_from > 1 ? say(words["held from"], { t: s.hold_from }) : "";
  return html`<div class="letters ${layout.isStacked ? "stacked" : ""} ${mine.length ? "is-held" : ""}"
    role="group" aria-label="${k}, ${name}" style="--tint: var(--gw-${k})">
    <p class="title">${symbol(k, "t")} ${name}</p>
    <div class="maps">${values.runs.map((_, b) => map(context, k, b, isGate))}</div>
    ${isGate ? html`<div class="holds"><span>${say(words.force, { k })}</span>${[undefined, 0, 1].map(holder)}</div>` : nothing}
    <p class="held">${isGate ? held.join("; ") + since : full}</p>
  </div>`;
}

/** Return a map whose squares represent values by area. Squares for negative values are hollow. */
function map({ s, values, own, words, change, keep, layout }, k, b, isGate) {
  const { pitch, tall, units, gutter, isStacked } = layout;
  const { words: spoken, [k]: rows } = values.runs[b];
  const T = spoken.length;
  // Only the first map in a row needs space for the unit numbers.
  const left = b === 0 || isStacked ? gutter : 0;
  const [width, height] = [left + T * pitch, units.length * tall];
  const t = Math.min(s.step, T) - 1;
  const row = units.indexOf(s.unit);
  const cellAt = (event) => {
    const { x, y } = spot(event);
    const [t, n] = [Math.floor((x - left) / pitch), Math.floor(y / tall)];
    return t >= 0 && t < T && n >= 0 && n < units.length ? { k, b, t, unit: units[n] } : undefined;
  };
  const choose = (cell) => cell && change({ step: cell.t + 1, unit: cell.unit });
  const isHere = own.hovered?.k === k && own.hovered.b === b && own.hovered.t < T;
  const cell = isHere ? own.hovered : { t, unit: s.unit };
  const value = number(rows[cell.t * own.H + cell.unit], !isGate);
  const place = { sentence: NAMES[b], unit: cell.unit, word: spoken[cell.t], t: cell.t + 1 };
  const [above, below] = squares(own, `${k}${b}`, rows, { ...layout, T, left, most: k === "c" ? values.scales.c : 1 });
  // If there is little space, only every nth row and the chosen row are numbered.
  const every = Math.ceil(11 / tall);
  const isNumbered = (n) => n === row || (n % every === 0 && (row < 0 || Math.abs(n - row) >= every));
  // Elements that move with the step are outside the SVG, so the browser doesn't repaint the SVG.
  return html`<figure>
    <b>${NAMES[b]}</b>
    <div class="map"><i class="now" style="width: ${pitch}px; transform: translateX(${left + t * pitch}px)"></i>
    <svg class="chart" role="img" width=${width} height=${height}
      aria-label=${say(words.cell, { ...place, k, name: words.quantity[k], value })}
      @pointermove=${(event) => keep({ hovered: cellAt(event) })}
      @pointerleave=${() => keep({ hovered: undefined })} @click=${(event) => choose(cellAt(event))}>
      <path class="here" d=${row < 0 ? "" : `M${left} ${row * tall}h${T * pitch}v${tall}h${-T * pitch}z`} />
      <path class="above" d=${above} /><path class="below" d=${below} />
      <path class="since" d=${s.hold_from > 1 && s.hold_from <= T ? `M${left + (s.hold_from - 1) * pitch} 0v${height}` : ""} />
      ${left ? units.map((unit, n) => svg`<text class="small ${unit === s.unit ? "own" : ""}" text-anchor="end"
        x=${left - 5} y=${(n + 0.5) * tall + 3.5}>${isNumbered(n) ? unit : ""}</text>`) : nothing}
    </svg><i class="veil" style="transform: translateX(${s.reverse ? `calc(${left + t * pitch}px - 100%)` : `${left + (t + 1) * pitch}px`})"></i></div>
    <figcaption class="number">${value}</figcaption>
  </figure>`;
}

/** Return the SVG paths of a map. The paths are cached until the numbers or sizes change. */
function squares({ squares: drawn, H }, key, rows, { pitch, tall, units, T, left, most }) {
  const look = [pitch, tall, left, most, ...units].join();
  if (drawn[key]?.rows === rows && drawn[key].look === look) return drawn[key].paths;
  const [size, paths] = [Math.min(pitch, tall) - 1, ["", ""]];
  for (let t = 0; t < T; t++) {
    units.forEach((unit, n) => {
      const v = rows[t * H + unit];
      const side = size * Math.sqrt(Math.abs(v) / most);
      const w = side - (v < 0 ? Math.min(1.2, side) : 0); // half of the stroke is outside the square
      const [x, y, d] = [left + (t + 0.5) * pitch - w / 2, (n + 0.5) * tall - w / 2, w].map((v) => v.toFixed(2));
      if (w > 0.005) paths[Number(v < 0)] += `M${x} ${y}h${d}v${d}h-${d}z`;
    });
  }
  drawn[key] = { rows, look, paths };
  return paths;
}

/** Return the layout: the number of cards per row, and the sizes of the squares in pixels. */
function arrange(all, n, runs, units, isDense) {
  const [B, T] = [runs.length, Math.max(...runs.map((run) => run.words.length))];
  const need = isDense ? 112 : Math.max(112, Math.min(B * T * 16 + 50, Math.max(190, T * 7.5 + 20)));
  const room = (m) => (all - 10 * (m - 1)) / m;
  const columns = [n, n / 2, n / 3].find((m) => m % 1 === 0 && room(m) >= need) ?? 1;
  const beside = (gutter) => (room(columns) - 20 - gutter - 10 * (B - 1)) / (B * T);
  const isStacked = beside(20) < 15;
  const wide = (gutter) => Math.min(24, isStacked ? (room(columns) - 20 - gutter) / T : beside(gutter));
  const high = (pitch) => Math.min(pitch, Math.max(5, (isStacked ? 150 : 200) / units.length));
  return { columns, pitch: wide(20), tall: high(wide(20)), units, gutter: 20, isStacked };
}

/** Return each network's likeliest outputs, and a sentence about the effect of different inputs. */
function verdict({ s, values: { networks }, words }) {
  const [one, other] = networks[0].runs.map((run) => run.words.slice(0, s.step).join(" "));
  const line = ({ network, runs, apart, tanh_c }, n) => {
    const now = runs.map((run) => at(network, run, Math.min(s.step, run.words.length) - 1));
    const from = s.names[n] === s.chosen && Object.keys(s.clamp).length ? s.hold_from : 0;
    const { verdict, word, read } =
      !runs[1] || network.directions > 1 ? {} : one === other ? { verdict: "same" } : difference({ ...apart, tanh_c }, now, s.step, from);
    const parts = { k: apart.c ? "c" : "h", t: word, p: number(read ?? 0) };
    const [told, gate] = [verdict ? say(words.difference[verdict], parts) : "", words["gate of"][network.cell][verdict] ?? ""];
    const says = now.map((p, b) => expects(s, words, p, b) + (s.chosen ? ` (${number(p[first(p)])})` : "")).join(", ");
    return s.chosen
      ? html`<span><i class="net" style="--tint: ${s.colors[n]}"></i><b>${s.names[n]}:</b> ${says}. ${told}</span>`
      : html`<span>${say(words.after, { t: s.step })}${says}</span><b>${told}${gate}</b>`;
  };
  return html`<p class="verdict" role="status">${networks.map(line)}</p>`;
}

/** Return a sentence such as "A predicts dog". */
const expects = ({ network }, words, p, b) => say(words.says, { name: NAMES[b], word: network.outputs[first(p)] });

// ── the complete widget ─────────────────────────────────────────────────────────────────────
function view(given) {
  const { s, values: { runs, free }, words, own, sizes } = given;
  const here = (run) => at(own.network, run, Math.min(s.step, run.words.length) - 1);
  const now = runs.map(here);
  const says = now.map((p, b) => expects(s, words, p, b));
  const all = order(s, given.values, s.sort);
  const units = all.slice(0, UNITS);
  const letters = [...own.network.letters];
  const layout = arrange(sizes.grid || 800, letters.length, runs, units, s.projector);
  const context = { ...given, now, says, layout, free: free?.map(here) };
  return html`<div class="face" role="group" aria-label=${words.title}>
    ${sentences(context)} ${verdict(context)}
    <div class="parts">
      ${timeline(context)} ${prediction(context)} ${choice(context)}
      <div class="grid" data-fit="grid" style="grid-template-columns: repeat(${layout.columns}, minmax(0, 1fr))">
        ${letters.map((k) => card(context, k))}
      </div>
    </div>
    <p class="key"><span><i></i>${words.above}</span><span><i class="below"></i>${words.below}</span>
      <span>${words.marks}</span><span>${words.legend}</span>
      ${s.hold_from > 1 ? html`<span>${words.since}</span>` : nothing} ${free ? html`<span>${words.forced}</span>` : nothing}
      ${units.length < all.length ? html`<span>${say(words.some, { n: UNITS, H: all.length })}</span>` : nothing}</p>
  </div>`;
}

export default widget({ name: "gw-unroll-player", begin, settle, allows, compute, view });
