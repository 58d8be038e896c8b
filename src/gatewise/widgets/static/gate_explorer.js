// GateExplorer. The numbers and the picture are made here, so that they follow the hand
// and go on without a kernel; Python computes the same numbers where there is no browser.

const GATES = ["f", "i", "g", "o"];
const SETTINGS = ["x", "h_before", "c_before", "w_x", "w_h", "b", "inputs", "repeats"];
const STATES = { c_before: "c_t−1", h_before: "h_t−1", x: "x_t" };
const REACH = { x: [-2, 2, 0.05], h_before: [-1, 1, 0.05], c_before: [-3, 3, 0.05] };
const WEIGHT = [-10, 10, 0.1];
const OPEN = 8; // σ(8) = 0.9997

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────

const sigma = (a) => 1 / (1 + Math.exp(-a));
const squash = (k, a) => (k === "g" ? Math.tanh(a) : sigma(a));

function step(s, x, h, c) {
  const now = {};
  for (const k of GATES) {
    now[`a_${k}`] = s.w_x[k] * x + s.w_h[k] * h + s.b[k] + s.held[k];
    now[k] = squash(k, now[`a_${k}`]);
  }
  now.kept = now.f * c;
  now.added = now.i * now.g;
  now.c = now.kept + now.added;
  now.tanh_c = Math.tanh(now.c);
  now.h = now.o * now.tanh_c;
  return now;
}

function run(s, inputs, h, c) {
  const strip = { x: inputs, c: [], h: [] };
  for (const x of inputs) {
    ({ c, h } = step(s, x, h, c));
    strip.c.push(c);
    strip.h.push(h);
  }
  return strip;
}

function isRight(s, { x, c0, low, high }) {
  const within = (c, t) => (low[t] ?? -Infinity) <= c && c <= (high[t] ?? Infinity);
  return run(s, x, 0, c0).c.every(within);
}

/** The four corners of (f, i), with the output gate open. */
function preset(name) {
  const b = { f: OPEN, i: OPEN, g: 0, o: OPEN };
  if (name === "overwrite" || name === "ignore") b.f = -OPEN;
  if (name === "keep" || name === "ignore") b.i = -OPEN;
  return { w_x: { f: 0, i: 0, g: 1, o: 0 }, w_h: { f: 0, i: 0, g: 0, o: 0 }, b };
}

// ── the parts of the face: each returns its node and how to draw it ─────────────────────────────

/** Presets and reset; or the task, and on which sequences it is done. */
function bar(words, s, change, choose) {
  const node = make("div", { class: "bar" });
  if (!s.task) {
    const group = make("div", { class: "presets", role: "group", "aria-label": words.presets });
    const buttons = Object.entries(words.preset).map(([name, [title, corner]]) => {
      const content = [make("b", {}, title), make("small", {}, corner)];
      return [name, button(content, () => change(preset(name)))];
    });
    group.append(...buttons.map(([, node]) => node));
    group.append(button([words.reset], () => change(s.start), { class: "reset" }));
    node.append(group);
    const draw = (s) => {
      for (const [name, node] of buttons) {
        const meant = Object.entries(preset(name));
        const same = meant.every(([key, by]) => GATES.every((k) => s[key][k] === by[k]));
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
    const text = say(words.tally, { right: values.right, n: chips.length });
    if (tally.textContent !== text) tally.textContent = text; // said once, not at every move
    chips.forEach((chip, n) => {
      const right = isRight(s, s.sequences[n]);
      chip.textContent = `${n + 1} ${right ? "✓" : "✗"}`;
      const label = say(right ? words.right : words.wrong, { n: n + 1 });
      set(chip, { "aria-pressed": n === chosen, "aria-label": label });
    });
  };
  return { node, draw };
}

/** The sliders of what comes into the cell, each where its wire begins. */
function states(words, change) {
  const names = { c_before: words.memory, h_before: words.shown, x: words.input };
  const rows = Object.keys(STATES).map((key) => {
    const input = slider(names[key], REACH[key], (value) => change({ [key]: value }));
    const head = make("span", { class: "head" }, letter(STATES[key]), place(key, true));
    const label = make("label", { class: `state ${key}` }, head, input);
    label.style.setProperty("--tint", `var(--${key[0]})`);
    return [key, label, input];
  });
  const node = make("div", { class: "states" }, ...rows.map(([, label]) => label));
  const draw = (s, values) => {
    for (const [key, , input] of rows) {
      slide(input, s[key], say(words["says c"], { value: number(s[key]), c: number(values.c) }));
    }
  };
  return { node, draw };
}

// Which wire of the drawing carries which value, in the colour of which letter.
const FLOWS = [
  ["c-before", ["c_before"], "c"],
  ["kept", ["kept"], "c"],
  ["added", ["added"], "g"],
  ["c", ["c"], "c"],
  ["c-down", ["c", "tanh_c"], "c"],
  ["h-before", ["h_before"], "h"],
  ["x", ["x"], "x"],
  ["h", ["h"], "h"],
  ["h-up", ["h"], "h"],
  ...GATES.map((k) => [k, [k], k]),
];
// Where the drawing shows which number: x, y, side of the text that stands there.
const NUMBERS = {
  kept: [200, 67, "middle"],
  added: [275, 117, "start"],
  c: [562, 102, "middle"],
  h: [562, 286, "middle"],
  f: [146, 156, "start"],
  i: [213, 186, "end"],
  g: [317, 186, "start"],
  o: [404, 199, "start"],
};
const SIGNED = new Set(["kept", "added", "c", "h", "g"]);
// The wire along which a valve lets through: 0 level, 90 upright.
const VALVES = { f: [136, 80, 0], i: [265, 140, 0], o: [452, 152, 90] };

/** The cell: the drawing of the notebook, its wires filled and its valves moved. */
function cell(words, drawing) {
  const node = make("div", { class: "cell" });
  // Two widgets in one page must not share ids.
  const prefix = `cell-${Math.random().toString(36).slice(2)}`;
  node.innerHTML = drawing.replaceAll("lstm-cell", prefix);
  const svg = node.firstElementChild;
  svg.setAttribute("aria-label", words.drawing);
  const part = (name) => svg.querySelector(`#${prefix}-${name}`);

  const bands = FLOWS.flatMap(([name, keys, tint]) => {
    const wires = [...part(name).querySelectorAll("path[fill=none]")];
    return keys.map((key, n) => {
      const band = make("svg:path", { d: wires[n].getAttribute("d"), class: "band" });
      band.style.stroke = `var(--${tint})`;
      wires[n].before(band);
      return [key, band];
    });
  });
  for (const [key, [x, y, anchor]] of Object.entries(NUMBERS)) {
    const sign = SIGNED.has(key) ? { "data-sign": "" } : {};
    svg.append(make("svg:text", { x, y, "text-anchor": anchor, "data-value": key, ...sign }));
  }
  const slots = Object.entries(VALVES).map(([k, [x, y, turn]]) => {
    const disc = make("svg:circle", { cx: x, cy: y, r: 14 });
    disc.style.fill = `var(--${k})`;
    const slot = make("svg:path", { class: "slot", transform: `translate(${x} ${y}) rotate(${turn})` });
    part(`${k}-times`).querySelector("text").before(disc, slot);
    return [k, slot];
  });

  const draw = (s, values) => {
    const all = { ...s, ...values };
    for (const [key, band] of bands) {
      const size = Math.abs(all[key]);
      const width = (16 * size) / (1 + size); // never so wide that it reaches a label
      set(band, { "stroke-width": width, "stroke-dasharray": all[key] < 0 ? "5 4" : "none" });
    }
    for (const [k, slot] of slots) slot.setAttribute("d", opening(13, values[k]));
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

/** The two equations of the states, with their numbers put in. */
function result() {
  const line = (state, ...pieces) => {
    const node = make("p", { class: "equation" }, ...pieces);
    node.style.setProperty("--tint", `var(--${state})`);
    return node;
  };
  const node = make(
    "div",
    { class: "result" },
    line("c", letter("c_t"), " = ", letter("f_t"), " · ", letter("c_t−1"), " + ", letter("i_t"), " · ",
      letter("g_t"), " = ", place("f"), " · ", place("c_before"), " + ", place("i"), " · ", place("g"),
      " = ", make("b", {}, place("c"))),
    line("h", letter("h_t"), " = ", letter("o_t"), " · tanh(", letter("c_t"), ") = ", place("o"), " · ",
      place("tanh_c"), " = ", make("b", {}, place("h"))),
  );
  return { node, draw() {} };
}

/** One gate: its curve with the dot on it, its sum with a slider for each weight. */
function card(k, words, s, change) {
  const name = words.gate[k];
  const isHeld = Boolean(s.note);
  const [width, height, reach] = [160, 60, 8];
  const low = k === "g" ? -1 : 0;
  const X = (a) => width * (0.5 + Math.max(-reach, Math.min(reach, a)) / (2 * reach + 1));
  const Y = (value) => 52 - (44 * (value - low)) / (1 - low);

  const points = Array.from({ length: 81 }, (_, n) => (n - 40) * 0.2);
  const path = points.map((a) => `${X(a).toFixed(1)} ${Y(squash(k, a)).toFixed(1)}`).join("L");
  const drop = make("svg:path", { class: "drop" });
  const dot = make("svg:circle", { r: 5, class: "dot" });
  const curve = make("svg:svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "curve" });
  curve.append(
    make("svg:path", { class: "axis", d: `M0 ${Y(0)}H${width}M${X(0)} 4V56` }),
    make("svg:path", { class: "line", d: `M${path}` }),
    drop,
    dot,
  );

  const rows = ["w_x", "w_h", "b"].map((key) => {
    const label = `${words.weight[key]}, ${name}`;
    const input = slider(label, WEIGHT, (value) => change({ [key]: { [k]: value } }));
    const factor = { w_x: "x", w_h: "h_before" }[key];
    const sum = make("span", { class: "term" }, place(`${key}_${k}`));
    if (factor) sum.append(" · ", place(factor));
    const symbols = make("span", {}, letter(key), ...(factor ? [" ", letter(STATES[factor])] : []));
    return [key, input, make("label", { class: "row" }, symbols, input, sum)];
  });
  const node = make("div", { class: "card", role: "group", "aria-label": name }, curve);
  node.style.setProperty("--tint", `var(--${k})`);
  const mark = k === "g" ? "tanh" : "σ";
  const total = make("p", { class: "equation" }, letter(`${k}_t`), ` = ${mark}(`, place(`a_${k}`), ") = ");
  total.append(make("b", {}, place(k)));
  const state = make("small");
  node.prepend(make("p", { class: "title" }, make("b", {}, name), state));
  node.append(...rows.map(([, , row]) => row));
  if (isHeld) {
    const term = make("span", { class: "term" }, place(`held_${k}`, true));
    const row = make("p", { class: "row held", title: words["held says"] });
    row.append(make("span", {}, words.held), make("span", { class: "rule" }), term);
    node.append(row);
  }
  node.append(total);

  const draw = (s, values) => {
    const [a, value] = [values[`a_${k}`], values[k]];
    set(dot, { cx: X(a), cy: Y(value) });
    drop.setAttribute("d", `M${X(a)} ${Y(value)}V${Y(0)}`);
    const parts = { gate: name, squash: mark, a: number(a), value: number(value) };
    set(curve, { "aria-label": say(words.curve, parts) });
    const stage = words.opening.findLast(([bound]) => value >= bound)?.[1];
    state.textContent = k === "g" ? "" : stage;
    for (const [key, input] of rows) {
      const sentence = words[k === "g" ? "says candidate" : "says gate"];
      const parts = { value: number(s[key][k]), gate: name, opening: stage, amount: number(value) };
      slide(input, s[key][k], say(sentence, parts));
    }
  };
  return { node, draw };
}

/** The sequence: a bar for each input, and c and h after each step. */
function strip(words, s, change) {
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
  const lines = { c: make("svg:path", { class: "line c" }), h: make("svg:path", { class: "line h" }) };
  const dots = { c: make("svg:path", { class: "dots c" }), h: make("svg:path", { class: "dots h" }) };
  const ends = {
    c: make("svg:text", { class: "end" }, "c ", make("svg:tspan", { "data-value": "strip_c" })),
    h: make("svg:text", { class: "end" }, "h ", make("svg:tspan", { "data-value": "strip_h" })),
  };
  const scale = [0, 1, 2].map(() => make("svg:text", { class: "tick end" }));
  const plot = make("svg:g", { role: "img" });
  plot.append(bounds, axes, lines.c, lines.h, dots.c, dots.h, ends.c, ends.h, ...scale);
  const columns = make("svg:g");
  svg.append(columns, plot);
  const sign = make("svg:text", { class: "tick italic", x: 6, y: top + 4 }, "x");
  svg.append(sign);

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
    const { x, c, h } = task ? run(s, task.x, 0, task.c0) : values.strip;
    const width = svg.clientWidth || 700;
    const pitch = (width - left - right) / x.length;
    const X = (t) => left + pitch * (t + 0.5);
    prepare(x, Boolean(task) || s.repeats > 0, task?.text);

    const thin = Math.max(2, Math.min(26, pitch * 0.6));
    const every = task?.text ? 1 : Math.ceil(18 / pitch);
    bars.forEach(({ group, hit, rect, value, name }, t) => {
      const tall = ((top - 16) * Math.max(-2, Math.min(2, x[t]))) / 2;
      set(hit, { x: X(t) - pitch / 2, width: pitch });
      set(rect, { x: X(t) - thin / 2, width: thin, y: top - Math.max(tall, 0), height: Math.abs(tall) });
      set(value, { x: X(t), y: top - tall + (tall < 0 ? 12 : -4) });
      value.textContent = pitch > 36 ? number(x[t], true) : "";
      set(name, { x: X(t), visibility: (t + 1) % every === 0 || every === 1 ? "visible" : "hidden" });
      if (pitch < 9 && task?.text) name.setAttribute("visibility", "hidden");
      if (group.tabIndex === 0) {
        const parts = { value: number(x[t]), c: number(c[t]), h: number(h[t]) };
        set(group, { "aria-valuenow": x[t], "aria-valuetext": say(words["says bar"], parts) });
      }
    });

    // One scale for c and h, from below zero to above it, whatever is reached.
    const judged = task ? [...task.low, ...task.high].filter((bound) => bound !== null) : [];
    const least = Math.min(0, ...c, ...h, ...judged);
    const most = Math.max(0, least + 0.5, ...c, ...h, ...judged);
    const Y = (v) => height - 32 - ((v - least) / (most - least)) * (height - 32 - middle);
    for (const [k, series] of Object.entries({ c, h })) {
      const points = series.map((v, t) => `${X(t).toFixed(1)} ${Y(v).toFixed(1)}`);
      lines[k].setAttribute("d", `M${points.join("L")}`);
      dots[k].setAttribute("d", pitch < 12 ? "" : points.map((point) => `M${point}h0`).join(""));
    }
    axes.setAttribute("d", `M${left} ${top}H${width - right}M${left} ${Y(0)}H${width - right}`);
    bounds.setAttribute("d", task ? fields(task, X, Y, pitch, [least, most]) : "");
    [0, most, least].forEach((v, n) => {
      const isApart = n === 0 || Math.abs(Y(v) - Y(0)) > 14;
      set(scale[n], { x: left - 4, y: Y(v) + 4 });
      scale[n].textContent = isApart ? number(v).replace(/0$|.00$/, "") : "";
    });

    const last = { c: c.at(-1), h: h.at(-1) };
    // The two names keep 16 units apart, whichever is above.
    const centre = Math.max(middle + 8, Math.min(height - 40, (Y(last.c) + Y(last.h)) / 2));
    const gap = Math.max(8, Math.abs(Y(last.c) - Y(last.h)) / 2);
    const up = last.c >= last.h ? 1 : -1;
    set(ends.c, { x: width - right + 8, y: centre - up * gap + 4 });
    set(ends.h, { x: width - right + 8, y: centre + up * gap + 4 });
    const parts = { c: number(last.c), h: number(last.h), n: s.repeats };
    set(plot, { "aria-label": say(words.plot, parts) });

    slide(repeat, s.repeats, say(words[s.repeats ? "says repeat" : "says no repeat"], parts));
    often.textContent = s.repeats ? say(words.times, parts) : words.off;
    return last;
  };
  return { node, draw, svg };
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
  const words = model.get("words");
  const post = outbox(model);
  const read = () => {
    const names = [...SETTINGS, "held", "task", "note", "start", "sequences"];
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
  const sequence = strip(words, s, change);
  const pieces = [
    bar(words, s, change, choose),
    states(words, change),
    cell(words, model.get("drawing")),
    result(),
    ...GATES.map((k) => card(k, words, s, change)),
    sequence,
  ];
  const [top, inputs, picture, equations, ...rest] = pieces.map(({ node }) => node);
  const cards = make("div", { class: "cards" }, ...rest.slice(0, 4));
  const label = { class: "face", role: "group", "aria-label": words.explorer };
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
    const values = step(s, s.x, s.h_before, s.c_before);
    values.strip = run(s, inputs, s.h_before, s.c_before);
    if (s.task) values.right = s.sequences.filter((sequence) => isRight(s, sequence)).length;
    let last;
    for (const piece of pieces) last = piece.draw(s, values, chosen) ?? last;
    const weights = GATES.flatMap((k) =>
      ["w_x", "w_h", "b", "held"].map((name) => [`${name}_${k}`, s[name][k]]),
    );
    const shown = { ...Object.fromEntries(weights), ...s, ...values };
    fillIn(root, { ...shown, strip_c: last.c, strip_h: last.h });
    model.set("values", values);
  }

  for (const name of SETTINGS) model.on(`change:${name}`, draw);
  // What was let go is told at once: the next cell may already ask for it.
  for (const event of ["change", "click", "pointerup", "keyup"]) root.addEventListener(event, post.now);
  const forget = followTheme(root);
  const resized = new ResizeObserver(draw);
  resized.observe(sequence.svg);
  draw();
  return () => {
    forget();
    resized.disconnect();
    for (const name of SETTINGS) model.off(`change:${name}`, draw);
  };
}

export default { render };
