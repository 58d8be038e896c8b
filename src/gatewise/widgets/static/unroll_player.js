// UnrollPlayer. The weights come once; the network then runs here, so that every change is seen
// at once and goes on without a kernel. Python computes the same where there is no browser.

const SETTINGS = ["sentences", "clamp", "step", "unit", "units", "sort"];
const BEAT = 700; // milliseconds a word while playing

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────

const sigma = (a) => 1 / (1 + Math.exp(-a));
const round = (v) => Math.round(v * 100) / 100;
const split = (sentence) => sentence.split(/\s+/).filter(Boolean);

/** One step; x and u are what the input and the state before give to each row of the weights. */
function step(letters, x, u, before, hold) {
  const H = before.h.length;
  const each = (f) => before.h.map((_, j) => f(j));
  const gate = (k, block) => each((j) => hold(k, j) ?? sigma(x[block * H + j] + u[block * H + j]));
  if (letters === "h") return { h: each((j) => Math.tanh(x[j] + u[j])) };
  if (letters.includes("z")) {
    const [r, z] = [gate("r", 0), gate("z", 1)];
    const n = each((j) => Math.tanh(x[2 * H + j] + r[j] * u[2 * H + j]));
    return { r, z, n, h: each((j) => (1 - z[j]) * n[j] + z[j] * before.h[j]) };
  }
  const [i, f, o] = [gate("i", 0), gate("f", 1), gate("o", 3)];
  const g = each((j) => Math.tanh(x[2 * H + j] + u[2 * H + j]));
  const c = each((j) => f[j] * before.c[j] + i[j] * g[j]);
  return { f, i, g, o, c, h: each((j) => o[j] * Math.tanh(c[j])) };
}

/** The probability of each next word. */
function softmax(net, h) {
  const a = net.b.map((b, word) => h.reduce((sum, v, j) => sum + v * net.W[j][word], b));
  const e = a.map((v) => Math.exp(v - Math.max(...a)));
  const sum = e.reduce((s, v) => s + v, 0);
  return e.map((v) => v / sum);
}

function run(net, sentence, clamp) {
  const words = split(sentence);
  const hold = (k, j) => clamp[k + j] ?? clamp[k];
  const zeros = net.W.map(() => 0);
  let now = { h: zeros, c: zeros };
  const steps = words.map((word) => {
    const n = net.vocabulary.indexOf(word);
    const x = net.b_ih.map((bias, k) => bias + net.W_ih[k][n]); // one-hot: a column of W_ih
    const u = net.b_hh.map((bias, k) => now.h.reduce((sum, v, j) => sum + net.W_hh[k][j] * v, bias));
    now = step(net.letters, x, u, now, hold);
    return { ...now, p: softmax(net, now.h) };
  });
  const traces = [...net.letters, "p"].map((k) => [k, steps.map((s) => s[k])]);
  return { words, ...Object.fromEntries(traces) };
}

/** |Δc| and |Δh| after each step that both sentences have. */
function distances(letters, [one, other]) {
  if (!other) return {};
  const norm = (a, b) => Math.hypot(...a.map((v, j) => v - b[j]));
  const along = (k) => one[k].slice(0, other[k].length).map((v, t) => norm(v, other[k][t]));
  return Object.fromEntries([..."ch"].filter((k) => letters.includes(k)).map((k) => [k, along(k)]));
}

/** The units that are shown, in their order: as asked for, or the most telling first. */
function order(net, s, [one, other]) {
  const units = s.units.length ? [...s.units] : net.W.map((_, j) => j);
  if (!s.sort) return units;
  const k = net.letters.includes("c") ? "c" : "h";
  const both = one[k].slice(0, other?.[k].length);
  const apart = (j) => both.reduce((sum, v, t) => sum + Math.abs(v[j] - (other?.[k][t][j] ?? 0)), 0);
  const by = new Map(units.map((j) => [j, apart(j)]));
  return units.sort((a, b) => by.get(b) - by.get(a));
}

// ── the parts of the face: each returns its node and how to draw it ─────────────────────────────

const NAMES = ["A", "B"];

/** The two sentences, each to be typed, or changed in the word that is at step. */
function sentences(words, net, change, read) {
  const message = make("p", { class: "message", role: "alert", id: `gatewise-${Math.random()}` });
  const complain = (input, text) => {
    message.textContent = text;
    set(input, { "aria-invalid": Boolean(text), "aria-describedby": message.id });
  };
  const rows = NAMES.map((name, b) => {
    const label = say(words.sentence, { name });
    const input = make("input", { type: "text", "aria-label": label, spellcheck: false, autocomplete: "off", ...KEYS });
    const select = make("select", KEYS);
    select.append(...net.vocabulary.map((word) => make("option", {}, word)));
    const which = make("span", { class: "number" });

    const put = (texts) => {
      const all = read().sentences.map((old, n) => texts[n] ?? old);
      if (b < texts.length) all[b] = texts[b];
      const kept = all.filter((text, n) => n === 0 || split(text).length);
      complain(input, "");
      change({ sentences: kept, step: Math.max(...kept.map((text) => split(text).length)) });
    };
    const only = (text) => Object.assign([], { [b]: text });
    const trouble = () => {
      const unknown = split(input.value).find((word) => !net.vocabulary.includes(word));
      if (unknown) return say(words.unknown, { word: unknown, all: net.vocabulary.join(", ") });
      return b === 0 && !split(input.value).length ? words.empty : "";
    };
    // While a word is being typed it is not yet unknown: only what is finished is complained of.
    input.addEventListener("input", () => trouble() || put(only(input.value)));
    input.addEventListener("change", () => complain(input, trouble()));
    select.addEventListener("change", () => {
      const { sentences, step } = read();
      const spoken = split(sentences[b]);
      spoken[Math.min(step, spoken.length) - 1] = select.value;
      restore();
      change({ sentences: sentences.map((text, n) => (n === b ? spoken.join(" ") : text)) });
    });
    const swap = make("label", { class: "swap" }, which, select);
    const node = make("div", { class: "sentence" }, make("b", {}, name), input, swap);
    return { node, input, select, swap, which };
  });
  const node = make("div", { class: "sentences" }, ...rows.map(({ node }) => node), message);

  let written = []; // what is being typed, or complained of, is left alone until another comes
  const restore = () => {
    written = [];
    for (const { input } of rows) complain(input, "");
  };
  const draw = (s, values) => {
    rows.forEach(({ input, select, swap, which }, b) => {
      const text = s.sentences[b] ?? "";
      const isNews = text !== written[b] && split(input.value).join(" ") !== split(text).join(" ");
      if (isNews) input.value = text;
      written[b] = text;
      const spoken = values.runs[b]?.words;
      swap.style.visibility = spoken ? "visible" : "hidden";
      if (!spoken) return;
      const t = Math.min(s.step, spoken.length);
      setText(which, say(words.word, { t }));
      select.value = spoken[t - 1];
      set(select, { "aria-label": say(words.swap, { t, name: NAMES[b] }) });
    });
  };
  return { node, draw, restore };
}

/** The words along the steps, how far the two states are apart there, and where we are. */
function timeline(words, change, read) {
  const back = button(["‹"], () => go(read().step - 1), { "aria-label": words.back });
  const next = button(["›"], () => go(read().step + 1), { "aria-label": words.next });
  const play = button([words.play], () => (timer ? stop() : start()), { class: "play" });
  const where = make("span", { class: "where" });
  const range = slider(words.step, [1, 2, 1], (value) => go(value));
  const legend = make("p", { class: "legend" });
  for (const k of "ch") legend.append(make("span", { class: `apart ${k}` }, make("i"), `|Δ${k}| `, place(`apart_${k}`)));

  const svg = make("svg:svg", { class: "along", role: "img" });
  const band = make("svg:rect", { class: "here" });
  const axis = make("svg:path", { class: "ground" });
  const most = make("svg:text", { class: "small", "text-anchor": "end" });
  const bars = { c: make("svg:path", { class: "bars c" }), h: make("svg:path", { class: "bars h" }) };
  const texts = make("svg:g");
  svg.append(band, axis, bars.c, bars.h, most, texts);
  const steps = make("div", { class: "steps" }, back, play, next, where, legend);
  const node = make("div", { class: "timeline" }, steps, svg, range);

  let [timer, last, columnAt] = [undefined, 1, () => 1];
  function move(value) {
    change({ step: Math.max(1, Math.min(last, value)) });
  }
  function go(value) {
    stop();
    move(value);
  }
  function start() {
    move(read().step >= last ? 1 : read().step + 1);
    timer = setInterval(() => (read().step < last ? move(read().step + 1) : stop()), BEAT);
    play.textContent = words.pause;
  }
  function stop() {
    clearInterval(timer);
    timer = undefined;
    play.textContent = words.play;
  }
  svg.addEventListener("click", (event) => go(columnAt(event.offsetX)));

  const draw = (s, values) => {
    const [one, other] = values.runs;
    last = Math.max(...values.runs.map((run) => run.words.length));
    const [left, right, width] = [34, 4, svg.clientWidth || 540];
    const pitch = (width - left - right) / last;
    const X = (t) => left + pitch * (t + 0.5);
    columnAt = (x) => 1 + Math.floor((x - left) / pitch);

    // Words lie down where they have the room, and stand up where they have not.
    const LETTER = 7.2;
    const longest = LETTER * Math.max(...values.runs.flatMap((run) => run.words.map((w) => w.length)));
    const isUp = longest > pitch - 6;
    const rowHeight = isUp ? longest + 10 : 20;
    texts.replaceChildren();
    values.runs.forEach((run, b) => {
      const y = b * rowHeight + (isUp ? rowHeight - 4 : 14);
      texts.append(make("svg:text", { class: "name", x: 2, y: b * rowHeight + rowHeight / 2 + 5 }, NAMES[b]));
      const isOwn = (t) => other && values.runs[1 - b].words[t] !== run.words[t];
      for (const t of shown(run.words, isOwn, isUp ? 14 / pitch : 0)) {
        const turn = isUp ? `translate(${X(t) + 4} ${y}) rotate(-90)` : `translate(${X(t)} ${y})`;
        const style = `word ${isOwn(t) ? "own" : ""} ${t < s.step ? "" : "later"}`;
        const anchor = isUp ? "start" : "middle";
        texts.append(make("svg:text", { class: style, transform: turn, "text-anchor": anchor }, run.words[t]));
      }
    });

    const top = values.runs.length * rowHeight + 12;
    const base = top + (other ? 110 : 0);
    const height = base + 2;
    const largest = Math.max(1e-9, ...Object.values(values.apart).flat());
    const thin = Math.min(24, pitch * 0.36);
    for (const [k, side] of [["c", -1], ["h", 0]]) {
      const single = values.apart.c ? side : -0.5; // one bar stands in the middle
      const column = (v, t) => {
        const tall = ((base - top) * v) / largest;
        return v < 1e-6 ? "" : `M${X(t) + single * thin + 1} ${base}v${-tall}h${thin - 2}v${tall}z`;
      };
      set(bars[k], { d: (values.apart[k] ?? []).map(column).join("") });
    }
    legend.style.display = other ? "" : "none";
    legend.querySelector(".c").style.display = values.apart.c ? "" : "none";
    set(axis, { d: other ? `M${left} ${base}H${width - right}M${left} ${top}h-4` : "" });
    set(most, { x: left - 6, y: top + 4 });
    setText(most, other ? number(largest) : "");
    set(svg, { height });
    set(band, { x: X(s.step - 1) - pitch / 2, y: 0, width: pitch, height });

    // The knob is to stand under its column; its half width is 7.
    Object.assign(range.style, { marginLeft: `${X(0) - 7}px`, width: `${pitch * (last - 1) + 14}px` });
    range.style.visibility = last > 1 ? "visible" : "hidden";
    set(range, { max: Math.max(2, last) });
    const t = Math.min(s.step, values.apart.h?.length ?? 0) - 1;
    const at = Object.entries(values.apart).map(([k, v]) => `|Δ${k}| ${number(v[t])}`);
    const spoken = values.runs.map((run, b) => `${NAMES[b]} ${run.words[Math.min(s.step, run.words.length) - 1]}`);
    const says = [...spoken, ...values.says, ...at].join(", ");
    slide(range, s.step, `${say(words.where, { t: s.step, T: last })}: ${says}`);
    set(svg, { "aria-label": `${words.along}: ${at.join(", ")}` });
    setText(where, say(words.where, { t: s.step, T: last }));
    back.disabled = s.step <= 1;
    next.disabled = s.step >= last;
  };
  return { node, draw, stop, svg };
}

/** Which words of a row to write when each takes `room` columns: first those that tell most. */
function shown(words, isOwn, room) {
  const rank = (t) => (isOwn(t) ? 0 : words[t] !== words[t - 1] ? 1 : 2);
  const all = words.map((_, t) => t).sort((a, b) => rank(a) - rank(b) || a - b);
  return all.reduce((kept, t) => (kept.every((k) => Math.abs(k - t) >= room) ? [...kept, t] : kept), []);
}

/** How likely each next word is, the two sentences back to back; a mark where nothing is held. */
function prediction(words, net) {
  const status = make("p", { role: "status" });
  const body = make("tbody");
  const cells = net.vocabulary.map((word) => {
    const bars = NAMES.map((_, b) => {
      const [bar, mark, value] = [make("i"), make("u"), make("span", { class: "number" })];
      return { bar, mark, value, cell: make("td", { class: NAMES[b] }, make("span", { class: "track" }, bar, mark), value) };
    });
    const row = make("tr", {}, bars[0].cell, make("th", { scope: "row" }, word), bars[1].cell);
    body.append(row);
    return { row, bars };
  });
  const head = make("tr", {}, make("th", { scope: "col" }, "A"), make("th", { scope: "col" }, words.likely), make("th", { scope: "col" }, "B"));
  const table = make("table", {}, make("thead", {}, head), body);
  const note = make("small", {}, words.dotted);
  const node = make("div", { class: "next" }, status, table, note);

  const draw = (s, values) => {
    setText(status, values.says.join(", "));
    set(table, { class: values.runs.length < 2 ? "single" : "" });
    note.style.visibility = values.free ? "visible" : "hidden";
    // A large vocabulary shows its likeliest words.
    const best = net.vocabulary.map((_, n) => Math.max(...values.now.map((p) => p[n])));
    const least = [...best].sort((a, b) => b - a)[11] ?? 0;
    cells.forEach(({ row, bars }, n) => {
      row.hidden = best[n] < least;
      bars.forEach(({ bar, mark, value, cell }, b) => {
        const p = values.now[b];
        setText(value, p ? number(p[n]) : "");
        bar.style.width = p?.[n] >= 0.005 ? `${100 * p[n]}%` : 0; // no more than the number says
        const free = values.free?.[b]?.[n];
        const isMoved = p && free !== undefined && Math.abs(free - p[n]) >= 0.005;
        mark.style.display = isMoved ? "" : "none";
        mark.style.setProperty("--at", `${100 * free}%`);
        cell.classList.toggle("first", Boolean(p) && p[n] === Math.max(...p));
      });
    });
  };
  return { node, draw };
}

/** Words × units for one gate or state, a map a sentence; a gate can be held. */
function card(k, words, net, change, read, scope) {
  const name = words.letter[k];
  const isGate = net.gates.includes(k);
  const node = make("div", { class: "letters", role: "group", "aria-label": `${k}, ${name}` });
  node.style.setProperty("--tint", `var(--${k})`);
  node.append(make("p", { class: "title" }, letter(k), " ", name));

  const held = make("p", { class: "held" });
  const buttons = [undefined, 0, 1].map((value) => {
    const text = value === undefined ? words.free : String(value);
    const node = button([text], () => hold(value), { class: "hold" });
    return [value, text, node];
  });
  function hold(value) {
    const { clamp, unit } = read();
    const one = scope() ? `${k}${unit}` : "";
    const rest = Object.entries(clamp).filter(([key]) => (one ? key !== one : key[0] !== k));
    change({ clamp: Object.fromEntries(value === undefined ? rest : [...rest, [one || k, value]]) });
  }
  const maps = NAMES.map((_, b) => map(b));
  node.append(make("div", { class: "maps" }, ...maps.map(({ figure }) => figure)));
  if (isGate) node.append(make("div", { class: "holds" }, ...buttons.map(([, , node]) => node)));
  node.append(held);

  /** Squares as large as their values: full above zero, hollow below; what is to come is faint. */
  function map(b) {
    const svg = make("svg:svg", { role: "img" });
    const here = make("svg:path", { class: "here" });
    const [above, below] = ["above", "below"].map((c) => make("svg:path", { class: c }));
    const veil = make("svg:rect", { class: "veil", y: -1 });
    const numbers = make("svg:g");
    svg.append(here, above, below, veil, numbers);
    const caption = make("figcaption", { class: "number" });
    const figure = make("figure", {}, make("b", {}, NAMES[b]), svg, caption);
    let [cellAt, hovered, write] = [() => undefined, undefined, () => {}];
    let drawn = {}; // squares are drawn anew when they change, not at each step
    svg.addEventListener("pointermove", (event) => {
      hovered = cellAt(event.offsetX, event.offsetY);
      write();
    });
    svg.addEventListener("pointerleave", () => {
      hovered = undefined;
      write();
    });
    svg.addEventListener("click", (event) => {
      const cell = cellAt(event.offsetX, event.offsetY);
      if (cell) change({ step: cell.t + 1, unit: cell.unit });
    });

    const draw = (s, values, { pitch, tall, units, gutter, isStacked }) => {
      const run = values.runs[b];
      figure.style.display = run ? "" : "none";
      if (!run) return;
      const [rows, T] = [run[k], run.words.length];
      const scale = values.scale[k];
      const left = b === 0 || isStacked ? gutter : 0; // the numbers of the units, once a row
      const look = [pitch, tall, left, scale, ...units].join();
      if (drawn.rows !== rows || drawn.look !== look) {
        drawn = { rows, look };
        const size = Math.min(pitch, tall) - 1;
        const paths = ["", ""];
        rows.forEach((row, t) => {
          units.forEach((unit, n) => {
            const v = row[unit];
            const side = size * Math.sqrt(Math.abs(v) / scale);
            const w = round(side - (v < 0 ? Math.min(1.2, side) : 0)); // a stroke stands half outside
            const [x, y] = [round(left + (t + 0.5) * pitch - w / 2), round((n + 0.5) * tall - w / 2)];
            if (w > 0) paths[Number(v < 0)] += `M${x} ${y}h${w}v${w}h${-w}z`;
          });
        });
        set(above, { d: paths[0] });
        set(below, { d: paths[1] });
      }
      const [width, height] = [left + T * pitch, units.length * tall];
      set(svg, { width, height });
      const t = Math.min(s.step, T) - 1;
      set(veil, { x: left + (t + 1) * pitch, width: (T - t - 1) * pitch + 1, height: height + 2 });
      const row = units.indexOf(s.unit);
      const across = row < 0 ? "" : `M${left} ${row * tall}h${T * pitch}v${tall}h${-T * pitch}z`;
      set(here, { d: `M${left + t * pitch} 0h${pitch}v${height}h${-pitch}z${across}` });
      numbers.replaceChildren();
      if (left) {
        for (const [n, unit] of units.entries()) {
          const style = `small ${unit === s.unit ? "own" : ""}`;
          numbers.append(make("svg:text", { class: style, x: left - 5, y: (n + 0.5) * tall + 3.5, "text-anchor": "end" }, String(unit)));
        }
      }
      cellAt = (x, y) => {
        const [t, n] = [Math.floor((x - left) / pitch), Math.floor(y / tall)];
        return t >= 0 && t < T && n >= 0 && n < units.length ? { t, unit: units[n] } : undefined;
      };
      const sign = !net.gates.includes(k);
      write = () => {
        const cell = hovered && hovered.t < T ? hovered : { t, unit: s.unit };
        const value = number(rows[cell.t][cell.unit], sign);
        setText(caption, value);
        const parts = { k, name, sentence: NAMES[b], unit: cell.unit, word: run.words[cell.t], t: cell.t + 1, value };
        const text = say(words.cell, parts);
        set(svg, { "aria-label": text });
        figure.title = text;
      };
      write();
    };
    return { figure, draw };
  }

  const draw = (s, values, layout) => {
    for (const { draw } of maps) draw(s, values, layout);
    node.classList.toggle("stacked", layout.isStacked);
    if (!isGate) {
      const scale = values.scale[k];
      setText(held, scale > 1 ? say(words.scale, { scale: number(scale) }) : "");
      return;
    }
    const one = scope() ? `${k}${s.unit}` : k;
    for (const [value, text, node] of buttons) {
      const parts = { k, name, value: text, unit: s.unit };
      const label = say(words[`${value === undefined ? "set free" : "hold"}${scope() ? " one" : ""}`], parts);
      set(node, { "aria-pressed": s.clamp[one] === value, "aria-label": label });
    }
    const mine = Object.entries(s.clamp).filter(([key]) => key[0] === k);
    const says = mine.map(([key, value]) => {
      const amount = Number.isInteger(value) ? value : number(value);
      return key === k ? say(words.held, { value: amount }) : say(words["held one"], { unit: key.slice(1), value: amount });
    });
    setText(held, says.join("; "));
    node.classList.toggle("is-held", mine.length > 0);
  };
  return { node, draw };
}

/** Which unit is read out, in which order they stand, and what a gate's buttons hold. */
function choice(words, net, change, read, redraw, restore) {
  let isOne = false;
  const range = slider(words.unit, [0, Math.max(1, net.W.length - 1), 1], (unit) => change({ unit }));
  const chosen = make("b", { class: "number" });
  const label = make("label", { class: "unit" }, make("span", {}, words.unit, " ", chosen), range);
  const sort = button([words.sort], () => change({ sort: !read().sort }));
  const scopes = [false, true].map((one) => [one, button([], () => ((isOne = one), redraw()))]);
  const group = make("div", { class: "scopes", role: "group", "aria-label": words.scope });
  group.append(make("span", {}, words.scope), ...scopes.map(([, node]) => node));
  const begin = () => {
    isOne = false;
    restore();
    change(read().start);
  };
  const reset = button([words.reset], begin, { class: "again" });
  const node = make("div", { class: "choice" }, label, sort, ...(net.gates ? [group] : []), reset);
  const draw = (s, values) => {
    setText(chosen, String(s.unit));
    const k = net.letters.includes("c") ? "c" : "h";
    const at = (run) => run[k][Math.min(s.step, run.words.length) - 1][s.unit];
    const told = values.runs.map((run, b) => `${NAMES[b]} ${number(at(run))}`);
    slide(range, s.unit, `${s.unit}: ${k} ${told.join(", ")}`);
    set(sort, { "aria-pressed": s.sort });
    for (const [one, node] of scopes) {
      setText(node, one ? say(words["one unit"], { unit: s.unit }) : words["all units"]);
      set(node, { "aria-pressed": one === isOne });
    }
  };
  return { node, draw, scope: () => isOne };
}

// ── all together ────────────────────────────────────────────────────────────────────────────

function render({ model, el }) {
  const net = model.get("network");
  const words = { ...model.get("words").player, reset: model.get("words").reset };
  words.letter = { ...model.get("words").gate, ...words.letter };
  const post = outbox(model);
  const read = () => Object.fromEntries([...SETTINGS, "start"].map((name) => [name, model.get(name)]));
  let isBusy = false;

  function change(settings) {
    isBusy = true;
    for (const [name, value] of Object.entries(settings)) model.set(name, value);
    isBusy = false;
    draw();
    post.soon();
  }

  const typed = sentences(words, net, change, read);
  const units = choice(words, net, change, read, () => draw(), typed.restore);
  const along = timeline(words, change, read);
  const likely = prediction(words, net);
  const cards = [...net.letters].map((k) => card(k, words, net, change, read, units.scope));
  const grid = make("div", { class: "grid" }, ...cards.map(({ node }) => node));
  const key = make("p", { class: "key" }, make("i"), words.above, make("i", { class: "below" }), words.below);
  const face = make("div", { class: "player", role: "group", "aria-label": words.title });
  face.append(typed.node, along.node, likely.node, units.node, grid, key);
  const root = make("div", { class: "gatewise" }, face);
  for (const [k, colour] of Object.entries(model.get("palette"))) root.style.setProperty(`--${k}`, colour);
  el.append(root);

  /** How many cards stand side by side, and how large a square is. */
  function layout(values, shown) {
    const T = Math.max(...values.runs.map((run) => run.words.length));
    const B = values.runs.length;
    const all = grid.clientWidth || 800;
    const need = Math.max(112, Math.min(B * T * 16 + 50, Math.max(190, T * 7.5 + 20)));
    const n = cards.length;
    const columns = [n, n / 2, n / 3, 1].find((m) => m === 1 || (m % 1 === 0 && (all - 10 * (m - 1)) / m >= need));
    grid.style.gridTemplateColumns = `repeat(${columns}, minmax(0, 1fr))`;
    const room = (all - 10 * (columns - 1)) / columns - 20;
    const isStacked = (room - 20 - 10 * (B - 1)) / (B * T) < 15;
    const wide = (gutter) => Math.min(24, isStacked ? (room - gutter) / T : (room - gutter - 10 * (B - 1)) / (B * T));
    const high = (pitch) => Math.min(pitch, Math.max(5, (isStacked ? 150 : 200) / shown.length));
    const gutter = high(wide(20)) >= 12 ? 20 : 0;
    const pitch = wide(gutter);
    return { pitch, tall: high(pitch), units: shown, gutter, isStacked };
  }

  let known; // runs are made anew when a sentence or what is held has changed, not at each step
  function compute(s) {
    const key = JSON.stringify([s.sentences, s.clamp]);
    if (known?.key === key) return known;
    const runs = s.sentences.map((sentence) => run(net, sentence, s.clamp));
    const free = Object.keys(s.clamp).length ? s.sentences.map((sentence) => run(net, sentence, {})) : undefined;
    // A full square is 1; for c, which has no bound, the largest that is reached.
    const scale = Object.fromEntries([...net.letters].map((k) => [k, 1]));
    if ("c" in scale) scale.c = Math.max(1, ...runs.flatMap(({ c }) => c.flat()).map(Math.abs));
    known = { key, runs, free, scale, apart: distances(net.letters, runs) };
    model.set("values", { runs, apart: known.apart });
    return known;
  }

  function draw() {
    if (isBusy) return;
    const s = read();
    const { runs, free, scale, apart } = compute(s);
    const T = Math.max(...runs.map((run) => run.words.length));
    s.step = Math.max(1, Math.min(s.step, T));
    const at = (run) => run.p[Math.min(s.step, run.words.length) - 1];
    const now = runs.map(at);
    const says = now.map((p, b) => say(words.says, { name: NAMES[b], word: net.vocabulary[p.indexOf(Math.max(...p))] }));
    const values = { runs, apart, scale, now, says, free: free?.map(at) };
    for (const piece of [units, typed, along, likely]) piece.draw(s, values);
    const sizes = layout(values, order(net, s, runs));
    for (const { draw } of cards) draw(s, values, sizes);
    const t = Math.min(s.step, apart.h?.length ?? 1) - 1;
    fillIn(root, { apart_c: apart.c?.[t] ?? 0, apart_h: apart.h?.[t] ?? 0 });
  }

  for (const name of SETTINGS) model.on(`change:${name}`, draw);
  // What was let go is told at once: the next cell may already ask for it.
  for (const event of ["change", "click", "pointerup", "keyup"]) root.addEventListener(event, post.now);
  const forget = followTheme(root);
  const resized = new ResizeObserver(draw);
  resized.observe(face);
  draw();
  return () => {
    forget();
    along.stop();
    resized.disconnect();
    for (const name of SETTINGS) model.off(`change:${name}`, draw);
  };
}

export default { render };
