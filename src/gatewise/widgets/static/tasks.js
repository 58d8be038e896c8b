// This file contains the calculations for the tasks in GateExplorer, and the views for the verdict
// and for gradient descent. The calculations match gatewise/widgets/tasks.py.
import { lstm } from "./cells.js";
import { button, figure, projector, say, scale, through, write } from "./base.js";
import { html, nothing, svg } from "./lit-html.js";

// ── arithmetic ──────────────────────────────────────────────────────────────────────────────
/** Convert the unit's settings to the parameters of a layer with D = H = 1. */
function layer({ w_x, w_h, b, held }) {
  const rows = (by) => Float64Array.from(lstm.blocks, (k) => by[k]);
  return { W_ih: rows(w_x), W_hh: rows(w_h), b_ih: rows(b), b_hh: rows(held) };
}
const run = (params, { x, c0 }) => lstm.forward(params, Float64Array.from(x), { c0: [c0] });

/**
 * Run a sequence from a task. Returns the trace and `leaves` (the index of the first time step at
 * which c is out of bounds, or −1 if there is no such time step).
 */
export function judge(s, sequence) {
  const trace = run(layer(s), sequence);
  const [low, high] = [sequence.low, sequence.high];
  const leaves = trace.c.findIndex((v, t) => !((low[t] ?? -Infinity) <= v && v <= (high[t] ?? Infinity)));
  return { ...trace, leaves, isRight: leaves < 0 };
}
export const countRight = (judged) => judged.filter(({ isRight }) => isRight).length;

/**
 * Return c minus the target at each time step, or 0 at steps without bounds. The target is the
 * midpoint of two bounds, or 0.5 beyond a single bound.
 */
const apart = ({ low, high }, { c }) =>
  c.map((v, t) => (low[t] ?? high[t]) === null ? 0 : v - ((low[t] ?? high[t] - 1) + (high[t] ?? low[t] + 1)) / 2);
const count = (sequences) => sequences.flatMap(({ low, high }) => low.filter((v, t) => (v ?? high[t]) !== null)).length;

/** Return the mean squared difference from the targets over all steps with bounds. */
export const loss = (sequences, traces) =>
  sequences.reduce((sum, one, n) => apart(one, traces[n]).reduce((sum, d) => sum + d ** 2, sum), 0) / count(sequences);

/** Take one step of gradient descent. Returns the loss before the step and the new weights. */
export function descend(s, sequences, rate) {
  const [params, n] = [layer(s), count(sequences)];
  const traces = sequences.map((one) => run(params, one));
  const grads = traces.map((trace, k) => {
    const dc = apart(sequences[k], trace).map((d) => (2 * d) / n);
    return lstm.backward(params, trace, new Float64Array(trace.T), dc);
  });
  const slope = (name, row) => grads.reduce((sum, one) => sum + one[name][row], 0);
  const step = (by, name) => Object.fromEntries(lstm.blocks.map((k, row) => [k, by[k] - rate * slope(name, row)]));
  return { loss: loss(sequences, traces), w_x: step(s.w_x, "W_ih"), w_h: step(s.w_h, "W_hh"), b: step(s.b, "b_ih") };
}

const weights = ({ w_x, w_h, b }) => ({ w_x, w_h, b });
const isSame = (one, other) => JSON.stringify(weights(one)) === JSON.stringify(weights(other));

// ── the verdict ─────────────────────────────────────────────────────────────────────────────
/** Record a solved task in the browser. Returns whether the task has ever been solved. */
function memory(task, solved) {
  const key = `gatewise: ${task} solved`;
  try {
    if (solved) localStorage.setItem(key, "yes");
    return localStorage.getItem(key) !== null;
  } catch {
    return false;
  }
}

/** Return the chosen sequence. */
export const drawn = (s) => [...s.sequences, ...s.unseen][s.sequence - 1];

/** Return a sentence that names a sequence and says whether c stays within the bounds. */
export function name({ s, words }, sequence, { isRight }) {
  const n = sequence - s.sequences.length;
  return say(words[n > 0 ? "unseen" : "seen"][Number(isRight)], { n: n > 0 ? n : sequence });
}

/** Return the description of the task, a button for each sequence, and the verdict. */
export function task(context) {
  const { s, values, own, change, keep, reset, words } = context;
  const [seen, n, done] = [s.sequences.length, s.unseen.length, words.done[s.task]];
  const isReady = values.right === seen;
  const tried = own.tried && isSame(own.tried, s) ? own.tried : { says: "" };
  own.wasSolved ??= memory(s.task);

  function tryUnseen() {
    const judged = s.unseen.map((one) => judge(s, one));
    const [right, first] = [countRight(judged), judged.findIndex(({ isRight }) => !isRight)];
    const says = say(words[first < 0 ? "solved" : "failed"], { done, right, n, first: first + 1 });
    if (first < 0 && !isFound(context)) memory(s.task, true);
    keep({ tried: { ...weights(s), says, failed: first < 0 ? 0 : seen + first + 1 } });
    if (first >= 0) change({ sequence: own.tried.failed, step: judged[first].leaves + 1 });
  }
  const chip = (one, at) =>
    button(`${at > seen ? at - seen : at} ${one.isRight ? "✓" : "✗"}`, () => change({ sequence: at }),
      { pressed: at === s.sequence, label: name(context, at, one) });
  const failed = s.sequence > seen ? s.sequence : tried.failed;
  return html`<div class="bar">
      <p>${write(words.task[s.task])}</p>
      <div class="chips" role="group" aria-label=${words.choose}>
        ${values.judged.map((one, at) => chip(one, at + 1))}
        ${failed ? html`<span>${words["unseen ones"]}</span> ${chip(judge(s, s.unseen[failed - seen - 1]), failed)}` : nothing}
      </div>
      <span class="ends">${button(words.reset, reset)} ${projector(context)}</span>
    </div>
    <div class="verdict">
      <b role="status">${say(words[isReady ? "ready" : "tally"], { right: values.right, n: seen, done, unseen: n })}</b>
      ${isReady ? button(say(words.try, { n }), tryUnseen) : nothing}
      <b role="status">${tried.says}</b>
      ${own.wasSolved ? html`<small>${words["solved before"]}</small>` : nothing}
    </div>`;
}

// ── the descent ─────────────────────────────────────────────────────────────────────────────
const PER_FRAME = 5; // the number of steps per frame
const LOWEST = -4; // the loss axis starts at this power of ten
const FRAME = { left: 52, right: 252, top: 8, bottom: 72 };

/** Return whether gradient descent found the current weights. */
const isFound = ({ s, own }) => own.descent !== undefined && isSame(own.descent.found, s);

/** Run gradient descent from given weights, with a few steps per frame. */
function start({ s, own, change, keep }, from) {
  const yours = isFound({ s, own }) ? own.descent.yours : weights(s);
  const descent = { yours, found: from, shown: s, losses: [], left: s.descent.steps };
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
  own.end = () => (descent.left = 0);
  keep({ descent });
  requestAnimationFrame(function frame() {
    if (!descent.left) return; // the descent has been stopped
    for (let n = 0; n < PER_FRAME; n++) {
      const { loss, ...next } = descend({ ...s, ...descent.found }, s.sequences, s.descent.rate);
      if (!n) descent.losses.push(loss);
      descent.found = next;
    }
    descent.left -= PER_FRAME;
    if (descent.left) requestAnimationFrame(frame);
    if (descent.left && isStill) return;
    descent.shown = descent.found;
    change(descent.found);
  });
}

/** Return a chart of the loss during a descent, on a logarithmic scale. */
function curve({ losses }, steps, words) {
  const powers = losses.map((loss) => Math.max(LOWEST, Math.log10(loss)));
  const top = Math.ceil(Math.max(0, ...powers));
  const X = scale(0, steps, FRAME.left, FRAME.right);
  const Y = scale(LOWEST, top, FRAME.bottom, FRAME.top);
  const [n, first] = [losses.length * PER_FRAME, figure(losses[0] ?? 0)];
  const ticks = [top, (top + LOWEST) / 2, LOWEST].map(Math.round);
  return html`<svg class="chart fall" role="img" aria-label=${say(words["loss curve"], { n, first })}>
    ${ticks.map((power) => svg`<path class="axis" d="M${FRAME.left} ${Y(power)}H${FRAME.right}" />
      <text class="tick end" x=${FRAME.left - 6} y=${Y(power) + 4}>${10 ** power}</text>`)}
    <path class="line" d=${through(powers.map((power, k) => [X(k * PER_FRAME), Y(power)]))} />
    <text class="tick end" x=${FRAME.right} y=${FRAME.bottom + 14}>${say(words.steps, { n })}</text>
  </svg>`;
}

/** Return controls for gradient descent and for switching between manual and learned weights. */
export function learn(context) {
  const { s, own, values, words, change } = context;
  const { descent, begun = 0 } = own;
  const { steps, starts } = s.descent;
  if (descent && !isSame(descent.shown, s)) descent.left = 0; // the reader has changed the weights
  const isRunning = descent?.left > 0;

  const next = begun % starts.length;
  const fromRandom = () => {
    own.begun = begun + 1;
    start(context, starts[next]);
  };
  const stop = () => {
    descent.left = 0;
    change((descent.shown = descent.found));
  };
  const choice = (name) => {
    const says = say(words[name], { right: descent.right[name], n: s.unseen.length });
    return button(says, () => change(descent[name]), { pressed: isSame(descent[name], s) });
  };
  const right = (by) => countRight(s.unseen.map((one) => judge({ ...s, ...by }, one)));
  if (descent && !isRunning) descent.right ??= { yours: right(descent.yours), found: right(descent.found) };

  return html`<details class="learn"><summary data-lm-suppress-shortcuts="true">${words.learn}</summary>
    <small>${write(words["learn says"])}</small>
    <div class="chips">
      ${isRunning
        ? button(words.stop, stop)
        : html`${button(words.descend, () => start(context, weights(s)))} ${button(say(words.random, { n: next + 1 }), fromRandom)}`}
      <span>${words.loss} <b data-value="loss">${figure(values.loss)}</b></span>
    </div>
    ${descent ? curve(descent, steps, words) : nothing}
    <div class="chips" role="status">${descent && !isRunning ? [choice("yours"), choice("found")] : nothing}</div>
  </details>`;
}
