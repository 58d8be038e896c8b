// The explorers of one unit. The numbers and the picture are made here, so that they follow the
// hand and go on without a kernel; Python computes the same numbers where there is no browser.

const REACH = { x: [-2, 2, 0.05], h_before: [-1, 1, 0.05], c_before: [-3, 3, 0.05] };
const WEIGHT = [-10, 10, 0.1];
const OPEN = 8; // σ(8) = 0.9997

// ── the cells: how each computes, and where its drawing shows what ──────────────────────────────

const sigma = (a) => 1 / (1 + Math.exp(-a));

/** What a gate's σ or tanh gets, but for what the cell adds. */
const sum = (s, k, x, h) => s.w_x[k] * x + s.w_h[k] * h + s.b[k] + s.held[k];

/** The same number for each of some letters, but for those named. */
const all = (letters, value, named = {}) => ({
  ...Object.fromEntries([...letters].map((k) => [k, value])),
  ...named,
});

// gates: a card each; candidate: the one that is no gate. states: a slider each. lines: what the
// sequence shows. terms: a card's rows, as setting and letter. step: all numbers of one step.
// preset: by name. In the drawing: flows, a part's wires with value and colour; numbers, each at
// x, y, side of the text; valves, the part whose circle it is, x, y, turn (0 for a level wire),
// value, colour. equations: the lines under the drawing.
const LSTM = {
  gates: ["f", "i", "g", "o"],
  candidate: "g",
  settings: ["x", "h_before", "c_before", "w_x", "w_h", "b", "inputs", "repeats"],
  states: { c_before: "c_t−1", h_before: "h_t−1", x: "x_t" },
  lines: ["c", "h"],
  terms: (k) => ["w_x", "w_h", "b"].map((key) => [key, k]),
  step(s, x, { h, c }) {
    const now = {};
    for (const k of this.gates) {
      now[`a_${k}`] = sum(s, k, x, h);
      now[k] = (k === "g" ? Math.tanh : sigma)(now[`a_${k}`]);
    }
    now.kept = now.f * c;
    now.added = now.i * now.g;
    now.c = now.kept + now.added;
    now.tanh_c = Math.tanh(now.c);
    now.h = now.o * now.tanh_c;
    return now;
  },
  /** The four corners of (f, i), with the output gate open. */
  preset(name) {
    const b = { f: OPEN, i: OPEN, g: 0, o: OPEN };
    if (name === "overwrite" || name === "ignore") b.f = -OPEN;
    if (name === "keep" || name === "ignore") b.i = -OPEN;
    return { w_x: all("figo", 0, { g: 1 }), w_h: all("figo", 0), b };
  },
  form: () => 0,
  flows: () => [
    ["c-before", ["c_before"], "c"],
    ["kept", ["kept"], "c"],
    ["added", ["added"], "g"],
    ["c", ["c"], "c"],
    ["c-down", ["c", "tanh_c"], "c"],
    ["h-before", ["h_before"], "h"],
    ["x", ["x"], "x"],
    ["h", ["h"], "h"],
    ["h-up", ["h"], "h"],
    ...["f", "i", "g", "o"].map((k) => [k, [k], k]),
  ],
  numbers: () => ({
    kept: [200, 67, "middle"],
    added: [275, 117, "start"],
    c: [562, 102, "middle"],
    h: [562, 286, "middle"],
    f: [146, 156, "start"],
    i: [213, 186, "end"],
    g: [317, 186, "start"],
    o: [404, 199, "start"],
  }),
  signed: ["kept", "added", "c", "h", "g"],
  valves: () => [
    ["f-times", 136, 80, 0, "f", "f"],
    ["i-times", 265, 140, 0, "i", "i"],
    ["o-times", 452, 152, 90, "o", "o"],
  ],
  equations: () => [
    ["c", "c_t", " = ", "f_t", " · ", "c_t−1", " + ", "i_t", " · ", "g_t", " = ",
      ["f"], " · ", ["c_before"], " + ", ["i"], " · ", ["g"], " = ", ["c", true]],
    ["h", "h_t", " = ", "o_t", " · tanh(", "c_t", ") = ", ["o"], " · ", ["tanh_c"], " = ", ["h", true]],
  ],
};

const GRU = {
  gates: ["r", "z", "n"],
  candidate: "n",
  settings: ["x", "h_before", "w_x", "w_h", "b", "reset_after", "inputs", "repeats"],
  states: { h_before: "h_t−1", x: "x_t" },
  lines: ["h"],
  // The candidate has two sides, and r stands between them: q, of h, has a bias of its own.
  terms: (k) => (k === "n" ? [["w_x", k], ["b", k], ["w_h", k], ["b", "q"]] : LSTM.terms(k)),
  step(s, x, { h }) {
    const now = {};
    for (const k of ["r", "z"]) {
      now[`a_${k}`] = sum(s, k, x, h);
      now[k] = sigma(now[`a_${k}`]);
    }
    const hidden = (h) => s.w_h.n * h + s.b.q + s.held.q;
    now.q = hidden(s.reset_after ? h : now.r * h);
    now.gated = now.r * (s.reset_after ? now.q : h);
    now.a_n = s.w_x.n * x + s.b.n + s.held.n + (s.reset_after ? now.gated : now.q);
    now.n = Math.tanh(now.a_n);
    now.rest = 1 - now.z;
    now.added = now.rest * now.n;
    now.kept = now.z * h;
    now.h = now.added + now.kept;
    return now;
  },
  /** r and z wide open or shut, or z half open. */
  preset(name) {
    const b = { r: name === "rnn" ? OPEN : -OPEN, z: -OPEN, n: 0, q: 0 };
    if (name === "keep") b.z = OPEN;
    if (name === "average") b.z = 0;
    return { w_x: all("rz", 0, { n: 1 }), w_h: all("rz", 0, { n: 1 }), b };
  },
  form: (s) => (s.reset_after ? 0 : 1),
  flows: (form) => [
    ["h-before", ["h_before"], "h"],
    ["h-down", ["h_before"], "h"],
    ["q-feed", ["h_before"], "h"],
    ["q", [["q", "gated"][form]], "nh"[form]],
    ["reset", [["gated", "q"][form]], "n"],
    ["kept", ["kept"], "h"],
    ["rest", ["rest", "rest"], "z"],
    ["added", ["added"], "n"],
    ["x", ["x"], "x"],
    ["x-up", ["x"], "x"],
    ["x-n", ["x"], "x"],
    ["h", ["h"], "h"],
    ["h-up", ["h"], "h"],
    ...["r", "z", "n"].map((k) => [k, [k], k]),
  ],
  numbers: (form) => ({
    kept: [390, 67, "middle"],
    added: [470, 109, "start"],
    rest: [390, 112, "middle"],
    h: [562, 102, "middle"],
    r: [170, 208, "start"],
    z: [320, 200, "end"],
    n: [460, 206, "start"],
    [["q", "gated"][form]]: [203, 160, "end"],
    [["gated", "q"][form]]: [346, 180, "start"],
  }),
  signed: ["kept", "added", "h", "n", "q", "gated"],
  valves: (form) => [
    ["z-times", 330, 80, 0, "z", "z"],
    ["n-times", 450, 128, 90, "rest", "z"],
    ["r-times", ...[[268, 162, 0], [214, 122, 90]][form], "r", "r"],
  ],
  equations: (form) => [
    ["n", ...[["r_t", " · ", "q_t", " = ", ["r"], " · ", ["q"], " = ", ["gated", true]],
      ["r_t", " · ", "h_t−1", " = ", ["r"], " · ", ["h_before"], " = ", ["gated", true]]][form]],
    ["h", "h_t", " = (1 − ", "z_t", ") · ", "n_t", " + ", "z_t", " · ", "h_t−1", " = ",
      ["rest"], " · ", ["n"], " + ", ["z"], " · ", ["h_before"], " = ", ["h", true]],
  ],
};

const CELLS = { lstm: LSTM, gru: GRU };

/** The states after each input. */
function run(C, s, inputs, state) {
  const strip = { x: inputs, ...Object.fromEntries(C.lines.map((k) => [k, []])) };
  for (const x of inputs) {
    state = C.step(s, x, state);
    for (const k of C.lines) strip[k].push(state[k]);
  }
  return strip;
}

function isRight(C, s, { x, c0, low, high }) {
  const within = (c, t) => (low[t] ?? -Infinity) <= c && c <= (high[t] ?? Infinity);
  return run(C, s, x, { h: 0, c: c0 }).c.every(within);
}

// ── the parts of the face: each returns its node and how to draw it ─────────────────────────────

/** Presets and reset; or the task, and on which sequences it is done. */
function bar(C, words, s, change, choose) {
  const node = make("div", { class: "bar" });
  const form = (name, n) => button([name], () => change({ reset_after: n === 0 }));
  if (!s.task) {
    const group = make("div", { class: "presets", role: "group", "aria-label": words.presets });
    const buttons = Object.entries(words.preset).map(([name, [title, corner]]) => {
      const content = [make("b", {}, title), make("small", {}, corner)];
      return [name, button(content, () => change(C.preset(name)))];
    });
    group.append(...buttons.map(([, node]) => node));
    group.append(button([words.reset], () => change(s.start), { class: "reset" }));
    node.append(group);
    const forms = C.settings.includes("reset_after") ? words.form.map(form) : [];
    if (forms.length) {
      const choice = { class: "forms", role: "group", "aria-label": words.forms };
      node.append(make("div", choice, make("span", {}, words.forms), ...forms));
    }
    const draw = (s) => {
      forms.forEach((node, n) => set(node, { "aria-pressed": n === C.form(s) }));
      for (const [name, node] of buttons) {
        const meant = Object.entries(C.preset(name));
        const same = meant.every(([key, by]) => Object.keys(by).every((k) => s[key][k] === by[k]));
        set(node, { "aria-pressed": same });
      }
    };
    return { node, draw };
  }

  const tally = make("b", { role: "status", class: "tally" });
  const chips = s.sequences.map((_, n) => button([], () => choose(n), { class: "chip" }));
  const group = make("div", { class: "chips", role: "group", "aria-label": words.choose });
  group.append(...chips, button([words.reset], () => change(s.start), { class: "reset" }));
  node.append(make("p", {}, words.task[s.task]), tally, group);
  const draw = (s, values, chosen) => {
    setText(tally, say(words.tally, { right: values.right, n: chips.length }));
    chips.forEach((chip, n) => {
      const right = isRight(C, s, s.sequences[n]);
      setText(chip, `${n + 1} ${right ? "✓" : "✗"}`);
      const label = say(right ? words.right : words.wrong, { n: n + 1 });
      set(chip, { "aria-pressed": n === chosen, "aria-label": label });
    });
  };
  return { node, draw };
}

/** The sliders of what comes into the cell, each where its wire begins. */
function states(C, words, change) {
  const names = { c_before: words.memory, h_before: words.shown, x: words.input };
  const rows = Object.keys(C.states).map((key) => {
    const input = slider(names[key], REACH[key], (value) => change({ [key]: value }));
    const head = make("span", { class: "head" }, letter(C.states[key]), place(key, true));
    const label = make("label", { class: `state ${key}` }, head, input);
    label.style.setProperty("--tint", `var(--${key[0]})`);
    return [key, label, input];
  });
  const node = make("div", { class: "states" }, ...rows.map(([, label]) => label));
  const draw = (s, values) => {
    for (const [key, , input] of rows) {
      const parts = { value: number(s[key]), c: number(values.c ?? 0), h: number(values.h) };
      slide(input, s[key], say(words["says state"], parts));
    }
  };
  return { node, draw };
}

/** The drawings of the notebook; of a cell with two forms, the one that is chosen. */
function cell(C, words, drawings) {
  const forms = drawings.map((drawing, n) => form(C, words, drawing, n));
  const node = make("div", { class: "cell" }, ...forms.map(({ node }) => node));
  const draw = (s, values) => {
    forms.forEach(({ node, draw }, n) => {
      const isShown = n === C.form(s);
      node.toggleAttribute("hidden", !isShown);
      if (isShown) draw(s, values);
    });
  };
  return { node, draw };
}

/** One drawing, its wires filled and its valves moved. */
function form(C, words, drawing, n) {
  const node = make("div");
  // Two widgets in one page must not share ids.
  const prefix = `cell-${Math.random().toString(36).slice(2)}`;
  node.innerHTML = drawing.replaceAll(drawing.match(/id='([\w-]+)-tip'/)[1], prefix);
  const svg = node.firstElementChild;
  svg.setAttribute("aria-label", words.drawing);
  const part = (name) => svg.querySelector(`#${prefix}-${name}`);

  const bands = C.flows(n).flatMap(([name, keys, tint]) => {
    const wires = [...part(name).querySelectorAll("path[fill=none]")];
    return keys.map((key, n) => {
      const band = make("svg:path", { d: wires[n].getAttribute("d"), class: "band" });
      band.style.stroke = `var(--${tint})`;
      wires[n].before(band);
      return [key, band];
    });
  });
  for (const [key, [x, y, anchor]] of Object.entries(C.numbers(n))) {
    const sign = C.signed.includes(key) ? { "data-sign": "" } : {};
    svg.append(make("svg:text", { x, y, "text-anchor": anchor, "data-value": key, ...sign }));
  }
  const slots = C.valves(n).map(([name, x, y, turn, key, tint]) => {
    const disc = make("svg:circle", { cx: x, cy: y, r: 14 });
    disc.style.fill = `var(--${tint})`;
    const slot = make("svg:path", { class: "slot", transform: `translate(${x} ${y}) rotate(${turn})` });
    part(name).querySelector("text").before(disc, slot);
    return [key, slot];
  });

  const draw = (s, values) => {
    const all = { ...s, ...values };
    for (const [key, band] of bands) {
      const size = Math.abs(all[key]);
      const width = (16 * size) / (1 + size); // never so wide that it reaches a label
      set(band, { "stroke-width": width, "stroke-dasharray": all[key] < 0 ? "5 4" : "none" });
    }
    for (const [key, slot] of slots) set(slot, { d: opening(13, values[key]) });
  };
  return { node, draw };
}

/** The outline of a slot in a disc around 0: nothing at 0, the whole disc at 1. */
function opening(r, value) {
  const half = r * value;
  const side = Math.sqrt(r * r - half * half);
  const arc = `A${r} ${r} 0 0 0`;
  return `M${-side} ${-half}${arc} ${-side} ${half}H${side}${arc} ${side} ${-half}z`;
}

/** The equations under the drawing, with their numbers put in. */
function result(C, drawings) {
  const pieces = (piece) => {
    if (Array.isArray(piece)) return piece[1] ? make("b", {}, place(piece[0])) : place(piece[0]);
    return piece.includes("_") ? letter(piece) : piece;
  };
  const line = ([tint, ...parts]) => {
    const node = make("p", { class: "equation" }, ...parts.map(pieces));
    node.style.setProperty("--tint", `var(--${tint})`);
    return node;
  };
  const forms = drawings.map((_, n) => make("div", { class: "result" }, ...C.equations(n).map(line)));
  const node = make("div", { class: "results" }, ...forms);
  const draw = (s) => forms.forEach((node, n) => node.toggleAttribute("hidden", n !== C.form(s)));
  return { node, draw };
}

/** One gate: its curve with the dot on it, its sum with a slider for each weight. */
function card(C, k, words, s, change) {
  const name = words.gate[k];
  const isHeld = Boolean(s.note);
  const [width, height, reach] = [160, 60, 8];
  const isGate = k !== C.candidate;
  const squash = isGate ? sigma : Math.tanh;
  const low = isGate ? 0 : -1;
  const X = (a) => width * (0.5 + Math.max(-reach, Math.min(reach, a)) / (2 * reach + 1));
  const Y = (value) => 52 - (44 * (value - low)) / (1 - low);

  const points = Array.from({ length: 81 }, (_, n) => (n - 40) * 0.2);
  const path = points.map((a) => `${X(a).toFixed(1)} ${Y(squash(a)).toFixed(1)}`).join("L");
  const drop = make("svg:path", { class: "drop" });
  const dot = make("svg:circle", { r: 5, class: "dot" });
  const curve = make("svg:svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "curve" });
  curve.append(
    make("svg:path", { class: "axis", d: `M0 ${Y(0)}H${width}M${X(0)} 4V56` }),
    make("svg:path", { class: "line", d: `M${path}` }),
    drop,
    dot,
  );

  const rows = C.terms(k).map(([key, part]) => {
    const label = `${words.weight[part === "q" ? "q" : key]}, ${name}`;
    const input = slider(label, WEIGHT, (value) => change({ [key]: { [part]: value } }));
    const factor = { w_x: "x", w_h: "h_before" }[key];
    const term = make("span", { class: "term" }, place(`${key}_${part}`));
    if (factor) term.append(" · ", place(factor));
    const sign = letter(part === "q" ? "b_q" : key);
    const symbols = make("span", {}, sign, ...(factor ? [" ", letter(C.states[factor])] : []));
    return [key, part, input, make("label", { class: "row" }, symbols, input, term)];
  });
  const node = make("div", { class: "card", role: "group", "aria-label": name }, curve);
  node.style.setProperty("--tint", `var(--${k})`);
  const mark = isGate ? "σ" : "tanh";
  const total = make("p", { class: "equation" }, letter(`${k}_t`), ` = ${mark}(`, place(`a_${k}`), ") = ");
  total.append(make("b", {}, place(k)));
  const state = make("small");
  node.prepend(make("p", { class: "title" }, make("b", {}, name), state));
  node.append(...rows.map(([, , , row]) => row));
  for (const part of isHeld ? new Set(C.terms(k).map(([, part]) => part)) : []) {
    const term = make("span", { class: "term" }, place(`held_${part}`, true));
    const row = make("p", { class: "row held", title: words["held says"] });
    const title = make("span", {}, words.held, ...(part === "q" ? [" ", letter("q_t")] : []));
    row.append(title, make("span", { class: "rule" }), term);
    node.append(row);
  }
  node.append(total);

  const draw = (s, values) => {
    const [a, value] = [values[`a_${k}`], values[k]];
    set(dot, { cx: X(a), cy: Y(value) });
    set(drop, { d: `M${X(a)} ${Y(value)}V${Y(0)}` });
    const parts = { gate: name, squash: mark, a: number(a), value: number(value) };
    set(curve, { "aria-label": say(words.curve, parts) });
    const stage = words.opening.findLast(([bound]) => value >= bound)?.[1];
    setText(state, isGate ? stage : "");
    for (const [key, part, input] of rows) {
      const sentence = words[isGate ? "says gate" : "says candidate"];
      const parts = { value: number(s[key][part]), gate: name, opening: stage, amount: number(value) };
      slide(input, s[key][part], say(sentence, parts));
    }
  };
  return { node, draw };
}

/** The sequence: a bar for each input, and the states after each step. */
function strip(C, words, s, change) {
  const [left, right, top, middle, height] = [36, 66, 50, 100, 236];
  const svg = make("svg:svg", { class: "strip", height });
  const caption = make("p", { class: "title" }, make("b", {}, words.sequence));
  caption.append(make("small", {}, words[s.task ? "sequence judged" : s.note ? "sequence held" : "sequence hint"]));
  const node = make("div", { class: "sequence" }, caption, svg);
  const repeat = slider(words.repeat, [0, 50, 1], (n) => change({ repeats: n }));
  const often = make("span", { class: "number" });
  if (!s.task) {
    const label = make("label", { class: "repeat" }, make("span", {}, words.repeat, " ", letter("x_t")));
    label.append(repeat, often);
    node.insertBefore(label, svg);
  }

  const bounds = make("svg:path", { class: "bounds" });
  const axes = make("svg:path", { class: "axis" });
  const each = (made) => Object.fromEntries(C.lines.map((k) => [k, made(k)]));
  const lines = each((k) => make("svg:path", { class: `line ${k}` }));
  const dots = each((k) => make("svg:path", { class: `dots ${k}` }));
  const last = (k) => make("svg:tspan", { "data-value": `strip_${k}` });
  const ends = each((k) => make("svg:text", { class: "end" }, `${k} `, last(k)));
  const scale = [0, 1, 2].map(() => make("svg:text", { class: "tick end" }));
  const plot = make("svg:g", { role: "img" });
  plot.append(bounds, axes, ...[lines, dots, ends].flatMap(Object.values), ...scale);
  const columns = make("svg:g");
  svg.append(columns, plot);
  const sign = make("svg:text", { class: "tick italic", x: 6, y: top + 4 }, "x");
  svg.append(sign);

  let width = 700;
  // Not at each draw: to ask for a size, the browser must lay out what was written so far.
  const fit = () => (width = svg.clientWidth || width);

  let bars = [];
  /** Columns anew when their number changes, and only then: a focused bar must stay. */
  function prepare(inputs, isFixed, text) {
    const key = `${inputs.length} ${isFixed} ${text}`;
    if (columns.dataset.key === key) return;
    columns.dataset.key = key;
    bars = inputs.map((_, t) => {
      const hit = make("svg:rect", { class: "hit", y: 4, height: 2 * top - 8 });
      const rect = make("svg:rect", { class: "x" });
      const value = make("svg:text", { class: "tick" });
      const name = make("svg:text", { class: "tick", y: height - 8 }, text ? text[t] : String(t + 1));
      const group = make("svg:g", {}, hit, rect, value, name);
      if (!isFixed) grip(group, t);
      return { group, hit, rect, value, name };
    });
    columns.replaceChildren(...bars.map(({ group }) => group));
  }

  /** Let a bar be dragged, and be moved by keys. */
  function grip(group, t) {
    const [min, max] = REACH.x;
    set(group, { class: "grip", role: "slider", tabindex: 0, "aria-orientation": "vertical", ...KEYS });
    set(group, { "aria-label": say(words.bar, { t: t + 1 }), "aria-valuemin": min, "aria-valuemax": max });
    const put = (value) => change({ inputs: { [t]: Math.max(min, Math.min(max, value)) } });
    const follow = (event) => {
      const y = event.clientY - svg.getBoundingClientRect().top;
      put(Math.round(((top - y) / (top - 16)) * max * 20) / 20);
    };
    group.addEventListener("pointerdown", (event) => {
      group.setPointerCapture(event.pointerId);
      group.focus();
      follow(event);
    });
    group.addEventListener("pointermove", (event) => {
      if (group.hasPointerCapture(event.pointerId)) follow(event);
    });
    group.addEventListener("keydown", (event) => {
      const now = Number(group.getAttribute("aria-valuenow"));
      const by = { ArrowUp: 0.05, ArrowRight: 0.05, ArrowDown: -0.05, ArrowLeft: -0.05, PageUp: 0.5, PageDown: -0.5 };
      const to = { Home: min, End: max }[event.key] ?? Math.round((now + by[event.key]) * 20) / 20;
      if (Number.isNaN(to)) return;
      event.preventDefault();
      event.stopPropagation();
      put(to);
    });
  }

  const draw = (s, values, chosen) => {
    const task = s.sequences[chosen];
    const shown = task ? run(C, s, task.x, { h: 0, c: task.c0 }) : values.strip;
    const { x, c, h } = shown;
    const pitch = (width - left - right) / x.length;
    const X = (t) => left + pitch * (t + 0.5);
    const isFixed = Boolean(task) || s.repeats > 0;
    prepare(x, isFixed, task?.text);

    const thin = Math.max(2, Math.min(26, pitch * 0.6));
    const isNamed = (t) => (task?.text ? pitch >= 9 : (t + 1) % Math.ceil(18 / pitch) === 0);
    bars.forEach(({ group, hit, rect, value, name }, t) => {
      const tall = ((top - 16) * Math.max(-2, Math.min(2, x[t]))) / 2;
      set(hit, { x: X(t) - pitch / 2, width: pitch });
      set(rect, { x: X(t) - thin / 2, width: thin, y: top - Math.max(tall, 0), height: Math.abs(tall) });
      set(value, { x: X(t), y: top - tall + (tall < 0 ? 12 : -4) });
      setText(value, pitch > 36 ? number(x[t], true) : "");
      set(name, { x: X(t), visibility: isNamed(t) ? "visible" : "hidden" });
      if (!isFixed) {
        const parts = { value: number(x[t]), c: number(c?.[t] ?? 0), h: number(h[t]) };
        set(group, { "aria-valuenow": x[t], "aria-valuetext": say(words["says bar"], parts) });
      }
    });

    // One scale for all states, from below zero to above it, whatever is reached.
    const judged = task ? [...task.low, ...task.high].filter((bound) => bound !== null) : [];
    const reached = [...C.lines.flatMap((k) => shown[k]), ...judged];
    const least = Math.min(0, ...reached);
    const most = Math.max(0, least + 0.5, ...reached);
    const Y = (v) => height - 32 - ((v - least) / (most - least)) * (height - 32 - middle);
    for (const k of C.lines) {
      const points = shown[k].map((v, t) => `${X(t).toFixed(1)} ${Y(v).toFixed(1)}`);
      set(lines[k], { d: `M${points.join("L")}` });
      set(dots[k], { d: pitch < 12 ? "" : points.map((point) => `M${point}h0`).join("") });
    }
    set(axes, { d: `M${left} ${top}H${width - right}M${left} ${Y(0)}H${width - right}` });
    set(bounds, { d: task ? fields(task, X, Y, pitch, [least, most]) : "" });
    [0, most, least].forEach((v, n) => {
      const isApart = n === 0 || Math.abs(Y(v) - Y(0)) > 14;
      set(scale[n], { x: left - 4, y: Y(v) + 4 });
      setText(scale[n], isApart ? number(v).replace(/0$|.00$/, "") : "");
    });

    const last = Object.fromEntries(C.lines.map((k) => [k, shown[k].at(-1)]));
    // Two names keep 16 units apart, whichever is above.
    const heights = C.lines.map((k) => Y(last[k]));
    const [above, below] = [Math.min(...heights), Math.max(...heights)];
    const centre = Math.max(middle + 8, Math.min(height - 40, (above + below) / 2));
    const gap = C.lines.length > 1 ? Math.max(8, (below - above) / 2) : 0;
    const up = last.c >= last.h ? -gap : gap;
    for (const k of C.lines) {
      set(ends[k], { x: width - right + 8, y: centre + (k === "c" ? up : -up) + 4 });
    }
    const parts = { c: number(last.c ?? 0), h: number(last.h), n: s.repeats };
    set(plot, { "aria-label": say(words.plot, parts) });

    slide(repeat, s.repeats, say(words[s.repeats ? "says repeat" : "says no repeat"], parts));
    setText(often, s.repeats ? say(words.times, parts) : words.off);
    return last;
  };
  return { node, draw, svg, fit };
}

/** The bounds of a task as fields, a column a step; where there is no bound, to the edge. */
function fields({ low, high }, X, Y, pitch, [least, most]) {
  return low
    .map((bound, t) => {
      if (bound === null && high[t] === null) return "";
      const [from, to] = [Y(bound ?? least), Y(high[t] ?? most)];
      return `M${X(t) - pitch / 2} ${from}h${pitch}V${to}h${-pitch}z`;
    })
    .join("");
}

// ── all together ────────────────────────────────────────────────────────────────────────────

function render({ model, el }) {
  const C = CELLS[model.get("cell")];
  const words = { ...model.get("words"), ...model.get("words")[model.get("cell")] };
  const drawings = model.get("drawings");
  const post = outbox(model);
  const read = () => {
    const names = [...C.settings, "held", "task", "note", "start", "sequences"];
    return Object.fromEntries(names.map((name) => [name, model.get(name)]));
  };
  let chosen = 0;
  let isBusy = false;

  /** Take over some settings; of a dict or a list, only the entries that are named. */
  function change(settings) {
    isBusy = true;
    for (const [name, value] of Object.entries(settings)) {
      const old = model.get(name);
      const isPartial = typeof value === "object" && !Array.isArray(value);
      const merged = Array.isArray(old) ? old.map((x, t) => value[t] ?? x) : { ...old, ...value };
      model.set(name, isPartial ? merged : value);
    }
    isBusy = false;
    draw();
    post.soon();
  }

  const s = read();
  const choose = (n) => {
    chosen = n;
    draw();
  };
  const sequence = strip(C, words, s, change);
  const pieces = [
    bar(C, words, s, change, choose),
    states(C, words, change),
    cell(C, words, drawings),
    result(C, drawings),
    ...C.gates.map((k) => card(C, k, words, s, change)),
    sequence,
  ];
  const [top, inputs, picture, equations, ...rest] = pieces.map(({ node }) => node);
  const cards = make("div", { class: "cards" }, ...rest.slice(0, -1));
  const label = { class: `face ${model.get("cell")}`, role: "group", "aria-label": words.explorer };
  const face = make("div", label, top, inputs, picture, equations, cards, sequence.node);
  if (s.note) face.insertBefore(make("p", { class: "note" }, s.note), inputs);
  const root = make("div", { class: "gatewise" }, face);
  for (const [k, colour] of Object.entries(model.get("palette"))) {
    root.style.setProperty(`--${k}`, colour);
  }
  el.append(root);

  function draw() {
    if (isBusy) return;
    const s = read();
    const inputs = s.repeats > 0 ? Array(s.repeats).fill(s.x) : s.inputs;
    const before = { h: s.h_before, c: s.c_before };
    const values = C.step(s, s.x, before);
    values.strip = run(C, s, inputs, before);
    if (s.task) values.right = s.sequences.filter((sequence) => isRight(C, s, sequence)).length;
    let last;
    for (const piece of pieces) last = piece.draw(s, values, chosen) ?? last;
    const entries = ["w_x", "w_h", "b", "held"].flatMap((name) =>
      Object.entries(s[name]).map(([k, value]) => [`${name}_${k}`, value]),
    );
    const ends = Object.entries(last).map(([k, value]) => [`strip_${k}`, value]);
    fillIn(root, { ...Object.fromEntries([...entries, ...ends]), ...s, ...values });
    model.set("values", values);
  }

  for (const name of C.settings) model.on(`change:${name}`, draw);
  // What was let go is told at once: the next cell may already ask for it.
  for (const event of ["change", "click", "pointerup", "keyup"]) root.addEventListener(event, post.now);
  const forget = followTheme(root);
  const resized = new ResizeObserver(() => {
    sequence.fit();
    draw();
  });
  resized.observe(sequence.svg);
  draw();
  return () => {
    forget();
    resized.disconnect();
    for (const name of C.settings) model.off(`change:${name}`, draw);
  };
}

export default { render };
