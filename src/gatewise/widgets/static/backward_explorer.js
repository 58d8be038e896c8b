// BackwardExplorer. As in the GateExplorer, numbers and picture are made here; Python computes the
// same numbers, by the cells, where there is no browser.

const ROWS = ["i", "f", "g", "o"]; // the order of the rows in the parameters
const STAGES = ["dh", "do", "dc", "df", "di", "dg", "da", "back"];
const CLICKS = STAGES.length - 1; // from gate to gate through one step
const SETTINGS = ["lstm_params", "rnn_params", "x", "T", "read", "forget_bias", "detach", "step", "stage"];

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────

const sigma = (a) => 1 / (1 + Math.exp(-a));

/** What each cell computes, a record a step. */
function forward({ lstm_params, rnn_params, x, T, forget_bias }) {
  const { w_x, w_h, b } = lstm_params;
  const bias = b.map((own, n) => (n === 1 ? forget_bias : own));
  const start = { c: 0, h: 0, simple: 0 };
  const [w, u, d] = [rnn_params.w_x[0], rnn_params.w_h[0], rnn_params.b[0]];
  const steps = [];
  for (const value of x.slice(0, T)) {
    const { c: c_before, h: h_before, simple: simple_before } = steps.at(-1) ?? start;
    const [i, f, g, o] = ROWS.map((k, n) => {
      const a = w_x[n] * value + w_h[n] * h_before + bias[n];
      return k === "g" ? Math.tanh(a) : sigma(a);
    });
    const c = f * c_before + i * g;
    const tanh_c = Math.tanh(c);
    const simple = Math.tanh(w * value + u * simple_before + d);
    steps.push({ i, f, g, o, c, h: o * tanh_c, c_before, tanh_c, simple });
  }
  return steps;
}

/** The gradients of both cells, a record a step; the LSTM's line by line in the order of STAGES. */
function backward({ lstm_params, rnn_params, read }, steps, isCut) {
  const [w_i, w_f, w_g, w_o] = lstm_params.w_h;
  let later = { dh_before: 0, dc_before: 0 };
  let simple = { dh_before: 0 };
  const found = steps.map(({ i, f, g, o, c_before, tanh_c, simple: h }, t) => () => {
    const loss = t + 1 === read ? 1 : 0;
    const dh = loss + later.dh_before;
    const d = { dh, do: dh * tanh_c };
    d.dc = dh * o * (1 - tanh_c * tanh_c) + later.dc_before;
    d.df = d.dc * c_before;
    d.di = d.dc * g;
    d.dg = d.dc * i;
    d.da_i = d.di * i * (1 - i);
    d.da_f = d.df * f * (1 - f);
    d.da_g = d.dg * (1 - g * g);
    d.da_o = d.do * o * (1 - o);
    d.dh_before = isCut ? 0 : w_i * d.da_i + w_f * d.da_f + w_g * d.da_g + w_o * d.da_o;
    d.dc_before = d.dc * f;
    later = d;
    const r = { h, dh: loss + simple.dh_before };
    r.da = r.dh * (1 - h * h);
    r.dh_before = isCut ? 0 : r.da * rnn_params.w_h[0];
    simple = r;
    return [d, r];
  });
  return found.reverse().map((find) => find()).reverse();
}

/** Every number on the face: steps to draw them from, and the lists that Python has too. */
function compute(s) {
  const steps = forward(s);
  const whole = backward(s, steps, false).map(([d]) => d.dc);
  const back = backward(s, steps, s.detach);
  const ours = steps.map((now, t) => ({ ...now, ...back[t][0] }));
  const theirs = back.map(([, r]) => r);
  // Along the wire alone, each step back costs a factor f.
  const wire = whole.map(() => 0);
  for (let t = s.read - 1; t >= 0; t--) wire[t] = t === s.read - 1 ? whole[t] : wire[t + 1] * steps[t + 1].f;

  const lists = (records, names) =>
    Object.fromEntries(names.map((name) => [name, records.map((record) => record[name])]));
  const names = "i f g o c h dh dc do df di dg da_i da_f da_g da_o dh_before dc_before".split(" ");
  const values = { lstm: lists(ours, names), rnn: lists(theirs, ["h", "dh", "da", "dh_before"]) };
  Object.assign(values, { whole, wire, detour: whole.map((dc, t) => dc - wire[t]) });
  return { values, ours, theirs };
}

// ── the way back, counted in clicks from the loss ───────────────────────────────────────────

const clicks = ({ read, step, stage }) => (read - step) * CLICKS + STAGES.indexOf(stage);

function placeAt(read, count) {
  const n = Math.max(0, Math.min(CLICKS * read, count));
  if (n === 0) return { step: read, stage: "dh" };
  return { step: read - Math.floor((n - 1) / CLICKS), stage: STAGES[((n - 1) % CLICKS) + 1] };
}

// ── writing ─────────────────────────────────────────────────────────────────────────────────

/** Two digits that count, however small the number is. */
function figure(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  const [digits, power] = size.toExponential(1).split("e");
  const raised = power.replace(/./g, (d) => (d === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[d]));
  const text = size >= 0.095 ? size.toFixed(2) : size >= 1e-3 ? size.toPrecision(2) : `${digits}·10${raised}`;
  return (value < 0 ? "−" : "") + text;
}

/** A sentence or formula, its `dc_{t}` written as letters with an index. */
function write(sentence, parts) {
  const pieces = say(sentence, parts).split(/([a-z]+_[a-z0-9]+)/);
  return pieces.map((piece, n) => (n % 2 ? letter(piece) : piece));
}

// Each derivative: the stage at which it is found, its value, its name, its equation, and that
// again with its numbers: names that are keys of the step's record.
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
    ["back", "dh_before", "dh_{b}", "w_i · da_i + w_f · da_f + w_g · da_g + w_o · da_o",
      "w_i · da_i + w_f · da_f + w_g · da_g + w_o · da_o"],
    ["back", "dc_before", null, "f_{t} · dc_{t}", "f · dc"],
  ],
  rnn: [
    ["dh", "dh", "dh_{t}", null],
    ["da", "da", "da_{t}", "dh_{t} · (1 − h_{t}²)", "dh · slope"],
    ["back", "dh_before", "dh_{b}", "w_h · da_{t}", "w_h · da"],
  ],
};

/** The equations of one step; what is found now is marked, what comes later has no numbers yet. */
function ledger(words, cell) {
  const node = make("table", { class: "ledger", "aria-label": cell.toUpperCase() });
  const rows = LINES[cell].map((line) => {
    const [head, formula, put, equals] = ["th", "span", "span", "span"].map((name) => make(name));
    const result = make("b", { "data-value": `${cell}.${line[1]}` });
    equals.append("= ", result);
    set(head, { scope: "row" });
    return { line, row: make("tr", {}, head, make("td", {}, formula, put, equals)), head, formula, put, equals, result };
  });
  node.append(...rows.map(({ row }) => row));
  const draw = (s, { now, parts, isCut }) => {
    const reached = STAGES.indexOf(s.stage);
    for (const { line, row, head, ...spans } of rows) {
      const [stage, key, name] = line;
      let [, , , formula, put] = line;
      if (stage === "dh") formula = words[s.step === s.read ? "from loss" : isCut ? "from nothing" : "from later"];
      if (key === "dc" && s.step < s.read) {
        formula += " + f_{a} · dc_{a}";
        put += " + f_after · dc_after";
      }
      if (key === "dh_before" && isCut) [formula, put] = [words["from nothing"], null];
      const at = STAGES.indexOf(stage);
      row.className = at > reached ? "later" : at === reached ? "now" : "past";
      const written = `${formula} ${s.step}`;
      if (row.dataset.written !== written) {
        row.dataset.written = written; // letters stay while only numbers change
        head.replaceChildren(...write(name ?? words["wire to"], parts));
        spans.formula.replaceChildren("= ", ...write(formula, parts));
      }
      spans.put.hidden = at > reached || !put;
      spans.equals.hidden = at > reached;
      if (put) setText(spans.put, `= ${put.replace(/\w+/g, (key) => figure(now[cell][key]))}`);
      setText(spans.result, figure(now[cell][key]));
    }
  };
  return { node, draw };
}

// ── the cells: each wire as a gradient sees it ──────────────────────────────────────────────

// What runs where: a part of the drawing (and which of its wires) or a path of its own, the value,
// the stage that lights it, the letter of its colour; a tip where the gradient arrives; and whether
// it runs only at the step of the loss ("loss"), or only before it ("later").
const FLOWS = {
  lstm: [
    ["h", "dh", "dh", "h", "tip", "later"],
    ["M452 166V254Q452 264 462 264H490Q500 264 500 254V12", "dh", "dh", "h", "tip", "loss"],
    ["o", "do", "do", "o", "tip"],
    ["c-down 1", "dc_from_h", "dc", "c"],
    ["c-down 0", "dc_from_h", "dc", "c", "tip"],
    ["M452 80H588", "dc_from_c", "dc", "c", "", "later"],
    ["M279 80H440", "dc", "dc", "c", "tip"],
    ["kept", "dc", "df", "c", "tip"],
    ["f", "df", "df", "f", "tip"],
    ["added", "dc", "di", "c", "tip"],
    ["i", "di", "di", "i", "tip"],
    ["g", "dg", "dg", "g", "tip"],
    ...["f", "i", "g", "o"].flatMap((k) => [
      [`${k}-feed`, `da_${k}`, "da", k],
      [`bus-${k}`, "dh_before", "back", "h"],
    ]),
    ["h-before", "dh_before", "back", "h", "tip"],
    ["c-before", "dc_before", "back", "c", "tip"],
  ],
  rnn: [
    ["h", "dh", "dh", "h", "tip", "later"],
    ["M252 110H280Q290 110 290 100V34", "dh", "dh", "h", "tip", "loss"],
    ["h-before", "dh_before", "back", "h", "tip"],
  ],
};
// The numbers: value, stage, x, y, side; when, as above; their name, where no letter stands.
const NUMBERS = {
  lstm: [
    ["dh", "dh", 556, 26, "start", "loss"],
    ["dh", "dh", 562, 288, "middle", "later"],
    ["do", "do", 404, 201, "start"],
    ["dc", "dc", 360, 68, "middle", "", "dc"],
    ["dc_from_c", "dc", 562, 104, "middle", "later"],
    ["df", "df", 146, 112, "start"],
    ["di", "di", 213, 187, "end"],
    ["dg", "dg", 317, 187, "start"],
    ...Object.entries({ f: 136, i: 222, g: 308, o: 394 }).map(([k, x]) => [`da_${k}`, "da", x + 7, 254, "start"]),
    ["dh_before", "back", 36, 288, "middle"],
    ["dc_before", "back", 36, 104, "middle"],
  ],
  rnn: [
    ["dh", "dh", 318, 28, "start", "loss"],
    ["dh", "dh", 362, 142, "middle", "later"],
    ["da", "da", 220, 150, "middle", "", "da"],
    ["dh_before", "back", 104, 142, "end"],
  ],
};
// The letters on the wires: part, letter, which step; from which stage on it is a gradient.
const LETTERS = {
  lstm: [
    ["c-before", "c", "b"], ["c", "c", "t"], ["x", "x", "t"],
    ["h-before", "h", "b", "back"], ["h", "h", "t", "dh", "later"], ["h-up", "h", "t", "dh", "loss"],
    ["f", "f", "t", "df"], ["i", "i", "t", "di"], ["g", "g", "t", "dg"], ["o", "o", "t", "do"],
  ],
  rnn: [
    ["h-before", "h", "b", "back"], ["x", "x", "t"],
    ["h", "h", "t", "dh", "later"], ["h-out", "h", "t", "dh", "loss"],
  ],
};
// The operations and layers that a gradient passes at a stage.
const PASSED = {
  lstm: { "o-times": "do", "c-tanh": "dc", plus: "dc", "f-times": "df", "i-times": "di",
    "f-layer": "da", "i-layer": "da", "g-layer": "da", "o-layer": "da" },
  rnn: { tanh: "da" },
};
const LAST = { lstm: "h-up", rnn: "h-out" };
const CUT = { lstm: [81, 264], rnn: [104, 110] };

function cell(words, kind, drawing) {
  const node = make("div", { class: "cell" });
  node.append(make("b", {}, kind.toUpperCase()));
  const host = make("div");
  node.append(host);
  // Two widgets in one page must not share ids.
  const prefix = `${kind}-${Math.random().toString(36).slice(2)}`;
  host.innerHTML = drawing.replaceAll(`${kind}-cell`, prefix);
  const svg = host.firstElementChild;
  svg.setAttribute("aria-label", words[`${kind} drawing`]);
  const part = (name) => svg.querySelector(`#${prefix}-${name}`);

  // The tip of a gradient stands where its wire begins.
  const tip = { id: `${prefix}-back`, viewBox: "0 0 10 10", refX: 8, refY: 5, markerWidth: 13,
    markerHeight: 13, markerUnits: "userSpaceOnUse", orient: "auto-start-reverse" };
  svg.querySelector("defs").append(make("svg:marker", tip, make("svg:path", { d: "M0 0L10 5L0 10z", class: "tip" })));

  const bands = FLOWS[kind].map(([where, key, stage, tint, end, when]) => {
    const [name, n] = where.split(" ");
    const wires = part(name)?.querySelectorAll("path[fill=none]") ?? [];
    const wire = wires[n ?? 0];
    const d = wire ? wire.getAttribute("d") : where;
    const band = make("svg:path", { d, class: "band" });
    const core = make("svg:path", { d, class: "core", ...(end && { "marker-start": `url(#${tip.id})` }) });
    band.style.stroke = `var(--${tint})`;
    const group = make("svg:g", { class: "flow" }, band, core);
    // A path of its own runs along c, or, where the loss comes in, over all that it crosses.
    (wire ?? part(when === "loss" ? LAST[kind] : "c")).after(group);
    return [group, band, key, stage, when];
  });
  // Of each part, the letter before the band hides it.
  const letters = LETTERS[kind].map(([name, base, at, stage, when]) => [part(name).querySelector("text"), base, at, stage, when]);
  svg.append(...letters.map(([text]) => text));
  const [x, y] = CUT[kind];
  const cut = make("svg:path", { class: "cut", d: `M${x - 7} ${y + 9}l6 -18M${x + 1} ${y + 9}l6 -18` });
  svg.append(cut);
  const numbers = NUMBERS[kind].map(([key, stage, x, y, anchor, when, name]) => {
    const [head, index, value] = [["letter", 0], ["index", 4], ["", name ? -4 : 0]].map(([kind, dy]) =>
      make("svg:tspan", { class: kind, dy }),
    );
    const text = make("svg:text", { x, y, "text-anchor": anchor }, ...(name ? [head, index] : []), value);
    head.textContent = name ?? "";
    svg.append(text);
    return [text, index, value, key, stage, when];
  });

  const draw = (s, { now, parts, isCut }) => {
    const values = now[kind];
    const reached = STAGES.indexOf(s.stage);
    const runs = (when) => !when || (when === "loss") === (s.step === s.read);
    const state = (stage, when) => {
      const at = STAGES.indexOf(stage);
      return !runs(when) || at > reached ? "later" : at === reached ? "now" : "past";
    };
    const most = Math.max(...bands.map(([, , key]) => Math.abs(values[key] || 0))) || 1;
    for (const [group, band, key, stage, when] of bands) {
      const isNone = values[key] === 0;
      set(group, { class: `flow ${isNone ? "later" : state(stage, when)}` });
      set(band, { "stroke-width": 5 + (13 * Math.abs(values[key])) / most, "stroke-dasharray": values[key] < 0 ? "5 4" : "none" });
    }
    for (const [text, base, at, stage, when] of letters) {
      const isGradient = stage && state(stage, when) !== "later";
      text.firstChild.data = (isGradient ? "d" : "") + base;
      setText(text.querySelector("tspan"), parts[at]);
    }
    for (const [text, index, value, key, stage, when] of numbers) {
      set(text, { class: `figure ${state(stage, when)}` });
      setText(index, `${s.step} `);
      setText(value, figure(values[key]));
    }
    for (const [name, stage] of Object.entries(PASSED[kind])) set(part(name), { class: state(stage) });
    set(cut, { visibility: isCut ? "visible" : "hidden" });
  };
  return { node, draw };
}

// ── both networks unrolled, over the gradient on a logarithmic axis ─────────────────────────

const CHAINS = { c: 36, h: 54, simple: 107 }; // heights of the wires

function overview(words, go) {
  const [right, floor, height] = [44, 290, 316];
  const top = 150;
  const svg = make("svg:svg", { class: "overview", height });
  const column = make("svg:rect", { class: "column", y: 0, height: height, rx: 6 });
  const grid = make("svg:g", { class: "grid" });
  const chain = make("svg:g");
  const curves = make("svg:g");
  const way = make("svg:rect", { class: "way", role: "slider", tabindex: 0, "aria-label": words.way, y: 0, height, rx: 6, ...KEYS });
  svg.append(column, grid, chain, curves, way);

  let X, pitch, left, s;
  let width = 700;
  const at = (event) => Math.ceil((event.clientX - svg.getBoundingClientRect().left - left) / pitch);
  const follow = (event) => go((s.read - Math.max(1, Math.min(s.read, at(event))) + 1) * CLICKS);
  way.addEventListener("pointerdown", (event) => {
    way.setPointerCapture(event.pointerId);
    follow(event);
  });
  way.addEventListener("pointermove", (event) => way.hasPointerCapture(event.pointerId) && follow(event));
  way.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: 1, ArrowDown: 1, ArrowRight: -1, ArrowUp: -1, PageDown: CLICKS, PageUp: -CLICKS };
    const to = { Home: CLICKS * s.read, End: 0 }[event.key] ?? clicks(s) + by[event.key];
    if (Number.isNaN(to)) return;
    event.preventDefault();
    event.stopPropagation();
    go(to);
  });

  const line = (d, more) => make("svg:path", { d, ...more });
  const text = (content, x, y, more = {}) => make("svg:text", { x, y, ...more }, content);

  /** The boxes, and between them what has gone back. */
  function drawChain({ ours, theirs, isCut }) {
    const wide = Math.min(44, pitch * 0.5);
    const nodes = [
      text("LSTM", 0, CHAINS.c + 14, { class: "name" }),
      text("RNN", 0, CHAINS.simple + 4, { class: "name" }),
      text("x", left - 10, 84, { class: "letter" }),
      text("c", left - 10, CHAINS.c + 4, { class: "letter" }),
      text("h", left - 10, CHAINS.h + 5, { class: "letter" }),
      text("h", left - 10, CHAINS.simple + 4, { class: "letter" }),
    ];
    const hasPassed = (t) => t <= s.read && (t > s.step || (t === s.step && s.stage === "back"));
    const link = (t, y, value, tint, canCut) => {
      const [from, to] = [X(t) - wide / 2, t > 1 ? X(t - 1) + wide / 2 : X(1) - pitch / 2];
      nodes.push(line(`M${from} ${y}H${to}`, { class: "link" }));
      if (canCut && isCut && t <= s.read) {
        const x = (from + to) / 2;
        nodes.push(line(`M${x - 3} ${y + 5}l3 -10M${x + 1} ${y + 5}l3 -10`, { class: "cut" }));
      } else if (hasPassed(t) && value) {
        const thick = Math.max(1.5, 8 + 1.1 * Math.log10(Math.abs(value)));
        const tip = Math.min(7, (from - to) / 2);
        const style = `--tint: var(--${tint})`;
        nodes.push(line(`M${from} ${y}H${to + tip}`, { class: "passed", style, "stroke-width": thick }));
        nodes.push(line(`M${to} ${y}l${tip} -6v12z`, { class: "head", style }));
      }
    };
    for (let t = 1; t <= s.T; t++) {
      link(t, CHAINS.c, ours[t - 1].dc_before, "c", false);
      link(t, CHAINS.h, ours[t - 1].dh_before, "h", true);
      link(t, CHAINS.simple, theirs[t - 1].dh_before, "h", true);
      const kind = `box${t > s.read ? " unread" : ""}${t === s.step ? " now" : ""}`;
      const tall = Math.max(-10, Math.min(10, 5 * s.x[t - 1]));
      nodes.push(
        make("svg:rect", { class: kind, x: X(t) - wide / 2, width: wide, y: 26, height: 38, rx: 5 }),
        make("svg:rect", { class: kind, x: X(t) - wide / 2, width: wide, y: 96, height: 22, rx: 5 }),
        make("svg:rect", { class: "x", x: X(t) - 3, width: 6, y: 80 - Math.max(tall, 0), height: Math.abs(tall) }),
      );
    }
    nodes.push(line(`M${X(1) - pitch / 2} 80H${X(s.T) + pitch / 2}`, { class: "axis" }));
    // The loss, read off both networks.
    for (const [y, to] of [[6, 26], [138, 118]]) {
      const tip = to > y ? -7 : 7;
      nodes.push(line(`M${X(s.read)} ${y}V${to + tip}`, { class: "loss" }), line(`M${X(s.read)} ${to}l-5 ${tip}h10z`, { class: "tip" }));
      nodes.push(text(words.loss, X(s.read) + 7, y + (to > y ? 7 : 2), { class: "tick start" }));
    }
    setChildren(chain, nodes);
  }

  /** The curves: in full what is known so far, the rest as a shadow. */
  function drawCurves({ values }) {
    const { lstm, rnn, whole, wire, detour } = values;
    const shown = s.detach
      ? [["wire", wire, "c", "wide"], ["whole", whole, "c", "solid"], ["detour", detour, "h", "dashed"], ["rnn", rnn.dh, "gradient", "dotted"]]
      : [["dc", lstm.dc, "c", "solid"], ["dh", lstm.dh, "h", "dashed"], ["rnn", rnn.dh, "gradient", "dotted"]];
    const sizes = shown.flatMap(([, list]) => list.slice(0, s.read).map(Math.abs)).filter((v) => v > 1e-20);
    const low = Math.floor(Math.log10(Math.min(0.1, ...sizes)) + 1e-9);
    const high = Math.ceil(Math.log10(Math.max(1, ...sizes)) - 1e-9);
    const Y = (v) => floor - ((Math.log10(Math.abs(v)) - low) / (high - low)) * (floor - top);

    const ends = X(s.T) + pitch / 2;
    const every = Math.ceil((high - low) / 7);
    const marks = [];
    for (let power = high; power >= low; power -= every) {
      const y = Y(10 ** power);
      marks.push(line(`M${left} ${y}H${ends}`, { class: "axis" }));
      marks.push(text(power < -3 || power > 3 ? figure(10 ** power).replace("1.0·", "") : String(10 ** power), ends + 6, y + 4, { class: "tick start" }));
    }
    const skip = Math.ceil(20 / pitch);
    for (let t = 1; t <= s.T; t++) {
      if ((s.T - t) % skip === 0) marks.push(text(t, X(t), height - 8, { class: `tick${t === s.step ? " now" : ""}` }));
    }
    marks.push(text(words.size, left - 6, top - 4, { class: "tick end" }));
    marks.push(text("t", left - 10, height - 8, { class: "letter" }));
    setChildren(grid, marks);

    const known = { c: STAGES.indexOf(s.stage) >= 2 ? s.step : s.step + 1, h: s.stage === "back" ? s.step - 1 : s.step };
    const nodes = [];
    const labels = [];
    for (const [name, list, tint, style] of shown) {
      const points = list.map((v, n) => [n + 1, v]).filter(([t, v]) => t <= s.read && Math.abs(v) > 1e-20);
      const from = name === "dh" || name === "rnn" ? known.h : known.c;
      const path = (some) => some.map(([t, v]) => `${X(t).toFixed(1)} ${Y(v).toFixed(1)}`);
      const look = { style: `--tint: var(--${tint})` };
      const seen = path(points.filter(([t]) => t >= from));
      nodes.push(line(points.length ? `M${path(points).join("L")}` : "", { class: `curve shadow ${style}`, ...look }));
      nodes.push(line(seen.length ? `M${seen.join("L")}` : "", { class: `curve ${style}`, ...look }));
      nodes.push(line(seen.map((point) => `M${point}h0`).join(""), { class: `dots ${style}`, ...look }));
      const last = points.find(([t]) => t === 1);
      const label = last || s.read === 1 ? words.curves[name] : name === "rnn" ? words.curves.none : null;
      if (label) labels.push({ label, x: X(1), y: last ? Y(last[1]) : floor, isNone: !last });
    }
    // The names keep apart, in the order of their curves.
    labels.sort((a, b) => a.y - b.y);
    labels.forEach((one, n) => (one.at = Math.max(one.y, n ? labels[n - 1].at + 15 : top + 14)));
    [...labels].reverse().forEach((one, n, all) => (one.at = Math.min(one.at, n ? all[n - 1].at - 15 : floor - 6)));
    for (const { label, x, y, at, isNone } of labels) {
      if (!isNone) nodes.push(line(`M${left - 2} ${at}L${x - 6} ${y}`, { class: "leader" }));
      nodes.push(text(label, left - 6, at + 4, { class: "tick end" }));
    }
    setChildren(curves, nodes);
  }

  const draw = (settings, all) => {
    s = settings;
    left = width < 500 ? 64 : 76;
    pitch = (width - left - right) / s.T;
    X = (t) => left + pitch * (t - 0.5);
    set(column, { x: X(s.step) - pitch / 2, width: pitch });
    set(way, { x: left, width: pitch * s.T, "aria-valuemin": 0, "aria-valuemax": CLICKS * s.read });
    const parts = { t: s.step, T: s.T, found: all.found };
    set(svg, { role: "group", "aria-label": say(words.chain, parts) });
    set(way, { "aria-valuenow": CLICKS * s.read - clicks(s), "aria-valuetext": say(words["says way"], parts) });
    drawChain(all);
    drawCurves(all);
  };
  // Not at each draw: to ask for a size, the browser must lay out what was written so far.
  const fit = () => (width = svg.clientWidth || width);
  return { node: svg, draw, fit };
}

// ── what the reader turns ───────────────────────────────────────────────────────────────────

function controls(words, change) {
  const reach = { T: [2, 20, 1], read: [1, 20, 1], forget_bias: [-2, 6, 0.1] };
  const node = make("div", { class: "controls" });
  const rows = Object.entries(reach).map(([name, range]) => {
    const input = slider(words[name], range, (value) => change({ [name]: value }));
    const shown = make("span", { class: "number" });
    node.append(make("label", {}, make("span", { class: "head" }, words[name], shown), input));
    return [name, input, shown];
  });
  let isOn = false;
  const effect = make("small");
  const detach = button([words.detach, " ", letter("h"), effect], () => change({ detach: !isOn }), { class: "detach" });
  node.append(detach);
  const draw = (s, { values }) => {
    isOn = s.detach;
    set(detach, { "aria-pressed": isOn });
    setText(effect, words["says detach"][Number(isOn)]);
    const f = values.lstm.f.reduce((sum, f) => sum + f, 0) / s.T;
    const says = { T: "says T", read: "says read", forget_bias: "says bias" };
    for (const [name, input, shown] of rows) {
      if (name !== "forget_bias") set(input, { max: name === "T" ? s.x.length : s.T });
      const value = name === "forget_bias" ? number(s[name]) : String(s[name]);
      slide(input, s[name], say(words[says[name]], { value, f: number(f) }));
      setText(shown, value);
    }
  };
  return { node, draw };
}

/** Where the reader is on the way, and what is going on there. */
function walk(words, go) {
  let count = 0;
  const to = {
    step: () => CLICKS * (Math.floor(count / CLICKS) + 1),
    gate: () => count + 1,
    undo: () => count - 1,
    start: () => 0,
  };
  const signs = { step: "⇐ ", gate: "← ", undo: " →", start: " ⇥" };
  const buttons = Object.entries(words.go).map(([name, label]) => {
    const content = signs[name].endsWith(" ") ? [signs[name], label] : [label, signs[name]];
    return [name, button(content, () => go(to[name]()), { class: name })];
  });
  const sentence = make("p", { role: "status", class: "sentence" });
  const node = make("div", { class: "walk" }, ...buttons.map(([, node]) => node), sentence);
  const draw = (s, { parts, isCut, found }) => {
    count = clicks(s);
    for (const [name, node] of buttons) {
      const isForth = name === "step" || name === "gate";
      set(node, { "aria-disabled": isForth ? count >= CLICKS * s.read : count === 0 });
    }
    const special = s.step === s.read ? `${s.stage} at loss` : "";
    const cut = isCut && s.stage === "back" ? "back cut" : special;
    const text = words.stage[cut] ?? words.stage[s.stage];
    const unseen = make("span", { class: "unseen" }, ` ${found}`);
    setChildren(sentence, [make("span", {}, ...write(text, parts)), unseen]);
  };
  return { node, draw };
}

// ── all together ────────────────────────────────────────────────────────────────────────────

/** What the equations and the drawings put in, beside the gradients: slopes, weights, neighbours. */
function numbersAt(s, ours, theirs) {
  const [now, after] = [ours[s.step - 1], s.step < s.read ? ours[s.step] : null];
  const lstm = { ...now, slope_c: 1 - now.tanh_c ** 2, slope_g: 1 - now.g ** 2 };
  lstm.dc_from_h = now.dh * now.o * lstm.slope_c;
  lstm.dc_from_c = after ? after.dc_before : 0;
  Object.assign(lstm, { f_after: after?.f, dc_after: after?.dc });
  ROWS.forEach((k, n) => Object.assign(lstm, { [`w_${k}`]: s.lstm_params.w_h[n], [`shut_${k}`]: 1 - now[k] }));
  const simple = theirs[s.step - 1];
  return { lstm, rnn: { ...simple, slope: 1 - simple.h ** 2, w_h: s.rnn_params.w_h[0] } };
}

/** What is found now, in words for those who hear it. */
function inWords(words, s, now) {
  const name = { dh_before: `dh ${s.step - 1}`, dc_before: `dc ${s.step - 1}, wire` };
  const results = ["lstm", "rnn"].flatMap((cell) =>
    LINES[cell]
      .filter(([stage]) => stage === s.stage)
      .map(([, key]) => `${cell === "rnn" ? "RNN " : ""}${name[key] ?? key.replace("_", " ")} = ${figure(now[cell][key])}`),
  );
  return results.join("; ");
}

function render({ model, el }) {
  const words = model.get("words").backward;
  const post = outbox(model);
  const read = () => {
    const s = Object.fromEntries(SETTINGS.map((name) => [name, model.get(name)]));
    // Python may send one after the other what belongs together.
    s.T = Math.min(s.T, s.x.length);
    s.read = Math.min(s.read, s.T);
    s.step = Math.min(s.step, s.read);
    return s;
  };
  let isBusy = false;

  function change(settings) {
    const s = read();
    const next = { ...settings };
    // A loss read at the end stays at the end; when it moves, the way back begins anew.
    if ("T" in next) next.read = s.read === s.T ? next.T : Math.min(s.read, next.T);
    if ("read" in next && next.read !== s.read) Object.assign(next, placeAt(next.read, 0));
    isBusy = true;
    for (const [name, value] of Object.entries(next)) model.set(name, value);
    isBusy = false;
    draw();
    post.soon();
  }
  const go = (count) => change(placeAt(read().read, count));

  const [lstmDrawing, rnnDrawing] = model.get("drawings");
  const pieces = {
    controls: controls(words, change),
    overview: overview(words, go),
    walk: walk(words, go),
    lstm: cell(words, "lstm", lstmDrawing),
    rnn: cell(words, "rnn", rnnDrawing),
    ours: ledger(words, "lstm"),
    theirs: ledger(words, "rnn"),
  };
  pieces.rnn.node.append(pieces.theirs.node);
  const cells = make("div", { class: "both" }, pieces.lstm.node, pieces.rnn.node, pieces.ours.node);
  const face = make("div", { class: "way-back", role: "group", "aria-label": words.explorer });
  face.append(pieces.controls.node, pieces.overview.node, pieces.walk.node, cells);
  const root = make("div", { class: "gatewise backward" }, face);
  for (const [k, colour] of Object.entries(model.get("palette"))) {
    if (k !== "gradient") root.style.setProperty(`--${k}`, colour); // black on paper, ink here
  }
  el.append(root);

  function draw() {
    if (isBusy) return;
    const s = read();
    const all = compute(s);
    all.now = numbersAt(s, all.ours, all.theirs);
    all.parts = { t: s.step, b: s.step - 1, a: s.step + 1 };
    all.isCut = s.detach;
    all.found = inWords(words, s, all.now);
    for (const piece of Object.values(pieces)) piece.draw(s, all);
    model.set("values", all.values);
  }

  for (const name of SETTINGS) model.on(`change:${name}`, draw);
  // What was let go is told at once: the next cell may already ask for it.
  for (const event of ["change", "click", "pointerup", "keyup"]) root.addEventListener(event, post.now);
  const forget = followTheme(root);
  const resized = new ResizeObserver(() => {
    pieces.overview.fit();
    draw();
  });
  resized.observe(pieces.overview.node);
  draw();
  return () => {
    forget();
    resized.disconnect();
    for (const name of SETTINGS) model.off(`change:${name}`, draw);
  };
}

export default { render };
