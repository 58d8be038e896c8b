// BackwardExplorer shows how a gradient flows back through one LSTM unit and one RNN unit.
import { alongWire, lstm, rnn, shrinking } from "./cells.js";
import { button, column, drawing, figure, gradientThickness, grip, number, plain, projector, say, scale, set, slider, through, whole, widget, within, write } from "./base.js";
import { html, nothing, svg } from "./lit-html.js";

const STAGES = ["dh", "do", "dc", "df", "di", "dg", "da", "back"];
const CLICKS = STAGES.length - 1; // the number of clicks per time step

// ── numbers ─────────────────────────────────────────────────────────────────────────────────
const arrays = (lists) => Object.fromEntries(Object.entries(lists).map(([k, list]) => [k, Float64Array.from(list)]));

function compute(s) {
  const [p, q] = [arrays(s.lstm_params), arrays(s.rnn_params)];
  [p.b_ih[1], p.b_hh[1]] = [s.forget_bias, 0];
  const x = Float64Array.from(s.x.slice(0, s.T));
  const [ours, theirs] = [lstm.forward(p, x), rnn.forward(q, x)];
  const dh = x.map((_, t) => Number(t + 1 === s.read));
  const whole = lstm.backward(p, ours, dh).c;
  // Setting W_hh to zero detaches h, since the gradient on h_{t−1} passes only through W_hh.
  const cut = (params) => (s.detach ? { ...params, W_hh: params.W_hh.map(() => 0) } : params);
  const [back, simple] = [lstm.backward(cut(p), ours, dh), rnn.backward(cut(q), theirs, dh)];
  const wire = alongWire(whole, ours.f, s.read);
  const detour = whole.map((dc, t) => dc - wire[t]);
  const lost = { lstm: shrinking(back.c.slice(0, s.read)), rnn: shrinking(simple.h.slice(0, s.read)) };
  return { p, q, ours, theirs, back, simple, whole, wire, detour, lost };
}

/** Return both cells' numbers at the current time step, with the names used in the equations. */
function numbersAt(s, { p, q, ours, theirs, back, simple }) {
  const t = s.step - 1;
  const after = s.step < s.read ? t + 1 : undefined;
  const at = (arrays) => (name) => arrays[name][t];
  const [now, d, r] = [at(ours), at(back), at(simple)];
  const cell = {
    dh: d("h"), dh_before: d("h_before"), dc: d("c"), dc_before: d("c_before"), dc_from_h: d("through_h"),
    dc_from_c: back.c_before[after] ?? 0, f_after: ours.f[after], dc_after: back.c[after],
    c_before: ours.c[t - 1] ?? 0, tanh_c: now("tanh_c"), slope_c: 1 - now("tanh_c") ** 2, slope_g: 1 - now("g") ** 2,
  };
  lstm.blocks.forEach((k, n) => {
    Object.assign(cell, { [k]: now(k), [`d${k}`]: d(k), [`shut_${k}`]: 1 - now(k) });
    Object.assign(cell, { [`da_${k}`]: back.a[4 * t + n], [`w_${k}`]: p.W_hh[n] });
  });
  const other = { dh: r("h"), da: r("a"), dh_before: r("h_before"), slope: 1 - theirs.h[t] ** 2, w_h: q.W_hh[0] };
  return { lstm: cell, rnn: other };
}

// ── the number of clicks from the loss to the current stage ─────────────────────────────────
const clicks = ({ read, step, stage }) => (read - step) * CLICKS + STAGES.indexOf(stage);

function placeAt(read, count) {
  const n = within(0, CLICKS * read, count);
  if (n === 0) return { step: read, stage: "dh" };
  return { step: read - Math.floor((n - 1) / CLICKS), stage: STAGES[((n - 1) % CLICKS) + 1] };
}

/** Clip settings to their bounds. A setting at its bound moves with the bound. */
function settle(next, last) {
  const kept = (name, bound, was) =>
    next[name] === last[name] && last[name] === was ? bound : Math.min(next[name], bound);
  const T = Math.min(next.T, next.x.length);
  const read = kept("read", T, last.T);
  return { ...next, T, read, step: kept("step", read, last.read) };
}

const allows = ({ x, T, read }) =>
  ({ T: whole(2, x.length), read: whole(1, T), step: whole(1, read), stage: (k) => STAGES.includes(k) });

// ── the equations ───────────────────────────────────────────────────────────────────────────
// Each entry lists the stage, the name, the symbol and the equation of a derivative. The last item
// is the equation with variable names, which `ledger` replaces with numbers.
const LINES = {
  lstm: [
    ["dh", "dh", "dh_{t}", null],
    ["do", "do", "do_{t}", "dh_{t} · tanh(c_{t})", "dh · tanh_c"],
    ["dc", "dc", "dc_{t}", "dh_{t} · o_{t} · tanh′(c_{t})", "dh · o · slope_c"],
    ["df", "df", "df_{t}", "dc_{t} · c_{b}", "dc · c_before"],
    ["di", "di", "di_{t}", "dc_{t} · g_{t}", "dc · g"],
    ["dg", "dg", "dg_{t}", "dc_{t} · i_{t}", "dc · i"],
    ["da", "da_i", "da_i", "di_{t} · i_{t} · (1 − i_{t})", "di · i · shut_i"],
    ["da", "da_f", "da_f", "df_{t} · f_{t} · (1 − f_{t})", "df · f · shut_f"],
    ["da", "da_g", "da_g", "dg_{t} · (1 − g_{t}²)", "dg · slope_g"],
    ["da", "da_o", "da_o", "do_{t} · o_{t} · (1 − o_{t})", "do · o · shut_o"],
    ["back", "dh_before", "dh_{b}", ...Array(2).fill("w_i · da_i + w_f · da_f + w_g · da_g + w_o · da_o")],
    ["back", "dc_before", null, "f_{t} · dc_{t}", "f · dc"],
  ],
  rnn: [
    ["dh", "dh", "dh_{t}", null],
    ["da", "da", "da_{t}", "dh_{t} · (1 − h_{t}²)", "dh · slope"],
    ["back", "dh_before", "dh_{b}", "w_h · da_{t}", "w_h · da"],
  ],
};

/** Return a table of one time step's equations, with numbers up to the current stage. */
function ledger({ s, words, now, parts }, cell) {
  const reached = STAGES.indexOf(s.stage);
  const line = ([stage, key, name, formula, put]) => {
    if (stage === "dh") formula = words[s.step === s.read ? "from loss" : s.detach ? "from nothing" : "from later"];
    if (key === "dc" && s.step < s.read) [formula, put] = [`${formula} + f_{a} · dc_{a}`, `${put} + f_after · dc_after`];
    if (key === "dh_before" && s.detach) [formula, put] = [words["from nothing"], undefined];
    const at = STAGES.indexOf(stage);
    const numbers = put?.replace(/\w+/g, (name) => figure(now[cell][name]));
    return html`<tr class=${at > reached ? "later" : at === reached ? "now" : "past"}>
      <th scope="row">${write(say(name ?? words["wire to"], parts))}</th>
      <td>
        <span>= ${write(say(formula, parts))}</span>
        ${at <= reached && numbers ? html`<span>= ${numbers}</span>` : nothing}
        ${at <= reached ? html`<span>= <b data-value="${cell}.${key}">${figure(now[cell][key])}</b></span>` : nothing}
      </td></tr>`;
  };
  return html`<table class="ledger" aria-label=${cell.toUpperCase()}><tbody>${LINES[cell].map(line)}</tbody></table>`;
}

/** Return the gradients of the current stage as text for a screen reader. */
function inWords(s, now) {
  const names = { dh_before: `dh ${s.step - 1}`, dc_before: `dc ${s.step - 1} through c` };
  const found = (cell, prefix) =>
    LINES[cell].filter(([stage]) => stage === s.stage).map(([, key]) =>
      `${prefix}${names[key] ?? plain(key)} = ${figure(now[cell][key])}`);
  return [...found("lstm", ""), ...found("rnn", "RNN ")].join("; ");
}

// ── the drawings of the cells ───────────────────────────────────────────────────────────────
/** Fill a drawing with values, and mark each gradient as past, current or later. */
function fill(picture, s, values) {
  const reached = STAGES.indexOf(s.stage);
  const stateOf = ({ dataset: { stage, when } }) => {
    const at = STAGES.indexOf(stage);
    const runs = !when || (when === "loss") === (s.step === s.read);
    return !runs || at > reached ? "later" : at === reached ? "now" : "past";
  };
  picture.fill(values);
  for (const node of picture.all("stage")) {
    const wire = node.querySelector(":scope > [data-wire]");
    set(node, "class", wire && !values[wire.dataset.wire] ? "later" : stateOf(node));
  }
  for (const node of picture.all("symbol").filter(({ tagName }) => tagName === "text")) {
    const isGradient = node.dataset.stage && stateOf(node) !== "later";
    node.firstChild.data = (isGradient ? "d" : "") + node.dataset.symbol.split("_")[0];
  }
  for (const node of picture.all("index")) node.textContent = s.step - (node.dataset.index !== "t");
  for (const node of picture.all("cut")) set(node, "visibility", s.detach ? "visible" : "hidden");
}

// ── the unrolled networks and the gradient curves ───────────────────────────────────────────
/** The y-coordinates of the chart's parts, the chart's height and the right margin. */
const FRAME = { loss: [6, 138], c: 36, h: 54, ours: [26, 64], x: 80, simple: 107, theirs: [96, 118],
  top: 150, floor: 290, bottom: 308, height: 316, right: 50 };
const TINY = 1e-20; // smaller gradients aren't drawn

function overview(context) {
  const { s, sizes, words, found, parts, go } = context;
  const width = sizes.overview || 700;
  const left = s.projector ? 92 : width < 500 ? 64 : 76;
  const pitch = (width - left - FRAME.right) / s.T;
  const X = scale(0.5, s.T + 0.5, left, width - FRAME.right);
  const total = CLICKS * s.read;
  const choose = (event) => go(total - (column(event, left, pitch, s.read) - 1) * CLICKS);
  const columns = svg`<rect class="way" x=${left} width=${pitch * s.T} y="0" height=${FRAME.height} rx="6" />`;
  const way = grip(columns, {
    label: words.way, says: say(words["says way"], { t: s.step, T: s.T, found }),
    range: [0, total, 1, CLICKS], value: total - clicks(s), reach: [0, 0], act: (value) => go(total - value),
  });
  return html`<svg class="chart overview" data-fit="overview" role="group" style="height: ${FRAME.height}px"
    aria-label=${say(words.chain, { ...parts, found })}>
    <rect class="column" x=${X(s.step) - pitch / 2} width=${pitch} y="0" height=${FRAME.height} rx="6" />
    ${curves(context, { left, pitch, X, end: X(s.T + 0.5) })}
    ${chain(context, { left, pitch, X })}
    <g @click=${choose}>${way}</g>
  </svg>`;
}

/** Draw a box for each time step, and arrows for the gradients computed so far. */
function chain({ s, values: { back, simple }, words, thin }, { left, pitch, X }) {
  const wide = Math.min(44, pitch * 0.5);
  const hasPassed = (t) => t <= s.read && (t > s.step || (t === s.step && s.stage === "back"));
  const link = (t, y, value, tint, isCut) => {
    const [from, to] = [X(t) - wide / 2, t > 1 ? X(t - 1) + wide / 2 : X(0.5)];
    const [middle, tip] = [(from + to) / 2, Math.min(7, (from - to) / 2)];
    const cut = svg`<path class="cut" d="M${middle - 3} ${y + 5}l3 -10M${middle + 1} ${y + 5}l3 -10" />`;
    const passed = svg`<g style="--tint: var(--gw-${tint})">
      <path class="passed" d="M${from} ${y}H${to + tip}" stroke-width=${thin * gradientThickness(value)}
        stroke-dasharray=${value < 0 ? "5 4" : nothing} />
      <path class="head" d="M${to} ${y}l${tip} -6v12z" /></g>`;
    return svg`<path class="link" d="M${from} ${y}H${to}" />
      ${isCut ? cut : hasPassed(t) && value ? passed : nothing}`;
  };
  const box = (t, [top, bottom]) => svg`<rect class="box ${t > s.read ? "unread" : ""} ${t === s.step ? "now" : ""}"
    x=${X(t) - wide / 2} width=${wide} y=${top} height=${bottom - top} rx="5" />`;
  const step = (_, n) => {
    const [t, isCut] = [n + 1, s.detach && n < s.read];
    const tall = within(-10, 10, 5 * s.x[n]);
    return svg`${link(t, FRAME.c, back.c_before[n], "c", false)}
      ${link(t, FRAME.h, back.h_before[n], "h", isCut)}
      ${link(t, FRAME.simple, simple.h_before[n], "h", isCut)}
      ${box(t, FRAME.ours)}${box(t, FRAME.theirs)}
      <rect class="x" x=${X(t) - 3} width="6" y=${FRAME.x - Math.max(tall, 0)} height=${Math.abs(tall)} />`;
  };
  const loss = (y, to) => {
    const tip = to > y ? -7 : 7;
    return svg`<path class="loss" d="M${X(s.read)} ${y}V${to + tip}" />
      <path class="tip" d="M${X(s.read)} ${to}l-5 ${tip}h10z" />
      <text class="tick start" x=${X(s.read) + 7} y=${y + (to > y ? 7 : -4)}>${words.loss}</text>`;
  };
  const symbols = [["c", FRAME.c - 1], ["h", FRAME.h + 1], ["x", FRAME.x], ["h", FRAME.simple]];
  return svg`<g>
    <text class="name" y=${FRAME.c + 14}>LSTM</text><text class="name" y=${FRAME.simple + 4}>RNN</text>
    ${symbols.map(([k, y]) => svg`<text class="symbol" x=${left - 10} y=${y + 4}>${k}</text>`)}
    ${Array.from({ length: s.T }, step)}
    <path class="axis" d="M${X(0.5)} ${FRAME.x}H${X(s.T + 0.5)}" />
    ${loss(FRAME.loss[0], FRAME.ours[0])}${loss(FRAME.loss[1], FRAME.theirs[1])}
  </g>`;
}

/** Return 10 to the power n as text. */
const written = (n) => (Math.abs(n) > 3 ? figure(10 ** n).replace("1.0·", "") : String(10 ** n));

/** Draw the gradient curves. The part that the backward pass hasn't reached is pale. */
function curves({ s, values, words }, { left, pitch, X, end }) {
  const { back, simple, whole, wire, detour } = values;
  const rnn = ["rnn", simple.h, "gradient", "dotted"];
  const drawn = s.detach
    ? [["wire", wire, "c", "wide"], ["whole", whole, "c", "solid"], ["detour", detour, "h", "dashed"], rnn]
    : [["dc", back.c, "c", "solid"], ["dh", back.h, "h", "dashed"], rnn];
  const sizes = drawn.flatMap(([, list]) => Array.from(list.slice(0, s.read), Math.abs)).filter((v) => v > TINY);
  const low = 4 * Math.floor(Math.log10(Math.min(0.1, ...sizes)) / 4 + 1e-9); // a multiple of 4, so that the axis rarely changes
  const high = Math.ceil(Math.log10(Math.max(1, ...sizes)) - 1e-9);
  const power = scale(low, high, FRAME.floor, FRAME.top);
  const Y = (v) => power(Math.log10(Math.abs(v)));

  const every = Math.ceil((high - low) / 7);
  const powers = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, n) => high - n * every);
  const times = Array.from({ length: s.T }, (_, n) => n + 1).filter((t) => (s.T - t) % Math.ceil(20 / pitch) === 0);

  const known = { c: s.step + (STAGES.indexOf(s.stage) < 2), h: s.step - (s.stage === "back") };
  const curve = ([name, list, tint, style]) => {
    const points = Array.from(list, (v, n) => [n + 1, v]).filter(([t, v]) => t <= s.read && Math.abs(v) > TINY);
    const from = name === "dh" || name === "rnn" ? known.h : known.c;
    const place = (some) => some.map(([t, v]) => [X(t), Y(v)]);
    const seen = place(points.filter(([t]) => t >= from));
    return svg`<g style="--tint: var(--gw-${tint})">
      <path class="curve shadow ${style}" d=${through(place(points))} />
      <path class="curve ${style}" d=${through(seen)} />
      <path class="dots ${style}" d=${seen.map((point) => `M${point}h0`).join("")} /></g>`;
  };
  // The labels of the curves are next to the first time step and don't overlap.
  const label = ([name, list]) =>
    Math.abs(list[0]) > TINY ? [{ name, y: Y(list[0]) }] : name === "rnn" ? [{ name: "none", y: FRAME.floor }] : [];
  const labels = drawn.flatMap(label).sort((a, b) => a.y - b.y);
  const apart = s.projector ? 20 : 15;
  labels.forEach((one, n) => (one.at = Math.max(one.y, n ? labels[n - 1].at + apart : FRAME.top + apart)));
  labels.reverse().forEach((one, n) => (one.at = Math.min(one.at, n ? labels[n - 1].at - apart : FRAME.floor - 6)));
  return svg`<g>
    ${powers.map((n) => svg`<path class="axis" d="M${left} ${power(n)}H${end}" />
      <text class="tick start" x=${end + 6} y=${power(n) + 4}>${written(n)}</text>`)}
    ${times.map((t) => svg`<text class="tick ${t === s.step ? "now" : ""}" x=${X(t)} y=${FRAME.bottom}>${t}</text>`)}
    <text class="tick end" x=${left - 6} y=${FRAME.top - 4}>${words.size}</text>
    <text class="symbol" x=${left - 10} y=${FRAME.bottom}>t</text>
    ${drawn.map(curve)}
    ${labels.map(({ name, y, at }) => svg`
      <path class="leader" d=${name === "none" ? "" : `M${left - 2} ${at}L${X(1) - 6} ${y}`} />
      <text class="tick end" x=${left - 6} y=${at + 4}>${words.curves[name]}</text>`)}
  </g>`;
}

// ── controls and sentences ──────────────────────────────────────────────────────────────────
function controls(context) {
  const { s, values, change, words } = context;
  const mean = values.ours.f.reduce((sum, f) => sum + f, 0) / s.T;
  const rows = { T: [2, s.x.length, 1], read: [1, s.T, 1], forget_bias: [-2, 6, 0.1] };
  const row = ([name, range]) => {
    const value = name === "forget_bias" ? number(s[name]) : String(s[name]);
    const says = say(words[`says ${name}`], { value, f: number(mean) });
    return html`<label>
      <span class="head"><span>${write(words[name])}</span><span class="number">${value}</span></span>
      ${slider({ label: words[name], range, value: s[name], says, act: (v) => change({ [name]: v }) })}</label>`;
  };
  const path = (name, n) => button(name, () => change({ detach: n === 1 }), { pressed: s.detach === (n === 1) });
  return html`<div class="controls">
    ${Object.entries(rows).map(row)}
    <div class="through" role="group" aria-label=${words.through}>
      <span>${words.through}</span><span class="ends">${words.detach.map(path)}</span></div>
    ${projector(context)}
  </div>`;
}

/** Return one sentence per cell about how the gradient shrinks. */
function losses({ s, values: { lost, ours }, words }) {
  const sentence = ([name, found]) => {
    const kind = s.read === 1 ? "here" : found.share ? name : "none";
    const [share, factor, least] = [found.share, found.factor, found.least].map(figure);
    const parts = { read: s.read, t: found.step, a: found.step + 1, f: number(ours.f[found.step] ?? 0), share, factor, least };
    return html`<p>${write(say(words.lost[kind], { name: name.toUpperCase(), ...parts }))}</p>`;
  };
  return html`<div class="lost">${Object.entries(lost).map(sentence)}</div>`;
}

/** Return the legend for the thickness of the wires. */
function legend({ words, thin }) {
  const sample = (power) => {
    const text = written(power) + (power === -6 ? ` ${words.less}` : "");
    return html`<span><svg width="26" height="18" aria-hidden="true">
      <path class="band" d="M0 9H26" stroke-width=${thin * gradientThickness(10 ** power)} /></svg>${text}</span>`;
  };
  return html`<p class="key"><span>${words.thickness}</span>${[0, -2, -4, -6].map(sample)}<span>${words.negative}</span></p>`;
}

/** Return the buttons for stepping back and forth, and a sentence about the current stage. */
function walk({ s, words, parts, found, go }) {
  const count = clicks(s);
  const to = { step: CLICKS * (Math.floor(count / CLICKS) + 1), gate: count + 1, undo: count - 1, start: 0 };
  const isOff = (name) => (to[name] > count ? count >= CLICKS * s.read : count === 0);
  const special = s.step === s.read ? `${s.stage} at loss` : "";
  const key = s.detach && s.stage === "back" ? "back cut" : special;
  return html`<div class="walk">
    ${Object.entries(words.go).map(([name, label]) => button(label, () => go(to[name]), { kind: name, off: isOff(name) }))}
    <p role="status" class="sentence">
      ${write(say(words.stage[key] ?? words.stage[s.stage], parts))}<span class="unseen"> ${found}</span></p>
  </div>`;
}

// ── the complete widget ─────────────────────────────────────────────────────────────────────
function view(given) {
  const { s, values, words, own, sizes, change } = given;
  const now = numbersAt(s, values);
  const parts = { t: s.step, b: s.step - 1, a: s.step + 1 };
  const go = (count) => change(placeAt(s.read, count));
  const thin = (sizes.lstm || 470) / 600; // makes the overview's wires as thick as the cells' wires
  const context = { ...given, now, parts, go, thin, found: inWords(s, now) };
  for (const kind of ["lstm", "rnn"]) fill(own[kind], s, now[kind]);
  return html`<div class="face" role="group" aria-label=${words.title}>
    ${controls(context)}
    <div class="story">${overview(context)} ${losses(context)} ${walk(context)}</div>
    <div class="both">
      ${legend(context)}
      <div class="cell" data-fit="lstm"><b>LSTM</b>${own.lstm.node}</div>
      <div class="cell"><b>RNN</b>${own.rnn.node}${ledger(context, "rnn")}</div>
      ${ledger(context, "lstm")}
    </div>
  </div>`;
}

const begin = ({ drawings, words }) =>
  Object.fromEntries(["lstm", "rnn"].map((k, n) => {
    const picture = drawing(drawings[n], words[`${k} drawing`], { width: gradientThickness, write: figure });
    for (const core of picture.all("core")) set(core, "pathLength", 1); // the animation relies on this length
    return [k, picture];
  }));

export default widget({ name: "gw-backward-explorer", begin, settle, allows, compute, view });
