// GateExplorer shows one unit of an LSTM, and GRUExplorer shows one unit of a GRU.
import { gru, logit, lstm, sigmoid } from "./cells.js";
import { beginning, button, column, drawing, grip, nice, number, projector, pull, say, scale, shown, slider, spot, symbol, through, whole, widget, within, write } from "./base.js";
import { countRight, drawn, judge, learn, loss, name, task } from "./tasks.js";
import { html, nothing, render, svg } from "./lit-html.js";

const REACH = { x: [-2, 2, 0.05, 0.5], h_before: [-1, 1, 0.05], c_before: [-3, 3, 0.05] };
const WEIGHT = [-10, 10, 0.1];
const OPEN = 8; // σ(8) = 0.9997

// ── the differences between the two widgets ─────────────────────────────────────────────────
const zeros = (letters) => Object.fromEntries(letters.map((k) => [k, 0]));

// cards: the symbols that have cards, in order. candidate: the symbol of the candidate. states: the
// values that have sliders. lines: the states that have curves; the reader guesses the first state.
// terms(k): returns a card's rows as pairs (setting, symbol). biases(s): returns the biases of the
// hidden side. preset(name): returns the settings of a preset. keeper: the gate that multiplies the
// previous state. most: returns an upper bound on the size of the guessed state. form(s): returns
// the index of the drawing. equations: the equations below each drawing. Names in a list are
// replaced with numbers.
const LSTM = {
  cell: lstm,
  cards: ["f", "i", "g", "o"],
  candidate: "g",
  states: ["c_before", "h_before", "x"],
  lines: ["c", "h"],
  terms: (k) => [["w_x", k], ["w_h", k], ["b", k]],
  biases: () => [0, 0, 0, 0],
  /** Return a preset's settings. The output gate is open, and f and i are open or closed. */
  preset(name) {
    const f = name === "keep" || name === "count" ? OPEN : -OPEN;
    const i = name === "overwrite" || name === "count" ? OPEN : -OPEN;
    const none = zeros(this.cards);
    return { w_x: { ...none, g: 1 }, w_h: none, b: { f, i, g: 0, o: OPEN } };
  },
  keeper: "f",
  most: ({ i, g }, { c }) => i.reduce((sum, v, t) => sum + Math.abs(v * g[t]), Math.abs(c)),
  form: () => 0,
  equations: [[
    ["c", "c_t = f_t · c_t−1 + i_t · g_t = ", ["f"], " · ", ["c_before"], " + ", ["i"], " · ", ["g"], " = ", ["c", true]],
    ["h", "h_t = o_t · tanh(c_t) = ", ["o"], " · ", ["tanh_c"], " = ", ["h", true]],
  ]],
};

const GRU = {
  cell: gru,
  cards: ["r", "z", "n"],
  candidate: "n",
  states: ["h_before", "x"],
  lines: ["h"],
  // The candidate's hidden side, q, has a separate bias, since the reset gate can multiply q.
  terms: (k) => (k === "n" ? [["w_x", k], ["b", k], ["w_h", k], ["b", "q"]] : LSTM.terms(k)),
  biases: (s) => [0, 0, s.b.q + s.held.q],
  /** Return a preset's settings. The gates r and z are open or closed, or z is half open. */
  preset(name) {
    const z = { keep: OPEN, average: 0 }[name] ?? -OPEN;
    const b = { r: name === "rnn" ? OPEN : -OPEN, z, n: 0, q: 0 };
    const weights = { ...zeros(this.cards), n: 1 };
    return { w_x: weights, w_h: weights, b };
  },
  keeper: "z",
  most: (_, { h }) => Math.max(1, Math.abs(h)),
  form: (s) => (s.reset_after ? 0 : 1),
  equations: ["q", "h_before"].map((inner) => [
    ["n", `r_t · ${inner === "q" ? "q_t" : "h_t−1"} = `, ["r"], " · ", [inner], " = ", ["gated", true]],
    ["h", "h_t = (1 − z_t) · n_t + z_t · h_t−1 = ", ["rest"], " · ", ["n"], " + ", ["z"], " · ", ["h_before"], " = ", ["h", true]],
  ]),
};

const KINDS = { lstm: LSTM, gru: GRU };

// ── numbers ─────────────────────────────────────────────────────────────────────────────────
/** Run the unit as a layer with D = H = 1. The held values are added to the biases. */
function run(s, inputs, h_before, c_before) {
  const { cell, biases } = KINDS[s.cell];
  const rows = (by) => Float64Array.from(cell.blocks, by);
  const params = {
    W_ih: rows((k) => s.w_x[k]),
    W_hh: rows((k) => s.w_h[k]),
    b_ih: rows((k) => s.b[k] + s.held[k]),
    b_hh: Float64Array.from(biases(s)),
  };
  const start = { h0: [h_before], c0: [c_before], reset_after: s.reset_after };
  return cell.forward(params, Float64Array.from(inputs), start);
}

function compute(s) {
  const { cell } = KINDS[s.cell];
  const judged = s.sequences.map((sequence) => judge(s, sequence));
  // In a task, the drawing shows the chosen step of the chosen sequence.
  const [sequence, t] = [drawn(s), s.step - 1];
  const chosen = sequence && judge(s, sequence);
  const before = (k, first) => (t === 0 ? first : chosen[k][t - 1]);
  const came = chosen
    ? { x: chosen.x[t], h_before: before("h", 0), c_before: before("c", sequence.c0) }
    : { x: s.x, h_before: s.h_before, c_before: s.c_before };
  const now = run(s, [came.x], came.h_before, came.c_before);
  const values = { ...came, ...Object.fromEntries(cell.symbols.map((k) => [k, now[k][0]])) };
  cell.blocks.forEach((k, n) => (values[`a_${k}`] = now.a[n]));
  const inputs = s.repeats > 0 ? Array(s.repeats).fill(s.x) : s.inputs;
  const strip = chosen ?? run(s, inputs, s.h_before, s.c_before);
  return { ...values, strip, judged, right: countRight(judged), loss: loss(s.sequences, judged) };
}

/** Clip the time step to the length of the chosen sequence. */
function settle(next) {
  const T = drawn(next)?.x.length;
  return T ? { ...next, step: Math.min(next.step, T) } : next;
}

const allows = (next) => ({
  repeats: whole(0, 50),
  sequence: whole(1, next.sequences.length + next.unseen.length || 1),
  step: whole(1, drawn(next)?.x.length ?? 1),
});

/** Return settings with a new bias for symbol k, which changes the pre-activation to `a`. */
const open = ({ b }, values, k, a) => {
  const bias = b[k] + within(-OPEN, OPEN, a) - values[`a_${k}`];
  return { b: { ...b, [k]: Number(bias.toFixed(2)) } };
};

/** Return a phrase about the effect of a gate, or an empty string for the candidate. */
const does = ({ words, values }, k) => say(words.does[k] ?? "", { p: Math.round(100 * values[k]) });

// ── the parts of the view ───────────────────────────────────────────────────────────────────
/** Return the buttons for the presets, for *Reset* and, in a GRU, for the two forms. */
function presets(context, kind) {
  const { s, change, keep, reset, words } = context;
  const restart = () => [keep({ guess: undefined }), reset()];
  const isSet = (name) =>
    Object.entries(kind.preset(name)).every(([key, by]) => Object.keys(by).every((k) => s[key][k] === by[k]));
  return html`<div class="bar">
    <div class="presets" role="group" aria-label=${words.presets}>
      ${Object.entries(words.preset).map(([name, [title, corner]]) =>
        button(html`<b>${title}</b><small>${corner}</small>`, () => change(kind.preset(name)), { pressed: isSet(name) }))}
      <span class="ends">${button(words.reset, restart)} ${projector(context)}</span>
    </div>
    ${s.cell === "gru"
      ? html`<div class="forms" role="group" aria-label=${words.forms}>
          <span>${words.forms}</span>
          ${words.form.map((name, n) =>
            button(name, () => change({ reset_after: n === 0 }), { pressed: n === kind.form(s) }))}
        </div>`
      : nothing}
  </div>`;
}

/** Return the inputs to the cell, next to their wires. In a task, the inputs have no sliders. */
function states({ s, values, change, words }, kind, picture) {
  const parts = { c: number(values.c ?? 0), h: number(values.h) };
  return html`<div class="states">
    ${kind.states.map((key) => {
      const says = say(words["says state"], { value: number(s[key]), ...parts });
      const control = { label: words.state[key], range: REACH[key], value: s[key], says };
      return html`<label class="state" style="--tint: var(--gw-${key[0]}); --at: ${beginning(picture, key)}%">
        <small>${write(words.state[key])}</small>
        ${s.task ? nothing : slider({ ...control, act: (value) => change({ [key]: value }) })}
        ${shown(key, values[key], true)}</label>`;
    })}</div>`;
}

/** Add a handle to each valve. The handle sets the bias of a gate. */
function valves(context, picture) {
  const { s, values, change, words } = context;
  for (const node of picture.all("valve")) {
    const name = node.dataset.valve;
    const k = name === "rest" ? "z" : name; // the valve of 1 − z
    render(grip(svg`<circle class="hit" r="20" /><circle class="ring" r="18" />`, {
      label: say(words.valve, { gate: words.gate[k] }) + (k === name ? "" : ", 1 − z"),
      says: say(words["says gate"], { value: number(values[name]), gate: words.gate[k], does: does(context, k) }),
      range: [0, 1, 0.01, 0.1], value: values[name], reach: [1 / 60, 1 / 60],
      act: (v) => change(open(s, values, k, logit(k === name ? v : 1 - v))),
    }), node);
  }
}

/** Return a phrase about the effect of each gate. */
const deeds = (context, kind) =>
  html`<p class="deeds">${kind.cards.filter((k) => k !== kind.candidate).map((k) =>
    html`<span style="--tint: var(--gw-${k})">${context.words.gate[k]} <b>${does(context, k)}</b></span>`)}</p>`;

/** Return the equations below the drawing, with numbers filled in. */
const equations = (lines, values) =>
  html`<div class="result">
    ${lines.map(([tint, ...pieces]) => html`<p class="equation" style="--tint: var(--gw-${tint})">
      ${pieces.map((piece) => {
        const number = shown(piece[0], values[piece[0]]);
        return typeof piece === "string" ? write(piece) : piece[1] ? html`<b>${number}</b>` : number;
      })}</p>`)}
  </div>`;

const LIMIT = 8; // the curves are drawn from −8 to 8
const CURVES = [[sigmoid, 0], [Math.tanh, -1]].map(([squash, low]) => {
  const points = Array.from({ length: 81 }, (_, n) => (n - 40) * (LIMIT / 40));
  return { low, d: `M${points.map((a) => `${a.toFixed(2)} ${(-squash(a)).toFixed(3)}`).join("L")}` };
});

/** Return the card of a gate or candidate, with a curve, a dot, and a slider for each weight. */
function card(context, kind, k) {
  const { s, values, change, words } = context;
  const isGate = k !== kind.candidate;
  const [a, value, mark] = [values[`a_${k}`], values[k], isGate ? "σ" : "tanh"];
  const [name, { low, d }] = [words.gate[k], CURVES[Number(!isGate)]];
  const at = within(-LIMIT, LIMIT, a);
  const curve = say(words.curve, { gate: name, squash: mark, a: number(a), value: number(value) });
  const terms = kind.terms(k);
  const sentence = (set) =>
    say(words[isGate ? "says gate" : "says candidate"], { value: number(set), gate: name, does: does(context, k), amount: number(value) });
  const dots = svg`<path class="dot hit" d="M${at} ${-value}h0.01" />
    <path class="dot under" d="M${at} ${-value}h0" /><path class="dot" d="M${at} ${-value}h0" />`;
  const dot = grip(dots, {
    label: say(words.dot, { gate: name }), says: sentence(a),
    range: [-LIMIT, LIMIT, 0.1, 1], value: at, reach: [1, 0],
    act: (a) => change(open(s, values, k, a)),
  });

  const row = ([key, part]) => {
    const input = { w_x: "x", w_h: "h_before" }[key];
    const says = sentence(s[key][part]);
    const label = `${words.weight[part === "q" ? "q" : key]}, ${name}`;
    return html`<label class="row">
      <span>${part === "q" ? symbol("b", "q") : symbol(...key.split("_"))} ${input ? write(words.symbol[input]) : nothing}</span>
      <span class="term">${shown(`${key}_${part}`, s[key][part])}${input ? html` · ${shown(input, values[input])}` : nothing}</span>
      ${slider({ label, range: WEIGHT, value: s[key][part], says, act: (v) => change({ [key]: { ...s[key], [part]: v } }) })}</label>`;
  };
  const held = (part) => html`<p class="row held" title=${words["held says"]}>
    <span>${words.held} ${part === "q" ? symbol("q", "t") : nothing}</span><span class="rule"></span>
    <span class="term">${shown(`held_${part}`, s.held[part], true)}</span></p>`;
  // In the SVG, x is the pre-activation, and y is the negated value, since y grows downward.
  return html`<div class="card" role="group" aria-label=${name} style="--tint: var(--gw-${k})">
    <p class="title"><b>${name}</b> ${symbol(k, "t")}<small>${does(context, k)}</small></p>
    <svg class="curve" role="group" aria-label=${curve} preserveAspectRatio="none"
      viewBox="${-LIMIT} -1.12 ${2 * LIMIT} ${1.24 - low}">
      <path class="axis" d="M${-LIMIT} 0H${LIMIT}M0 -1.1V${0.1 - low}" />
      <path class="line" d=${d} />
      <path class="drop" d="M${at} ${-value}V0" />
      ${dot}
    </svg>
    ${terms.map(row)} ${s.note ? [...new Set(terms.map(([, part]) => part))].map(held) : nothing}
    <p class="equation"><span>${symbol(k, "t")} = ${mark}(${shown(`a_${k}`, a)})</span> <b>= ${shown(k, value)}</b></p>
  </div>`;
}

// The chart shows the inputs at the top, and below them the states, which share a scale.
const FRAME = { left: 36, right: 66, zero: 60, top: 26, states: 118, bottom: 218, end: 242 };

/** Return the chart of inputs and states, with the controls for the sequence. */
function sequence(context, kind) {
  const { s, values, own, sizes, change, keep, words } = context;
  const judged = drawn(s);
  const { x, ...states } = values.strip;
  const first = judged ? { c: judged.c0, h: 0 } : { c: s.c_before, h: s.h_before };
  const last = Object.fromEntries(kind.lines.map((k) => [k, states[k].at(-1)]));
  // The reader guesses one state. The guess is based on the numbers in the drawing, which
  // stay visible.
  const [k] = kind.lines;
  const guess = own.guess && Array.from(x, (_, t) => own.guess[t] ?? first[k]);
  const reach = guess && nice(kind.most(states, first));
  const isHidden = guess && !own.isShown;
  const told = (value) => (isHidden ? words.covered : number(value));
  const parts = { c: told(last.c ?? 0), h: told(last.h), n: s.repeats, k };
  const width = sizes.strip || 700;
  const pitch = (width - FRAME.left - FRAME.right) / (x.length + 1); // the first column is step 0
  const left = FRAME.left + pitch;
  const choose = (event) => change({ step: column(event, left, pitch, x.length) });
  const hint = guess ? (isHidden ? "guess hint" : "guess legend") : judged ? "sequence judged" : s.note ? "sequence held" : "sequence hint";
  return html`<div class="sequence">
    ${judged ? steps() : html`${source()} ${guessing()}`}
    <small>${write(say(words[hint], parts))}</small>
    <svg class="chart strip ${judged ? "pick" : ""}" data-fit="strip" @click=${judged && choose}>${strip(kind, x, states, judged)}</svg>
    ${judged ? nothing : html`<p role="status">${guess && !isHidden ? gap() : nothing}</p>`}
  </div>`;

  /** Return the buttons for guessing the curve of a state and for showing the true curve. */
  function guessing() {
    return html`<div class="source">
      ${button(words.guess, () => keep({ guess: guess ? undefined : [], isShown: false }), { pressed: Boolean(guess) })}
      ${guess ? button(say(words.show, parts), () => keep({ isShown: !own.isShown }), { pressed: own.isShown }) : nothing}
    </div>`;
  }

  /** Return a message about the largest error in the guess and the larger term at that step. */
  function gap() {
    const gaps = guess.map((v, t) => Math.abs(v - states[k][t]));
    const t = gaps.indexOf(Math.max(...gaps));
    if (gaps[t] <= reach / 20) return say(words.near, { k, near: number(reach / 20) }); // this is 2.5 px in the chart
    const kept = states[kind.keeper][t] * (t ? states[k][t - 1] : first[k]);
    const terms = { kept, added: states[k][t] - kept };
    const larger = Math.abs(terms.kept) < Math.abs(terms.added) ? "added" : "kept";
    const isNone = number(terms[larger]) === number(0);
    return say(words.gap, { k, t: t + 1, guess: number(guess[t]), value: number(states[k][t]) })
      + say(words.why[isNone ? "none" : larger], { kept: number(terms.kept), added: number(terms.added) });
  }

  /** Return the buttons for choosing between a repeated x and a sequence of inputs. */
  function source() {
    const { length } = s.inputs;
    own.often = s.repeats || (own.often ?? 8);
    const often = { label: words.times, range: [1, 50, 1], value: s.repeats, says: say(words["says repeat"], parts) };
    return html`<div class="source" role="group" aria-label=${words.source}>
      ${button(write(say(words.feed.x, { n: own.often })), () => change({ repeats: own.often }), { pressed: s.repeats > 0 })}
      ${s.repeats ? slider({ ...often, act: (repeats) => change({ repeats }) }) : nothing}
      ${button(say(words.feed[length === 8 ? "eight" : "some"], { n: length }), () => change({ repeats: 0 }), { pressed: !s.repeats })}
    </div>`;
  }

  /** Return the slider for the time step that the drawing shows. */
  function steps() {
    const t = s.step - 1;
    const says = say(words["says step"], { t: s.step, x: number(x[t]), c: number(states.c[t]) });
    const step = { label: words.step, range: [1, x.length, 1], value: s.step, says };
    const n = s.sequences.length;
    const tally = say(words.tally, { right: values.right, n });
    return html`<b>${s.sequence > n ? name(context, s.sequence, values.strip) : tally}</b>
      <label class="source"><span>${words.step} = ${s.step}</span>
        ${slider({ ...step, act: (step) => change({ step }) })}</label>`;
  }

  function strip(kind, x, states, judged) {
    const isFixed = Boolean(judged) || s.repeats > 0;
    const X = scale(0, 1, left + pitch / 2, left + pitch * 1.5);
    const [min, max] = REACH.x;
    const tall = scale(0, max, 0, FRAME.zero - FRAME.top);
    const bounds = judged ? [...judged.low, ...judged.high].filter((bound) => bound !== null) : [];
    const reached = [...kind.lines.flatMap((k) => [first[k], ...states[k]]), ...bounds];
    if (guess) reached.push(...guess, reach, -reach); // the axis must not reveal the answer
    const [least, most] = [-nice(-Math.min(...reached)), nice(Math.max(...reached))];
    const Y = scale(least, most, FRAME.bottom, FRAME.states);

    const bar = (value, t) => {
      const [thin, high] = [within(2, 26, pitch * 0.6), tall(within(min, max, value))];
      const isNamed = judged?.text ? pitch >= 9 : (t + 1) % Math.ceil(18 / pitch) === 0;
      const shape = svg`<rect class="x" x=${X(t) - thin / 2} width=${thin} y=${FRAME.zero - Math.max(high, 0)} height=${Math.abs(high)} />
        <text class="tick" x=${X(t)}
          y=${FRAME.zero - high + (isFixed ? 0 : Math.sign(high) || 1) * -6 + (high < 0 ? 12 : -4)}>${pitch > 36 ? number(value, true) : ""}</text>
        <text class="tick" x=${X(t)} y=${FRAME.end}>${!isNamed ? "" : judged?.text ? judged.text[t] : t + 1}</text>`;
      if (isFixed) return shape;
      const says = { value: number(value), c: told(states.c?.[t] ?? 0), h: told(states.h[t]) };
      const end = svg`<circle class="hit" cx=${X(t)} cy=${FRAME.zero - high} r=${Math.min(12, pitch / 2)} />
        <circle class="knob" cx=${X(t)} cy=${FRAME.zero - high} r=${Math.min(6, pitch / 3)} />`;
      const act = (v) => change({ inputs: s.inputs.map((old, n) => (n === t ? v : old)) });
      return svg`${shape}${grip(end, {
        label: say(words.bar, { t: t + 1 }), says: say(words["says bar"], says),
        range: REACH.x, value, reach: [0, max / tall(max)], act,
      })}`;
    };

    // The area between a task's bounds is shaded. Without a bound, it extends to the chart's edge.
    const field = (low, t) =>
      low === null && judged.high[t] === null
        ? ""
        : `M${X(t) - pitch / 2} ${Y(low ?? least)}h${pitch}V${Y(judged.high[t] ?? most)}h${-pitch}z`;
    const points = (k) => [first[k], ...(isHidden ? [] : states[k])].map((v, t) => [X(t - 1), Y(v)]);
    const dots = (k) => (pitch < 12 ? "" : points(k).map((point) => `M${point}h0`).join(""));

    /** Draw the guess, which the reader can change with the pointer or the keyboard. */
    function drawn() {
      const put = (t, v) => {
        const at = Number(within(least, most, v).toFixed(2));
        keep({ guess: guess.map((old, n) => (n === t ? at : old)) });
      };
      const stroke = (_, event) =>
        put(column(event, left, pitch, x.length) - 1, scale(FRAME.bottom, FRAME.states, least, most)(spot(event).y));
      const [down, move, end] = pull(0, () => 0, stroke);
      const paper = svg`<rect class="paper" x=${left} width=${pitch * x.length} y=${FRAME.states} height=${FRAME.bottom - FRAME.states}
        @pointerdown=${(event) => [down(event), move(event)]} @pointermove=${move} @pointerup=${end} @pointercancel=${end} />`;
      const rings = guess.map((v, t) => {
        const ring = svg`<circle class="knob" cx=${X(t)} cy=${Y(v)} r=${Math.min(6, pitch / 3)} />`;
        return isHidden ? grip(ring, {
          label: say(words.guessed, { k, t: t + 1 }), says: number(v),
          range: [least, most, 0.05, 0.5], value: v, reach: [0, 0], act: (v) => put(t, v),
        }) : ring;
      });
      return svg`<g class="guess">${isHidden ? paper : nothing}
        <path class="line" d=${through([first[k], ...guess].map((v, t) => [X(t - 1), Y(v)]))} />${rings}</g>`;
    }
    // The labels of the two curves are at least 16 pixels apart.
    const ends = kind.lines.map((k) => Y(last[k]));
    const centre = within(FRAME.states + 8, FRAME.bottom - 8, (Math.min(...ends) + Math.max(...ends)) / 2);
    const apart = Math.max(8, Math.abs(ends[0] - ends.at(-1)) / 2) * (last.c >= last.h ? -1 : 1);
    const beside = (k) => centre + 4 + (kind.lines.length < 2 ? 0 : k === "c" ? apart : -apart);
    const marks = [0, most, least].filter((v, n) => n === 0 || Math.abs(Y(v) - Y(0)) > 14);
    const here = svg`<rect class="here" x=${X(s.step - 1) - pitch / 2} width=${pitch} y="0" height=${FRAME.end + 6} />`;
    return svg`${judged ? here : nothing}<g>${Array.from(x, bar)}</g>${guess ? drawn() : nothing}
      <g role="img" aria-label=${say(words.plot, parts)}>
        <path class="bounds" d=${judged ? judged.low.map(field).join("") : ""} />
        <path class="axis" d="M${FRAME.left} ${FRAME.zero}H${width - FRAME.right}M${FRAME.left} ${Y(0)}H${width - FRAME.right}" />
        ${kind.lines.map((k) => svg`
          <path class="line ${k}" d=${through(points(k))} />
          <path class="dots ${k}" d=${dots(k)} />
          ${isHidden ? nothing : svg`<text x=${width - FRAME.right + 8} y=${beside(k)}>${k} <tspan data-value="strip_${k}">${number(last[k])}</tspan></text>`}`)}
        ${marks.map((v) => svg`<text class="tick end" x=${FRAME.left - 4} y=${Y(v) + 4}>${String(v).replace("-", "−")}</text>`)}
      </g>
      <text class="tick" x=${X(-1)} y=${FRAME.end}>${judged?.text ? "" : 0}</text>
      <text class="tick" x="6" y=${FRAME.zero + 4}>x</text>`;
  }
}

// ── the complete widget ─────────────────────────────────────────────────────────────────────
function view(context) {
  const { s, values, words, own } = context;
  const kind = KINDS[s.cell];
  const [picture, lines] = [own.pictures, kind.equations].map((forms) => forms[kind.form(s)]);
  picture.fill(values);
  valves(context, picture);
  return html`<div class="face ${s.cell}" role="group" aria-label=${words.title}>
    ${s.task ? task(context) : presets(context, kind)}
    ${s.note ? html`<p class="note">${s.note}</p>` : nothing}
    <div class="parts">
      ${states(context, kind, picture)}
      <div class="cell">${picture.node}</div>
      <small class="legend">${words.legend}<br />${words.keys}</small>
      ${deeds(context, kind)}
      ${sequence(context, kind)}
      ${s.task ? learn(context) : nothing}
      ${equations(lines, values)}
      <details><summary data-lm-suppress-shortcuts="true">${words.weights}</summary>
        <div class="cards">${kind.cards.map((k) => card(context, kind, k))}</div></details>
    </div>
  </div>`;
}

function begin({ drawings, words }) {
  const pictures = drawings.map((text) => drawing(text, words.drawing));
  for (const { node } of pictures) {
    node.setAttribute("role", "group"); // the drawing contains a handle for each valve
    node.setAttribute("aria-description", words.keys);
  }
  return { pictures };
}

export const explorer = widget({ name: "gw-gate-explorer", begin, settle, allows, compute, view });
export default explorer;
